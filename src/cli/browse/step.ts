/** What becomes of the browser's state when something happens: a function, without a terminal and without anything that is read. */
import { aroundRows, entriesOf, firstPage, MOST_MATCHES, moved, withMore, withPage } from "./list.js";
import { pressed, seek } from "./keys.js";
import { heightOf, showRow } from "./open.js";
import type { BrowsedKeyspace } from "./rows/rows.js";
import { type Happening, type List, type Size, type State, type Step, stepTo, type Wanted } from "./state.js";
import { marked, newTree, withPrefixes } from "./tree.js";

/** The state at the start: the first keyspace, and what is to be read of it. */
export function begin(keyspaces: readonly BrowsedKeyspace[], size: Size): Step {
  const list = entriesOf({ keyspace: 0, prefix: new Uint8Array(0) }, 1);
  const tree = newTree(keyspaces);
  const state: State = { size, keyspaces, pane: "tree", zoomed: false, hex: false, tree, list, before: [], value: null, prompt: null, help: false, message: null, tickets: 1 };
  if (keyspaces.length === 0) return stepTo({ ...state, list: { ...list, source: { kind: "entries", atStart: true, atEnd: true, waits: null } } });
  const place = { keyspace: 0, prefix: new Uint8Array(0) };
  return stepTo({ ...state, tree: marked(tree, "loading") }, { kind: "prefixes", place }, firstPage(list, undefined));
}

/** What becomes of a state. */
export function step(state: State, happened: Happening): Step {
  switch (happened.kind) {
    case "key":
      return pressed(state, happened.key);
    case "size": {
      const sized = { ...state, size: happened.size };
      return stepTo({ ...sized, list: moved(sized.list, sized.list.cursor, heightOf(sized)) });
    }
    case "prefixes": {
      const { found, place } = happened;
      return stepTo({ ...state, tree: withPrefixes(state.tree, place, found), message: found.more ? "there may be more prefixes than are shown here" : state.message });
    }
    case "page":
      return happened.ticket === state.list.ticket ? withRows(state, happened) : stepTo(state);
    case "value":
      if (state.value?.ticket !== happened.ticket) return stepTo(state);
      return stepTo({ ...state, value: { ...state.value, bytes: happened.bytes, state: "there" } });
    case "matches":
      return happened.ticket === state.list.ticket ? withMatches(state, happened) : stepTo(state);
    case "around": {
      if (happened.ticket !== state.list.ticket) return stepTo(state);
      return showRow({ ...state, list: { ...state.list, source: { kind: "around", around: happened.around }, rows: aroundRows(happened.around) } });
    }
    case "seek":
      return seek(state, happened.key);
    case "failed":
      return failed(state, happened.of, happened.message);
  }
}

function withRows(state: State, { side, rows, limit }: Happening & { kind: "page" }): Step {
  const { list } = state;
  const back = side === "before" || (side === "fresh" && list.top === Infinity);
  const paged = withPage(list, side, rows, limit, back);
  const more = withMore(moved({ ...paged, sought: null }, paged.cursor, heightOf(state)));
  const next = { ...state, list: more.list, message: side === "fresh" ? seekMessage(list, rows.length === 0 ? undefined : rows[0]?.key) ?? state.message : state.message };
  if (side !== "fresh") return stepTo(next, ...more.wanted);
  const shown = showRow(next);
  return stepTo(shown.state, ...more.wanted, ...shown.wanted);
}

/** Says when the key that was jumped to is not there. */
function seekMessage({ sought }: List, first: Uint8Array | undefined): string | null {
  if (sought === null) return null;
  if (first === undefined) return "there is no such key, and none behind it";
  return Buffer.compare(first.subarray(0, sought.length), sought) === 0 ? null : "no key begins so: this is the next one";
}

function withMatches(state: State, { rows, looked, state: found }: Happening & { kind: "matches" }): Step {
  const { list } = state;
  if (list.source.kind !== "matches") return stepTo(state);
  const all = [...list.rows, ...rows].slice(0, MOST_MATCHES);
  const next = { ...state, list: { ...list, rows: all, source: { ...list.source, looked, state: found } } };
  return list.rows.length === 0 && all.length > 0 ? showRow(next) : stepTo(next);
}

function failed(state: State, of: Wanted, message: string): Step {
  const told = { ...state, message };
  if (of.kind === "prefixes") return stepTo({ ...told, tree: { ...told.tree, nodes: told.tree.nodes.map((node) => (node.state === "loading" && node.keyspace === of.place.keyspace ? { ...node, state: "closed" as const } : node)) } });
  if (of.kind === "value" && state.value?.ticket === of.ticket) return stepTo({ ...told, value: null });
  if (!("ticket" in of) || of.ticket !== state.list.ticket) return stepTo(told);
  const { source } = state.list;
  // There is nothing to show: the list before it comes back.
  const [last, ...before] = state.before;
  if (last !== undefined && state.list.rows.length === 0 && source.kind !== "entries") return stepTo({ ...told, list: last, before });
  if (source.kind === "entries") return stepTo({ ...told, list: { ...state.list, source: { ...source, atStart: true, atEnd: true, waits: null } } });
  return stepTo(source.kind === "matches" ? { ...told, list: { ...state.list, source: { ...source, state: "stopped" } } } : told);
}
