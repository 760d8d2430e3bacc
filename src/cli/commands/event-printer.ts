/** Prints the events of a migration, and appends them to its log. */
import { appendFileSync, constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { systemError } from "../../errors.js";
import { eventLine, type MigrationEvent, type OnEvent } from "../../operations/migrate/events.js";
import type { Context } from "../context.js";
import { renderEvent } from "../render/events.js";
import { jsonLine } from "../render/json/json.js";
import { escapeMessage } from "../text/escape.js";

/** Fails before anything is done when a log can't be written. @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED */
export async function checkLog(log: string | undefined): Promise<void> {
  if (log === undefined) return;
  const directory = dirname(resolve(log));
  await access(directory, constants.W_OK).catch((error: unknown) => {
    throw systemError(error, `writing the log ${log}`, { path: log, hint: `${directory} must be a directory that exists and that you may write to` });
  });
}

/** Prints each event as it happens: with `--json` to standard output; as lines of a log, or for who sits at a terminal, to standard error. */
export class EventPrinter {
  readonly #context: Context;
  readonly #log: string | undefined;
  /** What was written to standard output so far. */
  written: Promise<unknown> = Promise.resolve();

  /** @param log file that each event is appended to, if any */
  constructor(context: Context, log: string | undefined) {
    this.#context = context;
    this.#log = log;
  }

  /** @throws {KgdumpError} when the log can't be written */
  readonly onEvent: OnEvent = (event) => {
    const { json, out } = this.#context;
    const line = json ? jsonLine({ event: { ...event, facts: { ...event.facts } } }) : `${escapeMessage(eventLine(event))}\n`;
    if (this.#log !== undefined) this.#append(this.#log, line);
    // At once: whoever reads it may have to stop the service.
    if (json) this.written = this.written.then(() => out.write(line)).then(() => out.flush());
    else this.#say(event, line);
    // Its failure is met by whoever awaits it last.
    this.written.catch(() => undefined);
  };

  #say(event: MigrationEvent, line: string): void {
    const { quiet, isTerminal, errorPaint } = this.#context;
    // To ask for something is no progress: it is never silenced.
    if (quiet && event.kind !== "asks") return;
    if (!isTerminal) this.#context.say(line);
    // The line of progress tells it.
    else if (event.kind !== "goes-on") this.#context.say(renderEvent(event, errorPaint, process.stderr.columns > 0 ? process.stderr.columns : 80));
  }

  /** Comes before the line is shown: who has read it there finds it in the log. */
  #append(log: string, line: string): void {
    try {
      appendFileSync(log, line, { mode: 0o600 });
    } catch (error) {
      throw systemError(error, `writing the log ${log}`, { path: log });
    }
  }
}
