/** Unpacking blocks off the main thread: what is found is what a reader finds, and hashed is in the order of the calls. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import fc from "../support/properties.js";
import { loadCodec } from "#src/codecs/index.js";
import { unpackers } from "#src/codecs/unpacker.js";
import { type BlockUnpacker, type CheckedFacts, checkEntries, CODEC_NAMES, DEFAULT_LIMITS, encodeEntries, type Entry, type KeyspaceShape, type Limits, readDump } from "#src/format/index.js";
import { bytes, entry, header, inChunks, keyspace, makeDump, smallDump } from "../format/support/dumps.js";
import { loggedSeed } from "../support/seed.js";

const NONE = loadCodec("none");
const PLAIN: KeyspaceShape = { order: "bytewise", deletions: false };

function unpacker(shape: KeyspaceShape = PLAIN): BlockUnpacker {
  const of = unpackers();
  if (of === undefined) throw new Error("the addon is missing");
  return of(shape);
}

const lengths = (list: readonly number[]): number => Math.max(0, ...list);

test("blocks are found to be what readers find", async (t) => {
  const seed = loggedSeed(t);
  const key = fc.uint8Array({ maxLength: 3 });
  const value = fc.oneof(fc.constant(null), fc.uint8Array({ maxLength: 4 }), fc.integer({ min: 250, max: 260 }).map((length) => new Uint8Array(length)));
  const change = fc.option(fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) }), { freq: 2 });
  const counts = { sound: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.record({ key, value }), { minLength: 1, maxLength: 4, selector: (entry) => Buffer.from(entry.key).toString("hex") }), change, fc.boolean(), fc.boolean(), async (some, changed, reverse, deletions) => {
      const order = reverse ? "reverse-bytewise" : "bytewise";
      const entries: Entry[] = some.sort((a, b) => (reverse ? -1 : 1) * Buffer.compare(a.key, b.key));
      const raw = encodeEntries(entries);
      if (changed !== null) raw[changed.at % raw.length] = changed.to;
      const facts: CheckedFacts | null = (await unpacker({ order, deletions }).unpack(NONE, raw, raw.length)).facts;
      if (facts === null) {
        counts.refused += 1;
        const [first, last] = [entries[0]?.key ?? bytes(""), entries.at(-1)?.key ?? bytes("")];
        t.throws(() => checkEntries(raw, { order, deletions, entries: entries.length, firstKey: first, lastKey: last }, DEFAULT_LIMITS));
        return;
      }
      counts.sound += 1;
      const sums = checkEntries(raw, { order, deletions, ...facts }, DEFAULT_LIMITS);
      t.deepEqual([facts.keyBytes, facts.valueBytes], [sums.keyBytes, sums.valueBytes]);
      if (changed !== null) return;
      t.is(facts.entries, entries.length);
      t.is(facts.longestKey, lengths(entries.map((entry) => entry.key.length)));
      t.is(facts.longestValue, lengths(entries.map((entry) => entry.value?.length ?? 0)));
    }),
    { numRuns: 2000, seed },
  );
  t.true(counts.sound > 200 && counts.refused > 200, JSON.stringify(counts));
});

test("blocks are hashed in the order of the calls; one that is refused is not hashed", async (t) => {
  const one = unpacker();
  const raws = Array.from({ length: 40 }, (_, number) => encodeEntries(Array.from({ length: (number * 7919) % 900 + 1 }, (_, place) => ({ key: bytes(String(10_000 + place)), value: new Uint8Array(number) }))));
  const broken = bytes("no entries");
  const codecs = await Promise.all(CODEC_NAMES.map((name) => loadCodec(name)));
  const work: Promise<unknown>[] = [];
  const packed = await Promise.all(raws.map(async (raw, number) => {
    const codec = codecs[number % codecs.length] ?? (await NONE);
    return { codec, data: await codec.compress(raw), raw };
  }));
  for (const [number, { codec, data, raw }] of packed.entries()) {
    if (number % 7 === 3) work.push(one.unpack(NONE, broken, broken.length));
    // What is asked for first is ready last.
    work.push(one.unpack(sleep(5 * (packed.length - number), codec), data, raw.length).then((found) => t.deepEqual(Buffer.from(found.raw), Buffer.from(raw))));
  }
  await Promise.all(work);
  const hash = createHash("sha256");
  for (const raw of raws) hash.update(raw);
  t.deepEqual(Buffer.from(one.digest()), hash.digest());
});

test("a reader tells what is wrong with a block that was refused elsewhere, and fails when it finds nothing", async (t) => {
  const dump = await smallDump("lz4");
  const read = async (unpackerOf: (shape: KeyspaceShape) => BlockUnpacker): Promise<void> => {
    for await (const event of readDump(inChunks(dump, 1000), { loadCodec, unpackerOf })) t.truthy(event);
  };
  await t.notThrowsAsync(read((shape) => unpacker(shape)));
  const refusing: BlockUnpacker = { unpack: async (codec, data, length) => ({ raw: await (await codec).decompress(data, length), facts: null }), digest: () => new Uint8Array(32) };
  await t.throwsAsync(read(() => refusing), { message: /refused elsewhere is sound/ });
  const other = (shape: KeyspaceShape): BlockUnpacker => {
    const real = unpacker(shape);
    return { unpack: (codec, data, length) => real.unpack(codec, data, length), digest: () => new Uint8Array(32) };
  };
  await t.throwsAsync(read(other), { code: "DUMP_DIGEST_MISMATCH" });
});

test("longer keys and values than the limits are refused, wherever blocks are checked", async (t) => {
  const dump = await makeDump(header({ codec: "none", keyspaces: [keyspace("default")] }), [[[entry("a long key", "v"), entry("key", "a long value")]]]);
  for (const unpackerOf of [undefined, unpackers()]) {
    const read = async (limits: Partial<Limits>): Promise<void> => {
      for await (const event of readDump(inChunks(dump, 1000), { loadCodec, unpackerOf, limits })) t.truthy(event);
    };
    await t.notThrowsAsync(read({ key: 10, value: 12 }));
    await t.throwsAsync(read({ key: 9 }), { code: "DUMP_LIMIT_EXCEEDED" });
    await t.throwsAsync(read({ value: 11 }), { code: "DUMP_LIMIT_EXCEEDED" });
  }
});

test("data that can't be decoded is damaged; it is not taken for what is in its memory", async (t) => {
  const raw = encodeEntries([{ key: bytes("key"), value: new Uint8Array(5000) }]);
  const lz4 = loadCodec("lz4");
  const data = await (await lz4).compress(raw);
  const one = unpacker();
  t.deepEqual(Buffer.from((await one.unpack(lz4, data, raw.length)).raw), Buffer.from(raw));
  for (const [bad, length] of [[data.subarray(0, -1), raw.length], [data, raw.length - 1], [data, raw.length + 1], [new Uint8Array(0), 10], [new Uint8Array(0), 0], [data, 100 * raw.length]] as const) {
    await t.throwsAsync(one.unpack(lz4, bad, length), { code: "DUMP_BLOCK_DAMAGED" }, String(length));
  }
  t.deepEqual(Buffer.from(one.digest()), createHash("sha256").update(raw).digest());
});

test("damage is told once, by the codec whose data is damaged", async (t) => {
  const raw = encodeEntries([{ key: bytes("key"), value: new Uint8Array(5000) }]);
  for (const name of ["lz4", "zstd"] as const) {
    const codec = loadCodec(name);
    const data = await (await codec).compress(raw);
    for (const [bad, length] of [[data.subarray(0, -1), raw.length], [data, raw.length + 1], [data, 1000 * raw.length]] as const) {
      const message = new RegExp(`^the ${name} data is damaged: (?!.*is damaged)`);
      await t.throwsAsync(unpacker().unpack(codec, bad, length), { code: "DUMP_BLOCK_DAMAGED", message }, `${name} ${String(length)}`);
    }
  }
});
