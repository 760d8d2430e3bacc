/**
 * Progress on stderr: a bar on a terminal, or a JSON object a line. Nothing of it stays on the terminal at the end,
 * and the cursor is never hidden, so that not even a kill leaves the terminal in disorder.
 */
import type { SingleBar } from "cli-progress";
import type { OnProgress, Phase, Progress } from "../../operations/run/progress.js";
import { escapeJson, formatBytes } from "../text/escape.js";
import { formatCount, formatDuration, formatRate } from "../text/quantities.js";
import { type Figures, FigureTracker } from "./progress-figures.js";

/** What `--progress` can be. */
export const PROGRESS_CHOICES = ["auto", "always", "never", "json"] as const;

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
export type ProgressStyle = "bar" | "json" | "none";

/** Decides how progress is shown: `--progress` first, then what the surroundings suggest. */
export function progressStyle(setting: ProgressSetting): ProgressStyle {
  if (setting.choice === "json") return "json";
  if (setting.choice === "never") return "none";
  if (!setting.terminal) return "none";
  if (setting.choice === "always") return "bar";
  return setting.quiet || setting.json || setting.feedsPipe ? "none" : "bar";
}

const LABEL: Readonly<Record<Phase, string>> = {
  export: "exporting",
  load: "importing",
  verify: "verifying",
  read: "reading",
  recover: "recovering",
};

const SPINNER = ["|", "/", "-", "\\"];
const BAR_COLUMNS = 24;
/** Lines of JSON come no closer than this. */
const JSON_INTERVAL_MS = 500;
/** Erases the line and puts the cursor at its start. */
const ERASE_LINE = "\r\x1b[K";

/** One line of text for the figures, without the bar. */
export function describeFigures(figures: Figures): string {
  const { progress, rate, secondsLeft } = figures;
  const parts = [`${formatCount(progress.entries)} ${progress.entries === 1 ? "entry" : "entries"}`];
  if (rate !== null) parts.push(formatRate(rate, 1));
  if (secondsLeft !== null) parts.push(`${formatDuration(Math.ceil(secondsLeft))} left`.replace(/\.\d+ s/, " s"));
  return parts.join("  ");
}

/**
 * What cli-progress draws on. Its own terminal saves and restores the cursor's place, which is wrong once another
 * process has written a line, and switches line wrapping off, which a kill would leave off.
 */
class LineTerminal {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  isTTY(): boolean {
    return true;
  }

  getWidth(): number {
    return columnsOf(this.#stream);
  }

  write(text: string): void {
    this.#stream.write(text);
  }

  cursorTo(): void {
    this.#stream.write("\r");
  }

  clearRight(): void {
    this.#stream.write("\x1b[K");
  }

  clearLine(): void {
    this.#stream.write(ERASE_LINE);
  }

  cursorSave(): void {
    return;
  }

  cursorRestore(): void {
    return;
  }

  lineWrapping(): void {
    return;
  }
}

function columnsOf(stream: NodeJS.WriteStream): number {
  return stream.columns > 0 ? stream.columns : 80;
}

/** A display of progress. `stop` may be called twice and leaves a clean line. */
export interface ProgressDisplay {
  readonly onProgress: OnProgress | undefined;
  stop(): void;
}

/**
 * Makes the display.
 * @param style how
 * @param stream stderr
 */
export function makeProgressDisplay(style: ProgressStyle, stream: NodeJS.WriteStream): ProgressDisplay {
  switch (style) {
    case "none":
      return { onProgress: undefined, stop: () => undefined };
    case "json":
      return new JsonProgress(stream);
    case "bar":
      return new BarProgress(stream);
  }
}

class BarProgress implements ProgressDisplay {
  readonly onProgress: OnProgress;
  /** Null until its package is there, which is loaded only when a bar is shown. */
  #bar: SingleBar | null = null;
  readonly #stream: NodeJS.WriteStream;
  readonly #tracker = new FigureTracker();
  #turn = 0;
  #running = false;
  #stopped = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    const options = {
      stream,
      terminal: new LineTerminal(stream),
      format: (_options: unknown, _params: unknown, payload: { figures?: Figures }) =>
        payload.figures === undefined ? "" : this.#line(payload.figures),
      clearOnComplete: true,
      hideCursor: false,
      // Signals are SignalWatch's alone.
      gracefulExit: false,
      fps: 10,
      emptyOnZero: true,
    };
    void import("cli-progress").then(({ SingleBar }) => {
      this.#bar = new SingleBar(options);
    });
    this.onProgress = (progress) => {
      this.#show(progress);
    };
  }

  #show(progress: Progress): void {
    if (this.#stopped) return;
    const figures = this.#tracker.update(progress);
    if (this.#bar === null) return;
    if (!this.#running) {
      this.#running = true;
      this.#bar.start(100, 0, { figures });
      return;
    }
    this.#bar.update(Math.floor((figures.share ?? 0) * 100), { figures });
  }

  #line(figures: Figures): string {
    const label = LABEL[figures.progress.phase];
    const rest = describeFigures(figures);
    if (figures.share === null) {
      this.#turn = (this.#turn + 1) % SPINNER.length;
      return `${label} ${SPINNER[this.#turn] ?? ""} ${rest}`.slice(0, columnsOf(this.#stream) - 1);
    }
    const percent = `${Math.floor(figures.share * 100).toString().padStart(3)} %`;
    const done = Math.round(figures.share * BAR_COLUMNS);
    const bar = "#".repeat(done) + "-".repeat(BAR_COLUMNS - done);
    const columns = columnsOf(this.#stream);
    // Never as wide as the terminal: a line that wraps could not be erased.
    const plain = `${label} ${percent}  ${rest}`.slice(0, columns - 1);
    return plain.length + BAR_COLUMNS + 3 < columns ? `${label} [${bar}] ${percent}  ${rest}` : plain;
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (!this.#running) return;
    this.#bar?.stop();
    this.#stream.write(ERASE_LINE);
  }
}

class JsonProgress implements ProgressDisplay {
  readonly onProgress: OnProgress;
  readonly #tracker = new FigureTracker();
  #writtenAt = -Infinity;
  #phase: string | null = null;
  #pending: string | null = null;
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.onProgress = (progress) => {
      this.#show(progress);
    };
  }

  #show(progress: Progress): void {
    const line = progressJson(this.#tracker.update(progress));
    const now = performance.now();
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
