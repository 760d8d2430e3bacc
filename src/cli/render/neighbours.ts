/** The neighbourhood of a node: as a tree in the terminal, as DOT, and as a picture. */
import type { Neighbourhood, NeighbourEdge, NeighbourNode } from "../../operations/relations/neighbours.js";
import { escapeText } from "../text/escape.js";
import { formatNumberOf } from "../text/quantities.js";
import type { Look } from "./table.js";

const LONGEST = 60;

function cut(text: string, most = LONGEST): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** The neighbourhood as a tree, each node where it was found first; lines are ended. */
export function renderNeighbours({ nodes, edges, missingEdges }: Neighbourhood, { paint }: Pick<Look, "paint">): string {
  const near = edgesByFinder(nodes, edges);
  const shown = new Set([0]);
  const lines: string[] = [];
  const name = ({ id, label, missing }: NeighbourNode): string => `${paint.cyan(cut(escapeText(id)))}${label === null ? "" : ` ${cut(escapeText(label))}`}${missing ? paint.red(" (missing)") : ""}`;
  const draw = (at: number, indent: string): void => {
    const own = near.get(at) ?? [];
    const hidden = nodes[at]?.hidden ?? 0;
    for (const [index, { from, to, label }] of own.entries()) {
      const isLast = index === own.length - 1 && hidden === 0;
      const other = from === at ? to : from;
      const node = nodes[other];
      if (node === undefined) continue;
      const arrow = from === to ? "↺" : from === at ? "→" : "←";
      const again = shown.has(other);
      lines.push(`${indent}${isLast ? "└" : "├"} ${arrow} ${label === null ? "" : `${cut(escapeText(label))} `}${name(node)}${again ? paint.dim(" (above)") : ""}\n`);
      if (again) continue;
      shown.add(other);
      draw(other, `${indent}${isLast ? "  " : "│ "}`);
    }
    if (hidden > 0) lines.push(`${indent}└ ${paint.dim(`and ${formatNumberOf(hidden, "more edge", "more edges")}: --limit ${String(nodes.length + hidden)} shows more`)}\n`);
  };
  const [first] = nodes;
  if (first !== undefined) lines.push(`${name(first)}\n`);
  draw(0, "");
  // Where nobody looked there may be more.
  const end = nodes.find(({ hidden }) => hidden === null);
  const notes = [`${formatNumberOf(nodes.length, "node", "nodes")}, ${formatNumberOf(edges.length, "edge", "edges")}`, ...(end === undefined ? [] : [`--depth ${String(end.depth + 1)} goes on`]), ...(missingEdges === 0 ? [] : [`${formatNumberOf(missingEdges, "listed edge is", "listed edges are")} not there`])];
  return `${lines.join("")}${notes.join("; ")}\n`;
}

/** Each edge at the node that was looked at when it was found: the nearer one to the start. */
function edgesByFinder(nodes: readonly NeighbourNode[], edges: readonly NeighbourEdge[]): Map<number, NeighbourEdge[]> {
  const near = new Map<number, NeighbourEdge[]>();
  for (const edge of edges) {
    const finder = Math.min(edge.from, edge.to);
    if (nodes[finder] !== undefined) near.set(finder, [...(near.get(finder) ?? []), edge]);
  }
  return near;
}

/** The neighbourhood in the language of Graphviz. */
export function neighboursDot({ nodes, edges }: Neighbourhood): string {
  const lines = [
    ...nodes.map(({ id, label, missing }, at) => `  n${String(at)} [label=${dotText(...(label === null ? [] : [label]), id)}${missing ? ", style=dashed" : ""}];\n`),
    ...edges.map(({ from, to, label }) => `  n${String(from)} -> n${String(to)}${label === null ? "" : ` [label=${dotText(label)}]`};\n`),
  ];
  return `digraph {\n  node [shape=box];\n${lines.join("")}}\n`;
}

/** A text in quotes, of several lines. */
function dotText(...lines: readonly string[]): string {
  return `"${lines.map((line) => escapeText(line).replaceAll("\\", "\\\\").replaceAll("\"", "\\\"")).join("\\n")}"`;
}

const SIZE = 960;
const RING = 150;

/** The neighbourhood as a picture: the node in the middle, others on rings by how far they are. */
export function neighboursSvg({ nodes, edges }: Neighbourhood): string {
  const rings = new Map<number, number[]>();
  for (const [at, { depth }] of nodes.entries()) rings.set(depth, [...(rings.get(depth) ?? []), at]);
  const places = new Map<number, readonly [number, number]>();
  const radius = (depth: number, count: number): number => (depth === 0 ? 0 : Math.max(depth * RING, (count * 26) / (2 * Math.PI)));
  for (const [depth, members] of rings) {
    for (const [index, at] of members.entries()) {
      const angle = (2 * Math.PI * index) / members.length - Math.PI / 2;
      places.set(at, [round(radius(depth, members.length) * Math.cos(angle)), round(radius(depth, members.length) * Math.sin(angle))]);
    }
  }
  const half = Math.max(SIZE / 2, ...[...rings].map(([depth, members]) => radius(depth, members.length) + 160));
  const place = (at: number): readonly [number, number] => places.get(at) ?? [0, 0];
  const lines = edges.map(({ from, to, label }) => {
    const [[x1, y1], [x2, y2]] = [place(from), place(to)];
    const text = label === null ? "" : `<text class="e" x="${String(round((x1 + x2) / 2))}" y="${String(round((y1 + y2) / 2))}">${xmlText(cut(label, 24))}</text>`;
    return from === to ? `<circle class="l" cx="${String(x1)}" cy="${String(y1 - 12)}" r="10"/>${text}\n` : `<line x1="${String(x1)}" y1="${String(y1)}" x2="${String(x2)}" y2="${String(y2)}" marker-end="url(#a)"/>${text}\n`;
  });
  const dots = nodes.map(({ id, label, missing }, at) => {
    const [x, y] = place(at);
    return `<g><title>${xmlText(id)}</title><circle class="${missing ? "m" : at === 0 ? "s" : "n"}" cx="${String(x)}" cy="${String(y)}" r="7"/><text x="${String(x)}" y="${String(y + 20)}">${xmlText(cut(label ?? id, 24))}</text></g>\n`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${String(-half)} ${String(-half)} ${String(2 * half)} ${String(2 * half)}" role="img" aria-label="${xmlText(`the neighbourhood of ${nodes[0]?.id ?? ""}`)}">\n`,
    "<style>text{font:11px sans-serif;text-anchor:middle;fill:#333}.e{font-size:9px;fill:#777}line,.l{stroke:#aaa;fill:none}.n{fill:#4a7fb5}.s{fill:#c0392b}.m{fill:#fff;stroke:#c0392b;stroke-dasharray:3}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>\n",
    "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"16\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#aaa\"/></marker></defs>\n",
    ...lines, ...dots, "</svg>\n",
  ].join("");
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}

function xmlText(text: string): string {
  return escapeText(text).replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
