/** Where the panes are on the screen. */
import type { Pane, Size, State } from "./state.js";

/** Of a pane with its frame, in cells. */
export interface Area {
  readonly width: number;
  readonly height: number;
}

/** How the panes lie: beside one another, the list above the value, or one alone. */
export interface Layout {
  readonly kind: "columns" | "stacked" | "one" | "none";
  readonly areas: Readonly<Record<Pane, Area>>;
}

/** From so many columns on, list and value lie beside one another. */
const WIDE = 130;
/** Less is too small for anything. */
const LEAST: Size = { columns: 40, rows: 12 };
/** Lines above and below the panes. One line of the terminal stays free: what fills all of it makes it scroll. */
const AROUND = 3;
/** A frame, and in it a line with a title. */
const FRAME = 2;
const TITLE = 1;

const NOTHING: Area = { width: 0, height: 0 };

/** Divides the screen. */
export function layoutOf({ size: { columns, rows }, zoomed, pane }: Pick<State, "size" | "zoomed" | "pane">): Layout {
  if (columns < LEAST.columns || rows < LEAST.rows) return { kind: "none", areas: { tree: NOTHING, list: NOTHING, value: NOTHING } };
  const height = rows - AROUND;
  if (zoomed) {
    const areas = { tree: NOTHING, list: NOTHING, value: NOTHING };
    return { kind: "one", areas: { ...areas, [pane]: { width: columns, height } } };
  }
  const tree = Math.max(20, Math.min(44, Math.round(columns * (columns < WIDE ? 0.3 : 0.24))));
  if (columns >= WIDE) {
    const list = Math.round((columns - tree) * 0.45);
    return { kind: "columns", areas: { tree: { width: tree, height }, list: { width: list, height }, value: { width: columns - tree - list, height } } };
  }
  const list = Math.max(6, Math.round(height * 0.45));
  return { kind: "stacked", areas: { tree: { width: tree, height }, list: { width: columns - tree, height: list }, value: { width: columns - tree, height: height - list } } };
}

/** Lines and columns that a pane has for what is in it. */
export function roomIn({ width, height }: Area): Area {
  return { width: Math.max(0, width - FRAME), height: Math.max(0, height - FRAME - TITLE) };
}

/** The first line to show so that the one with the cursor can be seen. */
export function scrolled(top: number, cursor: number, lines: number, height: number): number {
  if (height <= 0) return 0;
  const least = Math.max(0, Math.min(top, lines - height));
  return cursor < least ? cursor : cursor >= least + height ? cursor - height + 1 : least;
}
