// @ts-check
/** The valid vectors: each is one thing that a reader must take as it is. */
import { array, bin, map, nil, str, uint, yes } from "./encode.mjs";
import { build, encodeEntries, layOut, sha256 } from "./dump.mjs";
import { lz4Sequence, repeated, zstd } from "./codecs.mjs";
import { BASE, block, coded, delta, entry, gap, keyspace, LONG, longBlocks, longKeys, manyBlocks, one, packLz4, packZstd, salvaged, small, twoKeyspaces, zeros } from "./samples.mjs";

/** @typedef {import("./dump.mjs").Model} Model */
/** @typedef {import("./expect.mjs").Valid} Valid */
/** @typedef {import("./encode.mjs").Field} Field */

/** A frame as zstd 1.5 writes one, with literals compressed by Huffman's method and sequences. */
const TEXT = "to be or not to be, that is the question: whether 'tis nobler in the mind to suffer the slings and arrows of outrageous fortune, or to take arms against a sea of troubles and by opposing end them. to die, to sleep, no more; and by a sleep to say we end the heart-ache and the thousand natural shocks that flesh is heir to";
const TEXT_ZSTD = "28b52ffd604c00cd060076102d1db0271d4892248d2d5b8a589b366d636f4292349d8224d635529431b6312500230024004ec95511a5a0e7933e8c16d451a2d7a23e59444d3b59a479d57b9df479003cd2a9b1137004d967ef45ac56de97e2ba19bb5ceff222e377564559915128e1795916f65945a146a15e76c23e8b18297d96d0f8b88c427885e26d244ec9fa6597d78cb5262a648c159bb33a6101cf1ef229a21e745a3081f8c126bb95a670fda4d50761833cf3a9196d98197c6f7a5544110c001b6b14cca0d9e41f60d2a26ef01c77ace4e0113e7ac29c364f19a9560061e201";
/** XXH64 of the raw bytes of LONG, its low four bytes. */
const LONG_CHECKSUM = "b191b748";

/** @param {string} name @param {string} description @param {Model} model @returns {Valid} */
const vector = (name, description, model) => ({ name, description, model });

/** @param {string} name @param {string} description @param {Buffer | string} given */
const named = (name, description, given) => vector(`keyspace-name-${name}`, description, { keyspaces: [keyspace(given, [block([entry("a", "1")])])] });

/** @param {string} name @param {string} description @param {import("./dump.mjs").Entry[]} entries @param {string} [order] */
const holding = (name, description, entries, order = "bytewise") => vector(name, description, { keyspaces: [keyspace("default", [block(entries)], { order })] });

/** @param {Field[]} fields @returns {Field[]} */
const withUnknown = (fields) => [["added", array([uint(1), str("x"), bin("y"), map([["deep", array([Buffer.of(0xc2)])]])])], ...fields];

/** @param {number} depth @param {Buffer} inner @returns {Buffer} */
const nested = (depth, inner) => (depth === 0 ? inner : array([nested(depth - 1, inner)]));

const inner = () => {
  const { frames, version } = build(small());
  return layOut(frames, version).bytes;
};

/** @type {(fields: Field[]) => Field[]} */
const reversed = (fields) => [...fields].reverse();

/** One entry of zeros that so many bytes of zstd stand for, 256 of them for each. @param {number} stored @returns {import("./dump.mjs").Item} */
function expanded(stored) {
  const raw = stored * 256;
  const prefix = Buffer.concat([bin("z"), bin(Buffer.alloc(raw - 8)).subarray(0, 5)]);
  // As much is left plain as the frame has bytes to fill.
  const frame = (/** @type {number} */ plain) => zstd([{ raw: prefix }, { raw: Buffer.alloc(plain) }, ...repeated(0, raw - prefix.length - plain)], { content: raw, window: 7 << 3 });
  const some = 60_000;
  const data = frame(some + stored - frame(some).length);
  return block([entry("z", Buffer.alloc(raw - 8))], { codec: 2, pack: () => data });
}

/** @type {Valid[]} */
export const VALID = [
  vector("no-keyspaces", "a store without keyspaces: header, footer, tail", {}),
  vector("keyspace-empty", "a keyspace without entries", { keyspaces: [keyspace("default")] }),
  vector("keyspaces-empty", "three keyspaces without entries", { keyspaces: [keyspace("a"), keyspace("b"), keyspace("c")] }),
  vector("keyspaces-many", "twenty keyspaces, so that arrays need their longer head", { keyspaces: Array.from({ length: 20 }, (_, n) => keyspace(`ks${String(n).padStart(2, "0")}`, n % 3 === 0 ? [] : [block([entry("k", String(n))])])) }),
  vector("two-keyspaces", "three blocks in two keyspaces, the second being smaller", { keyspaces: twoKeyspaces() }),
  named("empty", "a name of no bytes", ""),
  named("binary", "a name that is not UTF-8", Buffer.from("00ff80c0fe0a", "hex")),
  named("control", "a name with a terminal escape and a bidi control, which nobody may print as it is", "\u001b[2J\u202eevil"),
  named("prototype", "a name that is special to JavaScript", "__proto__"),
  named("long", "a name of 300 bytes, whose bin has two bytes of length", "n".repeat(300)),
  vector("keyspace-names-prefixes", "names of which one begins with the other, in no order", { keyspaces: [keyspace("ab"), keyspace("a"), keyspace(""), keyspace("A")] }),
  holding("entry-one", "one entry: the first key is the last", [entry("key", "value")]),
  holding("entry-empty-key-and-value", "a key and a value of no bytes", [entry("", "")]),
  holding("entry-empty-value", "a value of no bytes", [entry("a", "1"), entry("b", "")]),
  holding("entry-value-nil-byte", "a value that is the byte of nil", [entry("a", Buffer.of(0xc0))]),
  holding("entry-prototype", "keys that are special to JavaScript", ["__proto__", "constructor", "toString"].map((key) => entry(key, "x"))),
  holding("keys-unsigned", "unsigned byte order", ["00", "0000", "01", "7f", "80", "ff", "ffff"].map((key) => entry(Buffer.from(key, "hex"), "v"))),
  holding("keys-prefixes", "a key stands before those that it is a prefix of", ["", "a", "a\0", "aa", "ab", "b"].map((key) => entry(key, "v"))),
  holding("keys-reverse", "reverse order, prefixes last", ["b", "ab", "aa", "a\0", "a", ""].map((key) => entry(key, "v")), "reverse-bytewise"),
  holding("key-lengths", "keys of 255 and 256 bytes", [entry("k".repeat(255), "1"), entry("k".repeat(256), "2")]),
  holding("value-lengths", "values of 255 and 256 bytes", [entry("a", "v".repeat(255)), entry("b", "v".repeat(256))]),
  vector("value-65535", "a value of 65,535 bytes: the longest with two bytes of length", coded(2, zeros(65_535 + 6))),
  vector("value-65536", "a value of 65,536 bytes: the shortest with four bytes of length", coded(2, zeros(65_536 + 8))),
  vector("orders-mixed", "a keyspace in each order, of the same keys", { keyspaces: [keyspace("up", [block([entry("a", "1")]), block([entry("b", "2")])]), keyspace("down", [block([entry("b", "2")]), block([entry("a", "1")])], { order: "reverse-bytewise" })] }),
  vector("blocks-of-one-entry", "three blocks of one entry each", one(block([entry("a", "1")]), block([entry("b", "2")]), block([entry("c", "3")]))),
  vector("blocks-reverse", "blocks of a keyspace in reverse order", { keyspaces: [keyspace("down", [block([entry("z", "1"), entry("y", "2")]), block([entry("x", "3"), entry("", "4")])], { order: "reverse-bytewise" })] }),
  vector("codec-lz4", "a block in LZ4", coded(1, block(LONG, { pack: packLz4 }))),
  vector("codec-lz4-overlap", "a match that overlaps itself with period three", coded(1, block([entry("k", "abc".repeat(30))], { pack: (raw) => Buffer.concat([lz4Sequence(raw.subarray(0, 8), { offset: 3, length: 80 }), lz4Sequence(raw.subarray(88))]) }))),
  vector("codec-lz4-first-byte", "a match that begins at the first byte", coded(1, block([entry("k", Buffer.concat([Buffer.alloc(30, "v"), bin("k"), Buffer.from("c43c", "hex"), Buffer.alloc(25, "v")]))], { pack: (raw) => Buffer.concat([lz4Sequence(raw.subarray(0, 6), { offset: 1, length: 29 }), lz4Sequence("", { offset: 35, length: 20 }), lz4Sequence(raw.subarray(55))]) }))),
  vector("codec-lz4-ends", "a last match of six bytes that begins twelve bytes before the end, and one of seven with five literals behind it", coded(1, ...[6, 5].map((left) => block([entry(`k${String(9 - left)}`, "v".repeat(100))], { pack: (raw) => Buffer.concat([lz4Sequence(raw.subarray(0, 7), { offset: 1, length: raw.length - 7 - 12 }), lz4Sequence("", { offset: 1, length: 12 - left }), lz4Sequence(raw.subarray(raw.length - left))]) })))),
  vector("codec-lz4-last-token", "a last token whose lower four bits are set", coded(1, block(LONG, { pack: (raw) => { const data = packLz4(raw); data.writeUInt8(data.readUInt8(data.length - 6) | 15, data.length - 6); return data; } }))),
  vector("codec-lz4-expansion", "a run that LZ4 packs as far as it can", coded(1, block([entry("k", "r".repeat(20_000))], { pack: packLz4 }))),
  vector("codec-lz4-mixed", "a dump in LZ4 with a block that did not shrink and is stored with none", coded(1, block(LONG, { pack: packLz4 }), block([entry("z", "1")]))),
  vector("codec-lz4-unused", "a dump in LZ4 none of whose blocks shrank", coded(1, block([entry("a", "1")]))),
  vector("codec-zstd", "plain and repeated blocks of zstd", coded(2, block(LONG, { pack: packZstd }))),
  vector("codec-zstd-compressed", "a frame as zstd itself writes it", coded(2, block([entry("hamlet", TEXT)], { pack: () => Buffer.from(TEXT_ZSTD, "hex") }))),
  vector("codec-zstd-checksum", "a frame with zstd's own checksum", coded(2, block(LONG, { pack: (raw) => zstd(longBlocks(raw), { content: raw.length, checksum: Buffer.from(LONG_CHECKSUM, "hex") }) }))),
  vector("codec-zstd-unused-bit", "a frame whose unused bit is set", coded(2, block(LONG, { pack: (raw) => zstd(longBlocks(raw), { content: raw.length, descriptor: 16 }) }))),
  vector("codec-zstd-window", "a frame with a window of 8 MiB instead of a single segment", coded(2, block(LONG, { pack: (raw) => zstd(longBlocks(raw), { content: raw.length, window: 13 << 3 }) }))),
  vector("codec-zstd-content-1", "a content size of one byte", coded(2, block([entry("k", "x".repeat(200))], { pack: (raw) => zstd([{ raw: raw.subarray(0, 5) }, { repeat: 0x78, times: 200 }], { content: raw.length }) }))),
  vector("codec-zstd-content-4", "a content size of four bytes where two would do", coded(2, block(LONG, { pack: (raw) => zstd(longBlocks(raw), { content: raw.length, contentBytes: 4 }) }))),
  vector("codec-zstd-content-8", "a content size of eight bytes", coded(2, block(LONG, { pack: (raw) => zstd(longBlocks(raw), { content: raw.length, contentBytes: 8 }) }))),
  vector("codec-zstd-mixed", "a dump in zstd with a block that did not shrink and is stored with none", coded(2, block(LONG, { pack: packZstd }), block([entry("z", "1")]))),
  vector("codec-zstd-window-large", "a window of 9 MiB for a block of 10 MiB", coded(2, block([entry("z", Buffer.alloc(10 << 20))], { pack: (raw) => zstd([{ raw: raw.subarray(0, 8) }, ...repeated(0, raw.length - 8)], { content: raw.length, window: (13 << 3) | 1, contentBytes: 4 }) }))),
  vector("expansion-free", "a block of exactly the free expansion, 16 MiB, out of some hundred bytes", coded(2, zeros(16 << 20))),
  vector("expansion-256", "a block beyond the free expansion with 256 raw bytes for each stored one", coded(2, expanded(65_540))),
  vector("index-early", "an index frame behind each block", one(block([entry("a", "1")]), "index", block([entry("b", "2")]), "index", block([entry("c", "3")]))),
  vector("index-1024", "1,024 blocks: the index is full, and ends the keyspace", { keyspaces: [keyspace("default", manyBlocks(1024))] }),
  vector("index-1025", "1,025 blocks: an index frame stands before the last one", { keyspaces: [keyspace("default", manyBlocks(1025))] }),
  vector("index-1-mib-less", "what waits takes a byte less than 1 MiB: no index frame need stand before the next block", coded(2, longKeys((1 << 20) - 1), block([entry("z", "2")]))),
  vector("footer-key-256", "a first key of 256 bytes stands in the footer", one(block([entry("k".repeat(256), "1")]))),
  vector("footer-key-257", "a first key of 257 bytes is nil in the footer", one(block([entry("k".repeat(257), "1")]))),
  vector("delta", "an entry put, one removed", delta()),
  vector("delta-removals", "a delta that only removes", { ...delta(), keyspaces: [keyspace("default", [block([entry("a", null), entry("b", null), entry("c", null)])], { result: { entries: 0, digest: sha256() } })] }),
  vector("delta-empty", "a delta in which nothing changed", { ...delta(), keyspaces: [keyspace("default", [], { result: { entries: 3, digest: BASE.keyspaces[0]?.digest ?? sha256() } })] }),
  vector("delta-new-keyspace", "a keyspace that the base does not have", { ...delta(), keyspaces: [...(delta().keyspaces ?? []), keyspace("new", [block([entry("n", "1")])], { result: { entries: 1, digest: sha256(encodeEntries([entry("n", "1")])) } })] }),
  vector("delta-dropped-keyspace", "a keyspace that only the base has", { header: { kind: "delta", base: { ...BASE, keyspaces: [...BASE.keyspaces, { name: Buffer.from("gone"), entries: 0, digest: sha256() }] } }, keyspaces: delta().keyspaces ?? [] }),
  vector("delta-no-keyspaces", "a delta over a store without keyspaces that has none either", { header: { kind: "delta", base: { id: BASE.id, keyspaces: [] } } }),
  vector("delta-salvaged", "a delta that was salvaged", { header: { kind: "delta", base: BASE, salvaged: { id: null } }, keyspaces: [keyspace("default", [gap(null, "b"), block([entry("b", null)])], { result: { entries: 2, digest: sha256() } })] }),
  vector("salvaged", "a salvaged dump: two blocks are missing between two others", salvaged()),
  vector("salvaged-whole", "a salvaged dump in which nothing is missing", { ...small(), header: { salvaged: { id: null } } }),
  vector("salvaged-gap-first", "a gap before the first block", { header: { salvaged: { id: null } }, keyspaces: [keyspace("default", [gap(null, "k"), block([entry("k", "1")])])] }),
  vector("salvaged-gap-last", "a gap behind the last block", { header: { salvaged: { id: null } }, keyspaces: [keyspace("default", [block([entry("k", "1")]), gap("k", null, { blocks: 1 })])] }),
  vector("salvaged-gap-each", "gaps at the ends of keyspaces: what is before a gap, or before a block, counts within its keyspace only", { header: { salvaged: { id: null } }, keyspaces: [keyspace("a", [block([entry("k", "1")]), gap("k", null)]), keyspace("b", [block([entry("a", "2")]), gap("a", null)]), keyspace("c", [gap(null, "a"), block([entry("a", "3")])])] }),
  vector("salvaged-gap-only", "a keyspace of which nothing is left", { header: { salvaged: { id: null } }, keyspaces: [keyspace("default", [gap(null, null, { bytes: 4096 })])] }),
  vector("salvaged-gap-behind-index", "a gap between an index frame and the next block, and one between a block and its index frame", { header: { salvaged: { id: null } }, keyspaces: [keyspace("default", [block([entry("a", "1")]), "index", gap("a", "b"), block([entry("b", "2")]), gap("b", "c"), "index", block([entry("c", "3")])])] }),
  vector("salvaged-gaps-reverse", "gaps in a keyspace in reverse order", { header: { salvaged: { id: null } }, keyspaces: [keyspace("down", [block([entry("z", "1")]), gap("z", "a"), block([entry("a", "2")]), gap("a", null)], { order: "reverse-bytewise" })] }),
  vector("source-options-none", "version 1.1, a store without options", { ...small(), version: [1, 1] }),
  vector("source-options", "options of the store, beside those of a keyspace", { version: [1, 1], header: { options: [["rocksdb.prepared", "2"], ["__proto__", "x"], ["", ""], ["a name that nobody knows", "\ufeff"]] }, keyspaces: [keyspace("default", [block([entry("a", "1")])], { options: [["a", "b"]] })] }),
  vector("newer-minor", "version 1.2 without anything new", { ...small(), version: [1, 2] }),
  vector("newer-minor-65535", "version 1.65535", { ...small(), version: [1, 65_535] }),
  vector("newer-minor-fields", "unknown fields in each map of frames of version 1.2", { ...small(), version: [1, 2], fields: { H: withUnknown, S: withUnknown, E: withUnknown, F: withUnknown } }),
  vector("newer-minor-fields-gap", "an unknown field in a gap of version 1.2", { ...salvaged(), version: [1, 2], fields: { G: withUnknown } }),
  vector("newer-minor-fields-inner", "an unknown field in the map `source` of version 1.2", { ...small(), version: [1, 2], fields: { H: (fields) => fields.map(([name, value]) => [name, name === "source" ? Buffer.concat([Buffer.of(0x86), value.subarray(1), str("region"), str("eu")]) : value]) } }),
  vector("newer-minor-text", "an unknown field with a text of 65,536 bytes: the limit of a text does not hold there", { ...small(), version: [1, 2], fields: { H: (fields) => [...fields, ["long", str("x".repeat(65_536))]] } }),
  vector("newer-minor-nested-8", "an unknown field with eight arrays within one another", { ...small(), version: [1, 2], fields: { H: (fields) => [...fields, ["deep", nested(8, uint(1))]] } }),
  vector("newer-minor-uint-64", "an unknown field with the largest number of 64 bits", { ...small(), version: [1, 2], fields: { H: (fields) => [...fields, ["big", uint(2n ** 64n - 1n)]] } }),
  vector("newer-minor-widths", "an unknown field with values of each type in each width", { ...small(), version: [1, 2], fields: { H: (fields) => [...fields, ["widths", array([...[127, 128, 2 ** 8, 2 ** 16, 2 ** 32].map((each) => uint(each)), ...[0, 256, 65_536].map((length) => bin(Buffer.alloc(length))), ...[31, 32, 256].map((length) => str("x".repeat(length))), array(Array(16).fill(nil)), map(Array.from({ length: 16 }, (_, n) => [`key ${String(n)}`, yes]))])]] } }),
  vector("newer-minor-frames", "frames that may be skipped, before, within and behind a keyspace", { version: [1, 2], afterHeader: [{ kind: "x", payload: Buffer.alloc(0) }], keyspaces: [keyspace("default", [{ frame: { kind: "a", payload: Buffer.from("anything") } }, block([entry("a", "1")]), { frame: { kind: "z", payload: Buffer.from("KGDEND\r\n") } }])] }),
  vector("fields-in-another-order", "the fields of each map in reverse order", { ...small(), fields: { H: reversed, S: reversed, E: reversed, F: reversed } }),
  vector("header-most", "the largest numbers that a header may have", { header: { time: 8_640_000_000_000_000, sequence: 2n ** 64n - 1n, blockSize: 2 ** 32 - 1 }, keyspaces: [keyspace("default", [], { estimates: [2 ** 53 - 1, 2 ** 53 - 1] })] }),
  vector("header-least", "the smallest numbers that a header may have, and empty texts", { header: { time: 0, sequence: 0n, blockSize: 1, producer: "", engine: "", engineVersion: "", database: "", filter: "" }, keyspaces: [keyspace("default")] }),
  vector("header-texts", "texts with a byte order mark, NUL, a control character and characters beyond the first plane", { ...small(), header: { producer: "\ufeffp\0", filter: "\u001b[31m\u{1f600}", database: "\u{10ffff}" } }),
  vector("header-options", "options of a keyspace, one with a name that is special to JavaScript", { keyspaces: [keyspace("default", [], { options: [["comparator", "leveldb.BytewiseComparator"], ["__proto__", "x"], ["", ""]] })] }),
  vector("header-options-many", "twenty options of a keyspace, so that their map needs its longer head", { keyspaces: [keyspace("default", [], { options: Array.from({ length: 20 }, (_, n) => [`option ${String(n)}`, "x".repeat(n)]) })] }),
  holding("value-is-a-dump", "a value that is a whole dump", [entry("dump", inner())]),
  holding("value-is-a-frame", "a value that is a frame of this very dump's marker, and one that is a tail", [entry("frame", inner().subarray(17, 60)), entry("tail", inner().subarray(-31))]),
  vector("block-size-small", "blocks of more raw bytes than the header's block size", { header: { blockSize: 1 }, keyspaces: twoKeyspaces() }),
];
