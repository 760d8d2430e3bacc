/** What is around a node: those from which edges come at the left, those to which edges go at the right. */
import type { Neighbourhood } from "../../operations/relations/neighbours.js";
import { html, type Html } from "../html.js";
import { cut } from "../text.js";
import { GROUPS } from "../tree.js";
import { box, chart, percent, pixels } from "./draw.js";

/** Heights in pixels, of a node and with what parts it from the next. */
const NODE = 38;
const STEP = 46;
/** Shares of the width: of a node, and where those at the right begin. */
const WIDTH = 0.3;
const RIGHT = 1 - WIDTH;
const MIDDLE = { x: 0.36, width: 0.28 };
const NAME = 60;

/** An edge to a node beside the one in the middle. */
interface Beside {
  readonly at: number;
  readonly label: string | null;
}

/** What a node is called by. */
export function nodeName({ id, label }: Neighbourhood["nodes"][number]): string {
  return cut(label ?? id, NAME);
}

/** Draws it. An edge from the node to itself is told by the table alone. */
export function drawNear({ nodes, edges }: Neighbourhood): Html {
  const [coming, going]: [Beside[], Beside[]] = [[], []];
  for (const { from, to, label } of edges) {
    if (from === 0 && to !== 0) going.push({ at: to, label });
    else if (to === 0 && from !== 0) coming.push({ at: from, label });
  }
  const rows = Math.max(1, coming.length, going.length);
  const middle = (rows * STEP) / 2;
  const labels = [...new Set(nodes.map(({ label }) => label))];
  const draw = (at: number, x: number, width: number, y: number, below: string): Html | null => {
    const node = nodes[at];
    if (node === undefined) return null;
    const group = labels.indexOf(node.label);
    const lines = html`<text class="of" x="6" y="16">${nodeName(node)}</text><text x="6" y="31">${cut(below, NAME)}</text>`;
    return html`<g class="${node.missing ? "missing" : node.label === null || group >= GROUPS ? "cx" : `c${String(group)}`}"><title>${node.label === null ? null : `${cut(node.label, NAME)}: `}${cut(node.id, NAME)}${node.missing ? ", which is missing" : null}</title>${box({ x, width, y, height: NODE }, lines)}</g>
`;
  };
  const side = (all: readonly Beside[], isLeft: boolean): Html[] => {
    const top = middle - (all.length * STEP) / 2;
    return all.flatMap(({ at, label }, index) => {
      const y = top + index * STEP + (STEP - NODE) / 2;
      const [from, to] = isLeft ? [WIDTH, MIDDLE.x] : [MIDDLE.x + MIDDLE.width, RIGHT];
      const [start, end] = isLeft ? [y + NODE / 2, middle] : [middle, y + NODE / 2];
      const line = html`<line x1="${percent(from)}" y1="${pixels(start)}" x2="${percent(to)}" y2="${pixels(end)}"/>`;
      const node = draw(at, isLeft ? 0 : RIGHT, WIDTH, y, label === null ? "" : isLeft ? `${label} →` : `→ ${label}`);
      return node === null ? [] : [line, node];
    });
  };
  const label = "What is around a node: at the left the nodes from which edges come, at the right those to which edges go. The table below has the same edges.";
  const start = nodes[0];
  return chart("near", label, rows * STEP, [...side(coming, true), ...side(going, false), html`${draw(0, MIDDLE.x, MIDDLE.width, middle - NODE / 2, start?.label === null ? "" : (start?.id ?? ""))}`]);
}
