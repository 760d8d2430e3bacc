/**
 * Stores of sled 0.34 that sled itself has open: as a sink of entries, and to read back what was written.
 *
 * Sled has no read-only mode: it may replace a store's `snap.*` file, and clears unused space at the end of its log. So it opens only
 * stores that kgdump makes or is to change; sources are read from their files (sled-reader.ts). What sled would do to a
 * store that is damaged, which is to drop what it cannot read, is kept away by checking all files first.
 */
import { resolve } from "node:path";
import { fromAddon } from "../../addon.js";
import { watchCrash } from "../../crash.js";
import type { Applied, BlockComparison, EntryBlock, EntrySink, EntrySource, IfExists, KeyOrder, ScanOptions, StoreInfo } from "../store.js";
import { sledAddon, type NativeSledStore } from "./addon.js";
import { SledFollower } from "./follower.js";
import { scanTree } from "./scan.js";
import { keyspaceOf, treeOf, uncounted } from "./trees.js";

/** Settings of a store that must be the same whenever it is opened. */
export interface SledSettings {
  /** Whether sled compresses (zstd). */
  readonly compression: boolean;
  /** Bytes of a segment of its log. */
  readonly segmentSize: number;
}

/** How sled opens a store. */
export interface SledReadBackOptions {
  /** Bytes of sled's page cache; default 64 MiB. */
  readonly cacheCapacity?: number | undefined;
  /** False leaves out the check of all files: for a store that was checked just now and not opened since. */
  readonly check?: boolean | undefined;
}

/** How a store is opened for writing. */
export interface SledSinkOptions extends SledReadBackOptions {
  /** True makes a new store where nothing or an empty directory is; false opens one that is there. */
  readonly create: boolean;
  /** Default: as the store was made; false for a new one. */
  readonly compression?: boolean | undefined;
  /** Zstd's level, 1 to 22; default sled's own, 5. */
  readonly compressionFactor?: number | undefined;
  /** A power of two from 256 to 16 MiB; default: as the store was made, sled's own 512 KiB for a new one. */
  readonly segmentSize?: number | undefined;
  /** The id from which sled's `generate_id` goes on at least, in decimal digits; default: where the store is. */
  readonly nextId?: string | undefined;
  /** Milliseconds between flushes of sled's own thread; default none: whoever writes calls `flush`. */
  readonly flushEveryMs?: number | undefined;
}

/** A sled store that is open for reading. */
export interface SledSource extends EntrySource {
  readonly settings: SledSettings;
}

/** A sled store that is open for writing. It can be scanned, too, and then shows what is written meanwhile, or does not. */
export interface SledSink extends EntrySink, Pick<EntrySource, "scan"> {
  readonly settings: SledSettings;
  /** Makes those keyspaces that are not there, all at once: sled writes its list of trees anew for each one that is made alone. */
  createKeyspaces(names: readonly Uint8Array[]): Promise<void>;
  /** Removes a keyspace and all that is in it; sled's default tree is emptied. One that is not there is no error. */
  dropKeyspace(name: Uint8Array): Promise<void>;
  /** Compares a keyspace with its original, in this order; it need not be there. */
  follow(keyspace: Uint8Array, order: KeyOrder): SledFollower;
  /** Writes and removes what a block of changes says, whatever the keyspace has. @returns how many keys were new, had another value, are gone */
  carryOver(keyspace: Uint8Array, block: Uint8Array): Promise<{ added: number; changed: number; removed: number }>;
  /** Reads groups that a follower wrote, by their number among these, and counts those that are not as its original was. */
  differingGroups(follower: SledFollower, from: number, to: number): Promise<number>;
}

const CACHE_CAPACITY = 64 * 1024 * 1024;
const COMPRESSION_FACTOR = 5;

/**
 * Opens a sled store by sled itself to read back what kgdump has written: a second witness of what its own reader says. Sled may write
 * to the store's files while it opens it. Its settings are taken from the store.
 * @throws {KgdumpError} as openSledSink
 */
export async function readBackSled(path: string, options: SledReadBackOptions = {}): Promise<SledSource> {
  return open(path, { ...options, create: false }, true);
}

/**
 * Opens the sled store in a directory for writing, or makes one.
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_IN_USE, STORE_DAMAGED, STORE_SETTINGS_MISMATCH, STORE_UNSUPPORTED,
 *   TARGET_EXISTS when a store is to be made where one is; NO_SPACE, PERMISSION_DENIED, IO_FAILED; ADDON_MISSING
 */
export async function openSledSink(path: string, options: SledSinkOptions): Promise<SledSink> {
  return open(path, options, false);
}

/**
 * Opens the native store.
 * @param path absolute
 */
export async function openNative(path: string, options: SledSinkOptions, readOnly: boolean): Promise<NativeSledStore> {
  const { compression, segmentSize, flushEveryMs, nextId } = options;
  watchCrash("sled", path, options.create);
  const store = await fromAddon(() =>
    sledAddon().open(path, {
      create: options.create,
      readOnly,
      cacheCapacity: options.cacheCapacity ?? CACHE_CAPACITY,
      compressionFactor: options.compressionFactor ?? COMPRESSION_FACTOR,
      check: options.check ?? true,
      ...(compression === undefined ? {} : { compression }),
      ...(segmentSize === undefined ? {} : { segmentSize }),
      ...(flushEveryMs === undefined ? {} : { flushEveryMs }),
    }),
  );
  if (nextId === undefined) return store;
  try {
    await fromAddon(() => store.raiseIds(nextId));
    return store;
  } catch (error) {
    await store.close().catch(() => undefined);
    throw error;
  }
}

async function open(path: string, options: SledSinkOptions, readOnly: boolean): Promise<Store> {
  const absolute = resolve(path);
  const native = await openNative(absolute, options, readOnly);
  try {
    const names = (await fromAddon(() => native.trees())).map(keyspaceOf);
    return new Store(native, absolute, names);
  } catch (error) {
    await native.close();
    throw error;
  }
}

class Store implements SledSource, SledSink {
  readonly info: StoreInfo;
  readonly settings: SledSettings;
  readonly #native: NativeSledStore;
  /** Of all scans: reading a store part by part is many short ones. */
  readonly #buffers: Buffer[] = [];
  #closed: Promise<void> | undefined;

  constructor(native: NativeSledStore, path: string, names: readonly Buffer[]) {
    this.#native = native;
    this.settings = { compression: native.compression, segmentSize: native.segmentSize };
    this.info = {
      engine: "sled",
      version: sledAddon().version(),
      path,
      databaseId: null,
      sequenceNumber: null,
      keyspaces: names.map(uncounted),
      warnings: [],
    };
  }

  scan(keyspace: Uint8Array, options: ScanOptions): AsyncGenerator<EntryBlock, void, undefined> {
    return scanTree(this.#native, keyspace, options, this.#buffers);
  }

  async createKeyspace(name: Uint8Array): Promise<void> {
    await this.createKeyspaces([name]);
  }

  async createKeyspaces(names: readonly Uint8Array[]): Promise<void> {
    await fromAddon(() => this.#native.createTrees(names.map(treeOf)));
  }

  async dropKeyspace(name: Uint8Array): Promise<void> {
    await fromAddon(() => this.#native.dropTree(treeOf(name)));
  }

  follow(keyspace: Uint8Array, order: KeyOrder): SledFollower {
    return new SledFollower(this.#native.follower(treeOf(keyspace), order === "reverse-bytewise"));
  }

  async carryOver(keyspace: Uint8Array, block: Uint8Array): Promise<{ added: number; changed: number; removed: number }> {
    return fromAddon(() => this.#native.carryOver(treeOf(keyspace), block));
  }

  async differingGroups(follower: SledFollower, from: number, to: number): Promise<number> {
    return fromAddon(() => this.#native.differingGroups(follower.native, from, to));
  }

  async apply(keyspace: Uint8Array, block: Uint8Array, ifExists: IfExists): Promise<Applied> {
    return fromAddon(() => this.#native.apply(treeOf(keyspace), block, ifExists));
  }

  async compare(keyspace: Uint8Array, block: Uint8Array): Promise<BlockComparison> {
    const { missing, changed, firstKey } = await fromAddon(() => this.#native.compare(treeOf(keyspace), block));
    return { missing, changed, firstKey: firstKey ?? null };
  }

  async flush(): Promise<void> {
    await fromAddon(() => this.#native.flush());
  }

  close(): Promise<void> {
    this.#closed ??= fromAddon(() => this.#native.close());
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
