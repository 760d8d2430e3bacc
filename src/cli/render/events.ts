/** What a migration tells, as lines on a terminal. */
import { formatCount } from "../../counts.js";
import type { MigrationEvent } from "../../operations/migrate/events.js";
import type { Paint } from "../terminal/style.js";
import { escapeMessage } from "../text/escape.js";
import { wrapText } from "../text/wrap.js";
import { formatDuration, formatNumberOf, formatRate, formatSize } from "../text/quantities.js";

type Facts = MigrationEvent["facts"];

/** Facts in words; those of other names are in the log only. */
const WORDS: Readonly<Record<string, (value: number) => string>> = {
  percent: (value) => `${String(value)} %`,
  entries: (value) => formatNumberOf(value, "entry", "entries"),
  bytes: formatSize,
  dumpBytes: (value) => `${formatSize(value)} in the dump`,
  added: (value) => `${formatCount(value)} added`,
  changed: (value) => `${formatCount(value)} changed`,
  removed: (value) => `${formatCount(value)} removed`,
  nodes: (value) => formatNumberOf(value, "node", "nodes"),
  edges: (value) => formatNumberOf(value, "edge", "edges"),
  problems: (value) => formatNumberOf(value, "problem", "problems"),
  needed: (value) => `${formatSize(value)} needed`,
  free: (value) => `${formatSize(value)} free`,
  bytesPerSecond: (value) => formatRate(value, 1),
  seconds: formatDuration,
  downtime: (value) => `${formatDuration(value)} with the lock held`,
};
/** Facts that are texts, told on a line of their own. */
const OWN_LINES = ["held", "backup", "dump", "delta", "aside"];

/** A space at which no line ends. */
const HELD = "\u00a0";

function factsText(facts: Facts): string {
  const texts = Object.entries(WORDS).flatMap(([name, word]) => (typeof facts[name] === "number" ? [word(facts[name]).replaceAll(" ", HELD)] : []));
  return texts.length === 0 ? "" : `: ${texts.join(", ")}`;
}

function localTime(time: string): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => part.toString().padStart(2, "0")).join(":");
}

/** What a time takes, and two spaces. */
const INDENT = " ".repeat(10);

/** An event as lines for a terminal of so many columns, which rings where somebody has to do something. */
export function renderEvent({ time, kind, phase, message, facts }: MigrationEvent, paint: Paint, columns: number): string {
  // A digest of a side is in the table at the end.
  const rows = (phase === "verify" ? [] : OWN_LINES).flatMap((name) => (typeof facts[name] === "string" && facts[name] !== "" ? [`${INDENT}${escapeMessage(facts[name])}\n`] : [])).join("");
  // More than one space is part of a path.
  const lines = (text: string): string => wrapText(text.replace(/ {2,}/g, (spaces) => HELD.repeat(spaces.length)), columns - INDENT.length).replaceAll("\n", `\n${INDENT}`).replaceAll(HELD, " ");
  const said = `${escapeMessage(message)}${factsText(facts)}`;
  if (kind === "asks") {
    const [what = "", ...why] = said.split(": ");
    return `\u0007\n${paint.bold(paint.yellow(`▶ ${what.toUpperCase()}`))}\n${why.length === 0 ? "" : `${INDENT}${lines(why.join(": "))}\n`}${rows}\n`;
  }
  return `${paint.dim(localTime(time))}  ${lines(kind === "begins" ? `${said} …` : said)}\n${rows}`;
}
