/** Reading a dump: front to back, or by its index. */
import { resolve } from "node:path";
import { KgdumpError } from "../../errors.js";
import { type DumpEvent, DumpFile, readDump } from "../../format/index.js";
import type { WithProgress } from "../run/progress.js";
import { loadCodec, loadUnpackers } from "./codecs.js";
import { type DumpInput, dumpPath, type OpenFile, openInputFile, readInput } from "./input.js";
import { randomAccess } from "./random-access.js";

/** How a dump is read. */
export interface ReadOptions extends WithProgress {
  readonly input: DumpInput;
  /** Decoded bytes that a block may have; default: the format's limit. */
  readonly maxBlockSize?: number | undefined;
}

/**
 * Reads a dump front to back.
 * @param decode whether blocks are decoded and their entries checked
 * @throws {KgdumpError} DUMP_* with the dump's path, and what readInput throws; while iterating
 * @throws the signal's reason when it aborts
 */
export async function* readEvents(
  options: Pick<ReadOptions, "input" | "maxBlockSize" | "signal">,
  decode: boolean,
): AsyncGenerator<DumpEvent> {
  try {
    yield* readDump(readInput(options.input), {
      loadCodec: (name) => loadCodec(name),
      decode,
      unpackerOf: decode ? await loadUnpackers() : undefined,
      limits: options.maxBlockSize === undefined ? {} : { rawBlock: options.maxBlockSize },
      signal: options.signal,
    });
  } catch (error) {
    if (isDumpError(error) && typeof options.input === "string") throw error.withPath(resolve(options.input));
    throw error;
  }
}

/** An open dump file with its index. */
export interface IndexedDump extends AsyncDisposable {
  readonly dump: DumpFile;
  readonly bytes: number;
}

/**
 * Opens a dump by its index.
 * @returns null when it is no regular file, so that it has to be read front to back
 * @throws {KgdumpError} DUMP_* when it is cut short or its index is damaged
 */
export async function openIndexed(path: string, maxBlockSize?: number): Promise<IndexedDump | null> {
  const file = await openInputFile(dumpPath(path));
  if (file.size !== null) {
    return await indexedIn(file, path, maxBlockSize).catch((error: unknown) => {
      throw error instanceof KgdumpError ? error.withPath(resolve(path)) : error;
    });
  }
  await file[Symbol.asyncDispose]();
  return null;
}

/**
 * Takes an open file for a dump and opens that by its index; the file is closed with it, or when that fails.
 * @param name of the file, for errors
 * @throws {KgdumpError} DUMP_* when it is cut short or its index is damaged
 */
export async function indexedIn(file: OpenFile, name: string, maxBlockSize?: number): Promise<IndexedDump> {
  try {
    const dump = await DumpFile.open(randomAccess(file, name), {
      loadCodec: (codec) => loadCodec(codec),
      limits: maxBlockSize === undefined ? {} : { rawBlock: maxBlockSize },
    });
    return { dump, bytes: file.size ?? 0, [Symbol.asyncDispose]: () => file[Symbol.asyncDispose]() };
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether an error says that the dump itself is damaged or cut short. */
export function isDumpError(error: unknown): error is KgdumpError {
  return error instanceof KgdumpError && error.code.startsWith("DUMP_");
}
