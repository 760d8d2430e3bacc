/** Values as a person reads them: JSON on one line, other text with escapes, anything else in hex. */
import { formatCount } from "../../counts.js";
import { decodeUtf8, isPrintable } from "../text/characters.js";
import { escapeJson, formatBytes, formatHex } from "../text/escape.js";

/** Of a value that is going to be cut anyway, no more than this is looked at. */
const LOOK_AT_BYTES = 64 * 1024;
/** Bytes of a value that is shown whole where nothing cuts it; what is larger takes many times its size as text. */
export const MOST_WHOLE = 16 * 1024 * 1024;
/** Bytes of the longest character of UTF-8. */
const LONGEST_CHARACTER = 4;

/** Whether the text is a JSON document. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A JSON document without the blanks between its parts. Not parsed and written again: that would change large numbers
 * and doubled names.
 */
function compactJson(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|[ \t\n\r]+/gs, (part) => (part.startsWith('"') ? part : ""));
}

/** The whole value on one line. */
function wholeValue(value: Uint8Array): string {
  if (value.length === 0) return "";
  const text = decodeUtf8(value);
  if (text !== null && isJson(text)) return escapeJson(compactJson(text));
  const shown = formatBytes(value);
  // Escaping may have made JSON of what is none; nobody could tell the two apart.
  return shown.includes("\\") && isJson(shown) ? formatHex(value) : shown;
}

/** Cuts a text to so many characters, never within a pair of surrogates. */
function cut(text: string, length: number): string {
  const end = /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? length - 1 : length;
  return text.slice(0, end);
}

/**
 * A value on one line, safe to print. JSON stays the same JSON; the same line never stands for two values.
 * @param value the value, or null for a key that is deleted
 * @param width columns that it may take; what is cut ends with its size. Cut only when it is huge, when null
 */
export function renderValue(value: Uint8Array | null, width: number | null): string {
  if (value === null) return "(deleted)";
  if (width === null) {
    if (value.length <= MOST_WHOLE) return wholeValue(value);
    return `${beginning(value)}… (${formatCount(value.length)} bytes; all of them: --get KEY --raw)`;
  }
  const start = value.length > LOOK_AT_BYTES ? beginning(value) : wholeValue(value);
  if (value.length <= LOOK_AT_BYTES && start.length <= width) return start;
  const note = `… (${formatCount(value.length)} bytes)`;
  return cut(start, Math.max(1, width - note.length)) + note;
}

/** The beginning of a large value, which can't be told to be JSON without reading all of it. */
function beginning(value: Uint8Array, most = LOOK_AT_BYTES): string {
  let end = most;
  // Not within a character of UTF-8.
  while (end > most - LONGEST_CHARACTER && ((value[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  const bytes = value.subarray(0, end);
  const text = decodeUtf8(bytes);
  const looksLikeJson = text !== null && /^\s*[[{"]/.test(text) && isPrintable(text.replace(/\s/g, ""));
  return looksLikeJson ? escapeJson(text.replace(/\s+/g, " ")) : formatBytes(bytes);
}

/**
 * The beginning of a value on one line, safe to print, cut as `renderValue` cuts.
 * @param start first bytes of the value, all of them when there are no more
 * @param bytes length of the whole value
 */
export function renderStart(start: Uint8Array, bytes: number, width: number): string {
  if (start.length === bytes) return renderValue(start, width);
  const note = `… (${formatCount(bytes)} bytes)`;
  return cut(beginning(start, Math.max(0, start.length - LONGEST_CHARACTER)), Math.max(1, width - note.length)) + note;
}
