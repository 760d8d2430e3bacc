/** What the checks of a graph found, for a person. */
import { formatCount } from "../../counts.js";
import type { GraphProblem, GraphReport } from "../../operations/graph/index.js";
import type { Verification } from "../../operations/verify/results.js";
import { escapeText, formatShort } from "../text/escape.js";
import { GRAPH_PROBLEM_NAMES } from "../text/graph-problems.js";
import { formatNumberOf } from "../text/quantities.js";
import { sideName } from "./sides.js";
import { left, type Look, right, renderTable } from "./table.js";

/** How the graph of each side is; nothing when it was not checked. */
export function renderGraphs({ reference, stores }: Verification, look: Look): string {
  if (reference.graph === null) return "";
  const first = `\n${renderGraph(`graph of ${sideName(reference.kind, 0)}`, reference.graph, false, look)}`;
  const others = stores.map(({ engine, equal, graph }, index) => {
    const name = `graph of ${sideName(engine, index + 1)}`;
    if (equal || graph === null) return `${look.paint.bold(`${name}:`)} the same entries, so the same graph\n`;
    return renderGraph(name, graph, true, look);
  });
  return first + others.join("");
}

/**
 * How one graph is.
 * @param compared whether its problems were compared with those of another
 */
export function renderGraph(name: string, graph: GraphReport, compared: boolean, look: Look): string {
  const { paint } = look;
  const head = paint.bold(`${name}:`);
  if (graph.layout === "none") return `${head} none: no key is in MAYA's layout\n`;
  const counts =
    `${formatNumberOf(graph.nodes, "node", "nodes")}, ${formatNumberOf(graph.edges, "edge", "edges")}, ` +
    `${formatNumberOf(graph.lists, "list", "lists")}, ${formatNumberOf(graph.others, "other entry", "other entries")}\n`;
  if (graph.problems === 0) {
    return `${head} ${counts}  ${paint.green("whole:")} every edge's nodes are there, every list names exactly its node's edges, every value has its shape\n`;
  }
  const made = graph.newProblems === 0 ? "all of them in A too" : `${formatCount(graph.newProblems)} of them not in A`;
  const verdict = `  ${paint.red(formatNumberOf(graph.problems, "problem", "problems"))}${compared ? `, ${made}` : ""}\n`;
  return `${head} ${counts}${verdict}${problemTable(graph, compared, look)}`;
}

function problemTable({ kinds }: GraphReport, compared: boolean, { paint, columns: width }: Look): string {
  const columns = [left("problem"), right("count"), ...(compared ? [right("not in A")] : []), left("what is wrong, and where first")];
  const rows = kinds.flatMap(({ kind, count, newProblems, examples }) => [
    [kind, formatCount(count), ...(compared ? [formatCount(newProblems)] : []), GRAPH_PROBLEM_NAMES[kind]],
    ...examples.map((example) => ["", "", ...(compared ? [""] : []), `  ${exampleText(example)}`]),
  ]);
  return `\n${renderTable(columns, rows, paint, width)}`;
}

/** The kinds of problems, and the first of each, a line each. @param examples how many */
export function problemLines(kinds: GraphReport["kinds"], examples: number, { paint }: Pick<Look, "paint">): string {
  const lines = kinds.map(({ kind, count, examples: all }) => [
    `  ${formatCount(count)} ${paint.bold(kind)}: ${GRAPH_PROBLEM_NAMES[kind]}\n`,
    ...all.slice(0, examples).map((example) => `      ${exampleText(example)}\n`),
  ].join(""));
  return lines.join("");
}

function exampleText({ kind, key, other }: GraphProblem): string {
  const place = key === null ? escapeText("(not kept)") : formatShort(key);
  return other === null ? place : `${place} ${kind.startsWith("list") ? "and" : "→"} ${formatShort(other)}`;
}
