/** Tables of many rows are laid out in portions: they must look like one that is laid out at once. */
import test from "ava";
import Table from "cli-table3";
import { type Column, renderTable } from "#src/cli/render/table.js";

const COLUMNS: readonly Column[] = [
  { heading: "name", align: "left" },
  { heading: "count", align: "right" },
  { heading: "", align: "left" },
];
const PAINT = { dim: (text: string) => text } as Parameters<typeof renderTable>[2];

/** The same by the library alone. */
function atOnce(rows: readonly (readonly string[])[]): string {
  const none = ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right", "left-mid", "mid", "mid-mid", "right", "right-mid"];
  const table = new Table({
    chars: { ...Object.fromEntries(none.map((place) => [place, ""])), left: "  ", middle: "  " },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
    head: COLUMNS.map(({ heading }) => heading),
    colAligns: COLUMNS.map(({ align }) => align),
  });
  for (const row of rows) table.push([...row]);
  return table.toString().split("\n").map((line) => `${line.trimEnd()}\n`).join("");
}

for (const count of [0, 1, 63, 64, 65, 128, 200, 333]) {
  test(`a table of ${count.toString()} rows is what it would be in one go`, (t) => {
    const rows = Array.from({ length: count }, (_, row) => [`${"x".repeat((row * 7) % 23)}${row % 40 === 0 ? "日本" : ""}${row.toString()}`, (row ** 3).toString(), row % 5 === 0 ? "last" : ""]);
    t.is(renderTable(COLUMNS, rows, PAINT), atOnce(rows));
  });
}

test("columns that can be spared are left out where a terminal is too narrow, the last first", (t) => {
  const columns: readonly Column[] = [{ heading: "name", align: "left" }, { heading: "first", align: "left", spare: true }, { heading: "second", align: "left", spare: true }, { heading: "sum", align: "right" }];
  const shown = (width: number | null): string => renderTable(columns, [["a", "b", "c", "d"]], PAINT, width).split("\n")[0] ?? "";
  t.deepEqual([null, 29, 26, 25, 18, 17, 1].map(shown), ["  name  first  second  sum", "  name  first  second  sum", "  name  first  second  sum", "  name  first  sum", "  name  first  sum", "  name  sum", "  name  sum"]);
});

test("what does not fit stands below its row, the widest texts first, and the first column stays", (t) => {
  const columns: readonly Column[] = [{ heading: "gap in", align: "left" }, { heading: "after", align: "left" }, { heading: "before", align: "left" }, { heading: "entries", align: "right" }, { heading: "", align: "left" }];
  const rows = [["default", "a".repeat(20), "b".repeat(9), "1,234", "new"], ["nodes", "c", "", "5", ""]];
  t.is(renderTable(columns, rows, PAINT, 80), renderTable(columns, rows, PAINT));
  t.is(renderTable(columns, rows, PAINT, 40), ["  gap in   before     entries", "  default  bbbbbbbbb    1,234  new", `      after: ${"a".repeat(20)}`, "  nodes                     5", "      after: c", ""].join("\n"));
  t.is(renderTable(columns, rows, PAINT, 22), ["  gap in   entries", "  default    1,234", `      after: ${"a".repeat(20)}`, "      before: bbbbbbbbb", "      new", "  nodes          5", "      after: c", ""].join("\n"));
});
