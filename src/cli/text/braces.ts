/**
 * Bytes that are shown in braces as what they mean, and read back from there:
 *
 *     {0f8fad5b-d9cb-469f-a165-70867728950e}   the 16 bytes of a UUID
 *     {u64:37}, {u32:37}                       a number, in 8 or 4 bytes, the highest first
 *     {ms:2026-11-29T20:48:18.827Z}            a time: milliseconds since 1970, in 8 bytes, the highest first
 *
 * A key is looked at by itself, so that it is shown the same everywhere. What is taken for a number and is none is shown oddly, and still read back as the same bytes.
 */
import { decodeUtf8, isPrintable, printableAscii } from "./characters.js";

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,3})?Z";

/** What stands for bytes; with what is in the braces as its one group. */
export const IN_BRACES = new RegExp(`\\{(${UUID}|u(?:64|32):\\d{1,20}|ms:${TIME})\\}`, "gi");

/** The brace of a text that has what would be read as bytes. */
export const LIKE_BRACES = new RegExp(`\\{(?=(?:${UUID}|u(?:64|32):\\d{1,20}|ms:${TIME})\\})`, "gi");

/** The bytes of what stands in braces; null when no such number or time is. */
export function bytesInBraces(text: string): Uint8Array | null {
  const [, kind, what] = /^(u64|u32|ms):(.*)$/i.exec(text) ?? [];
  if (kind === undefined || what === undefined) return new Uint8Array(Buffer.from(text.replaceAll("-", ""), "hex"));
  if (kind.toLowerCase() !== "ms") return numberBytes(BigInt(what), kind.endsWith("64") ? 8 : 4);
  const time = Date.parse(what);
  return Number.isNaN(time) || time < 0 ? null : numberBytes(BigInt(time), 8);
}

function numberBytes(number: bigint, length: number): Uint8Array | null {
  const hex = number.toString(16);
  return hex.length > length * 2 ? null : new Uint8Array(Buffer.from(hex.padStart(length * 2, "0"), "hex"));
}

/** Longer prefixes are no names of a kind of key. */
const LONGEST_PREFIX = 64;
/** What a prefix ends with. */
const SEPARATORS: ReadonlySet<number> = new Set(Buffer.from(":/|#"));

/** What a key ends with. */
export interface Tail {
  readonly kind: "uuid" | "integer" | "time";
  /** As it stands in braces, with them. */
  readonly text: string;
  /** What it is: a UUID, decimal digits, or a time as ISO 8601 has it. */
  readonly meaning: string;
  /** How many bytes it stands for. */
  readonly length: number;
}

/** What a key ends with that is shown in braces: behind a prefix of printable ASCII that ends with `:`, `/`, `|` or `#`, or alone. Null for none. */
export function tailOf(key: Uint8Array): Tail | null {
  return uuidTail(key) ?? numberTail(key, 8) ?? numberTail(key, 4);
}

/** The last bytes of a key and how it begins; null when these bytes are text, or what is before them is no prefix. */
function endOf(key: Uint8Array, length: number): { readonly raw: Uint8Array; readonly alone: boolean } | null {
  const prefix = key.length - length;
  if (prefix < 0 || prefix > LONGEST_PREFIX) return null;
  if (prefix > 0 && !(SEPARATORS.has(key[prefix - 1] ?? 0) && key.subarray(0, prefix).every(printableAscii))) return null;
  const raw = key.subarray(prefix);
  const text = decodeUtf8(raw);
  return text !== null && isPrintable(text) ? null : { raw, alone: prefix === 0 };
}

function uuidTail(key: Uint8Array): Tail | null {
  const end = endOf(key, 16);
  if (end === null) return null;
  const { raw, alone } = end;
  // RFC 9562: version 1 to 8, and the variant that all UUIDs of today have.
  const isUuid = (raw[6] ?? 0) >> 4 >= 1 && (raw[6] ?? 0) >> 4 <= 8 && (raw[8] ?? 0) >> 6 === 2;
  if (alone && !isUuid) return null;
  const meaning = uuidText(raw);
  return { kind: "uuid", length: 16, meaning, text: `{${meaning}}` };
}

/** The text of the 16 bytes of a UUID. */
export function uuidText(raw: Uint8Array): string {
  const hex = Buffer.from(raw).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Times that are shown as such: 2001 to 2100, in milliseconds since 1970. */
const EARLIEST = 10n ** 12n;
const LATEST = BigInt(Date.UTC(2100, 0));

/** A time in milliseconds since 1970, as ISO 8601 has it; null when it is none of our days. */
export function timeText(number: bigint): string | null {
  return number >= EARLIEST && number < LATEST ? new Date(Number(number)).toISOString() : null;
}

/** A number has zeros in front: a hash, a mark of some kind or a negative number seldom has. */
function numberTail(key: Uint8Array, length: 4 | 8): Tail | null {
  const end = endOf(key, length);
  if (end === null || (end.alone && length < 8)) return null;
  if (end.raw.subarray(0, length / 4).some((byte) => byte !== 0)) return null;
  const number = BigInt(`0x${Buffer.from(end.raw).toString("hex")}`);
  const meaning = length === 8 ? timeText(number) : null;
  if (meaning !== null) return { kind: "time", length, meaning, text: `{ms:${meaning}}` };
  return { kind: "integer", length, meaning: String(number), text: `{u${String(length * 8)}:${String(number)}}` };
}
