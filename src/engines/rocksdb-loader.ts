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

/** While a store is loaded nothing of it may be compacted, for that may delete what is too old or too much. */
const LOADING = "disable_auto_compactions=true";

/** A family as it is kept while its store is loaded, or read back. */
export function whileLoading<F extends Omit<RocksdbFamily, "name">>(family: F): F {
  return { ...family, options: family.options ? `${family.options};${LOADING}` : LOADING };
}

/**
 * Makes a new store to load families into. Its OPTIONS are those of a store that is being loaded: `finishOptions` makes them what they are
 * to be.
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
  const families = options.families.map(whileLoading);
  const sink = await openNativeSink(path, { ...whileLoading({}), families, disableLog: true });
  return new Loader(sink, tableDirectory, new Map(families.map((family) => [Buffer.from(family.name).toString("hex"), family])));
}

class Loader implements EntryLoader {
  readonly #sink: NativeSink;
  readonly #tableDirectory: string;
  /** By their names in hex. */
  readonly #families: ReadonlyMap<string, RocksdbFamily>;
  /** The family that is written to like any other, as its tables can't be made beforehand; else null. */
  #writing: { readonly name: Buffer; readonly compacts: boolean; entries: number } | null = null;
  #closed: Promise<void> | undefined;

  constructor(sink: NativeSink, tableDirectory: string, families: ReadonlyMap<string, RocksdbFamily>) {
    this.#sink = sink;
    this.#tableDirectory = tableDirectory;
    this.#families = families;
  }

  async startKeyspace(name: Uint8Array, order: KeyOrder): Promise<void> {
    const known = this.#families.get(Buffer.from(name).toString("hex"));
    const family = known ?? whileLoading<RocksdbFamily>({ name });
    const text = familyOptions(family);
    // Those that were named are there since the store was made.
    if (known === undefined) await fromAddon(() => this.#sink.createFamily(asBuffer(name), text));
    const fifo = text.includes("kCompactionStyleFIFO");
    const { ages } = family;
    if (ages !== undefined) await fromAddon(() => this.#sink.noteAges(asBuffer(name), ages, fifo));
    if (fifo && ages?.includes("\n") === true) {
      await fromAddon(() => this.#sink.beginLoadByAge(asBuffer(name), this.#tableDirectory));
    } else if (family.byWrites === true) {
      // Blobs go to the lowest level as they are; a FIFO family has no other level.
      this.#writing = { name: asBuffer(name), compacts: !fifo, entries: 0 };
    } else {
      const turn = (family.comparator ?? "bytewise") !== order;
      await fromAddon(() => this.#sink.beginLoad(asBuffer(name), text, this.#tableDirectory, turn));
    }
  }

  async load(block: Uint8Array): Promise<void> {
    const writing = this.#writing;
    if (writing === null) {
      await fromAddon(() => this.#sink.load(asBuffer(block)));
    } else {
      const { written } = await fromAddon(() => this.#sink.apply(writing.name, asBuffer(block), "overwrite"));
      writing.entries += written;
    }
  }

  async finishKeyspace(): Promise<number> {
    const writing = this.#writing;
    this.#writing = null;
    if (writing === null) return fromAddon(() => this.#sink.endLoad());
    if (writing.compacts && writing.entries > 0) await fromAddon(() => this.#sink.compact(writing.name));
    return writing.entries;
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
