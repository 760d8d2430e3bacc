/** What `inspect` says of a store, for a person. */
import { formatCount } from "../../counts.js";
import { shellWord } from "../../operations/disk/shell-word.js";
import type { StoreKeyspace, StoreSummary } from "../../operations/inspect/store.js";
import { escapeText, formatBytes, formatShort } from "../text/escape.js";
import { formatAbout, formatNumberOf, formatSize } from "../text/quantities.js";
import { engineName, fields, timeText } from "./summary.js";
import { left, type Look, renderTable, right } from "./table.js";

/** Keyspaces that are told on a terminal, unless all are asked for. */
const MOST_KEYSPACES = 8;

/** The summary of a store, as lines, each ended. @param typed the store as it was named */
export function renderStore(summary: StoreSummary, typed: string, look: Look): string {
  const { path, engine, version, bytes, changedAt, databaseId, sequenceNumber, keyspaces } = summary;
  const { paint, columns, verbose } = look;
  const head = fields(
    [
      ["store", `${paint.bold(escapeText(path))} (${formatSize(bytes)})`],
      ["engine", `${engineName(engine)}, read with version ${escapeText(version)}`],
      databaseId === null ? null : ["database", `${escapeText(databaseId)}${sequenceNumber === null ? "" : `, sequence number ${formatCount(sequenceNumber)}`}`],
      changedAt === null ? null : ["changed", timeText(changedAt)],
      ["content", contentText(keyspaces)],
    ],
    paint,
  );
  const told = columns === null || verbose ? keyspaces : keyspaces.slice(0, MOST_KEYSPACES);
  const more = keyspaces.length - told.length;
  const rows = told.map(({ name, comparator, estimatedEntries, estimatedBytes, prefixes }) => [
    formatShort(name) + (comparator === "bytewise" ? "" : " (reverse order)"),
    estimatedEntries === null ? "unknown" : formatAbout(estimatedEntries, prefixes.length > 0),
    estimatedBytes === null ? "unknown" : formatSize(estimatedBytes),
  ]);
  const table = renderTable([left("keyspace"), right("entries"), right("keys and values")], rows, paint, columns);
  const rest = more === 0 ? "" : `  … and ${String(more)} more (-v lists all)\n`;
  return `${head}\n${table}${rest}${prefixTable(told, look)}${tryText(summary, typed, look)}`;
}

function contentText(keyspaces: readonly StoreKeyspace[]): string {
  const names = formatNumberOf(keyspaces.length, "keyspace", "keyspaces");
  const entries = keyspaces.reduce<number | null>((total, { estimatedEntries }) => (total === null || estimatedEntries === null ? null : total + estimatedEntries), 0);
  return entries === null ? `entries that were not counted, in ${names}` : `${formatAbout(entries, entries > 0)} ${entries === 1 ? "entry" : "entries"} in ${names}`;
}

/** What the keys begin with: how much there is of each is not known. */
function prefixTable(keyspaces: readonly StoreKeyspace[], { paint, columns }: Look): string {
  const all = keyspaces.flatMap(({ name, prefixes }) => prefixes.map((sample) => ({ name, ...sample })));
  if (!all.some(({ prefix }) => prefix.length > 0)) return "";
  const names = keyspaces.filter(({ prefixes }) => prefixes.length > 0).length > 1;
  const shown = all.slice(0, MOST_PREFIXES);
  const rows = shown.map(({ name, prefix, example }) => [prefix.length === 0 ? "(other)" : formatBytes(prefix), ...(names ? [formatShort(name)] : []), formatShort(example, columns === null ? undefined : Math.max(20, columns >> 1))]);
  const more = all.length > shown.length ? "  … and more\n" : keyspaces.some(({ morePrefixes }) => morePrefixes) ? "  … and perhaps more\n" : "";
  return `\n${renderTable([left("keys that begin with"), ...(names ? [left("in")] : []), left("such as")], rows, paint, columns)}${more}`;
}

const MOST_PREFIXES = 8;

/** What shows more of it. */
function tryText({ keyspaces }: StoreSummary, path: string, { paint }: Look): string {
  const [first] = keyspaces.flatMap(({ prefixes }) => prefixes).filter(({ prefix }) => prefix.length > 0);
  const prefix = first === undefined ? "" : ` --prefix ${shellWord(formatBytes(first.prefix))}`;
  return `\n${paint.dim("try:".padEnd(10))}kgdump inspect ${shellWord(escapeText(path))} --entries${prefix} --limit 3\n`;
}
