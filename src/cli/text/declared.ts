/** Keys of which a layout says what they are made of: they are shown by it, whatever their bytes look like. What is shown is read back without the layout. */
import type { GraphForm, GraphKeyPart, GraphLayout } from "../../settings/graph-layout.js";
import { timeText, uuidText } from "./braces.js";

type Pattern = readonly GraphKeyPart[];

/** Those of this process: each command shows keys of one input. */
let patterns: readonly Pattern[] = [];

/** From now on, keys are shown as this layout says. */
export function declareKeys({ rules, keys = [] }: GraphLayout): void {
  patterns = [...rules.map(({ key }) => key), ...keys];
}

/** A key in pieces: bytes that are shown as text, and texts in braces that stand for bytes; null for a key that nothing says anything of. */
export function declaredPieces(key: Uint8Array): (Uint8Array | string)[] | null {
  for (const pattern of patterns) {
    const pieces = piecesBy(pattern, key);
    if (pieces?.some((piece) => typeof piece === "string") === true) return pieces;
  }
  return null;
}

const LENGTHS: Readonly<Record<Exclude<GraphForm, "text">, number>> = { uuid: 16, "uuid-text": 36, u64: 8 };

/** Null when the key is none of the pattern's. */
function piecesBy(pattern: Pattern, key: Uint8Array): (Uint8Array | string)[] | null {
  const pieces: (Uint8Array | string)[] = [];
  // Where the bytes begin that are shown as text.
  let text = 0;
  let at = 0;
  for (const [index, part] of pattern.entries()) {
    const length = lengthOf(part, pattern[index + 1], key.subarray(at));
    if (length === null || at + length > key.length) return null;
    if ("form" in part && (part.form === "uuid" || part.form === "u64")) {
      const raw = key.subarray(at, at + length);
      pieces.push(key.subarray(text, at), part.form === "uuid" ? `{${uuidText(raw)}}` : numberText(raw, part.name === "time"));
      text = at + length;
    }
    at += length;
  }
  return at === key.length ? [...pieces, key.subarray(text)] : null;
}

/** Bytes that a part has at the start of `rest`; null when it is not there. */
function lengthOf(part: GraphKeyPart, next: GraphKeyPart | undefined, rest: Uint8Array): number | null {
  if ("literal" in part) return Buffer.from(rest).subarray(0, part.literal.length).equals(part.literal) ? part.literal.length : null;
  if (part.form !== "text") return LENGTHS[part.form];
  // Text has a byte at least.
  const end = next !== undefined && "literal" in next ? Buffer.from(rest).indexOf(next.literal, 1) : rest.length;
  return end < 1 ? null : end;
}

function numberText(raw: Uint8Array, isTime: boolean): string {
  const number = Buffer.from(raw).readBigUInt64BE();
  const time = isTime ? timeText(number) : null;
  return time === null ? `{u64:${number.toString()}}` : `{ms:${time}}`;
}
