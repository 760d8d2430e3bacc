/** What recover says at its end, for a person. */
import { formatCount } from "../../counts.js";
import type { RecoveredGap, RecoverResult } from "../../operations/recover/recover.js";
import type { Paint } from "../terminal/style.js";
import { escapeMessage, escapeText, formatShort } from "../text/escape.js";
import { formatDuration, formatNumberOf, formatSize } from "../text/quantities.js";
import { left, type Look, right, renderTable } from "./table.js";

/** Lines of each list, unless all were asked for. */
const SHOWN = 20;

/** How many, or that nobody can tell. */
export function countText(count: number | null): string {
  return count === null ? "?" : formatCount(count);
}

/** A key at the edge of a gap. */
export function edgeText(key: Uint8Array | null, otherwise: string): string {
  return key === null ? otherwise : formatShort(key);
}

/** Lines about a recovery. @param options verbose: lists as long as they are */
export function renderRecover(result: RecoverResult, options: Look): string {
  const { paint } = options;
  return [
    headline(result, paint),
    ...result.remarks.map((remark) => `  ${paint.yellow("damaged:")} ${escapeMessage(remark)}\n`),
    gapTable(result, options),
    unusedTable(result, options),
    droppedLines(result, options),
  ].join("");
}

function headline(result: RecoverResult, paint: Paint): string {
  const { input, output, sound, lost, blocks, entries, rawBytes, gaps, inputBytes, outputBytes } = result;
  const state = sound ? paint.green("sound:") : lost ? paint.red("damaged:") : paint.yellow("damaged, but nothing is lost:");
  const kept = `${formatNumberOf(entries, "entry", "entries")} in ${formatNumberOf(blocks, "block", "blocks")} (${formatSize(rawBytes)}) ${output === null ? "can be kept" : "were kept"}`;
  const missing = lost ? `, ${formatNumberOf(gaps, "gap", "gaps")}; missing: ${lostText(result.lostEntries, "entry", "entries")}, ${lostText(result.lostBlocks, "block", "blocks")}` : "";
  const to =
    output === null
      ? "  nothing was written\n"
      : `  written to ${paint.bold(escapeText(output))} (${formatSize(outputBytes ?? 0)}), read back and found sound, in ${formatDuration(result.seconds)}\n`;
  const copy = sound && output !== null ? "  there was nothing to recover: the new dump is a copy, marked as salvaged\n" : "";
  return `${state} ${paint.bold(escapeText(input ?? "the stream"))} (${formatSize(inputBytes)})\n  ${kept}${missing}\n${to}${copy}`;
}

function lostText(count: number | null, one: string, many: string): string {
  return count === null ? `an unknown number of ${many}` : formatNumberOf(count, one, many);
}

function gapTable(result: RecoverResult, { paint, verbose, columns: width }: Look): string {
  const all = result.keyspaces.flatMap(({ name, gaps }) => gaps.map((gap) => ({ name, gap })));
  if (all.length === 0) return "";
  const rows = all.slice(0, verbose ? all.length : SHOWN).map(({ name, gap }) => [
    formatShort(name),
    edgeText(gap.after, "(its start)"),
    edgeText(gap.before, "(its end)"),
    countText(gap.blocks),
    countText(gap.entries),
    placeText(gap),
  ]);
  const columns = [left("gap in"), left("after"), left("before"), right("blocks"), right("entries"), left("bytes of the damaged dump")];
  return `\n${renderTable(columns, rows, paint, width)}${more(all.length, rows.length)}`;
}

function placeText({ from, to }: RecoveredGap): string {
  if (from === null) return "-";
  return `${formatCount(from)} to ${to === null ? "its end" : formatCount(to)}`;
}

function unusedTable({ unused }: RecoverResult, { paint, verbose, columns: width }: Look): string {
  if (unused.length === 0) return "";
  const rows = unused.slice(0, verbose ? unused.length : SHOWN).map(({ offset, bytes, what }) => [formatCount(offset), formatCount(bytes), escapeMessage(what)]);
  const columns = [right("unusable: from byte"), right("bytes"), left("what")];
  return `\n${renderTable(columns, rows, paint, width)}${more(unused.length, rows.length)}`;
}

function droppedLines({ dropped }: RecoverResult, { paint, verbose }: Look): string {
  if (dropped.length === 0) return "";
  const shown = dropped.slice(0, verbose ? dropped.length : SHOWN);
  const lines = shown.map(({ offset, code, message }) => `  byte ${formatCount(offset)}: ${escapeMessage(message)} ${paint.dim(`[${code}]`)}\n`);
  return `\nframes whose checksums are right, but which could not be used:\n${lines.join("")}${more(dropped.length, shown.length)}`;
}

function more(all: number, shown: number): string {
  return all > shown ? `  … and ${formatCount(all - shown)} more (-v shows them)\n` : "";
}
