/**
 * Progress on stderr: a line that is drawn anew on a terminal, a line each half minute elsewhere, or a JSON object a line. Nothing of the first stays on
 * the terminal at the end, and the cursor is never hidden, so that not even a kill leaves the terminal in disorder.
 */
import { FigureTracker, type Figures } from "../../operations/run/figures.js";
import type { OnProgress, Progress } from "../../operations/run/progress.js";
import { escapeJson, formatBytes } from "../text/escape.js";
import { plainLine, progressLine, type Steps } from "./progress-line.js";

/** What `--progress` can be. */
export const PROGRESS_CHOICES = ["auto", "always", "never", "plain", "json"] as const;

/** When and how to show progress. */
export type ProgressChoice = (typeof PROGRESS_CHOICES)[number];

/** What decides how progress is shown. */
export interface ProgressSetting {
  readonly choice: ProgressChoice | undefined;
  readonly quiet: boolean;
  readonly json: boolean;
  /** Whether stderr is a terminal that obeys control sequences. */
  readonly terminal: boolean;
  /** Whether this command writes a dump to a pipe, whose other end shows progress on what may be the same terminal. */
  readonly feedsPipe: boolean;
}

/** How progress is shown. */
export type ProgressStyle = "bar" | "plain" | "json" | "none";

/** Decides how progress is shown: `--progress` first, then what the surroundings suggest. */
export function progressStyle(setting: ProgressSetting): ProgressStyle {
  const { choice } = setting;
  if (choice === "json" || choice === "plain") return choice;
  if (choice === "never") return "none";
  if (choice === "always") return setting.terminal ? "bar" : "plain";
  if (setting.quiet || setting.json || setting.feedsPipe) return "none";
  return setting.terminal ? "bar" : "plain";
}

/** Lines of JSON come no closer than this. */
const JSON_INTERVAL_MS = 500;
/** Plain lines come no closer than this, and the first not before. */
const PLAIN_INTERVAL_MS = 30_000;
/** Puts the cursor at the start of its line and erases that. */
const ERASE_LINE = "\r\x1b[K";

/** A display of progress. */
export interface ProgressDisplay {
  readonly onProgress: OnProgress | undefined;
  /** Writes something else, which stays above the line of progress. */
  around(write: () => void): void;
  /** Ends it, and leaves a clean line; may be called twice. */
  stop(): void;
}

/**
 * Makes the display.
 * @param style how
 * @param stream stderr
 * @param steps of the command
 * @param now a clock in milliseconds that never goes back
 */
export function makeProgressDisplay(style: ProgressStyle, stream: Pick<NodeJS.WriteStream, "write" | "columns">, steps: Steps = {}, now: () => number = () => performance.now()): ProgressDisplay {
  switch (style) {
    case "none":
      return { onProgress: undefined, around: (write) => { write(); }, stop: () => undefined };
    case "json":
      return new JsonProgress(stream, now);
    case "plain":
      return new PlainProgress(stream, steps, now);
    case "bar":
      return new BarProgress(stream, steps, now);
  }
}

type Stream = Pick<NodeJS.WriteStream, "write" | "columns">;

class BarProgress implements ProgressDisplay {
  readonly onProgress: OnProgress;
  readonly #stream: Stream;
  readonly #steps: Steps;
  readonly #tracker: FigureTracker;
  #turn = 0;
  #figures: Figures | null = null;
  #stopped = false;

  constructor(stream: Stream, steps: Steps, now: () => number) {
    this.#stream = stream;
    this.#steps = steps;
    this.#tracker = new FigureTracker(now);
    // Operations report a few times a second.
    this.onProgress = (progress) => {
      if (this.#stopped) return;
      this.#figures = this.#tracker.update(progress);
      this.#turn += 1;
      this.#draw();
    };
  }

  #draw(): void {
    if (this.#figures === null) return;
    const columns = this.#stream.columns > 0 ? this.#stream.columns : 80;
    this.#stream.write(`\r${progressLine(this.#figures, this.#steps, columns - 1, this.#turn)}\x1b[K`);
  }

  around(write: () => void): void {
    if (this.#figures !== null && !this.#stopped) this.#stream.write(ERASE_LINE);
    write();
    if (!this.#stopped) this.#draw();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#figures !== null) this.#stream.write(ERASE_LINE);
  }
}

class PlainProgress implements ProgressDisplay {
  readonly onProgress: OnProgress;

  constructor(stream: Stream, steps: Steps, now: () => number) {
    const tracker = new FigureTracker(now);
    let writtenAt = now();
    this.onProgress = (progress) => {
      const figures = tracker.update(progress);
      if (now() - writtenAt < PLAIN_INTERVAL_MS) return;
      writtenAt = now();
      stream.write(`${plainLine(figures, steps)}\n`);
    };
  }

  around(write: () => void): void {
    write();
  }

  stop(): void {
    return;
  }
}

class JsonProgress implements ProgressDisplay {
  readonly onProgress: OnProgress;
  readonly #tracker: FigureTracker;
  readonly #now: () => number;
  #writtenAt = -Infinity;
  #phase: string | null = null;
  #pending: string | null = null;
  readonly #stream: Stream;

  constructor(stream: Stream, now: () => number) {
    this.#stream = stream;
    this.#now = now;
    this.#tracker = new FigureTracker(now);
    this.onProgress = (progress) => {
      this.#show(progress);
    };
  }

  #show(progress: Progress): void {
    const line = progressJson(this.#tracker.update(progress));
    const now = this.#now();
    // The last report of a phase is its end: it is kept back until the next phase or the end of all.
    if (progress.phase !== this.#phase) this.#flush();
    this.#phase = progress.phase;
    if (now - this.#writtenAt < JSON_INTERVAL_MS) {
      this.#pending = line;
      return;
    }
    this.#pending = null;
    this.#writtenAt = now;
    this.#stream.write(line);
  }

  #flush(): void {
    if (this.#pending !== null) this.#stream.write(this.#pending);
    this.#pending = null;
  }

  around(write: () => void): void {
    this.#flush();
    write();
  }

  stop(): void {
    this.#flush();
  }
}

/** `{"progress":{phase,entries,bytes,dumpBytes,totalEntries,totalBytes,keyspace,seconds,bytesPerSecond,secondsLeft}}`. */
function progressJson(figures: Figures): string {
  const { progress, rate, secondsLeft, seconds } = figures;
  const rounded = (value: number): number => Math.round(value * 1000) / 1000;
  const object = {
    progress: {
      ...progress,
      keyspace: progress.keyspace === null ? null : formatBytes(progress.keyspace),
      seconds: rounded(seconds),
      bytesPerSecond: rate === null ? null : Math.round(rate),
      secondsLeft: secondsLeft === null ? null : rounded(secondsLeft),
    },
  };
  return `${escapeJson(JSON.stringify(object))}\n`;
}
