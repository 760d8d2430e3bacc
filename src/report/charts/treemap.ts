/** The treemap of prefixes: areas are bytes of keys and values. */
import { hierarchy, type HierarchyRectangularNode, treemap } from "d3-hierarchy";
import { formatNumberOf, formatPercent, formatSize } from "../../cli/text/quantities.js";
import { html, type Html } from "../html.js";
import type { Branch } from "../tree.js";
import { box, chart } from "./draw.js";

/** A screen, in pixels. */
interface Screen {
  readonly kind: string;
  readonly width: number;
  readonly height: number;
}

/** Two pictures: browsers show the one that fits. */
const SCREENS: readonly Screen[] = [{ kind: "treemap wide", width: 1040, height: 460 }, { kind: "treemap narrow", width: 340, height: 500 }];

/** Room for the name of what several areas belong to. */
const HEADING = 20;
/** What an area takes at least to have a label, and to have its size, too. */
const LABEL = { width: 46, height: 18 };
const SIZE_HEIGHT = 34;
/** Smaller areas are left out. */
const LEAST = 0.5;

/** What is said of a part where a pointer rests on it. */
export function branchTitle({ pattern, keyspace, bytes, entries }: Branch, all: number): string {
  const where = keyspace === null ? "" : ` in ${keyspace}`;
  return `${pattern}${where}: ${formatSize(bytes)} (${formatPercent(bytes, all)}), ${formatNumberOf(entries, "entry", "entries")}`;
}

/** The class that gives a part its colour. */
export function groupClass({ group }: Branch): string {
  return group === null ? "cx" : `c${String(group)}`;
}

/** Draws the treemap. @param idOf what links lead to a leaf's row by */
export function drawTreemap(root: Branch, idOf: ReadonlyMap<Branch, string>): Html[] {
  return SCREENS.map((screen) => drawOn(screen, root, idOf));
}

function drawOn({ kind, width, height }: Screen, root: Branch, idOf: ReadonlyMap<Branch, string>): Html {
  // What is nothing but empty keys is still there.
  const size = ({ below, bytes }: Branch): number => (below.length > 0 ? 0 : Math.max(bytes, root.bytes === 0 ? 1 : 0));
  const laid = treemap<Branch>().size([width, height]).paddingInner(1).paddingTop((node) => (hasHeading(node) ? HEADING : 0)).round(false)(hierarchy(root, ({ below }) => below).sum(size));
  const cells = laid.descendants().filter((node) => node.children === undefined ? node.x1 - node.x0 >= LEAST && node.y1 - node.y0 >= LEAST : hasHeading(node));
  return chart(kind, "Treemap: the areas are the bytes of keys and values of each prefix. The table below has the same figures.", height, cells.map((node) => drawCell(node, width, root.bytes, idOf)));
}

/** The first level tells what it is, where something is below, and there is room. */
function hasHeading({ depth, children, x0, x1, y0, y1 }: HierarchyRectangularNode<Branch>): boolean {
  return depth === 1 && children !== undefined && x1 - x0 >= LABEL.width && y1 - y0 >= 2 * HEADING;
}

function drawCell({ data, x0, x1, y0, y1, children }: HierarchyRectangularNode<Branch>, all: number, bytes: number, idOf: ReadonlyMap<Branch, string>): Html {
  const [width, height] = [x1 - x0, y1 - y0];
  const place = { x: x0 / all, width: width / all, y: y0, height: children === undefined ? height : Math.min(height, HEADING - 1) };
  const title = html`<title>${branchTitle(data, bytes)}</title>`;
  const labelled = width >= LABEL.width && height >= LABEL.height;
  const label = labelled ? html`<text x="5" y="14">${data.label}</text>` : null;
  const size = labelled && children === undefined && height >= SIZE_HEIGHT ? html`<text x="5" y="29">${formatSize(data.bytes)}</text>` : null;
  const drawn = box(place, html`${label}${size}`);
  const [kind, id] = [children === undefined ? groupClass(data) : `${groupClass(data)} heading`, idOf.get(data)];
  return labelled && id !== undefined ? html`<a class="${kind}" href="#${id}">${title}${drawn}</a>
` : html`<g class="${kind}">${title}${drawn}</g>
`;
}
