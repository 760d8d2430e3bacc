/**
 * Rollback: the RocksDB store of before comes back to the path that the service uses, and the sled store goes aside.
 *
 * What was written to sled since is not lost unnoticed: the rollback refuses, or carries it back into a new RocksDB store.
 */
import { createHash } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { readdir, rm, stat } from "node:fs/promises";
import { KgdumpError } from "../../errors.js";
import type { EntrySource } from "../../engines/engine.js";
import { MAX_PAYLOAD_LENGTH } from "../../format/constants.js";
import { exportSource } from "../export.js";
import { nameText } from "../keyspaces.js";
import { openSource } from "../load-engine.js";
import type { OnProgress } from "../progress.js";
import { restoreDump } from "../restore.js";
import { keyspacesOfOriginal } from "./confirm.js";
import { ttlOf } from "./carried-times.js";
import { type OnEvent, Teller } from "./events.js";
import { isBeforeSwitch, type Journal, journalPath, readJournal, refuseOtherOwner, writeJournal } from "./journal.js";
import { copyDurably, nameStamp, occupantOf } from "./places.js";
import { asFound, carriedPath, clearAway, clearCarried, clearLeftovers, finishRollback, switchOf, switchOver } from "./steps.js";
import { isUntouched } from "./switch.js";
import { Trees } from "./trees.js";

/** What `rollbackStore` does. */
export interface RollbackOptions {
  /** Directory of the sled store. */
  readonly target: string;
  /** Go back although the sled store holds what the original does not: that is kept aside with it. */
  readonly discardNew?: boolean | undefined;
  /** Put a RocksDB store in place that holds what the sled store holds now. */
  readonly carryBack?: boolean | undefined;
  readonly onEvent?: OnEvent | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a rollback ended. */
export interface RollbackResult {
  /** rolled-back: now; already: the RocksDB store was in place. */
  readonly status: "rolled-back" | "already";
  /** Where the RocksDB store is. */
  readonly source: string;
  /** Where the sled store is now; null when there was none. */
  readonly aside: string | null;
  /** Whether what was written to sled was carried back. */
  readonly carried: boolean;
  /** Where the original is, when the store that was carried back took its place; null when it is in its place, or is the backup still. */
  readonly original: string | null;
}

/**
 * Undoes a migration, finished or not. Running it again is harmless.
 * @throws {KgdumpError} NOT_FOUND when no migration is known there, ROLLBACK_LOSES_DATA when the sled store was written to and it was
 * not said what is to become of that, STORE_IN_USE, MIGRATION_*, NO_SPACE, …
 */
export async function rollbackStore(options: RollbackOptions): Promise<RollbackResult> {
  const teller = new Teller(options.onEvent);
  const target = resolve(options.target);
  let journal = await readJournal(target);
  if (journal === null) {
    throw new KgdumpError("NOT_FOUND", `no migration to ${target} is known: ${journalPath(target)} is not there`, {
      path: target,
      hint: await withoutJournal(target),
    });
  }
  teller.id = journal.id;
  await refuseOtherOwner(journal);
  await clearLeftovers(journal);
  journal = await asFound(journal);
  if (journal.step === "rolling-back") return resultOf(await finishRollback(journal, teller), false);
  const unfinished = isBeforeSwitch(journal.step);
  if (unfinished || (journal.step === "switching" && (await isUntouched(switchOf(journal))))) await clearAway(journal, teller);
  else if (journal.step === "switching") journal = await switchOver(journal, teller);
  if (journal.step === "confirming") journal = { ...journal, step: "done" };
  if (journal.step === "done") journal = { ...journal, keyspaces: journal.keyspaces ?? (await keyspacesOfOriginal(journal, options)) };
  if (journal.step !== "done") return { status: unfinished ? "rolled-back" : "already", source: journal.source, aside: null, carried: false, original: null };
  return undo(journal, options, teller);
}

/** What to do about a path that has no journal. */
async function withoutJournal(target: string): Promise<string> {
  const end = basename(journalPath("x")).slice(1);
  const beside = (await readdir(dirname(target)).catch((): string[] => [])).filter((name) => name.endsWith(end)).map((name) => join(dirname(target), name.slice(0, -end.length)));
  if (beside.length > 0) return `name the path that was migrated; beside it these were: ${beside.slice(0, 5).join(", ")}`;
  return "name the path that was migrated; without its journal, put the backup in place by hand";
}

async function undo(journal: Journal, options: RollbackOptions, teller: Teller): Promise<RollbackResult> {
  const { rolling, carried } = await startUndoing(journal, options, teller);
  return resultOf(await finishRollback(rolling, teller), carried);
}

/** Gets ready what is to be put in place. The sled store is open and so locked meanwhile: nothing can be written to it unseen. */
async function startUndoing(journal: Journal, options: RollbackOptions, teller: Teller): Promise<{ rolling: Journal; carried: boolean }> {
  const { target } = journal;
  if ((await occupantOf(target)) !== "sled") {
    await refuseStale(journal);
    throw new KgdumpError("MIGRATION_UNCLEAR", `there is no sled store at ${target}`, { path: target, hint: "nothing was touched: somebody moved it" });
  }
  if (options.discardNew === true) return discard(journal, teller);
  await using store = await openSource(target, {}).catch(async (error: unknown) => {
    await refuseStale(journal);
    throw error;
  });
  await refuseStale(journal);
  await clearCarried(journal);
  const changed = await changedKeyspace(store, journal, options);
  if (changed !== null && options.carryBack !== true) {
    throw new KgdumpError("ROLLBACK_LOSES_DATA", `the sled store was written to since it was made (in "${changed}"), and the RocksDB store does not have that`, {
      path: target,
      hint: "--carry-back brings it into a new RocksDB store; --discard-new leaves it in the sled store, which is kept aside",
    });
  }
  const carry = changed !== null && options.carryBack === true;
  if (carry) await refuseLevelDb(journal);
  const incoming = carry ? await carryBack(store, journal, options, teller) : await bringNear(journal, teller);
  const stamp = nameStamp(new Date());
  // With a target of its own, what is carried back goes where the service had its RocksDB store.
  const original = carry && journal.source !== target ? `${journal.source}.rocksdb-backup-${stamp}` : null;
  const rolling = await writeJournal({ ...journal, step: "rolling-back", rollback: { incoming, aside: `${target}.sled-${stamp}`, original } });
  return { rolling, carried: carry };
}

/** Puts the original in place, whatever became of the sled store: only that nobody has it open matters, as long as there is anything to open. */
async function discard(journal: Journal, teller: Teller): Promise<{ rolling: Journal; carried: boolean }> {
  const { target } = journal;
  const { lockSled } = await import("../../engines/sled-lock.js");
  const lock = await lockSled(target).catch(async (error: unknown) => {
    await refuseStale(journal);
    if (error instanceof KgdumpError && error.code === "STORE_IN_USE") throw error;
    return null;
  });
  try {
    await refuseStale(journal);
    const incoming = await bringNear(journal, teller);
    const rollback = { incoming, aside: `${target}.sled-${nameStamp(new Date())}`, original: null };
    return { rolling: await writeJournal({ ...journal, step: "rolling-back", rollback }), carried: false };
  } finally {
    lock?.release();
  }
}

/** Fails when another rollback was faster, as the journal tells before anything is moved. */
async function refuseStale({ target, updatedAt }: Journal): Promise<void> {
  if ((await readJournal(target))?.updatedAt === updatedAt) return;
  throw new KgdumpError("STORE_IN_USE", `another process was at work on ${target} just now`, { path: target, hint: "kgdump status tells what is there" });
}

function resultOf(journal: Journal, carried: boolean): RollbackResult {
  return { status: "rolled-back", source: journal.source, aside: journal.rollback?.aside ?? null, carried, original: journal.rollback?.original ?? null };
}

/** Name of the first keyspace in which the sled store differs from what was migrated; null when it does not. */
async function changedKeyspace(store: EntrySource, journal: Journal, { signal }: RollbackOptions): Promise<string | null> {
  const trees = new Trees(journal);
  const known = new Map(trees.own(journal.keyspaces ?? []).map((keyspace) => [Buffer.from(trees.of(Buffer.from(keyspace.name, "hex"))).toString("hex"), keyspace]));
  for (const { name } of store.info.keyspaces) {
    const migrated = known.get(Buffer.from(name).toString("hex"));
    const hash = createHash("sha256");
    let entries = 0;
    for await (const block of store.scan(name, { blockSize: 1024 * 1024, order: migrated?.comparator, signal })) {
      hash.update(block.data);
      entries += block.entries;
      block.release();
    }
    known.delete(Buffer.from(name).toString("hex"));
    if (migrated === undefined ? entries > 0 : hash.digest("hex") !== migrated.digest) return nameText(name);
  }
  const [gone] = known.keys();
  return gone === undefined ? null : nameText(Buffer.from(gone, "hex"));
}

/** Fails when the original is a store of LevelDB: what is carried back is a store of RocksDB, which LevelDB does not open. */
async function refuseLevelDb({ backup, source, target }: Journal): Promise<void> {
  const path = backup ?? source;
  await using original = await openSource(path, { ttl: "keep" });
  if (original.info.options?.get("rocksdb.writtenBy") !== "leveldb") return;
  throw new KgdumpError("STORE_UNSUPPORTED", `LevelDB wrote the original ${path}, and kgdump makes no stores of LevelDB: nothing can be carried back`, {
    path: target,
    hint: "--discard-new puts the original in place and keeps the sled store aside, which the program can read its new data from",
  });
}

/** A new RocksDB store with what the sled store holds now, its families kept as the original's are. */
async function carryBack(store: EntrySource, journal: Journal, { onProgress, signal }: RollbackOptions, teller: Teller): Promise<string> {
  const incoming = carriedPath(journal);
  // Families in another order are read twice, which a pipe can't be.
  const dump = `${incoming}.kgd`;
  try {
    // A service may have written larger keys to sled than readers of dumps take by default.
    await exportSource(store, { store: journal.target, output: dump, force: true, maxBlockSize: MAX_PAYLOAD_LENGTH, onProgress, signal });
    const restored = { target: incoming, input: dump, maxBlockSize: MAX_PAYLOAD_LENGTH, map: new Trees(journal).back(journal.keyspaces ?? [], store.info.keyspaces.map(({ name }) => name)), optionsFrom: journal.backup ?? journal.source, onProgress, signal };
    const { entries } = await restoreDump({ ...restored, ttl: journal.ttl }).catch(async (error: unknown) => {
      if (journal.ttl !== undefined || !(error instanceof KgdumpError) || error.code !== "STORE_TTL") throw error;
      return restoreDump({ ...restored, ttl: await ttlOf(journal, signal) });
    });
    teller.tell("restore", "what the sled store holds was carried into a new RocksDB store, read back and compared", { entries });
    await rm(dump, { force: true });
    return incoming;
  } catch (error) {
    await clearCarried(journal).catch(() => undefined);
    throw error;
  }
}

/** The original, on the target's file system. */
async function bringNear(journal: Journal, teller: Teller): Promise<string> {
  const { backup, source, target, id } = journal;
  if (backup === null) return source;
  if ((await stat(dirname(backup))).dev === (await stat(dirname(target))).dev) return backup;
  const near = `${target}.kgdump-back-${id}`;
  if ((await occupantOf(near)) !== "rocksdb") await copyDurably(backup, near, `${near}.kgdump-partial`);
  teller.tell("restore", "the backup was copied from its file system and compared", { backup });
  return near;
}
