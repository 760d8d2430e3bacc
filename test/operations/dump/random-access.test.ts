import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import fc from "../../support/properties.js";
import { type OpenFile, openInputFile } from "#src/operations/dump/input.js";
import { randomAccess } from "#src/operations/dump/random-access.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("a file that becomes shorter while it is open is cut, and is never filled with anything else", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  await writeFile(path, Buffer.alloc(1000, 7));
  await using file = await openInputFile(path);
  const access = randomAccess(file, path);
  t.deepEqual(Buffer.from(await access.read(10, 990)), Buffer.alloc(990, 7));
  await truncate(path, 500);
  for (const [offset, length, end] of [[400, 200, 500], [500, 1, 500], [900, 100, 900]] as const) {
    t.like(await t.throwsAsync(access.read(offset, length), { code: "DUMP_TRUNCATED", message: /became shorter/ }), { path, offset: end });
  }
  t.is((await access.read(400, 100)).length, 100);
});

test("whatever is asked for in whatever order, the bytes are those of the file", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  const content = Buffer.from(Uint32Array.from({ length: 100_000 }, (_, at) => at * 2_654_435_761).buffer);
  await writeFile(path, content);
  const length = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 0, max: 300 }) }, fc.integer({ min: 0, max: 70_000 }));
  // Behind the last one, at it, before it, or anywhere.
  const step = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -20, max: 200 }) }, fc.integer({ min: -70_000, max: 70_000 }));
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(step, length), { maxLength: 60 }), fc.boolean(), async (reads, atOnce) => {
    await using file = await openInputFile(path);
    const access = randomAccess(file, path);
    let at = 0;
    const checks: Promise<void>[] = [];
    for (const [by, wanted] of reads) {
      const offset = Math.max(0, Math.min(content.length, at + by));
      const end = Math.min(content.length, offset + wanted);
      const check = access.read(offset, end - offset).then((got) => t.true(content.subarray(offset, end).equals(got), `${String(offset)}-${String(end)}`));
      if (!atOnce) await check;
      checks.push(check.then(() => undefined));
      at = end;
    }
    await Promise.all(checks);
  }));
});

test("small parts behind one another are read together, others alone", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  await writeFile(path, Buffer.alloc(1_000_000, 7));
  await using file = await openInputFile(path);
  let [reads, bytes] = [0, 0];
  const counting: OpenFile = {
    ...file,
    handle: {
      ...file.handle,
      read: async (...args: Parameters<OpenFile["handle"]["read"]>) => {
        reads += 1;
        const done = await file.handle.read(...args);
        bytes += done.bytesRead;
        return done;
      },
    },
  };
  const access = randomAccess(counting, path);
  for (let at = 0; at < 1_000_000; at += 100) await access.read(at, 100);
  t.true(reads <= 1 + 1_000_000 / 65_536 + 1, String(reads));
  [reads, bytes] = [0, 0];
  for (let at = 900_000; at >= 0; at -= 30_000) await access.read(at, 100);
  t.deepEqual([reads, bytes], [31, 3100], "no more is read than what is asked for");
});

test("what can't be read ahead keeps nobody from what can", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  await writeFile(path, Buffer.alloc(1000, 7));
  await using file = await openInputFile(path);
  const access = randomAccess(file, path);
  await access.read(0, 100);
  await truncate(path, 500);
  t.deepEqual(Buffer.from(await access.read(100, 400)), Buffer.alloc(400, 7));
  await t.throwsAsync(access.read(500, 1), { code: "DUMP_TRUNCATED" });
});
