/** Compacting RocksDB stores: a fresh store with the original's options, of what the original shows. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { EntrySource, KeyOrder, KeyspaceInfo, StoreInfo, StoreLock } from "../../../engines/store.js";
import { KgdumpError, systemError } from "../../../errors.js";
import { MAX_PAYLOAD_LENGTH } from "../../../format/index.js";
import { logsElsewhere } from "../../disk/logs-elsewhere.js";
import { shellWord } from "../../disk/shell-word.js";
import { startOfFile } from "../../disk/small-file.js";
import { openSource } from "../../disk/stores.js";
import { nameText } from "../../entries/keyspaces.js";
import { restoreDump } from "../../import/restore.js";
import { closing } from "../../run/closing.js";
import { refusePrepared } from "../plan/prepared.js";
import type { CompactSettings, Live, Made, Making, OldStore, OpeningOptions } from "./old-store.js";

/** As openOldStore says. */
export async function openOldRocksdb(store: string, { settings, hold }: OpeningOptions): Promise<OldStore> {
  refuseSettings(settings);
  const lock = hold ? await lockStore(store) : null;
  try {
    const source = await openSource(store, { ttl: "keep" });
    try {
      await refuseUncompactable(source.info);
    } catch (error) {
      await source.close();
      throw error;
    }
    return new OldRocksdb(source, lock);
  } catch (error) {
    lock?.release();
    throw error;
  }
}

async function lockStore(store: string): Promise<StoreLock> {
  const { lockRocksdb } = await import("../../../engines/rocksdb/lock.js");
  return lockRocksdb(store);
}

function refuseSettings({ compression, compressionLevel, segmentSize }: CompactSettings): void {
  const asked = [
    ...(segmentSize === undefined ? [] : ["--segment-size"]),
    ...(compression === undefined ? [] : [compression ? "--compression" : "--no-compression"]),
    ...(compressionLevel === undefined ? [] : ["--compression-level"]),
  ];
  if (asked.length === 0) return;
  throw new KgdumpError("USAGE", `${asked.join(" and ")} ${asked.length === 1 ? "is" : "are"} for sled stores: a RocksDB store keeps the options that it has`, {
    hint: "leave that out; to change the tables, `kgdump export` the store, then `kgdump restore` it with --compression or --table-block-size",
  });
}

/** Refuses a store that a new one could not take the place of. @throws {KgdumpError} STORE_UNSUPPORTED, STORE_COMPARATOR_UNSUPPORTED, STORE_PREPARED */
async function refuseUncompactable(info: StoreInfo): Promise<void> {
  const { path, options } = info;
  if (options?.get("rocksdb.writtenBy") === "leveldb") {
    throw new KgdumpError("STORE_UNSUPPORTED", `${path} is a store of LevelDB, and kgdump makes no stores of LevelDB`, {
      path,
      hint: "its program compacts it (`CompactRange`); for a RocksDB store of what it holds, `kgdump export` it, then `kgdump restore` that",
    });
  }
  for (const keyspace of info.keyspaces) refuseUnlike(path, keyspace);
  refusePrepared(info, { hint: "let the program that owns the store commit them or roll them back, then compact again" });
  const logs = await logsElsewhere(options, [path]);
  if (logs !== null) {
    throw new KgdumpError("STORE_UNSUPPORTED", `logs of the store are in ${logs}: its program would read them into the new store, over what is written there`, {
      path: logs,
      hint: `put them into the store, then run this again: \`mv ${shellWord(logs)}/*.log ${shellWord(path)}/\``,
    });
  }
  const [tables] = await tablesElsewhere(path);
  if (tables === undefined) return;
  throw new KgdumpError("STORE_UNSUPPORTED", `the store's program has tables in ${tables} (db_paths or cf_paths), where it would look for those of the new store`, {
    path: tables,
    hint: "let the program compact the store itself (`CompactRange`), or let it keep its tables in the store's own directory before",
  });
}

const COMPARATORS: Readonly<Record<KeyOrder, string>> = { bytewise: "leveldb.BytewiseComparator", "reverse-bytewise": "rocksdb.ReverseBytewiseComparator" };

/** Refuses a family that would come back with another comparator, with which its program does not open it, or with options that nobody knows. */
function refuseUnlike(path: string, { name, comparator, settings }: KeyspaceInfo): void {
  const told = settings?.get("comparator");
  if (told === COMPARATORS[comparator]) return;
  if (told === undefined) {
    throw new KgdumpError("STORE_UNSUPPORTED", `no OPTIONS file of ${path} that can be read tells of the family "${nameText(name)}": a new store could not have its options`, {
      path,
      keyspace: name,
      hint: "let the store's program open and close it, which writes that file anew, then run this again",
    });
  }
  throw new KgdumpError("STORE_COMPARATOR_UNSUPPORTED", `the family "${nameText(name)}" has the comparator ${told}: a new store would have ${COMPARATORS[comparator]}, with which its program does not open it`, {
    path,
    keyspace: name,
    hint: "let the program compact the store itself (`CompactRange`)",
  });
}

/** So much of LOG is looked at: what is told at the opening of a store is at its beginning. */
const MOST_LOG = 256 * 1024;

/** Other directories of tables that LOG names, which RocksDB lists when it opens a store: OPTIONS don't tell them. */
async function tablesElsewhere(store: string): Promise<string[]> {
  const text = await startOfFile(join(store, "LOG"), MOST_LOG).catch(() => Buffer.alloc(0));
  const named = [...text.toString("utf8").matchAll(/SST files in (.+) dir, Total Num: (\d+)/g)];
  const [own] = named[0]?.slice(1) ?? [];
  // A store that was moved has another path there: its own comes first.
  const others = new Set(named.map(([, directory = ""]) => directory).filter((directory) => directory !== own && directory !== store));
  const found: string[] = [];
  for (const directory of others) if ((await stat(directory).catch(() => null))?.isDirectory() === true) found.push(directory);
  return found;
}

class OldRocksdb implements OldStore {
  readonly engine = "rocksdb";
  readonly form = null;
  readonly source: EntrySource;
  readonly #lock: StoreLock | null;

  constructor(source: EntrySource, lock: StoreLock | null) {
    this.source = source;
    this.#lock = lock;
  }

  /** The new tables are compressed as the old ones are; nobody knows how, when most is in logs, or in blobs. */
  async estimate({ entries, bytes }: Live): Promise<number | null> {
    const { path, keyspaces } = this.source.info;
    const files = await sizesOf(path);
    const raw = keyspaces.reduce((sum, { estimatedBytes }) => sum + estimatedBytes, 0) - files.logs;
    if (entries === 0) return 0;
    if (files.blobs > 0 || files.tables === 0 || raw <= 0) return null;
    return Math.ceil(Math.max(0, bytes - entries * ENTRY_OVERHEAD) * (files.tables / raw));
  }

  make(making: Making): Promise<Made> {
    return restoreDump({ ...making, maxBlockSize: MAX_PAYLOAD_LENGTH });
  }

  reopen(): null {
    return null;
  }

  async again<R>(work: (source: EntrySource) => Promise<R>): Promise<R> {
    // In another way: table by table, key by key.
    return closing(await openSource(this.source.info.path, { ttl: "keep", paranoid: true }), work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.source.close();
    } finally {
      this.#lock?.release();
    }
  }
}

/** What the encoding adds to each entry, mostly: the lengths of its key and value. */
const ENTRY_OVERHEAD = 4;

async function sizesOf(store: string): Promise<{ tables: number; blobs: number; logs: number }> {
  const sizes = { tables: 0, blobs: 0, logs: 0 };
  try {
    for (const name of await readdir(store)) {
      const kind = /^\d+\.(?:sst|ldb)$/.test(name) ? "tables" : /^\d+\.blob$/.test(name) ? "blobs" : /^\d+\.log$/.test(name) ? "logs" : null;
      if (kind !== null) sizes[kind] += (await stat(join(store, name)).catch(() => ({ size: 0 }))).size;
    }
  } catch (error) {
    throw systemError(error, `looking at ${store}`, { path: store });
  }
  return sizes;
}
