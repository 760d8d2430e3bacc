/** Progress in one line of text, which loses field by field where a terminal is narrow. */
import type { Figures } from "../../operations/run/figures.js";
import type { Phase } from "../../operations/run/progress.js";
import { formatNumberOf, formatRate, formatShortCount, formatTimeLeft } from "../text/quantities.js";

/** What the phases of a command are, as far as it knows them before, and what they are called. */
export interface Steps {
  /** In their order; none or one is not counted. */
  readonly phases?: readonly Phase[];
  readonly labels?: Partial<Readonly<Record<Phase, string>>>;
}

const LABELS: Readonly<Record<Phase, string>> = {
  export: "exporting",
  load: "importing",
  verify: "verifying",
  read: "reading",
  recover: "recovering",
  wait: "waiting until the store is free",
};

const SPINNER = ["|", "/", "-", "\\"];
const [WIDEST_BAR, NARROWEST_BAR] = [24, 8];

/** What the phase is called, with its number where it is known: "2/3 verifying". */
export function headOf({ progress: { phase }, turn }: Figures, { phases = [], labels = {} }: Steps): string {
  const label = labels[phase] ?? LABELS[phase];
  return phases.length > 1 && phases[turn - 1] === phase ? `${String(turn)}/${String(phases.length)} ${label}` : label;
}

function entriesText({ progress: { entries, totalEntries } }: Figures): string {
  return totalEntries === null || entries > totalEntries ? `${formatShortCount(entries)} ${entries === 1 ? "entry" : "entries"}` : `${formatShortCount(entries)} of ${formatShortCount(totalEntries)}`;
}

const percentText = (share: number): string => `${Math.floor(share * 100).toString().padStart(3)} %`;

function clock(seconds: number): string {
  return `${String(Math.floor(seconds / 60))}:${Math.floor(seconds % 60).toString().padStart(2, "0")}`;
}

/**
 * The line of a terminal.
 * @param columns that it may have at most; a line that wraps could not be erased
 * @param turn of the spinner, where no share is known
 */
export function progressLine(figures: Figures, steps: Steps, columns: number, turn = 0): string {
  const { share, rate, secondsLeft, seconds, progress } = figures;
  const head = headOf(figures, steps);
  if (progress.phase === "wait") return `${head}  ${clock(seconds)}`.slice(0, columns);
  const done = share === null ? ` ${SPINNER[turn % SPINNER.length] ?? ""}` : ` ${percentText(share)}`;
  const entries = entriesText(figures);
  const speed = rate === null ? [] : [formatRate(rate, 1)];
  const left = secondsLeft === null ? [] : [`${formatTimeLeft(secondsLeft)} left`];
  const tails = [[entries, ...speed, ...left], [entries, ...left], left, []];
  const tail = tails.map((fields) => fields.map((field) => `  ${field}`).join("")).find((text) => head.length + done.length + text.length <= columns);
  const plain = `${head}${done}${tail ?? ""}`.slice(0, columns);
  const room = Math.min(WIDEST_BAR, columns - plain.length - 3);
  if (share === null || room < NARROWEST_BAR) return plain;
  const filled = Math.round(share * room);
  return `${head} [${"#".repeat(filled)}${"-".repeat(room - filled)}]${plain.slice(head.length)}`;
}

/** The same for a file: "2/3 verifying: 61 %, 578k of 946k entries, 35 MB/s, about 8 s left". */
export function plainLine(figures: Figures, steps: Steps): string {
  const { share, rate, secondsLeft, seconds, progress } = figures;
  const { phase, entries, totalEntries } = progress;
  const head = headOf(figures, steps);
  if (phase === "wait") return `${head}: ${clock(seconds)}`;
  const known = totalEntries !== null && entries <= totalEntries;
  const parts = [
    ...(share === null ? [] : [percentText(share).trim()]),
    known ? `${formatShortCount(entries)} of ${formatNumberOf(totalEntries, "entry", "entries")}` : formatNumberOf(entries, "entry", "entries"),
    ...(rate === null ? [] : [formatRate(rate, 1)]),
    ...(secondsLeft === null ? [] : [`${formatTimeLeft(secondsLeft)} left`]),
  ];
  return `${head}: ${parts.join(", ")}`;
}
