/**
 * One command at a place: whoever changes what is at a path holds a lock beside it from before it looks at anything until it is done. The lock ends with
 * the process, however that ends; what is left of its file is taken over, and removed, by the next one.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, type Stats, writeSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { loadAddon } from "../../addon.js";
import { hasCode, KgdumpError, systemError } from "../../errors.js";
import { asKeeper, keepsNamesIn } from "./acting.js";
import { giveDescriptor, removeFileNow } from "./name-changes.js";
import { stemOf } from "./names.js";
import { ownProcess } from "./owner.js";
import { clearStaging } from "./staging.js";
import { mayDecide, NO_LINK, NO_WAIT, statusOf } from "./trusted.js";

interface LockAddon {
  lockOpenFile(descriptor: number): boolean;
}

/** A place that this process alone changes. Hold it with `using`. */
export type PlaceLock = Disposable;

/** Places of a migration: whoever holds the lock of its store works there alone. */
const WITHIN = /\.kgdump-(?:new|back)-[0-9a-z-]{1,64}$/;
/** How often another one is seen to remove the file just now. */
const MOST_TRIES = 100;
const LONGEST = 4096;
const NOTHING: PlaceLock = { [Symbol.dispose]: () => undefined };

/**
 * Takes the lock of a place, and removes what a command that was killed was building there.
 * @param path what is going to be changed; it need not be there
 * @param command who holds it, for who comes too late
 * @returns also where no file can be made, as on a full disk: what is done then fails by itself, or needs no room
 * @throws {KgdumpError} STORE_IN_USE, PERMISSION_DENIED when another user put a file in the way, IO_FAILED
 */
export async function lockPlace(path: string, command: string): Promise<PlaceLock> {
  const full = resolve(path);
  if (WITHIN.test(full)) return NOTHING;
  const place = await realpath(full).catch(async () => join(await realpath(dirname(full)).catch(() => dirname(full)), basename(full)));
  const file = join(dirname(place), `.${stemOf(place)}.kgdump-lock`);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const taken = take(file, place, command);
    if (taken === null) continue;
    // Also when nothing is built now, as what is asked for is refused.
    if (taken !== NOTHING) await clearStaging(place, "alone").catch(() => undefined);
    return taken;
  }
  throw inUse(place, file);
}

/** @returns null when the file was removed while it was being locked */
function take(file: string, place: string, command: string): PlaceLock | null {
  const descriptor = openLock(file, place);
  if (descriptor === null) return NOTHING;
  let held = false;
  try {
    const found = fstatSync(descriptor);
    refuseForeign(file, found, place);
    if (!(loadAddon("blocks") as LockAddon).lockOpenFile(descriptor)) throw inUse(place, file);
    if (!isStill(file, found)) return null;
    held = true;
  } finally {
    if (!held) closeSync(descriptor);
  }
  tell(descriptor, command);
  return {
    [Symbol.dispose]: () => {
      // Whoever opens it from now on finds that it has no name. What can't be removed is taken over by the next one.
      try {
        removeFileNow(file);
      } catch {
        // The work is done.
      }
      closeSync(descriptor);
    },
  };
}

function openLock(file: string, place: string): number | null {
  const open = (flags: number): number => {
    const opening = (): number => openSync(file, constants.O_RDWR | NO_LINK | NO_WAIT | flags, 0o600);
    return keepsNamesIn(dirname(file)) ? asKeeper(opening) : opening();
  };
  try {
    const descriptor = open(constants.O_CREAT | constants.O_EXCL);
    giveDescriptor(descriptor, [place, dirname(place)]);
    return descriptor;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) return withoutLock(file, error);
  }
  try {
    return open(0);
  } catch (error) {
    // Removed just now: it is rebuilt.
    return hasCode(error, "ENOENT") ? openLock(file, place) : withoutLock(file, error);
  }
}

/** @returns null where nothing can be made @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
function withoutLock(file: string, error: unknown): null {
  if (hasCode(error, "ENOENT", "ENOTDIR", "EROFS", "ENOSPC", "EDQUOT", "ENAMETOOLONG")) return null;
  if (hasCode(error, "EACCES", "EPERM") && statusOf(file) === null) return null;
  throw systemError(error, `opening ${file}`, { path: file, hint: "it exists while kgdump is running: if it is not, remove it" });
}

/** In a directory where everybody may put things, somebody could keep all others from their work. */
function refuseForeign(file: string, found: Stats, place: string): void {
  if (found.isFile() && mayDecide(found.uid, place)) return;
  throw new KgdumpError("PERMISSION_DENIED", `${file} belongs to another user (${found.uid.toString()})`, { path: file, hint: "it exists while that user runs kgdump; otherwise find out who put it there, and remove it" });
}

function isStill(file: string, found: Stats): boolean {
  const now = statusOf(file);
  return now?.dev === found.dev && now.ino === found.ino;
}

function tell(descriptor: number, command: string): void {
  try {
    ftruncateSync(descriptor);
    writeSync(descriptor, JSON.stringify({ ...ownProcess(), command }));
  } catch {
    // On a full disk nobody is told who holds it.
  }
}

function inUse(place: string, file: string): KgdumpError {
  return new KgdumpError("STORE_IN_USE", `${holderOf(file)} is working on ${place}`, { path: place, hint: "wait until it is done; kgdump status shows how far a migration is" });
}

function holderOf(file: string): string {
  const other = "another kgdump";
  try {
    const descriptor = openSync(file, constants.O_RDONLY | NO_LINK | NO_WAIT);
    try {
      const buffer = Buffer.alloc(LONGEST);
      const told = JSON.parse(buffer.toString("utf8", 0, readSync(descriptor, buffer))) as { pid?: unknown; command?: unknown };
      return typeof told.pid === "number" && typeof told.command === "string" && /^[a-z]{1,20}$/.test(told.command) ? `process ${told.pid.toString()} (kgdump ${told.command})` : other;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return other;
  }
}
