/** One value on a terminal, as a person reads it: JSON set in and coloured, text line by line, anything else as a dump of its bytes. */
import { formatCount } from "../../counts.js";
import { decodeUtf8 } from "../text/characters.js";
import { escapeJson, escapeText } from "../text/escape.js";
import type { Paint } from "../terminal/style.js";
import { isJson } from "./value.js";

/** JSON that is larger stays on one line, as its bytes are many times as many as text that is set in. */
const MOST_SET_IN = 4 * 1024 * 1024;
/** What is nested deeper stays on one line. */
const DEEPEST = 32;
const STEP = 2;
/** The parts of a JSON document that is known to be one. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

/** How it is to look. */
export interface DocumentLook {
  readonly paint: Paint;
  readonly columns: number;
}

/**
 * A value in lines, safe to print.
 * @param value not empty
 */
export function* documentLines(value: Uint8Array, look: DocumentLook): Generator<string> {
  const text = decodeUtf8(value);
  if (text !== null && value.length <= MOST_SET_IN && isJson(text)) yield* jsonLines(text, look);
  else if (text !== null && isLines(text)) yield* text.replace(/\n$/, "").split("\n").map((line) => line.replace(/\r$/, "").split("\t").map(escapeText).join("\t"));
  else yield* hexLines(value);
}

/** Whether a text is one to be read: without what does not print but tabs and ends of lines. */
function isLines(text: string): boolean {
  return !/[^\P{Cc}\t\n\r]/u.test(text);
}

/** A part of a document: a token, or what is within brackets. */
interface Group {
  readonly open: string;
  /** Names and their values alternate in an object. */
  readonly parts: Part[];
  /** Characters of all of it on one line. */
  length: number;
}

type Part = string | Group;

/** Reads a document without a stack of calls, as it may be nested deeper than that goes. */
function partsOf(text: string): Part {
  const top: Group = { open: "", parts: [], length: 0 };
  const stack = [top];
  for (const [token] of text.matchAll(TOKEN)) {
    const group = stack.at(-1) ?? top;
    if (token === "{" || token === "[") stack.push({ open: token, parts: [], length: 2 });
    else if (token === "}" || token === "]") {
      stack.pop();
      add(stack.at(-1) ?? top, group);
    } else if (token !== "," && token !== ":") add(group, escapeJson(token));
  }
  return top.parts[0] ?? "";
}

function add(group: Group, part: Part): void {
  group.parts.push(part);
  // A comma or a colon, and a blank, before all but the first.
  group.length += part.length + (group.parts.length > 1 ? 2 : 0);
}

const CLOSING: Readonly<Record<string, string>> = { "{": "}", "[": "]" };

/** A JSON document: what fits a line stays on it, the rest is set in. Numbers, names and their order are those of the text. */
function* jsonLines(text: string, { paint, columns }: DocumentLook): Generator<string> {
  const scalar = (token: string): string => (token.startsWith('"') ? paint.green(token) : paint.yellow(token));
  const name = (part: Part | undefined): string => paint.cyan(typeof part === "string" ? part : "");
  /** On one line; what is too deep for the stack is on its own list. */
  const inline = (whole: Part): string => {
    let line = "";
    const work: (Part | { readonly text: string })[] = [whole];
    for (let part = work.pop(); part !== undefined; part = work.pop()) {
      if (typeof part === "string") line += scalar(part);
      else if ("text" in part) line += part.text;
      else {
        line += part.open;
        work.push({ text: CLOSING[part.open] ?? "" });
        const { open, parts } = part;
        for (let index = parts.length - 1; index >= 0; index -= 1) {
          const one = parts[index] ?? "";
          const isName = open === "{" && index % 2 === 0;
          work.push(isName ? { text: `${name(one)}: ` } : one);
          if (index > 0 && (open === "[" || isName)) work.push({ text: ", " });
        }
      }
    }
    return line;
  };
  function* lines(part: Part, depth: number, before: string, beforeLength: number, after: string): Generator<string> {
    const margin = " ".repeat(depth * STEP);
    const room = columns - margin.length - beforeLength - after.length;
    if (typeof part === "string" || depth >= DEEPEST || part.length <= room || part.parts.length === 0) {
      yield `${margin}${before}${inline(part)}${after}`;
      return;
    }
    yield `${margin}${before}${part.open}`;
    if (part.open === "[" && part.parts.every((one) => typeof one === "string")) {
      yield* filled(part.parts, margin.length + STEP);
      yield `${margin}]${after}`;
      return;
    }
    const step = part.open === "{" ? 2 : 1;
    for (let index = 0; index < part.parts.length; index += step) {
      const key = part.parts[index] ?? "";
      const comma = index + step < part.parts.length ? "," : "";
      if (step === 1) yield* lines(key, depth + 1, "", 0, comma);
      else yield* lines(part.parts[index + 1] ?? "", depth + 1, `${name(key)}: `, key.length + 2, comma);
    }
    yield `${margin}${CLOSING[part.open] ?? ""}${after}`;
  }
  /** As many of a list's numbers and texts on a line as fit. */
  function* filled(parts: readonly string[], indent: number): Generator<string> {
    let [line, length] = ["", 0];
    for (const [index, part] of parts.entries()) {
      const comma = index + 1 < parts.length ? "," : "";
      if (length > 0 && indent + length + 1 + part.length + comma.length > columns) {
        yield " ".repeat(indent) + line;
        [line, length] = ["", 0];
      }
      line += `${length > 0 ? " " : ""}${scalar(part)}${comma}`;
      length += (length > 0 ? 1 : 0) + part.length + comma.length;
    }
    yield " ".repeat(indent) + line;
  }
  yield* lines(partsOf(text), 0, "", 0, "");
}

const ROW = 16;

/**
 * A dump of bytes: where a row begins, its bytes in hex, and those of ASCII as text. 77 columns with 16 bytes a row.
 * @param bytes of a row
 * @param begin what the first byte's place is
 */
export function* hexLines(value: Uint8Array, bytes = ROW, begin = 0): Generator<string> {
  const digits = Math.max(8, (begin + value.length - 1).toString(16).length);
  const half = bytes / 2;
  for (let start = 0; start < value.length; start += bytes) {
    const row = [...value.subarray(start, start + bytes)];
    const hex = (some: readonly number[]): string => some.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    yield `${(begin + start).toString(16).padStart(digits, "0")}  ${`${hex(row.slice(0, half))}  ${hex(row.slice(half))}`.padEnd(3 * bytes)}  ${text}`;
  }
}

const NUMBERS: Readonly<Record<number, (view: DataView, little: boolean) => number | bigint>> = {
  1: (view) => view.getUint8(0), 2: (view, little) => view.getUint16(0, little), 4: (view, little) => view.getUint32(0, little), 8: (view, little) => view.getBigUint64(0, little),
};

/** What bytes of a whole number's length are as one: from its greatest byte on, and from its least; null for other lengths. */
export function numbersOf(value: Uint8Array): string | null {
  const read = NUMBERS[value.length];
  if (read === undefined) return null;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const [big, little] = [read(view, false), read(view, true)];
  return value.length === 1 ? formatCount(Number(big)) : `${big.toString()} big-endian, ${little.toString()} little-endian`;
}
