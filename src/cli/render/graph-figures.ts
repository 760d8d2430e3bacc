/** What `graph` says of a dump or a store, for a person. */
import { formatCount } from "../../counts.js";
import { missingOf, missingText } from "../../operations/dump/salvaged.js";
import type { LabelCounts } from "../../operations/graph/index.js";
import type { GraphResult } from "../../operations/relations/results.js";
import { escapeMessage, escapeText, formatBytes } from "../text/escape.js";
import { formatDuration, formatNumberOf, formatPercent, formatSize } from "../text/quantities.js";
import { problemLines } from "./graph.js";
import { engineName } from "./summary.js";
import { left, type Look, right, renderTable } from "./table.js";

/** Rows of each table that are shown unless more are asked for. */
export const TOP = 10;
const LONGEST = 60;

/** How much is shown. */
export interface GraphLook extends Look {
  /** Labels, hubs and periods; undefined: 10. */
  readonly top: number | undefined;
}

/** What is in the graph, as lines, each ended. */
export function renderGraphResult(result: GraphResult, look: GraphLook): string {
  if (result.layout === "none" && result.problems === 0) return `${head(result, look)}${look.paint.yellow("no graph:")} no key is in ${layoutName(result)}; --layout FILE names another one\n`;
  return [head(result, look), verdict(result, look), labels(result, look), degrees(result, look), hubs(result, look), components(result), growth(result, look)].join("");
}

function layoutName({ layout }: GraphResult): string {
  return layout === "declared" ? "the declared layout" : "MAYA's layout";
}

function head(result: GraphResult, { paint }: GraphLook): string {
  const { path, kind, dump, seconds } = result;
  const name = path === null ? "the dump from standard input" : escapeText(path);
  const what = dump === null ? engineName(kind) : `a dump of ${engineName(dump.header.source.engine)}, ${formatSize(dump.bytes)}`;
  const counts = [
    formatNumberOf(result.distinctNodes, "node", "nodes"), formatNumberOf(result.edges, "edge", "edges"),
    ...(result.lists === 0 ? [] : [formatNumberOf(result.lists, "list", "lists")]), formatNumberOf(result.others, "other entry", "other entries"),
  ];
  return [`${paint.bold(name)} (${what})\n`, ...stateText(dump).map((state) => `${paint.yellow(state)}\n`), `${counts.join(", ")}; read in ${formatDuration(seconds)}\n`].join("");
}

/** Why what follows is not all. */
function stateText(dump: GraphResult["dump"]): string[] {
  if (dump === null) return [];
  const { problem } = dump;
  if (problem !== null) return [`NOT COMPLETE: ${escapeMessage(problem.message)} [${escapeMessage(problem.code)}]; what follows is what comes before the damage`];
  const missing = missingOf(dump.keyspaces);
  return missing.gaps === 0 ? [] : [`SALVAGED: ${missingText(missing)} (kgdump inspect --gaps lists them)`];
}

function verdict(result: GraphResult, look: GraphLook): string {
  if (result.problems === 0) return `${look.paint.green("whole:")} every edge has its nodes, ${result.lists === 0 ? "" : "every list is exact, "}every value has its shape\n`;
  return `${look.paint.red(formatNumberOf(result.problems, "problem", "problems"))}${result.danglingEdges === 0 ? "" : `; ${formatNumberOf(result.danglingEdges, "edge lacks", "edges lack")} a node`}\n${problemLines(result.kinds, look.verbose ? 5 : 2, look)}`;
}

function labels(result: GraphResult, look: GraphLook): string {
  return labelTable("nodes", result.nodeLabels, look) + labelTable("edges", result.edgeLabels, look);
}

function labelTable(what: "nodes" | "edges", { each, beyond, without }: LabelCounts, { paint, columns, top = TOP }: GraphLook): string {
  const all = each.reduce((sum, { count }) => sum + count, 0) + beyond + without;
  if (each.length === 0) return "";
  const rest = each.slice(top).reduce((sum, { count }) => sum + count, beyond);
  const rows = [
    ...each.slice(0, top).map(({ label, count }) => [cut(escapeText(label)), formatCount(count), formatPercent(count, all)]),
    ...(without === 0 ? [] : [["(no label)", formatCount(without), formatPercent(without, all)]]),
    ...(rest === 0 ? [] : [[`(${formatNumberOf(each.length - Math.min(top, each.length), "more label", "more labels")}${beyond === 0 ? "" : ", or more"})`, formatCount(rest), formatPercent(rest, all)]]),
  ];
  return `\n${renderTable([left(what === "nodes" ? "label of nodes" : "label of edges"), right(what), right("share")], rows, paint, columns)}`;
}

function degrees({ degrees: { all, outgoing, incoming, most }, distinctNodes, orphans, loops, parallelEdges }: GraphResult, { paint, columns }: GraphLook): string {
  if (distinctNodes === 0) return "";
  const rows = all.map((count, power) => [rangeText(power), formatCount(count), formatPercent(count, distinctNodes), formatCount(outgoing[power] ?? 0), formatCount(incoming[power] ?? 0)]);
  const table = renderTable([right("edges of a node"), right("nodes"), right("share"), right("outgoing"), right("incoming")], rows, paint, columns);
  const lonely = orphans.count === 0 ? "" : `, such as ${orphans.examples.slice(0, 2).map((id) => cut(formatBytes(id))).join(", ")}`;
  return `\n${table}  the most: ${formatCount(most)}; ${formatNumberOf(orphans.count, "node has", "nodes have")} no edges${lonely}\n  ${formatNumberOf(loops, "edge leads", "edges lead")} back to its node, ${formatNumberOf(parallelEdges, "edge repeats", "edges repeat")} another one\n`;
}

function hubs({ hubs: all }: GraphResult, { paint, columns, top = TOP }: GraphLook): string {
  if (all.length === 0) return "";
  const rows = all.slice(0, top).map(({ id, label, outgoing, incoming }) => [cut(formatBytes(id)), formatCount(outgoing + incoming), formatCount(outgoing), formatCount(incoming), label === null ? "" : cut(escapeText(label))]);
  return `\n${renderTable([left("most edges"), right("edges"), right("outgoing"), right("incoming"), { ...left("label"), spare: true }], rows, paint, columns)}`;
}

function components({ components: { count, largest, sizes }, distinctNodes }: GraphResult): string {
  if (distinctNodes === 0) return "";
  const text = sizes.flatMap((components, power) => (components === 0 ? [] : [`${formatCount(components)} of ${rangeText(power)}`]));
  return `\n${formatNumberOf(count, "component", "components")}, the largest with ${formatNumberOf(largest, "node", "nodes")} (${formatPercent(largest, distinctNodes)})${count === 1 ? "" : `; by nodes: ${text.join(", ")}`}\n`;
}

function growth({ growth: known }: GraphResult, { paint, columns, top = TOP }: GraphLook): string {
  if (known === null) return "";
  const { unit, periods, nodesWithout, edgesWithout } = known;
  const rows = periods.slice(-top).map(({ start, nodes, edges }) => [start, formatCount(nodes), formatCount(edges)]);
  const earlier = periods.length - rows.length;
  const without = nodesWithout + edgesWithout;
  return [
    `\n${renderTable([left(`made in the ${unit}`), right("nodes"), right("edges")], rows, paint, columns)}`,
    earlier === 0 ? "" : `  and ${formatNumberOf(earlier, `earlier ${unit}`, `earlier ${unit}s`)}: --top ${String(periods.length)} shows all\n`,
    without === 0 ? "" : `  ${formatNumberOf(without, "record has", "records have")} no time\n`,
  ].join("");
}

/** The numbers that a place of a histogram has. */
function rangeText(power: number): string {
  if (power < 2) return String(power);
  return `${formatCount(2 ** (power - 1))} to ${formatCount(2 ** power - 1)}`;
}

function cut(text: string): string {
  const characters = Array.from(text);
  return characters.length <= LONGEST ? text : `${characters.slice(0, LONGEST - 1).join("")}…`;
}
