/** What stands in for a store has its owner, its group, its modes, its access control lists and its security label: whoever runs kgdump, the service must be able to open it, and nobody else besides. */
import { fchownSync, type Stats } from "node:fs";
import { type FileHandle, lchown, lstat, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { engineNamed } from "../../engines/registry.js";
import type { EngineName } from "../../engines/store.js";
import { hasCode, systemError } from "../../errors.js";
import type { WithAccess } from "./access.js";
import { actingAs, asKeeper } from "./acting.js";
import { accessAttributes, type Attribute, attributesToGive, giveAttributes, isList, ownAttributes } from "./attributes.js";
import { NO_LINK, NO_WAIT } from "./trusted.js";

/** Owner, group and mode of something. */
type Mode = Pick<Stats, "uid" | "gid" | "mode">;
/** The same with its attributes; null where those stay as they are. */
type Likeness = Mode & { readonly attributes: readonly Attribute[] | null };

const PERMISSIONS = 0o7777;
const OF_GROUP = 0o070;
const TO_EXECUTE = 0o111;

/**
 * Gives a store the owner, the group, the modes, the lists and the label of the one whose place it takes, durably. Files get those of the one file that each store of its
 * engine has, directories those of the store's. A group that this user may not give away is left out, with its rights.
 * @param like the store whose place it takes; the store itself, where only what is new in it is to be like the rest
 * @param engine of that one
 * @throws {KgdumpError} PERMISSION_DENIED when the owner is another, and only root may give things away; IO_FAILED
 */
export async function makeLike(made: string, like: string, engine: EngineName): Promise<void> {
  try {
    const file = join(like, engineNamed(engine).everyStoreHas);
    await giveTo(made, await likenessOf(like), await likenessOf(file));
    await giveOne(made, await lstat(made), { ...(await likenessOf(like)), attributes: ownAttributes(like) });
  } catch (error) {
    throw systemError(error, `giving ${made} the owner of ${like}`, { path: like, hint: "run this as the owner of the store, or as root" });
  }
}

async function likenessOf(path: string): Promise<Likeness> {
  const { uid, gid, mode } = await stat(path);
  return { uid, gid, mode, attributes: accessAttributes(path) };
}

/**
 * Gives a new store the owner and the mode that somebody chose, durably. What is not chosen stays.
 * @throws {Error} of the system
 */
export async function giveAccess(made: string, { owner, mode = 0o700 }: WithAccess): Promise<void> {
  const { uid, gid } = owner ?? (await lstat(made));
  await giveTo(made, { uid, gid, mode, attributes: null }, { uid, gid, mode: mode & ~TO_EXECUTE, attributes: null });
}

async function giveTo(path: string, directory: Likeness, file: Likeness): Promise<void> {
  const now = await lstat(path);
  if (now.isSymbolicLink()) return;
  if (now.isDirectory()) for (const name of await readdir(path)) await giveTo(join(path, name), directory, file);
  await giveOne(path, now, now.isDirectory() ? directory : file);
}

async function giveOne(path: string, now: Mode, like: Likeness): Promise<void> {
  const has = like.attributes === null ? [] : ownAttributes(path);
  if (isLike(now, like) && attributesToGive(has, like.attributes ?? []).length === 0) return;
  const handle = await open(path, NO_LINK | NO_WAIT);
  try {
    const known = await giveOwner(handle, now, like);
    // Before the mode, which is what a list lets in at most.
    giveAttributes(handle.fd, attributesToGive(has, (like.attributes ?? []).filter(({ name }) => known || !isList(name))));
    await changeMode(handle, like.mode & (known ? PERMISSIONS : PERMISSIONS & ~OF_GROUP));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * chmod(2) of what this user has made. Only a file system that keeps no modes refuses it: CIFS to all, exFAT as it may be mounted to all but one user.
 * @throws {Error} of the system
 */
export async function changeMode(handle: FileHandle, mode: number): Promise<void> {
  try {
    await handle.chmod(mode);
  } catch (error) {
    if (!hasCode(error, "EPERM", "ENOTSUP")) throw error;
  }
}

function isLike(now: Mode, like: Likeness): boolean {
  return now.uid === like.uid && now.gid === like.gid && (now.mode & PERMISSIONS) === (like.mode & PERMISSIONS);
}

/** @returns whether it has the group, too */
async function giveOwner(handle: FileHandle, now: Mode, { uid, gid }: Likeness): Promise<boolean> {
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

/** Gives a copy the owner, the mode and the attributes of its original. @throws {Error} of the system */
export async function copyOwner(original: string, copy: string): Promise<void> {
  const [like, now] = [await lstat(original), await lstat(copy)];
  if (like.isSymbolicLink()) {
    if (now.uid !== like.uid || now.gid !== like.gid) await lchown(copy, like.uid, like.gid).catch(() => undefined);
    return;
  }
  await giveOne(copy, now, { uid: like.uid, gid: like.gid, mode: like.mode, attributes: ownAttributes(original) });
}
