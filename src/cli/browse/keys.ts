/** What each key does. */
import { makePaint } from "../terminal/style.js";
import { type Area, layoutOf, roomIn, scrolled } from "./layout.js";
import { entriesOf, moved, withMore } from "./list.js";
import { heightOf, openNode, openPart, showRow } from "./open.js";
import { type Key, type List, type Pane, type Prompt, type State, type Step, stepTo, type Value } from "./state.js";
import { closed, marked, nodeAt, parentOf } from "./tree.js";
import { MARK, valueLines, type ValueLines } from "./value-lines.js";

const PANES: readonly Pane[] = ["tree", "list", "value"];
/** Lists that one can come back to. */
const MOST_BEFORE = 20;
/** Characters that a prompt takes. */
const LONGEST_PROMPT = 4096;
const PLAIN = makePaint(false);

/** What becomes of a state when a key was pressed. */
export function pressed(state: State, key: Key): Step {
  if (key.name === "interrupt") return stepTo(state, { kind: "interrupt" });
  if (state.prompt !== null) return typed(state, state.prompt, key);
  if (state.help) return key.name === "text" && key.text === "q" ? stepTo(state, { kind: "quit" }) : stepTo({ ...state, help: false });
  const calm = { ...state, message: null };
  return general(calm, key) ?? (state.pane === "tree" ? inTree(calm, key) : state.pane === "list" ? inList(calm, key) : inValue(calm, key));
}

/** Keys that do the same wherever the cursor is. */
function general(state: State, { name, text }: Key): Step | null {
  if (name === "tab" || name === "back-tab") {
    const at = PANES.indexOf(state.pane) + (name === "tab" ? 1 : PANES.length - 1);
    return stepTo({ ...state, pane: PANES[at % PANES.length] ?? "tree" });
  }
  if (name === "escape") return backOut(state);
  if (name !== "text") return null;
  switch (text) {
    case "q":
      return stepTo(state, { kind: "quit" });
    case "?":
      return stepTo({ ...state, help: true });
    case "/":
      return stepTo({ ...state, prompt: { kind: "key", text: "" } });
    case "&":
      return stepTo({ ...state, prompt: { kind: "pattern", text: "" } });
    case "z":
      return resettled({ ...state, zoomed: !state.zoomed });
    case "x":
      return stepTo({ ...state, hex: !state.hex, value: state.value === null ? null : { ...state.value, cursor: 0, top: 0 } });
    case "n":
      return around(state);
    default:
      return null;
  }
}

/** The list where the cursor can be seen once more. */
function resettled(state: State): Step {
  return stepTo({ ...state, list: moved(state.list, state.list.cursor, heightOf(state)) });
}

/** Esc: ends a search that runs, else goes back to the list before this one. */
function backOut(state: State): Step {
  if (state.list.source.kind === "matches" && state.list.source.state === "running") return stepTo(state, { kind: "stop" });
  const [last, ...before] = state.before;
  if (last === undefined) return state.zoomed ? resettled({ ...state, zoomed: false }) : stepTo(state);
  return showRow({ ...state, list: last, before });
}

/** Shows what is around the node with the cursor. */
function around(state: State): Step {
  const key = state.list.rows[state.list.cursor]?.key ?? null;
  if (key === null) return stepTo({ ...state, message: "there is no node here" });
  const ticket = state.tickets + 1;
  const list: List = { ...entriesOf(state.list, ticket), source: { kind: "around", around: null } };
  return stepTo({ ...state, pane: "list", list, before: remembered(state), tickets: ticket }, { kind: "stop" }, { kind: "around", ticket, node: key });
}

function remembered({ list, before }: State): readonly List[] {
  const stopped: List = list.source.kind === "matches" && list.source.state === "running" ? { ...list, source: { ...list.source, state: "stopped" } } : list;
  return [stopped, ...before].slice(0, MOST_BEFORE);
}

/** Keys while something is typed. */
function typed(state: State, prompt: Prompt, { name, text }: Key): Step {
  if (name === "escape") return stepTo({ ...state, prompt: null });
  if (name === "backspace") return stepTo({ ...state, prompt: prompt.text === "" ? null : { ...prompt, text: Array.from(prompt.text).slice(0, -1).join("") } });
  if (name === "text") return stepTo({ ...state, prompt: { ...prompt, text: `${prompt.text}${text}`.slice(0, LONGEST_PROMPT) } });
  if (name !== "enter") return stepTo(state);
  const calm: State = { ...state, prompt: null, message: null };
  if (prompt.text === "") return stepTo(calm);
  return prompt.kind === "pattern" ? search(calm, prompt.text) : stepTo(calm, { kind: "seek", text: prompt.text });
}

/** Jumps to a key: within the part that is shown, if it can be there, else in all of the keyspace. */
export function seek(state: State, key: Uint8Array): Step {
  const { keyspace, prefix } = state.list;
  const fits = Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;
  return openPart({ ...state, pane: "list" }, { keyspace, prefix: fits ? prefix : new Uint8Array(0) }, key);
}

function search(state: State, pattern: string): Step {
  const ticket = state.tickets + 1;
  const list: List = { ...entriesOf(state.list, ticket), source: { kind: "matches", pattern, looked: 0, state: "running" } };
  return stepTo({ ...state, pane: "list", list, before: remembered(state), value: null, tickets: ticket }, { kind: "stop" }, { kind: "matches", ticket, place: { keyspace: list.keyspace, prefix: list.prefix }, pattern });
}

/** Where a cursor goes; null for keys that do not move it. */
function moves({ name, text }: Key, cursor: number, lines: number, height: number): number | null {
  const page = Math.max(1, height - 1);
  if (name === "up" || text === "k") return cursor - 1;
  if (name === "down" || text === "j") return cursor + 1;
  if (name === "page-up") return cursor - page;
  if (name === "page-down" || text === " ") return cursor + page;
  if (name === "home" || text === "g") return 0;
  if (name === "end" || text === "G") return lines - 1;
  return null;
}

const within = (at: number, lines: number): number => Math.max(0, Math.min(lines - 1, at));

function inTree(state: State, key: Key): Step {
  const { tree } = state;
  const height = roomFor(state, "tree").height;
  const to = (cursor: number, changed = tree): Step => {
    const at = within(cursor, changed.nodes.length);
    const next = { ...state, tree: { ...changed, cursor: at, top: scrolled(changed.top, at, changed.nodes.length, height) } };
    return at === tree.cursor ? stepTo(next) : openNode(next);
  };
  const cursor = moves(key, tree.cursor, tree.nodes.length, height);
  if (cursor !== null) return to(cursor);
  const node = nodeAt(tree);
  if (node === undefined) return stepTo(state);
  const isOpen = node.state === "open" || node.state === "loading";
  if (key.name === "left" || key.text === "h") return isOpen ? to(tree.cursor, closed(tree)) : to(parentOf(tree));
  if (key.name === "right" || key.text === "l" || key.name === "enter") {
    if (node.state !== "closed") return stepTo({ ...state, pane: "list" });
    return stepTo({ ...state, tree: marked(tree, "loading") }, { kind: "prefixes", place: { keyspace: node.keyspace, prefix: node.prefix } });
  }
  return stepTo(state);
}

function inList(state: State, key: Key): Step {
  const { list } = state;
  const height = heightOf(state);
  const { source } = list;
  if (source.kind === "entries" && (key.name === "end" || key.text === "G") && !source.atEnd) return openPart(state, list, undefined, true);
  if (source.kind === "entries" && (key.name === "home" || key.text === "g") && !source.atStart) return openPart(state, list);
  const cursor = moves(key, list.cursor, list.rows.length, height);
  if (cursor !== null) {
    const more = withMore(moved(list, cursor, height));
    const shown = showRow({ ...state, list: more.list });
    return stepTo(shown.state, ...more.wanted, ...shown.wanted);
  }
  if (key.name === "left" || key.text === "h") return stepTo({ ...state, pane: "tree" });
  if (key.name === "right" || key.text === "l") return stepTo({ ...state, pane: "value" });
  if (key.name === "enter") return source.kind === "around" && list.cursor > 0 ? around(state) : stepTo({ ...state, pane: "value" });
  return stepTo(state);
}

function inValue(state: State, key: Key): Step {
  const { value } = state;
  if (key.name === "left" || key.text === "h") return stepTo({ ...state, pane: "list" });
  const lines = linesOf(state);
  if (value === null || lines === null) return stepTo(state);
  const height = roomFor(state, "value").height;
  const to = (changed: Value, cursor: number, all: ValueLines): Step => {
    const at = within(cursor, all.length);
    return stepTo({ ...state, value: { ...changed, cursor: at, top: scrolled(changed.top, at, all.length, height) } });
  };
  const line = lines.line(value.cursor);
  if (key.name === "enter" || key.text === " ") {
    if (line === undefined || line.folds === 0) return key.text === " " ? to(value, value.cursor + Math.max(1, height - 1), lines) : stepTo(state);
    const folded = new Set(value.folded);
    if (!folded.delete(line.number)) folded.add(line.number);
    return to({ ...value, folded }, value.cursor, linesOf({ ...state, value: { ...value, folded } }) ?? lines);
  }
  if (key.text === "-" || key.text === "+") {
    // All but the outermost, of which something is to be seen.
    const folded = new Set(key.text === "+" ? [] : lines.foldable.filter((number) => number > 0));
    return to({ ...value, folded, top: 0 }, 0, linesOf({ ...state, value: { ...value, folded } }) ?? lines);
  }
  const cursor = moves(key, value.cursor, lines.length, height);
  return cursor === null ? stepTo(state) : to(value, cursor, lines);
}

/** What can be seen of a pane. */
function roomFor(state: State, pane: Pane): Area {
  return roomIn(layoutOf(state).areas[pane]);
}

/** The lines of the value as they lie; null when there is none. */
function linesOf(state: State): ValueLines | null {
  const { value, hex } = state;
  const { width } = roomFor(state, "value");
  const bytes = value?.bytes ?? null;
  if (value === null || bytes === null || bytes.length === 0 || width === 0) return null;
  return valueLines(bytes, { hex, columns: width - MARK, paint: PLAIN }, value.folded);
}
