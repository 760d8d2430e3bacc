import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { openInputFile, randomAccess, readInput } from "#src/operations/dump/input.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("a file that becomes shorter while it is open is cut, and is never filled with anything else", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  await writeFile(path, Buffer.alloc(1000, 7));
  await using file = await openInputFile(path);
  const access = randomAccess(file, path);
  t.deepEqual(Buffer.from(await access.read(10, 990)), Buffer.alloc(990, 7));
  await truncate(path, 500);
  for (const [offset, length] of [[400, 200], [500, 1], [900, 100]] as const) {
    await t.throwsAsync(access.read(offset, length), { code: "DUMP_TRUNCATED", message: /became shorter/ });
  }
  t.is((await access.read(400, 100)).length, 100);
});

test("a file is read whole, whatever its length", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  for (const length of [0, 1, 2 ** 20, 2 ** 20 + 1, 3_000_000, 7_000_001]) {
    const content = Buffer.alloc(length, "abcdefghijk");
    await writeFile(path, content);
    const parts: Uint8Array[] = [];
    // A part has other bytes once the next is asked for.
    for await (const part of readInput(path)) parts.push(new Uint8Array(part));
    t.true(Buffer.concat(parts).equals(content), String(length));
  }
});
