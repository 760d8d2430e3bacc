/** Looking into dumps without opening them for long: a path by its index, a stream as it comes. */
import type { Missing as InnerMissing } from "../operations/dump/salvaged.js";
import type { DumpEntry as InnerEntry } from "../operations/dump/entries.js";
import type { DumpInput } from "../operations/dump/input.js";
import type { DumpProblem as InnerProblem, DumpSummary as InnerSummary, KeyspaceSummary as InnerKeyspace } from "../operations/dump/summary.js";
import { type DumpBlock as InnerBlock, type GetOptions as InnerGet, getEntry as get, listBlocks as blocks, listEntries as entries, type ListOptions as InnerList } from "../operations/inspect/entries.js";
import { inspectDump as inspect, type InspectOptions as InnerInspect } from "../operations/inspect/inspect.js";
import { getStoreEntry as getInStore, inspectStore as inspectOne, type GetStoreOptions as InnerGetStore, type InspectStoreOptions as InnerInspectStore, listStoreEntries as storeEntries, type ListStoreOptions as InnerListStore, type StoreKeyspace as InnerStoreKeyspace, type StoreSummary as InnerStoreSummary } from "../operations/inspect/store.js";
import type { PrefixSample as InnerSample } from "../operations/entries/prefix-jumps.js";
import type { PrefixShare as InnerShare } from "../operations/entries/prefixes.js";
import { argumentsOf } from "./call.js";
import { bytes, flag, input, keyspace, keyspaces, listener, optional, path, signal } from "./checks.js";
import { blockBytes, PROGRESS, READING } from "./common.js";
import { asBuffer, type Options, type Public, publish } from "./public.js";
import { type DumpEntry, publishEntries, SELECTION } from "./dumps.js";
import { nameText } from "../name-text.js";

/** A dump in short. */
export type DumpSummary = Public<InnerSummary>;
/** One keyspace of a dump, as far as it was read. */
export type KeyspaceSummary = Public<InnerKeyspace>;
/** Why a dump is not complete. */
export type DumpProblem = Public<InnerProblem>;
/** What a salvaged dump lacks. */
export type Missing = Public<InnerMissing>;
/** How a dump is looked at. */
export type InspectOptions = Options<InnerInspect, "input">;
/** Which entries, or blocks, of a dump to list. */
export type ListOptions = Options<InnerList, "input">;
/** One block of a dump, with the name of its keyspace. */
export type DumpBlock = Public<InnerBlock>;
/** Which value to get. */
export type GetOptions = Options<InnerGet, "input">;

/** What keys of a dump begin with, and how much there is of it. */
export type PrefixShare = Public<InnerShare>;
/** A store in short. */
export type StoreSummary = Public<InnerStoreSummary>;
/** One keyspace of a store, as far as is known without reading it. */
export type StoreKeyspace = Public<InnerStoreKeyspace>;
/** What keys of a store begin with. */
export type PrefixSample = Public<InnerSample>;
/** How a store is looked at. */
export type InspectStoreOptions = Options<InnerInspectStore, "store">;
/** Which entries of a store to list. */
export type ListStoreOptions = Options<InnerListStore, "store">;
/** Which value of a store to get. */
export type GetStoreOptions = Options<InnerGetStore, "store">;

const inspectArguments = argumentsOf<InnerInspect>("inspectDump", "input", { input, check: optional(flag), maxBlockSize: blockBytes, ...PROGRESS });
const LIST = { input, maxBlockSize: blockBytes, ...SELECTION };
const entryArguments = argumentsOf<InnerList>("listEntries", "input", LIST);
const blockArguments = argumentsOf<InnerList>("listBlocks", "input", LIST);
const getArguments = argumentsOf<InnerGet>("getEntry", "input", {
  input, key: bytes, keyspace: optional(keyspace), keyspaces: optional(keyspaces), maxBlockSize: blockBytes, signal: optional(signal),
});

const STORE = { ...READING, store: path, signal: optional(signal) };
const { keyspace: _, ...CHOICE } = SELECTION;
const storeArguments = argumentsOf<InnerInspectStore>("inspectStore", "store", STORE);
const storeEntryArguments = argumentsOf<InnerListStore>("listStoreEntries", "store", { ...STORE, ...CHOICE, onWarning: optional(listener) });
const storeGetArguments = argumentsOf<InnerGetStore>("getStoreEntry", "store", { ...STORE, key: bytes, keyspaces: optional(keyspaces), onWarning: optional(listener) });

/**
 * Sums up a dump. Of a complete file only the header, the footer and the index are read; a stream, and a file that is
 * cut short or was salvaged with gaps, is read front to back, with every checksum checked but no block decoded.
 * @param input path of a dump, or a stream of its bytes
 * @returns a summary, with `problem` set when the dump is damaged or cut short after its header
 * @throws {KgdumpError} USAGE, DUMP_* when not even the header can be read, NOT_FOUND, PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function inspectDump(input: DumpInput, options?: InspectOptions): Promise<DumpSummary> {
  return publish(await inspect(inspectArguments(input, options)));
}

/**
 * Lists entries, keyspace by keyspace, each in its order. Of a complete file only the blocks that may hold them are read; a stream is read as it comes.
 * @param input path of a dump, or a stream of its bytes
 * @throws {KgdumpError} USAGE, at once; DUMP_*, KEYSPACE_UNKNOWN, NOT_FOUND, …, while iterating
 * @throws the signal's reason when it aborts
 */
export function listEntries(input: DumpInput, options?: ListOptions): AsyncGenerator<DumpEntry, void, undefined> {
  return publishEntries(entries(entryArguments(input, options)));
}

/**
 * Lists blocks that may hold what is asked for, in order.
 * @param input path of a dump, or a stream of its bytes
 * @throws {KgdumpError} USAGE, at once; DUMP_*, KEYSPACE_UNKNOWN, NOT_FOUND, …, while iterating
 * @throws the signal's reason when it aborts
 */
export function listBlocks(input: DumpInput, options?: ListOptions): AsyncGenerator<DumpBlock, void, undefined> {
  return published(blocks(blockArguments(input, options)));
}

async function* published(found: AsyncIterable<InnerBlock>): AsyncGenerator<DumpBlock, void, undefined> {
  for await (const block of found) yield publish(block);
}

/**
 * Gets one entry of a dump: of a file by its index, without reading the rest; a stream is read until the key is found. To get several, use `openDump`.
 * @param input path of a dump, or a stream of its bytes
 * @returns undefined when the dump does not have the key
 * @throws {KgdumpError} USAGE, DUMP_*, KEYSPACE_UNKNOWN, NOT_FOUND, …
 * @throws the signal's reason when it aborts
 */
export async function getEntry(input: DumpInput, options: GetOptions): Promise<DumpEntry | undefined> {
  return publishEntry(await get(getArguments(input, options)));
}

function publishEntry(found: InnerEntry | undefined): DumpEntry | undefined {
  if (found === undefined) return undefined;
  const { keyspace: name, key, value } = found;
  return { keyspace: asBuffer(name), keyspaceText: nameText(name), key: asBuffer(key), value: value === null ? null : asBuffer(value) };
}

/**
 * Sums up a store of any engine. It is only read, and its entries are not, but a few keys.
 * @param store directory of the store
 * @throws {KgdumpError} USAGE, STORE_* when it can't be opened, PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function inspectStore(store: string, options?: InspectStoreOptions): Promise<StoreSummary> {
  return publish(await inspectOne(storeArguments(store, options)));
}

/**
 * Lists entries of a store, keyspace by keyspace, each in its order. It is only read, and closed when the iteration ends.
 * @param store directory of the store
 * @throws {KgdumpError} USAGE, at once; KEYSPACE_UNKNOWN, STORE_*, PERMISSION_DENIED, IO_FAILED, while iterating
 * @throws the signal's reason when it aborts
 */
export function listStoreEntries(store: string, options?: ListStoreOptions): AsyncGenerator<DumpEntry, void, undefined> {
  return publishEntries(storeEntries(storeEntryArguments(store, options)));
}

/**
 * Gets one entry of a store, without reading the rest.
 * @param store directory of the store
 * @returns undefined when the store does not have the key
 * @throws {KgdumpError} USAGE, KEYSPACE_UNKNOWN, STORE_*, PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function getStoreEntry(store: string, options: GetStoreOptions): Promise<DumpEntry | undefined> {
  return publishEntry(await getInStore(storeGetArguments(store, options)));
}
