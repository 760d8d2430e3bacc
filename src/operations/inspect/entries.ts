/** Looking into a dump: its blocks, its entries, one value. */
import { KgdumpError } from "../../errors.js";
import type { BlockInfo } from "../../format/index.js";
import { type DumpEntry, entriesOf, type EntrySelection, indexedBlocks, passingBlocks, type SelectedBlock, selectedIn } from "../dump/entries.js";
import type { DumpInput } from "../dump/input.js";
import { type IndexedDump, isDumpError, openIndexed, readEvents, type ReadOptions } from "../dump/read.js";

/** Which entries, or blocks, of a dump to list. */
export interface ListOptions extends Omit<ReadOptions, "onProgress">, EntrySelection {
  /** Entries, or blocks, at most. */
  readonly limit?: number | undefined;
}

/** One block of a dump, with the name of its keyspace. */
export interface DumpBlock extends BlockInfo {
  readonly keyspaceName: Uint8Array;
}

/** The blocks that may hold what is asked for: by the index where there is one, else front to back. */
async function* candidateBlocks(options: ListOptions, decode: boolean): AsyncGenerator<SelectedBlock, void, undefined> {
  const indexed = typeof options.input === "string" ? await tryIndex(options.input, options) : null;
  if (indexed === null) {
    if (options.reverse === true) throw needsFile(options.input);
    yield* passingBlocks(readEvents(options, decode), options);
    return;
  }
  await using open = indexed;
  yield* indexedBlocks(open.dump, options);
}

/** A file without a sound index is read front to back: what comes before the damage is listed, then it is an error. */
async function tryIndex(path: string, { maxBlockSize, reverse }: ListOptions): Promise<IndexedDump | null> {
  try {
    return await openIndexed(path, maxBlockSize);
  } catch (error) {
    // Its end is where the index is.
    if (isDumpError(error) && reverse !== true) return null;
    throw error;
  }
}

function needsFile(input: DumpInput): KgdumpError {
  return new KgdumpError("USAGE", "only a regular file can be listed from its end", {
    path: typeof input === "string" ? input : undefined,
    hint: "write the dump to a file first",
  });
}

/**
 * Lists blocks, in order.
 * @throws {KgdumpError} DUMP_*, KEYSPACE_UNKNOWN, NOT_FOUND, …; while iterating
 */
export async function* listBlocks(options: ListOptions): AsyncGenerator<DumpBlock> {
  let remaining = options.limit ?? Infinity;
  if (remaining <= 0) return;
  for await (const { info, keyspace } of candidateBlocks(options, false)) {
    yield { ...info, keyspaceName: keyspace };
    remaining -= 1;
    if (remaining <= 0) return;
  }
}

/**
 * Lists entries, in order. Of a complete file only the blocks that may hold them are read.
 * @throws {KgdumpError} DUMP_*, KEYSPACE_UNKNOWN, NOT_FOUND, …; while iterating
 */
export function listEntries(options: ListOptions): AsyncGenerator<DumpEntry, void, undefined> {
  return entriesOf(candidateBlocks(options, true), options);
}

/** Which value to get. */
export interface GetOptions extends Pick<EntrySelection, "keyspaces" | "signal"> {
  /** The dump: a file's path, or a stream, which is read until the key is found. */
  readonly input: DumpInput;
  /** The key to look for. */
  readonly key: Uint8Array;
  /** The keyspace to look in; without it all are looked into, in the dump's order. */
  readonly keyspace?: EntrySelection["keyspace"];
  /** Decoded bytes that a block may have; default: the format's limit. */
  readonly maxBlockSize?: number | undefined;
}

/**
 * Gets one entry of a dump; of a file by its index, without reading the rest.
 * @returns undefined when the dump does not have the key
 * @throws {KgdumpError} DUMP_*, KEYSPACE_UNKNOWN, NOT_FOUND, …; USAGE when the path is no regular file
 */
export async function getEntry(options: GetOptions): Promise<DumpEntry | undefined> {
  const { input, key } = options;
  if (typeof input !== "string") return getPassing(options);
  await using indexed = await openIndexed(input, options.maxBlockSize);
  if (indexed === null) {
    throw new KgdumpError("USAGE", "a single key can only be read from a regular file", {
      path: input,
      hint: "list the entries with a prefix instead, which works on a pipe too",
    });
  }
  const { dump } = indexed;
  const selected = selectedIn(dump.header, options);
  for (const [index, keyspace] of dump.header.keyspaces.entries()) {
    if (selected[index] !== true) continue;
    const value = await dump.get(index, key);
    if (value !== undefined) return { keyspace: keyspace.name, key, value };
  }
  return undefined;
}

async function getPassing({ key, ...options }: GetOptions): Promise<DumpEntry | undefined> {
  // Of all keys that begin with this one, it can be the last.
  for await (const entry of listEntries({ ...options, prefix: key })) {
    if (Buffer.compare(entry.key, key) === 0) return entry;
  }
  return undefined;
}
