/** Sizes of values, and the largest of them. */
import { formatSize } from "../../cli/text/quantities.js";
import type { NamedEntry } from "../../operations/stats/results.js";
import { drawSizes, type SizeRow } from "../charts/sizes.js";
import { html } from "../html.js";
import { figure, name, table, text } from "../table.js";
import { cut, nameOf } from "../text.js";
import { type Branch, branchName } from "../tree.js";
import { FIRST_ROWS, type Page, type Section } from "./section.js";

/** Prefixes that are drawn, and characters of their names. */
const DRAWN = 12;
const LABEL = 44;
/** Largest entries that are told. */
const LARGEST = 15;

/** The prefixes that charts of lines have room for. */
export function drawnRows(leaves: readonly Branch[], root: Branch): SizeRow[] {
  return leaves.flatMap((leaf) => (leaf.prefix === null || leaf.entries === 0 ? [] : [{ label: cut(branchName(leaf, root), LABEL), prefix: leaf.prefix }])).slice(0, DRAWN);
}

/** The section; nothing without entries. */
export function sizes({ leaves, root, limits, facts: { stats } }: Page): Section | null {
  const drawn = drawnRows(leaves, root);
  if (drawn.length === 0) return null;
  const told = leaves.filter(({ prefix }) => prefix !== null).slice(0, limits.rows);
  const largest = stats.keyspaces.flatMap(({ name: keyspace, largest: entries }) => entries.map((entry) => ({ keyspace, ...entry }))).sort((a, b) => b.valueBytes - a.valueBytes).slice(0, LARGEST);
  const body = html`<figure><figcaption>Sizes of values, on a logarithmic scale: each line goes from the smallest to the largest, its box from half of them to nine of ten; the mark is 99 of 100. No bytes at all are drawn as 1.</figcaption>${drawSizes(drawn)}</figure>
${table({
  caption: "Sizes of values: so many have no more than this",
  columns: [name("prefix"), figure("smallest"), figure("half"), figure("90 %"), figure("99 %"), figure("largest"), text("the largest is of")],
  rows: told.map((leaf) => {
    const { prefix } = leaf;
    if (prefix === null) return { cells: [] };
    const { min, p50, p90, p99, max } = prefix.valueSizes;
    return { cells: [html`<code>${branchName(leaf, root)}</code>`, ...[min, p50, p90, p99, max].map(formatSize), html`<code>${prefix.largest === null ? "" : keyOf(prefix.largest)}</code>`] };
  }),
  first: FIRST_ROWS, more: "Those between the smallest and the largest are right to 1 %.",
})}
${table({
  caption: "The largest values",
  columns: [name("key"), text("keyspace"), figure("key"), figure("value")],
  rows: largest.map((entry) => ({ cells: [html`<code>${keyOf(entry)}</code>`, html`<code>${nameOf(entry.keyspace)}</code>`, formatSize(entry.keyBytes), formatSize(entry.valueBytes)] })),
  first: FIRST_ROWS, more: null,
})}`;
  return { id: "sizes", title: "Sizes", body };
}

function keyOf({ key, keyBytes }: NamedEntry): string {
  return nameOf(key, keyBytes);
}
