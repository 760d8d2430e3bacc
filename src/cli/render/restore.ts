/** What restore says at its end, for a person. */
import { resolve } from "node:path";
import type { RestoreResult } from "../../operations/import/restore.js";
import type { Paint } from "../terminal/style.js";
import { escapeText } from "../text/escape.js";
import { formatDuration, formatNumberOf, formatRate, formatSize } from "../text/quantities.js";

/** Two lines about a restored store. */
export function renderRestore({ target, keyspaces, entries, rawBytes, seconds, verified }: RestoreResult, paint: Paint): string {
  const checked = verified ? "read back and found equal" : "not read back (--no-verify)";
  return (
    `${paint.green("restored to")} ${paint.bold(escapeText(resolve(target)))} (RocksDB)\n` +
    `  ${formatNumberOf(entries, "entry", "entries")} in ${formatNumberOf(keyspaces.length, "family", "families")}, ${formatSize(rawBytes)}, ` +
    `in ${formatDuration(seconds)} (${formatRate(rawBytes, seconds)}), ${checked}\n`
  );
}
