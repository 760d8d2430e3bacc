/**
 * What a storage engine offers to kgdump: an EntrySource to read a store from, an EntrySink or an EntryLoader to fill one. The engines that there are
 * stand in registry.ts.
 *
 * Entries cross this border in blocks, encoded as they are in a dump (`bin key, bin value` over and over, each `bin`
 * in its shortest MessagePack form), so that no JavaScript object is ever made for a record.
 */
import type { Block } from "../format/types.js";
import type { SledSettings } from "../settings/sled-settings.js";

/** Name of an engine, as the dump's header has it. */
export type EngineName = "rocksdb" | "sled";

/** How a store is opened for reading; what an engine does not know is nothing to it. */
export interface SourceOptions {
  /** What to do with the timestamps that end each value of a RocksDB store with a time to live, which is refused without this. */
  readonly ttl?: "strip" | "keep" | undefined;
  /** Check each RocksDB table by itself, also where all that it holds was shown. Default: only where something was hidden. */
  readonly paranoid?: boolean | undefined;
  /** The keyspaces to open, where an engine can leave the others alone; default: all. */
  readonly only?: readonly Uint8Array[] | undefined;
  /** Keyspaces not to open. */
  readonly except?: readonly Uint8Array[] | undefined;
}

/** The keyspace that is RocksDB's family `default` and sled's default tree. */
export const DEFAULT_KEYSPACE = "default";

/** One keyspace of a store: a RocksDB column family or a sled tree. */
export interface KeyspaceInfo {
  /** Name as bytes; any bytes are possible. */
  readonly name: Uint8Array;
  /** Order of its keys. */
  readonly comparator: KeyOrder;
  /** How many entries it holds, roughly; 0 when unknown. */
  readonly estimatedEntries: number;
  /** Size of its keys and values in bytes, roughly; 0 when unknown. */
  readonly estimatedBytes: number;
  /** How the engine keeps it, as text by name, for restoring it in the same way. */
  readonly settings?: ReadonlyMap<string, string> | undefined;
}

/** Key orders that a dump can have: unsigned byte order, or its reverse. */
export type KeyOrder = "bytewise" | "reverse-bytewise";

/** A point in a store's life, as its engine knows it: what changed since can be asked of the same store later. As long as anything has it, it may keep files open. */
export type StoreMark = object;

/** A transaction that waits for its commit or rollback. */
export interface PreparedTransaction {
  readonly name: Uint8Array;
  /** How many operations it has. */
  readonly operations: number;
}

/** What is known of an open store before it is scanned. */
export interface StoreInfo {
  readonly engine: EngineName;
  /** Version of the engine's library that reads it, such as "10.10.1". */
  readonly version: string;
  /** Absolute path of the store. */
  readonly path: string;
  /** RocksDB's database id, or null. */
  readonly databaseId: string | null;
  /** RocksDB's latest sequence number, or null. */
  readonly sequenceNumber: bigint | null;
  readonly keyspaces: readonly KeyspaceInfo[];
  /** Settings and facts of the store as a whole that a dump carries, as text by name (see the registry in format-spec/). */
  readonly options?: ReadonlyMap<string, string> | undefined;
  /** What a user should know of this store although it can be read whole, a sentence each. */
  readonly warnings: readonly string[];
  /** Transactions that are prepared and neither committed nor rolled back: no part of what is read. None is as an empty list. */
  readonly preparedTransactions?: readonly PreparedTransaction[] | undefined;
}

/** A block that a scan yields; its bytes are valid until `release` is called. */
export interface EntryBlock extends Block {
  /** Gives the buffer back to be filled again. Call it once, when nothing needs `data` any more. */
  release(): void;
}

/** Which entries of one keyspace a scan yields. */
export interface ScanOptions {
  /** Encoded bytes that a block holds at most, unless one entry alone is bigger. */
  readonly blockSize: number;
  /** First key, inclusive, in the keyspace's own order. */
  readonly from?: Uint8Array | undefined;
  /** End key, exclusive, in the keyspace's own order. */
  readonly to?: Uint8Array | undefined;
  /** Only keys that start with these bytes. */
  readonly prefix?: Uint8Array | undefined;
  /** Number of entries at most. */
  readonly limit?: number | undefined;
  /**
   * Order to scan in; the keyspace's own unless given. `from` and `to` are in this order. An engine that can't scan in
   * it throws STORE_UNSUPPORTED.
   */
  readonly order?: KeyOrder | undefined;
  /** Blocks that are read before they are asked for; default 2. */
  readonly readAhead?: number | undefined;
  /** It is one of several that together read a whole keyspace, for which the caller asks `account` at the end. */
  readonly part?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A store that is open for reading. Nothing in it is ever changed. */
export interface EntrySource extends AsyncDisposable {
  readonly info: StoreInfo;
  /**
   * Yields the entries of one keyspace in its order, in blocks. While one block is worked on, the next is already
   * being read. Stopping early (`break`, `return()`) ends the scan.
   * @throws {KgdumpError} STORE_DAMAGED, STORE_WIDE_COLUMNS, STORE_MERGE_OPERATOR, … when not every entry can be read
   */
  scan(keyspace: Uint8Array, options: ScanOptions): AsyncIterable<EntryBlock>;
  /**
   * Looks, after scans that were each a `part`, whether the `shown` entries that they yielded together are all that the keyspace holds.
   * An engine whose scans hide nothing has no account.
   * @throws {KgdumpError} STORE_DAMAGED when something is hidden
   */
  account?(keyspace: Uint8Array, shown: number, signal?: AbortSignal): Promise<void>;
  /** The point at which it is read, while it is open, when its engine knows such. */
  mark?(): StoreMark;
  /** Closes the store; a second call does nothing. */
  close(): Promise<void>;
}

/** What to do with a key that the target already has. */
export type IfExists = "fail" | "keep" | "overwrite";

/** What one `apply` did. */
export interface Applied {
  /** Entries that were written. */
  readonly written: number;
  /** Entries whose key was there before and was kept. */
  readonly kept: number;
}

/** What comparing the entries of one block with a store found. */
export interface BlockComparison {
  /** Entries whose key the store does not have. */
  readonly missing: number;
  /** Entries that the store has with another value. */
  readonly changed: number;
  /** Key of the first of these, or null when there is none. */
  readonly firstKey: Uint8Array | null;
}

/** A store that is open for writing. */
export interface EntrySink extends AsyncDisposable {
  readonly info: StoreInfo;
  /** Makes the keyspace when it is not there. */
  createKeyspace(name: Uint8Array): Promise<void>;
  /**
   * Writes the entries of one block. With `fail`, the first key that exists ends it with KEY_EXISTS; entries before it
   * may have been written.
   */
  apply(keyspace: Uint8Array, block: Uint8Array, ifExists: IfExists): Promise<Applied>;
  /** Looks up every entry of one block. Writes nothing. */
  compare(keyspace: Uint8Array, block: Uint8Array): Promise<BlockComparison>;
  /** Makes all that was written durable. */
  flush(): Promise<void>;
  /** Closes the store without losing what was written; a second call does nothing. */
  close(): Promise<void>;
}

/** How a new store is made; what an engine has no use for is nothing to it. */
export interface NewStoreOptions {
  /** The keyspaces that will be loaded. */
  readonly keyspaces: readonly Pick<KeyspaceInfo, "name" | "comparator">[];
  /** A directory to be made, on the store's file system, for what is not part of the store yet. */
  readonly scratch: string;
  /** Threads that compress; default: as many as there are processors. */
  readonly jobs?: number | undefined;
  /** The id from which its counter of ids goes on, in decimal digits. */
  readonly nextId?: string | undefined;
  /** With which settings a sled store is made. */
  readonly settings?: SledSettings | undefined;
}

/** A store that is being made from whole keyspaces, one after the other. It is complete only after `finish`. */
export interface EntryLoader extends AsyncDisposable {
  /**
   * Begins a keyspace, which is made when it is not there; it must have no entries. One that is in the reverse of the store's own
   * order is loaded too.
   * @param order of the keys that will come
   */
  startKeyspace(name: Uint8Array, order: KeyOrder): Promise<void>;
  /**
   * Takes the entries of one block of the keyspace that was begun, in its order. Resolves when the block may be reused;
   * what is wrong with it may be told by a later call.
   * @throws {KgdumpError} DUMP_ORDER_BROKEN for a key that is out of order or there twice (KEY_EXISTS when it is loaded
   *   entry by entry), DUMP_ENTRIES_MALFORMED, NO_SPACE, IO_FAILED, …; the loader is of no use then
   */
  load(block: Uint8Array): Promise<void>;
  /** Ends the keyspace that was begun; the number of entries that it has. @throws as load */
  finishKeyspace(): Promise<number>;
  /** Makes all that was loaded durable and closes the store. @throws as load */
  finish(): Promise<void>;
  /** Gives up what is not finished, and closes the store; a second call does nothing. */
  close(): Promise<void>;
}

/** A lock on a store: while it is held, no program can open the store, or, with RocksDB, none can for writing. */
export interface StoreLock {
  /** Lets the lock go; a second call does nothing. */
  release(): void;
}
