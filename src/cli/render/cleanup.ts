/** What cleanup says, for a person. */
import type { CleanupResult, CleanedRemain } from "../../operations/migrate/cleanup/cleanup.js";
import type { Paint } from "../terminal/style.js";
import { escapeMessage, escapeText } from "../text/escape.js";
import { formatNumberOf, formatSize } from "../text/quantities.js";

const KINDS: Readonly<Record<CleanedRemain["kind"], string>> = {
  original: "the store from before a migration",
  aside: "a store that a rollback put aside",
  "before-compact": "the store from before a compaction",
  "after-compact": "a compacted store that was put aside",
  dump: "a dump of a migration",
  delta: "what had changed since a dump",
  journal: "the journal of the last migration",
};

/** What was left, oldest first, and what became of it. */
export function renderCleanup({ target, remains, bytes }: CleanupResult, dryRun: boolean, paint: Paint): string {
  if (remains.length === 0) return `${paint.bold(escapeText(target))}: nothing is left over from migrations or compactions\n`;
  const all = remains.reduce((sum, remain) => sum + remain.bytes, 0);
  const head = `${paint.bold(escapeText(target))}: ${formatNumberOf(remains.length, "thing is", "things are")} left over from migrations and compactions, ${formatSize(all)}`;
  const end = dryRun ? "" : `${formatSize(bytes)} freed\n`;
  return `${head}\n${remains.map((remain) => lineOf(remain, paint)).join("")}${end}`;
}

function lineOf({ path, kind, bytes, changedAt, state, why }: CleanedRemain, paint: Paint): string {
  const states: Readonly<Record<CleanedRemain["state"], string>> = {
    left: "",
    removed: paint.green("removed"),
    different: paint.yellow("kept: the store in place holds something else"),
    unreadable: `${paint.yellow("kept: it can't be compared")}${why === null ? "" : ` (${escapeMessage(why)})`}`,
    unknown: paint.yellow("kept: its name fits, but it is something else"),
  };
  const said = states[state];
  return `  ${escapeText(path)}\n      ${KINDS[kind]}, ${formatSize(bytes)}, of ${escapeText(changedAt.slice(0, 10))}${said === "" ? "" : `; ${said}`}\n`;
}
