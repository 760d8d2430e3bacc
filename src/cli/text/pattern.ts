/**
 * Patterns of keys: bytes that all keys of a prefix have, as keys are shown, and what stands for the others. In braces stand bytes, as for the UUID of
 * `node:{0f8fad5b-…}`; in angle brackets text: `node:{uuid}`, `user:<number>:name`.
 */
import type { KeyPart } from "../../operations/stats/results.js";
import { formatBytes, formatText } from "./escape.js";

/** What stands for a part that is no literal. */
const NAMES: Readonly<Record<Exclude<KeyPart["kind"], "literal" | "bytes">, string>> = {
  number: "<number>",
  hex: "<hex>",
  text: "<text>",
  "uuid-text": "<uuid>",
  uuid: "{uuid}",
  integer: "{integer}",
  rest: "*",
};

/** The pattern of parts, safe to print. @param goesOn whether longer prefixes are told together with it */
export function formatPattern(parts: readonly KeyPart[], goesOn = false): string {
  const text = parts.map(({ kind, bytes, width }) => {
    if (kind === "literal") return bytes === null ? "" : parts.length === 1 && !goesOn ? formatBytes(bytes) : formatText(bytes);
    if (kind !== "bytes") return NAMES[kind];
    return width === null ? "{bytes}" : `{${String(width)} ${width === 1 ? "byte" : "bytes"}}`;
  });
  const star = goesOn && parts.at(-1)?.kind !== "rest" ? "*" : "";
  return `${text.join("")}${star}` || "*";
}

/** The bytes that all keys of a pattern begin with. */
export function literalStart(parts: readonly KeyPart[]): Uint8Array {
  const [first] = parts;
  return first?.kind === "literal" && first.bytes !== null ? first.bytes : new Uint8Array(0);
}

/** Parts one behind the other; literal ones become one, so that they are shown as keys are. */
export function joinParts(before: readonly KeyPart[], after: readonly KeyPart[]): KeyPart[] {
  const [last, first] = [before.at(-1), after[0]];
  if (last?.kind !== "literal" || first?.kind !== "literal") return [...before, ...after];
  const bytes = new Uint8Array(Buffer.concat([last.bytes ?? Buffer.alloc(0), first.bytes ?? Buffer.alloc(0)]));
  return [...before.slice(0, -1), { kind: "literal", bytes, width: bytes.length }, ...after.slice(1)];
}
