/** Where a dump is read from: a file, or a stream that is open already. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { hasCode, KgdumpError, systemError } from "../../errors.js";
import { openToRead, type ReadFile } from "../disk/name-changes.js";

/** A dump's path, or its bytes as they come. */
export type DumpInput = string | AsyncIterable<Uint8Array>;

/** The absolute path of a dump. @throws {KgdumpError} USAGE for an empty one, which would be the working directory */
export function dumpPath(path: string): string {
  if (path !== "") return resolve(path);
  throw new KgdumpError("USAGE", "the path of the dump is empty", { hint: "name the dump's file, or - for standard input" });
}

const CHUNK = 1024 * 1024;

/**
 * The bytes of a dump from its beginning, in chunks of any size; a chunk has other bytes once the next is asked for.
 * @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED, DUMP_NOT_A_DUMP for a directory, IO_FAILED; while iterating
 */
export async function* readInput(input: DumpInput): AsyncGenerator<Uint8Array> {
  if (typeof input !== "string") {
    try {
      yield* input;
    } catch (error) {
      throw systemError(error, "reading the dump from its stream");
    }
    return;
  }
  const path = dumpPath(input);
  await using file = await openInputFile(path);
  // One is read into while the other is looked at.
  let reading = Buffer.allocUnsafeSlow(CHUNK);
  let other = Buffer.allocUnsafeSlow(CHUNK);
  let next = readChunk(file.handle, reading, path);
  try {
    for (;;) {
      const chunk = await next;
      if (chunk.length === 0) return;
      [reading, other] = [other, reading];
      next = readChunk(file.handle, reading, path);
      yield chunk;
    }
  } finally {
    // A read that is under way must end before the file is closed.
    await next.catch(() => undefined);
  }
}

/** The size of a file; null for a stream, of which nobody knows what would have come, and for what is no file. */
export async function sizeOfFile(input: DumpInput): Promise<number | null> {
  if (typeof input !== "string") return null;
  return stat(input).then((found) => (found.isFile() ? found.size : null), () => null);
}

async function readChunk(handle: ReadFile, buffer: Buffer, path: string): Promise<Uint8Array> {
  try {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw systemError(error, `reading ${path}`, { path });
  }
}

/** A dump file that is open. */
export interface OpenFile extends AsyncDisposable {
  readonly handle: ReadFile;
  /** Bytes of the file, or null for a device or FIFO, which can only be read front to back. */
  readonly size: number | null;
}

/**
 * Opens a dump file for reading.
 * @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED, DUMP_NOT_A_DUMP for a directory, IO_FAILED
 */
export async function openInputFile(path: string): Promise<OpenFile> {
  let handle: ReadFile | undefined;
  try {
    const opened = await openToRead(path);
    handle = opened;
    const status = await opened.stat();
    if (status.isDirectory()) {
      const { noDumpButDirectory } = await import("../disk/recognize.js");
      throw await noDumpButDirectory(path);
    }
    let closed = false;
    return {
      handle: opened,
      size: status.isFile() ? status.size : null,
      [Symbol.asyncDispose]: async () => {
        if (closed) return;
        closed = true;
        await opened.close();
      },
    };
  } catch (error) {
    await handle?.close();
    const { missingHint } = await import("../disk/missing.js");
    throw systemError(error, `opening ${path}`, { path, missing: `there is no file ${path}`, ...(hasCode(error, "ENOENT") ? { hint: await missingHint(path) } : {}) });
  }
}
