import test from "ava";
import fc from "../../support/properties.js";
import { loadCodec } from "#src/codecs/index.js";
import { KgdumpError } from "#src/errors.js";
import { crcOf } from "#src/format/checksum.js";
import { FRAME_HEAD_LENGTH, Kind } from "#src/format/constants.js";
import { crcOfBoth, crcOfRange } from "#src/format/crc-range.js";
import { encodeFrameHead } from "#src/format/frame.js";
import { type DumpHeader, encodeEntries, iterateEntries, type RandomAccess, type Salvage, salvagedBlocks, surveyDump } from "#src/format/index.js";
import { scanFrames } from "#src/format/salvage/scan.js";
import { DUMP_ID, entry, forge, header, keyspace, makeDump, markerIn, smallDump, splitDump } from "../support/dumps.js";

/** Bytes in memory as a file, counting what is read. */
class Memory implements RandomAccess {
  readonly size: number;
  bytesRead = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.size) throw new Error("read beyond the end");
    this.bytesRead += length;
    return this.#bytes.subarray(offset, offset + length);
  }
}

const survey = async (bytes: Buffer): Promise<Salvage> => surveyDump(new Memory(bytes), { loadCodec });

/** The keys that a salvage keeps, and its gaps, in order. */
async function shape(bytes: Buffer): Promise<string[]> {
  const salvage = await survey(bytes);
  const parts: string[] = [];
  for (const { pieces } of salvage.keyspaces) {
    for (const piece of pieces) {
      if (piece.type === "gap") parts.push(`gap of ${String(piece.gap.blocks)}/${String(piece.gap.entries)}`);
      else {
        for await (const { raw } of salvagedBlocks(new Memory(bytes), salvage, piece.stretch, { loadCodec })) {
          parts.push([...iterateEntries(raw)].map(({ key }) => Buffer.from(key).toString()).join(" "));
        }
      }
    }
  }
  return parts;
}

/** A dump of one keyspace, a block for each text with an entry for each of its words. */
const words = (texts: readonly string[], more: Partial<DumpHeader> = {}): Promise<Buffer> =>
  makeDump(header(more), [texts.map((text) => text.split(" ").map((word) => entry(word, `value of ${word}`)))]);

const flipped = (dump: Buffer, at: number): Buffer => {
  const copy = Buffer.from(dump);
  copy.writeUInt8(copy.readUInt8(at) ^ 0x10, at);
  return copy;
};

test("the CRC of a range follows from those up to its ends", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 3000 }), (before, range) => {
      const both = crcOf(before, range);
      return crcOfRange(crcOf(before), both, range.length) === crcOf(range) && crcOfBoth(crcOf(before), crcOf(range), range.length) === both;
    }),
  );
  const long = Buffer.alloc(70_000, 7);
  t.is(crcOfRange(crcOf(long.subarray(0, 11)), crcOf(long), long.length - 11), crcOf(long.subarray(11)));
});

test("every cut of a dump costs the blocks that are not whole, and none else", async (t) => {
  const dump = await words(["a b", "c d", "e"]);
  const { frames } = splitDump(dump);
  const blocks = frames.filter(({ kind }) => kind === Kind.block);
  for (let length = 0; length <= dump.length; length += 1) {
    const whole = blocks.filter(({ offset, bytes }) => offset + bytes.length <= length).length;
    let kept = 0;
    try {
      const salvage = await survey(dump.subarray(0, length));
      kept = salvage.keyspaces.reduce((sum, { blocks: count }) => sum + count, 0);
      t.is(salvage.sound, length === dump.length);
    } catch (error) {
      t.true(error instanceof KgdumpError && error.code.startsWith("DUMP_"), String(error));
    }
    t.is(kept, whole, String(length));
  }
});

test("a flipped bit in any byte of a dump costs one block at most, and only one that it is in", async (t) => {
  for (const [turn, codec] of (["none", "lz4", "zstd"] as const).entries()) {
    const dump = await smallDump(codec);
    const blocks = splitDump(dump).frames.filter(({ kind }) => kind === Kind.block);
    for (let at = turn; at < dump.length; at += 3) {
      const bad = Buffer.from(dump);
      bad.writeUInt8(bad.readUInt8(at) ^ (1 << (at % 8)), at);
      const { keyspaces, sound } = await survey(bad);
      const hit = blocks.some(({ offset, bytes }) => at >= offset && at < offset + bytes.length);
      t.is(keyspaces.reduce((sum, one) => sum + one.blocks, 0), blocks.length - (hit ? 1 : 0), String(at));
      t.is(keyspaces.reduce((sum, { pieces }) => sum + pieces.filter(({ type }) => type === "gap").length, 0), hit ? 1 : 0, String(at));
      t.false(sound);
    }
  }
});

test("bytes that are missing within a frame do not hide the frames behind", async (t) => {
  const dump = await words(["a", "b", "c", "d"]);
  const second = splitDump(dump).frames.filter(({ kind }) => kind === Kind.block).at(1);
  if (second === undefined) throw new Error("no block");
  for (const [from, length] of [[40, 1], [40, 5], [2, 30], [33, 10]] as const) {
    const at = second.offset + from;
    t.deepEqual(await shape(Buffer.concat([dump.subarray(0, at), dump.subarray(at + length)])), ["a", "gap of 1/1", "c", "d"]);
    t.deepEqual(await shape(Buffer.concat([dump.subarray(0, at), Buffer.alloc(length), dump.subarray(at)])), ["a", "gap of 1/1", "c", "d"]);
  }
});

test("a dump that is kept as a value is not taken for a part of the dump", async (t) => {
  for (const dumpId of [DUMP_ID, "22222222-2222-4222-8222-222222222222"]) {
    const inner = await words(["a1 a2", "b5", "c1", "x", "y", "z"], { dumpId });
    const outer = await makeDump(header(), [
      [[entry("a", "1")], [{ key: Buffer.from("b"), value: inner }, { key: Buffer.from("b2"), value: inner.subarray(300) }], [entry("c", "3")], [entry("d", "4")]],
    ]);
    t.deepEqual(await shape(outer), ["a", "b b2", "c", "d"]);
    const { frames } = splitDump(outer);
    const block = frames.filter(({ kind }) => kind === Kind.block).at(1);
    const other = frames.filter(({ kind }) => kind === Kind.block).at(2);
    if (block === undefined || other === undefined) throw new Error("no block");
    // Its head, its first key, and the bytes behind the value; also with the next block's head, and with bytes missing.
    for (const at of [3, 6, 13, 17, 29, 45, block.bytes.length - 1]) {
      const bad = flipped(outer, block.offset + at);
      t.deepEqual(await shape(bad), ["a", "gap of 1/2", "c", "d"], `byte ${String(at)}`);
      t.deepEqual(await shape(flipped(bad, other.offset + 6)), ["a", "gap of 2/3", "d"], `byte ${String(at)} and the next head`);
      t.deepEqual(await shape(Buffer.concat([outer.subarray(0, block.offset + at), outer.subarray(block.offset + at + 1)])), ["a", "gap of 1/2", "c", "d"], `without byte ${String(at)}`);
    }
    // Without header, or end, of the outer one.
    t.deepEqual(await shape(flipped(outer, 40)), ["a", "b b2", "c", "d"]);
    const cut = block.offset + block.bytes.length - 1;
    t.deepEqual(await shape(outer.subarray(0, cut)), ["a", "gap of null/null"], "cut");
  }
});

test("frames of another dump are not taken in, wherever they are", async (t) => {
  const dump = await words(["a", "b", "c"]);
  const other = await words(["a a1", "b b1", "c c1"], { dumpId: "22222222-2222-4222-8222-222222222222" });
  const [own, foreign] = [splitDump(dump).frames, splitDump(other).frames];
  for (const [at, frame] of own.entries()) {
    const by = foreign[at]?.bytes ?? Buffer.alloc(0);
    const replaced = Buffer.concat([dump.subarray(0, frame.offset), by, dump.subarray(frame.offset + frame.bytes.length)]);
    const expected = ["a", "b", "c"].map((key, block) => (at === block + 2 ? "gap of 1/1" : key));
    t.deepEqual(await shape(replaced), expected, `frame ${String(at)} replaced`);
    // Nothing is lost where one is added, the same once more or another's, but the file is not as it was written.
    for (const [added, what] of [[other, "of another dump"], [by, "of another dump"], [frame.bytes, "doubled or out of place"]] as const) {
      const more = Buffer.concat([dump.subarray(0, frame.offset), added, dump.subarray(frame.offset)]);
      t.deepEqual(await shape(more), ["a", "b", "c"], `${what}, before frame ${String(at)}`);
      const { sound, unused } = await survey(more);
      t.deepEqual([sound, unused.some((range) => range.what === what)], [false, true], `${what}, before frame ${String(at)}`);
    }
  }
});

test("an index that is lost is no gap, wherever it was", async (t) => {
  const keys = Array.from({ length: 2100 }, (_, index) => `k${String(10_000 + index)}`);
  const dump = await words(keys);
  const { frames } = splitDump(dump);
  const indexes = frames.filter(({ kind }) => kind === Kind.index);
  t.is(indexes.length, 3);
  for (const { offset } of indexes) t.deepEqual(await shape(flipped(dump, offset + 6)), keys);
  // Two of them, and a block that the first one listed: the totals tell.
  const block = frames.filter(({ kind }) => kind === Kind.block).at(500);
  if (block === undefined) throw new Error("no block");
  let bad = flipped(dump, block.offset + 40);
  t.deepEqual((await shape(bad)).slice(499, 502), ["k10499", "gap of 1/1", "k10501"]);
  for (const { offset } of indexes.slice(0, 2)) bad = flipped(bad, offset + 6);
  const found = await shape(bad);
  // Nobody can tell a lost index from a lost block here, only that one block is missing in one of three places.
  t.deepEqual(found.filter((part) => !part.startsWith("gap")), keys.filter((key) => key !== "k10500"));
  t.true(found.filter((part) => part.startsWith("gap")).every((part) => part === "gap of null/null"));
});

test("only its header lost: names, orders, codec and entries are there, time and source are not", async (t) => {
  const dump = await smallDump("zstd");
  const first = splitDump(dump).frames.at(0);
  const salvage = await survey(flipped(dump, (first?.offset ?? 0) + 50));
  t.true(salvage.lost);
  t.false(salvage.open);
  t.deepEqual(salvage.unnamed, []);
  t.like(salvage.header, { codec: "zstd", kind: "full", createdAt: new Date(0) });
  t.deepEqual(salvage.header.keyspaces.map(({ name, comparator }) => [Buffer.from(name).toString(), comparator]), [["default", "bytewise"], ["edges", "reverse-bytewise"]]);
  t.deepEqual(salvage.keyspaces.map(({ entries }) => entries), [4, 3]);
  t.true(salvage.remarks.some((remark) => remark.includes("header is lost")));
});

test("its header lost, the codec is that of any block that is compressed, wherever those are that are not", async (t) => {
  const [packed, plain] = ["x".repeat(2000), "1"];
  for (const codec of ["lz4", "zstd", "none"] as const) {
    for (const values of [[packed], [packed, plain], [plain, packed], [plain, packed, plain], [plain]]) {
      const dump = await makeDump(header({ codec }), [values.map((value, at) => [entry(`k${String(at)}`, value)])]);
      const what = `${codec} ${values.map(({ length }) => length).join(" ")}`;
      const salvage = await survey(flipped(dump, (splitDump(dump).frames.at(0)?.offset ?? 0) + 50));
      t.is(salvage.header.codec, values.includes(packed) ? codec : "none", what);
      t.deepEqual(await shape(flipped(dump, (splitDump(dump).frames.at(0)?.offset ?? 0) + 50)), values.map((_, at) => `k${String(at)}`), what);
    }
  }
});

test("header and the start of a keyspace lost: it is named after its number, its order is seen from its keys", async (t) => {
  const keyspaces = [keyspace("keyspace-1"), keyspace("edges", { comparator: "reverse-bytewise" })];
  const dump = await makeDump(header({ keyspaces }), [[[entry("a", "1")]], [[entry("z", "1"), entry("y", "2")]]]);
  const starts = splitDump(dump).frames.filter(({ kind }) => kind === Kind.keyspaceStart);
  const salvage = await survey(flipped(flipped(dump, 60), (starts[1]?.offset ?? 0) + 40));
  t.deepEqual(salvage.unnamed, [1]);
  t.deepEqual(salvage.header.keyspaces.map(({ name, comparator }) => [Buffer.from(name).toString(), comparator]), [["keyspace-1", "bytewise"], ["keyspace-1-2", "reverse-bytewise"]]);
  t.deepEqual(salvage.keyspaces.map(({ entries }) => entries), [1, 2]);
});

test("a version that was flipped in the magic does not matter, one in the header does", async (t) => {
  const dump = await words(["a"]);
  t.deepEqual(await shape(flipped(dump, 14)), ["a"]);
  const { frames, tail } = splitDump(dump);
  const [first] = frames;
  if (first === undefined) throw new Error("no header");
  const payload = Buffer.from(first.payload);
  payload.writeUInt8(2, payload.indexOf("format") + 7);
  const newer = Buffer.concat([forge([{ kind: Kind.header, payload }, ...frames.slice(1)]), tail]);
  await t.throwsAsync(survey(newer), { code: "DUMP_VERSION_UNSUPPORTED" });
});

test("a block whose checksums hold but whose entries do not is dropped, and told", async (t) => {
  const dump = await words(["a", "b", "c"]);
  const { frames } = splitDump(dump);
  const lying = frames.findIndex(({ kind, payload }) => kind === Kind.block && payload.includes("value of b"));
  const parts = frames.map(({ bytes, payload, kind }, sequence) => {
    if (sequence !== lying) return bytes;
    const bad = Buffer.from(payload);
    bad.writeUInt8(0xc7, bad.indexOf("value of b") - 2);
    return Buffer.concat([encodeFrameHead(kind, markerIn(dump), sequence, [bad]), bad]);
  });
  const bad = Buffer.concat([dump.subarray(0, 17), ...parts]);
  t.deepEqual(await shape(bad), ["a", "gap of 1/1", "c"]);
  t.is((await survey(bad)).dropped[0]?.code, "DUMP_ENTRIES_MALFORMED");
});

test("nothing is read more often than a few times, whatever the file is full of", async (t) => {
  const size = 1_500_000;
  const dump = await words(["a", "b", "c"]);
  const marker = markerIn(dump);
  const empty = encodeFrameHead(Kind.block, marker, 7, []);
  const claims = (claimed: (at: number) => number): Buffer => {
    // Heads whose own checksum is right, of a payload that is not there.
    const heads: Buffer[] = [];
    for (let at = 0; at < size; at += FRAME_HEAD_LENGTH) {
      const head = Buffer.from(empty);
      const length = claimed(at);
      head.writeUInt32BE(length, 16);
      head.writeUInt32BE(length, 29);
      head.writeUInt32BE(at, 12);
      head.writeUInt32BE(crcOf(head.subarray(3, 24)), 24);
      heads.push(head);
    }
    return Buffer.concat(heads);
  };
  const fills = {
    "starts of frames": Buffer.alloc(size, Buffer.from([0x92, 0xc7, 0x18])),
    markers: Buffer.alloc(size, marker),
    "heads with a wrong checksum": Buffer.alloc(size, Buffer.concat([empty.subarray(0, 24), Buffer.alloc(4), empty.subarray(28)])),
    "empty frames of one number": Buffer.alloc(Math.floor(size / 33) * 33, empty),
    "heads that claim all that follows": claims((at) => size - at),
    "heads that claim a little": claims(() => 5000),
    "heads that claim too much": claims(() => 0xffff_ffff),
    "one head that claims what is there": claims((at) => (at === 0 ? size - 33 : 40)),
  };
  for (const [name, fill] of Object.entries(fills)) {
    const block = splitDump(dump).frames.find(({ kind, payload }) => kind === Kind.block && payload.includes("value of b"));
    const at = (block?.offset ?? 0) + (block?.bytes.length ?? 0);
    const file = new Memory(Buffer.concat([dump.subarray(0, at), fill, dump.subarray(at)]));
    const salvage = await surveyDump(file, { loadCodec });
    t.is(salvage.keyspaces[0]?.blocks, 3, name);
    t.true(file.bytesRead < 6 * file.size, `${name}: ${String(file.bytesRead)} of ${String(file.size)}`);
    const alone = await surveyDump(new Memory(fill.subarray(1)), { loadCodec }).catch((error: unknown) => error);
    t.true(alone instanceof KgdumpError || (alone as Salvage).keyspaces.length === 0, name);
  }
});

test("heads within a value do not hide the frame that they are in, nor those behind", async (t) => {
  const marker = markerIn(await makeDump(header(), [[]]));
  const head = encodeFrameHead(Kind.block, marker, 4, [Buffer.alloc(20_000)]);
  const value = Buffer.alloc(33 * 70_000, head);
  const dump = await makeDump(header(), [[[entry("a", "1")], [{ key: Buffer.from("b"), value }], [entry("c", "3")]]]);
  t.deepEqual(await shape(dump), ["a", "b", "c"]);
  t.deepEqual(await shape(flipped(dump, dump.indexOf(value.subarray(0, 40)) - 3)), ["a", "gap of 1/1", "c"]);
});

test("a scan finds frames in order, and nothing within a sound one", async (t) => {
  const inner = await words(["x", "y"]);
  const dump = await makeDump(header(), [[[{ key: Buffer.from("a"), value: inner }]]]);
  const scan = await scanFrames(new Memory(dump), () => undefined);
  t.deepEqual(scan.runs.map(({ offset, first, frames }) => [offset, first, frames]), [[17, 0, 6]]);
  t.is(scan.landmarks.length, 5);
  t.deepEqual(scan.damaged, []);
  t.is(encodeEntries([]).length, 0);
});

test("a frame is found wherever its head begins at the end of what is read at once", async (t) => {
  const dump = await words(["a", "b"]);
  const second = splitDump(dump).frames.filter(({ kind }) => kind === Kind.block).at(1)?.offset ?? 0;
  let window = 0;
  await scanFrames({ size: 2 ** 24, read: async (_, length) => Buffer.alloc(length) }, (bytes) => { window = Math.max(window, bytes); });
  for (let before = 0; before <= FRAME_HEAD_LENGTH + 1; before += 1) {
    const file = Buffer.concat([Buffer.alloc(window - before - second), dump]);
    t.deepEqual((await scanFrames(new Memory(file), () => undefined)).runs.map(({ frames }) => frames), [7], `${String(before)} bytes before the end`);
  }
});

test("bytes that change between two readings are not taken", async (t) => {
  const dump = await smallDump("none");
  const other = Buffer.from(dump);
  const at = dump.indexOf("abababab");
  other[at] = (other[at] ?? 0) ^ 1;
  let [scanned, reading] = [0, dump];
  const access: RandomAccess = { size: dump.length, read: async (offset, length) => reading.subarray(offset, offset + length) };
  const onScan = (bytes: number): void => {
    scanned += bytes;
    if (scanned >= dump.length) reading = other;
  };
  const salvage = await surveyDump(access, { loadCodec, onScan });
  t.is(reading, other);
  t.deepEqual(salvage.dropped.map(({ code }) => code), ["DUMP_CHECKSUM_MISMATCH"]);
  t.false(salvage.sound);
  reading = dump;
  const sound = await surveyDump(access, { loadCodec });
  t.true(sound.sound);
  reading = other;
  const [piece] = sound.keyspaces[0]?.pieces ?? [];
  if (piece?.type !== "blocks") return t.fail();
  await t.throwsAsync(salvagedBlocks(access, sound, piece.stretch, { loadCodec }).next(), { code: "DUMP_CHECKSUM_MISMATCH" });
});
