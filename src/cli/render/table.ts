/** Tables without borders, as wide as what is in them. */
import type { Paint } from "../terminal/style.js";
import { cellsOf } from "../text/cells.js";

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

/** Before the first column, and between two. */
const BETWEEN = "  ";

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
  if (width === null || table.split("\n").every((line) => cellsOf(line) <= width)) return table;
  const spare = columns.findLastIndex((column) => column.spare);
  if (spare === -1) return withTextsBelow(columns, rows, paint, width, table);
  return renderTable(columns.toSpliced(spare, 1), rows.map((row) => row.toSpliced(spare, 1)), paint, width);
}

/** Moves the widest texts below their rows, until the others fit. The first column stays, as it says what a row is about. */
function withTextsBelow(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint, width: number, whole: string): string {
  const wide = (at: number): number => widest(rows.map((row) => row[at] ?? ""));
  const below = new Set<number>();
  const inRow = <T>(cells: readonly T[]): T[] => cells.filter((_, at) => !below.has(at));
  for (let lines = whole.split("\n"); lines.some((line) => cellsOf(line) > width); lines = layOut(inRow(columns), rows.map(inRow), paint).split("\n")) {
    const next = [...columns.keys()].filter((at) => at > 0 && columns[at]?.align === "left" && !below.has(at)).sort((a, b) => wide(b) - wide(a))[0];
    if (next === undefined) break;
    below.add(next);
  }
  const [heading, ...lines] = layOut(inRow(columns), rows.map(inRow), paint).trimEnd().split("\n");
  const texts = (row: readonly string[]): string[] => [...below].sort((a, b) => a - b).filter((at) => (row[at] ?? "") !== "").map((at) => `${BELOW}${columns[at]?.heading === "" ? "" : `${columns[at]?.heading ?? ""}: `}${row[at] ?? ""}`);
  return `${[heading, ...rows.flatMap((row, at) => [lines[at] ?? "", ...texts(row)])].join("\n")}\n`;
}

const widest = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, cellsOf(text)), 0);

function layOut(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint): string {
  const all = [columns.map(({ heading }) => paint.dim(heading)), ...rows];
  const widths = columns.map((_, at) => widest(all.map((row) => row[at] ?? "")));
  const cells = (row: readonly string[]): string[] =>
    columns.map(({ align }, at) => {
      const cell = row[at] ?? "";
      const blanks = " ".repeat((widths[at] ?? 0) - cellsOf(cell));
      return align === "left" ? `${cell}${blanks}` : `${blanks}${cell}`;
    });
  return all.map((row) => `${BETWEEN}${cells(row).join(BETWEEN)}`.trimEnd() + "\n").join("");
}
