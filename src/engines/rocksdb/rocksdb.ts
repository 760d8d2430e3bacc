/** RocksDB as a source of entries: a store is opened for reading and nothing in it is ever changed. */
import { resolve } from "node:path";
import { asBuffer, fromAddon } from "../../addon.js";
import { watchCrash } from "../../crash.js";
import { KgdumpError } from "../../errors.js";
import { scanBlocks, type Fill } from "../block-scan.js";
import { ByName } from "../by-name.js";
import { AGES, TIMES } from "../header-options.js";
import type { EntryBlock, EntrySource, KeyspaceInfo, ScanOptions, SourceOptions, StoreInfo, StoreMark } from "../store.js";
import { type NativeFacts, type NativeFamily, type NativeScan, type NativeStore, rocksdbAddon } from "./addon.js";
import { TABLE_PREFIX, toHeader } from "./option-lines.js";

export { createRocksdbSink } from "./sink.js";
export type { RocksdbFamily, RocksdbOperation, RocksdbSink, RocksdbSinkOptions } from "./sink.js";

/** How a store is opened for reading. */
export interface RocksdbSourceOptions extends SourceOptions {
  /** Ends the opening; scans have their own signal. */
  readonly signal?: AbortSignal | undefined;
}

/** A family as RocksDB's OPTIONS file describes it. */
export interface RocksdbKeyspace extends KeyspaceInfo {
  /** Options by name, such as `compression`, values as in the file; empty when the store has no OPTIONS file. */
  readonly options: Readonly<Record<string, string>>;
  /** Options of its table format, such as `block_size`. */
  readonly tableOptions: Readonly<Record<string, string>>;
}

/** What is known of an open RocksDB store. */
export interface RocksdbInfo extends StoreInfo {
  readonly keyspaces: readonly RocksdbKeyspace[];
}

/** The keys of each keyspace, in the order of the store's own and in that of its keys, as bins; or why they are not known. */
export type ChangedKeys = { readonly keys: readonly Uint8Array[] } | { readonly unclear: string };

/** A RocksDB store that is open for reading. */
export interface RocksdbSource extends EntrySource {
  readonly info: RocksdbInfo;
  /** Keeps the logs of that time open, unless they are many. */
  mark(): StoreMark;
  /** Why `changedSince` this store's own mark will tell more, or sooner, than since an earlier one; null when it will not. The store may be in use. */
  outdated(mark: StoreMark): string | null;
  /**
   * Which keys may have changed since a mark of this store: all that did, and some that did not, told without reading all of it.
   * Nobody may have the store open for writing.
   * @throws {KgdumpError} STORE_*, IO_FAILED
   */
  changedSince(mark: StoreMark): Promise<ChangedKeys>;
  /**
   * Yields the entries of some ranges of a keyspace, as `scan`.
   * @param ranges for each its first key, inclusive, and its end key, exclusive, as bins, or nil for none; one at least, in the keyspace's
   * order, and none overlaps another
   */
  scanRanges(keyspace: Uint8Array, ranges: Uint8Array, options: Pick<ScanOptions, "blockSize" | "signal">): AsyncIterable<EntryBlock>;
}

/**
 * Opens the RocksDB store in a directory. All its scans show its state at one point in time, also when another
 * process writes to it meanwhile.
 * @param path directory of the store
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, PERMISSION_DENIED, STORE_MOVING when a writer changes it all
 *   the time, STORE_DAMAGED, STORE_LOG_DAMAGED, and what can't be read whole: STORE_COMPARATOR_UNSUPPORTED,
 *   STORE_MERGE_OPERATOR, STORE_TTL, STORE_TIMESTAMPS, STORE_ENCRYPTED, STORE_UNSUPPORTED; ADDON_MISSING
 * @throws the signal's reason when it is aborted
 */
export async function openRocksdbSource(path: string, options: RocksdbSourceOptions = {}): Promise<RocksdbSource> {
  options.signal?.throwIfAborted();
  const absolute = resolve(path);
  watchCrash("RocksDB", absolute);
  const store = await fromAddon(() => rocksdbAddon().openStore(absolute, { ttl: options.ttl, only: options.only?.map(asBuffer), except: options.except?.map(asBuffer) }));
  try {
    options.signal?.throwIfAborted();
    const facts = await fromAddon(() => store.facts());
    options.signal?.throwIfAborted();
    return new Source(store, infoOf(absolute, facts), options.paranoid ?? false);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Of a family that OPTIONS does not know. */
const NO_OPTIONS = { told: { options: {}, tableOptions: {} }, all: new Map<string, string>() };

function infoOf(path: string, facts: NativeFacts): RocksdbInfo {
  const sets = facts.optionSets.map(({ options, tableOptions }) => ({
    told: { options, tableOptions },
    all: new Map([...Object.entries(options), ...Object.entries(tableOptions).map(([name, value]): [string, string] => [TABLE_PREFIX + name, value])]),
  }));
  const setOf = ({ optionSet }: NativeFamily): (typeof sets)[number] => sets[optionSet ?? -1] ?? NO_OPTIONS;
  const header = toHeader({ version: facts.optionsVersion, database: new Map(Object.entries(facts.databaseOptions)), families: facts.families.map((family) => setOf(family).all) });
  return {
    engine: "rocksdb",
    version: facts.version,
    path,
    databaseId: facts.databaseId ?? null,
    sequenceNumber: facts.sequenceNumber,
    keyspaces: facts.families.map((family, number) => {
      const { name, reverse, timesStripped, ages, estimatedEntries, estimatedBytes } = family;
      const { told } = setOf(family);
      return {
        name,
        comparator: reverse ? "reverse-bytewise" : "bytewise",
        estimatedEntries,
        estimatedBytes,
        ...told,
        settings: new Map([...settingsOf(told), ...(timesStripped ? [[TIMES, "stripped"] as const] : []), ...(ages === "" ? [] : [[AGES, ages] as const]), ...(header.families[number] ?? [])]),
      };
    }),
    options: new Map([...Object.entries(facts.options), ...header.source]),
    warnings: facts.warnings,
    preparedTransactions: facts.preparedTransactions.map(({ name, operations }) => ({ name, operations })),
  };
}

/** Options that say how a family is kept. A header carries them one by one, besides all of them as text, for who wants to see them and for older restores. */
const KEPT_OPTIONS = [
  "comparator",
  "compression",
  "bottommost_compression",
  "compaction_style",
  "enable_blob_files",
  "blob_compression_type",
  "min_blob_size",
  "prefix_extractor",
  "target_file_size_base",
  "write_buffer_size",
];
const KEPT_TABLE_OPTIONS = ["block_size", "checksum", "filter_policy", "format_version", "whole_key_filtering"];

/** What of a family's options a dump carries. @param from as OPTIONS have them, of the family and of its tables */
export function settingsOf({ options, tableOptions }: Pick<RocksdbKeyspace, "options" | "tableOptions">): Map<string, string> {
  const pick = (from: Readonly<Record<string, string>>, names: readonly string[], prefix: string): [string, string][] =>
    names.flatMap((name) => (from[name] === undefined ? [] : [[prefix + name, from[name]] as [string, string]]));
  return new Map([...pick(options, KEPT_OPTIONS, ""), ...pick(tableOptions, KEPT_TABLE_OPTIONS, TABLE_PREFIX)]);
}

class Source implements RocksdbSource {
  readonly info: RocksdbInfo;
  readonly #store: NativeStore;
  /** Of all scans: reading a store part by part is many short ones. */
  readonly #buffers: Buffer[] = [];
  #closed: Promise<void> | undefined;

  /** Numbers of families. */
  readonly #families: ByName<number>;
  readonly #paranoid: boolean;

  constructor(store: NativeStore, info: RocksdbInfo, paranoid: boolean) {
    this.#store = store;
    this.info = info;
    this.#families = new ByName(info.keyspaces.map(({ name }, number) => [name, number]));
    this.#paranoid = paranoid;
  }

  scan(keyspace: Uint8Array, options: ScanOptions): AsyncIterable<EntryBlock> {
    const family = this.#family(keyspace);
    const { order, from, to, prefix } = options;
    if (order !== undefined && order !== this.info.keyspaces[family]?.comparator) {
      throw new KgdumpError("STORE_UNSUPPORTED", `${this.info.path} can't be scanned in ${order} order`, { keyspace });
    }
    const bounds = [from, to, prefix].map((key) => (key === undefined ? undefined : asBuffer(key)));
    return this.#blocks(options, () => this.#store.scan(family, ...bounds));
  }

  scanRanges(keyspace: Uint8Array, ranges: Uint8Array, options: Pick<ScanOptions, "blockSize" | "signal">): AsyncIterable<EntryBlock> {
    const family = this.#family(keyspace);
    return this.#blocks(options, () => this.#store.scanRanges(family, asBuffer(ranges)));
  }

  mark(): StoreMark {
    return this.#store.mark();
  }

  outdated(mark: StoreMark): string | null {
    return this.#store.outdated(mark);
  }

  async changedSince(mark: StoreMark): Promise<ChangedKeys> {
    const { keys, unclear } = await fromAddon(() => this.#store.changedSince(mark));
    return keys === undefined ? { unclear: unclear ?? "" } : { keys };
  }

  /** Number of a keyspace's family. */
  #family(keyspace: Uint8Array): number {
    if (this.#closed !== undefined) throw new TypeError("the store is closed");
    const family = this.#families.get(keyspace);
    if (family !== undefined) return family;
    const name = Buffer.from(keyspace).toString();
    throw new KgdumpError("KEYSPACE_UNKNOWN", `${this.info.path} has no family ${JSON.stringify(name)}`, { keyspace });
  }

  /** The native scan begins when the first block is asked for, so that a scan that is never iterated holds nothing. */
  async *#blocks(options: ScanOptions, begin: () => NativeScan): AsyncGenerator<EntryBlock> {
    options.signal?.throwIfAborted();
    const scan = await fromAddon(begin);
    const fill: Fill = (buffer, _target, maxEntries) => fromAddon(() => scan.fill(buffer, maxEntries));
    const settle = options.part === true ? undefined : () => this.#settle(scan, options.signal);
    yield* scanBlocks(fill, () => fromAddon(() => scan.close()), { ...options, pool: this.#buffers, settle });
  }

  async account(keyspace: Uint8Array, shown: number, signal?: AbortSignal): Promise<void> {
    const family = this.#family(keyspace);
    const ended = await fromAddon(() => this.#store.endedScan(family, shown));
    try {
      await this.#settle(ended, signal);
    } finally {
      await fromAddon(() => ended.close());
    }
  }

  async #settle(scan: NativeScan, signal: AbortSignal | undefined): Promise<void> {
    while (!(await fromAddon(() => scan.account(this.#paranoid)))) signal?.throwIfAborted();
  }

  close(): Promise<void> {
    // A scan that still runs keeps the native store open until it ends.
    this.#closed ??= fromAddon(() => this.#store.close());
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
