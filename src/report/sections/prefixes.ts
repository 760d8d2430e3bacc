/** Prefixes: a treemap, a flame graph, and the table of what both draw. */
import { formatCount } from "../../counts.js";
import { renderStart } from "../../cli/render/value.js";
import { KIND_NAMES } from "../../cli/text/kinds.js";
import { formatNumberOf, formatPercent, formatSize } from "../../cli/text/quantities.js";
import type { PrefixStats, ValueKind } from "../../operations/stats/results.js";
import { drawIcicle } from "../charts/icicle.js";
import { drawTreemap } from "../charts/treemap.js";
import { html, type Html } from "../html.js";
import { figure, name, type Row, table, text } from "../table.js";
import { line, nameOf } from "../text.js";
import type { Branch } from "../tree.js";
import { FIRST_ROWS, type Page, type Section } from "./section.js";

/** Characters of a value that was chosen by chance. */
const VALUE = 240;

/** The section. */
export function prefixes(page: Page): Section {
  const { root, leaves, facts: { stats } } = page;
  if (leaves.length === 0 || root.entries === 0) return { id: "prefixes", title: "Prefixes", body: html`<p>There is no entry.</p>` };
  const ids = new Map(leaves.map((leaf, at) => [leaf, `p${String(at + 1)}`]));
  const givenUp = stats.keyspaces.reduce((sum, keyspace) => sum + keyspace.givenUp, 0);
  const more = givenUp === 0 ? null : `${formatNumberOf(givenUp, "rare prefix is", "rare prefixes are")} counted with shorter ones, shown with *`;
  const body = html`<p>What keys begin with, as it was found: <code>&lt;number&gt;</code>, <code>&lt;hex&gt;</code>, <code>&lt;text&gt;</code> and <code>&lt;uuid&gt;</code> stand for text, <code>{uuid}</code>, <code>{integer}</code> and <code>{16 bytes}</code> for bytes, <code>*</code> for whatever follows.</p>
<figure><figcaption>Treemap: areas are bytes of keys and values. An area with a name leads to its row.</figcaption>${drawTreemap(root, ids)}</figure>
<figure><figcaption>Flame graph: each line is a level of the tree, widths are bytes of keys and values.</figcaption>${drawIcicle(root)}</figure>
${prefixTable(page, ids, more)}
${samples(page)}`;
  return { id: "prefixes", title: "Prefixes", body };
}

function prefixTable({ root, leaves, facts: { stats } }: Page, ids: ReadonlyMap<Branch, string>, more: string | null): Html {
  const stored = stats.dump !== null;
  const several = root.keyspace === null;
  const columns = [name("prefix"), ...(several ? [text("keyspace")] : []), figure("entries"), figure("share"), figure("keys"), figure("values"), ...(stored ? [figure("stored, about")] : []), figure("distinct values"), text("kind")];
  const rows = leaves.map((leaf): Row => {
    const { prefix } = leaf;
    const figures = prefix === null ? ["", "", ...(stored ? [""] : []), "", ""] : [formatSize(prefix.keyBytes), formatSize(prefix.valueBytes), ...(stored ? [formatSize(prefix.storedBytes ?? 0)] : []), distinctText(prefix), kindText(prefix)];
    return { id: ids.get(leaf) ?? "", cells: [html`<code>${leaf.pattern}</code>`, ...(several ? [html`<code>${leaf.keyspace ?? ""}</code>`] : []), formatCount(leaf.entries), formatPercent(leaf.bytes, root.bytes), ...figures] };
  });
  return table({ caption: "Prefixes, the largest first; together they are all entries", columns, rows, first: FIRST_ROWS, more });
}

function distinctText({ distinct: { values, exact } }: PrefixStats): string {
  return exact ? formatCount(values) : `about ${formatCount(values)}`;
}

function kindText({ kinds, entries }: PrefixStats): string {
  const [first] = (Object.entries(kinds) as [ValueKind, number][]).sort(([, a], [, b]) => b - a);
  if (first === undefined) return "";
  const [kind, count] = first;
  return count === entries ? KIND_NAMES[kind] : `${KIND_NAMES[kind]} ${formatPercent(Math.min(count, entries * 0.999), entries)}`;
}

function samples({ facts: { stats } }: Page): Html | null {
  if (stats.samples.length === 0) return null;
  const rows = stats.samples.map(({ keyspace, key, keyBytes, value, valueBytes }): Row => ({
    cells: [html`<code>${nameOf(key, keyBytes)}</code>`, html`<code>${nameOf(keyspace)}</code>`, formatSize(valueBytes), html`<code>${value === null ? "(deleted)" : line(renderStart(value, valueBytes, VALUE))}</code>`],
  }));
  return html`<details><summary>What entries look like: ${formatNumberOf(rows.length, "entry", "entries")} by chance</summary>${table({ caption: "Entries chosen by chance", columns: [name("key"), text("keyspace"), figure("size"), text("value")], rows, first: rows.length, more: null })}</details>`;
}
