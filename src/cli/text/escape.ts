/**
 * Shows bytes and text so that they are safe on a terminal, unambiguous, and can be typed back.
 *
 * One rule for names, keys and values, read back by `parseBytes` in byte-text.ts: printable characters stand for
 * themselves, a backslash is `\\`, and a character that does not print (control, bidi, zero-width, line separator, any
 * space but U+0020) is `\xNN` below U+0080 and `\u{H…}` above. In bytes that are no UTF-8, each byte that is no
 * printable ASCII is `\xNN`.
 * What a key ends with may be shown in braces as what it means (braces.ts), such as `node:{0f8fad5b-d9cb-469f-a165-70867728950e}`; and any part of one that
 * a layout tells of (declared.ts).
 * Bytes that are mostly not text are `hex:` and hex digits.
 */
import { decodeUtf8, isPrintable, printableAscii, UNPRINTABLE } from "./characters.js";
import { LIKE_BRACES, tailOf } from "./braces.js";
import { declaredPieces } from "./declared.js";

const UNPRINTABLE_ALL = new RegExp(UNPRINTABLE.source, "gu");
const UNPRINTABLE_OR_BACKSLASH = new RegExp(`${UNPRINTABLE.source}|\\\\`, "gu");

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function escapeCharacter(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0;
  if (character === "\\") return "\\\\";
  return codePoint < 0x80 ? `\\x${hexByte(codePoint)}` : `\\u{${codePoint.toString(16)}}`;
}

/** Escapes a name or path that is text already; what comes out has no unprintable character and is unambiguous. */
export function escapeText(text: string): string {
  return text.replace(UNPRINTABLE_OR_BACKSLASH, escapeCharacter);
}

/**
 * Makes a sentence safe to print. Backslashes stay as they are: messages quote names that are escaped already, and
 * are never read back.
 */
export function escapeMessage(text: string): string {
  return text.replace(UNPRINTABLE_ALL, escapeCharacter);
}

/** Makes the text of a JSON document safe to print without changing what it means: `\uXXXX` within its strings. */
export function escapeJson(json: string): string {
  return json.replace(UNPRINTABLE_ALL, (character) => {
    let escaped = "";
    for (let unit = 0; unit < character.length; unit++) {
      escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}

/** How much of large bytes is looked at to tell whether they are text. */
const SAMPLE_LENGTH = 1024;

/**
 * Escapes bytes, whatever they are; see the rule above. Never uses the `hex:` form. Where the whole is no UTF-8, only
 * ASCII stands for itself: among raw bytes, what looks like a character of another script is an accident.
 */
function escapeMixed(bytes: Uint8Array): string {
  const whole = decodeUtf8(bytes);
  if (whole !== null) return escapeText(whole);
  let text = "";
  for (const byte of bytes) {
    if (byte === 0x5c) text += "\\\\";
    else text += printableAscii(byte) ? String.fromCharCode(byte) : `\\x${hexByte(byte)}`;
  }
  return text;
}

/** The `hex:` form of bytes. */
export function formatHex(bytes: Uint8Array): string {
  return `hex:${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

/** Printable ASCII that bytes begin with, at which a reader recognises them, such as `node:`. */
const TEXT_START = 3;

/** Whether hex shows these bytes better than text with escapes: no text at the start, and little of it elsewhere. */
function isMostlyBinary(bytes: Uint8Array): boolean {
  if (bytes.subarray(0, TEXT_START).every(printableAscii)) return false;
  const whole = decodeUtf8(bytes);
  if (whole === null) {
    const sample = bytes.subarray(0, SAMPLE_LENGTH);
    return sample.filter(printableAscii).length * 2 < sample.length;
  }
  const characters = Array.from(whole);
  return characters.filter(isPrintable).length * 2 < characters.length;
}

/**
 * The readable form of a key, a name or any bytes. `parseBytes` gives back exactly these bytes.
 * No bytes at all are `hex:`, so that they can be seen.
 */
export function formatBytes(bytes: Uint8Array): string {
  const pieces = declaredPieces(bytes);
  if (pieces !== null) return pieces.map((piece) => (typeof piece === "string" ? piece : formatText(piece))).join("");
  const tail = tailOf(bytes);
  if (tail !== null) return `${formatText(bytes.subarray(0, bytes.length - tail.length))}${tail.text}`;
  return bytes.length === 0 || isMostlyBinary(bytes) ? formatHex(bytes) : formatText(bytes);
}

/** Bytes as text with escapes, never as hex: for a part of something that is shown. */
export function formatText(bytes: Uint8Array): string {
  // Within single quotes, as keys are pasted into a shell, there can be no quote.
  const text = escapeMixed(bytes).replaceAll("'", "\\x27").replace(LIKE_BRACES, "\\x7b");
  // A key that happens to begin like one of the two notations must not be read back as one.
  return /^(?:hex|text):/.test(text) ? `\\x${hexByte(bytes[0] ?? 0)}${text.slice(1)}` : text;
}

/** Bytes looked at and characters shown of a key in a table. */
const SHORT_LENGTH = 96;

/**
 * The readable form of bytes, cut where a table would become too wide. What is cut ends with `…`.
 * @param length characters at most
 */
export function formatShort(bytes: Uint8Array, length = SHORT_LENGTH): string {
  const whole = formatBytes(bytes.subarray(0, length));
  if (bytes.length <= length && whole.length <= length) return whole;
  return `${Array.from(whole).slice(0, length - 1).join("")}…`;
}
