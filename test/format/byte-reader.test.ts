import test from "ava";
import { ByteReader } from "#src/format/byte-reader.js";

const MIB = 2 ** 20;

async function* chunks(count: number): AsyncGenerator<Uint8Array> {
  for (let number = 0; number < count; number += 1) yield Buffer.alloc(MIB, number + 1);
}

test("what is longer than the memory that is asked for at first comes whole and in order", async (t) => {
  for (const length of [16, 17, 130, 150]) {
    const reader = new ByteReader(chunks(length + 1));
    const found = await reader.read(length * MIB);
    t.is(found.length, length * MIB);
    t.true(Array.from({ length }, (_, number) => number).every((number) => found[number * MIB] === number + 1 && found[(number + 1) * MIB - 1] === number + 1), String(length));
    t.is(reader.offset, length * MIB);
    t.is((await reader.read(MIB))[0], length + 1);
    t.true(await reader.atEnd());
  }
});

test("memory grows with what arrives, and not with what a file says of itself", async (t) => {
  const found = await new ByteReader(chunks(20)).read(3 * 1024 * MIB);
  t.is(found.length, 20 * MIB);
  t.true(found.buffer.byteLength < 128 * MIB);
});
