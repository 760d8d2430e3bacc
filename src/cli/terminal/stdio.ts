/**
 * Standard input and output as the commands use them: data that is written whole or fails, a reader that goes away,
 * and streams that can be given up when a signal comes.
 *
 * `process.stdout` is not used for data: it can't be destroyed, so that a write to a reader that never reads would
 * keep the process alive after an interrupt, and to a file it takes a short write for a whole one.
 */
import { closeSync, createReadStream, fstatSync, fsync, write } from "node:fs";
import { Socket } from "node:net";
import { type Readable, Writable } from "node:stream";
import { isatty } from "node:tty";
import { hasCode, KgdumpError, systemError } from "../../errors.js";
import type { LettingGo } from "../../operations/output/output-stream.js";
import { wrapLines } from "../text/wrap.js";
import { sayEnough } from "./enough.js";
import type { Pager } from "./pager.js";

/** Sends the data to a file or device by its descriptor, however many calls of the system each chunk takes. */
class DescriptorWriter extends Writable implements LettingGo {
  readonly letsGo = true;
  readonly #fd: number;

  constructor(fd: number) {
    super({ decodeStrings: true });
    this.#fd = fd;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    write(this.#fd, chunk, 0, chunk.length, null, (error, written) => {
      if (error !== null) done(error);
      else if (written < chunk.length) this._write(chunk.subarray(written), _encoding, done);
      else done();
    });
  }

  /** Syncs a file, because some file systems tell only then that there was no space. Pipes and devices can't. */
  override _final(done: (error?: Error | null) => void): void {
    fsync(this.#fd, (error) => {
      done(error === null || ["EINVAL", "ENOTSUP", "EROFS"].includes(error.code ?? "") ? null : error);
    });
  }
}

/** What a standard descriptor is connected to. */
export type Connection = "terminal" | "pipe" | "other";

/** Tells what descriptor `fd` is connected to; a socket counts as a pipe. */
export function connectionOf(fd: 0 | 1 | 2): Connection {
  // Not `process.stdout.isTTY`: merely looking at it opens a stream on the descriptor.
  if (isatty(fd)) return "terminal";
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket() ? "pipe" : "other";
}

/** A stream to stdout that can be destroyed while a write waits. Make one in a process, and no other use of stdout. */
export function openStdout(): Writable {
  switch (connectionOf(1)) {
    case "terminal":
      return process.stdout;
    case "pipe":
      return new Socket({ fd: 1, readable: false, writable: true });
    case "other":
      return new DescriptorWriter(1);
  }
}

/** Standard input, which is read once. */
export class DataInput {
  readonly #signal: AbortSignal;
  #stream: Readable | null = null;

  /** @param signal gives it up */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Reads to the end. Whoever stops before leaves it open until `leave`.
   * @throws {KgdumpError} IO_FAILED when it can't be read
   * @throws the signal's reason when it aborts
   */
  async *read(): AsyncGenerator<Uint8Array> {
    const signal = this.#signal;
    signal.throwIfAborted();
    if (fstatSync(0).isDirectory()) {
      throw new KgdumpError("DUMP_NOT_A_DUMP", "standard input is a directory, not a dump", { hint: "name the dump's file, or pipe a dump in" });
    }
    const stream: Readable =
      connectionOf(0) === "other"
        ? createReadStream("", { fd: 0, autoClose: false, highWaterMark: 1024 * 1024 })
        : new Socket({ fd: 0, readable: true, writable: false });
    this.#stream = stream;
    // Who reads meets the error; when nobody does any more, it is none.
    stream.on("error", () => undefined);
    const giveUp = (): void => {
      stream.destroy(new Error("interrupted"));
    };
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) yield chunk;
      stream.destroy();
    } catch (error) {
      signal.throwIfAborted();
      throw systemError(error, "reading standard input");
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  /**
   * Closes it, so that the producer at its other end is told.
   * @param content whether what was read is all that was wanted
   */
  leave(content: boolean): void {
    const stream = this.#stream;
    if (stream === null || stream.destroyed) return;
    if (content) sayEnough(0);
    stream.destroy();
  }
}

/** How much text is gathered before it is written to anything but a terminal. */
const GATHER_CHARACTERS = 64 * 1024;

/** Whether the error says that the reader of a pipe, or the terminal, has gone. */
function readerIsGone(error: unknown, wasTerminal: boolean): boolean {
  return hasCode(error, "EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED") || (wasTerminal && hasCode(error, "EIO", "ENXIO"));
}

/**
 * Closes standard descriptors of a terminal that has gone, when the process ends: Node would put back the terminal's settings, and ends with a failed
 * assertion when it can't.
 */
export function closeGoneTerminals(): void {
  for (const fd of [0, 1, 2]) {
    try {
      if (fstatSync(fd).isCharacterDevice() && !isatty(fd)) closeSync(fd);
    } catch {
      // It is closed already.
    }
  }
}

/** Text and bytes for stdout, with back pressure. When its reader goes away, that is no error: nothing more is written. */
export class DataOutput {
  readonly isTerminal: boolean;
  #stream: Writable | null = null;
  #pager: Pager | null = null;
  #gathered: string[] = [];
  #gatheredLength = 0;
  #closed = false;

  readonly #asShown: (text: string) => string;

  /**
   * @param isTerminal whether stdout is a terminal
   * @param asShown what is written of a text
   */
  constructor(isTerminal: boolean, asShown: (text: string) => string = (text) => text) {
    this.isTerminal = isTerminal;
    this.#asShown = asShown;
  }

  /** Whether the reader has gone, so that there is no use in making more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The columns of the terminal, or null for anything else. */
  get columns(): number | null {
    if (!this.isTerminal) return null;
    return process.stdout.columns > 0 ? process.stdout.columns : 80;
  }

  /** The rows of the terminal, or null for anything else. */
  get rows(): number | null {
    if (!this.isTerminal) return null;
    return process.stdout.rows > 0 ? process.stdout.rows : 24;
  }

  /** Whether a pager shows what is written. */
  get isPaged(): boolean {
    return this.#pager !== null;
  }

  /** Has the user's pager show what is written from now on, when stdout is a terminal. @param env the environment of the process */
  async page(env: NodeJS.ProcessEnv = process.env): Promise<void> {
    if (!this.isTerminal || this.#stream !== null || this.#closed) return;
    // Loaded here, as most commands start no program.
    const { pagerOf, startPager } = await import("./pager.js");
    const command = pagerOf(env);
    if (command === null) return;
    this.#pager = startPager(command, env);
    this.#stream = this.#pager.stream;
  }

  /** Waits until the user leaves the pager, if there is one. Nothing is written behind it. @throws {KgdumpError} as `write` does */
  async leavePager(): Promise<void> {
    const pager = this.#pager;
    if (pager === null) return;
    try {
      await this.flush();
    } finally {
      this.#closed = true;
      await pager.leave().finally(() => { this.#pager = null; });
    }
  }

  /**
   * Writes text, which must have been made safe to print.
   * @returns whether anybody still reads
   * @throws {KgdumpError} NO_SPACE, IO_FAILED, …
   */
  async write(text: string): Promise<boolean> {
    if (this.#closed) return false;
    const shown = this.#asShown(text);
    this.#gathered.push(shown);
    this.#gatheredLength += shown.length;
    if (this.isTerminal || this.#gatheredLength >= GATHER_CHARACTERS) await this.flush();
    return !this.#closed;
  }

  /** Writes sentences and tables, broken at the terminal's width. @throws {KgdumpError} as `write` does */
  async tell(text: string): Promise<boolean> {
    return this.write(this.columns === null ? text : wrapLines(text, this.columns));
  }

  /** Writes a line. @throws {KgdumpError} as `write` does */
  async line(text: string): Promise<boolean> {
    return this.write(`${text}\n`);
  }

  /** Writes bytes as they are, after the text before them. @throws {KgdumpError} as `write` does */
  async bytes(bytes: Uint8Array): Promise<boolean> {
    await this.flush();
    await this.#send(bytes);
    return !this.#closed;
  }

  /** Writes what was gathered. @throws {KgdumpError} as `write` does */
  async flush(): Promise<void> {
    const text = this.#gathered.join("");
    this.#gathered = [];
    this.#gatheredLength = 0;
    if (text.length > 0) await this.#send(Buffer.from(text, "utf8"));
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return;
    const stream = (this.#stream ??= this.#open());
    try {
      await new Promise<void>((done, failed) => {
        stream.write(bytes, (error) => {
          if (error) failed(error);
          else done();
        });
      });
    } catch (error) {
      this.#closed = true;
      if (!readerIsGone(error, this.isTerminal)) throw systemError(error, "writing to standard output");
    }
  }

  #open(): Writable {
    const stream = openStdout();
    // The write's own callback reports the error; without a listener the event would end the process.
    stream.on("error", () => undefined);
    return stream;
  }

  /** Gives up what a reader has not taken, so that nothing keeps the process alive. */
  destroy(): void {
    this.#closed = true;
    this.#stream?.destroy();
    this.#pager?.end();
  }
}

/**
 * Refuses to read a dump from a terminal.
 * @param example a command that works, for the hint
 * @throws {KgdumpError} USAGE
 */
export function refuseTerminalInput(example: string): void {
  if (connectionOf(0) !== "terminal") return;
  throw new KgdumpError("USAGE", "no dump was named, and standard input is a terminal", { hint: `for example: ${example}` });
}
