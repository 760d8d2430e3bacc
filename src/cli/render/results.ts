/** What export and import say at their end, for a person. */
import { resolve } from "node:path";
import { formatCount } from "../../counts.js";
import type { ExportResult } from "../../operations/export/export.js";
import type { ExportPlan } from "../../operations/export/plan.js";
import type { ImportResult } from "../../operations/import/import.js";
import { SLED_DEFAULT_SEGMENT_SIZE } from "../../settings/sled-settings.js";
import type { Paint } from "../terminal/style.js";
import { escapeMessage, escapeText, formatShort } from "../text/escape.js";
import { formatDuration, formatNumberOf, formatPercent, formatRate, formatSize } from "../text/quantities.js";
import { engineName } from "./summary.js";
import { left, type Look, right, renderTable } from "./table.js";

function entriesText(count: number): string {
  return formatNumberOf(count, "entry", "entries");
}

/** Two lines about an export. @param base the dumps that a delta builds on */
export function renderExport(result: ExportResult, base: readonly string[] | undefined, paint: Paint): string {
  const { store, rawBytes, dumpBytes, seconds } = result;
  const to = result.path === null ? "standard output" : escapeText(result.path);
  // What a dump has besides its entries, such as options, outweighs a few of them.
  const share = dumpBytes > rawBytes ? "" : ` (${formatPercent(dumpBytes, rawBytes)})`;
  return (
    `${paint.green("exported")} ${escapeText(store.path)} (${engineName(store.engine)}) to ${paint.bold(to)}\n` +
    `  ${base === undefined ? entriesText(result.entries) : `a delta on ${escapeText(base.at(-1) ?? "")}: ${formatNumberOf(result.entries, "change", "changes")}`} in ${formatNumberOf(result.keyspaces.length, "keyspace", "keyspaces")}, ` +
    `${formatSize(rawBytes)} as ${formatSize(dumpBytes)}${share}, ` +
    `in ${formatDuration(seconds)} (${formatRate(rawBytes, seconds)})\n`
  );
}

/** What no dry run finds, as it does not read all of a store. */
export const NOT_LOOKED_FOR = "not looked for: damage inside files, which only reading the whole store finds, as kgdump verify does\n";

/** What an export would do. */
export function renderPlan(plan: ExportPlan, base: readonly string[] | undefined, { paint, columns: width }: Look): string {
  const { store } = plan;
  const rows = plan.keyspaces.map((keyspace) => [
    formatShort(keyspace.name),
    keyspace.selected ? "yes" : "no",
    keyspace.estimatedEntries === null ? "?" : `~${formatCount(keyspace.estimatedEntries)}`,
    keyspace.estimatedBytes === null ? "?" : `~${formatSize(keyspace.estimatedBytes)}`,
    keyspace.comparator === "bytewise" ? "bytes" : "bytes, reversed",
  ]);
  const columns = [left("keyspace"), left("exported"), right("entries"), right("size"), left("key order")];
  const { estimatedEntries: entries, estimatedBytes: bytes } = plan;
  const much = entries === null || bytes === null ? "all entries (how many is unknown: sled keeps no count)" : `about ${entriesText(entries)}, ${formatSize(bytes)} uncompressed,`;
  const total = base === undefined ? `${much} would be exported` : `${much} would be compared with ${escapeText(base.at(-1) ?? "")}, and what changed exported`;
  return (
    `${paint.bold(escapeText(store.path))}: ${engineName(store.engine)} store, read with version ${escapeText(store.version)}\n\n` +
    `${renderTable(columns, rows, paint, width)}\n${total}; nothing was written\n${NOT_LOOKED_FOR}`
  );
}

/** Lines about an import. */
export function renderImport(result: ImportResult, { paint, verbose }: Look): string {
  const { seconds, rawBytes: bytes } = result;
  if (result.delta !== undefined) return renderDelta(result, paint, verbose);
  const kept = result.keyspaces.reduce((total, keyspace) => total + keyspace.kept, 0);
  const how = result.merged ? "merged into" : "imported into";
  const checked = result.verified ? "read back and found equal" : "not read back (--no-verify)";
  return (
    `${result.missing.gaps === 0 ? paint.green(how) : paint.yellow(how)} ${paint.bold(escapeText(resolve(result.target)))} (sled)\n` +
    `  ${entriesText(result.entries)} in ${formatNumberOf(result.keyspaces.length, "tree", "trees")}, ${formatSize(bytes)}, ` +
    `in ${formatDuration(seconds)} (${formatRate(bytes, seconds)}), ${checked}\n` +
    (kept > 0 ? `  ${entriesText(kept)} of them kept the value that the target had\n` : "") +
    renderReopen(result.reopen, verbose)
  );
}

/** What became of a delta. */
function renderDelta({ delta, target, entries, keyspaces, seconds, reopen }: ImportResult, paint: Paint, verbose: boolean): string {
  const path = paint.bold(escapeText(resolve(target)));
  if (delta === "already") return `${path} already holds what the delta leads to: nothing was changed\n`;
  const changes = formatNumberOf(entries, "change", "changes");
  return (
    `${paint.green("applied to")} ${path} (sled)\n` +
    `  ${changes} in ${formatNumberOf(keyspaces.length, "tree", "trees")}, in ${formatDuration(seconds)}, the whole store read back and found equal\n` +
    renderReopen(reopen, verbose)
  );
}

/** How the store is opened from now on: a piece of Rust, and what of it must not differ, unless that is what sled does by itself. */
export function renderReopen({ useCompression, segmentSize, version, rust }: ImportResult["reopen"], verbose: boolean): string {
  const feature = useCompression ? ' with its feature "compression"' : "";
  const how = `  open it with: ${escapeMessage(rust)}\n`;
  if (!verbose && !useCompression && segmentSize === SLED_DEFAULT_SEGMENT_SIZE) return how;
  return (
    how +
    `  must be the same at every open: use_compression = ${String(useCompression)}, segment_size = ${segmentSize.toString()}, ` +
    `sled ${version}${feature}\n`
  );
}
