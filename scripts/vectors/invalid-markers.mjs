// @ts-check
/** Invalid vectors of the marker, which binds frames to their header: headers of siblings, and markers that are not made of the header. */
import { build, HEADER, markerOf, sha256 } from "./dump.mjs";
import { array, map, nil, uint } from "./encode.mjs";
import { BASE, delta, small, twoKeyspaces } from "./samples.mjs";

/** @typedef {import("./dump.mjs").Frame} Frame */
/** @typedef {import("./dump.mjs").Model} Model */
/** @typedef {import("./expect.mjs").Invalid} Invalid */

/** @returns {Model} */
const two = () => ({ keyspaces: twoKeyspaces() });

/** @param {string} name @param {string} description @param {Model} model @param {Partial<Invalid>} [more] @returns {Invalid} */
const unbound = (name, description, model, more = {}) => ({ name: `marker-${name}`, description, breaks: ["R53"], code: "DUMP_FRAME_FOREIGN", model, at: 0, ...more });

/** The payload of a sibling's header in a frame with this dump's marker, in front of this dump's frames. @param {Model} sibling @returns {(frames: Frame[]) => Frame[]} */
const adopted = (sibling) => (frames) => frames.map((frame, place) => (place === 0 ? { ...frame, payload: build(sibling).frames[0]?.payload ?? frame.payload } : frame));

/** A sibling's header in its own frame. @param {Model} sibling @returns {(frames: Frame[]) => Frame[]} */
const exchanged = (sibling) => (frames) => [...build(sibling).frames.slice(0, 1), ...frames.slice(1)];

/** Siblings with the same id and time. @type {[name: string, what: string, own: Model, sibling: Model][]} */
const SIBLINGS = [
  ["producer", "another producer", two(), { ...two(), header: { producer: "vectors 2" } }],
  ["options", "other options of a keyspace", two(), { keyspaces: twoKeyspaces().map((keyspace) => ({ ...keyspace, options: [["comparator", "leveldb.BytewiseComparator"]] })) }],
  ["estimate", "another estimate", two(), { keyspaces: twoKeyspaces().map((keyspace) => ({ ...keyspace, estimates: [3, 0] })) }],
  ["sequence", "another snapshot of the store", two(), { ...two(), header: { sequence: 2n ** 64n - 1n } }],
  ["filter", "another part of the store", two(), { ...two(), header: { filter: "prefix=a" } }],
  ["base", "another base", delta(), { ...delta(), header: { kind: "delta", base: { ...BASE, id: "11111111-2222-4333-8444-555555555555" } } }],
];

const headerOf = (/** @type {Model} */ model) => build(model).frames[0]?.payload ?? Buffer.alloc(0);
const reversed = (/** @type {import("./encode.mjs").Field[]} */ fields) => [...fields].reverse();
const last = (/** @type {Buffer} */ bytes) => Buffer.from(bytes).fill(bytes.readUInt8(7) ^ 1, 7);

/** @type {Invalid[]} */
export const INVALID_MARKERS = [
  ...SIBLINGS.map(([name, what, model, sibling]) => unbound(`sibling-${name}`, `the header of a sibling dump with the same id and time and ${what}, in a frame with this dump's marker`, model, { frames: adopted(sibling) })),
  ...SIBLINGS.map(([name, what, model, sibling]) => unbound(`exchanged-${name}`, `the whole header's frame of a sibling dump with the same id and time and ${what}: all other frames are foreign`, model, { breaks: ["R4"], frames: exchanged(sibling), at: 1 })),
  unbound("any", "a marker that is not made of anything", { ...small(), marker: Buffer.from("0001020304050607", "hex") }),
  unbound("zeros", "a marker of zeros", { ...small(), marker: Buffer.alloc(8) }),
  unbound("last-bit", "a marker whose last bit is another, in all frames", { ...small(), marker: last(markerOf(headerOf(small()))) }),
  unbound("id-and-time", "a marker made of id and time, as drafts of the format had it", { ...small(), marker: sha256(Buffer.from(`${HEADER.id}\n${String(HEADER.time)}`)).subarray(0, 8) }),
  unbound("other-order", "a marker made of the same header with its fields in another order", { ...small(), fields: { H: reversed }, marker: markerOf(headerOf(small())) }),
  unbound("last-bytes", "the last eight bytes of the header's SHA-256 instead of the first", { ...small(), marker: sha256(headerOf(small())).subarray(-8) }),
  unbound("no-keyspaces", "a wrong marker in a dump without keyspaces", { marker: Buffer.alloc(8, 1) }),
  unbound("newer", "a wrong marker in a dump of version 1.2", { ...small(), version: [1, 2], marker: Buffer.alloc(8, 1) }),
  unbound("before-payload", "a wrong marker and a header that is malformed: the marker comes first", { ...small(), marker: Buffer.alloc(8, 1), payload: { H: () => map([["format", array([uint(1), nil])]]) } }),
];
