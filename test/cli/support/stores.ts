/** Stores for tests of the real binary: the fixtures, one too big for any pipe's buffer, and file systems that fail. */
import { execFile } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { encodeEntries } from "#src/format/index.js";

const run = promisify(execFile);

/** Values of the big store, each of so many bytes that nothing compresses. */
export const BIG_VALUE_BYTES = 16 * 1024;

/** Makes a store of `megabytes` MiB of values. The same store every time: the values are a cipher's key stream. */
export async function bigStore(directory: string, megabytes: number): Promise<{ path: string; entries: number }> {
  const path = join(directory, `big-${megabytes.toString()}`);
  const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16, 7), Buffer.alloc(16));
  const entries = (megabytes * 1024 * 1024) / BIG_VALUE_BYTES;
  await using sink = await createRocksdbSink(path, { compression: "none" });
  for (let first = 0; first < entries; first += 256) {
    const batch = Array.from({ length: Math.min(256, entries - first) }, (_, index) => ({
      key: Buffer.from(`node:${(first + index).toString().padStart(10, "0")}`),
      value: noise.update(Buffer.alloc(BIG_VALUE_BYTES)),
    }));
    await sink.apply(Buffer.from("default"), encodeEntries(batch), "overwrite");
  }
  await sink.flush();
  return { path, entries };
}

/**
 * Mounts a small file system in memory for one test.
 * @returns its path, or null, which is logged, where mounting is not allowed
 */
export async function smallFileSystem(t: ExecutionContext, directory: string, options: string): Promise<string | null> {
  const path = join(directory, "small");
  await mkdir(path, { recursive: true });
  try {
    await run("mount", ["-t", "tmpfs", "-o", options, "none", path]);
  } catch (error) {
    t.log(`SKIPPED: a tmpfs can't be mounted here: ${error instanceof Error ? error.message : String(error)}`);
    t.pass();
    return null;
  }
  t.teardown(async () => run("umount", ["-l", path]));
  return path;
}

/** Everything in a directory, hidden names too, sorted. */
export async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).sort();
}

/** Waits until a name in the directory matches. Ends with an error when the process has ended before. */
export async function waitForName(directory: string, pattern: RegExp, ended: () => boolean): Promise<void> {
  for (;;) {
    if ((await readdir(directory)).some((name) => pattern.test(name))) return;
    if (ended()) throw new Error(`the process ended before anything in ${directory} matched ${String(pattern)}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}
