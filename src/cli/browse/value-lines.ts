/** The lines of a value: JSON that can be folded, text, or its bytes in hex; only those that are seen are made of bytes. */
import { documentLines, hexLines } from "../render/document.js";
import type { Paint } from "../terminal/style.js";
import { cellsOf, wrapCells } from "../text/cells.js";
import { stripVTControlCharacters } from "node:util";

/** A line. */
export interface ValueLine {
  readonly text: string;
  /** Number of the line; what continues it has the same. */
  readonly number: number;
  /** Lines that are hidden when it is folded: 0 when it can't be. */
  readonly folds: number;
  readonly folded: boolean;
}

/** What is shown of a value. */
export interface ValueLines {
  readonly length: number;
  line(at: number): ValueLine | undefined;
  /** The places of lines that can be folded, by number. */
  readonly foldable: readonly number[];
}

/** How it is to look. */
export interface ValueLook {
  readonly hex: boolean;
  readonly columns: number;
  readonly paint: Paint;
}

/** Cells before a line: for the cursor, and for what can be folded. */
export const MARK = 1;
/** Larger values are shown in hex, as text takes many times their size. */
const MOST_AS_TEXT = 1024 * 1024;
/** Lines that a single one is broken into, at most. */
const MOST_WRAPPED = 200;
/** Cells of a row of hex with 16 bytes. */
const FULL_HEX = 77;

/** What was laid out last of a value: in plain text, to move in it, and with colours. */
const cache = new WeakMap<Uint8Array, { readonly look: ValueLook; readonly folded: ReadonlySet<number>; readonly lines: ValueLines }[]>();
const KEPT = 2;

/** The lines of a value. @param folded numbers of the lines that are folded */
export function valueLines(value: Uint8Array, look: ValueLook, folded: ReadonlySet<number>): ValueLines {
  if (look.hex || value.length > MOST_AS_TEXT) return hexOf(value, look.columns);
  const known = cache.get(value) ?? [];
  const same = known.find((one) => one.look.columns === look.columns && one.look.paint === look.paint && one.folded === folded);
  if (same !== undefined) return same.lines;
  const lines = layOut(value, look, folded);
  cache.set(value, [{ look, folded, lines }, ...known].slice(0, KEPT));
  return lines;
}

function layOut(value: Uint8Array, look: ValueLook, folded: ReadonlySet<number>): ValueLines {
  const all = withFolds([...documentLines(value, look)]);
  const shown: ValueLine[] = [];
  for (let number = 0; number < all.length; number += 1) {
    const { text, folds } = all[number] ?? { text: "", folds: 0 };
    const isFolded = folds > 0 && folded.has(number);
    const whole = isFolded ? `${text} … ${all[number + folds]?.text.trimStart() ?? ""} ${look.paint.dim(`(${folds.toString()} lines)`)}` : text;
    for (const [at, part] of wrapCells(whole, look.columns, MOST_WRAPPED).entries()) shown.push({ text: part, number, folds: at === 0 ? folds : 0, folded: isFolded });
    if (isFolded) number += folds;
  }
  return { length: shown.length, line: (at) => shown[at], foldable: all.flatMap(({ folds }, number) => (folds > 0 ? [number] : [])) };
}

/** Tells of each line that opens brackets how many lines follow, up to that which closes them. */
function withFolds(lines: readonly string[]): { readonly text: string; readonly folds: number }[] {
  const open: number[] = [];
  const folds = new Map<number, number>();
  const plain = lines.map((line) => stripVTControlCharacters(line));
  // Only JSON that is set in has such lines, and closes all of them.
  const isJson = /^[[{]$/.test(plain[0] ?? "");
  for (const [at, line] of (isJson ? plain : []).entries()) {
    if (/^ *[\]}],?$/.test(line)) {
      const start = open.pop();
      if (start !== undefined) folds.set(start, at - start);
    } else if (/[[{]$/.test(line)) open.push(at);
  }
  return lines.map((text, at) => ({ text, folds: folds.get(at) ?? 0 }));
}

function hexOf(value: Uint8Array, columns: number): ValueLines {
  const most = columns >= FULL_HEX + Math.max(0, value.length.toString(16).length - 8) ? 16 : 8;
  const row = cellsOf([...hexLines(new Uint8Array(1), most)].join("")) <= columns ? most : 4;
  return {
    length: Math.ceil(value.length / row),
    foldable: [],
    line: (number) => {
      const start = number * row;
      if (start < 0 || start >= value.length) return undefined;
      const [text = ""] = hexLines(value.subarray(start, start + row), row, start);
      return { text, number, folds: 0, folded: false };
    },
  };
}
