/** What `inspect` says of a dump, for a person. */
import { stripVTControlCharacters } from "node:util";
import { formatCount } from "../../counts.js";
import { engineTitle, isEngineName } from "../../engines/registry.js";
import { missingOf, missingText } from "../../operations/dump/salvaged.js";
import type { DumpSummary, KeyspaceSummary } from "../../operations/dump/summary.js";
import { shellWord } from "../../operations/disk/shell-word.js";
import type { PrefixShare } from "../../operations/entries/prefixes.js";
import type { Paint } from "../terminal/style.js";
import { escapeMessage, escapeText, formatBytes, formatShort } from "../text/escape.js";
import { formatAge, formatBlockSize, formatNumberOf, formatPercent, formatSize } from "../text/quantities.js";
import { renderPrefixes } from "./prefixes.js";
import { type Column, left, type Look, right, renderTable } from "./table.js";

/** How much of a digest is enough to compare by eye. */
export const SHORT_DIGEST = 12;

/** An engine's name as its makers write it; a dump may come from one that kgdump does not know. */
export function engineName(engine: string): string {
  return isEngineName(engine) ? engineTitle(engine) : escapeText(engine);
}

/** Names and texts, a line each. */
export function fields(rows: readonly (readonly [string, string] | null)[], paint: Paint): string {
  return rows
    .filter((row) => row !== null)
    .map(([name, text]) => `${paint.dim(`${name}:`.padEnd(10))}${text}\n`)
    .join("");
}

function versionText(summary: DumpSummary): string {
  const { major, minor } = summary.header.formatVersion;
  return `${major.toString()}.${minor.toString()}`;
}

function sourceText(summary: DumpSummary): string {
  const { source } = summary.header;
  const parts = [
    `${engineName(source.engine)} (read with version ${escapeText(source.version)})`,
    ...(source.databaseId === null ? [] : [`database ${escapeText(source.databaseId)}`]),
    ...(source.sequenceNumber === null ? [] : [`sequence number ${formatCount(source.sequenceNumber)}`]),
    // Those of many lines are for a restore; --json shows them.
    ...[...(source.options ?? [])].filter(([, value]) => !value.includes("\n")).map(([name, value]) => `${escapeText(name)} ${escapeText(value)}`),
  ];
  return parts.join(", ");
}

function holdsText(summary: DumpSummary): string {
  const { header } = summary;
  const salvaged = header.salvaged === null ? "" : `, salvaged: ${formatNumberOf(totalOf(summary, (keyspace) => keyspace.gaps), "gap", "gaps")}`;
  return whatText(header, totalOf(summary, (keyspace) => keyspace.gaps) > 0 || summary.problem !== null) + salvaged;
}

/** @param lacks whether something of it is known to be missing */
function whatText(header: DumpSummary["header"], lacks: boolean): string {
  const what = header.kind === "delta" ? `changes since dump ${escapeText(header.base?.dumpId ?? "?")}` : "a whole store";
  const part = header.kind === "delta" ? what : "part of a store";
  if (header.filter !== null) return `${part} (${escapeText(header.filter)})`;
  return lacks ? part : what;
}

function totalOf(summary: DumpSummary, pick: (keyspace: KeyspaceSummary) => number): number {
  return summary.keyspaces.reduce((total, keyspace) => total + pick(keyspace), 0);
}

function contentText(summary: DumpSummary): string {
  const entries = totalOf(summary, (keyspace) => keyspace.entries);
  const raw = totalOf(summary, (keyspace) => keyspace.rawBytes);
  const stored = totalOf(summary, (keyspace) => keyspace.storedBytes);
  const blocks = totalOf(summary, (keyspace) => keyspace.blocks);
  const sizes = blocks === 0 ? "" : `, ${formatSize(raw)} stored as ${formatSize(stored)} (${formatPercent(stored, raw)})`;
  return `${formatNumberOf(entries, "entry", "entries")} in ${formatNumberOf(summary.keyspaces.length, "keyspace", "keyspaces")}${sizes}`;
}

function codecsText(keyspace: KeyspaceSummary): string {
  const used = Object.entries(keyspace.codecs).filter(([, blocks]) => blocks > 0);
  if (used.length === 0) return "-";
  const total = used.reduce((sum, [, blocks]) => sum + blocks, 0);
  return used.map(([name, blocks]) => (blocks === total ? name : `${name} ${formatCount(blocks)}`)).join(", ");
}

function blockSizesText(keyspace: KeyspaceSummary): string {
  if (keyspace.blocks === 0) return "-";
  const { minBlockBytes: min, maxBlockBytes: max } = keyspace;
  return min === max ? formatBlockSize(max) : `${formatBlockSize(min)} to ${formatBlockSize(max)}`;
}

function digestText(keyspace: KeyspaceSummary, verbose: boolean): string {
  if (keyspace.digest === null) return "-";
  return verbose ? keyspace.digest : keyspace.digest.slice(0, SHORT_DIGEST);
}

const COLUMNS: readonly Column[] = [
  left("keyspace"),
  right("entries"),
  right("keys"),
  right("values"),
  right("ratio"),
  { ...right("blocks"), spare: true },
  { ...left("block sizes"), spare: true },
  { ...left("codecs"), spare: true },
  left("sha-256"),
];

function keyspaceTable(summary: DumpSummary, options: Look): string {
  const rows = summary.keyspaces.map((keyspace) => [
    formatShort(keyspace.name) + (keyspace.comparator === "bytewise" ? "" : " (reverse order)"),
    formatCount(keyspace.entries),
    keyspace.keyBytes === null ? "-" : formatSize(keyspace.keyBytes),
    keyspace.valueBytes === null ? "-" : formatSize(keyspace.valueBytes),
    formatPercent(keyspace.storedBytes, keyspace.rawBytes),
    formatCount(keyspace.blocks),
    blockSizesText(keyspace),
    codecsText(keyspace),
    digestText(keyspace, options.verbose),
  ]);
  return renderTable(COLUMNS, rows, options.paint, options.verbose ? null : options.columns);
}

/** What is known of a dump's blocks. */
const LOOKED: Readonly<Record<DumpSummary["checked"], string>> = {
  index: "by its index; its blocks were not checked (--check does that)",
  checksums: "and every checksum is right",
  entries: "and every entry was checked",
};

/** Whether it is whole, and what is still sound when it is not. */
function stateText(summary: DumpSummary, paint: Paint): string {
  const { problem, checked } = summary;
  const looked = LOOKED[checked];
  if (problem === null) {
    const missing = missingOf(summary.keyspaces);
    if (missing.gaps > 0) return paint.yellow(`SALVAGED: ${missingText(missing)} (kgdump inspect --gaps lists them)`);
    return checked === "index" ? `complete ${looked}` : paint.green(`complete, ${looked}`);
  }
  return paint.red(`NOT COMPLETE: ${escapeMessage(problem.message)} [${escapeMessage(problem.code)}]`);
}

function soundText(summary: DumpSummary): string {
  const whole = summary.keyspaces.filter((keyspace) => keyspace.digest !== null).length;
  const entries = totalOf(summary, (keyspace) => keyspace.entries);
  const blocks = totalOf(summary, (keyspace) => keyspace.blocks);
  return (
    `before the damage, ${formatNumberOf(blocks, "block", "blocks")} with ${formatNumberOf(entries, "entry", "entries")} ` +
    `passed their checksums; ${whole.toString()} of ${formatNumberOf(summary.keyspaces.length, "keyspace is", "keyspaces are")} whole`
  );
}

/** Rows of a terminal of the usual size, and prefixes that are told elsewhere. */
const ROWS = 24;
const PREFIXES = 10;
const FEWEST = 3;

/**
 * The summary of a dump, as lines, each ended; on a terminal no more than it shows at once, unless its keyspaces take more.
 * @param typed the file as it was named; null for a stream
 */
export function renderSummary(summary: DumpSummary, typed: string | null, look: Look): string {
  const { header, problem } = summary;
  const { paint } = look;
  const name = summary.path === null ? "a dump from standard input" : escapeText(summary.path);
  const head = fields(
    [
      ["dump", `${paint.bold(name)} (${formatSize(summary.bytes)})`],
      ["state", stateText(summary, paint)],
      problem === null ? null : ["sound", soundText(summary)],
      ["holds", holdsText(summary)],
      ["source", sourceText(summary)],
      ["made", `${timeText(header.createdAt)} by ${escapeText(header.producer)}`],
      ["format", `version ${versionText(summary)}, id ${escapeText(header.dumpId)}`],
      ["written", `with ${header.codec}, blocks of ${formatBlockSize(header.blockSize)}`],
      ["content", contentText(summary)],
    ],
    paint,
  );
  if (summary.keyspaces.length === 0) return head;
  const above = `${head}\n${keyspaceTable(summary, look)}`;
  const prefixes = renderPrefixes(summary.keyspaces, prefixRows(above, look), look);
  return `${above}${prefixes === "" ? "" : `\n${prefixes}`}${tryText(summary, typed, paint)}`;
}

/** A time, and how long ago that was. */
export function timeText(time: Date): string {
  const age = formatAge(time);
  return age === null ? time.toISOString() : `${time.toISOString()} (${age})`;
}

/** How many prefixes there is room for, with their heading, what is left, and what to try. */
function prefixRows(above: string, { columns, verbose }: Look): number {
  if (columns === null || verbose) return PREFIXES;
  const lines = above.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns)), 0);
  return Math.min(PREFIXES, Math.max(FEWEST, ROWS - lines - 5));
}

/** What shows more of a whole dump in a file. */
function tryText({ complete, keyspaces }: DumpSummary, path: string | null, paint: Paint): string {
  const largest = keyspaces.flatMap(({ prefixes }) => prefixes).reduce<PrefixShare | null>((most, share) => (most === null || share.entries > most.entries ? share : most), null);
  if (path === null || !complete || largest === null) return "";
  const prefix = largest.prefix.length === 0 ? "" : ` --prefix ${shellWord(formatBytes(largest.prefix))}`;
  return `\n${paint.dim("try:".padEnd(10))}kgdump inspect ${shellWord(escapeText(path))} --entries${prefix} --limit 3\n`;
}
