/**
 * Makes a RocksDB store from whole keyspaces: each family's tables are written in key order and ingested at once, which
 * passes by the log and the memtables.
 */
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";

import { fromAddon } from "../addon.js";
import { systemError } from "../errors.js";
import type { EntryLoader, KeyOrder } from "./engine.js";
import { asBuffer, type NativeSink } from "./rocksdb-addon.js";
import { familyOptions, openNativeSink, type RocksdbFamily } from "./rocksdb-sink.js";

/** How the new store is made. */
export interface RocksdbLoaderOptions {
  /** A directory to be made, on the store's file system, where tables lie until they are ingested. */
  readonly tableDirectory: string;
  /** The families that are going to be loaded, and how each is kept. */
  readonly families: readonly RocksdbFamily[];
}

/**
 * Makes a new store to load families into.
 * @param path directory of the store, which must not be there; the directory above it must
 * @throws {KgdumpError} USAGE for options that RocksDB does not take, NO_SPACE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export async function openRocksdbLoader(path: string, options: RocksdbLoaderOptions): Promise<EntryLoader> {
  const tableDirectory = resolve(options.tableDirectory);
  try {
    await mkdir(tableDirectory);
  } catch (error) {
    throw systemError(error, `making ${tableDirectory}`, { path: tableDirectory });
  }
  const { families } = options;
  return new Loader(await openNativeSink(path, { families }), { tableDirectory, families });
}

class Loader implements EntryLoader {
  readonly #sink: NativeSink;
  readonly #options: RocksdbLoaderOptions;
  /** The family that is put into, as its entries do not come in its order; else null. */
  #putting: { readonly name: Buffer; entries: number } | null = null;
  #closed: Promise<void> | undefined;

  constructor(sink: NativeSink, options: RocksdbLoaderOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  async startKeyspace(name: Uint8Array, order: KeyOrder): Promise<void> {
    const family = this.#options.families.find((each) => Buffer.compare(Buffer.from(each.name), name) === 0) ?? { name };
    const text = familyOptions(family);
    await fromAddon(() => this.#sink.createFamily(asBuffer(name), text));
    if ((family.comparator ?? "bytewise") === order) {
      await fromAddon(() => this.#sink.beginLoad(asBuffer(name), text, this.#options.tableDirectory));
    } else {
      this.#putting = { name: asBuffer(name), entries: 0 };
    }
  }

  async load(block: Uint8Array): Promise<void> {
    const putting = this.#putting;
    if (putting === null) {
      await fromAddon(() => this.#sink.load(asBuffer(block)));
    } else {
      const { written } = await fromAddon(() => this.#sink.apply(putting.name, asBuffer(block), "fail"));
      putting.entries += written;
    }
  }

  async finishKeyspace(): Promise<number> {
    const putting = this.#putting;
    this.#putting = null;
    return putting?.entries ?? fromAddon(() => this.#sink.endLoad());
  }

  async finish(): Promise<void> {
    await fromAddon(() => this.#sink.finishLoads());
    await this.close();
  }

  close(): Promise<void> {
    this.#closed ??= fromAddon(() => this.#sink.close());
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
