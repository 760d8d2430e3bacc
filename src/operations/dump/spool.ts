/** Keeping a stream in a temporary file that has no name, for what reads a dump at any place or more than once. */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemError } from "../../errors.js";
import { writeAll } from "../output/output-file.js";
import { type DumpInput, type OpenFile, readInput } from "./input.js";

/**
 * Reads a stream to its end into a temporary file. Its name is removed before anything is written, so that nothing can be left of it.
 * @returns the open file; its room is free again when it is closed
 * @throws {KgdumpError} NO_SPACE, PERMISSION_DENIED, IO_FAILED, and what the stream throws
 * @throws the signal's reason when it aborts
 */
export async function spool(input: DumpInput, signal?: AbortSignal): Promise<OpenFile> {
  const directory = tmpdir();
  const handle = await nameless(directory);
  try {
    let size = 0;
    for await (const chunk of readInput(input)) {
      signal?.throwIfAborted();
      await append(handle, chunk, directory);
      size += chunk.length;
    }
    return { handle, size, [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function nameless(directory: string): Promise<FileHandle> {
  const path = join(directory, `kgdump-${randomBytes(8).toString("hex")}.kgd`);
  try {
    const handle = await open(path, "wx+", 0o600);
    await unlink(path);
    return handle;
  } catch (error) {
    throw systemError(error, `creating a file in ${directory}`, { path: directory, hint: "set TMPDIR to a directory that you may write to" });
  }
}

async function append(handle: FileHandle, chunk: Uint8Array, directory: string): Promise<void> {
  try {
    await writeAll(handle, [chunk]);
  } catch (error) {
    throw systemError(error, `keeping the stream in ${directory}`, { path: directory, hint: "set TMPDIR to a directory with room for all of the dump" });
  }
}
