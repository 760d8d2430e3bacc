// @ts-check
/** Invalid vectors of what describes the content: index frames, gaps, totals, digests and the footer. */
import { array, at, bin, map, nil, set, uint } from "./encode.mjs";
import { fieldsOf, itemsOf } from "./take-apart.mjs";
import { sha256, TOTALS } from "./dump.mjs";
import { BASE, block, coded, delta, entry, gap, keyspace, longKeys, manyBlocks, one, salvaged, twoKeyspaces } from "./samples.mjs";

/** @typedef {import("./dump.mjs").Item} Item */
/** @typedef {import("./dump.mjs").Model} Model */
/** @typedef {import("./encode.mjs").Field} Field */
/** @typedef {import("./expect.mjs").Invalid} Invalid */

/** @returns {Model} */
const two = () => ({ keyspaces: twoKeyspaces() });

/** @param {string} name @param {string} description @param {string} breaks @param {string} code @param {Model} model @returns {Invalid} */
const vector = (name, description, breaks, code, model) => ({ name, description, breaks: [breaks], code, model });

/** A number of one more. @param {Buffer} value */
const more = (value) => uint((value.length === 1 ? value.readUInt8() : value.readUIntBE(1, value.length - 1)) + 1);

/** Changes the first index frame. @param {string} name @param {string} description @param {(parts: Buffer[]) => Buffer[]} change */
const index = (name, description, change) => vector(`index-${name}`, description, "R40", "DUMP_INDEX_WRONG", { ...two(), parts: { I: (parts, number) => (number === 0 ? change(parts) : parts) } });

/** Changes the entry of the first block. @param {string} name @param {string} description @param {number} place @param {(value: Buffer) => Buffer} change */
const listed = (name, description, place, change) =>
  index(name, description, (parts) => at(parts, 2, array(itemsOf(parts[2] ?? nil).map((item, own) => (own === 0 ? array(itemsOf(item).map((value, each) => (each === place ? change(value) : value))) : item)))));

const NUMBERS = ["offset", "frame length", "codec", "raw length", "stored length", "entries"];

const INDEX = [
  ...NUMBERS.map((name, place) => listed(name.replace(" ", "-"), `the index has the ${name} of a block one too large`, place, more)),
  listed("offset-outside", "the index places a block behind the end of the dump", 0, () => uint(2 ** 40)),
  listed("offset-2-64", "the index places a block at 2^64 - 1", 0, () => uint(2n ** 64n - 1n)),
  listed("first-key", "the index has another first key", 6, () => bin("A")),
  listed("last-key", "the index has another last key", 7, () => bin("bb")),
  listed("long-form", "the index has a number not in its shortest form", 2, () => uint(0, 4)),
  listed("key-long", "the index has a key that claims 2^32 - 1 bytes", 6, () => Buffer.from("c6ffffffff", "hex")),
  index("keyspace", "the index is one of another keyspace", (parts) => at(parts, 0, uint(1))),
  index("number", "the index begins with another block's number", (parts) => at(parts, 1, uint(1))),
  index("block-missing", "a block is missing in the index", (parts) => at(parts, 2, array(itemsOf(parts[2] ?? nil).slice(0, 1)))),
  index("block-twice", "a block is in the index twice", (parts) => at(parts, 2, array([...itemsOf(parts[2] ?? nil), ...itemsOf(parts[2] ?? nil).slice(1)]))),
  index("blocks-swapped", "two blocks are swapped in the index", (parts) => at(parts, 2, array(itemsOf(parts[2] ?? nil).reverse()))),
  index("empty", "an index of no blocks", (parts) => at(parts, 2, array([]))),
  index("three", "an index of four parts", (parts) => [...parts, nil]),
  vector("index-trailing", "a byte behind the index", "R40", "DUMP_INDEX_WRONG", { ...two(), payload: { I: (payload, number) => (number === 0 ? Buffer.concat([payload, nil]) : payload) } }),
  vector("index-not-an-array", "an index frame that holds nil", "R40", "DUMP_INDEX_WRONG", { ...two(), payload: { I: () => nil } }),
  { ...vector("index-late-1-mib", "what waits takes exactly 1 MiB, and another block follows without an index frame", "R39", "DUMP_INDEX_WRONG", coded(2, longKeys(1 << 20), block([entry("z", "2")]))), at: 3 },
  { ...vector("index-late", "1,025 blocks without an index frame", "R39", "DUMP_INDEX_WRONG", { keyspaces: [keyspace("default", manyBlocks(1025).filter((item) => item !== "index"))] }), at: 2 + 1024 },
];

/** @param {string} name @param {string} description @param {Item[]} items @param {number} place of the frame that is wrong @param {string} [code] @param {boolean} [isSalvaged] @returns {Invalid} */
const gaps = (name, description, items, place, code = "DUMP_GAP_WRONG", isSalvaged = true) => ({
  name: `gap-${name}`, description, breaks: [code === "DUMP_GAP_WRONG" ? "R41" : "R42"], code, at: place,
  model: { header: isSalvaged ? { salvaged: { id: null } } : {}, keyspaces: [keyspace("default", items)] },
});
const a = block([entry("a", "1")]);
const k = block([entry("k", "1")]);

const GAPS = [
  gaps("in-full", "a gap in a dump that was not salvaged", [a, gap("a", "k"), k], 3, "DUMP_FRAME_MISPLACED", false),
  gaps("after-wrong", "a gap that begins behind another key", [a, gap("b", "k"), k], 3),
  gaps("after-nil", "a gap that says that nothing is before it", [a, gap(null, "k"), k], 3),
  gaps("after-nothing", "a gap that begins behind a key, and nothing is before it", [gap("a", "k"), k], 2),
  gaps("after-empty-key", "a gap that begins behind the empty key, and nothing is before it", [gap("", "k"), k], 2),
  gaps("before-wrong", "a gap that ends before another key", [a, gap("a", "j"), k], 4),
  gaps("before-nil", "a gap that says that nothing is behind it", [a, gap("a", null), k], 4),
  gaps("before-nothing", "a gap that ends before a key, and nothing is behind it", [a, gap("a", "k")], 5),
  gaps("before-empty-key", "a gap that ends before the empty key, and nothing is behind it", [a, gap("a", "")], 5),
  gaps("twice", "two gaps in the same place", [a, gap("a", "k"), gap("a", "k"), k], 4),
  gaps("twice-around-index", "two gaps in the same place, an index frame between them", [a, gap("a", "k"), "index", gap("a", "k"), k], 5),
  { ...vector("gap-keyspace", "a gap of another keyspace", "R8", "DUMP_FRAME_MISPLACED", { ...salvaged(), fields: { G: (fields) => set(fields, "keyspace", uint(1)) } }) },
  { ...vector("gap-outside", "a gap before the first keyspace", "R8", "DUMP_FRAME_MISPLACED", { ...salvaged(), afterHeader: [{ kind: "G", payload: map([["keyspace", uint(0)], ["after", nil], ["before", nil], ["blocks", nil], ["entries", nil], ["bytes", nil]]) }] }), at: 1 },
  ...[2n ** 53n, 2n ** 64n - 1n].map((value) => vector(`gap-blocks-${String(value)}`, `a gap of ${String(value)} blocks`, "R19", "DUMP_MALFORMED", { ...salvaged(), fields: { G: (fields) => set(fields, "blocks", uint(value)) } })),
];

/** Changes the end of the first keyspace. @param {string} name @param {string} description @param {string} breaks @param {string} code @param {(fields: Field[]) => Field[]} change @param {Model} [model] */
const end = (name, description, breaks, code, change, model = two()) => vector(`end-${name}`, description, breaks, code, { ...model, fields: { E: (fields, number) => (number === 0 ? change(fields) : fields) } });

/** @param {readonly Field[]} fields @param {string} name */
const plusOne = (fields, name) => set(fields, name, more(fields.find(([own]) => own === name)?.[1] ?? nil));
const other = sha256(Buffer.from("something else"));
const result = map([["entries", uint(1)], ["digest", bin(other)]]);

const END = [
  ...TOTALS.map((name) => end(`${name}-more`, `${name} is one too large`, "R43", "DUMP_TOTALS_MISMATCH", (fields) => plusOne(fields, name))),
  end("entries-2-53-1", "2^53 - 1 entries", "R43", "DUMP_TOTALS_MISMATCH", (fields) => set(fields, "entries", uint(2 ** 53 - 1))),
  end("entries-2-53", "2^53 entries", "R19", "DUMP_MALFORMED", (fields) => set(fields, "entries", uint(2n ** 53n))),
  end("gaps-less", "a gap that is not counted", "R43", "DUMP_TOTALS_MISMATCH", (fields) => set(fields, "gaps", uint(0)), salvaged()),
  end("digest", "the digest of something else", "R44", "DUMP_DIGEST_MISMATCH", (fields) => set(fields, "digest", bin(other))),
  end("digest-bit", "a digest with a flipped bit", "R44", "DUMP_DIGEST_MISMATCH", (fields) => fields.map(([own, value]) => [own, own === "digest" ? Buffer.concat([value.subarray(0, -1), Buffer.of((value.at(-1) ?? 0) ^ 1)]) : value])),
  ...[0, 31, 33].map((length) => end(`digest-${String(length)}`, `a digest of ${String(length)} bytes`, "R22", "DUMP_MALFORMED", (fields) => set(fields, "digest", bin(Buffer.alloc(length))))),
  end("result-in-full", "a result in a full dump", "R45", "DUMP_MALFORMED", (fields) => set(fields, "result", result)),
  end("result-missing-in-delta", "no result in a delta", "R45", "DUMP_MALFORMED", (fields) => set(fields, "result", nil), delta()),
  end("keyspace", "the end of another keyspace", "R8", "DUMP_FRAME_MISPLACED", (fields) => set(fields, "keyspace", uint(1))),
  end("keyspace-unknown", "the end of a keyspace that the header does not have", "R8", "DUMP_FRAME_MISPLACED", (fields) => set(fields, "keyspace", uint(7))),
  vector("start-keyspace-unknown", "the start of a keyspace that the header does not have", "R8", "DUMP_FRAME_MISPLACED", { ...two(), fields: { S: (fields) => set(fields, "keyspace", uint(7)) } }),
];

/** Changes the footer. @param {string} name @param {string} description @param {string} breaks @param {string} code @param {(fields: Field[]) => Field[]} change @param {Model} [model] */
const footer = (name, description, breaks, code, change, model = two()) => vector(`footer-${name}`, description, breaks, code, { ...model, fields: { F: change } });

/** Changes one map of the footer's keyspaces. @param {(fields: Field[], place: number) => Field[]} change @returns {(fields: Field[]) => Field[]} */
const keyspaces = (change) => (fields) => fields.map(([own, value]) => [own, own === "keyspaces" ? array(itemsOf(value).map((item, place) => map(change(fieldsOf(item), place)))) : value]);

/** Changes a field of the results in the footer's keyspaces. @param {string} name @param {Buffer} given */
const inResult = (name, given) => keyspaces((fields) => fields.map(([own, value]) => [own, own === "result" ? map(set(fieldsOf(value), name, given)) : value]));

/** Changes the list of index frames. @param {string} name @param {string} description @param {(items: Buffer[]) => Buffer[]} change @param {string} [code] @param {string} [breaks] */
const locations = (name, description, change, code = "DUMP_INDEX_WRONG", breaks = "R48") =>
  footer(`list-${name}`, description, breaks, code, (fields) => fields.map(([own, value]) => [own, own === "indexes" ? array(change(itemsOf(value))) : value]));

/** @param {number} place @param {(value: Buffer) => Buffer} change @returns {(items: Buffer[]) => Buffer[]} */
const inFirst = (place, change) => (items) => items.map((item, own) => (own === 0 ? array(itemsOf(item).map((value, each) => (each === place ? change(value) : value))) : item));

/** @param {string} name @returns {(fields: Field[]) => Field[]} one entry of the first keyspace becomes one of the second */
const moved = (name) => keyspaces((fields, place) => set(fields, name, uint(number(fields, name) + (place === 0 ? -1 : 1))));

/** @param {readonly Field[]} fields @param {string} name */
function number(fields, name) {
  const value = fields.find(([own]) => own === name)?.[1] ?? nil;
  return value.length === 1 ? value.readUInt8() : value.readUIntBE(1, value.length - 1);
}

const FOOTER = [
  ...TOTALS.map((name) => footer(`${name}-more`, `the footer's ${name} is one too large`, "R46", "DUMP_TOTALS_MISMATCH", (fields) => plusOne(fields, name))),
  footer("entries-2-53", "the footer says 2^53 entries", "R19", "DUMP_MALFORMED", (fields) => set(fields, "entries", uint(2n ** 53n))),
  ...TOTALS.filter((name) => name !== "blocks" && name !== "gaps").map((name) => footer(`${name}-moved`, `the footer adds up, but one of ${name} is in another keyspace`, "R47", "DUMP_TOTALS_MISMATCH", moved(name))),
  footer("blocks-moved", "the footer adds up, but a block is in another keyspace than its index frame", "R48", "DUMP_INDEX_WRONG", moved("blocks")),
  footer("digest", "the footer has another digest than the keyspace's end", "R47", "DUMP_DIGEST_MISMATCH", keyspaces((fields) => set(fields, "digest", bin(other)))),
  footer("digest-short", "the footer has a digest of 31 bytes", "R22", "DUMP_MALFORMED", keyspaces((fields) => set(fields, "digest", bin(other.subarray(1))))),
  footer("result-entries", "the footer's result has another number of entries than that of the keyspace's end", "R47", "DUMP_DIGEST_MISMATCH", inResult("entries", uint(7)), delta()),
  footer("result-digest", "the footer's result has another digest than that of the keyspace's end", "R47", "DUMP_DIGEST_MISMATCH", inResult("digest", bin(other)), delta()),
  footer("result-missing", "the footer has no result in a delta", "R45", "DUMP_MALFORMED", keyspaces((fields) => set(fields, "result", nil)), delta()),
  footer("keyspace-missing", "the footer has a keyspace less", "R22", "DUMP_MALFORMED", (fields) => fields.map(([own, value]) => [own, own === "keyspaces" ? array(itemsOf(value).slice(1)) : value])),
  footer("keyspace-more", "the footer has a keyspace more", "R22", "DUMP_MALFORMED", (fields) => fields.map(([own, value]) => [own, own === "keyspaces" ? array([...itemsOf(value), ...itemsOf(value).slice(1)]) : value])),
  locations("offset", "the offset of an index frame is one too large", inFirst(0, more)),
  locations("offset-2-53-1", "an index frame is at 2^53 - 1", inFirst(0, () => uint(2 ** 53 - 1))),
  locations("offset-2-53", "an index frame is at 2^53", inFirst(0, () => uint(2n ** 53n)), "DUMP_MALFORMED", "R19"),
  locations("frame-length", "the length of an index frame is one too large", inFirst(1, more)),
  locations("keyspace", "an index frame is one of another keyspace", inFirst(2, more)),
  locations("first-block", "an index frame begins with another block", inFirst(3, more)),
  locations("blocks", "an index frame lists a block more", inFirst(4, more)),
  locations("blocks-0", "an index frame lists no block", inFirst(4, () => uint(0))),
  locations("first-key", "an index frame has another first key", inFirst(5, () => bin("A"))),
  locations("first-key-nil", "a first key of an index frame is nil although it is short", inFirst(5, () => nil)),
  locations("missing", "an index frame is missing in the footer's list", (items) => items.slice(1)),
  locations("empty", "the footer lists no index frame", () => []),
  locations("twice", "an index frame is in the footer's list twice", (items) => [...items, ...items.slice(1)]),
  locations("swapped", "two index frames are swapped in the footer's list", (items) => items.reverse()),
  locations("five", "an index frame of five parts", (items) => items.map((item) => array(itemsOf(item).slice(0, 5))), "DUMP_MALFORMED", "R12"),
  locations("claims-seven", "an index frame that claims seven parts and has six", (items) => items.map((item) => Buffer.concat([Buffer.of(0x97), item.subarray(1)])), "DUMP_MALFORMED", "R12"),
  locations("blocks-1025", "an index frame lists 1,025 blocks", inFirst(4, () => uint(1025)), "DUMP_MALFORMED", "R19"),
  locations("first-key-257", "a first key of 257 bytes", inFirst(5, () => bin("k".repeat(257))), "DUMP_LIMIT_EXCEEDED", "R52"),
  locations("first-key-type", "a first key that is a number", inFirst(5, () => uint(1)), "DUMP_MALFORMED", "R12"),
];

const DELTA = [
  vector("delta-nil-key", "a key that is nil in a delta", "R35", "DUMP_ENTRIES_MALFORMED", { header: { kind: "delta", base: BASE }, keyspaces: [keyspace("default", [block([entry("a", null), entry("b", null)], { raw: Buffer.concat([nil, nil, bin("b"), nil]) })], { result: { entries: 0, digest: other } })] }),
  vector("delta-two-nils", "a removal with a second nil behind it", "R35", "DUMP_ENTRIES_MALFORMED", { header: { kind: "delta", base: BASE }, keyspaces: [keyspace("default", [block([entry("a", null), entry("b", null)], { raw: Buffer.concat([bin("a"), nil, nil, bin("b"), nil]) })], { result: { entries: 0, digest: other } })] }),
].map((each) => ({ ...each, at: 2 }));

/** @type {Invalid[]} */
export const INVALID_ENDS = [...INDEX, ...GAPS, ...END, ...FOOTER, ...DELTA, { ...vector("end-without-index", "a keyspace that ends without an index frame of its blocks", "R39", "DUMP_INDEX_WRONG", one(block([entry("a", "1")]))), frames: (frames) => frames.filter(({ kind }) => kind !== "I").map((frame, sequence) => ({ ...frame, sequence })), at: 3 }];
