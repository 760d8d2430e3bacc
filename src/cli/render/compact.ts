/** What compact says at its end, for a person. */
import { engineNamed } from "../../engines/registry.js";
import type { CompactPlan, CompactResult } from "../../operations/migrate/compact/compact.js";
import type { UndoCompactResult } from "../../operations/migrate/compact/undo.js";
import type { Paint } from "../terminal/style.js";
import { escapeText } from "../text/escape.js";
import { formatDuration, formatNumberOf, formatSize } from "../text/quantities.js";
import { renderReopen } from "./results.js";
import type { Look } from "./table.js";

/** What compacting would gain. */
export function renderCompactPlan({ store, bytes, newBytes, freeBytes }: CompactPlan, paint: Paint): string {
  const then = newBytes === null ? "how much a new one would take can't be told beforehand" : `a new one would take about ${formatSize(newBytes)}, ${newBytes < bytes ? `${formatSize(bytes - newBytes)} less` : "no less"}`;
  return `${paint.bold(escapeText(store))} takes ${formatSize(bytes)}; ${then}\n  nothing was changed; ${formatSize(freeBytes)} are free beside it, where the original is kept until you remove it\n`;
}

/** A few lines about a compacted store. */
export function renderCompact({ store, engine, kept, bytesBefore, bytesAfter, entries, keyspaces, seconds, reopen }: CompactResult, { paint, verbose }: Look): string {
  const original = kept === null ? "the original was removed" : `the original is kept as ${escapeText(kept)}: remove it when you are sure`;
  return (
    `${paint.green("compacted")} ${paint.bold(escapeText(store))}: ${formatSize(bytesBefore)} became ${formatSize(bytesAfter)}\n` +
    `  ${formatNumberOf(entries, "entry", "entries")} in ${formatNumberOf(keyspaces, ...engineNamed(engine).keyspaceWords)}, in ${formatDuration(seconds)}, read back and found equal\n` +
    `  ${original}\n${reopen === null ? "" : renderReopen(reopen, verbose)}`
  );
}

/** Where the stores are when the original was put back. */
export function renderUndoCompact({ store, aside }: UndoCompactResult, paint: Paint): string {
  return `${paint.green("put back")} the original of ${paint.bold(escapeText(store))}\n${aside === null ? "" : `  the compacted store is kept as ${escapeText(aside)}\n`}`;
}
