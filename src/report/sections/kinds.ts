/** Kinds of values: JSON, text, numbers, bytes. */
import { formatCount } from "../../counts.js";
import { KIND_NAMES } from "../../cli/text/kinds.js";
import { formatPercent } from "../../cli/text/quantities.js";
import type { ValueKind } from "../../operations/stats/results.js";
import { drawKinds, kindsOf } from "../charts/kinds.js";
import { html } from "../html.js";
import { figure, name, table, text } from "../table.js";
import { FIRST_ROWS, type Page, type Section } from "./section.js";
import { drawnRows } from "./sizes.js";

/** The section; nothing without entries. */
export function kinds({ leaves, root, facts: { stats } }: Page): Section | null {
  const drawn = drawnRows(leaves, root);
  if (drawn.length === 0) return null;
  const all = stats.keyspaces.map(({ prefixes }) => ({ prefix: prefixes }));
  const countOf = (kind: ValueKind): number => all.reduce((sum, { prefix }) => sum + (prefix.kinds[kind] ?? 0), 0);
  const shown = drawn.map(({ label, prefix }) => ({ label, prefix, kinds: kindsOf([{ prefix }]) }));
  const body = html`<figure><figcaption>Kinds of values: the parts of each bar are its entries.</figcaption>${drawKinds(drawn, kindsOf(drawn))}</figure>
${table({
  caption: "Kinds of values of all entries",
  columns: [name("kind"), figure("entries"), figure("share")],
  rows: kindsOf(all).map((kind) => ({ cells: [KIND_NAMES[kind], formatCount(countOf(kind)), formatPercent(countOf(kind), root.entries)] })),
  first: FIRST_ROWS,
  more: kindsOf(all).some((kind) => KIND_NAMES[kind].endsWith("?")) ? "Those with a question mark are guesses: bytes of another kind may look like them by chance." : null,
})}
${table({
  caption: "Kinds of values of the prefixes in the chart",
  columns: [name("prefix"), figure("entries"), text("kinds")],
  rows: shown.map(({ label, prefix, kinds: found }) => ({ cells: [html`<code>${label}</code>`, formatCount(prefix.entries), found.map((kind) => `${KIND_NAMES[kind]} ${formatCount(prefix.kinds[kind] ?? 0)}`).join(", ")] })),
  first: FIRST_ROWS, more: null,
})}`;
  return { id: "kinds", title: "Kinds of values", body };
}
