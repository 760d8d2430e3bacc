// @ts-check
/** Invalid vectors of blocks: what they say of themselves, their entries, and the limits of fields. */
import { array, arrayHead, at, bigEndian, bin, binHead, map, mapHead, nil, set, str, strHead, uint, yes } from "./encode.mjs";
import { fieldsOf, itemsOf } from "./take-apart.mjs";
import { encodeEntries } from "./dump.mjs";
import { block, coded, delta, entry, keyspace, LONG, one, packLz4, packZstd, salvaged, small, twoKeyspaces } from "./samples.mjs";

/** @typedef {import("./dump.mjs").Entry} Entry */
/** @typedef {import("./dump.mjs").Model} Model */
/** @typedef {import("./encode.mjs").Field} Field */
/** @typedef {import("./expect.mjs").Invalid} Invalid */

/** @param {string} name @param {string} description @param {string} breaks @param {string} code @param {Model} model @returns {Invalid} */
const vector = (name, description, breaks, code, model) => ({ name, description, breaks: [breaks], code, model });

const PARTS = ["keyspace", "codec", "raw-length", "entries", "first-key", "last-key", "data"];

/** A block one of whose parts is exchanged. @param {string} name @param {string} description @param {string} breaks @param {number} place @param {Buffer} given @param {{ code?: string, model?: Model }} [more] */
const part = (name, description, breaks, place, given, { code = "DUMP_MALFORMED", model = small() } = {}) =>
  vector(`block-${name}`, description, breaks, code, { ...model, parts: { B: (parts) => at(parts, place, given) } });

/** A block with another payload. @param {string} name @param {string} description @param {string} breaks @param {(payload: Buffer) => Buffer} change */
const whole = (name, description, breaks, change) => vector(`block-${name}`, description, breaks, "DUMP_MALFORMED", { ...small(), payload: { B: change } });

const packed = () => coded(1, block(LONG, { pack: packLz4 }));
const limit = { code: "DUMP_LIMIT_EXCEEDED" };

const HEADS = [
  ...PARTS.map((name, place) => part(`${name}-type`, `the ${name} is true`, "R12", place, yes)),
  ...PARTS.slice(0, 4).map((name, place) => part(`${name}-long-form`, `the ${name} has 64 bits where seven do`, "R13", place, uint([0, 0, 12, 2][place] ?? 0, 8))),
  part("first-key-long-form", "the first key has 16 bits of length where eight do", "R13", 4, bin("a", 2)),
  part("last-key-long-form", "the last key has 32 bits of length where eight do", "R13", 5, bin("b", 4)),
  part("data-long-form", "the data has 32 bits of length where eight do", "R13", 6, bin(encodeEntries([entry("a", "1"), entry("b", "2")]), 4)),
  whole("not-an-array", "a map where the array should be", "R12", () => map([["keyspace", uint(0)]])),
  whole("six", "an array of six", "R12", (payload) => array(itemsOf(payload).slice(0, 6))),
  whole("eight", "an array of eight", "R12", (payload) => array([...itemsOf(payload), nil])),
  whole("claims-eight", "an array that claims eight parts and has seven", "R12", (payload) => Buffer.concat([arrayHead(8), payload.subarray(1)])),
  whole("claims-six", "an array that claims six parts and has seven", "R12", (payload) => Buffer.concat([arrayHead(6), payload.subarray(1)])),
  whole("array-16", "an array with 16 bits of length where four do", "R13", (payload) => Buffer.concat([arrayHead(7, 2), payload.subarray(1)])),
  whole("trailing", "a byte behind the array", "R14", (payload) => Buffer.concat([payload, nil])),
  whole("cut", "the payload ends within the data", "R12", (payload) => payload.subarray(0, -1)),
  whole("data-claims-more", "data with a byte more than follows", "R12", (payload) => Buffer.concat([array(itemsOf(payload).slice(0, 6)).fill(0x97, 0, 1), Buffer.from("c40d", "hex"), payload.subarray(-12)])),
  part("keyspace-unknown", "a keyspace that the header does not have", "R26", 0, uint(1)),
  part("keyspace-2-53", "keyspace 2^53", "R19", 0, uint(2n ** 53n)),
  part("keyspace-other", "another keyspace than the one that was started", "R26", 0, uint(1), { code: "DUMP_FRAME_MISPLACED", model: { keyspaces: twoKeyspaces() } }),
  part("codec-unknown", "a codec that nobody knows", "R24", 1, uint(9), { code: "DUMP_CODEC_UNKNOWN" }),
  part("codec-2-53-1", "codec 2^53 - 1, which nobody knows", "R24", 1, uint(2 ** 53 - 1), { code: "DUMP_CODEC_UNKNOWN" }),
  part("codec-2-53", "codec 2^53: no number", "R19", 1, uint(2n ** 53n)),
  part("codec-not-header", "zstd in a dump in LZ4", "R27", 1, uint(2), { model: packed() }),
  part("codec-in-none", "LZ4 in a dump without compression", "R27", 1, uint(1)),
  part("raw-length-less", "plain data with a raw length of one less", "R28", 2, uint(11)),
  part("raw-length-more", "plain data with a raw length of one more", "R28", 2, uint(13)),
  part("raw-length-0", "a raw length of 0", "R28", 2, uint(0)),
  part("raw-length-2-32", "a raw length of 2^32", "R19", 2, uint(2 ** 32)),
  part("raw-length-2-53", "a raw length of 2^53", "R19", 2, uint(2n ** 53n)),
  part("raw-length-2-64", "a raw length of 2^64 - 1", "R19", 2, uint(2n ** 64n - 1n)),
  part("raw-length-2-32-1", "a raw length of 2^32 - 1", "R52", 2, uint(2 ** 32 - 1), limit),
  part("raw-length-2-31", "a raw length of 2^31", "R52", 2, uint(2 ** 31), limit),
  part("raw-length-beyond", "a raw length of one more than the limit", "R52", 2, uint(1_090_519_051), limit),
  part("raw-length-bomb", "a raw length of exactly the limit: some bytes cannot stand for it", "R29", 2, uint(1_090_519_050), { ...limit, model: packed() }),
  part("expansion", "one raw byte more than the free expansion, out of some ten bytes", "R29", 2, uint(16_777_217), { ...limit, model: packed() }),
  part("expansion-free", "a raw length of exactly the free expansion: the data does not decode to it", "R32", 2, uint(16_777_216), { code: "DUMP_BLOCK_DAMAGED", model: coded(2, block(LONG, { pack: packZstd })) }),
  vector("block-data-not-smaller", "compressed data as long as the raw bytes", "R28", "DUMP_MALFORMED", { ...packed(), parts: { B: (parts) => at(parts, 2, uint(packLz4(encodeEntries(LONG)).length)) } }),
  part("entries-0", "no entries", "R30", 3, uint(0)),
  part("entries-too-many", "more entries than the raw bytes can hold", "R30", 3, uint(5)),
  part("entries-2-53-1", "2^53 - 1 entries", "R30", 3, uint(2 ** 53 - 1)),
  part("entries-2-53", "2^53 entries", "R19", 3, uint(2n ** 53n)),
  vector("block-last-key-of-one", "one entry, and a last key that is not the first", "R31", "DUMP_MALFORMED", { ...one(block([entry("a", "1")])), parts: { B: (parts) => at(parts, 5, bin("b")) } }),
  part("keys-equal", "two entries, and a last key that is the first", "R31", 5, bin("a"), { code: "DUMP_ORDER_BROKEN" }),
  part("keys-descending", "a last key before the first", "R31", 5, bin("A"), { code: "DUMP_ORDER_BROKEN" }),
  part("keys-ascending-in-reverse", "a last key behind the first in a keyspace in reverse order", "R31", 4, bin("A"), { code: "DUMP_ORDER_BROKEN", model: { keyspaces: [keyspace("down", [block([entry("b", "1"), entry("a", "2")])], { order: "reverse-bytewise" })] } }),
  part("first-key-wrong", "a first key that is not that of the entries", "R37", 4, bin("A"), { code: "DUMP_ENTRIES_MALFORMED" }),
  part("last-key-wrong", "a last key that is not that of the entries", "R37", 5, bin("c"), { code: "DUMP_ENTRIES_MALFORMED" }),
];

const RAW = encodeEntries([entry("a", "1"), entry("b", "2")]);

/** Raw bytes that are not what the block announces. @param {string} name @param {string} description @param {Buffer} raw @param {string} [breaks] @param {Entry[]} [announced] */
const raw = (name, description, raw, breaks = "R35", announced = [entry("a", "1"), entry("b", "2")]) => ({
  ...vector(`entries-${name}`, description, breaks, "DUMP_ENTRIES_MALFORMED", one(block(announced, { raw }))),
  at: 2,
});

/** Entries that are well-formed and wrong. @param {string} name @param {string} description @param {import("./dump.mjs").Item[]} items @param {string} [order] @returns {Invalid} */
const ordered = (name, description, items, order = "bytewise") => ({ name: `order-${name}`, description, breaks: ["R38"], code: "DUMP_ORDER_BROKEN", model: { keyspaces: [keyspace("default", items, { order })] }, at: 1 + items.length });

const abc = (/** @type {string[]} */ ...keys) => keys.map((key) => entry(key, "v"));

const ENTRIES = [
  raw("key-str", "a key that is a text", Buffer.concat([str("a"), bin("12"), bin("b"), bin("2")])),
  raw("value-str", "a value that is a text", Buffer.concat([bin("a"), str("12"), bin("b"), bin("2")])),
  raw("value-uint", "a value that is a number", Buffer.concat([bin("a"), uint(1), bin("b"), bin("22"), Buffer.of(0xc4)])),
  raw("key-nil", "a key that is nil", Buffer.concat([nil, bin("1234"), bin("b"), bin("2")])),
  raw("key-16", "a key with 16 bits of length where eight do", Buffer.concat([bin("a", 2), bin("1"), bin("b"), bin("2")])),
  raw("key-32", "a key with 32 bits of length where eight do", Buffer.concat([bin("a", 4), bin("1"), bin("b"), bin("2")])),
  raw("value-16", "a value with 16 bits of length where eight do", Buffer.concat([bin("a"), bin("1", 2), bin("b"), bin("2")])),
  raw("value-32", "a value with 32 bits of length where eight do", Buffer.concat([bin("a"), bin("1", 4), bin("b"), bin("2")])),
  raw("value-32-for-16", "a value of 256 bytes with 32 bits of length where sixteen do", Buffer.concat([bin("a"), bin("v".repeat(256), 4), bin("b"), bin("2")])),
  raw("cut-head", "the raw bytes end within the head of a key", Buffer.concat([RAW, Buffer.of(0xc4)])),
  raw("cut-key", "the raw bytes end within a key", Buffer.concat([RAW, Buffer.from("c40261", "hex")])),
  raw("cut-before-value", "the raw bytes end behind a key", Buffer.concat([RAW, bin("c")])),
  raw("cut-value", "the raw bytes end within a value", RAW.subarray(0, -1)),
  raw("cut-length", "the raw bytes end within a length", Buffer.concat([RAW, bin("c"), Buffer.from("c50100", "hex").subarray(0, 2)])),
  raw("trailing", "a byte behind the last entry", Buffer.concat([RAW, Buffer.of(0)])),
  raw("before", "a byte before the first entry", Buffer.concat([Buffer.of(0), RAW])),
  raw("fewer", "one entry fewer than announced", encodeEntries([entry("a", "1"), entry("b", "2")]), "R35", [entry("a", "1"), entry("aa", "1"), entry("b", "2")]),
  raw("more", "one entry more than announced", encodeEntries([entry("a", "1"), entry("aa", "1"), entry("b", "2")])),
  ...[0x7fff_ffff, 0x8000_0000, 0xffff_ffff].map((length) => raw(`value-claims-${String(length)}`, `a value that claims ${String(length)} bytes`, Buffer.concat([bin("a"), bin("1"), bin("b"), binHead(length)]))),
  { ...vector("entries-nil-in-full", "a removal in a full dump", "R36", "DUMP_ENTRIES_MALFORMED", one(block([entry("a", null), entry("b", "2")]))), at: 2 },
  ordered("equal", "a key twice", [block(abc("a", "b", "b", "c"))]),
  ordered("descending", "a key before the one before it", [block(abc("a", "c", "b", "d"))]),
  ordered("signed", "a key with the eighth bit before one without", [block([entry("A", "v"), entry(Buffer.of(0x80), "v"), entry("z", "v"), entry(Buffer.of(0x90), "v")])]),
  ordered("prefix", "a key behind one that it is a prefix of", [block(abc("a", "bb", "b", "c"))]),
  ordered("ascending-in-reverse", "ascending keys in a keyspace in reverse order", [block(abc("d", "b", "c", "a"))], "reverse-bytewise"),
  ordered("prefix-in-reverse", "in reverse order, a key before one that begins with it", [block(abc("d", "b", "bb", "a"))], "reverse-bytewise"),
  ordered("blocks-equal", "a block begins with the last key of the one before it", [block(abc("a", "b")), block(abc("b", "c"))]),
  ordered("blocks-descending", "a block begins before the end of the one before it", [block(abc("a", "c")), block(abc("b", "d"))]),
  ordered("blocks-ascending-in-reverse", "in reverse order, a block begins behind the end of the one before it", [block(abc("d", "b")), block(abc("c", "a"))], "reverse-bytewise"),
];

/** @param {string} name @param {string} description @param {string} field @param {Buffer} given @param {boolean} over @param {Model} [model] @param {string} [kind] @returns {Invalid} */
const field = (name, description, field, given, over, model = small(), kind = "H") => ({ ...vector(`limit-${name}`, description, over ? "R52" : "R12", over ? "DUMP_LIMIT_EXCEEDED" : "DUMP_MALFORMED", { ...model, fields: { [kind]: (fields) => set([...fields.filter(([own]) => own !== field), ...fields.filter(([own]) => own === field)], field, given) } }) });

/** @param {(fields: Field[]) => Field[]} edit @param {Model} model */
const inFirstKeyspace = (edit, model = small()) => ({ ...model, fields: { H: (/** @type {Field[]} */ fields) => fields.map(([own, value]) => /** @type {Field} */ ([own, own === "keyspaces" ? array(itemsOf(value).map((item) => map(edit(fieldsOf(item))))) : value])) } });

/** In each pair the first is exactly at the limit and ends too early, the second is beyond it: limits come before what follows. */
const LIMITS = [
  field("text", "a text that claims 65,535 bytes, as many as may be, and is cut", "filter", strHead(65_535), false),
  field("text-beyond", "a text that claims 65,536 bytes", "filter", strHead(65_536), true),
  field("text-2-32-1", "a text that claims 2^32 - 1 bytes", "filter", strHead(2 ** 32 - 1), true),
  field("name", "a name that claims 65,535 bytes, as many as may be, and is cut", "name", binHead(65_535), false, small(), "S"),
  field("name-beyond", "a name that claims 65,536 bytes", "name", binHead(65_536), true, small(), "S"),
  field("keyspaces", "a list that claims 65,536 keyspaces, as many as may be, and is cut", "keyspaces", arrayHead(65_536), false),
  field("keyspaces-beyond", "a list that claims 65,537 keyspaces", "keyspaces", arrayHead(65_537), true),
  field("keyspaces-2-32-1", "a list that claims 2^32 - 1 keyspaces", "keyspaces", arrayHead(2 ** 32 - 1), true),
  vector("limit-base-keyspaces-beyond", "a base that claims 65,537 keyspaces", "R52", "DUMP_LIMIT_EXCEEDED", { ...delta(), fields: { H: (fields) => set(fields, "base", Buffer.concat([mapHead(1), str("keyspaces"), arrayHead(65_537)])) } }),
  vector("limit-options", "a map that claims 262,144 options, as many as may be, and is cut", "R12", "DUMP_MALFORMED", inFirstKeyspace((fields) => set(fields, "options", mapHead(262_144)))),
  vector("limit-options-beyond", "a map that claims 262,145 options", "R52", "DUMP_LIMIT_EXCEEDED", inFirstKeyspace((fields) => set(fields, "options", mapHead(262_145)))),
  vector("limit-options-together", "a map that claims 262,144 options where the store has one already", "R52", "DUMP_LIMIT_EXCEEDED", inFirstKeyspace((fields) => set(fields, "options", mapHead(262_144)), { ...small(), version: [1, 1], header: { options: [["a", "b"]] } })),
  vector("limit-option-name-beyond", "an option whose name claims 256 bytes", "R52", "DUMP_LIMIT_EXCEEDED", inFirstKeyspace((fields) => set(fields, "options", Buffer.concat([mapHead(1), strHead(256)])))),
  vector("limit-fields", "a map that claims 1,024 fields, as many as may be, and is cut", "R12", "DUMP_MALFORMED", { ...small(), payload: { H: () => mapHead(1024) } }),
  vector("limit-fields-beyond", "a map that claims 1,025 fields", "R52", "DUMP_LIMIT_EXCEEDED", { ...small(), payload: { H: () => mapHead(1025) } }),
  vector("limit-fields-2-32-1", "a map that claims 2^32 - 1 fields", "R52", "DUMP_LIMIT_EXCEEDED", { ...small(), payload: { H: () => mapHead(2 ** 32 - 1) } }),
  field("index-frames", "a footer that claims 262,144 index frames, as many as may be, and is cut", "indexes", arrayHead(262_144), false, small(), "F"),
  field("index-frames-beyond", "a footer that claims 262,145 index frames", "indexes", arrayHead(262_145), true, small(), "F"),
  vector("limit-field-name", "a field's name that claims 255 bytes, as many as may be, and is cut", "R12", "DUMP_MALFORMED", { ...small(), payload: { H: () => Buffer.concat([mapHead(1), strHead(255), nil]) } }),
  vector("limit-field-name-beyond", "a field's name that claims 256 bytes", "R52", "DUMP_LIMIT_EXCEEDED", { ...small(), payload: { H: () => Buffer.concat([mapHead(1), strHead(256), nil]) } }),
  part("first-key-cut", "a first key that claims 16 MiB, as many as may be, and is cut", "R12", 4, binHead(16_777_216)),
  part("first-key-beyond", "a first key that claims 16 MiB and one byte", "R52", 4, binHead(16_777_217), limit),
  part("first-key-2-31", "a first key that claims 2^31 bytes", "R52", 4, binHead(2 ** 31), limit),
  part("last-key-2-32-1", "a last key that claims 2^32 - 1 bytes", "R52", 5, binHead(2 ** 32 - 1), limit),
  part("data-2-31-1", "data that claims 2^31 - 1 bytes", "R52", 6, binHead(2 ** 31 - 1), limit),
  part("data-2-32-1", "data that claims 2^32 - 1 bytes", "R52", 6, binHead(2 ** 32 - 1), limit),
  field("gap-key", "a gap whose key claims 16 MiB, as many as may be, and is cut", "after", binHead(16_777_216), false, salvaged(), "G"),
  field("gap-key-beyond", "a gap whose key claims 16 MiB and one byte", "after", binHead(16_777_217), true, salvaged(), "G"),
  vector("limit-skipped-array", "an array that claims 2^32 - 1 elements where a number should be", "R12", "DUMP_MALFORMED", { ...small(), fields: { H: (fields) => set(fields, "time", Buffer.concat([Buffer.of(0xdd), bigEndian(2 ** 32 - 1, 4)])) } }),
];

/** @type {Invalid[]} */
export const INVALID_BLOCKS = [...HEADS, ...ENTRIES, ...LIMITS];
