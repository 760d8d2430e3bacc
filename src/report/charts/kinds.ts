/** What kinds of values each prefix has: bars, of which the parts are entries. */
import { stack, stackOffsetExpand } from "d3-shape";
import { formatCount } from "../../counts.js";
import { KIND_NAMES } from "../../cli/text/kinds.js";
import { formatPercent } from "../../cli/text/quantities.js";
import type { PrefixStats, ValueKind } from "../../operations/stats/results.js";
import { html, type Html } from "../html.js";
import { GROUPS } from "../tree.js";
import { box, chart } from "./draw.js";
import type { SizeRow } from "./sizes.js";

/** Heights in pixels of a line with its label, and of a bar. */
const LINE = 44;
const BAR = 18;

/** Kinds that there are in the rows, the most frequent first. */
export function kindsOf(rows: readonly { readonly prefix: Pick<PrefixStats, "kinds"> }[]): ValueKind[] {
  const counts = new Map<ValueKind, number>();
  for (const { prefix } of rows) for (const [kind, count] of Object.entries(prefix.kinds) as [ValueKind, number][]) counts.set(kind, (counts.get(kind) ?? 0) + count);
  return [...counts].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a).map(([kind]) => kind);
}

/** The class that gives a kind its colour; the rarest share one. */
function kindClass(at: number): string {
  return at < GROUPS ? `c${String(at)}` : "cx";
}

/** Draws the bars, and tells their colours. */
export function drawKinds(rows: readonly SizeRow[], kinds: readonly ValueKind[]): Html {
  const series = stack<SizeRow, ValueKind>().keys(kinds).value(({ prefix }, kind) => prefix.kinds[kind] ?? 0).offset(stackOffsetExpand)([...rows]);
  const bars = rows.map(({ label, prefix }, at) => html`<g><text class="label" x="0" y="${String(at * LINE + 15)}">${label}</text>${series.map((of, which) => {
    const [from = 0, to = 0] = of[at] ?? [];
    const count = prefix.kinds[of.key] ?? 0;
    return count === 0 ? null : html`<g class="${kindClass(which)}"><title>${KIND_NAMES[of.key]}: ${formatCount(count)} (${formatPercent(count, prefix.entries)})</title>${box({ x: from, width: to - from, y: at * LINE + 21, height: BAR }, html`${to - from < 0.12 ? null : html`<text x="5" y="13">${KIND_NAMES[of.key]}</text>`}`)}</g>`;
  })}</g>
`);
  const legend = kinds.map((kind, at) => html`<li><svg class="swatch ${kindClass(at)}" aria-hidden="true" width="14" height="14"><rect width="100%" height="100%"/></svg>${KIND_NAMES[kind]}</li>`);
  return html`${chart("kinds", "Kinds of values: a bar for each prefix, its parts are entries. The table below has the same figures.", rows.length * LINE, bars)}<ul class="legend">${legend}</ul>`;
}
