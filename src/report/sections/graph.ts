/** The graph in the entries: what it has, how it hangs together, what is wrong with it, and a part of it. */
import { GRAPH_PROBLEM_NAMES } from "../../cli/text/graph-problems.js";
import { formatNumberOf, formatPercent } from "../../cli/text/quantities.js";
import { formatCount } from "../../counts.js";
import type { GraphProblem, LabelCounts } from "../../operations/graph/index.js";
import type { Neighbourhood } from "../../operations/relations/neighbours.js";
import type { ReportedGraph } from "../../operations/report/graph.js";
import { drawBars } from "../charts/bars.js";
import { drawNear } from "../charts/near.js";
import { html, type Html } from "../html.js";
import { facts, figure, name, table, text } from "../table.js";
import { cut, nameOf } from "../text.js";
import { FIRST_ROWS, type Page, type Section } from "./section.js";

/** Characters of a label, and of an id. */
const NAME = 80;

/** The section; nothing where the entries are no graph. */
export function graphSection({ facts: { graph, values }, limits: { rows } }: Page): Section | null {
  if (graph === null) return null;
  const { report, figures, near } = graph;
  const { components, orphans, loops, parallelEdges, distinctNodes } = figures;
  const body = html`<p>${report.layout === "maya" ? "Keys and values are in MAYA's layout." : "Keys and values are in the layout that was given."} ${verdict(graph)}</p>
${facts([
  ["Nodes", formatCount(distinctNodes)],
  ["Edges", formatCount(report.edges)],
  ["Components", `${formatCount(components.count)}, the largest with ${formatNumberOf(components.largest, "node", "nodes")} (${formatPercent(components.largest, distinctNodes)})`],
  ["Nodes without edges", formatCount(orphans.count)],
  ["Edges from a node to itself", formatCount(loops)],
  ["Edges that repeat another one", formatCount(parallelEdges)],
])}
${report.kinds.length === 0 ? null : problemTable(graph)}
${degrees(graph)}
${values ? html`${labelTable("Nodes by label", "nodes", figures.nodeLabels, rows)}${labelTable("Edges by label", "edges", figures.edgeLabels, rows)}${hubTable(graph)}${near === null ? null : nearby(near)}` : html`<p class="note">Labels, and what nodes are called, are left out with the values.</p>`}`;
  return { id: "graph", title: "Graph", body };
}

function verdict({ report: { problems } }: ReportedGraph): Html {
  if (problems === 0) return html`<strong class="good">It is whole:</strong> every edge's nodes are there, every list names exactly its node's edges, every value has its shape.`;
  return html`<strong class="bad">It is not whole:</strong> ${formatNumberOf(problems, "problem", "problems")}.`;
}

function problemTable({ report: { kinds } }: ReportedGraph): Html {
  return table({
    caption: "What is wrong with the graph",
    columns: [name("problem"), figure("how many"), text("the first of them")],
    rows: kinds.map(({ kind, count, examples }) => ({ cells: [GRAPH_PROBLEM_NAMES[kind], formatCount(count), html`${examples.slice(0, 3).map((example, at) => html`${at === 0 ? null : ", "}${exampleOf(example)}`)}`] })),
    first: FIRST_ROWS, more: "kgdump graph names more of them.",
  });
}

function exampleOf({ key, other }: GraphProblem): Html {
  return html`<code>${key === null ? "(not kept)" : nameOf(key)}${other === null ? null : ` ${nameOf(other)}`}</code>`;
}

/** The numbers that a place of a histogram has. */
function rangeOf(power: number): string {
  return power < 2 ? String(power) : `${formatCount(2 ** (power - 1))} to ${formatCount(2 ** power - 1)}`;
}

function degrees({ figures: { degrees: { all, outgoing, incoming, most } } }: ReportedGraph): Html {
  const places = Array.from({ length: Math.max(all.length, outgoing.length, incoming.length) }, (_, power) => power);
  return html`<figure><figcaption>Nodes by the number of their edges; the most are ${formatCount(most)}.</figcaption>${drawBars(places.map((power) => ({ name: rangeOf(power), count: all[power] ?? 0 })), "Nodes by the number of their edges. The table below has the same figures.")}</figure>
${table({
  caption: "Nodes by the number of their edges",
  columns: [name("edges"), figure("nodes with so many"), figure("that start there"), figure("that end there")],
  rows: places.map((power) => ({ cells: [rangeOf(power), formatCount(all[power] ?? 0), formatCount(outgoing[power] ?? 0), formatCount(incoming[power] ?? 0)] })),
  first: FIRST_ROWS, more: null,
})}`;
}

function labelTable(caption: string, what: string, { each, beyond, without }: LabelCounts, most: number): Html | null {
  const all = each.reduce((sum, { count }) => sum + count, beyond + without);
  if (all === 0) return null;
  const rest = each.slice(most).reduce((sum, { count }) => sum + count, beyond);
  const rows = [...each.slice(0, most).map(({ label, count }) => [cut(label, NAME), count] as const), ...(without === 0 ? [] : [["(none)", without] as const])];
  return table({
    caption, columns: [name("label"), figure(what), figure("share")],
    rows: rows.map(([label, count]) => ({ cells: [label, formatCount(count), formatPercent(count, all)] })),
    first: FIRST_ROWS, more: rest === 0 ? null : `and ${formatCount(rest)} with other labels`,
  });
}

function hubTable({ figures: { hubs } }: ReportedGraph): Html | null {
  if (hubs.length === 0) return null;
  return table({
    caption: "The nodes with the most edges",
    columns: [name("node"), text("label"), figure("edges from it"), figure("edges to it")],
    rows: hubs.map(({ id, label, outgoing, incoming }) => ({ cells: [html`<code>${nameOf(id)}</code>`, label === null ? "" : cut(label, NAME), formatCount(outgoing), formatCount(incoming)] })),
    first: FIRST_ROWS, more: null,
  });
}

/** A picture of what is around the first hub, and the same as a table. */
function nearby(near: Neighbourhood): Html {
  const { nodes, edges, missingEdges } = near;
  const hidden = nodes[0]?.hidden ?? 0;
  const called = (at: number): Html => html`<code>${cut(nodes[at]?.id ?? "", NAME)}</code>${nodes[at]?.missing === true ? " (missing)" : null}`;
  const more = [...(hidden > 0 ? [`${formatNumberOf(hidden, "more edge is", "more edges are")} not shown`] : []), ...(missingEdges > 0 ? [`${formatNumberOf(missingEdges, "listed edge is", "listed edges are")} not there`] : [])];
  return html`<figure><figcaption>A part of it: what is around the node with the most edges. Edges come from the nodes at the left, and go to those at the right.</figcaption>${drawNear(near)}</figure>
${table({
  caption: "The edges in the picture",
  columns: [name("from"), text("edge"), text("to")],
  rows: edges.map(({ from, to, label }) => ({ cells: [called(from), label === null ? "" : cut(label, NAME), called(to)] })),
  first: FIRST_ROWS, more: more.length === 0 ? null : `${more.join("; ")}; kgdump browse shows more.`,
})}`;
}
