/** What the index, the footer and the header of a hostile dump may cost their reader, and what they may make it say. */
import test from "ava";
import { loadCodec } from "#src/codecs/index.js";
import type { KgdumpError } from "#src/errors.js";
import { FRAME_HEAD_LENGTH, Kind, LIMIT_FIELDS, MAGIC_LENGTH } from "#src/format/constants.js";
import { encodeFrameHead, encodeTail } from "#src/format/frame.js";
import { type BlockInfo, DEFAULT_LIMITS, DumpFile, type DumpFooter, DumpWriter, type IndexLocation } from "#src/format/index.js";
import { MsgpackWriter } from "#src/format/msgpack/writer.js";
import { decodeIndex, IndexBuilder } from "#src/format/payload/block-index.js";
import { encodeHeader } from "#src/format/payload/header.js";
import { decodeFooter, encodeFooter } from "#src/format/payload/totals.js";
import { bytes, codeOf, entry, forge, header, inChunks, keyspace, makeDump, markerIn, outcome, splitDump, writeBlock } from "./support/dumps.js";

const open = (dump: Uint8Array, limits = {}): Promise<DumpFile> =>
  DumpFile.open({ size: dump.length, read: async (offset, length) => dump.subarray(offset, offset + length) }, { loadCodec, limits });

const blocksOf = async (dump: Uint8Array, index?: number, reverse?: boolean): Promise<BlockInfo[]> => {
  const found: BlockInfo[] = [];
  for await (const block of (await open(dump)).blocks(index, reverse)) found.push(block);
  return found;
};

/** Puts frames together again after their payloads changed, with a footer made for the new places of the index frames. */
function rebuild(dump: Buffer, given: typeof plain, index: (blocks: BlockInfo[], place: number) => BlockInfo[], footer: (old: DumpFooter) => DumpFooter = (old) => old): Buffer {
  const { magic, frames } = splitDump(dump);
  const parts: Uint8Array[] = [magic];
  const indexes: IndexLocation[] = [];
  let [offset, footerOffset] = [MAGIC_LENGTH, 0];
  for (const [sequence, frame] of frames.entries()) {
    let payload: Uint8Array = frame.payload;
    if (frame.kind === Kind.index) {
      const blocks = index(decodeIndex(payload, given, DEFAULT_LIMITS, frame.offset), indexes.length);
      const builder = new IndexBuilder();
      for (const block of blocks) builder.add(block);
      payload = builder.take();
      const { keyspace: place, number, firstKey } = blocks[0] ?? { keyspace: 0, number: 0, firstKey: null };
      indexes.push({ offset, frameLength: FRAME_HEAD_LENGTH + payload.length, keyspace: place, firstBlock: number, blocks: blocks.length, firstKey });
    }
    if (frame.kind === Kind.footer) {
      payload = encodeFooter(footer({ ...decodeFooter(payload, given, false), indexes }));
      footerOffset = offset;
    }
    parts.push(encodeFrameHead(frame.kind, markerIn(dump), sequence, [payload]), payload);
    offset += FRAME_HEAD_LENGTH + payload.length;
  }
  return Buffer.concat([...parts, encodeTail(footerOffset, offset)]);
}

const plain = header({ keyspaces: [keyspace("a")] });
/** Keys so long that each block has an index frame of its own. */
const long = (start: string): string => start.padEnd(600_000, "x");
const threeIndexes = (): Promise<Buffer> =>
  makeDump(plain, [[[entry(long("a"), "1"), entry(long("b"), "2")], [entry(long("c"), "3"), entry(long("d"), "4")], [entry("e", "5"), entry("f", "6")]]]);
const asFooterHas = (blocks: BlockInfo[]): BlockInfo[] => blocks;

test("a rebuilt dump is the same", async (t) => {
  const two = header({ keyspaces: [keyspace("a"), keyspace("b")] });
  const dump = await makeDump(two, [[[entry("a", "1")], [entry("b", "2")]], [[entry("c", "3")]]]);
  t.deepEqual(rebuild(dump, two, asFooterHas), dump);
});

test("an index frame that lists blocks of the frame before it again is refused, so that nothing is listed twice", async (t) => {
  const dump = await threeIndexes();
  let first: BlockInfo[] = [];
  const twice = rebuild(dump, plain, (blocks, place) => {
    if (place === 0) first = blocks;
    const again = first.map((block, index) => ({ ...block, number: (blocks[0]?.number ?? 0) + index }));
    return place === 1 ? again : blocks;
  }, (footer) => ({ ...footer, indexes: footer.indexes.map((one) => ({ ...one, firstKey: one.firstBlock < 2 ? null : one.firstKey })) }));
  t.is(await codeOf(twice), "DUMP_INDEX_WRONG");
  await t.throwsAsync(blocksOf(twice), { code: "DUMP_INDEX_WRONG", message: /where it cannot be/ });
});

test("an index frame lists blocks between the frame before it and itself", (t) => {
  const block: BlockInfo = { number: 0, keyspace: 0, codec: "none", rawLength: 6, storedLength: 6, entries: 1, firstKey: bytes("a"), lastKey: bytes("a"), offset: 100, frameLength: 50 };
  const builder = new IndexBuilder();
  builder.add(block);
  const payload = builder.take();
  t.deepEqual(decodeIndex(payload, plain, DEFAULT_LIMITS, 150, 100), [block]);
  for (const [end, start] of [[149, 100], [150, 101]] as const) {
    t.throws(() => decodeIndex(payload, plain, DEFAULT_LIMITS, end, start), { code: "DUMP_INDEX_WRONG" });
  }
  const next = { ...block, number: 1, firstKey: bytes("b"), lastKey: bytes("b"), offset: 150 };
  const both = (second: BlockInfo): BlockInfo[] => {
    for (const one of [block, second]) builder.add(one);
    return decodeIndex(builder.take(), plain, DEFAULT_LIMITS, 200, 100);
  };
  t.deepEqual(both(next), [block, next]);
  for (const wrong of [{ firstKey: bytes("a") }, { offset: 149 }, { lastKey: bytes("ab") }, { storedLength: 50 }]) {
    t.throws(() => both({ ...next, ...wrong }), { code: "DUMP_INDEX_WRONG" });
  }
});

test("index frames whose keys do not follow one another are refused when all are read", async (t) => {
  const dump = await threeIndexes();
  const firstKeys = (footer: DumpFooter): DumpFooter => ({ ...footer, indexes: footer.indexes.map((one) => ({ ...one, firstKey: one.firstBlock < 2 ? null : one.firstKey })) });
  t.is((await blocksOf(rebuild(dump, plain, asFooterHas, firstKeys))).length, 3);
  const lying = rebuild(dump, plain, (blocks, place) => (place === 1 ? blocks.map((block) => ({ ...block, firstKey: bytes(long("a")), lastKey: bytes(long("ay")) })) : blocks), firstKeys);
  const ways = await Promise.all([false, true].map((reverse) => t.throwsAsync<KgdumpError>(blocksOf(lying, 0, reverse), { code: "DUMP_INDEX_WRONG", message: /does not come after/ })));
  t.deepEqual([ways[1]?.offset, ways[1]?.block], [ways[0]?.offset, ways[0]?.block]);
});

test("blocks are listed from a key on, and back from it, whatever the order of keys, and by the index frames that are needed", async (t) => {
  for (const order of ["bytewise", "reverse-bytewise"] as const) {
    const turned = header({ keyspaces: [keyspace("a", { comparator: order }), keyspace("b", { comparator: order })] });
    const letters = order === "bytewise" ? ["a", "b", "c", "d", "e", "f"] : ["f", "e", "d", "c", "b", "a"];
    const key = (letter: string): string => (letter === "a" || letter === "c" || letter === "e" ? long(letter) : letter);
    const [one, two, three] = [0, 2, 4].map((at) => letters.slice(at, at + 2).map((letter) => entry(key(letter), "1")));
    if (one === undefined || two === undefined || three === undefined) return t.fail();
    const dump = await makeDump(turned, [[one, two, three], []]);
    const file = await open(dump);
    const from = async (at: string | undefined, back: boolean, of = 0): Promise<number[]> => {
      const numbers: number[] = [];
      for await (const { number } of file.blocksFrom(of, at === undefined ? undefined : bytes(at), back)) numbers.push(number);
      return numbers;
    };
    t.deepEqual([await from(undefined, false), await from(undefined, true), await from(undefined, true, 1), await from("x", false, 1)], [[0, 1, 2], [2, 1, 0], [], []]);
    for (const [index, letter] of letters.entries()) {
      const block = index >> 1;
      t.deepEqual([await from(key(letter), false), await from(key(letter), true)], [[0, 1, 2].slice(block), [0, 1, 2].slice(0, block + 1).reverse()], letter);
    }
    const [first, last] = order === "bytewise" ? ["A", "z"] : ["z", "A"];
    t.deepEqual([await from(first, false), await from(first, true), await from(last, false), await from(last, true)], [[0, 1, 2], [], [], [2, 1, 0]]);
  }
  return t.pass();
});

test("an index whose blocks do not add up to the footer is refused when all are read", async (t) => {
  const dump = await makeDump(plain, [[[entry("a", "1"), entry("b", "2")], [entry("c", "3")]]]);
  for (const name of ["entries", "rawLength", "storedLength"] as const) {
    const change = name === "storedLength" ? -1 : 1;
    const lying = rebuild(dump, plain, ([first, ...others]) => (first === undefined ? others : [{ ...first, [name]: first[name] + change }, ...others]));
    await t.throwsAsync(blocksOf(lying), { code: "DUMP_INDEX_WRONG", message: /add up/ }, name);
  }
});

test("a footer cannot list index frames that have no room, whatever their number", async (t) => {
  const dump = await makeDump(plain, [[[entry("a", "1")], [entry("b", "2")]]]);
  const { frames } = splitDump(dump);
  const place = frames.find(({ kind }) => kind === Kind.index);
  const footer = frames.at(-1);
  if (place === undefined || footer === undefined) return t.fail();
  const sound = { offset: place.offset, frameLength: place.bytes.length, keyspace: 0, firstBlock: 0, blocks: 2, firstKey: bytes("a") };
  const lists: Record<string, IndexLocation[]> = {
    "no length": [{ ...sound, frameLength: 0 }],
    "length of one block": [{ ...sound, frameLength: FRAME_HEAD_LENGTH + 11 }],
    "one over the other": [{ ...sound, blocks: 1 }, { ...sound, firstBlock: 1, blocks: 1 }],
    "before any block": [{ ...sound, offset: MAGIC_LENGTH }],
    "no room for its blocks": [{ ...sound, blocks: 1 }, { ...sound, offset: sound.offset + sound.frameLength, frameLength: 60, firstBlock: 1, blocks: 1 }],
    "within the footer": [{ ...sound, offset: footer.offset + 1 }],
    "into the footer": [{ ...sound, frameLength: footer.offset - sound.offset + 1 }],
  };
  for (const [name, indexes] of Object.entries(lists)) {
    const lying = rebuild(dump, plain, asFooterHas, (old) => ({ ...old, indexes }));
    await t.throwsAsync(open(lying), { code: "DUMP_INDEX_WRONG" }, name);
    t.is(await codeOf(lying), "DUMP_INDEX_WRONG", name);
  }
});

test("the number of index frames is limited, for the writer too", async (t) => {
  const dump = await threeIndexes();
  t.is(await codeOf(dump, { limits: { indexFrames: 3 } }), "sound");
  t.is((await open(dump, { indexFrames: 3 })).footer.indexes.length, 3);
  t.like((await outcome(dump, { limits: { indexFrames: 2 } })).error, { code: "DUMP_LIMIT_EXCEEDED", offset: splitDump(dump).frames.filter(({ kind }) => kind === Kind.index)[2]?.offset });
  await t.throwsAsync(open(dump, { indexFrames: 2 }), { code: "DUMP_LIMIT_EXCEEDED" });
  const writer = new DumpWriter(plain, { indexFrames: 1 });
  writer.start();
  writer.startKeyspace(0);
  await writeBlock(writer, "none", [entry(long("a"), "1"), entry(long("b"), "2")]);
  await t.throwsAsync(writeBlock(writer, "none", [entry(long("c"), "1"), entry(long("d"), "2")]), { code: "DUMP_LIMIT_EXCEEDED", message: /index frames/ });
});

test("a writer that is given a lower limit of the footer or a payload keeps to it", async (t) => {
  const small = new DumpWriter(plain, { footer: 100 });
  small.start();
  small.startKeyspace(0);
  small.endKeyspace();
  t.throws(() => small.finish(), { code: "DUMP_LIMIT_EXCEEDED", message: /footer/ });
  const short = new DumpWriter(plain, { payload: 400 });
  short.start();
  short.startKeyspace(0);
  await t.throwsAsync(writeBlock(short, "none", [entry("a", "1".repeat(400))]), { code: "DUMP_LIMIT_EXCEEDED", message: /more than the format allows/ });
});

test("looking into many keyspaces asks for the index frames of each only", async (t) => {
  const keyspaces = Array.from({ length: 3000 }, (_, index) => keyspace(String(index)));
  const dump = await makeDump(header({ keyspaces }), keyspaces.map((_, index) => [[entry(String(index), "x")]]));
  let reads = 0;
  const file = await DumpFile.open({ size: dump.length, read: async (offset, length) => (reads++, dump.subarray(offset, offset + length)) }, { loadCodec });
  const before = reads;
  for (const index of keyspaces.keys()) {
    for await (const block of file.blocks(index)) t.is(block.keyspace, index);
    t.deepEqual(await file.get(index, bytes(String(index))), bytes("x"));
  }
  t.is(reads - before, 3000 * 4, "head and payload of an index frame and of a block");
});

test("look-ups side by side read each index frame and block once; eight frames are kept, and none that could not be read", async (t) => {
  const keyspaces = Array.from({ length: 9 }, (_, index) => keyspace(String(index)));
  const dump = await makeDump(header({ keyspaces }), keyspaces.map((_, index) => [[entry(String(index), "x")]]));
  let [reads, broken] = [0, false];
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    reads += 1;
    if (broken) throw new Error("EIO");
    return dump.subarray(offset, offset + length);
  };
  const file = await DumpFile.open({ size: dump.length, read }, { loadCodec });
  const readsOf = async (...places: readonly number[]): Promise<number> => {
    const before = reads;
    t.deepEqual(await Promise.all(places.map((place) => file.get(place, bytes(String(place))))), places.map(() => bytes("x")));
    return reads - before;
  };
  broken = true;
  await t.throwsAsync(file.get(0, bytes("0")), { message: "EIO" });
  broken = false;
  // Head and payload of a frame: those of a block are read each time, but once for all who ask meanwhile.
  t.is(await readsOf(0, 1, 0, 1, 0), 2 * 2 + 2 * 2);
  t.is(await readsOf(2, 3, 4, 5, 6, 7), 2 * 6 + 2 * 6);
  t.is(await readsOf(0, 7), 2 * 2);
  // The ninth takes the place of the one that was asked for longest ago.
  t.is(await readsOf(8), 2 + 2);
  t.is(await readsOf(0, 2, 8), 2 * 3);
  t.is(await readsOf(1), 2 + 2);
});

test("maps in a newer minor version may not have keys without end, nor one twice, nor keys that are no text", async (t) => {
  const version = { major: 1, minor: 7 };
  const sound = Buffer.from(encodeHeader(header({ keyspaces: [] }), DEFAULT_LIMITS));
  sound[sound.indexOf("\x92\x01\x01", 0, "latin1") + 2] = 7;
  const withMap = (count: number, more: (writer: MsgpackWriter) => unknown): Buffer => {
    const writer = new MsgpackWriter().map(count);
    more(writer);
    return forge([{ kind: Kind.header, payload: Buffer.concat([writer.bytes(), sound.subarray(1)]) }], version);
  };
  const fields = (count: number) => (writer: MsgpackWriter) => {
    for (let index = 0; index < count; index += 1) writer.str(`x${String(index)}`).nil();
  };
  t.is(await codeOf(withMap(LIMIT_FIELDS, fields(LIMIT_FIELDS - 12))), "DUMP_TRUNCATED");
  t.is(await codeOf(withMap(LIMIT_FIELDS + 1, fields(LIMIT_FIELDS - 11))), "DUMP_LIMIT_EXCEEDED");
  t.is(await codeOf(withMap(13, (writer) => { fields(LIMIT_FIELDS + 1)(writer.str("new").map(LIMIT_FIELDS + 1)); })), "DUMP_LIMIT_EXCEEDED");
  t.is(await codeOf(withMap(13, (writer) => writer.str("new").map(2).str("a").nil().str("a").nil())), "DUMP_MALFORMED");
  t.is(await codeOf(withMap(13, (writer) => writer.str("new").map(1).uint(1).nil())), "DUMP_MALFORMED");
  t.is(await codeOf(withMap(13, (writer) => writer.str("new").map(2).str("a").nil().str("b").array(2).map(1).str("a").nil().uint(7))), "DUMP_TRUNCATED");
});

test("two keyspaces of the same name are found wherever they are, and long names of one length do not take long", async (t) => {
  const names = Array.from({ length: 200 }, (_, index) => `${"x".repeat(60_000)}${String(index).padStart(4, "0")}`);
  const given = header({ keyspaces: names.map((name) => keyspace(name)) });
  t.notThrows(() => encodeHeader(given, DEFAULT_LIMITS));
  for (const [one, other] of [[0, 1], [0, 199], [77, 78], [100, 3]] as const) {
    const doubled = names.with(one, names[other] ?? "");
    t.throws(() => encodeHeader(header({ keyspaces: doubled.map((name) => keyspace(name)) }), DEFAULT_LIMITS), { code: "DUMP_MALFORMED", message: /two keyspaces/ });
  }
  const options = (length: number) => header({ keyspaces: [keyspace("a", { sourceOptions: new Map([["o".repeat(length), "1"]]) })] });
  t.notThrows(() => encodeHeader(options(255), DEFAULT_LIMITS));
  t.throws(() => encodeHeader(options(256), DEFAULT_LIMITS), { code: "DUMP_LIMIT_EXCEEDED" });
});

test("blocks of one byte a chunk are read as whole ones", async (t) => {
  const dump = await makeDump(plain, [[[entry("a", "1".repeat(100_000))]]]);
  t.is(await codeOf(inChunks(dump, 1)), "sound");
});
