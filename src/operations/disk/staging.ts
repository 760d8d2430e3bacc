/**
 * A target that appears whole or not at all: it is built in a staging directory beside its final path and renamed.
 *
 * The staging directory is `.<name>.kgdump-<random>`; its file `owner.json` says which process builds there, so that a
 * later import to the same target can clear what a killed one left, and never what a running one is building.
 */
import { randomBytes } from "node:crypto";
import { open, readdir, readlink, realpath, rm, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { hasCode, KgdumpError, systemError } from "../../errors.js";
import { refuseUngivable, type WithAccess } from "./access.js";
import { changeMode, giveAccess } from "./likeness.js";
import { makeDirectory, removeEmptyDirectory, removeTree, renameName } from "./name-changes.js";
import { isDirectory, stemOf } from "./names.js";
import { isRunning, type Owner, ownProcess } from "./owner.js";
import { syncDirectory } from "./sync.js";
import { type Identity, isStill, isTrusted, ownDirectory, readSmallFile } from "./trusted.js";

/** What lies at the path of an import's target. */
export type TargetState = "absent" | "empty" | "occupied";

/**
 * Looks at the path of a target.
 * @returns absent: nothing there; empty: a directory without entries; occupied: anything else
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function targetState(path: string): Promise<TargetState> {
  try {
    return (await readdir(path)).length === 0 ? "empty" : "occupied";
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "absent";
    if (hasCode(error, "ENOTDIR")) return "occupied";
    throw systemError(error, `looking at ${path}`, { path });
  }
}

/** Refuses what is no directory as the place of a store. @throws {KgdumpError} TARGET_EXISTS */
export async function refuseFileInPlace(path: string): Promise<void> {
  if (await isDirectory(path)) return;
  throw new KgdumpError("TARGET_EXISTS", `${path} is a file, and a store is a directory`, { path, hint: "choose a new path" });
}

/**
 * Removes the staging directories of a target whose owners are dead.
 * @param known abandoned: none of them is in use any more, whoever made them; alone: the caller has the place to itself, so that one without an owner will not get one
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function clearStaging(target: string, known?: "abandoned" | "alone"): Promise<void> {
  const finalPath = resolve(target);
  try {
    await clearStale(dirname(finalPath), prefixOf(finalPath), known);
  } catch (error) {
    throw systemError(error, `clearing what an earlier import to ${finalPath} left`, { path: finalPath });
  }
}

function prefixOf(finalPath: string): string {
  return `.${stemOf(finalPath)}.kgdump-`;
}

/** A directory beside the final path of a store that is being built. Hold it with `await using`: then nothing of it is left, whatever fails. */
export class Staging implements AsyncDisposable {
  /** Where the store is built. It does not exist before the engine makes it. */
  readonly storePath: string;
  /** For what else is needed until the store is published; goes with all that is in it. */
  readonly directory: string;
  readonly #finalPath: string;
  readonly #access: WithAccess;
  /** Null when nobody can tell, as it was made and taken away at once. */
  readonly #identity: Identity | null;

  private constructor(directory: string, finalPath: string, identity: Identity | null, access: WithAccess) {
    this.directory = directory;
    this.#finalPath = finalPath;
    this.#identity = identity;
    this.#access = access;
    this.storePath = join(directory, "store");
  }

  /**
   * Makes the staging directory, after clearing those that earlier, dead imports to the same target left.
   * @param target final path of the store; its parent directory must exist
   * @param access whose a new store becomes
   * @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED, NO_SPACE, IO_FAILED, and TARGET_EXISTS for a mount point
   */
  static async create(target: string, { owner, mode }: WithAccess = {}): Promise<Staging> {
    refuseUngivable({ owner });
    const finalPath = await throughLink(resolve(target));
    const parent = dirname(finalPath);
    const prefix = prefixOf(finalPath);
    const directory = join(parent, prefix + randomBytes(8).toString("hex"));
    let identity: Identity | null;
    try {
      await refuseMountPoint(finalPath, parent);
      // First, as it may take the room that is needed.
      await clearStale(parent, prefix);
      await makeDirectory(directory);
      const maker = await writeOwner(directory);
      identity = await ownDirectory(directory, maker);
      if (!isTrusted(maker)) await clearStale(parent, prefix, undefined, maker);
    } catch (error) {
      await removeTree(directory).catch(() => undefined);
      throw systemError(error, `preparing ${finalPath}`, {
        path: finalPath,
        missing: `${parent} does not exist, so ${finalPath} can't be made`,
        hint: `${parent} must be a directory that exists and that you may write to`,
      });
    }
    return new Staging(directory, finalPath, identity, { owner, mode });
  }

  /**
   * Makes the closed store durable and gives it its final name.
   * @throws {KgdumpError} TARGET_EXISTS when something appeared there meanwhile, NO_SPACE, IO_FAILED
   */
  async publish(): Promise<void> {
    try {
      await syncTree(this.storePath);
      await giveAccess(this.storePath, this.#access);
      // rename(2) replaces an empty directory, and refuses one that is not.
      await renameName(this.storePath, this.#finalPath);
      await this.#syncNames();
    } catch (error) {
      if (hasCode(error, "ENOTEMPTY", "EEXIST", "ENOTDIR")) {
        throw new KgdumpError("TARGET_EXISTS", `something created ${this.#finalPath} while the import was running`, {
          cause: error,
          path: this.#finalPath,
          hint: "look at what made it, then import again",
        });
      }
      throw systemError(error, `publishing ${this.#finalPath}`, { path: this.#finalPath });
    }
    await this.discard();
  }

  /**
   * Lets the closed and durable store change places with the one that is at its final path, which is then removed. Where the system can't exchange
   * directories, nothing is at the path between two renames.
   * @param exchange exchanges two directories at once; false when that is not possible
   * @param aside where the old store is between the two renames, lest it be taken for something that can be removed
   * @param letGo closes what is open of the old store, before that is removed: NFS and FUSE keep a file that is open, and with it its directory
   * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
   */
  async replace(exchange: (a: string, b: string) => Promise<boolean>, aside: string, letGo: () => void): Promise<void> {
    let isAside = false;
    try {
      if (!(await exchange(this.storePath, this.#finalPath))) {
        await renameName(this.#finalPath, aside);
        isAside = true;
        await renameName(this.storePath, this.#finalPath);
      }
      await this.#syncNames();
    } catch (error) {
      throw systemError(error, `putting the new store at ${this.#finalPath}`, { path: this.#finalPath });
    }
    letGo();
    await this.discard();
    if (isAside) await removeTree(aside).catch(() => undefined);
  }

  /** A renaming is sure to be durable when both its directories are. */
  async #syncNames(): Promise<void> {
    await syncDirectory(dirname(this.#finalPath));
    await syncDirectory(this.directory);
  }

  /** Removes the staging directory and what is in it. Never throws. */
  async discard(): Promise<void> {
    if (this.#identity !== null) await removeStaging(this.directory, this.#identity).catch(() => undefined);
  }

  /** The same; after `publish` and `replace` nothing is left to do. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.discard();
  }
}

/** Removes a staging directory; the file that says whose it is goes last, so that what is left of an interrupted removal is known as stale. */
async function removeStaging(directory: string, identity: Identity): Promise<void> {
  if (!(await isStill(directory, identity))) return;
  for (const name of await readdir(directory).catch(() => [])) {
    if (name !== OWNER_FILE) await rm(join(directory, name), { recursive: true, force: true, maxRetries: 3 });
  }
  await removeTree(directory);
}

const OWNER_FILE = "owner.json";
/** Bytes of that file, at most. */
const LONGEST_OWNER = 4096;

/**
 * Where a link leads to; any other path as it is.
 * @throws {KgdumpError} TARGET_EXISTS for a link that leads nowhere
 */
async function throughLink(path: string): Promise<string> {
  const to = await readlink(path).catch(() => null);
  if (to === null) return path;
  try {
    return await realpath(path);
  } catch (error) {
    throw new KgdumpError("TARGET_EXISTS", `${path} is a symbolic link to ${to}, where nothing is`, { cause: error, path, hint: "name the directory that it leads to, or remove the link" });
  }
}

async function refuseMountPoint(path: string, parent: string): Promise<void> {
  if ((await targetState(path)) !== "empty") return;
  if ((await stat(path)).dev === (await stat(parent)).dev) return;
  throw new KgdumpError("TARGET_EXISTS", `${path} is a mount point, which a finished store cannot replace`, {
    path,
    hint: `import into a directory inside it, such as ${join(path, "store")}`,
  });
}

/** Says in a staging directory who builds there. @returns the user to whom what is made there belongs */
async function writeOwner(directory: string): Promise<number> {
  const handle = await open(join(directory, OWNER_FILE), "wx", 0o600);
  try {
    await handle.writeFile(JSON.stringify(ownProcess()));
    return (await handle.stat()).uid;
  } finally {
    await handle.close();
  }
}

async function clearStale(parent: string, prefix: string, known?: "abandoned" | "alone", maker?: number): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{16}$/.test(name.slice(prefix.length))) continue;
    const directory = join(parent, name);
    // What somebody else put there, or a link, may lead anywhere.
    const identity = await ownDirectory(directory, maker);
    if (identity !== null && (known === "abandoned" || (await isStale(directory, known === "alone" ? 0 : OWNER_MS)))) await removeStaging(directory, identity);
  }
}

/** So long after it was made, a staging directory has its owner's file, however busy the machine is. */
const OWNER_MS = 60_000;

/** Stale: its owner is of this machine and is not running any more. In doubt it is not. */
async function isStale(directory: string, ownerMs: number): Promise<boolean> {
  let owner: Partial<Owner>;
  try {
    owner = JSON.parse((await readSmallFile(join(directory, OWNER_FILE), LONGEST_OWNER)).text) as Partial<Owner>;
  } catch {
    await clearUnowned(directory, ownerMs).catch(() => undefined);
    return false;
  }
  return isRunning(owner) === false;
}

/**
 * Killed before the owner's file was whole: nothing was built. One that was made just now may get its file yet. Whatever
 * else is in there stays: rmdir refuses it.
 */
async function clearUnowned(directory: string, ownerMs: number): Promise<void> {
  if (Date.now() - (await stat(directory)).mtimeMs < ownerMs) return;
  const names = await readdir(directory);
  if (names.some((name) => name !== OWNER_FILE)) return;
  if (names.length > 0) await unlink(join(directory, OWNER_FILE));
  await removeEmptyDirectory(directory);
}

/** Syncs every file and directory below `path`, which is nobody else's. */
async function syncTree(path: string): Promise<void> {
  if (await settleOne(path)) return;
  for (const entry of await readdir(path, { withFileTypes: true })) if (entry.isDirectory() || entry.isFile()) await syncTree(join(path, entry.name));
  await syncDirectory(path);
}

/** Gives a directory or a file its mode, and syncs a file. @returns whether it is one */
async function settleOne(path: string): Promise<boolean> {
  const handle = await open(path, "r");
  try {
    const isFile = (await handle.stat()).isFile();
    await changeMode(handle, isFile ? 0o600 : 0o700);
    if (isFile) await handle.sync();
    return isFile;
  } finally {
    await handle.close();
  }
}
