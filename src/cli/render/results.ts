/** What export, import and verify say at their end, for a person. */
import type { ExportPlan } from "../../operations/export-plan.js";
import type { ExportResult } from "../../operations/export.js";
import type { ImportResult } from "../../operations/import.js";
import type { StoreComparison, VerifyResult } from "../../operations/verify.js";
import { escapeMessage, escapeText, formatShort } from "../escape.js";
import { formatCount, formatDuration, formatNumberOf, formatPercent, formatRate, formatSize } from "../quantities.js";
import type { Paint } from "../style.js";
import { engineName } from "./summary.js";
import { renderTable } from "./table.js";

function entriesText(count: number): string {
  return formatNumberOf(count, "entry", "entries");
}

/** Two lines about an export. */
export function renderExport(result: ExportResult, paint: Paint): string {
  const { store, rawBytes, dumpBytes, seconds } = result;
  const to = result.path === null ? "standard output" : escapeText(result.path);
  return (
    `${paint.green("exported")} ${escapeText(store.path)} (${engineName(store.engine)}) to ${paint.bold(to)}\n` +
    `  ${entriesText(result.entries)} in ${formatNumberOf(result.keyspaces.length, "keyspace", "keyspaces")}, ` +
    `${formatSize(rawBytes)} as ${formatSize(dumpBytes)} (${formatPercent(dumpBytes, rawBytes)}), ` +
    `in ${formatDuration(seconds)} (${formatRate(rawBytes, seconds)})\n`
  );
}

/** What an export would do. */
export function renderPlan(plan: ExportPlan, paint: Paint): string {
  const { store } = plan;
  const rows = plan.keyspaces.map((keyspace) => [
    formatShort(keyspace.name),
    keyspace.selected ? "yes" : "no",
    `~${formatCount(keyspace.estimatedEntries)}`,
    `~${formatSize(keyspace.estimatedBytes)}`,
    keyspace.comparator === "bytewise" ? "bytes" : "bytes, reversed",
  ]);
  const columns = [
    { heading: "keyspace", align: "left" },
    { heading: "exported", align: "left" },
    { heading: "entries", align: "right" },
    { heading: "size", align: "right" },
    { heading: "key order", align: "left" },
  ] as const;
  const total = `about ${entriesText(plan.estimatedEntries)}, ${formatSize(plan.estimatedBytes)} uncompressed, would be exported`;
  return (
    `${paint.bold(escapeText(store.path))}: ${engineName(store.engine)} store, read with version ${escapeText(store.version)}\n\n` +
    `${renderTable(columns, rows, paint)}\n${total}; nothing was written\n`
  );
}

/** Lines about an import. */
export function renderImport(result: ImportResult, paint: Paint): string {
  const { seconds, bytes } = result;
  const kept = result.keyspaces.reduce((total, keyspace) => total + keyspace.kept, 0);
  const how = result.merged ? "merged into" : "imported into";
  const checked = result.verified ? "read back and found equal" : "not read back (--no-verify)";
  return (
    `${paint.green(how)} ${paint.bold(escapeText(result.target))} (sled)\n` +
    `  ${entriesText(result.entries)} in ${formatNumberOf(result.keyspaces.length, "tree", "trees")}, ${formatSize(bytes)}, ` +
    `in ${formatDuration(seconds)} (${formatRate(bytes, seconds)}), ${checked}\n` +
    (kept > 0 ? `  ${entriesText(kept)} of them kept the value that the target had\n` : "") +
    renderReopen(result.reopen)
  );
}

/** How the store is opened from now on: a piece of Rust, and what of it must not differ. */
function renderReopen({ useCompression, segmentSize, version, rust }: ImportResult["reopen"]): string {
  const feature = useCompression ? ' with its feature "compression"' : "";
  return (
    `  open it with: ${escapeMessage(rust)}\n` +
    `  must be the same at every open: use_compression = ${String(useCompression)}, segment_size = ${segmentSize.toString()}, ` +
    `sled ${version}${feature}\n`
  );
}

/** What was verified, and how dump and store compare. */
export function renderVerify(result: VerifyResult, options: { paint: Paint; verbose: boolean }): string {
  const { dump, against, seconds } = result;
  const { paint } = options;
  const entries = dump.keyspaces.reduce((total, keyspace) => total + keyspace.entries, 0);
  const raw = dump.keyspaces.reduce((total, keyspace) => total + keyspace.rawBytes, 0);
  const name = dump.path === null ? "the dump from standard input" : escapeText(dump.path);
  const sound =
    `${paint.green("sound:")} ${paint.bold(name)}\n` +
    `  ${entriesText(entries)}, ${formatSize(raw)}: every checksum, every block, the order of keys and every digest hold; ` +
    `in ${formatDuration(seconds)} (${formatRate(raw, seconds)})\n`;
  return against === null ? sound : `${sound}\n${renderComparison(against, paint)}`;
}

function renderComparison(against: StoreComparison, paint: Paint): string {
  const verdict = against.equal ? paint.green("equal:") : paint.red("different:");
  const columns = [
    { heading: "keyspace", align: "left" },
    { heading: "in the dump", align: "right" },
    { heading: "in the store", align: "right" },
    { heading: "missing", align: "right" },
    { heading: "added", align: "right" },
    { heading: "changed", align: "right" },
    { heading: "", align: "left" },
  ] as const;
  const rows = against.keyspaces.map((keyspace) => [
    formatShort(keyspace.name),
    formatCount(keyspace.entries),
    formatCount(keyspace.storeEntries),
    formatCount(keyspace.missing),
    formatCount(keyspace.added),
    formatCount(keyspace.changed),
    keyspace.equal ? "equal" : "DIFFERENT",
  ]);
  const head = `${verdict} ${escapeText(against.path)} (${engineName(against.engine)})\n\n${renderTable(columns, rows, paint)}`;
  return head + renderDifferences(against, paint);
}

/** What each kind of difference means. */
const KIND_TEXT = { missing: "only in the dump", added: "only in the store", changed: "other value" } as const;

function renderDifferences(against: StoreComparison, paint: Paint): string {
  const shown = against.differences;
  if (shown.length === 0) return "";
  const all = against.keyspaces.reduce((total, { missing, added, changed }) => total + missing + added + changed, 0);
  const rows = shown.map(({ keyspace, key, kind }) => [KIND_TEXT[kind], formatShort(keyspace), formatShort(key)]);
  const columns = [
    { heading: "difference", align: "left" },
    { heading: "keyspace", align: "left" },
    { heading: "key", align: "left" },
  ] as const;
  const more = all > shown.length ? `  … and ${formatCount(all - shown.length)} more\n` : "";
  return `\n${renderTable(columns, rows, paint)}${more}`;
}
