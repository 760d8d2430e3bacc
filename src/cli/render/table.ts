/** Tables without borders, as wide as what is in them. */
import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";
import type { Paint } from "../terminal/style.js";

/** A column's heading and side. */
export interface Column {
  readonly heading: string;
  readonly align: "left" | "right";
  /** It may be left out where the terminal is too narrow for all. The last goes first. */
  readonly spare?: true;
}

/** A column whose cells begin at its left side. */
export const left = (heading: string): Column => ({ heading, align: "left" });

/** A column whose cells end at its right side, as figures do. */
export const right = (heading: string): Column => ({ heading, align: "right" });

const NO_BORDERS = {
  top: "", "top-mid": "", "top-left": "", "top-right": "",
  bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "",
  left: "  ", "left-mid": "", mid: "", "mid-mid": "",
  right: "", "right-mid": "", middle: "  ",
};

/** Rows that are laid out together: that takes time with the square of their number. */
const PORTION = 64;

/** How results look. */
export interface Look {
  readonly paint: Paint;
  /** Lists and digests as long as they are. */
  readonly verbose: boolean;
  /** Of the terminal; null when there is none. */
  readonly columns: number | null;
}

/** How far what stands below its row is set in. */
const BELOW = " ".repeat(6);

/**
 * A table as lines, each ended, without blanks at their ends. Where the terminal is too narrow, columns that may be left out are, and then the widest
 * texts get lines of their own below their rows.
 * @param columns headings
 * @param rows cells, safe to print
 * @param width columns of the terminal, or null: all are shown
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint, width: number | null = null): string {
  const table = layOut(columns, rows, paint);
  if (width === null || table.split("\n").every((line) => columnsOf(line) <= width)) return table;
  const spare = columns.findLastIndex((column) => column.spare);
  if (spare === -1) return withTextsBelow(columns, rows, paint, width, table);
  return renderTable(columns.toSpliced(spare, 1), rows.map((row) => row.toSpliced(spare, 1)), paint, width);
}

function columnsOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Moves the widest texts below their rows, until the others fit. The first column stays, as it says what a row is about. */
function withTextsBelow(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint, width: number, whole: string): string {
  const wide = (at: number): number => Math.max(...rows.map((row) => columnsOf(row[at] ?? "")));
  const below = new Set<number>();
  const inRow = <T>(cells: readonly T[]): T[] => cells.filter((_, at) => !below.has(at));
  for (let lines = whole.split("\n"); lines.some((line) => columnsOf(line) > width); lines = layOut(inRow(columns), rows.map(inRow), paint).split("\n")) {
    const widest = [...columns.keys()].filter((at) => at > 0 && columns[at]?.align === "left" && !below.has(at)).sort((a, b) => wide(b) - wide(a))[0];
    if (widest === undefined) break;
    below.add(widest);
  }
  const [heading, ...lines] = layOut(inRow(columns), rows.map(inRow), paint).trimEnd().split("\n");
  const texts = (row: readonly string[]): string[] => [...below].sort((a, b) => a - b).filter((at) => (row[at] ?? "") !== "").map((at) => `${BELOW}${columns[at]?.heading === "" ? "" : `${columns[at]?.heading ?? ""}: `}${row[at] ?? ""}`);
  return `${[heading, ...rows.flatMap((row, at) => [lines[at] ?? "", ...texts(row)])].join("\n")}\n`;
}

function layOut(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint): string {
  const portions = Array.from({ length: Math.max(1, Math.ceil(rows.length / PORTION)) }, (_, at) => rows.slice(at * PORTION, (at + 1) * PORTION));
  const drawn = portions.map((portion, at) => draw(columns, portion, at === 0 ? paint : null, []));
  const [first] = drawn;
  if (first === undefined || drawn.length === 1) return first?.text ?? "";
  const widths = columns.map((_, column) => Math.max(...drawn.map((table) => table.widths[column] ?? 0)));
  return portions.map((portion, at) => draw(columns, portion, at === 0 ? paint : null, widths).text).join("");
}

/**
 * Draws some rows.
 * @param paint null for rows without headings
 * @param widths of the columns; none: as wide as what is in these rows
 */
function draw(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint | null, widths: readonly number[]): { text: string; widths: readonly number[] } {
  const table = new Table({
    chars: NO_BORDERS,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
    head: paint === null ? [] : columns.map(({ heading }) => paint.dim(heading)),
    colAligns: columns.map(({ align }) => align),
    colWidths: [...widths],
  });
  for (const row of rows) table.push([...row]);
  const lines = table.toString().split("\n");
  // Drawing has filled them in.
  return { text: lines.map((line) => `${line.trimEnd()}\n`).join(""), widths: table.options.colWidths.map((width) => width ?? 0) };
}
