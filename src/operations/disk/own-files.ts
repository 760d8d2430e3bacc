/**
 * Whether all of a store lies in its own directory, so that a copy of it beside it shares nothing with it. What is reached through a link, or
 * lies on another file system that is mounted within, would be shared by the copy, or lost when the two change places.
 */
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { engineNamed } from "../../engines/registry.js";
import type { EngineName } from "../../engines/store.js";
import { KgdumpError, systemError } from "../../errors.js";

const HINT = "nothing was changed: put the files themselves into the store's directory, with its program stopped; or make a new store of a dump of it, which then takes this one's place";

/**
 * Where file systems are mounted, also parts of one that is mounted elsewhere, and single files; none where the system does not tell. See proc(5),
 * mountinfo.
 */
export async function mountPoints(): Promise<Set<string>> {
  const table = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  const plain = (text: string): string => text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
  return new Set(table.split("\n").map((line) => plain(line.split(" ")[4] ?? "")));
}

/**
 * Refuses a store that has files elsewhere: links and mounts are named.
 * @param path the store's directory, absolute and without links
 * @throws {KgdumpError} STORE_UNSUPPORTED; TARGET_EXISTS when the directory itself is a mount point, which can't change places with another;
 * PERMISSION_DENIED, IO_FAILED
 */
export async function refuseFilesElsewhere(path: string, engine: EngineName): Promise<void> {
  const mounted = await mountPoints();
  try {
    const { dev } = await lstat(path);
    if (mounted.has(path) || (await lstat(join(path, ".."))).dev !== dev) {
      throw new KgdumpError("TARGET_EXISTS", `${path} is a mount point, which can't change places with a changed copy`, {
        path,
        hint: "nothing was changed: let the store be a directory within the mounted one, or import the full dump and its deltas into a new store",
      });
    }
    await lookThrough(path, { dev, mounted }, (name) => engineNamed(engine).storeNames.test(name));
  } catch (error) {
    throw systemError(error, `looking through ${path}`, { path });
  }
}

interface Looking {
  /** File system of the store's directory. */
  readonly dev: number;
  readonly mounted: ReadonlySet<string>;
}

/** @param isOwn whether a name is one of the engine's: links of others stay what they are */
async function lookThrough(directory: string, at: Looking, isOwn: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const info = await lstat(path);
    if (info.isSymbolicLink()) {
      if (isOwn(name)) throw elsewhere(path, `a symbolic link to ${await readlink(path)}`);
      continue;
    }
    if (at.mounted.has(path) || info.dev !== at.dev) throw elsewhere(path, "mounted there from another place");
    if (info.isDirectory()) await lookThrough(path, at, isOwn(name) ? () => true : () => false);
    else if (!info.isFile()) throw elsewhere(path, "no file, but a pipe, a socket or a device");
  }
}

function elsewhere(path: string, what: string): KgdumpError {
  return new KgdumpError("STORE_UNSUPPORTED", `${path} is ${what}: a changed copy beside the store would share it, or lose it`, { path, hint: HINT });
}
