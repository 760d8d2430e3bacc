/** Looking into a dump: its blocks, its entries, one value. */
import { KgdumpError } from "../../errors.js";
import { type BlockInfo, type DumpHeader, iterateEntries, type KeyOrder, rangeMayHoldPrefix } from "../../format/index.js";
import type { DumpEntry } from "../dump/open-dump.js";
import { type IndexedDump, isDumpError, openIndexed, readEvents, type ReadOptions } from "../dump/read.js";
import { startsWith } from "../entries/filter.js";
import { type KeyspaceName, selectKeyspaces } from "../entries/keyspaces.js";

/** Which entries of a dump to list. */
export interface ListOptions extends ReadOptions {
  /** Only this keyspace; all when undefined. */
  readonly keyspace?: KeyspaceName | undefined;
  /** Only these keyspaces, besides `keyspace`; all when both are undefined. */
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  readonly prefix?: Uint8Array | undefined;
  /** Entries, or blocks, at most. */
  readonly limit?: number | undefined;
}

/** One block of a dump, with the name of its keyspace. */
export interface DumpBlock extends BlockInfo {
  readonly keyspaceName: Uint8Array;
}

function chosen(header: DumpHeader, selection: Pick<ListOptions, "keyspace" | "keyspaces">): boolean[] {
  const { keyspace, keyspaces } = selection;
  const names = header.keyspaces.map(({ name }) => name);
  const wanted = [...(keyspace === undefined ? [] : [keyspace]), ...(keyspaces ?? [])];
  return selectKeyspaces(names, { only: keyspace === undefined && keyspaces === undefined ? undefined : wanted });
}

function mayMatch(block: BlockInfo, order: KeyOrder, prefix: Uint8Array | undefined): boolean {
  return prefix === undefined || rangeMayHoldPrefix(order, block.firstKey, block.lastKey, prefix);
}

interface DecodedBlock {
  readonly info: DumpBlock;
  readonly raw: () => Promise<Uint8Array>;
}

/** The blocks that may hold what is asked for: by the index where there is one, else front to back. */
async function* candidateBlocks(options: ListOptions, decode: boolean): AsyncGenerator<DecodedBlock> {
  const indexed = typeof options.input === "string" ? await tryIndex(options.input, options.maxBlockSize) : null;
  if (indexed === null) {
    yield* streamedBlocks(options, decode);
    return;
  }
  await using open = indexed;
  const { dump } = open;
  const selected = chosen(dump.header, options);
  for (const [index, keyspace] of dump.header.keyspaces.entries()) {
    if (selected[index] !== true) continue;
    for await (const block of dump.blocks(index)) {
      options.signal?.throwIfAborted();
      if (!mayMatch(block, keyspace.comparator, options.prefix)) continue;
      yield { info: { ...block, keyspaceName: keyspace.name }, raw: () => dump.readBlock(block) };
    }
  }
}

/** A file without a sound index is read front to back: what comes before the damage is listed, then it is an error. */
async function tryIndex(path: string, maxBlockSize: number | undefined): Promise<IndexedDump | null> {
  try {
    return await openIndexed(path, maxBlockSize);
  } catch (error) {
    if (isDumpError(error)) return null;
    throw error;
  }
}

async function* streamedBlocks(options: ListOptions, decode: boolean): AsyncGenerator<DecodedBlock> {
  let header: DumpHeader | undefined;
  let selected: boolean[] = [];
  for await (const event of readEvents(options, decode)) {
    if (event.type === "header") {
      header = event.header;
      selected = chosen(header, options);
    }
    if (event.type !== "block" || selected[event.block.keyspace] !== true) continue;
    const keyspace = header?.keyspaces[event.block.keyspace];
    if (keyspace === undefined || !mayMatch(event.block, keyspace.comparator, options.prefix)) continue;
    yield {
      info: { ...event.block, keyspaceName: keyspace.name },
      raw: () => Promise.resolve(event.raw ?? new Uint8Array(0)),
    };
  }
}

/**
 * Lists blocks, in order.
 * @throws {KgdumpError} DUMP_*, KEYSPACE_UNKNOWN, NOT_FOUND, …; while iterating
 */
export async function* listBlocks(options: ListOptions): AsyncGenerator<DumpBlock> {
  let remaining = options.limit ?? Infinity;
  if (remaining <= 0) return;
  for await (const { info } of candidateBlocks(options, false)) {
    yield info;
    remaining -= 1;
    if (remaining <= 0) return;
  }
}

/**
 * Lists entries, in order. Of a complete file only the blocks that may hold the prefix are read.
 * @throws {KgdumpError} DUMP_*, KEYSPACE_UNKNOWN, NOT_FOUND, …; while iterating
 */
export async function* listEntries(options: ListOptions): AsyncGenerator<DumpEntry> {
  let remaining = options.limit ?? Infinity;
  if (remaining <= 0) return;
  for await (const { info, raw } of candidateBlocks(options, true)) {
    for (const { key, value } of iterateEntries(await raw())) {
      if (options.prefix !== undefined && !startsWith(key, options.prefix)) continue;
      yield { keyspace: info.keyspaceName, key, value };
      remaining -= 1;
      if (remaining <= 0) return;
    }
  }
}

/** Which value to get. */
export interface GetOptions {
  /** Path of a dump file. */
  readonly path: string;
  readonly key: Uint8Array;
  /** The keyspace to look in; without it all are looked into, in the dump's order. */
  readonly keyspace?: KeyspaceName | undefined;
  /** The keyspaces to look in, besides `keyspace`. */
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  readonly maxBlockSize?: number | undefined;
}

/**
 * Gets one entry of a dump file by its index, without reading the rest.
 * @returns undefined when the dump does not have the key
 * @throws {KgdumpError} DUMP_*, KEYSPACE_UNKNOWN, NOT_FOUND, …; USAGE when the path is no regular file
 */
export async function getEntry(options: GetOptions): Promise<DumpEntry | undefined> {
  await using indexed = await openIndexed(options.path, options.maxBlockSize);
  if (indexed === null) {
    throw new KgdumpError("USAGE", "one key can only be got from a regular file", {
      path: options.path,
      hint: "list the entries with a prefix instead, which works on a pipe too",
    });
  }
  const { dump } = indexed;
  const selected = chosen(dump.header, options);
  for (const [index, keyspace] of dump.header.keyspaces.entries()) {
    if (selected[index] !== true) continue;
    const value = await dump.get(index, options.key);
    if (value !== undefined) return { keyspace: keyspace.name, key: options.key, value };
  }
  return undefined;
}
