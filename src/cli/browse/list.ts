/** Lists: a window of entries that moves with the cursor, the matches of a search, what is around a node. */
import { cellsOf } from "../text/cells.js";
import { escapeText } from "../text/escape.js";
import { scrolled } from "./layout.js";
import type { Around, Place, Row } from "./rows/rows.js";
import type { List, ListRow, Side, Wanted } from "./state.js";

/** Rows that are kept: what lies farther from the cursor is forgotten, and read again when it is wanted. */
const KEPT = 400;
/** Rows that are read at once. */
export const PAGE = 100;
/** So near to the end of what is known the next rows are asked for. */
const NEAR = 30;
/** Matches that are shown of a search. */
export const MOST_MATCHES = 1000;

/** A list of the entries of a part, before any is known. */
export function entriesOf(place: Place, ticket: number): List {
  return { keyspace: place.keyspace, prefix: place.prefix, ticket, source: { kind: "entries", atStart: true, atEnd: false, waits: "after" }, rows: [], cursor: 0, top: 0, sought: null };
}

/** Asks for the first rows of a list: from a key on, from its start, or from its end. */
export function firstPage({ ticket, keyspace, prefix }: List, key: Uint8Array | undefined, back = false): Wanted {
  return { kind: "page", ticket, side: "fresh", request: { keyspace, prefix, key, back, limit: PAGE } };
}

/** Rows with the cursor's first: from a key on, so that what comes before it is not known yet. */
export function withPage(list: List, side: Side, page: readonly Row[], limit: number, back: boolean): List {
  if (list.source.kind !== "entries") return list;
  const isAll = page.length < limit;
  const rows: readonly ListRow[] = page;
  if (side === "fresh") {
    const atEdges = back ? { atStart: isAll, atEnd: true } : { atStart: list.sought === null, atEnd: isAll };
    return { ...list, rows, cursor: back ? Math.max(0, rows.length - 1) : 0, top: back ? rows.length : 0, source: { ...list.source, ...atEdges, waits: null } };
  }
  if (side === "before") {
    const all = [...rows, ...list.rows];
    const kept = all.slice(0, KEPT);
    return { ...list, rows: kept, cursor: list.cursor + rows.length, top: list.top + rows.length, source: { ...list.source, atStart: isAll, atEnd: list.source.atEnd && kept.length === all.length, waits: null } };
  }
  // The first one is that which was the last one.
  const all = [...list.rows, ...rows.slice(1)];
  const gone = Math.max(0, all.length - KEPT);
  return { ...list, rows: all.slice(gone), cursor: Math.max(0, list.cursor - gone), top: Math.max(0, list.top - gone), source: { ...list.source, atStart: list.source.atStart && gone === 0, atEnd: isAll, waits: null } };
}

/** Asks for more rows where the cursor comes near to the end of those that are known. */
export function withMore(list: List): { readonly list: List; readonly wanted: readonly Wanted[] } {
  const { source, rows, cursor, ticket, keyspace, prefix } = list;
  if (source.kind !== "entries" || source.waits !== null || rows.length === 0) return { list, wanted: [] };
  const ask = (side: "before" | "after", key: Uint8Array | null | undefined): { readonly list: List; readonly wanted: readonly Wanted[] } => {
    if (key === null || key === undefined) return { list, wanted: [] };
    return { list: { ...list, source: { ...source, waits: side } }, wanted: [{ kind: "page", ticket, side, request: { keyspace, prefix, key, back: side === "before", limit: PAGE + (side === "after" ? 1 : 0) } }] };
  };
  if (!source.atEnd && cursor >= rows.length - NEAR) return ask("after", rows.at(-1)?.key);
  if (!source.atStart && cursor < NEAR) return ask("before", rows[0]?.key);
  return { list, wanted: [] };
}

/** A list with the cursor elsewhere. @param height lines that are seen */
export function moved(list: List, cursor: number, height: number): List {
  const at = Math.max(0, Math.min(list.rows.length - 1, cursor));
  return { ...list, cursor: at, top: scrolled(list.top, at, list.rows.length, height) };
}

/** What is around a node, a line for each edge: the node itself comes first. */
export function aroundRows({ nodes, edges, keys }: Around): ListRow[] {
  const name = (at: number): string => {
    const node = nodes[at];
    return node === undefined ? "" : `${node.label === null ? "" : `${shown(node.label)} `}${shown(node.id)}${node.missing ? " (missing)" : ""}`;
  };
  const row = (at: number, text: string): ListRow => ({ key: keys[at] ?? null, size: null, text });
  const label = (text: string | null): string => (text === null ? "" : `${shown(text)} `);
  return [row(0, name(0)), ...edges.map(({ from, to, label: of }) => {
    const out = from === 0;
    const other = out ? to : from;
    return row(other, `  ${from === to ? "⟲" : out ? "→" : "←"} ${label(of)}${name(other)}`);
  })];
}

const LONGEST = 60;

function shown(text: string): string {
  const escaped = escapeText(text);
  return cellsOf(escaped) <= LONGEST ? escaped : `${Array.from(escaped).slice(0, LONGEST - 1).join("")}…`;
}
