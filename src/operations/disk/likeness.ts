/** What stands in for a store has its owner, its group and its modes: whoever runs kgdump, the service must be able to open it, and nobody else besides. */
import { fchownSync, type Stats } from "node:fs";
import { type FileHandle, lchown, lstat, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { engineNamed } from "../../engines/registry.js";
import type { EngineName } from "../../engines/store.js";
import { hasCode, systemError } from "../../errors.js";
import type { WithAccess } from "./access.js";
import { actingAs, asKeeper } from "./acting.js";
import { NO_LINK, NO_WAIT } from "./trusted.js";

/** Owner, group and mode of something. */
type Likeness = Pick<Stats, "uid" | "gid" | "mode">;

const PERMISSIONS = 0o7777;
const OF_GROUP = 0o070;
const TO_EXECUTE = 0o111;

/**
 * Gives a store the owner, the group and the modes of the one whose place it takes, durably. Files get those of the one file that each store of its
 * engine has, directories those of the store's. A group that this user may not give away is left out, with its rights.
 * @param like the store whose place it takes; the store itself, where only what is new in it is to be like the rest
 * @param engine of that one
 * @throws {KgdumpError} PERMISSION_DENIED when the owner is another, and only root may give things away; IO_FAILED
 */
export async function makeLike(made: string, like: string, engine: EngineName): Promise<void> {
  try {
    await giveTo(made, await stat(like), await stat(join(like, engineNamed(engine).everyStoreHas)));
  } catch (error) {
    throw systemError(error, `giving ${made} the owner of ${like}`, { path: like, hint: "run this as the owner of the store, or as root" });
  }
}

/**
 * Gives a new store the owner and the mode that somebody chose, durably. What is not chosen stays.
 * @throws {Error} of the system
 */
export async function giveAccess(made: string, { owner, mode = 0o700 }: WithAccess): Promise<void> {
  const { uid, gid } = owner ?? (await lstat(made));
  await giveTo(made, { uid, gid, mode }, { uid, gid, mode: mode & ~TO_EXECUTE });
}

async function giveTo(path: string, directory: Likeness, file: Likeness): Promise<void> {
  const now = await lstat(path);
  if (now.isSymbolicLink()) return;
  if (now.isDirectory()) for (const name of await readdir(path)) await giveTo(join(path, name), directory, file);
  await giveOne(path, now, now.isDirectory() ? directory : file);
}

async function giveOne(path: string, now: Likeness, like: Likeness): Promise<void> {
  if (isLike(now, like)) return;
  const handle = await open(path, NO_LINK | NO_WAIT);
  try {
    const known = await giveOwner(handle, now, like);
    await handle.chmod(like.mode & (known ? PERMISSIONS : PERMISSIONS & ~OF_GROUP));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isLike(now: Likeness, like: Likeness): boolean {
  return now.uid === like.uid && now.gid === like.gid && (now.mode & PERMISSIONS) === (like.mode & PERMISSIONS);
}

/** @returns whether it has the group, too */
async function giveOwner(handle: FileHandle, now: Likeness, { uid, gid }: Likeness): Promise<boolean> {
  if (now.uid === uid && now.gid === gid) return true;
  try {
    const acting = actingAs();
    // That user may put a link to a file of somebody else among them: as root only what is that user's is given on.
    const isActors = acting?.keepsNames === true && (await handle.stat()).uid === acting.uid;
    if (isActors) asKeeper(() => { fchownSync(handle.fd, uid, gid); });
    else await handle.chown(uid, gid);
    return true;
  } catch (error) {
    if (now.uid !== uid || !hasCode(error, "EPERM")) throw error;
    return false;
  }
}

/** Gives a copy the owner and the mode of its original. @throws {Error} of the system */
export async function copyOwner(original: string, copy: string): Promise<void> {
  const [like, now] = [await lstat(original), await lstat(copy)];
  if (like.isSymbolicLink()) {
    if (now.uid !== like.uid || now.gid !== like.gid) await lchown(copy, like.uid, like.gid).catch(() => undefined);
    return;
  }
  await giveOne(copy, now, like);
}
