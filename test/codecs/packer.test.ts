import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import test from "ava";
import fc from "../support/properties.js";
import { loadCodec } from "#src/codecs/index.js";
import { KeyspacePacker } from "#src/codecs/packer.js";
import { type Block, checkEntries, type CodecName, CODEC_NAMES, DEFAULT_LIMITS, encodeEntries, type Entry, type KeyOrder, unpackBlock } from "#src/format/index.js";
import { loggedSeed } from "../support/seed.js";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** A block of entries as an engine gives it. */
function block(entries: readonly Entry[]): Block {
  const sum = (pick: (entry: Entry) => number): number => entries.reduce((total, entry) => total + pick(entry), 0);
  return {
    data: encodeEntries(entries),
    entries: entries.length,
    keyBytes: sum(({ key }) => key.length),
    valueBytes: sum(({ value }) => value?.length ?? 0),
    firstKey: entries[0]?.key ?? bytes(""),
    lastKey: entries.at(-1)?.key ?? bytes(""),
  };
}

async function packer(name: CodecName, order: KeyOrder = "bytewise", deletions = false): Promise<KeyspacePacker> {
  return new KeyspacePacker(await loadCodec(name), { order, deletions });
}

const sample = (count: number): Entry[] =>
  Array.from({ length: count }, (_, index) => ({ key: bytes(`node:${String(index).padStart(9, "0")}`), value: bytes(`{"label":"Person","age":${String(index % 90)}}`) }));

const room = (of: KeyspacePacker, { data }: Block): Uint8Array => new Uint8Array(of.memoryFor(data.length));

test("blocks are packed so that they come back, summed, and hashed in their order although they are packed side by side", async (t) => {
  for (const name of CODEC_NAMES) {
    const own = await packer(name);
    const all = sample(5000);
    const blocks = Array.from({ length: 25 }, (_, index) => block(all.slice(index * 200, index * 200 + 200)));
    const packed = await Promise.all(blocks.map((one) => own.pack(one, room(own, one))));
    for (const [index, { rawLength, codec, data, dataCrc, ...facts }] of packed.entries()) {
      const { data: raw, ...said } = blocks[index] ?? block([]);
      t.deepEqual(facts, said);
      t.is(codec, name);
      t.is(rawLength, raw.length);
      t.is(dataCrc, crc32(data));
      t.is(Buffer.compare(await unpackBlock(await loadCodec(codec), data, rawLength), raw), 0);
    }
    const digest = createHash("sha256").update(encodeEntries(all)).digest();
    t.is(Buffer.compare(own.digest(), digest), 0);
  }
});

test("a keyspace without blocks has the digest of nothing", async (t) => {
  t.is(Buffer.compare((await packer("lz4")).digest(), createHash("sha256").digest()), 0);
});

test("a block that does not shrink is stored as it is, and one that has too little memory gets its own", async (t) => {
  const one = block([{ key: bytes("k"), value: bytes("v") }]);
  for (const name of CODEC_NAMES) {
    const own = await packer(name);
    const packed = await own.pack(one, room(own, one));
    t.is(packed.codec, "none");
    t.is(Buffer.compare(packed.data, one.data), 0);
    t.is(packed.dataCrc, crc32(one.data));
  }
  const many = block(sample(100));
  const memory = new Uint8Array(10);
  const packed = await (await packer("lz4")).pack(many, memory);
  t.is(packed.codec, "lz4");
  t.true(memory.every((byte) => byte === 0));
});

test("an order, and deletions, are as the keyspace has them", async (t) => {
  const up = [{ key: bytes("a"), value: bytes("1") }, { key: bytes("b"), value: null }];
  const down = [...up].reverse();
  await t.notThrowsAsync((await packer("lz4", "bytewise", true)).pack(block(up), new Uint8Array(0)));
  await t.notThrowsAsync((await packer("lz4", "reverse-bytewise", true)).pack(block(down), new Uint8Array(0)));
  await t.throwsAsync((await packer("lz4", "bytewise", true)).pack(block(down), new Uint8Array(0)), { code: "DUMP_ORDER_BROKEN" });
  await t.throwsAsync((await packer("lz4", "reverse-bytewise", true)).pack(block(up), new Uint8Array(0)), { code: "DUMP_ORDER_BROKEN" });
  await t.throwsAsync((await packer("lz4")).pack(block(up), new Uint8Array(0)), { code: "DUMP_ENTRIES_MALFORMED" });
});

test("what an engine says of its block must be so", async (t) => {
  const good = block(sample(3));
  const lies: Partial<Block>[] = [
    { entries: 2 },
    { entries: 4 },
    { keyBytes: good.keyBytes + 1 },
    { valueBytes: good.valueBytes - 1 },
    { firstKey: bytes("node:") },
    { lastKey: good.firstKey },
    { data: good.data.subarray(0, -1) },
    { data: new Uint8Array(0) },
  ];
  for (const lie of lies) await t.throwsAsync((await packer("lz4")).pack({ ...good, ...lie }, new Uint8Array(0)), { code: "DUMP_ENTRIES_MALFORMED" });
  await t.throwsAsync((await packer("lz4")).pack(block([]), new Uint8Array(0)), { code: "DUMP_ENTRIES_MALFORMED" });
});

test("blocks are judged as readers judge them", async (t) => {
  const seed = loggedSeed(t);
  const key = fc.uint8Array({ maxLength: 3 });
  const value = fc.oneof(fc.constant(null), fc.uint8Array({ maxLength: 4 }), fc.integer({ min: 250, max: 260 }).map((length) => new Uint8Array(length)));
  const change = fc.option(fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) }));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ key, value }), { minLength: 1, maxLength: 4 }), change, fc.boolean(), fc.boolean(), async (entries, changed, reverse, deletions) => {
      const said = block(entries);
      if (changed !== null) said.data[changed.at % said.data.length] = changed.to;
      const order = reverse ? "reverse-bytewise" : "bytewise";
      let expected: string | null = null;
      try {
        const sums = checkEntries(said.data, { ...said, order, deletions }, DEFAULT_LIMITS);
        if (sums.keyBytes !== said.keyBytes || sums.valueBytes !== said.valueBytes) expected = "DUMP_ENTRIES_MALFORMED";
      } catch (error) {
        expected = (error as { code: string }).code;
      }
      const judged = (await packer("none", order, deletions)).pack(said, new Uint8Array(0));
      const found = await judged.then(() => null, (error: unknown) => (error as { code: string }).code);
      t.is(found === null, expected === null, `${String(expected)} and ${String(found)}`);
    }),
    { numRuns: 2000, seed },
  );
});
