import test from "ava";
import fc from "../support/properties.js";
import { loadCodec } from "#src/codecs/index.js";
import { type CodecName, compareKeys, DumpFile, type Entry, encodeEntries, iterateEntries, type KeyOrder } from "#src/format/index.js";
import { bytes, entry, header, inChunks, keyspace, makeDump, outcome, smallDump } from "./support/dumps.js";

const key = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom("__proto__", "constructor", "toString", "node:").map(bytes));
const value = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.nat(70_000).map((length) => new Uint8Array(length)));
const order = fc.constantFrom<KeyOrder>("bytewise", "reverse-bytewise");

/** One keyspace: entries in its order, cut into blocks. */
const space = (deletions: boolean) =>
  fc
    .record({
      name: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constantFrom("default", "__proto__", "a/b\n\u001b[1m").map(bytes)),
      order,
      entries: fc.uniqueArray(fc.record({ key, value: deletions ? fc.option(value) : value }), {
        maxLength: 30,
        selector: (each) => Buffer.from(each.key).toString("latin1"),
      }),
      cuts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
    })
    .map((found) => {
      const sorted = found.entries.toSorted((a, b) => compareKeys(found.order, a.key, b.key));
      const blocks: Entry[][] = [];
      for (let position = 0, turn = 0; position < sorted.length; turn += 1) {
        const size = found.cuts[turn % found.cuts.length] ?? 1;
        blocks.push(sorted.slice(position, position + size));
        position += size;
      }
      return { ...found, sorted, blocks };
    });

const dumps = fc.boolean().chain((delta) =>
  fc.record({
    delta: fc.constant(delta),
    codec: fc.constantFrom<CodecName>("none", "lz4", "zstd"),
    spaces: fc.uniqueArray(space(delta), { maxLength: 4, selector: ({ name }) => Buffer.from(name).toString("latin1") }),
    chunks: fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 4 }),
    ahead: fc.integer({ min: 1, max: 4 }),
  }),
);

const plain = (entries: Iterable<Entry>): unknown[] =>
  Array.from(entries, (each) => [Buffer.from(each.key).toString("hex"), each.value === null ? null : Buffer.from(each.value).toString("hex")]);

test("what is written is read again, streamed and by the index", async (t) => {
  await fc.assert(
    fc.asyncProperty(dumps, async ({ delta, codec, spaces, chunks, ahead }) => {
      const keyspaces = spaces.map(({ name, order: comparator }) => keyspace("", { name, comparator }));
      const kind = delta ? ({ kind: "delta", base: { dumpId: "00000000-0000-4000-8000-000000000000", keyspaces: [{ name: new Uint8Array(1), entries: 3, digest: new Uint8Array(32) }] } } as const) : {};
      const given = header({ ...kind, codec, keyspaces });
      const dump = await makeDump(given, spaces.map(({ blocks }) => blocks));

      const { events, error } = await outcome(inChunks(dump, ...chunks), { decodeAhead: ahead });
      t.is(error, undefined);
      const first = events[0];
      t.deepEqual(first?.type === "header" && first.header, given);
      const last = events.at(-1);
      t.is(last?.type === "footer" && last.bytes, dump.length);
      spaces.forEach(({ sorted }, index) => {
        const raws = events.flatMap((event) => (event.type === "block" && event.block.keyspace === index && event.raw !== null ? [event.raw] : []));
        t.deepEqual(plain(raws.flatMap((raw) => [...iterateEntries(raw)])), plain(sorted));
      });

      const file = await DumpFile.open({ size: dump.length, read: async (offset, length) => dump.subarray(offset, offset + length) }, { loadCodec });
      t.deepEqual(file.header, given);
      const listed = [];
      for await (const block of file.blocks()) listed.push(block);
      t.deepEqual(listed, events.flatMap((event) => (event.type === "block" ? [event.block] : [])));
      for (const [index, { sorted }] of spaces.entries()) {
        for (const each of sorted.slice(0, 5)) t.deepEqual(await file.get(index, each.key), each.value);
        t.is(await file.get(index, bytes("a key that is not there at all, it has more than forty bytes")), undefined);
      }
    }),
    { numRuns: 150 },
  );
});

test("byte by byte, and with empty chunks, is the same as whole", async (t) => {
  for (const codec of ["none", "lz4", "zstd"] as const) {
    const dump = await smallDump(codec);
    const whole = await outcome(inChunks(dump, dump.length));
    t.is(whole.error, undefined);
    t.deepEqual(await outcome(inChunks(dump, 1)), whole);
    t.deepEqual(await outcome(inChunks(dump, 0, 3, 0, 0, 100)), whole);
  }
});

test("the same input gives the same bytes; the digest does not depend on codec and block size", async (t) => {
  t.deepEqual(await smallDump("lz4"), await smallDump("lz4"));
  const entries = [entry("a", "x".repeat(99)), entry("b", ""), entry("c", "y")];
  const digests = new Set<string>();
  for (const codec of ["none", "lz4", "zstd"] as const) {
    for (const blocks of [[entries], entries.map((each) => [each])]) {
      const { events } = await outcome(await makeDump(header({ codec }), [blocks]));
      const last = events.at(-1);
      if (last?.type === "footer") digests.add(Buffer.from(last.footer.keyspaces[0]?.digest ?? []).toString("hex"));
    }
  }
  t.is(digests.size, 1);
});

test("a dump without keyspaces, and one with an empty keyspace, are whole", async (t) => {
  const none = await outcome(await makeDump(header({ keyspaces: [] }), []));
  t.is(none.error, undefined);
  t.deepEqual(none.events.map(({ type }) => type), ["header", "footer"]);
  const empty = await outcome(await makeDump(header(), [[]]));
  t.is(empty.error, undefined);
  t.deepEqual(empty.events.map(({ type }) => type), ["header", "keyspace-start", "keyspace-end", "footer"]);
});

test("the header keeps all that it is given", async (t) => {
  const given = header({
    source: { engine: "sled", version: "0.34.7", databaseId: "an id", sequenceNumber: 2n ** 64n - 1n },
    filter: "prefix=node:",
    keyspaces: [keyspace("a", { estimatedEntries: 2 ** 53 - 1, estimatedBytes: 2 ** 40, sourceOptions: new Map([["compression", "lz4"], ["__proto__", "x"]]) })],
  });
  const { events } = await outcome(await makeDump(given, [[]]));
  t.deepEqual(events[0], { type: "header", header: given });
});

test("many blocks: index frames are written on the way and all used", async (t) => {
  const blocks = Array.from({ length: 2500 }, (_, index) => [entry(String(index).padStart(6, "0"), `v${index}`)]);
  const dump = await makeDump(header(), [blocks]);
  const { events, error } = await outcome(dump);
  t.is(error, undefined);
  const last = events.at(-1);
  t.deepEqual(last?.type === "footer" && last.footer.indexes.map((index) => index.blocks), [1024, 1024, 452]);
  const reads: number[] = [];
  const access = {
    size: dump.length,
    read: async (offset: number, length: number) => {
      reads.push(length);
      return dump.subarray(offset, offset + length);
    },
  };
  const file = await DumpFile.open(access, { loadCodec });
  reads.length = 0;
  t.deepEqual(await file.get(0, bytes("001500")), bytes("v1500"));
  t.is(reads.length, 4, "head and payload of one index frame and one block");
  t.is(await file.get(0, bytes("001500x")), undefined);
  t.is(await file.get(0, bytes("")), undefined);
  t.deepEqual(await file.get(0, bytes("000000")), bytes("v0"));
  t.deepEqual(await file.get(0, bytes("002499")), bytes("v2499"));
});

test("long keys: the footer leaves them out and look-ups still work", async (t) => {
  const long = (letter: string): string => letter.repeat(300_000);
  for (const comparator of ["bytewise", "reverse-bytewise"] as const) {
    const letters = comparator === "bytewise" ? "abcdefgh" : "hgfedcba";
    const dump = await makeDump(header({ keyspaces: [keyspace("k", { comparator })] }), [Array.from(letters, (letter) => [entry(long(letter), letter)])]);
    const file = await DumpFile.open({ size: dump.length, read: async (offset, length) => dump.subarray(offset, offset + length) }, { loadCodec });
    t.true(file.footer.indexes.length > 2);
    t.true(file.footer.indexes.every(({ firstKey }) => firstKey === null));
    for (const letter of letters) t.deepEqual(await file.get(0, bytes(long(letter))), bytes(letter));
    t.is(await file.get(0, bytes("A")), undefined);
    t.is((await outcome(dump)).error, undefined);
  }
});

test("encoded entries are as an independent encoder has them", (t) => {
  const raw = encodeEntries([entry("k", "v"), { key: new Uint8Array(300), value: new Uint8Array(70_000) }, entry("", null)]);
  t.deepEqual(Buffer.from(raw.subarray(0, 6)).toString("hex"), "c4016bc40176");
  t.deepEqual(Buffer.from(raw.subarray(6, 9)).toString("hex"), "c5012c");
  t.deepEqual(Buffer.from(raw.subarray(309, 314)).toString("hex"), "c600011170");
  t.deepEqual(Buffer.from(raw.subarray(-3)).toString("hex"), "c400c0");
});
