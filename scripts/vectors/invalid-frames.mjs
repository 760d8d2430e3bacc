// @ts-check
/** Invalid vectors of what is around payloads: magic, heads of frames, their order, cuts, the tail and what is behind it. */
import { crc32 } from "node:zlib";
import { bigEndian, bin, map, str, uint } from "./encode.mjs";
import { build, layOut, magic, tailBytes } from "./dump.mjs";
import { aborted } from "./invalid-fields.mjs";
import { renumbered, salvaged, small, twoKeyspaces } from "./samples.mjs";

/** @typedef {import("./dump.mjs").Frame} Frame */
/** @typedef {import("./dump.mjs").Model} Model */
/** @typedef {import("./expect.mjs").Invalid} Invalid */
/** @typedef {{ offsets: number[], tail: number }} Layout */

/** H S B B I E S B I E F @returns {Model} */
const two = () => ({ keyspaces: twoKeyspaces() });

/** @param {string} name @param {string} description @param {string} breaks @param {string} code @param {(bytes: Buffer, layout: Layout) => Buffer} bytes @param {Invalid["at"]} at @returns {Invalid} */
const whole = (name, description, breaks, code, bytes, at) => ({ name, description, breaks: [breaks], code, model: two(), bytes, ...(at === undefined ? {} : { at }) });

/** @param {string} name @param {string} description @param {string} breaks @param {string} code @param {(frames: Frame[]) => Frame[]} frames @param {number | "tail"} at @param {Model} [model] @returns {Invalid} */
const ordered = (name, description, breaks, code, frames, at, model = two()) => ({ name, description, breaks: [breaks], code, model, frames, at });

/** @param {string} name @param {string} description @param {(bytes: Buffer) => Buffer} bytes */
const notADump = (name, description, bytes) => whole(`magic-${name}`, description, "R1", "DUMP_NOT_A_DUMP", bytes, "start");

/** @param {Buffer} bytes @param {number} place @param {number} [bit] */
function flipped(bytes, place, bit = 0) {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(place) ^ (1 << bit), place);
  return copy;
}

/** @param {[number, number]} version */
const versioned = (version) => whole(`version-${version.join("-")}`, `version ${version.join(".")}`, "R2", "DUMP_VERSION_UNSUPPORTED", (bytes) => Buffer.concat([magic(version), bytes.subarray(17)]), "start");

const latin = (/** @type {Buffer} */ bytes) => bytes.toString("latin1");

const MAGIC = [
  notADump("gzip", "a dump that was packed with gzip", (bytes) => Buffer.concat([Buffer.from("1f8b08000000000000ff", "hex"), bytes])),
  notADump("zstd", "the first bytes of a zstd file", () => Buffer.from("28b52ffd2004090000", "hex")),
  notADump("text-lf", "a transfer in text mode turned CR LF to LF", (bytes) => Buffer.from(latin(bytes).replaceAll("\r\n", "\n"), "latin1")),
  notADump("text-crlf", "a transfer in text mode turned LF to CR LF", (bytes) => Buffer.from(latin(bytes).replaceAll("\n", "\r\n"), "latin1")),
  notADump("text-cut-at-sub", "a transfer in text mode that took SUB away", (bytes) => Buffer.from(latin(bytes).replace("\x1a", ""), "latin1")),
  notADump("utf8", "a transfer that took bytes for characters", (bytes) => Buffer.from(latin(bytes), "utf8")),
  notADump("seven-bits", "a transfer that took the eighth bit away", (bytes) => Buffer.from(bytes.map((byte) => byte & 0x7f))),
  notADump("late", "a byte before the dump", (bytes) => Buffer.concat([Buffer.of(0), bytes])),
  notADump("early", "the first byte is missing", (bytes) => bytes.subarray(1)),
  notADump("text", "a message of a program", () => Buffer.from("kgdump: no such store\n")),
  notADump("short", "two bytes that no dump begins with", () => Buffer.from("c70f", "hex")),
  ...[0, 1, 2, 3, 12].map((place) => notADump(`bit-${String(place)}`, `a flipped bit in byte ${String(place)}`, (bytes) => flipped(bytes, place, 2))),
  ...[[0, 9], [2, 0], [257, 0], [65_535, 65_535]].map(([major = 0, minor = 0]) => versioned([major, minor])),
  whole("version-2-only", "the magic of version 2.0 and then something else altogether", "R2", "DUMP_VERSION_UNSUPPORTED", () => Buffer.concat([magic([2, 0]), Buffer.from("??")]), "start"),
];

/** Flips a bit in the head of the first block's frame. @param {string} name @param {string} description @param {number} place */
const head = (name, description, place) => whole(`head-${name}`, description, "R3", "DUMP_FRAME_DAMAGED", (bytes, { offsets }) => flipped(bytes, (offsets[2] ?? 0) + place), 2);

/** @param {string} name @param {number} frame @param {number} behind bytes behind the head @param {Model} [model] @returns {Invalid} */
const payloadBit = (name, frame, behind, model = two()) => ({ ...whole(`payload-bit-${name}`, `a flipped bit in the payload of a frame: ${name}`, "R7", "DUMP_CHECKSUM_MISMATCH", (bytes, { offsets }) => flipped(bytes, (offsets[frame] ?? 0) + 33 + behind), frame), model });

const HEADS = [
  head("array", "the array's byte", 0),
  head("ext", "the ext's type byte", 1),
  head("ext-length", "the ext's length", 2),
  head("kind", "the kind", 3),
  head("marker", "the marker", 4),
  head("sequence", "the sequence number", 15),
  head("length", "the payload's length", 19),
  head("payload-crc", "the payload's checksum", 23),
  head("crc", "the checksum of the head", 27),
  head("bin", "the bin's type byte", 28),
  head("bin-length", "the second length", 32),
  whole("head-rest", "three bytes of something else where a frame should be", "R3", "DUMP_FRAME_DAMAGED", (bytes, { offsets }) => Buffer.concat([bytes.subarray(0, offsets[3]), Buffer.from("abc")]), 3),
  whole("head-rest-of-tail", "the first byte of a tail where a frame should be, and nothing behind it", "R8", "DUMP_FRAME_MISPLACED", (bytes, { offsets }) => Buffer.concat([bytes.subarray(0, offsets[3]), Buffer.of(0xc7)]), 3),
  whole("head-zeros", "zeros where a frame should be", "R3", "DUMP_FRAME_DAMAGED", (bytes, { offsets }) => Buffer.from(bytes).fill(0, offsets[2], (offsets[2] ?? 0) + 40), 2),
  whole("payload-shorter", "a byte is missing within a payload", "R7", "DUMP_CHECKSUM_MISMATCH", (bytes, { offsets }) => Buffer.concat([bytes.subarray(0, (offsets[3] ?? 0) - 1), bytes.subarray(offsets[3] ?? 0)]), 2),
  whole("head-shifted", "a byte is missing between two frames", "R3", "DUMP_FRAME_DAMAGED", (bytes, { offsets }) => Buffer.concat([bytes.subarray(0, offsets[3] ?? 0), bytes.subarray((offsets[3] ?? 0) + 1)]), 3),
  payloadBit("header", 0, 20),
  payloadBit("keyspace-start", 1, 20),
  payloadBit("block-key", 2, 6),
  payloadBit("block-data", 2, 16),
  whole("payload-bit-block-value", "a flipped bit in a value: nothing but the payload's checksum tells", "R7", "DUMP_CHECKSUM_MISMATCH", (bytes, { offsets }) => flipped(bytes, (offsets[3] ?? 0) - 1), 2),
  payloadBit("index", 4, 8),
  payloadBit("keyspace-end", 5, 90),
  payloadBit("footer", 10, 30),
  payloadBit("gap", 3, 30, salvaged()),
  payloadBit("abort", 1, 10, aborted()),
];

/** The frames of a dump with the same content and another id. */
const sibling = () => build({ ...two(), header: { id: "11111111-2222-4333-8444-555555555555" } }).frames;
/** @param {number} place @returns {(frames: Frame[]) => Frame[]} */
const spliced = (place) => (frames) => frames.map((frame, own) => (own === place ? (sibling()[place] ?? frame) : frame));
/** @param {...number} places @returns {(frames: Frame[]) => Frame[]} */
const dropped = (...places) => (frames) => frames.filter((_, own) => !places.includes(own));
/** @param {number} place @returns {(frames: Frame[]) => Frame[]} */
const doubled = (place) => (frames) => frames.flatMap((frame, own) => (own === place ? [frame, frame] : [frame]));
/** @param {number} a @param {number} b @returns {(frames: Frame[]) => Frame[]} */
const swapped = (a, b) => (frames) => frames.map((frame, own) => (own === a ? frames[b] : own === b ? frames[a] : undefined) ?? frame);
/** @param {(frames: Frame[]) => Frame[]} change @returns {(frames: Frame[]) => Frame[]} */
const forged = (change) => (frames) => renumbered(change(frames));
/** @param {number} place @param {string} kind @param {Buffer} payload @returns {(frames: Frame[]) => Frame[]} */
const inserted = (place, kind, payload) => (frames) => {
  const [first] = frames;
  const added = { kind, payload, sequence: 0, marker: first?.marker ?? Buffer.alloc(8), touched: false };
  return renumbered([...frames.slice(0, place), added, ...frames.slice(place)]);
};
const misplaced = /** @type {const} */ (["R8", "DUMP_FRAME_MISPLACED"]);

const ORDER = [
  ...[1, 2, 4, 5, 10].map((place) => ordered(`foreign-${String(place)}`, "a frame of a sibling dump with the same content", "R4", "DUMP_FRAME_FOREIGN", spliced(place), place)),
  ordered("foreign-header", "the header of a sibling dump: all other frames are foreign", "R4", "DUMP_FRAME_FOREIGN", spliced(0), 1),
  ordered("sequence-first", "the header has number 1", "R5", "DUMP_SEQUENCE_BROKEN", (frames) => frames.map((frame) => ({ ...frame, sequence: frame.sequence + 1 })), 0),
  ordered("sequence-drop-block", "a block is missing", "R5", "DUMP_SEQUENCE_BROKEN", dropped(2), 2),
  ordered("sequence-drop-index", "an index frame is missing", "R5", "DUMP_SEQUENCE_BROKEN", dropped(4), 4),
  ordered("sequence-drop-keyspace", "a whole keyspace is missing", "R5", "DUMP_SEQUENCE_BROKEN", dropped(1, 2, 3, 4, 5), 1),
  ordered("sequence-double-block", "a block is there twice", "R5", "DUMP_SEQUENCE_BROKEN", doubled(2), 3),
  ordered("sequence-double-header", "the header is there twice", "R5", "DUMP_SEQUENCE_BROKEN", doubled(0), 1),
  ordered("sequence-swap-blocks", "two blocks are swapped", "R5", "DUMP_SEQUENCE_BROKEN", swapped(2, 3), 2),
  ordered("forged-drop-block", "a block is missing, and the rest has new numbers", "R40", "DUMP_INDEX_WRONG", forged(dropped(2)), 3),
  ordered("forged-drop-block-and-index", "a block and its index frame are missing, and the rest has new numbers", "R43", "DUMP_TOTALS_MISMATCH", forged(dropped(7, 8)), 7),
  ordered("forged-double-block", "a block is there twice, and the rest has new numbers", "R38", "DUMP_ORDER_BROKEN", forged(doubled(2)), 3),
  ordered("forged-swap-blocks", "two blocks are swapped and have new numbers", "R38", "DUMP_ORDER_BROKEN", forged(swapped(2, 3)), 3),
  ordered("forged-drop-index", "an index frame is missing, and the rest has new numbers", "R39", "DUMP_INDEX_WRONG", forged(dropped(4)), 4),
  ordered("forged-double-index", "an index frame is there twice: no block waits for the second", ...misplaced, forged(doubled(4)), 5),
  ordered("forged-drop-header", "the header is missing", ...misplaced, forged(dropped(0)), 0),
  ordered("forged-double-header", "a second header", ...misplaced, forged(doubled(0)), 1),
  ordered("forged-header-late", "a header within a keyspace", ...misplaced, (frames) => renumbered([...frames.slice(0, 3), ...frames.slice(0, 1), ...frames.slice(3)]), 3),
  ordered("forged-drop-start", "a block outside of a keyspace", ...misplaced, forged(dropped(1)), 1),
  ordered("forged-block-first", "a block before the header", ...misplaced, (frames) => renumbered([...frames.slice(2, 3), ...frames]), 0),
  ordered("forged-double-start", "a keyspace begins within another", ...misplaced, forged(doubled(1)), 2),
  ordered("forged-drop-end", "a keyspace begins before the last one has ended", ...misplaced, forged(dropped(5)), 5),
  ordered("forged-drop-last-end", "a footer within a keyspace", ...misplaced, forged(dropped(9)), 9),
  ordered("forged-double-end", "a keyspace ends twice", ...misplaced, forged(doubled(5)), 6),
  ordered("forged-drop-keyspace", "a keyspace of the header is missing", ...misplaced, forged(dropped(1, 2, 3, 4, 5)), 1),
  ordered("forged-drop-last-keyspace", "the footer follows before all keyspaces have ended", ...misplaced, forged(dropped(6, 7, 8, 9)), 6),
  ordered("forged-swap-keyspaces", "the keyspaces are in another order than in the header", ...misplaced, (frames) => renumbered([...frames.slice(0, 1), ...frames.slice(6, 10), ...frames.slice(1, 6), ...frames.slice(10)]), 1),
  ordered("forged-keyspace-more", "a keyspace more than the header has", ...misplaced, (frames) => renumbered([...frames.slice(0, 10), ...frames.slice(6, 10), ...frames.slice(10)]), 10),
  ordered("forged-block-elsewhere", "a block of another keyspace", ...misplaced, (frames) => renumbered([...frames.slice(0, 2), ...frames.slice(7, 8), ...frames.slice(2)]), 2),
  ordered("forged-end-elsewhere", "the end of another keyspace", ...misplaced, (frames) => renumbered([...frames.slice(0, 5), ...frames.slice(9, 10), ...frames.slice(5)]), 5),
  ordered("forged-index-outside", "an index frame before the first keyspace", ...misplaced, (frames) => renumbered([...frames.slice(0, 1), ...frames.slice(4, 5), ...frames.slice(1)]), 1),
  ordered("forged-index-first", "an index frame before the first block", ...misplaced, swappedForged(2, 4), 2),
  whole("forged-no-footer", "a tail without a footer", ...misplaced, (bytes, { offsets, tail: end }) => Buffer.concat([bytes.subarray(0, offsets[10]), bytes.subarray(end)]), 10),
  ordered("forged-abort-first", "an abort frame before the header", ...misplaced, inserted(0, "A", map([["reason", str("x")]])), 0),
  ordered("forged-skippable-first", "a frame that may be skipped before the header", ...misplaced, inserted(0, "x", Buffer.alloc(0)), 0, { ...two(), version: [1, 2] }),
  ordered("forged-two-footers", "two footers", ...misplaced, forged(doubled(10)), 11),
  ordered("forged-skippable-last", "a frame that may be skipped behind the footer", ...misplaced, inserted(11, "x", Buffer.alloc(0)), 11, { ...two(), version: [1, 2] }),
  ordered("forged-abort-last", "an abort frame behind the footer", ...misplaced, inserted(11, "A", map([["reason", str("x")]])), 11),
  ordered("forged-start-beyond", "the start of one keyspace more than the header has, numbered behind the last", ...misplaced, inserted(10, "S", map([["keyspace", uint(2)], ["name", bin("more")], ["order", str("bytewise")]])), 10),
  ordered("forged-end-of-empty", "the end of an empty keyspace that was not started", ...misplaced, forged(dropped(1)), 1, { keyspaces: [{ name: Buffer.from("default") }] }),
  ordered("forged-index-of-none", "an index frame in a keyspace without blocks", ...misplaced, inserted(2, "I", Buffer.of(0x90)), 2, { keyspaces: [{ name: Buffer.from("default") }] }),
  whole("tail-within", "a tail within a keyspace", ...misplaced, (bytes, { offsets }) => Buffer.concat([bytes.subarray(0, offsets[3]), tailBytes(0, 0), bytes.subarray(offsets[3])]), 3),
  whole("magic-within", "another dump begins within a keyspace", ...misplaced, (bytes, { offsets }) => Buffer.concat([bytes.subarray(0, offsets[3]), bytes]), 3),
  whole("magic-twice", "the magic is there twice", ...misplaced, (bytes) => Buffer.concat([bytes.subarray(0, 17), bytes]), 0),
  ...["X", "K", "Z", "\0", "\xff"].map((kind) => ordered(`kind-${hexOf(kind)}`, `a frame of the unknown kind 0x${hexOf(kind)}`, "R50", "DUMP_FRAME_UNKNOWN", inserted(2, kind, Buffer.alloc(3)), 2)),
  ordered("kind-78", "a frame that may be skipped in a dump of a version that has none", "R50", "DUMP_FRAME_UNKNOWN", inserted(2, "x", Buffer.alloc(3)), 2),
  ...["X", "`", "{"].map((kind) => ordered(`newer-kind-${hexOf(kind)}`, `a frame of the unknown kind 0x${hexOf(kind)} in version 1.2`, "R50", "DUMP_FRAME_UNKNOWN", inserted(2, kind, Buffer.alloc(3)), 2, { ...two(), version: [1, 2] })),
  { ...whole("newer-skipped-bit", "a flipped bit in a frame that is skipped", "R51", "DUMP_CHECKSUM_MISMATCH", (bytes, { offsets }) => flipped(bytes, (offsets[1] ?? 0) + 34), 1), model: { ...small(), version: /** @type {[number, number]} */ ([1, 2]), afterHeader: [{ kind: "x", payload: Buffer.from("skip me") }] } },
  ordered("newer-skipped-sequence", "a frame that is skipped and has no number of its own", "R51", "DUMP_SEQUENCE_BROKEN", (frames) => { const all = inserted(2, "x", Buffer.alloc(0))(frames); return all.map((frame, own) => (own > 2 ? { ...frame, sequence: own - 1 } : frame)); }, 3, { ...two(), version: [1, 2] }),
];

/** @param {number} a @param {number} b */
function swappedForged(a, b) {
  return forged(swapped(a, b));
}

/** @param {string} kind */
function hexOf(kind) {
  return Buffer.from(kind, "latin1").toString("hex");
}

/** @param {string} name @param {string} description @param {(layout: Layout) => number} end @returns {Invalid} */
const cut = (name, description, end) => whole(`cut-${name}`, description, "R9", "DUMP_TRUNCATED", (bytes, layout) => bytes.subarray(0, end(layout)), undefined);
/** @param {number} frame @param {number} [more] @returns {(layout: Layout) => number} */
const frameAt = (frame, more = 0) => ({ offsets }) => (offsets[frame] ?? 0) + more;

const CUTS = [
  cut("all", "an empty input", () => 0),
  cut("magic-1", "one byte", () => 1),
  cut("magic-12", "within the text of the magic", () => 12),
  cut("magic-16", "within the version", () => 16),
  ...[15, 16].map((length) => whole(`cut-magic-${String(length)}-of-another`, `within the version, which has begun as another (${String(length)} bytes)`, "R9", "DUMP_TRUNCATED", (bytes) => { const other = Buffer.from(bytes.subarray(0, length)); other[14] = 7; return other; }, undefined)),
  cut("magic", "behind the magic", () => 17),
  cut("head-1", "behind the first byte of the header's frame", () => 18),
  cut("head-32", "a byte before the header's payload", () => 17 + 32),
  cut("head-33", "before the header's payload", () => 17 + 33),
  cut("header", "within the header's payload", () => 17 + 90),
  cut("behind-header", "behind the header", frameAt(1)),
  cut("behind-start", "behind a keyspace-start", frameAt(2)),
  cut("block-head", "within the head of a block", frameAt(2, 10)),
  cut("block", "within a block's data", frameAt(2, 33 + 15)),
  cut("block-last-byte", "a byte before a block's end", frameAt(3, -1)),
  cut("behind-block", "behind a block", frameAt(3)),
  cut("index", "within an index frame", frameAt(4, 40)),
  cut("behind-index", "behind an index frame", frameAt(5)),
  cut("behind-keyspace", "behind a keyspace", frameAt(6)),
  cut("behind-keyspaces", "behind the last keyspace", frameAt(10)),
  cut("footer", "within the footer", frameAt(10, 100)),
  cut("behind-footer", "behind the footer", ({ tail }) => tail),
  cut("tail-1", "behind the first byte of the tail", ({ tail }) => tail + 1),
  cut("tail-2", "behind the second byte of the tail", ({ tail }) => tail + 2),
  cut("tail-30", "a byte before the end", ({ tail }) => tail + 30),
];

/** @param {string} name @param {string} description @param {(tail: Buffer, layout: Layout) => Buffer} change */
const tail = (name, description, change) => whole(`tail-${name}`, description, "R11", "DUMP_TAIL_DAMAGED", (bytes, layout) => Buffer.concat([bytes.subarray(0, layout.tail), change(Buffer.from(bytes.subarray(layout.tail)), layout)]), "tail");

/** @param {string} name @param {string} description @param {(bytes: Buffer) => Buffer} more */
const trailing = (name, description, more) => whole(`trailing-${name}`, description, "R10", "DUMP_TRAILING_DATA", (bytes) => Buffer.concat([bytes, more(bytes)]), "behind");

const ENDS = [
  ...[2, 10, 18, 19, 23, 30].map((place) => tail(`bit-${String(place)}`, `a flipped bit in byte ${String(place)} of the tail`, (bytes) => flipped(bytes, place))),
  tail("garbage", "something else where the tail should be", (bytes) => bytes.fill(0x20)),
  tail("another-dump", "another dump begins where the tail should be", () => Buffer.concat([magic([1, 0]), Buffer.alloc(40)])),
  tail("garbage-short", "three bytes of something else where the tail should be", () => Buffer.from("abc")),
  ...[0n, 17n, 2n ** 53n, 2n ** 64n - 1n].map((offset) => tail(`offset-${String(offset)}`, `the tail says that the footer is at ${String(offset)}`, (bytes, { tail: at }) => tailBytes(offset, at + bytes.length))),
  tail("offset-one-off", "the tail says that the footer is a byte before where it is", (bytes, { tail: at, offsets }) => tailBytes((offsets[10] ?? 0) - 1, at + bytes.length)),
  tail("length-one-less", "the tail says that the dump is a byte shorter", (bytes, { tail: at, offsets }) => tailBytes(offsets[10] ?? 0, at + bytes.length - 1)),
  tail("length-2-64", "the tail says that the dump has 2^64 - 1 bytes", (_, { offsets }) => tailBytes(offsets[10] ?? 0, 2n ** 64n - 1n)),
  tail("of-another", "the tail of a shorter dump", () => { const { frames, version } = build(small()); return layOut(frames, version).bytes.subarray(-31); }),
  trailing("line-feed", "a line feed behind the dump", () => Buffer.from("\n")),
  trailing("zero", "a zero behind the dump", () => Buffer.of(0)),
  trailing("dump", "another dump behind the dump", (bytes) => bytes),
  trailing("tail", "the tail is there twice", (bytes) => bytes.subarray(-31)),
  trailing("frame", "a frame behind the dump", (bytes) => bytes.subarray(17, 100)),
];

/** @param {string} name @param {string} description @param {Model} model @param {number} at @param {string} [text] @param {(bytes: Buffer) => Buffer} [behind] @returns {Invalid} */
const gaveUp = (name, description, model, at, text = "disk full", behind) => ({
  name: `abort-${name}`, description, breaks: ["R49"], code: "DUMP_ABORTED", model, at,
  frames: (frames) => { const all = inserted(at, "A", map([["reason", str(text)]]))(frames); return behind === undefined ? all.slice(0, at + 1) : all; },
});

const ABORTS = [
  gaveUp("behind-header", "the producer gave up behind the header", two(), 1),
  gaveUp("within-keyspace", "the producer gave up within a keyspace", two(), 2),
  gaveUp("behind-block", "the producer gave up behind a block", two(), 3),
  gaveUp("behind-keyspace", "the producer gave up behind a keyspace", two(), 6),
  gaveUp("before-footer", "the producer gave up before the footer", two(), 10),
  gaveUp("empty-reason", "the producer gave up and does not say why", small(), 1, ""),
  gaveUp("control", "a reason with a terminal escape, which nobody may print as it is", small(), 1, "\u001b[2J\u202egone"),
  gaveUp("not-last", "a dump goes on behind an abort frame: nobody reads that", two(), 3, "disk full", (bytes) => bytes),
  gaveUp("salvaged", "the producer of a salvaged dump gave up within a gap", salvaged(), 4),
];
/** @type {Invalid[]} */
const BAD_ABORTS = [
  { name: "abort-reason-missing", description: "an abort frame without a reason", breaks: ["R16"], code: "DUMP_MALFORMED", model: { ...aborted(), fields: {}, payload: { A: () => map([]) } } },
  { name: "abort-reason-type", description: "an abort frame whose reason is a bin", breaks: ["R12"], code: "DUMP_MALFORMED", model: { ...aborted(), payload: { A: () => map([["reason", bin("x")]]) } } },
  { name: "abort-field-unknown", description: "an abort frame with a field that this version does not have", breaks: ["R17"], code: "DUMP_MALFORMED", model: { ...aborted(), payload: { A: () => map([["reason", str("x")], ["more", uint(1)]]) } } },
];

/** A frame whose head claims a length, and nothing behind it. @param {string} kind @param {number} length @param {string} code @param {Model} [model] @returns {Invalid} */
function claims(kind, length, code, model = small()) {
  const limit = code === "DUMP_LIMIT_EXCEEDED";
  const bytes = (/** @type {Buffer} */ all, /** @type {Layout} */ { offsets }) => {
    const start = all.subarray(0, offsets[2]);
    const checked = Buffer.concat([Buffer.from(kind), all.subarray(21, 29), bigEndian(2, 4), bigEndian(length, 4), bigEndian(0, 4)]);
    return Buffer.concat([start, Buffer.from("92c718", "hex"), checked, bigEndian(crc32(checked), 4), Buffer.of(0xc6), bigEndian(length, 4)]);
  };
  const description = `a frame of kind ${kind} that claims a payload of ${String(length)} bytes, ${limit ? "more than may be" : "the most that may be"}, and nothing behind it`;
  return { name: `payload-${kind === "X" ? "unknown" : kind}-${String(length)}`, description, breaks: [limit ? "R6" : "R9"], code, model, bytes, ...(limit ? { at: 2 } : {}) };
}

const newer = () => ({ ...small(), version: /** @type {[number, number]} */ ([1, 2]) });
const KIND_LIMITS = { H: 16_777_216, S: 131_072, I: 1_048_576 + 2 * 16_777_216 + 128, G: 2 * 16_777_216 + 256, E: 131_072, F: 33_554_432, A: 131_072, B: 1_124_073_546 };
const LENGTHS = [
  ...Object.entries(KIND_LIMITS).flatMap(([kind, limit]) => [claims(kind, limit + 1, "DUMP_LIMIT_EXCEEDED"), claims(kind, limit, "DUMP_TRUNCATED")]),
  claims("X", 16_777_217, "DUMP_LIMIT_EXCEEDED"),
  claims("X", 16_777_216, "DUMP_TRUNCATED"),
  claims("x", 16_777_217, "DUMP_LIMIT_EXCEEDED", newer()),
  claims("x", 16_777_216, "DUMP_TRUNCATED", newer()),
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1].map((length) => claims("B", length, "DUMP_LIMIT_EXCEEDED")),
];

/** @type {Invalid[]} */
export const INVALID_FRAMES = [...MAGIC, ...HEADS, ...ORDER, ...CUTS, ...ENDS, ...ABORTS, ...BAD_ABORTS, ...LENGTHS];
