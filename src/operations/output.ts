/** Where a dump is written to: a file that appears whole or not at all, or an open stream. */
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Writable } from "node:stream";
import { hasCode, KgdumpError, systemError } from "../errors.js";
import { outputExists, PublishedFile } from "./output-file.js";
import { StreamOutput } from "./output-stream.js";

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

async function statIfPresent(path: string): Promise<Awaited<ReturnType<typeof stat>> | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw systemError(error, `looking at ${path}`, { path });
  }
}

async function openDevice(path: string, signal: AbortSignal | undefined): Promise<DumpOutput> {
  try {
    const handle = await open(path, constants.O_WRONLY);
    return new StreamOutput(handle.createWriteStream(), signal);
  } catch (error) {
    throw systemError(error, `opening ${path}`, { path });
  }
}
