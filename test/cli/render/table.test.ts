/** Tables line up, whatever is in them, and fit the terminal. */
import test from "ava";
import fc from "../../support/properties.js";
import { type Column, renderTable } from "#src/cli/render/table.js";
import { loggedSeed } from "../../support/seed.js";

const COLUMNS: readonly Column[] = [
  { heading: "name", align: "left" },
  { heading: "count", align: "right" },
  { heading: "", align: "left" },
];
const PAINT = { dim: (text: string) => text } as Parameters<typeof renderTable>[2];

/** Columns of a terminal, of texts that are made here alone: colours take none, and the characters of Japanese two. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
const wide = (text: string): number => Array.from(text.replaceAll(COLOURS, "")).reduce((sum, character) => sum + (character > "\u2fff" ? 2 : 1), 0);

const anyCell = fc.array(fc.constantFrom("x", "yy", " z", "日本", "\u001b[32mgreen\u001b[39m", "é"), { maxLength: 4 }).map((parts) => parts.join("").trim());

test("each cell begins or ends where its column does, and no column is wider than what is in it", (t) => {
  fc.assert(fc.property(fc.array(fc.tuple(anyCell, anyCell, anyCell), { maxLength: 40 }), (rows) => {
    const all = [COLUMNS.map(({ heading }) => heading), ...rows];
    const widths = COLUMNS.map((_, at) => Math.max(...all.map((row) => wide(row[at] ?? ""))));
    const text = renderTable(COLUMNS, rows, PAINT);
    t.true(text.endsWith("\n"));
    const lines = text.slice(0, -1).split("\n");
    t.is(lines.length, all.length);
    for (const [index, line] of lines.entries()) {
      let rest = line;
      for (const [at, cell] of (all[index] ?? []).entries()) {
        const blanks = " ".repeat((widths[at] ?? 0) - wide(cell));
        const expected = COLUMNS[at]?.align === "right" ? `  ${blanks}${cell}` : `  ${cell}${blanks}`;
        // Blanks at the end of a line are left out.
        const taken = rest.length < expected.length ? expected.trimEnd() : expected;
        t.is(rest.slice(0, taken.length), taken);
        rest = rest.slice(taken.length);
      }
      t.is(rest, "");
      t.is(line, line.trimEnd());
    }
  }), { seed: loggedSeed(t) });
});

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
