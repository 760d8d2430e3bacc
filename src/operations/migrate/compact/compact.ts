/**
 * Compact: a store is rebuilt beside itself, without what it does not need any more, and takes its own place.
 *
 * The new store is loaded, read back and found equal to the old one, which is read once more, before it gets a name. Then the two change places in one
 * system call: at each moment a whole store with the same entries is at the path. The original is kept beside it.
 */
import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import type { EngineName, EntrySource } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { MAX_PAYLOAD_LENGTH } from "../../../format/index.js";
import type { ReopenSettings } from "../../../settings/reopen.js";
import { checkSledSettings } from "../../../settings/sled-settings.js";
import { makeLike } from "../../disk/likeness.js";
import { noStoreAt } from "../../disk/missing.js";
import { refuseLongName } from "../../disk/names.js";
import { refuseFilesElsewhere } from "../../disk/own-files.js";
import { diskUseOf, removedName, removeDirectory } from "../../disk/places.js";
import { lockPlace } from "../../disk/place-lock.js";
import { freeOf } from "../../disk/space.js";
import { Staging } from "../../disk/staging.js";
import { detectEngine } from "../../disk/stores.js";
import { exportSource } from "../../export/export.js";
import { closing } from "../../run/closing.js";
import { throughPipe } from "../../run/pipe.js";
import { ProgressMeter, type WithProgress } from "../../run/progress.js";
import { through, type WithSeams } from "../../run/seams.js";
import { clearJournalTemporary, readJournal } from "../journal.js";
import { copyCompanions } from "./companions.js";
import { digestsOf, firstDifference, hexDigests } from "./digests.js";
import { openOldStore } from "./engine.js";
import { settleInterrupted, takePlace } from "./exchange.js";
import type { CompactSettings, Live, Made, OldStore, SledForm } from "./old-store.js";

/** What `compactStore` does. */
export interface CompactOptions extends WithSeams, WithProgress {
  /** Directory of the store; no program may have it open. */
  readonly store: string;
  /** What the new store is to have instead of what the old one has; for sled stores only. */
  readonly settings?: CompactSettings | undefined;
  /** Remove the original when the new store is in its place; default false. */
  readonly removeOriginal?: boolean | undefined;
}

/** What compacting would do. */
export interface CompactPlan {
  /** Absolute path, without links. */
  readonly store: string;
  readonly engine: EngineName;
  /** Bytes that the store takes on its disk. */
  readonly bytes: number;
  /** Bytes that a new one would take, about; null when nobody knows that before: it would be compressed, or what is there does not tell how much that gains. */
  readonly newBytes: number | null;
  readonly entries: number;
  /** Bytes that are free on its disk. */
  readonly freeBytes: number;
  /** What the new store has for good; null for RocksDB, whose options stay as they are. */
  readonly settings: SledForm | null;
  /** What a user should know of the store, a sentence each. */
  readonly warnings: readonly string[];
}

/** What was compacted. */
export interface CompactResult {
  readonly store: string;
  readonly engine: EngineName;
  /** Where the original is; null when it was removed. */
  readonly kept: string | null;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly entries: number;
  /** Trees or families. */
  readonly keyspaces: number;
  /** With which `sled::Config` a sled store is opened from now on; null for RocksDB. */
  readonly reopen: ReopenSettings | null;
  readonly seconds: number;
  readonly warnings: readonly string[];
}

const BLOCK_SIZE = 1024 * 1024;

/**
 * Tells what compacting would gain. Nothing is changed; all entries are read.
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_UNSUPPORTED for a store that is not all in its directory, or of LevelDB, STORE_IN_USE for sled,
 * STORE_PREPARED, STORE_DAMAGED, MIGRATION_UNCLEAR when a migration of it is not finished, USAGE for settings that are none of its engine's, …
 */
export async function planCompact(options: Pick<CompactOptions, "store" | "settings" | "onProgress" | "signal">): Promise<CompactPlan> {
  const { engine, store } = await placeOf(options.store);
  return closing(await openOldStore(engine, store, { settings: options.settings ?? {}, hold: false }), async (old) => {
    const live = await liveOf(old.source, options);
    return { store, engine, bytes: (await diskUseOf(store)) ?? 0, newBytes: await old.estimate(live), entries: live.entries, freeBytes: await freeOf(dirname(store)), settings: old.form, warnings: old.source.info.warnings };
  });
}

async function liveOf(source: EntrySource, { onProgress, signal }: Pick<CompactOptions, "onProgress" | "signal">): Promise<Live> {
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
 * @throws {KgdumpError} as planCompact, STORE_IN_USE; NO_SPACE, VERIFY_DIFFERENCE, …: the store is as it was, unless all but making its name durable was done
 * @throws the signal's reason when it aborts
 */
export async function compactStore(options: CompactOptions): Promise<CompactResult> {
  const started = performance.now();
  checkSledSettings(options.settings ?? {});
  using _ = await lockPlace(options.store, "compact");
  await settleInterrupted(options.store);
  const { engine, store } = await placeOf(options.store);
  await clearJournalTemporary(store).catch(() => undefined);
  // No program can open it for writing until the new store is in its place.
  return await closing(await openOldStore(engine, store, { settings: options.settings ?? {}, hold: true }), async (old) => {
    const bytesBefore = (await diskUseOf(store)) ?? 0;
    await using staging = await Staging.create(store);
    const made = await makeAnew(old, store, staging.storePath, options);
    await refuseDifference(old, made, options);
    options.signal?.throwIfAborted();
    await makeLike(staging.storePath, store, engine);
    await copyCompanions(store, staging.storePath, engine);
    const kept = await takePlace(staging.storePath, store);
    if (options.removeOriginal === true) await removeDirectory(kept);
    return {
      store,
      engine,
      kept: options.removeOriginal === true ? null : kept,
      bytesBefore,
      bytesAfter: (await diskUseOf(store)) ?? 0,
      entries: made.entries,
      keyspaces: made.keyspaces.length,
      reopen: old.reopen(),
      seconds: (performance.now() - started) / 1000,
      warnings: [...new Set([...old.source.info.warnings, ...made.warnings])],
    };
  });
}

/** The longest that is put behind the name of a store, with a number of 64 bits in it. */
const LONGEST = removedName(".kgdump-compacting-20000101T000000Z-18446744073709551615");

/** The store's directory, in which all of it lies. */
async function placeOf(path: string): Promise<{ engine: EngineName; store: string }> {
  const engine = await detectEngine(path);
  const store = await realpath(path).catch(async (error: unknown) => {
    throw await noStoreAt(path, error);
  });
  const journal = await readJournal(store);
  if (journal !== null && journal.step !== "done" && journal.step !== "rolled-back") {
    throw new KgdumpError("MIGRATION_UNCLEAR", `a migration of ${store} is not finished`, { path: store, hint: "`kgdump status` shows how far it is; finish it, or undo it, before" });
  }
  await refuseLongName(store, LONGEST);
  await refuseFilesElsewhere(store, engine);
  return { engine, store };
}

/** Makes the new store, which is read back, and compared with what was read of the old one. */
async function makeAnew(old: OldStore, store: string, target: string, options: CompactOptions): Promise<Made> {
  const { onProgress, signal, seams } = options;
  const { read } = await throughPipe(
    (pipe) => exportSource(through(seams?.exporting, old.source), { store, output: pipe, target: old.engine, maxBlockSize: MAX_PAYLOAD_LENGTH, signal }),
    (pipe) => old.make({ target, input: pipe, onProgress, signal, seams }),
  );
  return read;
}

/** Reads the old store once more: what the new one was found to hold came all from one reading of it. @throws {KgdumpError} VERIFY_DIFFERENCE */
async function refuseDifference(old: OldStore, made: Made, options: CompactOptions): Promise<void> {
  const held = await old.again((source) => digestsOf(through(options.seams?.confirming, source), options));
  const other = firstDifference(held, hexDigests(made.keyspaces));
  if (other === null) return;
  throw new KgdumpError("VERIFY_DIFFERENCE", `"${other}" of the new store differs from that of the old one`, { hint: "nothing was changed: check the disk and the memory of this machine, then run this again" });
}
