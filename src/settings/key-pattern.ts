/**
 * What keys of a graph are made of, as text: what stands there always, and in braces what varies.
 *
 *     node:{uuid}                16 bytes that are the record's id
 *     {id:uuid-text}             its text in lower case
 *     {u64}                      8 bytes, a big-endian number
 *     {text}, {from}, {to:uuid}  text, up to what follows; with a name before the colon: which field it is
 *     \x00 \\ \{                 a byte, a backslash, a brace
 */
import type { GraphField, GraphForm, GraphKeyPart } from "./graph-layout.js";

const FORMS: readonly GraphForm[] = ["uuid", "uuid-text", "u64", "text"];
const TOKEN = /\\x([0-9a-fA-F]{2})|\\([\\{])|\{([^{}]*)\}|([^\\{]+)|(.)/gsu;

/**
 * Reads a pattern.
 * @param fields those that may stand in it
 * @returns what is wrong with it, if something is
 */
export function parseKeyPattern(pattern: string, fields: readonly GraphField[]): GraphKeyPart[] | string {
  const parts: GraphKeyPart[] = [];
  const seen = new Set<GraphField>();
  const add = (bytes: Buffer): void => {
    const last = parts.at(-1);
    if (last !== undefined && "literal" in last) parts[parts.length - 1] = { literal: Buffer.concat([last.literal, bytes]) };
    else parts.push({ literal: bytes });
  };
  for (const [whole, byte, escaped, field, plain] of pattern.matchAll(TOKEN)) {
    if (byte !== undefined) add(Buffer.from(byte, "hex"));
    else if (escaped !== undefined || plain !== undefined) add(Buffer.from(escaped ?? plain ?? ""));
    else if (field === undefined) return `key has ${JSON.stringify(whole)} that belongs to nothing; write \\\\ or \\{ for the character`;
    else {
      const part = fieldOf(field, fields);
      if (typeof part === "string") return part;
      const last = parts.at(-1);
      if (last !== undefined && "form" in last && last.form === "text") return `key has {${field}} right behind text, which has no end then`;
      if (part.name !== "any" && seen.has(part.name)) return `key has ${part.name} twice`;
      seen.add(part.name);
      parts.push(part);
    }
  }
  return parts.some((part) => "name" in part) ? parts : "key has nothing in braces, such as {uuid} or {text}, and so is one key only";
}

function fieldOf(text: string, fields: readonly GraphField[]): { readonly name: GraphField; readonly form: GraphForm } | string {
  const [first = "", second] = text.split(":", 2);
  const isForm = (word: string | undefined): word is GraphForm => FORMS.some((form) => form === word);
  const isField = (word: string): word is GraphField => fields.some((field) => field === word);
  if (second === undefined && isForm(first)) return { name: fields.includes("id") ? "id" : "any", form: first };
  if (isField(first) && (second === undefined || isForm(second))) return { name: first, form: second ?? "text" };
  return `key has {${text}}; there are ${fields.map((field) => `{${field}}`).join(", ")}, and behind a colon ${FORMS.join(", ")}`;
}
