/**
 * How MAYA lays its graph out in a store, whatever the keyspace:
 *
 *     node: + 16 bytes               JSON {id, label, properties: [{key, value}], created_at, updated_at}
 *     edge: + 16 bytes               JSON {id, label, source, target, properties, created_at}
 *     node_edges:<uuid>:outgoing     JSON list of the ids of edges that start at the node
 *     node_edges:<uuid>:incoming     the same of those that end at it
 *
 * The bytes are those of the UUID that the value has as its id, in text. Keys that begin otherwise are not the graph's.
 */

/** What an entry is. */
export type RecordType = "node" | "edge" | "outgoing" | "incoming";

/** What a key is: one of the graph's, one that only begins as they do, or none of it. */
export type KeyType = RecordType | "malformed" | "other";

/** Bytes of a UUID. */
export const ID_BYTES = 16;

/** Characters of its text. */
export const ID_TEXT = 36;

const NODE = Buffer.from("node:");
const EDGE = Buffer.from("edge:");
const LIST = Buffer.from("node_edges:");
const OUTGOING = Buffer.from(":outgoing");
const INCOMING = Buffer.from(":incoming");
const LIST_KEY = LIST.length + ID_TEXT + OUTGOING.length;

const DASH = 0x2d;
/** Where the two digits of each byte stand in the text of a UUID. */
const DIGITS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;

const VALUE_OF = new Int8Array(256).fill(-1);
for (const digit of "0123456789abcdefABCDEF") VALUE_OF[digit.charCodeAt(0)] = Number.parseInt(digit, 16);

/**
 * Reads the text of a UUID.
 * @param bytes that hold it, from `at` on
 * @param into where its 16 bytes go, from `to` on; they may be overwritten although it is none
 * @returns whether there is one: 32 hex digits of either case and four dashes
 */
export function readId(bytes: Uint8Array, at: number, into: Uint8Array, to: number): boolean {
  if (bytes[at + 8] !== DASH || bytes[at + 13] !== DASH || bytes[at + 18] !== DASH || bytes[at + 23] !== DASH) return false;
  let wrong = 0;
  for (let i = 0; i < ID_BYTES; i++) {
    const digit = at + (DIGITS[i] ?? 0);
    const high = VALUE_OF[bytes[digit] ?? 0] ?? -1;
    const low = VALUE_OF[bytes[digit + 1] ?? 0] ?? -1;
    wrong |= high | low;
    into[to + i] = (high << 4) | low;
  }
  return wrong >= 0;
}

/** Copies a few bytes; for so few it is faster than the call that copies many. */
export function copyBytes(from: Uint8Array, at: number, into: Uint8Array, to: number, count: number): void {
  for (let i = 0; i < count; i++) into[to + i] = from[at + i] ?? 0;
}

/** How a few bytes compare, likewise. */
export function compareBytes(a: Uint8Array, at: number, b: Uint8Array, bAt: number, count: number): number {
  for (let i = 0; i < count; i++) {
    const difference = (a[at + i] ?? 0) - (b[bAt + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** As `readId`, of a text that has only the UUID in it. */
export function readIdText(text: string, into: Uint8Array, to: number): boolean {
  if (text.length !== ID_TEXT) return false;
  for (const place of [8, 13, 18, 23]) if (text.charCodeAt(place) !== DASH) return false;
  let wrong = 0;
  for (let i = 0; i < ID_BYTES; i++) {
    const digit = DIGITS[i] ?? 0;
    const high = VALUE_OF[text.charCodeAt(digit)] ?? -1;
    const low = VALUE_OF[text.charCodeAt(digit + 1)] ?? -1;
    wrong |= high | low;
    into[to + i] = (high << 4) | low;
  }
  return wrong >= 0;
}

/** The text of a UUID. */
export function idText(id: Uint8Array): string {
  const hex = Buffer.from(id).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The key that a record is stored by. */
export function recordKey(type: RecordType, id: Uint8Array): Uint8Array {
  if (type === "node") return Buffer.concat([NODE, id]);
  if (type === "edge") return Buffer.concat([EDGE, id]);
  return Buffer.concat([LIST, Buffer.from(idText(id)), type === "outgoing" ? OUTGOING : INCOMING]);
}

/**
 * Tells what a key is.
 * @param raw bytes that hold it, from `start` to `end`
 * @param into where the 16 bytes of the id go when it is one of the graph's
 */
export function classifyKey(raw: Buffer, start: number, end: number, into: Uint8Array): KeyType {
  if (startsWith(raw, start, end, NODE) || startsWith(raw, start, end, EDGE)) {
    if (end - start !== NODE.length + ID_BYTES) return "malformed";
    copyBytes(raw, start + NODE.length, into, 0, ID_BYTES);
    return raw[start] === NODE[0] ? "node" : "edge";
  }
  if (!startsWith(raw, start, end, LIST)) return "other";
  if (end - start !== LIST_KEY || !isLowerCase(raw, start, end) || !readId(raw, start + LIST.length, into, 0)) return "malformed";
  const direction = end - OUTGOING.length;
  if (startsWith(raw, direction, end, OUTGOING)) return "outgoing";
  return startsWith(raw, direction, end, INCOMING) ? "incoming" : "malformed";
}

function startsWith(raw: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (raw[start + i] !== prefix[i]) return false;
  return true;
}

/** Keys are looked up as they are: with capitals it would be another one. */
function isLowerCase(raw: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = raw[i] ?? 0;
    if (byte >= 0x41 && byte <= 0x5a) return false;
  }
  return true;
}
