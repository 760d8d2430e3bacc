import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { readInput, sizeOfFile } from "#src/operations/dump/input.js";
import { temporaryDirectory } from "../../support/temporary.js";

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

test("only a file has a size", async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, "file");
  await writeFile(file, "12345");
  t.is(await sizeOfFile(file), 5);
  for (const input of [directory, "/dev/null", join(directory, "none")]) t.is(await sizeOfFile(input), null, input);
});
