/** The figures of progress, for displays and for the heartbeat of a log: rate, share done and time left, from what an operation reports. */
import type { Progress } from "./progress.js";

/** What a display shows. */
export interface Figures {
  readonly progress: Progress;
  /** Share done from 0 to 0.99, or null when no total is known; a total is an estimate, so that only the end is 1. */
  readonly share: number | null;
  /** Bytes a second, lately; null before anything can be said. */
  readonly rate: number | null;
  /** Seconds that it will still take; null when nobody can tell. */
  readonly secondsLeft: number | null;
  /** Seconds since the phase began. */
  readonly seconds: number;
  /** How many phases have begun: 1 in the first. */
  readonly turn: number;
}

/** Over so many seconds a rate is smoothed; over all of a phase that is shorter. */
const SMOOTHED_SECONDS = 15;
/** Rates over shorter times than this say nothing. */
const SHORTEST_SECONDS = 0.05;
/** The most that is shown of a job that is not done. */
const ALMOST = 0.99;

/** Follows the phases of one operation. */
export class FigureTracker {
  readonly #now: () => number;
  #phase: string | null = null;
  #turn = 0;
  #startedAt = 0;
  #lastAt = 0;
  #lastBytes = 0;
  #rate: number | null = null;

  /** @param now a clock in milliseconds that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Takes a report and gives the figures to show. */
  update(progress: Progress): Figures {
    const now = this.#now();
    if (progress.phase !== this.#phase || progress.bytes < this.#lastBytes) this.#begin(progress, now);
    this.#follow(progress, now);
    const share = shareDone(progress);
    return {
      progress,
      share,
      rate: this.#rate,
      secondsLeft: this.#secondsLeft(progress, share, now),
      seconds: (now - this.#startedAt) / 1000,
      turn: this.#turn,
    };
  }

  #begin(progress: Progress, now: number): void {
    this.#phase = progress.phase;
    this.#turn += 1;
    this.#startedAt = now;
    this.#lastAt = now;
    this.#lastBytes = progress.bytes;
    this.#rate = null;
  }

  #follow(progress: Progress, now: number): void {
    const seconds = (now - this.#lastAt) / 1000;
    if (seconds < SHORTEST_SECONDS) return;
    const latest = (progress.bytes - this.#lastBytes) / seconds;
    // While a phase is young this is its mean.
    const weight = Math.min(1, seconds / Math.min(SMOOTHED_SECONDS, (now - this.#startedAt) / 1000));
    this.#rate = this.#rate === null ? latest : this.#rate + (latest - this.#rate) * weight;
    this.#lastAt = now;
    this.#lastBytes = progress.bytes;
  }

  #secondsLeft(progress: Progress, share: number | null, now: number): number | null {
    const seconds = (now - this.#startedAt) / 1000;
    // Beyond its estimate, nothing can be said.
    if (share === null || share >= ALMOST || share <= 0 || seconds < 1) return null;
    if (progress.totalBytes !== null && this.#rate !== null && this.#rate > 0) {
      return Math.max(0, progress.totalBytes - progress.bytes) / this.#rate;
    }
    return (seconds * (1 - share)) / share;
  }
}

/** Share done by bytes where these are known, else by entries; capped below 1, because totals are estimates. */
function shareDone(progress: Progress): number | null {
  const { bytes, entries, totalBytes, totalEntries } = progress;
  if (totalBytes !== null && totalBytes > 0) return Math.min(ALMOST, bytes / totalBytes);
  if (totalEntries !== null && totalEntries > 0) return Math.min(ALMOST, entries / totalEntries);
  return null;
}
