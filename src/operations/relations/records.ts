/** Keys of a graph's records, and what a single record says; the pass over all of them is native code's. */
import type { GraphField, GraphForm, GraphKeyPart, GraphLayout, GraphRecordKind, GraphRule } from "../../settings/graph-layout.js";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The rule of a kind; null when there is none, or several. */
export function ruleOf({ rules }: GraphLayout, kind: GraphRecordKind): GraphRule | null {
  const [rule, ...more] = rules.filter((one) => one.kind === kind);
  return rule === undefined || more.length > 0 ? null : rule;
}

/**
 * The bytes that keys begin with that have a field.
 * @param only the key has nothing else that varies: it is the whole key then
 * @returns null when they are not known from that field alone
 */
export function keyWith({ key }: GraphRule, name: GraphField, value: string, only: boolean): Uint8Array | null {
  const bytes: Uint8Array[] = [];
  let has = false;
  for (const part of key) {
    if ("literal" in part) bytes.push(part.literal);
    else if (part.name === name) {
      const written = writeField(value, part.form);
      if (written === null) return null;
      bytes.push(written);
      has = true;
    } else if (!has || only) return null;
    else break;
  }
  return has ? new Uint8Array(Buffer.concat(bytes)) : null;
}

function writeField(value: string, form: GraphForm): Uint8Array | null {
  if (form === "text") return Buffer.from(value);
  if (form === "u64") {
    if (!/^\d{1,20}$/.test(value) || BigInt(value) >= 2n ** 64n) return null;
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(value));
    return number;
  }
  if (!UUID.test(value)) return null;
  return form === "uuid" ? Buffer.from(value.replaceAll("-", ""), "hex") : Buffer.from(value.toLowerCase());
}

/** The fields that stand in a key; null when it is none of the rule's. */
export function fieldsOf({ key: parts }: GraphRule, key: Uint8Array): Map<GraphField, string> | null {
  const raw = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const fields = new Map<GraphField, string>();
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const end = "literal" in part ? at + part.literal.length : endOf(part.form, raw, at, parts[index + 1]);
    if (end > raw.length) return null;
    const bytes = raw.subarray(at, end);
    if ("literal" in part) {
      if (!bytes.equals(part.literal)) return null;
    } else fields.set(part.name, readField(bytes, part.form));
    at = end;
  }
  return at === raw.length ? fields : null;
}

function endOf(form: GraphForm, raw: Buffer, at: number, next: GraphKeyPart | undefined): number {
  if (form === "uuid") return at + 16;
  if (form === "u64") return at + 8;
  if (form === "uuid-text") return at + 36;
  if (next === undefined || !("literal" in next)) return raw.length === at ? at + 1 : raw.length;
  const end = raw.indexOf(next.literal, at + 1);
  return end === -1 ? raw.length + 1 : end;
}

function readField(bytes: Buffer, form: GraphForm): string {
  if (form === "u64") return bytes.readBigUInt64BE().toString();
  return form === "uuid" ? uuidText(bytes) : bytes.toString("utf8");
}

/** The text of a UUID's 16 bytes. */
export function uuidText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** What a record says of a field: in its key, else in its value; null when it says nothing that can be read. */
export function say(rule: GraphRule, fields: ReadonlyMap<GraphField, string> | null, value: unknown, name: "id" | "from" | "to" | "label"): string | null {
  const inKey = fields?.get(name);
  if (inKey !== undefined) return inKey;
  let found = value;
  for (const step of rule[name] ?? []) {
    // What is inherited is none of its fields, and neither is the length of a list.
    if (typeof found !== "object" || found === null || !Object.prototype.propertyIsEnumerable.call(found, step)) return null;
    found = (found as Readonly<Record<string, unknown>>)[step];
  }
  if (rule[name] === undefined) return null;
  return typeof found === "string" ? found : typeof found === "number" && name !== "label" ? String(found) : null;
}

/** A value that is JSON; undefined when it is none. */
export function parseValue(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
