/** The RocksDB addon's own interface, as native/rocksdb/src/api and native/rocksdb/src/changes export it; lint compares the two. */
import { loadAddon } from "../../addon.js";
import type { FillResult } from "../block-scan.js";
import type { StoreLock } from "../store.js";

/** Facts about one family of an open store. */
export interface NativeFamily {
  readonly name: Buffer;
  readonly reverse: boolean;
  readonly estimatedEntries: number;
  readonly estimatedBytes: number;
  readonly optionSet?: number;
  readonly timesStripped: boolean;
  readonly ages: string;
}

/** Options that families have: most have the same. */
export interface NativeOptionSet {
  readonly options: Readonly<Record<string, string>>;
  readonly tableOptions: Readonly<Record<string, string>>;
}

/** Facts about an open store. */
export interface NativeFacts {
  readonly version: string;
  readonly databaseId?: string;
  readonly sequenceNumber: bigint;
  /** Facts that a dump carries, by name. */
  readonly options: Readonly<Record<string, string>>;
  readonly optionsVersion: string;
  readonly databaseOptions: Readonly<Record<string, string>>;
  readonly families: readonly NativeFamily[];
  readonly optionSets: readonly NativeOptionSet[];
  readonly warnings: readonly string[];
  readonly preparedTransactions: readonly { readonly name: Buffer; readonly operations: number; readonly log: number }[];
}

/** One pass over a family. */
export interface NativeScan {
  fill(buffer: Buffer, limit: number): Promise<FillResult>;
  /** A step of the account of a pass that ended by itself; whether it was the last one. Throws when what was shown is not all there is. */
  account(paranoid: boolean): Promise<boolean>;
  close(): Promise<void>;
}

/** Which keys may have changed: bins of each family, or why that is not known. */
export interface NativeChangedKeys {
  readonly keys?: readonly Buffer[];
  readonly unclear?: string;
}

/** A store that is open for reading. */
export interface NativeStore {
  facts(): Promise<NativeFacts>;
  mark(): object;
  outdated(mark: object): string | null;
  changedSince(mark: object): Promise<NativeChangedKeys>;
  scanRanges(family: number, ranges: Buffer): NativeScan;
  scan(family: number, from?: Buffer, to?: Buffer, prefix?: Buffer): NativeScan;
  /** A pass that parts made, which together showed `shown` entries of a whole family: only its account is left. */
  endedScan(family: number, shown: number): NativeScan;
  close(): Promise<void>;
}

/** One operation on a family. */
export interface NativeOperation {
  readonly kind: "put" | "merge" | "delete" | "deleteRange";
  readonly key: Buffer;
  readonly value?: Buffer;
}

/** A store that is open for writing. */
export interface NativeSink {
  facts(): Promise<{ version: string; databaseId?: string; sequenceNumber: bigint; families: Buffer[] }>;
  createFamily(name: Buffer, options: string): Promise<void>;
  apply(family: Buffer, block: Buffer, ifExists: string): Promise<{ written: number; kept: number }>;
  compare(family: Buffer, block: Buffer): Promise<{ missing: number; changed: number; firstKey?: Buffer }>;
  beginLoad(family: Buffer, options: string, directory: string, turn: boolean): void;
  noteAges(family: Buffer, ages: string, fifo: boolean): void;
  beginLoadByAge(family: Buffer, directory: string): Promise<void>;
  load(block: Buffer): Promise<void>;
  endLoad(): Promise<number>;
  operate(family: Buffer, operations: NativeOperation[]): Promise<void>;
  flush(tables: boolean): Promise<void>;
  finishLoads(): Promise<void>;
  dropFamily(family: Buffer): Promise<void>;
  compact(family: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** A new store that is put together from tables. */
export interface NativeNewStore extends Pick<NativeSink, "load" | "endLoad"> {
  beginLoad(family: Buffer, options: string, turn: boolean): void;
  /** Makes a store of it, which can be opened. */
  finish(): Promise<void>;
}

/** What was found of a key. */
export interface NativeFoundKey {
  readonly versions: readonly {
    readonly family: Buffer;
    readonly sequence: bigint;
    readonly kind: string;
    readonly file: string;
    readonly level?: number;
    readonly offset?: number;
    readonly valueBytes: number;
    readonly blobFile?: number;
    readonly rangeFrom?: Buffer;
    readonly rangeTo?: Buffer;
    readonly live: boolean;
    readonly counts: boolean;
  }[];
  readonly problems: readonly { readonly file: string; readonly reason: string }[];
  readonly remarks: readonly string[];
}

/** A family of a damaged store. */
export interface NativeSalvagedFamily {
  readonly id: number;
  readonly name: Buffer;
  readonly reverse: boolean;
  readonly versions: number;
  readonly options: Readonly<Record<string, string>>;
  readonly tableOptions: Readonly<Record<string, string>>;
}

/** Something that is lost of a store. */
export interface NativeSalvageLoss {
  readonly family?: Buffer;
  readonly what: string;
  readonly file: string;
  readonly offset?: number;
  readonly from?: Buffer;
  readonly to?: Buffer;
  readonly after: boolean;
  readonly entries?: number;
  readonly reason: string;
}

/** Facts about a damaged store. */
export interface NativeSalvageFacts {
  readonly version?: string;
  readonly sequenceNumber: bigint;
  readonly families: readonly NativeSalvagedFamily[];
  readonly losses: readonly NativeSalvageLoss[];
  readonly remarks: readonly string[];
  readonly unsure: boolean;
}

/** What a fill of a damaged store's scan gave. */
export interface NativeSalvageFill {
  readonly counts: FillResult;
  readonly gap: boolean;
  readonly doubtful: number;
  readonly losses: readonly NativeSalvageLoss[];
}

/** A damaged store that was looked at. */
export interface NativeSalvage {
  facts(): NativeSalvageFacts;
  scan(family: number): { fill(buffer: Buffer): Promise<NativeSalvageFill> };
  close(): void;
}

/** The addon. */
export interface NativeRocksdb {
  lockStore(path: string): Promise<StoreLock>;
  libraryVersion(): string;
  /** Throws RocksDB's reason when it does not take the options. */
  checkOptions(options: string): void;
  openStore(path: string, options?: { ttl?: string | undefined; only?: Buffer[] | undefined; except?: Buffer[] | undefined }): Promise<NativeStore>;
  findKey(path: string, key: Buffer, family?: Buffer): Promise<NativeFoundKey>;
  salvageStore(path: string, allTables: boolean): Promise<NativeSalvage>;
  /** Begins a new store at a path where nothing is. */
  newStore(path: string, defaultOptions: string, families: { name: Buffer; options: string }[]): Promise<NativeNewStore>;
  openSink(
    path: string,
    databaseOptions: string,
    defaultOptions: string,
    families: { name: Buffer; options: string }[],
    disableLog: boolean,
  ): Promise<NativeSink>;
}

/**
 * The RocksDB addon.
 * @throws {KgdumpError} ADDON_MISSING
 */
export function rocksdbAddon(): NativeRocksdb {
  return loadAddon("rocksdb") as NativeRocksdb;
}
