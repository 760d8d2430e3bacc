/** A dump's way into a stream: a pipe, a socket, a device. */
import { WriteStream } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { hasCode, KgdumpError, systemError } from "../../errors.js";
import { orAborted } from "../run/ordered-queue.js";
import type { DumpOutput } from "./dump-output.js";

/** How long the end of a failed dump waits for a reader that does not read. */
const FAREWELL_MS = 1_000;

/** A stream that says of itself that it holds on to no bytes once it has told that they are written. */
export interface LettingGo {
  readonly letsGo: true;
}

/** Whether a stream needs no copy of its own of the bytes; one that passes them on, as a PassThrough does, may hold them longer. */
function letsGo(stream: Writable): boolean {
  return stream instanceof Socket || stream instanceof WriteStream || ("letsGo" in stream && stream.letsGo === true);
}

/** A stream that takes the bytes as they come; it is ended by commit and discard. */
export class StreamOutput implements DumpOutput {
  readonly path = null;
  readonly #stream: Writable;
  readonly #signal: AbortSignal | undefined;
  readonly #what: string;
  readonly #ended: Promise<void>;
  readonly #letsGo: boolean;
  #error: unknown = undefined;
  /** Ends the write that waits. A stream that is destroyed never says so of what it was just writing. */
  #fail: ((error: unknown) => void) | undefined;

  /** @param what it takes, by its name in messages */
  constructor(stream: Writable, signal: AbortSignal | undefined, what = "dump") {
    this.#stream = stream;
    this.#what = what;
    this.#signal = signal;
    this.#letsGo = letsGo(stream);
    this.#ended = finished(stream, { readable: false, cleanup: true });
    this.#ended.catch((error: unknown) => {
      this.#error = error;
      this.#fail?.(error);
    });
  }

  /** Hands the chunks over. @throws {KgdumpError} BROKEN_PIPE, NO_SPACE, IO_FAILED @throws the signal's reason */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    try {
      // Also when the signal has come: what was made of the dump must be in front of its abort frame.
      await orAborted(this.#send(chunks), this.#signal);
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw streamError(this.#error ?? error, this.#what);
    }
  }

  /** Resolves when the stream has taken the bytes, and holds none of them. */
  async #send(chunks: readonly Uint8Array[]): Promise<void> {
    const parts = this.#letsGo ? chunks : [Buffer.concat(chunks)];
    this.#stream.cork();
    const written = parts.map(
      (part) =>
        new Promise<void>((done, failed) => {
          this.#stream.write(part, (error) => {
            if (error) failed(error);
            else done();
          });
        }),
    );
    this.#stream.uncork();
    await new Promise<void>((done, failed) => {
      this.#fail = failed;
      Promise.all(written).then(() => { done(); }, failed);
    });
  }

  /** Ends the stream, and waits until it has taken everything. @throws as write */
  async commit(): Promise<void> {
    try {
      this.#stream.end();
      await orAborted(this.#ended, this.#signal);
      // Node calls one finished that was destroyed when it had taken all bytes, and had not done its last work.
      if (!this.#stream.writableFinished) throw Object.assign(new Error("Premature close"), { code: "ERR_STREAM_PREMATURE_CLOSE" });
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw streamError(error, this.#what);
    }
  }

  /** Sends `last`, if the stream takes it within two seconds, and ends the stream. */
  async discard(last: () => readonly Uint8Array[]): Promise<void> {
    const patience = new AbortController();
    const timer = setTimeout(() => {
      patience.abort();
    }, FAREWELL_MS);
    try {
      const farewell = async (): Promise<void> => {
        await this.#send(last());
        this.#stream.end();
        await this.#ended;
      };
      if (this.#error === undefined) await orAborted(farewell(), patience.signal);
    } catch {
      // The error that led here is the one to report.
    } finally {
      clearTimeout(timer);
      this.#stream.destroy();
    }
  }
}

function streamError(error: unknown, what: string): KgdumpError {
  // The last is that of a reader that stops amid `for await`.
  if (hasCode(error, "EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED", "ABORT_ERR")) {
    return new KgdumpError("BROKEN_PIPE", `the reader of the ${what} went away before its end`, {
      cause: error,
      hint: "see what the program at the other end of the pipe says; if it had read enough, all is well",
    });
  }
  return systemError(error, `writing the ${what}`);
}
