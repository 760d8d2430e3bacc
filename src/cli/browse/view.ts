/** What the screen shows of a state: lines of text, as many as there is room for. */
import { formatCount } from "../../counts.js";
import { numbersOf } from "../render/document.js";
import type { Paint } from "../terminal/style.js";
import { cellsOf, cutCells, fitCells } from "../text/cells.js";
import { decodeUtf8, isPrintable } from "../text/characters.js";
import { escapeText, formatBytes, formatText } from "../text/escape.js";
import { formatAbout, formatNumberOf, formatPercent, formatSize } from "../text/quantities.js";
import { HELP } from "./help.js";
import { type Area, type Layout, layoutOf, roomIn } from "./layout.js";
import type { List, Pane, State, TreeNode, Value } from "./state.js";
import { MARK, valueLines } from "./value-lines.js";

/** A pane as it is drawn. */
export interface PaneView {
  readonly area: Area;
  readonly title: string;
  readonly lines: readonly string[];
  readonly focused: boolean;
}

/** All of the screen. */
export interface View {
  readonly layout: Layout["kind"];
  readonly head: string;
  readonly foot: string;
  readonly panes: Readonly<Partial<Record<Pane, PaneView>>>;
  /** Shown in the place of all panes. */
  readonly help: readonly string[] | null;
}

/** How it looks. */
export interface ViewLook {
  readonly paint: Paint;
  /** The path, safe to print. */
  readonly title: string;
  readonly kind: string;
}

/** Bytes of a key that are made text: what is longer fits no line. */
const KEY_BYTES = 512;
/** From so many columns on the tree has figures beside its shares. */
const WIDE_TREE = 34;

/** Draws a state. */
export function viewOf(state: State, look: ViewLook): View {
  const layout = layoutOf(state);
  const { columns, rows } = state.size;
  if (layout.kind === "none") return { layout: "none", head: cutCells("the terminal is too small", columns), foot: "q leaves", panes: {}, help: null };
  const help = state.help ? HELP.slice(0, rows - 3).map((line) => cutCells(line, columns)) : null;
  const drawers: Readonly<Record<Pane, (state: State, look: ViewLook, room: Area) => Pick<PaneView, "title" | "lines">>> = { tree: treeView, list: listView, value: valueView };
  const panes: Partial<Record<Pane, PaneView>> = {};
  for (const pane of ["tree", "list", "value"] as const) {
    const area = layout.areas[pane];
    const room = roomIn(area);
    if (area.width === 0 || help !== null) continue;
    const { title, lines } = drawers[pane](state, look, room);
    const focused = state.pane === pane;
    panes[pane] = { area, title: cutCells(focused ? look.paint.bold(title) : look.paint.dim(title), room.width), lines, focused };
  }
  return { layout: layout.kind, head: headOf(state, look), foot: footOf(state, look), panes, help };
}

function headOf({ size: { columns }, keyspaces }: State, { paint, title, kind }: ViewLook): string {
  const known = keyspaces.every(({ entries }) => entries !== null);
  const entries = keyspaces.reduce((sum, one) => sum + (one.entries ?? 0), 0);
  const facts = [kind, ...(known && keyspaces.length > 0 ? [`${formatAbout(entries, keyspaces.some(({ estimated }) => estimated))} ${entries === 1 ? "entry" : "entries"}`] : []), formatNumberOf(keyspaces.length, "keyspace", "keyspaces")].join(", ");
  const room = columns - cellsOf(facts) - 4;
  return cutCells(` ${paint.bold(cutCells(title, Math.max(10, room)))}  ${facts}`, columns);
}

/** Hints that are left out one by one where there is no room. */
const HINTS = ["? help", "q leave", "/ key", "& search", "n neighbours", "Tab next pane", "x hex", "z zoom"];

function footOf({ size: { columns }, prompt, message, help }: State, { paint }: ViewLook): string {
  if (prompt !== null) {
    const name = prompt.kind === "key" ? "key: " : "regular expression: ";
    // Its end is what is typed.
    const characters = Array.from(escapeText(prompt.text).replaceAll("\\\\", "\\"));
    while (cellsOf(characters.join("")) > columns - cellsOf(name) - 2) characters.shift();
    return ` ${name}${characters.join("")}${paint.inverse(" ")}`;
  }
  if (message !== null) return ` ${paint.yellow(cutCells(message, columns - 1))}`;
  if (help) return " any key goes back";
  let hints = HINTS;
  while (hints.join("  ").length > columns - 1) hints = hints.slice(0, -1);
  return paint.dim(` ${hints.join("  ")}`);
}

/** A line with the cursor, or without: it has a mark, too, as there may be no colours. */
function withCursor(text: string, isCursor: boolean, focused: boolean, width: number, paint: Paint): string {
  if (!isCursor) return `  ${cutCells(text, width - 2)}`;
  const line = `${focused ? ">" : "·"} ${fitCells(text, width - 2)}`;
  return focused ? paint.inverse(line) : paint.bold(line);
}

function treeView(state: State, { paint }: ViewLook, room: Area): Pick<PaneView, "title" | "lines"> {
  const { tree, keyspaces } = state;
  const lines = tree.nodes.slice(tree.top, tree.top + room.height).map((node, at) => {
    const isCursor = tree.top + at === tree.cursor;
    const figures = figuresOf(node, keyspaces[node.keyspace]?.entries ?? null, room.width >= WIDE_TREE);
    const mark = { closed: "+", loading: "…", open: "-", leaf: " " }[node.state];
    const label = node.depth === 0 ? formatBytes(node.label.subarray(0, KEY_BYTES)) : formatText(node.label.subarray(0, KEY_BYTES));
    const width = room.width - 2;
    const name = fitCells(`${" ".repeat(node.depth)}${mark} ${label}`, Math.max(8, width - cellsOf(figures) - 1));
    return withCursor(`${name} ${isCursor ? figures : paint.dim(figures)}`, isCursor, state.pane === "tree", room.width, paint);
  });
  return { title: "keyspaces and prefixes", lines };
}

function figuresOf({ depth, entries, estimated }: TreeNode, all: number | null, wide: boolean): string {
  if (entries === null) return "";
  const count = formatAbout(entries, estimated);
  if (depth === 0) return count;
  if (wide) return `${count} ${formatPercent(entries, all ?? 0).padStart(6)}`;
  const percent = Math.round((100 * entries) / (all ?? entries));
  return percent === 0 && entries > 0 ? "<1%" : `${percent.toString()}%`;
}

function listView(state: State, { paint }: ViewLook, room: Area): Pick<PaneView, "title" | "lines"> {
  const { list } = state;
  const lines = list.rows.slice(list.top, list.top + room.height).map((row, at) => {
    const isCursor = list.top + at === list.cursor;
    const size = row.text !== undefined ? "" : row.size === null ? "deleted" : formatSize(row.size);
    const text = row.text ?? formatBytes((row.key ?? new Uint8Array(0)).subarray(0, KEY_BYTES));
    const room1 = Math.max(8, room.width - 3 - cellsOf(size));
    const key = isCursor ? fitCells(text, room1) : row.text === undefined ? paint.cyan(fitCells(text, room1)) : fitCells(text, room1);
    return withCursor(`${key} ${isCursor ? size : paint.dim(size)}`, isCursor, state.pane === "list", room.width, paint);
  });
  if (lines.length > 0) return { title: listTitle(state), lines };
  const { source } = list;
  const waits = source.kind === "entries" ? source.waits !== null : source.kind === "matches" ? source.state === "running" : source.around === null;
  return { title: listTitle(state), lines: [paint.dim(`  ${waits ? "reading …" : source.kind === "matches" ? "nothing matches" : "no entries"}`)] };
}

function listTitle({ list, keyspaces }: State): string {
  const { source } = list;
  const part = partName(list, keyspaces.length > 1 ? (keyspaces[list.keyspace]?.name ?? null) : null);
  if (source.kind === "entries") return part === "" ? "entries" : part;
  if (source.kind === "around") return around(source.around);
  const state = { running: "searching, Esc stops", done: "all was searched", stopped: "stopped", full: `the first ${formatCount(list.rows.length)}` }[source.state];
  return `${formatNumberOf(list.rows.length, "match", "matches")} of ${formatCount(source.looked)} (${state})${part === "" ? "" : ` in ${part}`}`;
}

function partName({ prefix }: List, keyspace: Uint8Array | null): string {
  return [...(keyspace === null ? [] : [formatBytes(keyspace.subarray(0, KEY_BYTES))]), ...(prefix.length === 0 ? [] : [formatText(prefix.subarray(0, KEY_BYTES))])].join(" › ");
}

function around(found: { readonly edges: readonly unknown[]; readonly nodes: readonly { readonly hidden: number | null }[]; readonly missingEdges: number } | null): string {
  if (found === null) return "neighbours";
  const hidden = found.nodes[0]?.hidden ?? 0;
  return `neighbours: ${formatNumberOf(found.edges.length, "edge", "edges")}${hidden > 0 ? `, ${formatCount(hidden)} more` : ""}${found.missingEdges > 0 ? `, ${formatCount(found.missingEdges)} missing` : ""}`;
}

function valueView(state: State, { paint }: ViewLook, room: Area): Pick<PaneView, "title" | "lines"> {
  const { value } = state;
  if (value === null) return { title: "value", lines: [] };
  const { bytes } = value;
  if (value.state === "loading") return { title: "value", lines: [paint.dim("  reading …")] };
  if (bytes === undefined) return { title: "value", lines: [paint.dim("  there is no such entry")] };
  if (bytes === null) return { title: "value", lines: [paint.dim("  this key is deleted")] };
  const title = titleOf(bytes, state.hex);
  if (bytes.length === 0) return { title, lines: [paint.dim("  empty")] };
  return { title, lines: linesOf(state, value, bytes, paint, room) };
}

function titleOf(bytes: Uint8Array, hex: boolean): string {
  const text = decodeUtf8(bytes);
  const number = text !== null && isPrintable(text) ? null : numbersOf(bytes);
  return `value: ${formatSize(bytes.length)}${hex ? " in hex" : ""}${number === null ? "" : `, ${number}`}`;
}

function linesOf({ hex, pane }: State, { top, cursor, folded }: Value, bytes: Uint8Array, paint: Paint, room: Area): string[] {
  const all = valueLines(bytes, { hex, columns: room.width - MARK, paint }, folded);
  const lines: string[] = [];
  for (let at = top; at < Math.min(all.length, top + room.height); at += 1) {
    const line = all.line(at);
    if (line === undefined) break;
    const mark = pane === "value" && at === cursor ? paint.inverse(">") : line.folds === 0 ? " " : paint.dim(line.folded ? "+" : "-");
    lines.push(`${mark}${line.text}`);
  }
  return lines;
}
