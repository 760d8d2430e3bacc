/** What every command gets besides its own options: where to write, how, and when to stop. */
import { isatty } from "node:tty";
import { stripVTControlCharacters } from "node:util";
import { actFor, actingAs, type Places } from "../operations/disk/acting.js";
import { renderError, renderErrorJson } from "./error-report.js";
import { type Json, jsonLine } from "./render/json/json.js";
import type { Look } from "./render/table.js";
import type { Steps } from "./terminal/progress-line.js";
import { Interrupted } from "./terminal/signals.js";
import { makeProgressDisplay, type ProgressChoice, type ProgressDisplay, progressStyle } from "./terminal/progress.js";
import { connectionOf, DataInput, DataOutput } from "./terminal/stdio.js";
import { type ColorChoice, makePaint, type Paint, useColors } from "./terminal/style.js";
import { escapeMessage } from "./text/escape.js";
import { RawPaths } from "./text/raw-paths.js";
import { wrapLines } from "./text/wrap.js";

/** Options that every command takes. */
export interface GlobalFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly noInput?: boolean;
  readonly asRoot?: boolean;
  readonly color?: ColorChoice;
  readonly progress?: ProgressChoice;
}

/** What holds when a signal ends a command that has done its work, but has not been able to tell of it. */
const DONE_BEFORE = "all was done by then: only the result could not be written";

/** Erases the line that a bar, of this process or of another on the same terminal, may have left. */
const ERASE_LINE = "\r\x1b[K";

/** The surroundings of one run of a command. */
export class Context {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  /** Standard input. */
  readonly in: DataInput;
  /** Standard output, for data only. */
  readonly out: DataOutput;
  /** Colours of stdout and of stderr. */
  readonly paint: Paint;
  readonly errorPaint: Paint;
  readonly #flags: GlobalFlags;
  readonly #paths: RawPaths;
  readonly #erases: boolean;
  #display: ProgressDisplay | null = null;
  #restore: (() => void) | null = null;
  /** How the command ends when nothing fails. */
  exitCode = 0;
  readonly #published: string[] = [];
  readonly #warned = new Set<string>();
  #holds: string | null = null;
  #completed = false;

  constructor(flags: GlobalFlags, signal: AbortSignal, paths = new RawPaths(), env: NodeJS.ProcessEnv = process.env) {
    this.#paths = paths;
    this.#flags = flags;
    this.json = flags.json === true;
    this.quiet = flags.quiet === true;
    this.verbose = flags.verbose === true;
    this.signal = signal;
    this.in = new DataInput(signal);
    this.out = new DataOutput(isatty(1), (text) => paths.text(text, this.json));
    this.paint = makePaint(useColors(flags.color, isatty(1), env));
    this.errorPaint = makePaint(useColors(flags.color, isatty(2), env));
    this.#erases = isatty(2) && env.TERM !== "dumb";
  }

  /**
   * Starts to show progress; `stopProgress` ends it.
   * @param steps what the command will do, as far as that is known
   * @param feedsPipe whether the command writes its dump to stdout
   */
  startProgress(steps: Steps = {}, feedsPipe = false): ProgressDisplay {
    const style = progressStyle({
      choice: this.#flags.progress,
      quiet: this.quiet,
      json: this.json,
      terminal: this.#erases,
      feedsPipe: feedsPipe && connectionOf(1) === "pipe",
    });
    this.#display = makeProgressDisplay(style, process.stderr, steps);
    return this.#display;
  }

  /**
   * Works from now on as the user in whose hands these places are, when root runs this. Comes before anything is opened.
   * @throws {KgdumpError} PERMISSION_DENIED
   */
  workOn(places: Places): void {
    if (this.#flags.asRoot !== true) actFor(places, process.argv.slice(2));
    const acting = actingAs();
    if (acting !== null && this.verbose && !this.json) this.say(escapeMessage(`works as user ${acting.uid.toString()}, who could change ${acting.because}`));
  }

  /**
   * Tells, when more details are wanted, which blocks of a dump are decoded without native code, and why.
   * @throws {KgdumpError} USAGE when the environment makes no sense
   */
  async tellReaders(): Promise<void> {
    if (!this.verbose || this.json) return;
    const { nativeReaders } = await import("../operations/run/native-code.js");
    for (const { name, without, why } of await nativeReaders()) if (why !== null) this.say(escapeMessage(`decodes ${name} ${without}: ${why}`));
  }

  /** Takes note that a command has taken the whole screen. @param restore puts the terminal back at once; more than once does nothing */
  takeScreen(restore: () => void): void {
    this.#restore = restore;
  }

  /** Takes note that the screen was left. */
  leaveScreen(): void {
    this.#restore = null;
  }

  /** Ends the display of progress, with the terminal as it was. */
  stopProgress(): void {
    this.#restore?.();
    this.#display?.stop();
    this.#display = null;
  }

  /** Ends the display of progress when the operation is done: what comes after that is its result, which an interrupt does not change. */
  complete(): void {
    this.stopProgress();
    this.#completed = true;
  }

  /** Whether the operation of the command is done, so that its result stands. */
  get completed(): boolean {
    return this.#completed;
  }

  /**
   * Notes a file or store that has got its final name while its operation goes on: it stays there, whatever becomes of the rest.
   * @param holds what then holds, as a sentence
   */
  readonly onPublished = (path: string, holds: string | null = null): void => {
    this.#published.push(path);
    this.#holds = holds;
  };

  /** What has got its final name of an operation that did not reach its end. */
  get published(): readonly string[] {
    return this.#completed ? [] : this.#published;
  }

  /** How results look on standard output. */
  get look(): Look {
    return { paint: this.paint, verbose: this.verbose, columns: this.out.columns };
  }

  /** The same for those on standard error. */
  get errorLook(): Look {
    return { paint: this.errorPaint, verbose: this.verbose, columns: this.#erases ? this.errorColumns : null };
  }

  /** Whether all that goes to stderr is JSON, a line each, for a program that follows the progress. */
  get tellsJson(): boolean {
    return this.#flags.progress === "json";
  }

  /** Whether stderr is a terminal that obeys control sequences. */
  get isTerminal(): boolean {
    return this.#erases;
  }

  /** The columns of the terminal that stderr is. */
  get errorColumns(): number {
    return process.stderr.columns > 0 ? process.stderr.columns : 80;
  }

  /**
   * Tells something on stderr, line by line, above the line of progress; the lines must be safe to print. They are broken at a terminal's width. Where progress
   * is JSON, all on stderr is: this is a message then.
   */
  say(text: string): void {
    if (this.tellsJson) {
      this.sayJson(jsonLine({ message: stripVTControlCharacters(text).trimEnd() }));
      return;
    }
    const shown = this.#atWidth(this.#paths.text(text, false));
    const write = (): void => void process.stderr.write(`${this.#erases ? ERASE_LINE : ""}${shown}${shown.endsWith("\n") ? "" : "\n"}`);
    if (this.#display === null) write();
    else this.#display.around(write);
  }

  #atWidth(text: string): string {
    return this.#erases ? wrapLines(text, this.errorColumns) : text;
  }

  /** Tells the result on stderr, unless it is to be quiet: as text, or as JSON where progress is. */
  tellResult(text: string, json: Json): void {
    if (this.quiet) return;
    if (this.tellsJson) this.sayJson(jsonLine({ result: json }));
    else this.say(text);
  }

  /** Writes JSON to stderr. */
  sayJson(json: string): void {
    process.stderr.write(this.#paths.text(json, true));
  }

  /** Warns on stderr, even when quiet, of each thing once; the sentence need not be safe. */
  warn(sentence: string): void {
    if (this.#warned.has(sentence)) return;
    this.#warned.add(sentence);
    if (this.tellsJson) this.sayJson(jsonLine({ warning: sentence }));
    else if (!this.json) this.say(`${this.errorPaint.yellow("warning:")} ${escapeMessage(sentence)}`);
  }

  /** What an operation warns of while it runs. */
  readonly onWarning = (sentence: string): void => {
    this.warn(sentence);
  };

  /** Tells, on a terminal, that the command was asked to stop, and does so. */
  tellStopping(): void {
    if (!this.#erases || this.quiet || this.json || this.#completed || this.#restore !== null) return;
    this.stopProgress();
    this.say("stopping … (Ctrl-C again ends it at once)");
  }

  /** Reports an error on stderr. */
  fail(error: unknown): void {
    this.stopProgress();
    const { published } = this;
    const holds = this.#completed && error instanceof Interrupted ? DONE_BEFORE : published.length === 0 ? null : this.#holds;
    if (this.json || this.tellsJson) this.sayJson(renderErrorJson(error, { published, holds }));
    else this.say(renderError(error, { paint: this.errorPaint, verbose: this.verbose, published, holds }));
  }

  /** The text that `fail` would write. */
  failure(error: unknown): string {
    if (this.json || this.tellsJson) return this.#paths.text(renderErrorJson(error), true);
    return `${this.#erases ? ERASE_LINE : ""}${this.#atWidth(this.#paths.text(renderError(error, { paint: this.errorPaint, verbose: false }), false))}`;
  }
}
