// @ts-check
/** What a vector's JSON says: what a valid dump holds; of an invalid one the error, and what may have been released before. */
import { UNSEEN } from "./unseen.mjs";
import { build, layOut, sha256, TOTALS } from "./dump.mjs";

/** @typedef {import("./dump.mjs").Frame} Frame */
/** @typedef {import("./dump.mjs").Model} Model */
/**
 * @typedef {object} Valid
 * @property {string} name
 * @property {string} description
 * @property {Model} model
 * @property {(frames: Frame[]) => Frame[]} [frames]
 */
/**
 * @typedef {object} Invalid
 * @property {string} name
 * @property {string} description
 * @property {string[]} breaks ids of the requirements
 * @property {string} code
 * @property {Model} [model]
 * @property {(frames: Frame[]) => Frame[]} [frames] drops, swaps or adds frames
 * @property {(bytes: Buffer, layout: { offsets: number[], tail: number }) => Buffer} [bytes] changes the whole
 * @property {number | "start" | "tail" | "behind"} [at] the frame or place that the error is at; the first changed frame when left out
 */

/** Codes of errors that are found before anyone knows what a frame means: within a keyspace they carry the next block's number. */
const HEAD_CODES = ["DUMP_FRAME_DAMAGED", "DUMP_CHECKSUM_MISMATCH", "DUMP_FRAME_FOREIGN", "DUMP_SEQUENCE_BROKEN", "DUMP_TRUNCATED"];

/** Frames that are events of their own to whoever reads a dump. */
const EVENTS = "HSBGE";

/** @param {Buffer | null} bytes */
function hex(bytes) {
  if (bytes === null) return null;
  const [first = 0] = bytes;
  const long = bytes.length > 1024 && bytes.every((byte) => byte === first);
  return long ? { byte: bytes.toString("hex", 0, 1), times: bytes.length } : bytes.toString("hex");
}

/** @param {Valid} vector */
export function makeValid({ description, model, frames = (all) => all }) {
  const built = build(model);
  const { bytes } = layOut(frames(built.frames), built.version);
  const { engine, engineVersion, database, sequence, options: storeOptions, base, salvaged, time, ...header } = built.header;
  const list = model.keyspaces ?? [];
  const json = {
    description,
    header: {
      format: built.version,
      ...header,
      time,
      base: base && { id: base.id, keyspaces: base.keyspaces.map(({ name, entries, digest }) => ({ name: hex(name), entries, digest: hex(digest) })) },
      salvaged,
      source: { engine, version: engineVersion, database, sequence: sequence === null ? null : String(sequence), ...(built.version[1] === 0 ? {} : { options: storeOptions }) },
      keyspaces: list.map(({ name, order = "bytewise", estimates = [0, 0], options = [] }) => ({ name: hex(name), order, entries: estimates[0], bytes: estimates[1], options })),
    },
    keyspaces: list.map(({ items = [], result }, place) => ({
      entries: items.flatMap((item) => (typeof item === "object" && "block" in item ? item.block.entries.map(({ key, value }) => [hex(key), hex(value)]) : [])),
      gaps: items.flatMap((item) => (typeof item === "object" && "gap" in item ? [{ ...item.gap, after: hex(item.gap.after), before: hex(item.gap.before) }] : [])),
      totals: built.ends[place]?.totals,
      digest: hex(built.ends[place]?.digest ?? null),
      result: result === undefined ? null : { entries: result.entries, digest: hex(result.digest) },
    })),
    totals: Object.fromEntries(TOTALS.map((name) => [name, built.totals[name]])),
    events: `${built.frames.map(({ kind }) => kind).filter((kind) => EVENTS.includes(kind)).join("")}F`,
    bytes: bytes.length,
  };
  return { bytes, json };
}

/** @param {Invalid} vector */
export function makeInvalid({ name, description, breaks, code, model = {}, frames: change, bytes: changeBytes, at }) {
  const built = build(model);
  const frames = change === undefined ? built.frames : change(built.frames);
  const layout = layOut(frames, built.version);
  const bytes = changeBytes === undefined ? layout.bytes : changeBytes(layout.bytes, layout);
  const ends = [...layout.offsets.slice(1), layout.tail];
  const cut = ends.filter((end) => end <= bytes.length).length;
  const touched = frames.findIndex((frame) => frame.touched);
  const place = at ?? (code === "DUMP_TRUNCATED" ? cut : touched);
  if (place === -1) throw new TypeError(`${name}: nothing in it is wrong, say where the error is`);
  const sound = place === "start" ? [] : frames.slice(0, typeof place === "number" ? place : undefined);
  const kinds = sound.map(({ kind }) => kind).join("");
  const offset = code === "DUMP_TRUNCATED" ? bytes.length : place === "behind" ? layout.tail + 31 : place === "start" ? 0 : place === "tail" ? layout.tail : (layout.offsets[place] ?? layout.tail);
  const inside = kinds.lastIndexOf("S") > kinds.lastIndexOf("E");
  const failing = typeof place === "number" ? frames[place] : undefined;
  const early = HEAD_CODES.includes(code) || failing === undefined;
  const isBlock = !HEAD_CODES.includes(code) && failing?.kind === "B";
  const blocks = sound.filter(({ kind }) => kind === "B");
  const json = {
    description,
    breaks,
    code,
    offset,
    block: isBlock || (inside && early) ? blocks.length : null,
    random: UNSEEN.has(name) ? "unseen" : "refused",
    released: {
      events: [...kinds].filter((kind) => EVENTS.includes(kind)).join(""),
      blocks: blocks.length,
      entries: blocks.reduce((sum, { entries = 0 }) => sum + entries, 0),
      digest: sha256(...blocks.map(({ raw }) => raw ?? Buffer.alloc(0))).toString("hex"),
    },
  };
  return { bytes, json };
}
