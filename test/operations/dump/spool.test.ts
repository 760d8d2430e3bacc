/** A stream that is kept: the same bytes, nothing left beside, and room that is not there. */
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { spool } from "#src/operations/dump/spool.js";

// This file's own, so that nothing else is in it.
const directory = await mkdtemp(join(tmpdir(), "kgdump-test-"));
process.env.TMPDIR = directory;
test.after.always(() => rm(directory, { recursive: true, force: true }));

test.serial("has the same bytes at each place, and no name at any time", async (t) => {
  const bytes = Buffer.alloc(3_000_000, "kgdump");
  const names: string[] = [];
  async function* slowly(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 700_000) {
      names.push(...(await readdir(directory)));
      yield bytes.subarray(at, at + 700_000);
    }
  }
  const file = await spool(slowly());
  t.is(file.size, bytes.length);
  // It has a name for a moment, and others may hold what they could open.
  t.is((await file.handle.stat()).mode & 0o777, 0o600);
  const read = Buffer.alloc(100);
  await file.handle.read(read, 0, 100, 2_099_990);
  t.deepEqual(read, bytes.subarray(2_099_990, 2_100_090));
  t.deepEqual([names, await readdir(directory)], [[], []]);
  await file[Symbol.asyncDispose]();
});

test.serial("leaves nothing when the stream fails", async (t) => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("some");
    throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
  }
  await t.throwsAsync(spool(broken()), { code: "IO_FAILED" });
  t.deepEqual(await readdir(directory), []);
});

test.serial("says where it can't be", async (t) => {
  process.env.TMPDIR = join(directory, "missing");
  await t.throwsAsync(spool(createReadStream("package.json")), { code: "NOT_FOUND", message: /missing/ });
  const file = join(directory, "file");
  await writeFile(file, "");
  process.env.TMPDIR = file;
  await t.throwsAsync(spool(createReadStream("package.json")), { code: "NOT_FOUND" });
  await rm(file);
  await mkdir(file);
});
