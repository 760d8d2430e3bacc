/** What no other test of salvaging meets: lies with right checksums, frames out of place, and reading that fails. */
import test from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { markerOf } from "#src/format/checksum.js";
import { FRAME_HEAD_LENGTH, Kind } from "#src/format/constants.js";
import { encodeFrameHead } from "#src/format/frame.js";
import { DumpWriter, iterateEntries, type RandomAccess, type Salvage, salvagedBlocks, surveyDump } from "#src/format/index.js";
import { encodeGap } from "#src/format/payload/gap.js";
import { framesBetween } from "#src/format/salvage/grammar.js";
import { KeyspaceLedger } from "#src/format/salvage/holes.js";
import { type PendingFrame, PendingFrames } from "#src/format/salvage/pending.js";
import { bytes, DUMP_ID, entry, type FoundFrame, header, keyspace, makeDump, markerIn, splitDump, writeBlock } from "../support/dumps.js";

const OTHER_ID = "22222222-2222-4222-8222-222222222222";
const HEAD = 17;

const access = (dump: Buffer, fails: (offset: number, length: number) => boolean = () => false): RandomAccess => ({
  size: dump.length,
  read: async (offset, length) => {
    if (fails(offset, length)) throw new Error("the disk is broken");
    return dump.subarray(offset, offset + length);
  },
});

const survey = (dump: Buffer): Promise<Salvage> => surveyDump(access(dump), { loadCodec });

/** The keys of each block that is kept, and the gaps, in order. */
async function shape(dump: Buffer): Promise<string[]> {
  const salvage = await survey(dump);
  const parts: string[] = [];
  for (const { pieces } of salvage.keyspaces) {
    for (const piece of pieces) {
      if (piece.type === "gap") parts.push(`gap of ${String(piece.gap.blocks)}`);
      else for await (const { raw } of salvagedBlocks(access(dump), salvage, piece.stretch, { loadCodec })) parts.push([...iterateEntries(raw)].map(({ key }) => Buffer.from(key).toString()).join(" "));
    }
  }
  return parts;
}

const codes = async (dump: Buffer): Promise<string[]> => (await survey(dump)).dropped.map(({ code }) => code);

const words = (texts: readonly string[], dumpId = DUMP_ID): Promise<Buffer> =>
  makeDump(header({ dumpId }), [texts.map((text) => text.split(" ").map((word) => entry(word, `value of ${word}`)))]);

/** A frame with right checksums. */
const framed = (kind: number, sequence: number, payload: Uint8Array, marker: Uint8Array): Buffer =>
  Buffer.concat([encodeFrameHead(kind, marker, sequence, [payload]), payload]);

const at = (frames: readonly FoundFrame[], place: number): FoundFrame => {
  const frame = frames[place];
  if (frame === undefined) throw new Error("no such frame");
  return frame;
};

/** A dump with some of its frames given anew, null leaving one out; without its tail. */
function changed(dump: Buffer, changes: Readonly<Record<number, Uint8Array | null>>): Buffer {
  const { magic, frames } = splitDump(dump);
  return Buffer.concat([magic, ...frames.map(({ bytes: own }, place) => { const by = changes[place]; return by === undefined ? own : (by ?? new Uint8Array(0)); })]);
}

const flipped = (dump: Buffer, ...places: number[]): Buffer => {
  const copy = Buffer.from(dump);
  for (const place of places) copy.writeUInt8(copy.readUInt8(place) ^ 1, place);
  return copy;
};

/** A dump's payload of this kind with something else in it. */
const edited = (frame: FoundFrame, from: string, to: string): Buffer => Buffer.from(frame.payload.toString("latin1").replace(from, to), "latin1");

// Frames of words(["a", …]): header 0, start 1, blocks from 2, index, end, footer.

test("the least frames between two places", (t) => {
  const outside = (at0: number) => ({ keyspace: at0, inside: false });
  const inside = (at0: number, pending?: boolean) => ({ keyspace: at0, inside: true, pending });
  t.is(framesBetween(inside(1), outside(0)), Infinity);
  t.is(framesBetween(inside(1), outside(1)), Infinity);
  t.is(framesBetween(outside(1), outside(1)), 0);
  t.is(framesBetween(outside(1), inside(1)), 1);
  t.is(framesBetween(inside(1, true), inside(1, false)), 1);
  t.is(framesBetween(inside(1, true), inside(1, true)), 0);
  t.is(framesBetween(inside(0, true), outside(1)), 2);
  t.is(framesBetween(inside(0, false), inside(1)), 2);
  t.is(framesBetween(outside(0), inside(2)), 5);
});

test("frames that are pending come by their ends, and those that turned out dead make room", (t) => {
  const most = 64 * 1024;
  const frame = (offset: number, end: number): PendingFrame => ({ kind: 0, sequence: 0, marker: "", offset, end, length: 0, payloadCrc: 0, crcBefore: 0 });
  const pending = new PendingFrames(({ offset }) => offset >= 10 && offset < 20_000);
  t.throws(() => pending.take(), { instanceOf: TypeError });
  for (let turn = 0; turn < most; turn += 1) pending.add(frame(turn, 1_000_000 + ((turn * 7919) % most)));
  pending.add(frame(most, 5));
  t.is(pending.nextEnd, 5, "the dead made room for it");
  pending.add(frame(most + 1, 5));
  let last = -1;
  let count = 0;
  for (; pending.nextEnd < Infinity; count += 1) {
    const { end } = pending.take();
    if (end < last) t.fail();
    last = end;
  }
  t.is(count, most + 2 - 19_990);
  for (let turn = 0; turn < most + 5; turn += 1) pending.add(frame(20_000 + turn, 9));
  for (count = 0; pending.nextEnd < Infinity; count += 1) t.is(pending.take().offset, 20_000 + count);
  t.is(count, most, "one that there is no room for is left out");
});

test("a ledger tells a gap only where something is missing, and its size only when that is known", (t) => {
  const block = (place: number, key: string) => ({ offset: place, end: place + 10, entries: 1, rawLength: 9, firstKey: bytes(key), lastKey: bytes(key) });
  const totals = (blocks: number, gaps: number, more: number) => ({ entries: blocks + more, keyBytes: 0, valueBytes: 0, blocks, rawBytes: 0, storedBytes: 0, gaps, digest: new Uint8Array(32), result: null });
  const place = { from: 10, to: 20, bytes: 10 };
  const between = (note: (ledger: KeyspaceLedger) => void, blocks: number | null, gaps = 0, salvaged = false, more = 0): { gaps: unknown[]; contradicts: boolean } => {
    const ledger = new KeyspaceLedger(0);
    ledger.keep(block(0, "a"), false);
    note(ledger);
    ledger.keep(block(20, "c"), false);
    if (blocks !== null) ledger.totals = totals(blocks, gaps, more);
    const found = ledger.pieces(salvaged).flatMap((piece) => (piece.type === "gap" ? [piece.gap.blocks] : []));
    return { gaps: found, contradicts: ledger.contradicts(salvaged) };
  };
  t.deepEqual(between((ledger) => { ledger.mayMiss(2, place); }, 3), { gaps: [1], contradicts: false });
  t.deepEqual(between((ledger) => { ledger.mayMiss(2, place); }, 2), { gaps: [], contradicts: true });
  t.deepEqual(between((ledger) => { ledger.mayMiss(2, place); }, null), { gaps: [null], contradicts: false });
  t.deepEqual(between((ledger) => { ledger.mayMiss(2, place); }, 1), { gaps: [null], contradicts: true }, "totals of fewer blocks than there are");
  t.deepEqual(between((ledger) => { ledger.misses([{ entries: 1 }], null); ledger.mayMiss(1, place); }, 3), { gaps: [1], contradicts: false });
  t.deepEqual(between((ledger) => { ledger.misses([{ entries: 1 }], place); ledger.mayMiss(1, { ...place, bytes: null }); }, 4), { gaps: [2], contradicts: false });
  t.deepEqual(between((ledger) => { ledger.misses([{ entries: 1 }], place); }, 5), { gaps: [1], contradicts: true }, "totals of more blocks than can be missing");
  t.deepEqual(between(() => undefined, 3), { gaps: [], contradicts: true }, "totals of more blocks than there are, and no place where one can be missing");
  const twoPlaces = (ledger: KeyspaceLedger): void => { ledger.misses([{ entries: 1 }], place); ledger.keep(block(10, "b"), false); ledger.mayMiss(2, place); };
  t.deepEqual(between(twoPlaces, 5), { gaps: [1, 1], contradicts: false }, "the block more is where it may be missing");
  t.deepEqual(between(twoPlaces, 4), { gaps: [1], contradicts: false }, "nothing is missing where it may be");
  t.deepEqual(between(() => undefined, 2, 0, false, 1), { gaps: [], contradicts: true }, "totals of more entries than the blocks have, and of no more blocks");
  t.deepEqual(between((ledger) => { ledger.mayMiss(2, place); }, 2, 0, false, 1), { gaps: [], contradicts: true }, "the same where blocks may be missing");
  t.deepEqual(between((ledger) => { ledger.mayMiss(2, place); }, 3, 0, false, 1), { gaps: [1], contradicts: false });
  t.deepEqual(between((ledger) => { ledger.had({ keyspace: 0, after: null, before: null, blocks: 0, entries: 0, bytes: 3 }); }, 2, 1, true), { gaps: [0], contradicts: true });
  t.deepEqual(between((ledger) => { ledger.mayMiss(2, place); }, 3, 1, true), { gaps: [null], contradicts: false }, "a gap of an earlier recovery is lost");
  const ledger = new KeyspaceLedger(0);
  for (const [index, key] of ["a", "b", "c"].entries()) {
    ledger.keep(block(20 * index, key), false);
    if (key !== "c") ledger.mayMiss(2, place);
  }
  ledger.totals = totals(5, 0, 0);
  t.deepEqual(ledger.pieces(false).flatMap((piece) => (piece.type === "gap" ? [piece.gap.blocks] : [])), [null, null], "which of two places lacks how much is not known");
});

test("a header that was moved is found, one that is malformed is made up from the other frames", async (t) => {
  const dump = await words(["a", "b"]);
  const { magic, frames, tail } = splitDump(dump);
  const moved = Buffer.concat([magic, ...frames.slice(1).map((frame) => frame.bytes), at(frames, 0).bytes, tail]);
  t.like(await survey(moved), { lost: false });
  t.deepEqual(await shape(moved), ["a", "b"]);
  t.like(await survey(changed(dump, { 0: framed(Kind.header, 0, Buffer.of(0x80), markerIn(dump)) })), { lost: true });
});

test("without a header, names and orders come from what is left, also from frames out of place", async (t) => {
  const keyspaces = [keyspace("one"), keyspace("two", { comparator: "reverse-bytewise" })];
  const dump = await makeDump(header({ keyspaces }), [[[entry("a", "1"), entry("b", "2")], [entry("c", "3")], [entry("d", "3")]], []]);
  const { frames } = splitDump(dump);
  const starts = frames.flatMap(({ kind }, place) => (kind === Kind.keyspaceStart ? [place] : []));
  const [first = 0, second = 0] = starts;
  const { header: made, unnamed } = await survey(changed(dump, { 0: null, [first]: null, [second]: null }));
  t.deepEqual(made.keyspaces.map(({ name, comparator }) => [Buffer.from(name).toString(), comparator]), [["keyspace-0", "bytewise"], ["keyspace-1", "bytewise"]]);
  t.deepEqual(unnamed, [0, 1]);
  const strange = changed(dump, { 0: null, [second]: framed(Kind.keyspaceStart, second, edited(at(frames, second), "\xb0reverse-bytewise", "\xa8sideways"), markerIn(dump)) });
  t.deepEqual((await survey(strange)).unnamed, [1]);
  const swapped = changed(dump, { 0: null, 2: at(frames, 3).bytes, 3: at(frames, 2).bytes });
  t.deepEqual(await shape(swapped), ["a b", "c", "d"]);
});

test("without header and start, the order is seen from one block of one entry to the next", async (t) => {
  const dump = await makeDump(header({ keyspaces: [keyspace("default", { comparator: "reverse-bytewise" })] }), [[[entry("c", "1")], [entry("b", "2")], [entry("a", "3")]]]);
  t.deepEqual((await shape(changed(dump, { 0: null, 1: null }))).filter((part) => !part.startsWith("gap")), ["c", "b", "a"]);
});

test("what fails to be read ends the survey with its own error", async (t) => {
  const dump = await words(["a", "b"]);
  const { frames } = splitDump(dump);
  for (const [place, lost] of [[1, true], [4, false], [2, false]] as const) {
    const { offset, bytes: { length } } = at(frames, place);
    const bad = lost ? flipped(dump, HEAD + 40) : dump;
    const failing = access(bad, (from, size) => from === offset && size === length);
    await t.throwsAsync(surveyDump(failing, { loadCodec }), { message: "the disk is broken" }, String(place));
  }
});

test("an index that is malformed, empty, or lists other blocks is not followed, nor are blocks that it does not list", async (t) => {
  const dump = await words(["a", "b", "c"]);
  const { frames } = splitDump(dump);
  for (const payload of [Buffer.of(0xc0), Buffer.of(0x93, 0, 0, 0x90)]) {
    const bad = changed(dump, { 5: framed(Kind.index, 5, payload, markerIn(dump)) });
    t.deepEqual(await shape(bad), ["a", "b", "c"]);
    t.true((await codes(bad)).length > 0);
  }
  const longer = at(splitDump(await words(["a", "b b2", "c"])).frames, 3).payload;
  const other = at(splitDump(await words(["a", "b7", "c"])).frames, 3).payload;
  for (const payload of [longer, other]) {
    const bad = changed(dump, { 3: framed(Kind.block, 3, payload, markerIn(dump)) });
    t.deepEqual(await shape(bad), ["a", "gap of 1", "c"]);
    t.deepEqual(await codes(bad), ["DUMP_INDEX_WRONG"]);
  }
  t.deepEqual(await codes(changed(dump, { 3: framed(Kind.block, 3, edited(at(frames, 2), "", ""), markerIn(dump)) })), ["DUMP_ORDER_BROKEN"]);
});

test("a block of other values than the digest was made of is kept, and told", async (t) => {
  const dump = await words(["a", "b", "c"]);
  const bad = changed(dump, { 3: framed(Kind.block, 3, edited(at(splitDump(dump).frames, 3), "value", "VALUE"), markerIn(dump)) });
  t.deepEqual(await shape(bad), ["a", "b", "c"]);
  t.regex((await survey(bad)).remarks.join("\n"), /the end of keyspace "default" says/);
});

test("frames that the header does not allow are dropped", async (t) => {
  const dump = await words(["a", "b"]);
  const { frames } = splitDump(dump);
  const gap = { keyspace: 0, after: bytes("a"), before: bytes("b"), blocks: 1, entries: 1, bytes: null };
  t.deepEqual(await codes(changed(dump, { 3: framed(Kind.gap, 3, encodeGap(gap), markerIn(dump)) })), ["DUMP_FRAME_MISPLACED"]);
  t.deepEqual(await codes(changed(dump, { 3: framed(0x51, 3, bytes("?"), markerIn(dump)) })), ["DUMP_FRAME_UNKNOWN"]);
  t.deepEqual(await codes(changed(dump, { 3: framed(0x71, 3, bytes("?"), markerIn(dump)) })), ["DUMP_FRAME_UNKNOWN"]);
  t.deepEqual(await codes(changed(dump, { 5: framed(Kind.keyspaceEnd, 5, edited(at(frames, 5), "keyspace\x00", "keyspace\x09"), markerIn(dump)) })), ["DUMP_FRAME_MISPLACED"]);
  t.deepEqual(await codes(changed(dump, { 3: framed(Kind.keyspaceStart, 3, at(frames, 1).payload, markerIn(dump)) })), ["DUMP_FRAME_MISPLACED"]);
  const writer = new DumpWriter(header({ salvaged: { dumpId: null } }));
  const chunks = [...writer.start(), ...writer.startKeyspace(0), ...(await writeBlock(writer, "none", [entry("a", "")])), ...writer.gap({ after: bytes("a"), before: null, blocks: 2, entries: 3, bytes: 4 }), ...(await writeBlock(writer, "none", [entry("c", "")])), ...writer.endKeyspace(), ...writer.finish()];
  const salvaged = Buffer.concat(chunks);
  t.deepEqual(await codes(changed(salvaged, { 3: framed(Kind.gap, 3, encodeGap({ ...gap, keyspace: 9 }), markerIn(salvaged)) })), ["DUMP_FRAME_MISPLACED"]);
  const both = splitDump(salvaged).frames;
  const lost = await survey(flipped(salvaged, at(both, 3).offset + 5, at(both, 4).offset + 5));
  t.false(lost.keyspaces[0]?.contradicts);
});

test("frames that a newer minor version may skip are passed over, and a stray abort is not believed", async (t) => {
  const { magic, frames } = splitDump(await words(["a", "b"]));
  const payload = Buffer.from(at(frames, 0).payload);
  payload.writeUInt8(9, payload.indexOf("format") + 8);
  const rest = frames.slice(1).map(({ kind, payload: own }, place) => framed(kind, place + (place < 2 ? 1 : 2), own, markerOf(payload)));
  const skipped = framed(0x71, 3, bytes("new"), markerOf(payload));
  const whole = Buffer.concat([magic, framed(Kind.header, 0, payload, markerOf(payload)), ...rest.slice(0, 2), skipped, ...rest.slice(2)]);
  whole.writeUInt8(9, 16);
  t.deepEqual(await shape(whole), ["a", "b"]);
  t.deepEqual(await codes(whole), []);
  const away = Buffer.concat([magic, framed(Kind.header, 0, payload, markerOf(payload)), ...rest.slice(0, 2), ...rest.slice(2), skipped]);
  t.deepEqual(await codes(away), ["DUMP_FRAME_MISPLACED"]);
  t.deepEqual(await shape(away), ["a", "b"]);
});

test("blocks out of place that no index lists are taken where their keys fit, and only there", async (t) => {
  const dump = await words(["a", "b", "c", "d", "e"]);
  const { frames } = splitDump(dump);
  const order = (...places: (number | Buffer)[]): Buffer => Buffer.concat([dump.subarray(0, HEAD), ...places.map((place) => (typeof place === "number" ? at(frames, place).bytes : place))]);
  // Frame 7 is the index.
  t.deepEqual(await shape(order(0, 1, 4, 2, 3, 5, 6, 8, 9)), ["a", "b", "c", "d", "e"]);
  t.deepEqual(await shape(order(0, 1, 4, 5, 6, 2, 3, 8, 9)), ["a", "b", "c", "d", "e"]);
  t.deepEqual(await shape(order(6, 0, 1, 2, 3, 4, 5, 8, 9)), ["a", "b", "c", "d", "e"]);
  t.deepEqual((await shape(order(6, 0, 1, 2, 3, 4, 5))).filter((part) => !part.startsWith("gap")), ["a", "b", "c", "d", "e"]);
  const high = framed(Kind.block, 3, at(splitDump(await words(["a", "x", "y"])).frames, 3).payload, markerIn(dump));
  t.deepEqual(await codes(order(0, 1, 2, 4, 5, high, 6, 8, 9)), ["DUMP_FRAME_MISPLACED"]);
  const wrongKind = framed(Kind.index, 3, at(frames, 7).payload, markerIn(dump));
  t.deepEqual(await codes(order(0, 1, 2, 4, 5, wrongKind, 6, 7, 8, 9)), ["DUMP_FRAME_MISPLACED"]);
});

test("an index that lists blocks of another keyspace is no proof for a block", async (t) => {
  const dump = await makeDump(header({ keyspaces: [keyspace("one"), keyspace("two")] }), [[[entry("a", "1")], [entry("b", "2")]], [[entry("c", "3")]]]);
  const { frames } = splitDump(dump);
  // Frames: header, start, a, b, index, end, start, c, index, end, footer.
  const payload = Buffer.from(at(frames, 7).payload);
  const bad = changed(dump, { 3: framed(Kind.block, 3, payload, markerIn(dump)) });
  t.deepEqual(await codes(bad), ["DUMP_FRAME_MISPLACED"]);
  t.deepEqual(await shape(bad), ["a", "gap of 1", "c"]);
});

test("heads within a sound value that claim more than the file has are forgotten", async (t) => {
  const head = Buffer.from(encodeFrameHead(Kind.block, markerIn(await makeDump(header(), [[[entry("a", "1")]]])), 9, [new Uint8Array(100_000)]));
  const dump = await makeDump(header(), [[[entry("a", "1")], [{ key: bytes("b"), value: head }]]]);
  t.like(await survey(dump), { sound: true });
});

test("the dump whose header is in its place wins over a few frames more of another one", async (t) => {
  const [own, others] = [await words(["a", "b", "c", "d"]), await words(["a a1", "b b1", "c c1", "d d1", "e e1"], OTHER_ID)];
  const [mine, foreign] = [splitDump(own).frames.map((frame) => frame.bytes), splitDump(others).frames.map((frame) => frame.bytes)];
  const file = (...parts: readonly (readonly Uint8Array[])[]): Buffer => Buffer.concat([own.subarray(0, HEAD), ...parts.flat()]);
  const keys = async (dump: Buffer): Promise<string[]> => (await shape(dump)).filter((part) => !part.startsWith("gap"));
  const junk = [bytes("junk")];
  // Its second frame is lost, and the other dump has some more.
  t.deepEqual(await keys(file(mine.slice(0, 1), junk, mine.slice(2, 5), junk, foreign.slice(0, 9))), ["a", "b", "c"]);
  t.deepEqual(await keys(file(mine.slice(0, 1), foreign.slice(2, 5), junk, mine.slice(4, 6), junk)), ["c", "d"]);
  t.deepEqual(await keys(file(mine.slice(0, 1), foreign.slice(2, 3), mine.slice(2, 5), foreign.slice(5, 6))), ["a", "b", "c"]);
  // Only its header is left of it, and the other one goes on right behind it, or to the end.
  t.deepEqual(await keys(file(mine.slice(0, 1), foreign.slice(1, 4), junk)), ["a a1", "b b1"]);
  t.deepEqual(await keys(file(mine.slice(0, 1), foreign.slice(2), [splitDump(others).tail])), ["a a1", "b b1", "c c1", "d d1", "e e1"]);
  t.deepEqual(await keys(file(mine.slice(0, 1), junk, foreign.slice(0, 9))), ["a a1", "b b1", "c c1", "d d1", "e e1"], "more than a few");
  // A frame that is there twice counts once.
  t.deepEqual(await keys(file(junk, mine.slice(1, 6), junk, foreign.slice(1, 4), foreign.slice(2, 4), foreign.slice(2, 4))), ["a", "b", "c", "d"]);
});

test("a part of another dump in the place of fewer frames is not the dump, however long it is", async (t) => {
  const texts = Array.from({ length: 14 }, (_, index) => `k${String(10 + index)}`);
  const [own, others] = [await words(texts), await words(texts.map((text) => `${text} ${text}x`), OTHER_ID)];
  const [mine, foreign] = [splitDump(own), splitDump(others)];
  const file = (from: number, part: readonly FoundFrame[], to: number): Buffer =>
    Buffer.concat([own.subarray(0, HEAD), ...mine.frames.slice(from, 2).map((frame) => frame.bytes), ...part.map((frame) => frame.bytes), ...mine.frames.slice(to).map((frame) => frame.bytes), mine.tail]);
  const kept = async (dump: Buffer): Promise<string[]> => (await shape(dump)).filter((part) => !part.startsWith("gap"));
  t.deepEqual(await kept(file(1, foreign.frames.slice(0, 15), 14)), texts.slice(12));
  t.deepEqual(await kept(file(1, foreign.frames.slice(2, 13), 15)), texts.slice(0, 11).map((text) => `${text} ${text}x`), "more frames are missing there than it has");
  const lone = Buffer.concat([own.subarray(0, HEAD), at(mine.frames, 0).bytes, bytes("junk"), ...foreign.frames.slice(0, 13).map((frame) => frame.bytes), ...mine.frames.slice(12, 14).map((frame) => frame.bytes)]);
  t.deepEqual(await kept(lone), texts.slice(10, 12));
});

test("dumps within dumps within damaged frames do not count", async (t) => {
  const inner = await words(["p", "q", "r"]);
  const middle = await makeDump(header({ dumpId: OTHER_ID }), [[[entry("x", "1")], [{ key: bytes("y"), value: inner }], [entry("z", "1")]]]);
  const outer = await makeDump(header(), [[[entry("a", "1")], [{ key: bytes("b"), value: middle }], [entry("c", "1")]]]);
  const place = outer.indexOf(inner) - 3;
  // The first header is lost too, so that frames are counted.
  t.deepEqual(await shape(flipped(outer, place, HEAD + 40)), ["a", "gap of 1", "c"]);
  // Nothing of the outer dump is sound: what is within is all there is.
  const { frames } = splitDump(outer);
  const none = flipped(outer, ...frames.map(({ offset, bytes: { length } }) => offset + length - 1), at(frames, 3).offset + FRAME_HEAD_LENGTH + 1);
  t.deepEqual(await shape(none), ["x", "y", "z"]);
});

test("frames that are no blocks are not taken from elsewhere, nor where they can't follow", async (t) => {
  const dump = await words(["a", "b", "c", "d", "e"]);
  const { frames } = splitDump(dump);
  const order = (...places: (number | Buffer)[]): Buffer => Buffer.concat([dump.subarray(0, HEAD), ...places.map((place) => (typeof place === "number" ? at(frames, place).bytes : place))]);
  // Frame 7 is the index, 8 the end.
  t.deepEqual(await shape(order(7, 0, 1, 2, 3, 4, 5, 6, 8, 9)), ["a", "b", "c", "d", "e"]);
  t.deepEqual(await codes(order(0, 1, 2, framed(Kind.keyspaceEnd, 3, at(frames, 8).payload, markerIn(dump)))), ["DUMP_FRAME_MISPLACED"]);
  const writer = new DumpWriter(header({ salvaged: { dumpId: null } }));
  const chunks = [...writer.start(), ...writer.startKeyspace(0), ...(await writeBlock(writer, "none", [entry("a", "")])), ...writer.gap({ after: bytes("a"), before: null, blocks: 2, entries: 3, bytes: 4 }), ...(await writeBlock(writer, "none", [entry("c", "")])), ...writer.endKeyspace(), ...writer.finish()];
  const salvaged = Buffer.concat(chunks);
  const gap = splitDump(salvaged).frames.find(({ kind }) => kind === Kind.gap);
  if (gap === undefined) return t.fail();
  const moved = Buffer.concat([salvaged.subarray(0, gap.offset), salvaged.subarray(gap.offset + gap.bytes.length), gap.bytes]);
  t.deepEqual(await codes(moved), ["DUMP_FRAME_MISPLACED"]);
  t.deepEqual(await shape(moved), ["a", "gap of null", "c"]);
  // Numbers say less in a salvaged dump, but no keyspace begins within itself.
  const again = changed(salvaged, { 3: framed(Kind.keyspaceStart, 3, at(splitDump(salvaged).frames, 1).payload, markerIn(salvaged)), 5: null });
  t.deepEqual(await codes(again), ["DUMP_FRAME_MISPLACED"]);
});

test("a part of another dump of the same marker is known by a frame that is there twice and not the same", async (t) => {
  const [dump, others] = [await words(["a", "b", "c", "d", "e"]), await words(["a", "b b1", "c c1", "d", "e"])];
  const [mine, foreign] = [splitDump(dump).frames.map((frame) => frame.bytes), splitDump(others).frames.map((frame) => frame.bytes)];
  // Without the index, and without the third block, which only the other one has.
  const bad = Buffer.concat([dump.subarray(0, HEAD), ...mine.slice(0, 4), bytes("junk"), ...mine.slice(5, 7), ...mine.slice(8), ...foreign.slice(3, 5)]);
  t.deepEqual(await shape(bad), ["a", "b", "gap of 1", "d", "e"]);
  t.deepEqual(await codes(bad), ["DUMP_FRAME_MISPLACED"]);
});
