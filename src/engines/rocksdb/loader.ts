/**
 * Makes a RocksDB store from whole keyspaces: each family's tables are written in key order, and a MANIFEST that tells of all of them
 * makes a store, which passes by the log and the memtables. When a family is to be written to like any other, the store is made
 * before it, and takes in the tables of later families.
 */
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { asBuffer, fromAddon } from "../../addon.js";
import { watchCrash } from "../../crash.js";
import { KgdumpError, systemError } from "../../errors.js";
import type { EntryLoader, KeyOrder } from "../store.js";
import { type NativeNewStore, type NativeSink, rocksdbAddon } from "./addon.js";
import { familyOptions, openNativeSink, type RocksdbFamily } from "./sink.js";

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

/** How the database of such a store is opened: for each family RocksDB would start threads to open its tables. */
export const DATABASE_WHILE_LOADING = { ...whileLoading({}), databaseOptions: "max_file_opening_threads=1" };

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
  const native = families.map((family) => ({ name: Buffer.from(family.name), options: familyOptions(family) }));
  watchCrash("RocksDB", resolve(path), true);
  const tables = await fromAddon(() => rocksdbAddon().newStore(resolve(path), familyOptions(whileLoading({})), native));
  const open = (): Promise<NativeSink> => openNativeSink(path, { ...DATABASE_WHILE_LOADING, families, disableLog: true });
  return new Loader(tables, open, tableDirectory, new Map(families.map((family) => [Buffer.from(family.name).toString("hex"), family])));
}

/**
 * Calls the addon. RocksDB looks only when it writes a table, or opens a store, whether options fit one another; those of another version,
 * or beside one that was asked for, may not.
 */
async function whileMade<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await fromAddon(call);
  } catch (error) {
    const reason = error instanceof KgdumpError && error.code === "STORE_FAILED" ? /^RocksDB: Invalid argument: (.*)$/s.exec(error.message)?.[1] : undefined;
    if (reason === undefined) throw error;
    throw new KgdumpError("STORE_UNSUPPORTED", `RocksDB rejects this combination of options: ${reason}`, {
      cause: error,
      hint: "leave out --compression and --table-block-size, or choose others; take all options from another store or dump with `--options-from`",
    });
  }
}

class Loader implements EntryLoader {
  readonly #tables: NativeNewStore;
  readonly #open: () => Promise<NativeSink>;
  /** The store, from when it was put together. */
  #sink: NativeSink | null = null;
  readonly #tableDirectory: string;
  /** By their names in hex. */
  readonly #families: ReadonlyMap<string, RocksdbFamily>;
  /** How old the tables are, as far as it was noted before there was a store to note it for. */
  #ages: { readonly name: Buffer; readonly ages: string; readonly fifo: boolean }[] = [];
  /** The family that is written to like any other, as its tables can't be made beforehand; else null. */
  #writing: { readonly name: Buffer; readonly compacts: boolean; entries: number } | null = null;
  #closed: Promise<void> | undefined;

  constructor(tables: NativeNewStore, open: () => Promise<NativeSink>, tableDirectory: string, families: ReadonlyMap<string, RocksdbFamily>) {
    this.#tables = tables;
    this.#open = open;
    this.#tableDirectory = tableDirectory;
    this.#families = families;
  }

  /** The store, which is put together of the tables so far when it is not open yet. */
  async #store(): Promise<NativeSink> {
    if (this.#sink !== null) return this.#sink;
    await whileMade(() => this.#tables.finish());
    const sink = await whileMade(this.#open);
    this.#sink = sink;
    await whileMade(() => { for (const { name, ages, fifo } of this.#ages) sink.noteAges(name, ages, fifo); });
    this.#ages = [];
    return sink;
  }

  async startKeyspace(name: Uint8Array, order: KeyOrder): Promise<void> {
    const known = this.#families.get(Buffer.from(name).toString("hex"));
    const family = known ?? whileLoading<RocksdbFamily>({ name });
    const text = familyOptions(family);
    const fifo = text.includes("kCompactionStyleFIFO");
    const { ages } = family;
    if (ages !== undefined) await this.#noteAges({ name: Buffer.from(name), ages, fifo });
    const byAge = fifo && ages?.includes("\n") === true;
    if (byAge || family.byWrites === true) {
      const sink = await this.#store();
      if (known === undefined) await whileMade(() => sink.createFamily(asBuffer(name), text));
      if (byAge) {
        await whileMade(() => sink.beginLoadByAge(asBuffer(name), this.#tableDirectory));
      } else {
        // Blobs go to the lowest level as they are; a FIFO family has no other level.
        this.#writing = { name: asBuffer(name), compacts: !fifo, entries: 0 };
      }
      return;
    }
    const turn = (family.comparator ?? "bytewise") !== order;
    const sink = this.#sink;
    if (sink === null) {
      await whileMade(() => { this.#tables.beginLoad(asBuffer(name), text, turn); });
      return;
    }
    // Those that were named are there since the store was made.
    if (known === undefined) await whileMade(() => sink.createFamily(asBuffer(name), text));
    await whileMade(() => { sink.beginLoad(asBuffer(name), text, this.#tableDirectory, turn); });
  }

  async #noteAges(noted: { readonly name: Buffer; readonly ages: string; readonly fifo: boolean }): Promise<void> {
    const sink = this.#sink;
    if (sink === null) this.#ages.push(noted);
    else await whileMade(() => { sink.noteAges(noted.name, noted.ages, noted.fifo); });
  }

  /** Who takes whole families: the tables that a store is made of, or the store when it was needed before. */
  get #loads(): Pick<NativeSink, "load" | "endLoad"> {
    return this.#sink ?? this.#tables;
  }

  async load(block: Uint8Array): Promise<void> {
    const writing = this.#writing;
    if (writing === null) {
      await whileMade(() => this.#loads.load(asBuffer(block)));
    } else {
      const sink = await this.#store();
      const { written } = await whileMade(() => sink.apply(writing.name, asBuffer(block), "overwrite"));
      writing.entries += written;
    }
  }

  async finishKeyspace(): Promise<number> {
    const writing = this.#writing;
    this.#writing = null;
    if (writing === null) return whileMade(() => this.#loads.endLoad());
    const sink = await this.#store();
    if (writing.compacts && writing.entries > 0) await whileMade(() => sink.compact(writing.name));
    return writing.entries;
  }

  async finish(): Promise<void> {
    const sink = await this.#store();
    await whileMade(() => sink.finishLoads());
    await this.close();
  }

  close(): Promise<void> {
    this.#closed ??= whileMade(() => this.#sink?.close());
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
