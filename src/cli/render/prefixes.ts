/** What the keys of a dump or a store begin with, for a person. */
import { stripVTControlCharacters } from "node:util";
import type { PrefixShare } from "../../operations/entries/prefixes.js";
import { formatBytes, formatShort } from "../text/escape.js";
import { formatAbout, formatPercent, formatSize } from "../text/quantities.js";
import { type Column, left, type Look, renderTable, right } from "./table.js";

/** A keyspace with what is known of its prefixes. */
export interface PrefixedKeyspace {
  readonly name: Uint8Array;
  readonly entries: number;
  readonly prefixes: readonly PrefixShare[];
  /** How many more there are. */
  readonly morePrefixes: number;
}

/** Characters of an example that are enough to know a key again, at least. */
const SHORTEST_EXAMPLE = 20;

/**
 * A table of the prefixes that hold most, and how many more there are; nothing where no key begins with a word.
 * @param most rows at most
 */
export function renderPrefixes(keyspaces: readonly PrefixedKeyspace[], most: number, { paint, columns: width }: Look): string {
  const all = keyspaces.flatMap(({ name, prefixes }) => prefixes.map((share) => ({ name, share })));
  const total = keyspaces.reduce((sum, { entries }) => sum + entries, 0);
  if (!all.some(({ share }) => share.prefix.length > 0)) return "";
  const told = all.toSorted((a, b) => b.share.entries - a.share.entries).slice(0, most);
  const names = keyspaces.filter(({ prefixes }) => prefixes.length > 0).length > 1;
  const columns: readonly Column[] = [left("keys that begin with"), ...(names ? [left("in")] : []), right("entries"), right("share"), right("bytes"), left("such as")];
  const rows = told.map(({ name, share: { prefix, entries, bytes, estimated } }) => [
    prefix.length === 0 ? "(other)" : formatBytes(prefix),
    ...(names ? [formatShort(name)] : []),
    formatAbout(entries, estimated),
    formatPercent(entries, total),
    formatSize(bytes),
  ]);
  const used = Math.max(...stripVTControlCharacters(renderTable(columns.slice(0, -1), rows, paint)).split("\n").map((line) => line.length));
  const room = width === null ? undefined : Math.max(SHORTEST_EXAMPLE, width - used - 2);
  const table = renderTable(columns, rows.map((row, index) => [...row, formatShort(told[index]?.share.example ?? new Uint8Array(0), room)]), paint, width);
  const more = all.length - told.length + keyspaces.reduce((sum, { morePrefixes }) => sum + morePrefixes, 0);
  return `${table}${more === 0 ? "" : `  … and ${String(more)} more\n`}`;
}
