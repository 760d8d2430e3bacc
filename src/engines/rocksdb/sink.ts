/** RocksDB as a sink: makes stores, among them such as MAYA's, for restore, the demo, tests and benchmarks. */
import { resolve } from "node:path";
import { asBuffer, fromAddon } from "../../addon.js";
import { watchCrash } from "../../crash.js";
import { ByName } from "../by-name.js";
import type { Applied, BlockComparison, EntrySink, IfExists, KeyOrder, StoreInfo } from "../store.js";
import { type NativeSink, rocksdbAddon } from "./addon.js";

/** Compression of a family's tables. */
export type RocksdbCompression = "none" | "lz4" | "zstd" | "snappy" | "zlib" | "bzip2";

/** How a family is made. */
export interface RocksdbFamily {
  /** Name; a string stands for its UTF-8 bytes. */
  readonly name: string | Uint8Array;
  /** Default: lz4. */
  readonly compression?: RocksdbCompression | undefined;
  /** Size of a table's data blocks in bytes before compression. Default: 16 KiB. */
  readonly blockSize?: number | undefined;
  /** Bloom filter bits for each key; 0 for none. Default: 10. */
  readonly bloomBits?: number | undefined;
  readonly comparator?: KeyOrder | undefined;
  /** Options of its block-based tables by name, instead of those that `blockSize` and `bloomBits` make. */
  readonly table?: ReadonlyMap<string, string> | undefined;
  /** More options as RocksDB's text, `name=value;name={…}`; they win over those above. */
  readonly options?: string | undefined;
  /** It is loaded by writes, as its tables can't be made beforehand: they are to have blob files, or ages. */
  readonly byWrites?: boolean | undefined;
  /** How old the tables are that it is restored from, as a dump's header has it. Default: its tables are new. */
  readonly ages?: string | undefined;
}

/** How a store is opened for writing. */
export interface RocksdbSinkOptions extends Omit<RocksdbFamily, "name"> {
  /** Families to make, or to open with options of their own; a mere name has the options given beside, as have all others. */
  readonly families?: readonly (RocksdbFamily | string)[] | undefined;
  /** The write-ahead log stays in memory until `flush`, `flushLog` or `close`. Default: false. */
  readonly manualWalFlush?: boolean | undefined;
  /** Nothing is written to the log: only what is in tables survives. Default: false. */
  readonly disableLog?: boolean | undefined;
  /** More options of the database as RocksDB's text. */
  readonly databaseOptions?: string | undefined;
}

/** One operation on a family. `to` is exclusive. */
export type RocksdbOperation =
  | { readonly kind: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: "merge"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: "delete"; readonly key: Uint8Array }
  | { readonly kind: "deleteRange"; readonly from: Uint8Array; readonly to: Uint8Array };

/** A RocksDB store that is open for writing. */
export interface RocksdbSink extends EntrySink {
  /** Does the operations at once, all or none. */
  operate(keyspace: Uint8Array | string, operations: readonly RocksdbOperation[]): Promise<void>;
  /** Makes the log durable, but leaves in memory what is not in tables yet. */
  flushLog(): Promise<void>;
  /** Compacts one family whole. */
  compact(keyspace: Uint8Array | string): Promise<void>;
  /** Drops a family with all that is in it. @throws {KgdumpError} KEYSPACE_UNKNOWN, STORE_FAILED for the family `default` */
  dropFamily(keyspace: Uint8Array | string): Promise<void>;
}

/** What RocksDB calls them. */
export const COMPRESSION_NAMES: Readonly<Record<RocksdbCompression, string>> = {
  none: "kNoCompression",
  lz4: "kLZ4Compression",
  zstd: "kZSTD",
  snappy: "kSnappyCompression",
  zlib: "kZlibCompression",
  bzip2: "kBZip2Compression",
};

/** RocksDB reads tables of this format since 6.6, those of the format that it writes by itself since 8.6 only. */
const TABLE_FORMAT = "5";
/** The one that it writes by itself can't be read before 6.27. */
const TABLE_CHECKSUM = "kCRC32c";

/** Options of a family as RocksDB reads them. */
export function familyOptions(family: Omit<RocksdbFamily, "name">): string {
  const table = [...(family.table ?? usualTable(family))].map(([name, value]) => `${name}=${value}`);
  const parts = [`compression=${COMPRESSION_NAMES[family.compression ?? "lz4"]}`, `block_based_table_factory={${table.join(";")}}`];
  if (family.comparator === "reverse-bytewise") parts.push("comparator=rocksdb.ReverseBytewiseComparator");
  if (family.options !== undefined) parts.push(family.options);
  return parts.join(";");
}

function usualTable({ blockSize = 16 * 1024, bloomBits = 10 }: Omit<RocksdbFamily, "name">): Map<string, string> {
  const table = new Map([["block_size", String(blockSize)], ["format_version", TABLE_FORMAT], ["checksum", TABLE_CHECKSUM]]);
  if (bloomBits > 0) table.set("filter_policy", `bloomfilter:${String(bloomBits)}:false`);
  return table;
}

function nameBytes(name: string | Uint8Array): Buffer {
  return typeof name === "string" ? Buffer.from(name) : asBuffer(name);
}

/**
 * Opens a RocksDB store for writing; makes it, and the directory itself, when it is not there.
 * @param path directory of the store; the directory above it must exist
 * @throws {KgdumpError} STORE_IN_USE, STORE_DAMAGED, NO_SPACE, PERMISSION_DENIED, USAGE for options that RocksDB does not
 *   take, ADDON_MISSING
 */
export async function createRocksdbSink(path: string, options: RocksdbSinkOptions = {}): Promise<RocksdbSink> {
  const absolute = resolve(path);
  const families = familiesOf(options);
  const sink = await openNativeSink(absolute, options);
  const facts = await fromAddon(() => sink.facts());
  const named = new ByName(families.map((family) => [nameBytes(family.name), family]));
  const orderOf = (name: Buffer): KeyOrder => (named.get(name) ?? options).comparator ?? "bytewise";
  return new Sink(sink, familyOptions(options), {
    engine: "rocksdb",
    version: facts.version,
    path: absolute,
    databaseId: facts.databaseId ?? null,
    sequenceNumber: facts.sequenceNumber,
    keyspaces: facts.families.map((name) => ({
      name,
      comparator: orderOf(name),
      estimatedEntries: 0,
      estimatedBytes: 0,
    })),
    warnings: [],
  });
}

function familiesOf(options: RocksdbSinkOptions): RocksdbFamily[] {
  return (options.families ?? []).map((given) => (typeof given === "string" ? { ...options, name: given } : given));
}

/**
 * Opens the native store.
 * @throws {KgdumpError} as createRocksdbSink
 */
export function openNativeSink(path: string, options: RocksdbSinkOptions): Promise<NativeSink> {
  const database = [`manual_wal_flush=${String(options.manualWalFlush ?? false)}`];
  if (options.databaseOptions !== undefined) database.push(options.databaseOptions);
  const families = familiesOf(options).map((family) => ({ name: nameBytes(family.name), options: familyOptions(family) }));
  watchCrash("RocksDB", resolve(path), true);
  return fromAddon(() => rocksdbAddon().openSink(resolve(path), database.join(";"), familyOptions(options), families, options.disableLog ?? false));
}

class Sink implements RocksdbSink {
  readonly info: StoreInfo;
  readonly #sink: NativeSink;
  readonly #defaults: string;

  constructor(sink: NativeSink, defaults: string, info: StoreInfo) {
    this.#sink = sink;
    this.#defaults = defaults;
    this.info = info;
  }

  createKeyspace(name: Uint8Array): Promise<void> {
    return fromAddon(() => this.#sink.createFamily(asBuffer(name), this.#defaults));
  }

  apply(keyspace: Uint8Array, block: Uint8Array, ifExists: IfExists): Promise<Applied> {
    return fromAddon(() => this.#sink.apply(asBuffer(keyspace), asBuffer(block), ifExists));
  }

  async compare(keyspace: Uint8Array, block: Uint8Array): Promise<BlockComparison> {
    const { missing, changed, firstKey } = await fromAddon(() => this.#sink.compare(asBuffer(keyspace), asBuffer(block)));
    return { missing, changed, firstKey: firstKey ?? null };
  }

  operate(keyspace: Uint8Array | string, operations: readonly RocksdbOperation[]): Promise<void> {
    const native = operations.map((operation) => {
      switch (operation.kind) {
        case "put":
        case "merge":
          return { kind: operation.kind, key: asBuffer(operation.key), value: asBuffer(operation.value) };
        case "delete":
          return { kind: operation.kind, key: asBuffer(operation.key) };
        case "deleteRange":
          return { kind: operation.kind, key: asBuffer(operation.from), value: asBuffer(operation.to) };
      }
    });
    return fromAddon(() => this.#sink.operate(nameBytes(keyspace), native));
  }

  flush(): Promise<void> {
    return fromAddon(() => this.#sink.flush(true));
  }

  flushLog(): Promise<void> {
    return fromAddon(() => this.#sink.flush(false));
  }

  dropFamily(keyspace: Uint8Array | string): Promise<void> {
    return fromAddon(() => this.#sink.dropFamily(nameBytes(keyspace)));
  }

  compact(keyspace: Uint8Array | string): Promise<void> {
    return fromAddon(() => this.#sink.compact(nameBytes(keyspace)));
  }

  close(): Promise<void> {
    return fromAddon(() => this.#sink.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
