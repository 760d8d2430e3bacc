/** Problems: damage, what is missing, and what a user should know. */
import { formatCount } from "../../counts.js";
import { formatNumberOf, formatSize } from "../../cli/text/quantities.js";
import type { DumpGap } from "../../operations/inspect/gaps.js";
import { html, type Html } from "../html.js";
import { figure, name, table, text } from "../table.js";
import { line, nameOf } from "../text.js";
import { FIRST_ROWS, type Page, type Section } from "./section.js";
import { stateOf } from "./state.js";

/** Warnings that are told. */
const WARNINGS = 50;

/** The section. */
export function problems({ facts: report }: Page): Section {
  const { stats: { dump, warnings }, gaps, graph } = report;
  const broken = graph?.report.problems ?? 0;
  const state = stateOf(report);
  const told = [...(state.mark === "good" ? [] : [`${state.words}: ${state.why}`]), ...(broken === 0 ? [] : [`the graph is not whole: ${formatNumberOf(broken, "problem", "problems")}, which ${broken === 1 ? "stands" : "stand"} under Graph`]), ...warnings.slice(0, WARNINGS).map(line)];
  const beyond = warnings.length - WARNINGS;
  const looked = dump === null
    ? "The store was read whole, as an export does that: what an export refuses or warns of would stand here."
    : "Every checksum, the order of all keys, every entry, the totals and the digests were checked.";
  const body = told.length === 0
    ? html`<p><strong class="good">None was found.</strong> ${looked}</p>`
    : html`<ul class="problems">${told.map((problem) => html`<li>${problem}</li>`)}${beyond > 0 ? html`<li>and ${formatCount(beyond)} more</li>` : null}</ul>${gaps.length === 0 ? null : gapTable(gaps)}`;
  return { id: "problems", title: "Problems", body };
}

function gapTable(gaps: readonly DumpGap[]): Html {
  const known = (count: number | null, format: (count: number) => string): string => (count === null ? "unknown" : format(count));
  return table({
    caption: "Where entries are missing",
    columns: [name("keyspace"), text("behind"), text("before"), figure("entries"), figure("bytes of the damaged dump")],
    rows: gaps.map(({ keyspaceName, after, before, entries, bytes }) => ({
      cells: [html`<code>${nameOf(keyspaceName)}</code>`, after === null ? "its beginning" : html`<code>${nameOf(after)}</code>`, before === null ? "its end" : html`<code>${nameOf(before)}</code>`, known(entries, formatCount), known(bytes, formatSize)],
    })),
    first: FIRST_ROWS, more: "kgdump inspect --gaps lists all",
  });
}
