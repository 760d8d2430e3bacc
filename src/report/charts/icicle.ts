/** The flame graph of prefixes, from the top: each line is a level of the tree, widths are bytes of keys and values. */
import { hierarchy, type HierarchyRectangularNode, partition } from "d3-hierarchy";
import { html, type Html } from "../html.js";
import type { Branch } from "../tree.js";
import { box, chart } from "./draw.js";
import { branchTitle, groupClass } from "./treemap.js";

/** Height of a level, in pixels. */
const LEVEL = 25;
/** Shares of the width that something takes at least to be drawn, to have a label, and to have one on a narrow screen. */
const LEAST = 1 / 1000;
const LABEL = 0.04;
const NARROW_LABEL = 0.14;

/** Draws the flame graph. */
export function drawIcicle(root: Branch): Html {
  const size = ({ below, bytes }: Branch): number => (below.length > 0 ? 0 : Math.max(bytes, root.bytes === 0 ? 1 : 0));
  const tree = hierarchy(root, ({ below }) => below).sum(size);
  const levels = tree.height + 1;
  const laid = partition<Branch>().size([1, levels * LEVEL])(tree);
  const shown = laid.descendants().filter(({ x0, x1 }) => x1 - x0 >= LEAST);
  return chart("icicle", "Flame graph: each line is a level of the tree of prefixes, the widths are bytes of keys and values. The table below has the same figures.", levels * LEVEL, shown.map((node) => drawNode(node, root.bytes)));
}

function drawNode({ data, depth, x0, x1, y0 }: HierarchyRectangularNode<Branch>, all: number): Html {
  const width = x1 - x0;
  const label = width < LABEL ? null : html`<text${width < NARROW_LABEL ? html` class="spare"` : null} x="5" y="16">${data.label}</text>`;
  return html`<g class="${depth === 0 ? "root" : groupClass(data)}"><title>${branchTitle(data, all)}</title>${box({ x: x0, width, y: y0, height: LEVEL - 1 }, html`${label}`)}</g>
`;
}
