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

/**
 * A table as lines, each ended, without blanks at their ends.
 * @param columns headings
 * @param rows cells, safe to print
 * @param width columns of the terminal, or null: all are shown
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint, width: number | null = null): string {
  const table = layOut(columns, rows, paint);
  const spare = columns.findLastIndex((column) => column.spare);
  if (width === null || spare === -1 || table.split("\n").every((line) => stripVTControlCharacters(line).length <= width)) return table;
  return renderTable(columns.toSpliced(spare, 1), rows.map((row) => row.toSpliced(spare, 1)), paint, width);
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
