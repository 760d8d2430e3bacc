/** A temporary file that has no name any more as soon as it is open: whatever happens to the process, nothing of it stays behind. */
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KgdumpError, systemError } from "../../errors.js";

/** Bytes that are appended, and read again at any place. */
export class RunFile implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #directory: string;
  #length = 0;

  private constructor(handle: FileHandle, directory: string) {
    this.#handle = handle;
    this.#directory = directory;
  }

  /**
   * Makes one in the system's directory for temporary files, which the environment variable TMPDIR names.
   * @throws {KgdumpError} PERMISSION_DENIED, NO_SPACE, NOT_FOUND, IO_FAILED
   */
  static async create(): Promise<RunFile> {
    const place = tmpdir();
    let directory: string | undefined;
    try {
      directory = await mkdtemp(join(place, "kgdump-graph-"));
      return new RunFile(await open(join(directory, "runs"), "wx+", 0o600), place);
    } catch (error) {
      throw failure(error, "making a file for the graph check", place);
    } finally {
      if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    }
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Appends bytes. @throws {KgdumpError} NO_SPACE, IO_FAILED */
  async append(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at, this.#length);
        at += bytesWritten;
        this.#length += bytesWritten;
      }
    } catch (error) {
      throw failure(error, "writing the graph check's temporary file", this.#directory);
    }
  }

  /** Fills `buffer` with what was written at `offset`. @throws {KgdumpError} IO_FAILED */
  async read(buffer: Uint8Array, offset: number): Promise<void> {
    try {
      for (let at = 0; at < buffer.length;) {
        const { bytesRead } = await this.#handle.read(buffer, at, buffer.length - at, offset + at);
        if (bytesRead === 0) throw new Error("it is shorter than what was written to it");
        at += bytesRead;
      }
    } catch (error) {
      throw failure(error, "reading the graph check's temporary file", this.#directory);
    }
  }

  /** Gives its space back; a second call does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

function failure(error: unknown, what: string, path: string): KgdumpError {
  return systemError(error, what, { path, hint: "name another directory with the environment variable TMPDIR; it takes up to 100 bytes for each entry of the graph" });
}
