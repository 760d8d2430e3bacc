/** Prints the events of a migration, and appends them to its log. */
import { accessSync, appendFileSync, closeSync, constants, fstatSync, lstatSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { hasCode, KgdumpError, systemError } from "../../errors.js";
import { openToAppend } from "../../operations/disk/name-changes.js";
import { eventLine, type MigrationEvent, type OnEvent } from "../../operations/migrate/events.js";
import type { Context } from "../context.js";
import { renderEvent } from "../render/events.js";
import { jsonLine } from "../render/json/json.js";
import { escapeMessage } from "../text/escape.js";

/** A file to which events are appended. */
export interface EventLog {
  readonly path: string;
  readonly descriptor: number;
}

/**
 * Opens the log of events for as long as the process lives, before anything is done: a file itself, and nothing that would be waited for.
 * @param dryRun whether nothing is to be made
 * @returns undefined when there is to be none
 * @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED, IO_FAILED for what is no file
 */
export function openLog(path: string | undefined, dryRun = false): EventLog | undefined {
  if (path === undefined) return undefined;
  try {
    if (dryRun && lstatSync(path, { throwIfNoEntry: false }) === undefined) {
      accessSync(dirname(resolve(path)), constants.W_OK);
      return undefined;
    }
    const descriptor = openToAppend(path);
    const found = fstatSync(descriptor);
    if (found.isFile() || found.isCharacterDevice()) return { path, descriptor };
    closeSync(descriptor);
  } catch (error) {
    const hint = `${dirname(resolve(path))} must be a directory that exists and that you may write to`;
    if (!hasCode(error, "ELOOP", "EMLINK", "ENXIO")) throw systemError(error, `writing the log ${path}`, { path, hint });
  }
  throw new KgdumpError("IO_FAILED", `the log ${path} must be a file, but is a link or a FIFO`, { path, hint: "name the file itself" });
}

/** Prints each event as it happens: with `--json` to standard output; as lines of a log, or for who sits at a terminal, to standard error. */
export class EventPrinter {
  readonly #context: Context;
  readonly #log: EventLog | undefined;
  /** What was written to standard output so far. */
  written: Promise<unknown> = Promise.resolve();

  /** @param log that each event is appended to, if any */
  constructor(context: Context, log: EventLog | undefined) {
    this.#context = context;
    this.#log = log;
  }

  /** @throws {KgdumpError} when the log can't be written */
  readonly onEvent: OnEvent = (event) => {
    const { json, out } = this.#context;
    const line = json ? jsonOf(event) : `${escapeMessage(eventLine(event))}\n`;
    if (this.#log !== undefined) this.#append(this.#log, line);
    // At once: whoever reads it may have to stop the service.
    if (json) this.written = this.written.then(() => out.write(line)).then(() => out.flush());
    else this.#say(event, line);
    // Its failure is met by whoever awaits it last.
    this.written.catch(() => undefined);
  };

  #say(event: MigrationEvent, line: string): void {
    const { quiet, isTerminal, errorPaint, errorColumns, tellsJson } = this.#context;
    // To ask for something is no progress: it is never silenced.
    if (quiet && event.kind !== "asks") return;
    if (tellsJson) this.#context.sayJson(jsonOf(event));
    else if (!isTerminal) this.#context.say(line);
    // The line of progress tells it.
    else if (event.kind !== "goes-on") this.#context.say(renderEvent(event, errorPaint, errorColumns));
  }

  /** Comes before the line is shown: who has read it there finds it in the log. */
  #append({ path, descriptor }: EventLog, line: string): void {
    try {
      appendFileSync(descriptor, line);
    } catch (error) {
      throw systemError(error, `writing the log ${path}`, { path });
    }
  }
}

function jsonOf(event: MigrationEvent): string {
  return jsonLine({ event: { ...event, facts: { ...event.facts } } });
}
