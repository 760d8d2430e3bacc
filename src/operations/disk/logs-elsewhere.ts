/**
 * Logs that a RocksDB store keeps in another directory than its other files (`wal_dir`). Whatever store its program opens next reads them, and puts
 * what is in them over what is there.
 */
import { readdir, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";

/**
 * The directory in which such logs are now.
 * @param options of a store, or of a dump's header
 * @param own directories that are, or were, the store's own
 * @returns null when its logs are with its other files, when they are not known, and when nothing is in them
 */
export async function logsElsewhere(options: ReadonlyMap<string, string> | undefined, own: readonly string[]): Promise<string | null> {
  const told = /^wal_dir=(.+)$/m.exec(options?.get("rocksdb.options") ?? "")?.[1];
  const directory = told === undefined ? null : await realpath(told).catch(() => null);
  if (directory === null) return null;
  const places = await Promise.all(own.map((path) => realpath(path).catch(() => resolve(path))));
  if (places.includes(directory)) return null;
  const names = await readdir(directory).catch((): string[] => []);
  // Another store is there, whose logs they are.
  if (names.includes("CURRENT")) return null;
  for (const name of names.filter((each) => /^\d+\.log$/.test(each))) if ((await stat(join(directory, name)).catch(() => null))?.size) return directory;
  return null;
}
