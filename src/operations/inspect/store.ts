/** Looking into a store as into a dump: what it is, what its keys begin with, its entries, one value. It is only read. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { engineNamed, isEngineName } from "../../engines/registry.js";
import type { EngineName, EntryBlock, EntrySource, KeyOrder, KeyspaceInfo, ScanOptions, SourceOptions } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { iterateEntries } from "../../format/index.js";
import { diskUseOf, occupantOf } from "../disk/places.js";
import { openSource } from "../disk/stores.js";
import type { DumpEntry } from "../dump/entries.js";
import { type EntryFilter, refuseEmptyRange } from "../entries/filter.js";
import { KeyRange } from "../entries/key-range.js";
import { type KeyspaceName, selectKeyspaces } from "../entries/keyspaces.js";
import { type PrefixSample, prefixSamples } from "../entries/prefix-jumps.js";
import { valueOf } from "../entries/store-scan.js";

/** One keyspace of a store, as far as is known without reading it. */
export interface StoreKeyspace {
  readonly name: Uint8Array;
  readonly comparator: KeyOrder;
  /** How many entries it holds, about; null when that is unknown. */
  readonly estimatedEntries: number | null;
  /** Bytes of its keys and values, about; null when that is unknown. */
  readonly estimatedBytes: number | null;
  /** In the order of its keys: at most ten. How much there is of each, only reading tells. */
  readonly prefixes: readonly PrefixSample[];
  /** Whether there are more, or may be: keys without a word are passed over, and with them what begins with the same byte. */
  readonly morePrefixes: boolean;
}

/** A store in short. */
export interface StoreSummary {
  /** Absolute path. */
  readonly path: string;
  readonly engine: EngineName;
  /** Version of the library that reads it. */
  readonly version: string;
  /** What its files take on the disk. */
  readonly bytes: number;
  /** When one of its files was last changed. */
  readonly changedAt: Date | null;
  readonly databaseId: string | null;
  readonly sequenceNumber: bigint | null;
  readonly keyspaces: readonly StoreKeyspace[];
  /** What a user should know of it, a sentence each. */
  readonly warnings: readonly string[];
}

/** How a store is looked at. */
export interface InspectStoreOptions extends Pick<SourceOptions, "ttl" | "paranoid"> {
  /** Directory of the store. */
  readonly store: string;
  /** Ends it, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Which entries of a store to list. Bounds are in the order of each keyspace. */
export interface ListStoreOptions extends InspectStoreOptions, EntryFilter {
  /** Only these keyspaces; all when undefined. */
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  /** From the last one to the first: keyspaces, too; default false. */
  readonly reverse?: boolean | undefined;
  /** Is told what a user should know of the store. */
  readonly onWarning?: ((warning: string) => void) | undefined;
}

/** Encoded bytes of a block that is read for its entries. */
const BLOCK_SIZE = 256 * 1024;
/** Prefixes that are told, and keys that are looked at to find them. */
const TOLD = 10;
const MOST_KEYS = 64;

/** Whether a store lies at a path. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export async function isStore(path: string): Promise<boolean> {
  return isEngineName(await occupantOf(path));
}

/**
 * Sums up a store. Its entries are not read, but a few keys.
 * @throws {KgdumpError} STORE_* when it can't be opened or not every entry could be read, PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function inspectStore({ store, ttl, paranoid, signal }: InspectStoreOptions): Promise<StoreSummary> {
  await using source = await openSource(store, { ttl, paranoid });
  const { path, engine, version, databaseId, sequenceNumber, warnings } = source.info;
  const keyspaces: StoreKeyspace[] = [];
  for (const keyspace of source.info.keyspaces) {
    signal?.throwIfAborted();
    const { name, comparator, estimatedEntries, estimatedBytes } = keyspace;
    const { prefixes, more } = await prefixSamples(source, keyspace, { within: new Uint8Array(), most: TOLD, mostKeys: MOST_KEYS, signal });
    // A first key was looked for: without one there is nothing, whatever is estimated.
    const figure = (estimate: number): number | null => (prefixes.length === 0 ? 0 : engineNamed(engine).estimates ? estimate : null);
    keyspaces.push({ name, comparator, estimatedEntries: figure(estimatedEntries), estimatedBytes: figure(estimatedBytes), prefixes, morePrefixes: more });
  }
  return { path, engine, version, bytes: (await diskUseOf(path)) ?? 0, changedAt: await newestOf(path), databaseId, sequenceNumber, keyspaces, warnings };
}

async function newestOf(path: string): Promise<Date | null> {
  const times = await Promise.all((await readdir(path)).map((name) => stat(join(path, name)).then(({ mtimeMs }) => mtimeMs, () => 0)));
  return times.length === 0 ? null : new Date(Math.max(...times));
}

/**
 * Lists entries of a store, in order.
 * @throws {KgdumpError} KEYSPACE_UNKNOWN, USAGE for a range that is empty, STORE_*, PERMISSION_DENIED, IO_FAILED; while iterating
 * @throws the signal's reason when it aborts
 */
export async function* listStoreEntries(options: ListStoreOptions): AsyncGenerator<DumpEntry, void, undefined> {
  const { prefix, from, to, reverse = false, signal } = options;
  await using opened = await openChosen(options);
  const { source, chosen } = opened;
  refuseEmptyRange(options, chosen, ["from", "to"]);
  let remaining = options.limit ?? Infinity;
  for (const { name, comparator } of reverse ? chosen.toReversed() : chosen) {
    if (remaining <= 0) return;
    const range = new KeyRange(comparator, { prefix, from, to });
    // Bounds are in the order of the keyspace; from the end, what is outside of them is passed over.
    const scanned = reverse ? { order: turned(comparator) } : { from, to, limit: Number.isFinite(remaining) ? remaining : undefined };
    const scan = { blockSize: BLOCK_SIZE, prefix, ...scanned, signal };
    for await (const block of reverse ? fromTheEnd(source, name, scan) : source.scan(name, scan)) {
      for (const { key, value } of iterateEntries(block.data)) {
        if (!range.has(key)) continue;
        yield { keyspace: name, key: Uint8Array.from(key), value: value === null ? null : Uint8Array.from(value) };
        remaining -= 1;
        if (remaining <= 0) return;
      }
      block.release();
    }
  }
}

/** A scan in the turned order, which not every engine has. */
async function* fromTheEnd(source: EntrySource, name: Uint8Array, options: ScanOptions): AsyncGenerator<EntryBlock, void, undefined> {
  try {
    yield* source.scan(name, options);
  } catch (error) {
    if (!(error instanceof KgdumpError) || error.code !== "STORE_UNSUPPORTED") throw error;
    const { path } = source.info;
    throw new KgdumpError("STORE_UNSUPPORTED", `${path} can only be listed from its beginning`, { cause: error, path, hint: "export it, and list the dump from its end: `kgdump inspect FILE --entries --reverse`" });
  }
}

const turned = (order: KeyOrder): KeyOrder => (order === "bytewise" ? "reverse-bytewise" : "bytewise");

/** Which value of a store to get. */
export interface GetStoreOptions extends InspectStoreOptions, Pick<ListStoreOptions, "keyspaces" | "onWarning"> {
  /** The key to look for. */
  readonly key: Uint8Array;
}

/**
 * Gets one entry of a store.
 * @returns undefined when the store does not have the key
 * @throws {KgdumpError} KEYSPACE_UNKNOWN, STORE_*, PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function getStoreEntry(options: GetStoreOptions): Promise<DumpEntry | undefined> {
  const { key, signal } = options;
  await using opened = await openChosen(options);
  for (const { name } of opened.chosen) {
    const value = await valueOf(opened.source, name, key, signal);
    if (value !== undefined) return { keyspace: name, key, value };
  }
  return undefined;
}

/** Opens a store, tells its warnings, and chooses keyspaces. */
async function openChosen({ store, ttl, paranoid, keyspaces, onWarning }: Omit<GetStoreOptions, "key">): Promise<{ readonly source: EntrySource; readonly chosen: readonly KeyspaceInfo[] } & AsyncDisposable> {
  const source = await openSource(store, { ttl, paranoid });
  try {
    for (const warning of source.info.warnings) onWarning?.(warning);
    const selected = selectKeyspaces(source.info.keyspaces.map(({ name }) => name), { only: keyspaces });
    return { source, chosen: source.info.keyspaces.filter((_, index) => selected[index] === true), [Symbol.asyncDispose]: () => source.close() };
  } catch (error) {
    await source.close();
    throw error;
  }
}
