/**
 * Where a dump is written to: a file that appears whole or not at all, or an open stream.
 *
 * A file is written as a random sibling (O_EXCL, mode 0600), synced, closed, and only then given its name: by a hard
 * link, which never replaces what is there, or by a rename with `force`. Then the directory is synced.
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { finished } from "node:stream/promises";
import type { Writable } from "node:stream";
import { KgdumpError, systemError } from "../errors.js";

/** A place that takes the bytes of one dump. Exactly one of `commit` and `discard` ends it. */
export interface DumpOutput {
  /** Absolute path of the file, or null for a stream. */
  readonly path: string | null;
  /** Where a file's bytes are before `commit`; a stream has none. */
  readonly temporary?: string;
  /** Writes the chunks in order; resolves when more may come, and nothing refers to the chunks' memory any more. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Makes the dump durable and visible. */
  commit(): Promise<void>;
  /**
   * Ends without a dump: a file's bytes are removed, a stream gets the bytes of `last` as its end, so that its reader
   * knows. Never throws: the error that led here is the one to report.
   */
  discard(last: () => readonly Uint8Array[]): Promise<void>;
}

/**
 * Opens the output of an export.
 * @param target a path, or an open stream that is ended by commit and discard
 * @param options force: a file that exists may be replaced; signal: a write that waits for a slow reader gives up
 * @throws {KgdumpError} OUTPUT_EXISTS, NOT_FOUND, PERMISSION_DENIED, NO_SPACE, IO_FAILED
 */
export async function openOutput(
  target: string | Writable,
  options: { force: boolean; signal?: AbortSignal | undefined },
): Promise<DumpOutput> {
  if (typeof target !== "string") return new StreamOutput(target, options.signal);
  const path = resolve(target);
  const present = await statIfPresent(path);
  if (present?.isDirectory() === true) {
    throw new KgdumpError("OUTPUT_EXISTS", `cannot write a dump to ${path}: it is a directory`, {
      path,
      hint: `name a file, such as ${join(path, "graph.kgd")}`,
    });
  }
  // A device or a FIFO (/dev/stdout, /dev/null) can't be published by a rename: it takes the bytes as they come.
  if (present !== null && !present.isFile()) return openDevice(path, options.signal);
  if (present !== null && !options.force) throw outputExists(path);
  return PublishedFile.create(path, options.force);
}

function outputExists(path: string): KgdumpError {
  return new KgdumpError("OUTPUT_EXISTS", `${path} exists already`, {
    path,
    hint: "choose another name, or replace it with --force",
  });
}

async function statIfPresent(path: string): Promise<Awaited<ReturnType<typeof stat>> | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw systemError(error, `looking at ${path}`, { path });
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

async function openDevice(path: string, signal: AbortSignal | undefined): Promise<DumpOutput> {
  try {
    const handle = await open(path, constants.O_WRONLY);
    return new StreamOutput(handle.createWriteStream(), signal);
  } catch (error) {
    throw systemError(error, `opening ${path}`, { path });
  }
}

/** Syncs a directory, so that a name in it survives a power loss. File systems that can't do that are let be. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    if (!hasCode(error, "EINVAL", "ENOTSUP")) throw error;
  } finally {
    await handle.close();
  }
}

/** Writes all the chunks, however many calls of the system it takes. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = chunks.filter((chunk) => chunk.length > 0);
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest);
    const next: Uint8Array[] = [];
    for (const chunk of rest) {
      if (bytesWritten >= chunk.length) bytesWritten -= chunk.length;
      else {
        next.push(chunk.subarray(bytesWritten));
        bytesWritten = 0;
      }
    }
    rest = next;
  }
}

function temporaryPrefix(path: string): string {
  return `.${basename(path).slice(0, 200)}.`;
}

/** Removes what killed exports to a file left. The caller knows that no other one is at work. */
export async function clearTemporaries(path: string): Promise<void> {
  const [directory, prefix] = [dirname(path), temporaryPrefix(path)];
  for (const name of await readdir(directory).catch(() => [])) {
    if (name.startsWith(prefix) && /^[0-9a-f]{16}\.tmp$/.test(name.slice(prefix.length))) await rm(join(directory, name), { force: true });
  }
}

class PublishedFile implements DumpOutput {
  readonly path: string;
  readonly temporary: string;
  readonly #force: boolean;
  #handle: FileHandle | null;

  private constructor(path: string, temporary: string, handle: FileHandle, force: boolean) {
    this.path = path;
    this.temporary = temporary;
    this.#handle = handle;
    this.#force = force;
  }

  static async create(path: string, force: boolean): Promise<PublishedFile> {
    const temporary = join(dirname(path), `${temporaryPrefix(path)}${randomBytes(8).toString("hex")}.tmp`);
    try {
      const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
      return new PublishedFile(path, temporary, handle, force);
    } catch (error) {
      throw systemError(error, `creating a file in ${dirname(path)}`, {
        path,
        hint: "choose a directory that exists and that you may write to",
      });
    }
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#handle === null) throw new TypeError("the output was ended");
    try {
      await writeAll(this.#handle, chunks);
    } catch (error) {
      throw systemError(error, `writing ${this.path}`, { path: this.path });
    }
  }

  async commit(): Promise<void> {
    const handle = this.#handle;
    if (handle === null) throw new TypeError("the output was ended");
    try {
      await handle.sync();
      await this.#close();
      await this.#publish();
      await syncDirectory(dirname(this.path));
    } catch (error) {
      throw systemError(error, `publishing ${this.path}`, { path: this.path });
    }
  }

  async #publish(): Promise<void> {
    if (this.#force) {
      await rename(this.temporary, this.path);
      return;
    }
    try {
      await link(this.temporary, this.path);
    } catch (error) {
      if (hasCode(error, "EEXIST")) throw outputExists(this.path);
      if (!hasCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL")) throw error;
      await this.#publishWithoutLinks();
      return;
    }
    await unlink(this.temporary);
  }

  /** On file systems without hard links (FAT, some network ones): the name is claimed first, then replaced. */
  async #publishWithoutLinks(): Promise<void> {
    try {
      await (await open(this.path, "wx", 0o600)).close();
    } catch (error) {
      if (hasCode(error, "EEXIST")) throw outputExists(this.path);
      throw error;
    }
    await rename(this.temporary, this.path);
  }

  async discard(): Promise<void> {
    await this.#close().catch(() => undefined);
    await unlink(this.temporary).catch(() => undefined);
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }
}

/** How long the end of a failed dump waits for a reader that does not read. */
const FAREWELL_MS = 2_000;

class StreamOutput implements DumpOutput {
  readonly path = null;
  readonly #stream: Writable;
  readonly #signal: AbortSignal | undefined;
  readonly #ended: Promise<void>;
  #error: unknown = undefined;

  constructor(stream: Writable, signal: AbortSignal | undefined) {
    this.#stream = stream;
    this.#signal = signal;
    this.#ended = finished(stream, { readable: false, cleanup: true });
    this.#ended.catch((error: unknown) => {
      this.#error = error;
    });
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    try {
      // Also when the signal has come: what was made of the dump must be in front of its abort frame.
      await until(this.#send(chunks), this.#signal);
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw streamError(this.#error ?? error);
    }
  }

  /** Resolves when the stream has taken the bytes. It gets a copy: it may hold them on after that, as a PassThrough does. */
  async #send(chunks: readonly Uint8Array[]): Promise<void> {
    await new Promise<void>((done, failed) => {
      this.#stream.write(Buffer.concat(chunks), (error) => {
        if (error) failed(error);
        else done();
      });
    });
  }

  async commit(): Promise<void> {
    try {
      this.#stream.end();
      await until(this.#ended, this.#signal);
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw streamError(error);
    }
  }

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
      if (this.#error === undefined) await until(farewell(), patience.signal);
    } catch {
      // The error that led here is the one to report.
    } finally {
      clearTimeout(timer);
      this.#stream.destroy();
    }
  }
}

/** Waits for `work`, but no longer than until the signal aborts; then throws the signal's reason. */
async function until(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  const { promise: aborted, resolve, reject } = withResolvers();
  const onAbort = (): void => {
    reject(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => undefined);
    aborted.catch(() => undefined);
    resolve();
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (reason: unknown) => void } {
  let resolve: () => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}

function streamError(error: unknown): KgdumpError {
  if (hasCode(error, "EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED")) {
    return new KgdumpError("BROKEN_PIPE", "the reader of the dump went away before its end", {
      cause: error,
      hint: "see what the command at the other end of the pipe says",
    });
  }
  return systemError(error, "writing the dump");
}

/** Whether something, even a dangling link, has this name. */
export async function nameIsTaken(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw systemError(error, `looking at ${path}`, { path });
  }
}
