/**
 * Compact: a sled store is made anew beside itself, without what it does not need any more, and takes its own place.
 *
 * The new store is loaded, read back and found equal before it gets a name. Then the two change places in one system call: at each moment a whole store
 * with the same entries is at the path. The original is kept beside it.
 */
import { PassThrough } from "node:stream";
import { realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { SledSource } from "../../engines/sled.js";
import { KgdumpError } from "../../errors.js";
import { reopenSettings, type ReopenSettings } from "../../settings/reopen.js";
import { checkSledSettings, type SledSettings } from "../../settings/sled-settings.js";
import { closing } from "../closing.js";
import { refuseFilesElsewhere } from "../disk/own-files.js";
import { noStoreAt } from "../disk/missing.js";
import { exportSource } from "../export.js";
import { importDump, type ImportResult } from "../import.js";
import { detectEngine } from "../load-engine.js";
import { holdsTheSame } from "../migrate/copy.js";
import { readJournal } from "../migrate/journal.js";
import { diskUseOf, freeStamp, removeDirectory } from "../migrate/places.js";
import { freeOf } from "../migrate/space.js";
import { type OnProgress, ProgressMeter } from "../progress.js";
import type { WithSeams } from "../seams.js";
import { Staging } from "../staging.js";
import { giveOwner, keptPath, putBackInterrupted, takePlace } from "./places.js";

/** What `compactStore` does. */
export interface CompactOptions extends WithSeams {
  /** Directory of the sled store; no program may have it open. */
  readonly store: string;
  /** What the new store is to have instead of what the old one has. */
  readonly settings?: Pick<SledSettings, "compression" | "compressionLevel" | "segmentSize"> | undefined;
  /** Remove the original when the new store is in its place; default false. */
  readonly removeOriginal?: boolean | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What compacting would do. */
export interface CompactPlan {
  /** Absolute path, without links. */
  readonly store: string;
  /** Bytes that the store takes on its disk. */
  readonly bytes: number;
  /** Bytes that a new one would take, about; null when it would be compressed, as nobody knows that before. */
  readonly newBytes: number | null;
  readonly entries: number;
  /** Bytes that are free on its disk. */
  readonly freeBytes: number;
  readonly settings: { readonly compression: boolean; readonly segmentSize: number };
}

/** What was compacted. */
export interface CompactResult {
  readonly store: string;
  /** Where the original is; null when it was removed. */
  readonly kept: string | null;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly entries: number;
  readonly trees: number;
  /** With which `sled::Config` the store is opened from now on. */
  readonly reopen: ReopenSettings;
  readonly seconds: number;
  readonly warnings: readonly string[];
}

/** What a new store takes for each byte of its entries, mostly: pages above the leaves, and the ends of segments. */
const STORE_FACTOR = 1.04;
const BLOCK_SIZE = 1024 * 1024;

/**
 * Tells what compacting would gain. Nothing is changed; all entries are read.
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_UNSUPPORTED for a store of RocksDB, or with links or mounts within, STORE_IN_USE,
 * STORE_DAMAGED, MIGRATION_UNCLEAR when a migration of it is not finished, …
 */
export async function planCompact(options: Pick<CompactOptions, "store" | "settings" | "onProgress" | "signal">): Promise<CompactPlan> {
  const store = await placeOf(options.store);
  return closing(await open(store), async (source) => {
    const settings = { ...source.settings, ...given(options) };
    const { entries, bytes } = await sumOf(source, options);
    const newBytes = settings.compression ? null : Math.ceil((bytes * STORE_FACTOR + 1) / settings.segmentSize) * settings.segmentSize;
    return { store, bytes: (await diskUseOf(store)) ?? 0, newBytes, entries, freeBytes: await freeOf(dirname(store)), settings };
  });
}

async function sumOf(source: SledSource, { onProgress, signal }: Pick<CompactOptions, "onProgress" | "signal">): Promise<{ entries: number; bytes: number }> {
  const meter = new ProgressMeter("verify", onProgress, { entries: null, bytes: null });
  const sum = { entries: 0, bytes: 0 };
  for (const { name } of source.info.keyspaces) {
    meter.enter(name);
    for await (const block of source.scan(name, { blockSize: BLOCK_SIZE, signal })) {
      sum.entries += block.entries;
      sum.bytes += block.data.length;
      meter.add(block.entries, block.data.length);
      block.release();
    }
  }
  meter.end();
  return sum;
}

/**
 * Compacts a store.
 * @throws {KgdumpError} as planCompact; NO_SPACE, VERIFY_DIFFERENCE, …: the store is as it was, unless all but making its name durable was done
 * @throws the signal's reason when it aborts
 */
export async function compactStore(options: CompactOptions): Promise<CompactResult> {
  const started = performance.now();
  checkSledSettings(options.settings ?? {});
  await putBackInterrupted(resolve(options.store));
  const store = await placeOf(options.store);
  // Its lock is held until the new store is in its place.
  return closing(await open(store), async (source) => {
    const settings = { ...source.settings, ...given(options) };
    const bytesBefore = (await diskUseOf(store)) ?? 0;
    await using staging = await Staging.create(store);
    const imported = await makeAnew(source, store, settings, staging.storePath, options);
    options.signal?.throwIfAborted();
    await giveOwner(staging.storePath, store);
    const kept = keptPath(store, await freeStamp(new Date(), (stamp) => [keptPath(store, stamp)]));
    await takePlace(staging.storePath, store, kept);
    if (options.removeOriginal === true) await removeDirectory(kept);
    return {
      store,
      kept: options.removeOriginal === true ? null : kept,
      bytesBefore,
      bytesAfter: (await diskUseOf(store)) ?? 0,
      entries: imported.entries,
      trees: imported.keyspaces.length,
      reopen: reopenSettings(store, settings, options.settings ?? {}),
      seconds: (performance.now() - started) / 1000,
      warnings: [...new Set([...source.info.warnings, ...imported.warnings])],
    };
  });
}

async function open(store: string): Promise<SledSource> {
  const { openSledSource } = await import("../../engines/sled-reader.js");
  return openSledSource(store);
}

/** The store's directory, in which all of it lies. */
async function placeOf(path: string): Promise<string> {
  const engine = await detectEngine(path);
  if (engine !== "sled") {
    throw new KgdumpError("STORE_UNSUPPORTED", `${path} is a RocksDB store, which compacts itself`, {
      path,
      hint: "its program, or `ldb compact`, compacts all of it; `kgdump export` and `kgdump restore` make it anew",
    });
  }
  const store = await realpath(path).catch(async (error: unknown) => {
    throw await noStoreAt(path, error);
  });
  const journal = await readJournal(store);
  if (journal !== null && journal.step !== "done" && journal.step !== "rolled-back") {
    throw new KgdumpError("MIGRATION_UNCLEAR", `a migration of ${store} is not finished`, { path: store, hint: "`kgdump status` tells how far it is; finish it, or undo it, before" });
  }
  await refuseFilesElsewhere(store);
  return store;
}

function given({ settings = {} }: Pick<CompactOptions, "settings">): Partial<CompactPlan["settings"]> {
  const { compression, segmentSize } = settings;
  return { ...(compression === undefined ? {} : { compression }), ...(segmentSize === undefined ? {} : { segmentSize }) };
}

/** Makes the new store, which is read back, and compared with what was read of the old one. */
async function makeAnew(source: SledSource, store: string, settings: CompactPlan["settings"], target: string, options: CompactOptions): Promise<ImportResult> {
  const { onProgress, signal, seams } = options;
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const pipe = new PassThrough({ highWaterMark: 4 * 1024 * 1024 });
  const compressionLevel = options.settings?.compressionLevel;
  const importing = importDump({ target, input: pipe, ...settings, compressionLevel: settings.compression ? compressionLevel : undefined, onProgress, signal: both, seams });
  const exporting = exportSource(source, { store, output: pipe, target: "sled", signal: both });
  // When one side fails, the other one would wait for it.
  const ends = [exporting, importing].map((work) => work.catch(() => { stop.abort(new Error("the other side has failed")); }));
  await Promise.all(ends);
  const [exported, imported] = await Promise.allSettled([exporting, importing]);
  signal?.throwIfAborted();
  const failed = [imported, exported].find((one): one is PromiseRejectedResult => one.status === "rejected" && one.reason instanceof KgdumpError && one.reason.code !== "BROKEN_PIPE");
  if (failed !== undefined) throw failed.reason;
  if (exported.status === "rejected") throw exported.reason;
  if (imported.status === "rejected") throw imported.reason;
  if (holdsTheSame(exported.value, imported.value)) return imported.value;
  throw new KgdumpError("VERIFY_DIFFERENCE", "the new store does not hold what the old one does", { hint: "nothing was changed: check the disk and the memory of this machine, then run this again" });
}
