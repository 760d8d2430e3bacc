/** Tables without borders, as wide as what is in them. */
import Table from "cli-table3";
import type { Paint } from "../style.js";

/** A column's heading and side. */
export interface Column {
  readonly heading: string;
  readonly align: "left" | "right";
}

const NO_BORDERS = {
  top: "", "top-mid": "", "top-left": "", "top-right": "",
  bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "",
  left: "  ", "left-mid": "", mid: "", "mid-mid": "",
  right: "", "right-mid": "", middle: "  ",
};

/**
 * A table as lines, each ended, without blanks at their ends.
 * @param columns headings
 * @param rows cells, safe to print
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint): string {
  const table = new Table({
    chars: NO_BORDERS,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
    head: columns.map(({ heading }) => paint.dim(heading)),
    colAligns: columns.map(({ align }) => align),
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split("\n")
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
