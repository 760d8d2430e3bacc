// @ts-check
/** Small pieces that many vectors are made of. */
import { bin, binHead, nil, uint } from "./encode.mjs";
import { lz4, repeated, zstd } from "./codecs.mjs";
import { encodeEntries, sha256 } from "./dump.mjs";

/** @typedef {import("./dump.mjs").Block} Block */
/** @typedef {import("./dump.mjs").Entry} Entry */
/** @typedef {import("./dump.mjs").Frame} Frame */
/** @typedef {import("./dump.mjs").Gap} Gap */
/** @typedef {import("./dump.mjs").Item} Item */
/** @typedef {import("./dump.mjs").Keyspace} Keyspace */
/** @typedef {import("./dump.mjs").Model} Model */

/** @param {Buffer | string} key @param {Buffer | string | null} value @returns {Entry} */
export const entry = (key, value) => ({ key: Buffer.from(key), value: value === null ? null : Buffer.from(value) });

/** @param {readonly Entry[]} entries @param {Partial<Block>} [more] @returns {Item} */
export const block = (entries, more = {}) => ({ block: { entries: [...entries], ...more } });

/** @param {Buffer | string | null} after @param {Buffer | string | null} before @param {Partial<Gap>} [more] @returns {Item} */
export const gap = (after, before, more = {}) => ({
  gap: { after: after === null ? null : Buffer.from(after), before: before === null ? null : Buffer.from(before), blocks: null, entries: null, bytes: null, ...more },
});

/** @param {Buffer | string} name @param {Item[]} [items] @param {Partial<Keyspace>} [more] @returns {Keyspace} */
export const keyspace = (name, items = [], more = {}) => ({ name: Buffer.from(name), items, ...more });

/** A keyspace of two blocks with three entries, and one with one. @returns {Keyspace[]} */
export const twoKeyspaces = () => [
  keyspace("default", [block([entry("a", "1"), entry("b", "2")]), block([entry("c", "3")])]),
  keyspace("edges", [block([entry("z", "9")])]),
];

/** One keyspace with the blocks. @param {...Item} items @returns {Model} */
export const one = (...items) => ({ keyspaces: [keyspace("default", items)] });

/** One keyspace with one block of two entries. @returns {Model} */
export const small = () => one(block([entry("a", "1"), entry("b", "2")]));

/** A model whose blocks have a codec. @param {number} codec @param {...Item} items @returns {Model} */
export const coded = (codec, ...items) => ({ ...one(...items), header: { codec } });

/** Entries that shrink, and their raw bytes. */
export const LONG = [entry("k1", "x".repeat(200)), entry("k2", "y".repeat(100))];
export const LONG_RAW = encodeEntries(LONG);

/** LZ4. @param {Buffer} raw */
export const packLz4 = (raw) => lz4(raw);

/** Zstandard without entropy coding: the entries of LONG as plain and repeated blocks. @param {Buffer} raw */
export const packZstd = (raw) => zstd(longBlocks(raw), { content: raw.length });

/** @param {Buffer} raw @returns {import("./codecs.mjs").ZstdBlock[]} */
export function longBlocks(raw) {
  const first = raw.indexOf("x");
  const second = raw.indexOf("y");
  return [{ raw: raw.subarray(0, first) }, { repeat: 0x78, times: 200 }, { raw: raw.subarray(first + 200, second) }, { repeat: 0x79, times: 100 }];
}

/** One entry whose value is so many zeros, and a zstd frame for it. @param {number} length of the raw bytes @returns {Item} */
export function zeros(length) {
  const head = length - 8 < 65_536 ? 6 : 8;
  const whole = entry("z", Buffer.alloc(length - head));
  const prefix = Buffer.concat([bin("z"), bin(whole.value ?? "").subarray(0, head - 3)]);
  return block([whole], { codec: 2, pack: (raw) => zstd([{ raw: prefix }, ...repeated(0, raw.length - prefix.length)], { content: raw.length }) });
}

/**
 * A block whose two keys have half a MiB each, so that it takes so many bytes of an index frame, as the first block of a dump.
 * @param {number} listed at least 2^20 - 1 @returns {Item}
 */
export function longKeys(listed) {
  // An array of eight: its head, offset, frame length, codec, raw length, stored length, number of entries, and the heads of two keys.
  const length = listed - (1 + 3 + 5 + 1 + 5 + 1 + 1 + 5 + 5);
  const [first, last] = [524_288, length - 524_288];
  const pack = (/** @type {Buffer} */ raw) => zstd([{ raw: binHead(first) }, ...repeated(0x6b, first), { raw: Buffer.concat([bin("1"), binHead(last)]) }, ...repeated(0x6c, last), { raw: bin("2") }], { content: raw.length, contentBytes: 4 });
  return block([entry("k".repeat(first), "1"), entry("l".repeat(last), "2")], { pack });
}

/** @type {import("./dump.mjs").Base} */
export const BASE = {
  id: "0b7e4d92-5c1a-4f36-8d0e-91a2b3c4d5e6",
  keyspaces: [{ name: Buffer.from("default"), entries: 3, digest: sha256(encodeEntries([entry("a", "1"), entry("b", "2"), entry("c", "3")])) }],
};

/** A delta over BASE that changes b and removes c. @returns {Model} */
export const delta = () => ({
  header: { kind: "delta", base: BASE },
  keyspaces: [
    keyspace("default", [block([entry("b", "two"), entry("c", null)])], {
      result: { entries: 2, digest: sha256(encodeEntries([entry("a", "1"), entry("b", "two")])) },
    }),
  ],
});

/** A salvaged dump with a gap between its two blocks. @returns {Model} */
export const salvaged = () => ({
  header: { salvaged: { id: "7c9e6679-7425-40de-944b-e07fc1f90ae7" } },
  keyspaces: [keyspace("default", [block([entry("a", "1"), entry("b", "2")]), gap("b", "k", { blocks: 2, entries: 5, bytes: 180 }), block([entry("k", "3")])])],
});

/** So many blocks of one small entry, with index frames where they must stand. @param {number} count @returns {Item[]} */
export function manyBlocks(count) {
  /** @type {Item[]} */
  const items = [];
  for (let place = 0; place < count; place += 1) {
    if (place > 0 && place % 1024 === 0) items.push("index");
    items.push(block([entry(Buffer.of(place >> 8, place & 0xff), "")]));
  }
  return items;
}

/** The frames with new numbers, as a forger writes them. @param {readonly Frame[]} frames @returns {Frame[]} */
export const renumbered = (frames) => frames.map((frame, sequence) => ({ ...frame, sequence }));

/** Fields whose value a reader skips. */
export const UNKNOWN = { nil, number: uint(7) };
