// @ts-check
/** Whole dumps from a model of what they hold, with a hook at each frame so that one thing can be made wrong. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { array, bigEndian, bin, map, nil, str, uint } from "./encode.mjs";

/** @typedef {import("./encode.mjs").Field} Field */
/** @typedef {{ key: Buffer, value: Buffer | null }} Entry */
/** @typedef {{ after: Buffer | null, before: Buffer | null, blocks: number | null, entries: number | null, bytes: number | null }} Gap */
/** @typedef {{ entries: Entry[], codec?: number, pack?: (raw: Buffer) => Buffer, raw?: Buffer }} Block `raw` instead of the encoded entries */
/** @typedef {{ block: Block } | { gap: Gap } | { frame: { kind: string, payload: Buffer } } | "index"} Item */
/** @typedef {{ entries: number, digest: Buffer }} Result */
/** @typedef {{ name: Buffer, order?: string, estimates?: [entries: number, bytes: number], options?: [string, string][], items?: Item[], result?: Result }} Keyspace */
/** @typedef {{ id: string, keyspaces: { name: Buffer, entries: number, digest: Buffer }[] }} Base */
/** @typedef {{ id: string | null }} Salvaged */
/** @typedef {{ id: string, time: number, producer: string, kind: string, base: Base | null, salvaged: Salvaged | null, engine: string, engineVersion: string, database: string | null, sequence: bigint | null, options: [string, string][], codec: number, blockSize: number, filter: string | null }} Header */
/** @typedef {Field[] | Buffer[]} Value the fields of a map or the elements of an array */
/**
 * @typedef {object} Model
 * @property {[number, number]} [version]
 * @property {Partial<Header>} [header]
 * @property {Keyspace[]} [keyspaces]
 * @property {Buffer} [marker] instead of that of the header
 * @property {{ kind: string, payload: Buffer }[]} [afterHeader] frames
 * @property {string} [abortAfter] text of the frames' kinds behind which the producer gives up
 * @property {Record<string, (fields: Field[], number: number) => Field[]>} [fields] changes the map of a kind of frame
 * @property {Record<string, (parts: Buffer[], number: number) => Buffer[]>} [parts] changes the array of a kind of frame
 * @property {Record<string, (payload: Buffer, number: number) => Buffer>} [payload] changes the payload of a kind of frame
 */
/** @typedef {{ kind: string, payload: Buffer, sequence: number, marker: Buffer, touched: boolean, raw?: Buffer, entries?: number }} Frame */
/** @typedef {Record<"entries" | "keyBytes" | "valueBytes" | "blocks" | "rawBytes" | "storedBytes" | "gaps", number>} Totals */

/** @type {Header} */
export const HEADER = {
  id: "5f1d7a3c-2b64-4e0a-9c1f-6a8d3e52b407",
  time: 1_700_000_000_000,
  producer: "vectors 1",
  kind: "full",
  base: null,
  salvaged: null,
  engine: "none",
  engineVersion: "1",
  database: null,
  sequence: null,
  options: [],
  codec: 0,
  blockSize: 1024,
  filter: null,
};

/** @type {(keyof Totals)[]} */
export const TOTALS = ["entries", "keyBytes", "valueBytes", "blocks", "rawBytes", "storedBytes", "gaps"];

/** @param {...Buffer} bytes */
export const sha256 = (...bytes) => bytes.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

/** @param {readonly Entry[]} entries */
export const encodeEntries = (entries) => Buffer.concat(entries.flatMap(({ key, value }) => [bin(key), value === null ? nil : bin(value)]));

/** @param {Buffer} header the payload of its frame */
export const markerOf = (header) => sha256(header).subarray(0, 8);

/** @template T @param {T | null} value @param {(value: T) => Buffer} encode */
const orNil = (value, encode) => (value === null ? nil : encode(value));

/** @param {Header} header @param {[number, number]} version @param {readonly Keyspace[]} keyspaces @returns {Field[]} */
function headerFields(header, [major, minor], keyspaces) {
  const base = (/** @type {Base} */ { id, keyspaces: own }) =>
    map([
      ["id", str(id)],
      ["keyspaces", array(own.map(({ name, entries, digest }) => map([["name", bin(name)], ["entries", uint(entries)], ["digest", bin(digest)]])))],
    ]);
  return [
    ["format", array([uint(major), uint(minor)])],
    ["id", str(header.id)],
    ["time", uint(header.time)],
    ["producer", str(header.producer)],
    ["kind", str(header.kind)],
    ["base", orNil(header.base, base)],
    ["salvaged", orNil(header.salvaged, ({ id }) => map([["id", orNil(id, str)]]))],
    ["source", map([["engine", str(header.engine)], ["version", str(header.engineVersion)], ["database", orNil(header.database, str)], ["sequence", orNil(header.sequence, uint)], ...(minor === 0 ? [] : [optionsField(header.options)])])],
    ["codec", uint(header.codec)],
    ["blockSize", uint(header.blockSize)],
    ["filter", orNil(header.filter, str)],
    ["keyspaces", array(keyspaces.map((keyspace) => map(keyspaceFields(keyspace))))],
  ];
}

/** @param {Keyspace} keyspace @returns {Field[]} */
export function keyspaceFields({ name, order = "bytewise", estimates = [0, 0], options = [] }) {
  return [["name", bin(name)], ["order", str(order)], ["entries", uint(estimates[0])], ["bytes", uint(estimates[1])], optionsField(options)];
}

/** @param {readonly (readonly [string, string])[]} options @returns {Field} */
function optionsField(options) {
  return ["options", map(options.map(([key, value]) => /** @type {Field} */ ([key, str(value)])))];
}

/** @returns {Totals} */
const zero = () => ({ entries: 0, keyBytes: 0, valueBytes: 0, blocks: 0, rawBytes: 0, storedBytes: 0, gaps: 0 });

/** @param {Totals} totals @returns {Field[]} */
const sums = (totals) => TOTALS.map((name) => [name, uint(totals[name])]);

/** @param {Result | undefined} result */
const resultValue = (result) => (result === undefined ? nil : map([["entries", uint(result.entries)], ["digest", bin(result.digest)]]));

/** @param {Value} value */
const encode = (value) => (Array.isArray(value[0]) ? map(/** @type {Field[]} */ (value)) : array(/** @type {Buffer[]} */ (value)));

/** Makes the frames of a dump one after the other. */
class Builder {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.header = { ...HEADER, ...model.header };
    this.marker = model.marker ?? Buffer.alloc(8);
    /** @type {Frame[]} */
    this.frames = [];
    this.offset = 17;
    /** @type {Record<string, number>} */
    this.numbers = {};
    this.blocks = 0;
    /** @type {{ first: number, firstKey: Buffer, list: Buffer[] }} */
    this.waiting = { first: 0, firstKey: Buffer.alloc(0), list: [] };
    /** @type {Buffer[]} */
    this.indexes = [];
  }

  /** @param {string} kind @param {Value | Buffer} value @param {{ raw?: Buffer, entries?: number }} [info] */
  add(kind, value, info = {}) {
    const number = this.numbers[kind] ?? 0;
    this.numbers[kind] = number + 1;
    const plain = Buffer.isBuffer(value) ? value : encode(value);
    let payload = plain;
    const { fields, parts, payload: whole } = this.model;
    if (fields?.[kind] !== undefined) payload = encode(fields[kind](/** @type {Field[]} */ (value), number));
    if (parts?.[kind] !== undefined) payload = encode(parts[kind](/** @type {Buffer[]} */ (value), number));
    if (whole?.[kind] !== undefined) payload = whole[kind](payload, number);
    if (kind === "H" && this.model.marker === undefined) this.marker = markerOf(payload);
    this.frames.push({ kind, payload, sequence: this.frames.length, marker: this.marker, touched: !payload.equals(plain), ...info });
    this.offset += 33 + payload.length;
  }

  /** @param {number} place @param {Block} block @param {Totals} totals */
  block(place, block, totals) {
    const { entries } = block;
    const raw = block.raw ?? encodeEntries(entries);
    const data = block.pack?.(raw) ?? raw;
    const codec = block.codec ?? (block.pack === undefined ? 0 : this.header.codec);
    const [first, last] = [entries.at(0)?.key ?? Buffer.alloc(0), entries.at(-1)?.key ?? Buffer.alloc(0)];
    const { offset } = this;
    this.add("B", [uint(place), uint(codec), uint(raw.length), uint(entries.length), bin(first), bin(last), bin(data)], { raw, entries: entries.length });
    if (this.waiting.list.length === 0) this.waiting = { first: this.blocks, firstKey: first, list: [] };
    const numbers = [offset, this.offset - offset, codec, raw.length, data.length, entries.length];
    this.waiting.list.push(array([...numbers.map((value) => uint(value)), bin(first), bin(last)]));
    this.blocks += 1;
    totals.entries += entries.length;
    totals.keyBytes += entries.reduce((sum, { key }) => sum + key.length, 0);
    totals.valueBytes += entries.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    totals.blocks += 1;
    totals.rawBytes += raw.length;
    totals.storedBytes += data.length;
    return raw;
  }

  /** @param {number} place */
  index(place) {
    const { first, firstKey, list } = this.waiting;
    if (list.length === 0) return;
    const { offset } = this;
    this.add("I", [uint(place), uint(first), array(list)]);
    const key = firstKey.length > 256 ? nil : bin(firstKey);
    this.indexes.push(array([...[offset, this.offset - offset, place, first, list.length].map((value) => uint(value)), key]));
    this.waiting.list = [];
  }

  /** @param {Gap} gap @param {number} place */
  gap(gap, place) {
    const { after, before, blocks, entries, bytes } = gap;
    this.add("G", [["keyspace", uint(place)], ["after", orNil(after, bin)], ["before", orNil(before, bin)], ["blocks", orNil(blocks, uint)], ["entries", orNil(entries, uint)], ["bytes", orNil(bytes, uint)]]);
  }

  /** @param {Keyspace} keyspace @param {number} place */
  keyspace({ name, order = "bytewise", items = [], result }, place) {
    this.add("S", [["keyspace", uint(place)], ["name", bin(name)], ["order", str(order)]]);
    const totals = zero();
    /** @type {Buffer[]} */
    const raws = [];
    for (const item of items) {
      if (item === "index") this.index(place);
      else if ("gap" in item) {
        this.gap(item.gap, place);
        totals.gaps += 1;
      } else if ("frame" in item) this.add(item.frame.kind, item.frame.payload);
      else raws.push(this.block(place, item.block, totals));
    }
    this.index(place);
    const digest = sha256(...raws);
    /** @type {Field[]} */
    const fields = [...sums(totals), ["digest", bin(digest)], ["result", resultValue(result)]];
    this.add("E", [["keyspace", uint(place)], ...fields]);
    return { totals, digest, fields };
  }
}

/**
 * The frames of a dump.
 * @param {Model} model
 */
export function build(model) {
  const keyspaces = model.keyspaces ?? [];
  const version = model.version ?? [1, 0];
  const builder = new Builder(model);
  builder.add("H", headerFields(builder.header, version, keyspaces));
  for (const { kind, payload } of model.afterHeader ?? []) builder.add(kind, payload);
  const ends = keyspaces.map((keyspace, place) => builder.keyspace(keyspace, place));
  const all = ends.reduce((sum, { totals }) => {
    for (const name of TOTALS) sum[name] += totals[name];
    return sum;
  }, zero());
  builder.add("F", [...sums(all), ["keyspaces", array(ends.map(({ fields }) => map(fields)))], ["indexes", array(builder.indexes)]]);
  return { version, header: builder.header, frames: builder.frames, ends, totals: all };
}

/** @param {[number, number]} version */
export const magic = ([major, minor]) => Buffer.concat([Buffer.from("c70e4b", "hex"), Buffer.from("KGDUMP\r\n\x1a\n", "latin1"), bigEndian(major, 2), bigEndian(minor, 2)]);

/** @param {Frame} frame */
export function frameBytes({ kind, payload, sequence, marker }) {
  const checked = Buffer.concat([Buffer.from(kind, "latin1"), marker, bigEndian(sequence, 4), bigEndian(payload.length, 4), bigEndian(crc32(payload), 4)]);
  return Buffer.concat([Buffer.from("92c718", "hex"), checked, bigEndian(crc32(checked), 4), Buffer.of(0xc6), bigEndian(payload.length, 4), payload]);
}

/** @param {number | bigint} footer @param {number | bigint} length */
export function tailBytes(footer, length) {
  const checked = Buffer.concat([Buffer.of(0x5a), bigEndian(footer, 8), bigEndian(length, 8)]);
  return Buffer.concat([Buffer.from("c71c", "hex"), checked, bigEndian(crc32(checked), 4), Buffer.from("KGDEND\r\n", "latin1")]);
}

/**
 * A dump of frames, and where each is; with a tail when there is a footer.
 * @param {readonly Frame[]} frames
 * @param {[number, number]} version
 */
export function layOut(frames, version) {
  const parts = [magic(version)];
  const offsets = [];
  let [offset, footer] = [17, 0];
  for (const frame of frames) {
    const bytes = frameBytes(frame);
    offsets.push(offset);
    if (frame.kind === "F") footer = offset;
    parts.push(bytes);
    offset += bytes.length;
  }
  if (footer > 0) parts.push(tailBytes(footer, offset + 31));
  return { bytes: Buffer.concat(parts), offsets, tail: offset };
}
