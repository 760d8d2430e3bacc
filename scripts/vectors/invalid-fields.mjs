// @ts-check
/** Invalid vectors of payloads that are maps: each field missing and of another type, and each rule of encoding broken. */
import { array, bin, bigEndian, map, mapHead, nil, set, str, strHead, uint, without, yes } from "./encode.mjs";
import { fieldsOf, itemsOf } from "./take-apart.mjs";
import { delta, salvaged, small } from "./samples.mjs";

/** @typedef {import("./encode.mjs").Field} Field */
/** @typedef {import("./dump.mjs").Model} Model */
/** @typedef {import("./expect.mjs").Invalid} Invalid */
/** @typedef {(fields: Field[]) => Field[]} Edit */

/** Changes the map in a field. @param {string} name @param {Edit} edit @returns {Edit} */
const inner = (name, edit) => (fields) => fields.map(([own, value]) => [own, own === name ? map(edit(fieldsOf(value))) : value]);

/** Changes the first map of the array in a field. @param {string} name @param {Edit} edit @returns {Edit} */
const first = (name, edit) => (fields) =>
  fields.map(([own, value]) => [own, own === name ? array(itemsOf(value).map((item, place) => (place === 0 ? map(edit(fieldsOf(item))) : item))) : value]);

const TOTALS = ["entries", "keyBytes", "valueBytes", "blocks", "rawBytes", "storedBytes", "gaps"];

/** An aborted dump. @returns {Model} */
export const aborted = () => ({ ...small(), afterHeader: [{ kind: "A", payload: map([["reason", str("disk full")]]) }] });

/** Every map of the format. @type {{ name: string, kind: string, fields: string[], model: () => Model, within?: (edit: Edit) => Edit }[]} */
const MAPS = [
  { name: "header", kind: "H", fields: ["format", "id", "time", "producer", "kind", "base", "salvaged", "source", "codec", "blockSize", "filter", "keyspaces"], model: small },
  { name: "source", kind: "H", fields: ["engine", "version", "database", "sequence"], model: small, within: (edit) => inner("source", edit) },
  { name: "keyspace", kind: "H", fields: ["name", "order", "entries", "bytes", "options"], model: small, within: (edit) => first("keyspaces", edit) },
  { name: "base", kind: "H", fields: ["id", "keyspaces"], model: delta, within: (edit) => inner("base", edit) },
  { name: "base-keyspace", kind: "H", fields: ["name", "entries", "digest"], model: delta, within: (edit) => inner("base", first("keyspaces", edit)) },
  { name: "salvaged", kind: "H", fields: ["id"], model: salvaged, within: (edit) => inner("salvaged", edit) },
  { name: "start", kind: "S", fields: ["keyspace", "name", "order"], model: small },
  { name: "gap", kind: "G", fields: ["keyspace", "after", "before", "blocks", "entries", "bytes"], model: salvaged },
  { name: "end", kind: "E", fields: ["keyspace", ...TOTALS, "digest", "result"], model: small },
  { name: "result", kind: "E", fields: ["entries", "digest"], model: delta, within: (edit) => inner("result", edit) },
  { name: "footer", kind: "F", fields: [...TOTALS, "keyspaces", "indexes"], model: small },
  { name: "footer-keyspace", kind: "F", fields: [...TOTALS, "digest", "result"], model: small, within: (edit) => first("keyspaces", edit) },
];

/** @type {Record<string, string>} */
const FRAME_NAMES = { H: "header", S: "keyspace-start", G: "gap", E: "keyspace-end", F: "footer" };

const EACH = MAPS.flatMap(({ name, kind, fields, model, within = (edit) => edit }) => {
  /** @param {string} what @param {string} description @param {string} breaks @param {Edit} edit @returns {Invalid} */
  const vector = (what, description, breaks, edit) => ({ name: `${name}-${what}`, description, breaks: [breaks], code: "DUMP_MALFORMED", model: { ...model(), fields: { [kind]: within(edit) } } });
  const [some = ""] = fields;
  return [
    ...fields.map((field) => vector(`${field}-missing`, `the field ${field} is missing`, "R16", (all) => without(all, field))),
    ...fields.map((field) => vector(`${field}-type`, `the field ${field} is true`, "R12", (all) => set(all, field, yes))),
    vector("field-twice", `the field ${some} is there twice`, "R15", (all) => [...all, ...all.filter(([own]) => own === some)]),
    vector("field-unknown", "a field that this version does not have", "R17", (all) => [...all, ["added", nil]]),
  ];
});

/** @param {string} name @param {string} description @param {string} breaks @param {(payload: Buffer) => Buffer} change @param {string} [kind] @returns {Invalid} */
const payload = (name, description, breaks, change, kind = "H") => ({ name, description, breaks: [breaks], code: "DUMP_MALFORMED", model: { ...(kind === "G" ? salvaged() : small()), payload: { [kind]: change } } });

/** @param {string} name @param {string} description @param {string} breaks @param {Edit} edit @param {Partial<Model>} [more] @param {string} [kind] @returns {Invalid} */
const header = (name, description, breaks, edit, more = {}, kind = "H") => ({ name, description, breaks: [breaks], code: "DUMP_MALFORMED", model: { ...small(), ...more, fields: { [kind]: edit } } });

/** @param {string} name @param {string} description @param {string} field @param {Buffer} value @param {string} [breaks] */
const value = (name, description, field, value, breaks = "R22") => header(name, description, breaks, (fields) => set(fields, field, value));

const ENCODING = [
  ...Object.entries(FRAME_NAMES).map(([kind, name]) => payload(`${name}-trailing`, "a byte behind the payload's value", "R14", (bytes) => Buffer.concat([bytes, nil]), kind)),
  payload("payload-empty", "a payload of no bytes", "R12", () => Buffer.alloc(0)),
  payload("payload-array", "an array where a map should be", "R12", () => array([])),
  payload("payload-cut", "the payload ends within its value", "R12", (bytes) => bytes.subarray(0, -1)),
  payload("map-16", "a map with 16 bits of length where four do", "R13", (bytes) => Buffer.concat([mapHead(12, 2), bytes.subarray(1)])),
  payload("map-32", "a map with 32 bits of length where four do", "R13", (bytes) => Buffer.concat([mapHead(12, 4), bytes.subarray(1)])),
  payload("map-claims-more", "a map with more fields than follow", "R12", (bytes) => Buffer.concat([mapHead(1023), bytes.subarray(1)])),
  payload("map-claims-one-more", "a map with one field more than follows", "R12", (bytes) => Buffer.concat([Buffer.of(0x8d), bytes.subarray(1)])),
  payload("map-key-uint", "a map whose first key is a number", "R12", (bytes) => Buffer.concat([bytes.subarray(0, 1), uint(1), bytes.subarray(8)])),
  payload("map-key-bin", "a map whose first key is a bin", "R12", (bytes) => Buffer.concat([bytes.subarray(0, 1), bin("format"), bytes.subarray(8)])),
  payload("map-key-long-form", "a key with 8 bits of length where five do", "R13", (bytes) => Buffer.concat([bytes.subarray(0, 1), str("format", 1), bytes.subarray(8)])),
  payload("map-key-utf8", "a key that is not UTF-8", "R20", (bytes) => Buffer.concat([Buffer.of(0x8d), str(Buffer.of(0xff)), nil, bytes.subarray(1)])),
  ...[1, 2, 4, 8].map((size) => value(`uint-${String(8 * size)}-long-form`, `a number of ${String(8 * size)} bits where seven do`, "codec", uint(0, size), "R13")),
  value("uint-16-for-8", "a number of 16 bits where eight do", "blockSize", uint(255, 2), "R13"),
  value("uint-32-for-16", "a number of 32 bits where sixteen do", "blockSize", uint(65_535, 4), "R13"),
  value("uint-64-for-32", "a number of 64 bits where thirty-two do", "blockSize", uint(2 ** 32 - 1, 8), "R13"),
  ...[1, 2, 4].map((size) => value(`str-${String(8 * size)}-long-form`, `a text with ${String(8 * size)} bits of length where five do`, "producer", str("x", size), "R13")),
  value("str-16-for-8", "a text with 16 bits of length where eight do", "producer", str("x".repeat(255), 2), "R13"),
  ...[2, 4].map((size) => header(`bin-${String(8 * size)}-long-form`, `a bin with ${String(8 * size)} bits of length where eight do`, "R13", (fields) => set(fields, "name", bin("default", size)), {}, "S")),
  value("array-16-long-form", "an array with 16 bits of length where four do", "format", Buffer.from("dc00020100", "hex"), "R13"),
  value("array-32-long-form", "an array with 32 bits of length where four do", "format", Buffer.from("dd000000020100", "hex"), "R13"),
  value("uint-negative", "a negative number", "blockSize", Buffer.of(0xff), "R12"),
  value("uint-signed", "a number in a signed type", "blockSize", Buffer.from("d10400", "hex"), "R12"),
  value("uint-float", "a float", "blockSize", Buffer.from("cb4090000000000000", "hex"), "R12"),
  value("uint-map", "an empty map where a number is due", "blockSize", map([]), "R12"),
  value("uint-ext", "an ext", "blockSize", Buffer.from("d40001", "hex"), "R12"),
  value("uint-reserved", "the type byte that MessagePack never uses", "blockSize", Buffer.of(0xc1), "R12"),
  value("str-as-bin", "a bin where a text should be", "producer", bin("vectors 1"), "R12"),
  header("bin-as-str", "a text where a bin should be", "R12", (fields) => set(fields, "name", str("default")), {}, "S"),
  value("utf8-byte", "a text with a byte that UTF-8 does not have", "producer", str(Buffer.from("6bff", "hex")), "R20"),
  value("utf8-overlong", "a text with an overlong form of NUL", "producer", str(Buffer.from("c080", "hex")), "R20"),
  value("utf8-surrogate", "a text with half a surrogate pair", "producer", str(Buffer.from("eda080", "hex")), "R20"),
  value("utf8-beyond", "a text with a character beyond U+10FFFF", "producer", str(Buffer.from("f4908080", "hex")), "R20"),
  value("utf8-cut", "a text that ends within a character", "producer", str(Buffer.from("e282", "hex")), "R20"),
  payload("str-cut", "a text longer than what follows", "R12", () => Buffer.concat([Buffer.of(0x8c), strHead(31), Buffer.from("format")])),
];

const VALUES = [
  header("format-minor", "the header says 1.1, the magic 1.0", "R21", (fields) => set(fields, "format", array([uint(1), uint(1)]))),
  header("format-major", "the header says 2.0, the magic 1.0", "R21", (fields) => set(fields, "format", array([uint(2), uint(0)]))),
  header("format-magic", "the magic says 1.7, the header 1.0: its version has no checksum of its own", "R21", (fields) => set(fields, "format", array([uint(1), uint(0)])), { version: [1, 7] }),
  value("format-three", "the format version has three parts", "format", array([uint(1), uint(0), uint(0)]), "R12"),
  value("id-upper-case", "the dump id is in upper case", "id", str("5F1D7A3C-2B64-4E0A-9C1F-6A8D3E52B407")),
  value("id-short", "the dump id is no UUID", "id", str("5f1d7a3c")),
  value("id-line-feed", "a line feed behind the dump id", "id", str("5f1d7a3c-2b64-4e0a-9c1f-6a8d3e52b407\n")),
  value("time-beyond", "a time beyond what is allowed", "time", uint(8_640_000_000_000_001), "R19"),
  value("kind-unknown", "a kind that there is not", "kind", str("half")),
  value("kind-delta-without-base", "a delta without a base", "kind", str("delta")),
  value("kind-full-with-base", "a full dump with a base", "base", map([["id", str("0b7e4d92-5c1a-4f36-8d0e-91a2b3c4d5e6")], ["keyspaces", array([])]])),
  value("block-size-0", "a block size of 0", "blockSize", uint(0)),
  value("block-size-beyond", "a block size of 2^32", "blockSize", uint(2 ** 32), "R19"),
  value("salvaged-id", "a salvaged dump's id is no UUID", "salvaged", map([["id", str("x")]])),
  header("order-unknown", "an order that there is not", "R22", first("keyspaces", (fields) => set(fields, "order", str("random")))),
  header("estimate-2-53", "an estimate of 2^53", "R19", first("keyspaces", (fields) => set(fields, "entries", uint(2n ** 53n)))),
  header("estimate-2-64", "an estimate of 2^64 - 1", "R19", first("keyspaces", (fields) => set(fields, "bytes", uint(2n ** 64n - 1n)))),
  header("option-twice", "an option that is there twice", "R15", first("keyspaces", (fields) => set(fields, "options", Buffer.concat([Buffer.of(0x82), str("a"), str("1"), str("a"), str("2")])))),
  header("option-number", "an option whose value is a number", "R12", first("keyspaces", (fields) => set(fields, "options", map([["a", uint(1)]])))),
  header("source-options-in-1.0", "options of the store in a dump of version 1.0", "R17", inner("source", (fields) => [...fields, ["options", map([])]])),
  header("source-options-missing", "a dump of version 1.1 without options of the store", "R16", inner("source", (fields) => fields.slice(0, 4)), { version: [1, 1] }),
  header("source-option-twice", "an option of the store that is there twice", "R15", inner("source", (fields) => set(fields, "options", Buffer.concat([Buffer.of(0x82), str("a"), str("1"), str("a"), str("2")]))), { version: [1, 1] }),
  header("source-option-number", "an option of the store whose value is a number", "R12", inner("source", (fields) => set(fields, "options", map([["a", uint(1)]]))), { version: [1, 1] }),
  header("source-field-unknown-in-1.1", "an unknown field of the store in version 1.1", "R17", inner("source", (fields) => [...fields, ["region", nil]]), { version: [1, 1] }),
  header("names-equal", "two keyspaces of the same name", "R23", (fields) => set(fields, "keyspaces", array(fields.flatMap(([own, list]) => (own === "keyspaces" ? [...itemsOf(list), ...itemsOf(list)] : []))))),
  { ...header("base-names-equal", "two keyspaces of the same name in the base", "R23", inner("base", (fields) => set(fields, "keyspaces", array(fields.flatMap(([own, list]) => (own === "keyspaces" ? [...itemsOf(list), ...itemsOf(list)] : []))))), delta()) },
  { ...header("base-id", "the id of the dump that a delta builds on is no UUID", "R22", inner("base", (fields) => set(fields, "id", str("x"))), delta()) },
  { ...header("kind-unknown-with-base", "a kind that there is not, and a base", "R22", (fields) => set(fields, "kind", str("half")), delta()) },
  ...[31, 33].map((length) => header(`base-digest-${String(length)}`, `a digest of ${String(length)} bytes`, "R22", inner("base", first("keyspaces", (fields) => set(fields, "digest", bin(Buffer.alloc(length))))), delta())),
  { ...value("codec-3", "a codec that nobody knows", "codec", uint(3), "R24"), code: "DUMP_CODEC_UNKNOWN" },
  { ...value("codec-2-53-1", "codec 2^53 - 1, which nobody knows", "codec", uint(2 ** 53 - 1), "R24"), code: "DUMP_CODEC_UNKNOWN" },
  value("codec-2-53", "codec 2^53: no number", "codec", uint(2n ** 53n), "R19"),
  { ...value("codec-255", "a codec that nobody knows", "codec", uint(255), "R24"), code: "DUMP_CODEC_UNKNOWN" },
  header("start-name", "a keyspace-start with another name", "R25", (fields) => set(fields, "name", bin("other")), {}, "S"),
  header("start-order", "a keyspace-start with another order", "R25", (fields) => set(fields, "order", str("reverse-bytewise")), {}, "S"),
];

/** A field of a newer version. @param {string} name @param {string} description @param {Buffer} given @param {string} [code] @returns {Invalid} */
const skipped = (name, description, given, code = "DUMP_MALFORMED") => ({ name: `newer-${name}`, description: `an unknown field of version 1.2: ${description}`, breaks: ["R18"], code, model: { ...small(), version: [1, 2], fields: { H: (fields) => [...fields, ["added", given]] } } });

/** @param {number} depth @returns {Buffer} */
const nested = (depth) => Buffer.concat([Buffer.alloc(depth, 0x91), uint(1)]);

const NEWER = [
  skipped("nested-9", "nine arrays within one another", nested(9), "DUMP_LIMIT_EXCEEDED"),
  skipped("nested-deep", "two thousand arrays within one another", nested(2000), "DUMP_LIMIT_EXCEEDED"),
  skipped("nested-maps", "nine maps within one another", Buffer.concat([Buffer.from("81a161".repeat(9), "hex"), nil]), "DUMP_LIMIT_EXCEEDED"),
  skipped("float", "a float", Buffer.from("cb0000000000000000", "hex")),
  skipped("negative", "a negative number", Buffer.of(0xe0)),
  skipped("ext", "an ext", Buffer.from("d40000", "hex")),
  skipped("long-form", "a number not in its shortest form", uint(1, 4)),
  skipped("utf8", "a text that is not UTF-8", str(Buffer.of(0x80))),
  skipped("map-key", "a map with a number for its key", Buffer.from("810101", "hex")),
  skipped("map-key-twice", "a map with a key twice", Buffer.from("82a16101a16101", "hex")),
  skipped("cut", "a bin longer than what follows", Buffer.from("c4ff", "hex")),
  skipped("map-1025", "a map that claims 1,025 keys", Buffer.from("de0401", "hex"), "DUMP_LIMIT_EXCEEDED"),
  skipped("map-key-256", "a map with a key that claims 256 bytes", Buffer.from("81da0100", "hex"), "DUMP_LIMIT_EXCEEDED"),
  skipped("array-claims-more", "an array with more elements than follow", Buffer.concat([Buffer.of(0xdd), bigEndian(0xffff_ffff, 4)])),
  header("newer-field-twice", "an unknown field of version 1.2 that is there twice", "R15", (fields) => [...fields, ["added", nil], ["added", nil]], { version: [1, 2] }),
];

/** @type {Invalid[]} */
export const INVALID_FIELDS = [...EACH, ...ENCODING, ...VALUES, ...NEWER];
