/** What `stats` says of a dump or a store, for a person. */
import { formatCount } from "../../counts.js";
import { missingOf, missingText } from "../../operations/dump/salvaged.js";
import type { ChosenEntry, KeyspaceStats, NamedEntry, StatsResult, ValueKind } from "../../operations/stats/results.js";
import { escapeMessage, escapeText, formatShort } from "../text/escape.js";
import { KIND_NAMES } from "../text/kinds.js";
import { formatPattern } from "../text/pattern.js";
import { formatDuration, formatNumberOf, formatPercent, formatSize } from "../text/quantities.js";
import { type PrefixRow, prefixRows } from "./prefix-rows.js";
import { renderShapes } from "./shapes.js";
import { engineName } from "./summary.js";
import { left, type Look, right, renderTable } from "./table.js";
import { renderStart } from "./value.js";

/** How much is shown. */
export interface StatsLook extends Look {
  /** Prefixes of each keyspace; undefined: 20. */
  readonly top: number | undefined;
  readonly depth: number | undefined;
  /** Whether only entries count that fit an expression. */
  readonly grep: boolean;
}

/** Prefixes of each keyspace that are shown. */
export const TOP = 20;
/** Keyspaces that are shown unless all details are asked for. */
const KEYSPACES = 10;
/** Largest entries that are shown unless more are asked for. */
const LARGEST = 3;
/** Columns of figures beside a prefix. */
const FIGURES = 46;
const NARROWEST = 24;
const KEY_WIDTH = 60;

const sizeOf = ({ prefixes: { keyBytes, valueBytes } }: KeyspaceStats): number => keyBytes + valueBytes;

/** What is in it, as lines, each ended. */
export function renderStats(result: StatsResult, look: StatsLook): string {
  const full = result.keyspaces.filter(({ prefixes }) => prefixes.entries > 0);
  const most = look.verbose ? Infinity : KEYSPACES;
  const keyspaces = full.length <= most ? full : full.toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, most);
  const empty = result.keyspaces.filter(({ prefixes }) => prefixes.entries === 0);
  return [
    head(result, look),
    ...keyspaces.map((keyspace) => `\n${keyspaceText(keyspace, look)}`),
    full.length === keyspaces.length ? "" : `\nand ${formatNumberOf(full.length - keyspaces.length, "smaller keyspace", "smaller keyspaces")}: --keyspace NAME shows one, -v all\n`,
    empty.length === 0 ? "" : `\n${emptyText(empty, look)}`,
    samplesText(result, look),
  ].join("");
}

function head({ path, kind, dump, keyspaces, seconds }: StatsResult, { paint }: StatsLook): string {
  const name = path === null ? "the dump from standard input" : escapeText(path);
  const sum = (pick: (keyspace: KeyspaceStats) => number): number => keyspaces.reduce((total, keyspace) => total + pick(keyspace), 0);
  const sizes = `keys ${formatSize(sum(({ prefixes }) => prefixes.keyBytes))}, values ${formatSize(sum(({ prefixes }) => prefixes.valueBytes))}`;
  const what = dump === null ? engineName(kind) : `a dump of ${engineName(dump.header.source.engine)}, ${formatSize(dump.bytes)}`;
  return [
    `${paint.bold(name)} (${what})\n`,
    ...stateText(dump).map((state) => `${paint.yellow(state)}\n`),
    `${formatNumberOf(sum(({ prefixes }) => prefixes.entries), "entry", "entries")} in ${formatNumberOf(keyspaces.length, "keyspace", "keyspaces")}: ${sizes}; read in ${formatDuration(seconds)}\n`,
  ].join("");
}

/** Why what follows is not all. */
function stateText(dump: StatsResult["dump"]): string[] {
  if (dump === null) return [];
  const { problem } = dump;
  if (problem !== null) return [`NOT COMPLETE: ${escapeMessage(problem.message)} [${escapeMessage(problem.code)}]; what follows is what comes before the damage`];
  const missing = missingOf(dump.keyspaces);
  return missing.gaps === 0 ? [] : [`SALVAGED: ${missingText(missing)} (kgdump inspect --gaps lists them)`];
}

function emptyText(keyspaces: readonly KeyspaceStats[], { grep }: StatsLook): string {
  const names = keyspaces.slice(0, TOP).map(({ name }) => formatShort(name)).join(", ");
  return `${grep ? "without a match" : "empty"}: ${names}${keyspaces.length > TOP ? `, and ${formatCount(keyspaces.length - TOP)} more` : ""}\n`;
}

function keyspaceText(keyspace: KeyspaceStats, look: StatsLook): string {
  const { prefixes, name, read, whole, comparator } = keyspace;
  const { paint, top = TOP, depth } = look;
  const rows = prefixRows(prefixes, top, depth);
  const facts = [
    look.grep ? `${formatCount(prefixes.entries)} of ${formatNumberOf(read, "entry matches", "entries match")}` : formatNumberOf(prefixes.entries, "entry", "entries"),
    `keys ${formatSize(prefixes.keyBytes)}`,
    `values ${formatSize(prefixes.valueBytes)}`,
    ...(prefixes.storedBytes === null ? [] : [`stored as about ${formatSize(prefixes.storedBytes)}`]),
    ...(comparator === "bytewise" ? [] : ["reverse order"]),
    ...(whole ? [] : ["cut short by the damage"]),
  ];
  return [
    `${paint.bold(formatShort(name))}: ${facts.join(", ")}\n`,
    table(rows.slice(0, top), prefixes.keyBytes + prefixes.valueBytes, look),
    moreText(rows.slice(top), prefixes.entries, rows.length),
    keyspace.givenUp === 0 ? "" : `  ${formatNumberOf(keyspace.givenUp, "rare prefix is", "rare prefixes are")} counted with shorter ones, shown with *\n`,
    largestText(keyspace.largest.slice(0, look.top ?? LARGEST)),
    renderShapes(rows.slice(0, top), look),
  ].join("");
}

function table(rows: readonly PrefixRow[], all: number, { paint, columns, verbose }: StatsLook): string {
  const width = columns === null || verbose ? Infinity : Math.max(NARROWEST, columns - FIGURES);
  const stored = rows.some(({ prefix }) => prefix.storedBytes !== null);
  const spare = { spare: true } as const;
  const headings = [left("prefix"), right("entries"), right("share"), right("values"), right("half"), right("largest"), { ...left("kind"), ...spare }, { ...right("distinct"), ...spare }, { ...right("99 %"), ...spare }, ...(stored ? [{ ...right("stored"), ...spare }] : []), { ...right("keys"), ...spare }];
  const cells = rows.map(({ parts, goesOn, prefix }) => {
    const { entries, keyBytes, valueBytes, storedBytes, valueSizes, distinct } = prefix;
    const pattern = formatPattern(parts, goesOn);
    return [
      cut(pattern, width), formatCount(entries), formatPercent(keyBytes + valueBytes, all), formatSize(valueBytes), formatSize(valueSizes.p50), formatSize(valueSizes.max), kindText(prefix.kinds, entries),
      `${distinct.exact ? "" : "~"}${formatCount(distinct.values)}`, formatSize(valueSizes.p99), ...(stored ? [formatSize(storedBytes ?? 0)] : []), formatSize(keyBytes),
    ];
  });
  return renderTable(headings, cells, paint, verbose ? null : columns);
}

function cut(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}

/** The most frequent kind, and how much of all it is. */
function kindText(kinds: Readonly<Partial<Record<ValueKind, number>>>, entries: number): string {
  const [first] = (Object.entries(kinds) as [ValueKind, number][]).sort(([, a], [, b]) => b - a);
  if (first === undefined) return "";
  const [kind, count] = first;
  return count === entries ? KIND_NAMES[kind] : `${KIND_NAMES[kind]} ${String(Math.min(99, Math.round((100 * count) / entries)))} %`;
}

function moreText(rest: readonly PrefixRow[], all: number, count: number): string {
  if (rest.length === 0) return "";
  const entries = rest.reduce((total, { prefix }) => total + prefix.entries, 0);
  return `  and ${formatNumberOf(rest.length, "more prefix", "more prefixes")} with ${formatNumberOf(entries, "entry", "entries")} (${formatPercent(entries, all)}): --top ${String(count)} shows all\n`;
}

function largestText(largest: readonly NamedEntry[]): string {
  if (largest.length === 0) return "";
  return `  largest: ${largest.map(({ key, keyBytes, valueBytes }) => `${keyText(key, keyBytes)} (${formatSize(valueBytes)})`).join(", ")}\n`;
}

function keyText(key: Uint8Array, bytes: number): string {
  const text = formatShort(key, KEY_WIDTH);
  return bytes > key.length && !text.endsWith("…") ? `${text}…` : text;
}

function samplesText({ samples, seed, keyspaces }: StatsResult, { paint, columns }: StatsLook): string {
  if (samples.length === 0) return "";
  const line = ({ keyspace, key, keyBytes, value, valueBytes }: ChosenEntry): string => {
    const shown = value === null ? "(deleted)" : renderStart(value, valueBytes, Math.max(NARROWEST, (columns ?? 120) - 4));
    return `${keyspaces.length > 1 ? `${paint.dim(formatShort(keyspace))}  ` : ""}${paint.cyan(keyText(key, keyBytes))}\n    ${shown}\n`;
  };
  return `\n${formatNumberOf(samples.length, "entry", "entries")} by chance (--seed ${String(seed)} chooses the same):\n${samples.map(line).join("")}`;
}
