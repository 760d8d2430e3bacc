// @ts-check
/**
 * The cache of this user: entries that appear whole or not at all, and a lock for what only one set-up may do at a time.
 * Two set-ups at once are fine: the second of two equal entries is dropped.
 */
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { filesBelow, ignoreAbsent } from "./fingerprint.mjs";
import { SetupError } from "./setup-error.mjs";

/** A holder touches its lock this often (ms); one that was not touched for STALE ms belongs to a process that is gone. */
const HEARTBEAT = 2_000;
const STALE = 20_000;

/** Age (ms) from which on a temporary directory was surely left behind by a set-up that was killed. */
const ABANDONED = 24 * 3600 * 1000;

/**
 * Refuses a cache that somebody else could change: what is in it is run.
 * @param {string} directory
 * @throws {SetupError}
 */
export async function refuseForeignCache(directory) {
  const found = await stat(directory).catch(() => null);
  const own = process.geteuid?.();
  if (found === null || own === undefined) return;
  const why = found.uid !== own && found.uid !== 0 ? `belongs to another user (${String(found.uid)})` : mayOthersWrite(found) ? "may be written by others" : null;
  if (why !== null) throw new SetupError(`the cache ${directory} ${why}, and what is in it is run: let it be yours alone (\`chmod go-w\`), or set KGDUMP_CACHE_DIR to one that is`);
}

/** The user's own group, as many systems give one to each user, is no other. @param {import("node:fs").Stats} found */
function mayOthersWrite({ mode, gid }) {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== process.getegid?.());
}

/**
 * Does something that writes to the cache.
 * @template T
 * @param {string} directory
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 * @throws {SetupError} when the system refuses that
 */
async function inCache(directory, work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw new SetupError(`the cache ${directory} cannot be written (${error.message}): set KGDUMP_CACHE_DIR to a directory that can, such as /var/tmp/kgdump-cache`);
  }
}

/**
 * Makes a directory of the cache: `fill` gets an empty one beside it, which is then renamed into place.
 * @param {string} entry absolute path
 * @param {(directory: string) => Promise<void>} fill
 */
export async function publishEntry(entry, fill) {
  const staging = await inCache(dirname(entry), async () => {
    await mkdir(dirname(entry), { recursive: true });
    return mkdtemp(join(dirname(entry), `.${basename(entry)}-`));
  });
  try {
    await fill(staging);
    await rename(staging, entry).catch(async (/** @type {NodeJS.ErrnoException} */ error) => {
      // Another set-up was quicker; its entry has the same key, so it is as good as ours.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** @param {string} path */
export async function exists(path) {
  return (await stat(path).catch(ignoreAbsent)) !== undefined;
}

/**
 * Marks an entry as used now, so that pruning keeps it.
 * @param {string} entry
 */
export async function touchEntry(entry) {
  const now = new Date();
  // A read-only cache is fine to read from.
  await utimes(entry, now, now).catch(() => undefined);
}

/**
 * Removes all but the `keep` entries of a directory that were used last, and what killed set-ups left there.
 * @param {string} directory
 * @param {number} keep
 */
export async function prune(directory, keep) {
  const names = (await readdir(directory).catch(ignoreAbsent)) ?? [];
  const found = [];
  for (const name of names) {
    const info = await stat(join(directory, name)).catch(ignoreAbsent);
    if (info !== undefined) found.push({ name, used: info.mtimeMs });
  }
  const staged = found.filter(({ name, used }) => name.startsWith(".") && Date.now() - used > ABANDONED);
  const entries = found.filter(({ name }) => !name.startsWith(".")).sort((a, b) => b.used - a.used);
  for (const { name } of [...staged, ...entries.slice(keep)]) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
}

/**
 * Makes a directory that cargo builds in fit for this clone. It is removed when its files take more than `bytes`: cargo never removes what it made for
 * clones that are gone. What cargo knows of the project's own crates is forgotten: it takes two clones for one and goes by times alone, so that it would
 * give the clone with the older files what it built for the other.
 * @param {string} directory
 * @param {number} bytes
 */
export async function removeWhenLarge(directory, bytes) {
  let total = 0;
  for (const file of await filesBelow(directory)) {
    total += (await stat(file).catch(ignoreAbsent))?.size ?? 0;
    if (total > bytes) return rm(directory, { recursive: true, force: true });
  }
  const known = join(directory, "release", ".fingerprint");
  for (const name of await readdir(known).catch(() => [])) {
    if (/^kgdump[-_]/.test(name)) await rm(join(known, name), { recursive: true, force: true });
  }
}

/**
 * Does `work` while no other set-up holds the lock. The lock is a file that its holder touches; when the holder is
 * killed it goes stale and is taken over.
 * @template T
 * @param {string} lock absolute path
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(lock, work) {
  await inCache(dirname(lock), () => mkdir(dirname(lock), { recursive: true }));
  for (;;) {
    try {
      // At once, so that no exit comes between the lock and what gives it back.
      writeFileSync(lock, `${String(process.pid)}\n`, { flag: "wx" });
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) await inCache(dirname(lock), () => Promise.reject(error));
    }
    const info = await stat(lock).catch(ignoreAbsent);
    if (info !== undefined && Date.now() - info.mtimeMs > STALE) await rm(lock, { force: true });
    else await sleep(200);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch(() => undefined);
  }, HEARTBEAT);
  const release = () => {
    rmSync(lock, { force: true });
  };
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.removeListener("exit", release);
    release();
  }
}
