/** Whether the values of a graph's records are what they have to be, and which ids stand in them. */
import { isUtf8 } from "node:buffer";
import { ID_BYTES, ID_TEXT, readId, readIdText } from "./layout.js";

/** What is wrong with a value; null when nothing is. */
export type ValueProblem = "value-not-json" | "value-misshapen" | "id-differs" | null;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** Takes apart the values of nodes and edges. */
export class RecordReader {
  /** Source and target of the edge that was read last, 16 bytes each. */
  readonly ends = Buffer.alloc(2 * ID_BYTES);
  readonly #id = Buffer.alloc(ID_BYTES);

  /**
   * Checks a node's value: an object with id, label and properties.
   * @param id the one that its key has
   */
  node(value: Buffer, id: Buffer): ValueProblem {
    const parsed = parseObject(value);
    if (typeof parsed === "string") return parsed;
    return this.#checkCommon(parsed, id);
  }

  /** Checks an edge's value: as a node's, with a source and a target, which are in `ends` then. */
  edge(value: Buffer, id: Buffer): ValueProblem {
    const parsed = parseObject(value);
    if (typeof parsed === "string") return parsed;
    const { source, target } = parsed;
    if (typeof source !== "string" || !readIdText(source, this.ends, 0)) return "value-misshapen";
    if (typeof target !== "string" || !readIdText(target, this.ends, ID_BYTES)) return "value-misshapen";
    return this.#checkCommon(parsed, id);
  }

  #checkCommon({ id, label, properties }: Record<string, unknown>, wanted: Buffer): ValueProblem {
    if (typeof id !== "string" || !readIdText(id, this.#id, 0)) return "value-misshapen";
    if (typeof label !== "string" || !Array.isArray(properties) || !properties.every(isProperty)) return "value-misshapen";
    return this.#id.equals(wanted) ? null : "id-differs";
  }
}

function isProperty(property: unknown): boolean {
  return typeof property === "object" && property !== null && "value" in property && "key" in property && typeof property.key === "string";
}

function parse(value: Buffer): unknown {
  // Decoding would put another character in place of what is no UTF-8.
  if (!isUtf8(value)) return undefined;
  try {
    return JSON.parse(value.toString("utf8"));
  } catch {
    return undefined;
  }
}

function parseObject(value: Buffer): Record<string, unknown> | "value-not-json" | "value-misshapen" {
  const parsed = parse(value);
  if (parsed === undefined) return "value-not-json";
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return "value-misshapen";
  return parsed as Record<string, unknown>;
}

/**
 * The ids in a list's value, one after the other. A list as it is mostly written, strings without escapes, is read as bytes, so that one of
 * millions of ids takes no more memory than a short one.
 */
export class IdList {
  /** What is wrong with the value; then it has no ids. */
  readonly problem: ValueProblem;
  readonly #value: Buffer;
  readonly #texts: Buffer | null = null;
  #next = 1;

  constructor(value: Buffer) {
    this.#value = value;
    if (isPlainList(value)) {
      this.problem = null;
      return;
    }
    const parsed = parse(value);
    const texts = Array.isArray(parsed) ? joinIds(parsed) : null;
    this.#texts = texts;
    this.#next = 0;
    this.problem = texts !== null ? null : parsed === undefined ? "value-not-json" : "value-misshapen";
  }

  /** Reads the next id into `into` from `to` on; false at the end. */
  next(into: Uint8Array, to: number): boolean {
    if (this.problem !== null) return false;
    const bytes = this.#texts ?? this.#value;
    while (this.#next < bytes.length && bytes[this.#next] !== QUOTE) this.#next += 1;
    if (this.#next >= bytes.length) return false;
    readId(bytes, this.#next + 1, into, to);
    this.#next += ID_TEXT + 2;
    return true;
  }
}

/** The ids of a list that was parsed, each behind a quotation mark; null when one is none. */
function joinIds(list: readonly unknown[]): Buffer | null {
  const scratch = new Uint8Array(ID_BYTES);
  const texts: string[] = [];
  for (const text of list) {
    if (typeof text !== "string" || !readIdText(text, scratch, 0)) return null;
    texts.push(text);
  }
  return Buffer.from(texts.map((text) => `"${text}"`).join(""));
}

function isPlainList(value: Buffer): boolean {
  const scratch = SCRATCH;
  let at = skipBlanks(value, 0);
  if (value[at] !== OPEN) return false;
  at = skipBlanks(value, at + 1);
  if (value[at] === CLOSE) return skipBlanks(value, at + 1) === value.length;
  for (;;) {
    if (value[at] !== QUOTE || value[at + ID_TEXT + 1] !== QUOTE || !readId(value, at + 1, scratch, 0)) return false;
    at = skipBlanks(value, at + ID_TEXT + 2);
    if (value[at] === CLOSE) return skipBlanks(value, at + 1) === value.length;
    if (value[at] !== COMMA) return false;
    at = skipBlanks(value, at + 1);
  }
}

const SCRATCH = new Uint8Array(ID_BYTES);

/** The place of the next byte that is no blank of JSON. */
function skipBlanks(value: Buffer, at: number): number {
  let place = at;
  for (let byte = value[place]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = value[place]) place += 1;
  return place;
}
