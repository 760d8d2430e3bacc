/**
 * Migrate: a RocksDB store becomes a sled store at the path that the service uses, or the other way round, and the original becomes the backup.
 *
 * The new store is built beside the old one, read back and compared; then the two change places at once. The journal makes each
 * step repeatable: after any interruption, another call finishes what is to be finished, or begins again where that is safer.
 */
import { resolve } from "node:path";
import { engineNamed, engineTitle } from "../../engines/registry.js";
import type { EngineName, EntrySource } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { type Held, holdStore } from "../disk/hold.js";
import { lockPlace } from "../disk/place-lock.js";
import { occupantOf } from "../disk/places.js";
import { openSource } from "../disk/stores.js";
import { troubleOfMigrated } from "./back/loss.js";
import { confirmSwitch, holdsWhatWasRead, keyspacesOfOriginal } from "./confirm.js";
import { beginJournal, type Copy, copyStore } from "./copy.js";
import { type Direction, directionOf } from "./direction.js";
import { Teller } from "./events.js";
import { isOwnedByOther, type Journal, readJournal, refuseOtherOwner, writeJournal } from "./journal.js";
import { migrateLive } from "./live/live.js";
import type { Sides } from "./migrated.js";
import { type ChangeCounts, entriesOf, migrationPaths, type MigrateOptions, type MigrateResult, type MigrationPaths, newId, round, secondsSince } from "./options.js";
import { askedDirection, detect } from "./plan/detect.js";
import { planMigration, refuseOccupiedTarget } from "./plan/preflight.js";
import { compareSides, graphWarnings } from "./sides.js";
import { asFound, clearAway, clearLeftovers, finishRollback, removeOwnDump, switchOf, switchOver } from "./switch/steps.js";
import { isUntouched } from "./switch/switch.js";

export { type ChangeCounts, migrationPaths, type MigrateOptions, type MigrateResult } from "./options.js";

/**
 * Migrates a store, or finishes a migration that was interrupted. Running it again is harmless.
 * @throws {KgdumpError} STORE_IN_USE while the service runs, STORE_*, NO_SPACE, VERIFY_DIFFERENCE, MIGRATION_*, …: the old store
 * is in place then, or the new one, and a further call goes on
 * @throws the signal's reason when it aborts
 */
export async function migrateStore(asked: MigrateOptions): Promise<MigrateResult> {
  const started = performance.now();
  const direction = await askedDirection(asked);
  using teller = new Teller(asked.onEvent);
  const [source, target] = [resolve(asked.source), resolve(asked.target ?? asked.source)];
  const locked = await lockPlace(target, "migrate").catch((error: unknown) => confirmedElsewhere(error, target));
  if (!(Symbol.dispose in locked)) return nothingDone("already", target, direction.to, locked, started);
  using _target = locked;
  using _source = source === target ? null : await lockPlace(source, "migrate");
  return await migrate({ ...asked, engine: direction.to, onProgress: teller.watch(asked.onProgress) }, asked.engine, direction, teller, started);
}

/**
 * The journal of a migration that another process confirms: the service may be started while it still reads the original once more.
 * @throws what came instead of the lock, in all other cases
 */
async function confirmedElsewhere(error: unknown, target: string): Promise<Journal> {
  const journal = error instanceof KgdumpError && error.code === "STORE_IN_USE" ? await readJournal(target) : null;
  if (journal?.step === "confirming" && isOwnedByOther(journal)) return journal;
  throw error;
}

/** @param engine the one that was asked for by name */
async function migrate(options: MigrateOptions, engine: EngineName | undefined, direction: Direction, teller: Teller, started: number): Promise<MigrateResult> {
  if (options.live === true && engineNamed(direction.from).readingLocks) {
    throw new KgdumpError("USAGE", `with --live a store is copied while its program runs, and a ${engineTitle(direction.from)} store can't be read while a program has it open`, { hint: "stop the service, and leave out --live" });
  }
  if (options.live === true && options.excludeKeyspaces !== undefined) throw new KgdumpError("USAGE", "with --live, all families are copied", { hint: "leave out --exclude-keyspace, or --live" });
  const target = resolve(options.target ?? options.source);
  let journal = await readJournal(target);
  // Where no lock could be made, the journal alone tells of the other process.
  if (journal?.step === "confirming" && isOwnedByOther(journal)) return nothingDone("already", target, direction.to, journal, started);
  if (journal !== null) {
    await refuseOtherOwner(journal);
    refuseOtherDirection(journal, engine);
    await clearLeftovers(journal);
    journal = await asFound(journal);
  }
  if (journal?.step === "rolling-back") journal = await finishRollback(journal, teller);
  if (journal !== null) {
    teller.id = journal.id;
    const resumed = await resume(journal, options, teller);
    if (resumed !== null) return finish(resumed, null, teller, started, options);
    await clearAway(journal, teller);
    if (directionOf(journal).to === direction.to) await refuseTrouble(journal);
    if (await isDone(journal, options)) return nothingDone("already", target, direction.to, journal, started);
  }

  const status = await detect(options, direction, teller);
  return status === "to-migrate" ? migrateNow(options, direction, teller, started) : nothingDone(status, target, direction.to, journal, started);
}

/**
 * Fails when the store that an earlier migration made can't be opened any more: the service, which is about to be started, could not open it either, or
 * would begin with an empty one.
 */
async function refuseTrouble(journal: Journal): Promise<void> {
  const trouble = await troubleOfMigrated(journal, await occupantOf(journal.target));
  if (trouble !== null) throw trouble;
}

/** Fails when another direction is asked for than that of a migration which is not finished. */
function refuseOtherDirection(journal: Journal, engine: EngineName | undefined): void {
  const { to } = directionOf(journal);
  if (engine === undefined || engine === to || journal.step === "done" || journal.step === "rolled-back") return;
  throw new KgdumpError("MIGRATION_UNCLEAR", `a migration of ${journal.target} to ${engineTitle(to)} is not finished (${journal.step})`, {
    path: journal.target,
    hint: `finish it without --engine, or undo it with \`kgdump rollback\`, before another one leads to ${engineTitle(engine)}`,
  });
}

/** How the warning begins that a store is in use, which a live copy is meant for. */
const IN_USE = "the store is in use by ";

/** A result that tells only of what was before. */
function nothingDone(status: MigrateResult["status"], target: string, engine: EngineName, journal: Journal | null, started: number): MigrateResult {
  const { backup = null, dump = null, delta = null } = journal ?? {};
  const nothing = { entries: 0, keyspaces: null, graph: null, changes: null, reopen: null, downtimeSeconds: null, warnings: [] };
  return { status, engine, target, backup, dump, delta, ...nothing, seconds: secondsSince(started) };
}

async function migrateNow(options: MigrateOptions, direction: Direction, teller: Teller, started: number): Promise<MigrateResult> {
  const id = newId();
  teller.id = id;
  const paths = await migrationPaths(options, direction, new Date(), id);
  await refuseOccupiedTarget(paths);
  if (options.live === true) {
    const warnings = await preflight(paths, options, teller, "there is room; the store is copied while its service may run");
    const { journal, ...done } = await migrateLive(paths, id, options, teller);
    // What its program had not written when the store was copied has been carried over since.
    return finish(journal, { ...done, warnings: warnings.filter((warning) => !warning.startsWith(IN_USE)) }, teller, started, options);
  }
  const good = "there is room, and nobody has the store open";
  // Where reading locks, the store is opened once: whoever reads it holds it.
  const once = engineNamed(direction.from).readingLocks;
  const looked = once ? await preflight(paths, options, teller, good) : null;
  // From here to the end no program can open the store for writing.
  const held = await holdStore(paths.source, direction.from);
  const locked = performance.now();
  try {
    const warnings = looked ?? (await preflight(paths, options, teller, good));
    const { journal, ...built } = await build(paths, held, id, options, teller);
    const switched = await switchOver(journal, teller);
    return await finish(switched, { ...built, warnings, changes: null, downtimeSeconds: secondsSince(locked) }, teller, started, options);
  } finally {
    await held.release();
  }
}

async function preflight(paths: MigrationPaths, options: MigrateOptions, teller: Teller, good: string): Promise<readonly string[]> {
  const plan = await planMigration(paths, options);
  for (const warning of plan.warnings) teller.tell("preflight", warning);
  const known = plan.estimatedEntries === null || plan.estimatedBytes === null ? {} : { entries: plan.estimatedEntries, bytes: plan.estimatedBytes };
  teller.tell("preflight", good, { ...known, free: plan.freeBytes, needed: plan.neededBytes });
  return plan.warnings;
}

/** Exports and imports; the new store then waits beside the old one. */
async function build(paths: Awaited<ReturnType<typeof migrationPaths>>, held: Held, id: string, options: MigrateOptions, teller: Teller): Promise<{ journal: Journal; copy: Copy; sides: Sides }> {
  const journal = await beginJournal(paths, id, "exporting", options);
  try {
    const copy = await copyStore(journal, held, "importing", options, teller);
    const { keyspaces, snapshot } = copy;
    const sides = await compareSides(journal, copy, keyspaces, options, teller);
    // From here on it goes to its end.
    options.signal?.throwIfAborted();
    return { journal: await writeJournal({ ...journal, step: "imported", keyspaces, snapshot, verifiedAt: new Date().toISOString() }), copy, sides };
  } catch (error) {
    await clearAway(journal, teller).catch(() => undefined);
    throw error;
  }
}

/** What was done now, for the result. */
interface Done {
  readonly copy: Copy;
  readonly sides: Sides;
  readonly changes: ChangeCounts | null;
  readonly downtimeSeconds: number;
  /** What was told before anything was done. */
  readonly warnings: readonly string[];
}

async function finish(journal: Journal, done: Done | null, teller: Teller, started: number, options: MigrateOptions): Promise<MigrateResult> {
  let { dump } = journal;
  if (dump !== null && options.keepDump === false) {
    await removeOwnDump(dump, journal.dumpId);
    dump = null;
    await writeJournal({ ...journal, dump });
  }
  const entries = entriesOf(journal.keyspaces ?? []);
  const downtime = done === null ? {} : { downtime: round(done.downtimeSeconds) };
  teller.tell("done", `the service can be started on ${engineTitle(directionOf(journal).to)}`, { entries, seconds: round(secondsSince(started)), ...downtime });
  const reopen = done?.copy.imported.reopen ?? null;
  return {
    status: "migrated",
    engine: directionOf(journal).to,
    target: journal.target,
    backup: journal.backup,
    dump,
    delta: journal.delta,
    entries,
    keyspaces: done?.sides.keyspaces ?? null,
    graph: done?.sides.graph ?? null,
    changes: done?.changes ?? null,
    reopen: reopen === null ? null : { ...reopen, rust: reopen.rust.replaceAll(journal.building, journal.target) },
    seconds: secondsSince(started),
    downtimeSeconds: done?.downtimeSeconds ?? null,
    warnings: done === null ? [] : [...done.warnings, ...done.copy.imported.warnings, ...graphWarnings(done.sides.graph)],
  };
}

/** Finishes a migration whose new store is complete; null when it has to begin again, as it is not, or as the old one was changed. */
async function resume(journal: Journal, options: MigrateOptions, teller: Teller): Promise<Journal | null> {
  let switched = journal.step === "confirming" ? journal : await resumeSwitch(journal, teller);
  // The words of a journal about what was migrated may be lost with its last steps.
  if (switched?.step === "done" && switched.keyspaces === null) switched = await writeJournal({ ...switched, keyspaces: await keyspacesOfOriginal(switched, options) });
  return switched?.step === "confirming" ? confirmSwitch(switched, null, options, teller) : switched;
}

async function resumeSwitch(journal: Journal, teller: Teller): Promise<Journal | null> {
  if (journal.step !== "imported" && journal.step !== "switching") return null;
  const tell = (): void => {
    teller.tell("resume", `the migration that was begun at ${journal.startedAt} goes on`, { step: journal.step });
  };
  if (!(await isUntouched(switchOf(journal)))) {
    tell();
    return switchOver(journal, teller);
  }
  const { from, to } = directionOf(journal);
  if ((await occupantOf(journal.building)) !== to || (await occupantOf(journal.source)) !== from) return null;
  const held = await holdStore(journal.source, from);
  try {
    if (!(await isUnchanged(journal, held.source))) return null;
    tell();
    return await switchOver(journal, teller);
  } finally {
    await held.release();
  }
}

/** Whether this migration to another path was done before, and neither store was taken away or, as to the old one, changed since. */
async function isDone(journal: Journal, { source, engine }: Pick<MigrateOptions, "source" | "engine">): Promise<boolean> {
  if (journal.step !== "done" || journal.source === journal.target || journal.source !== resolve(source)) return false;
  const [old, made] = [await occupantOf(journal.source), await occupantOf(journal.target)];
  const { from, to } = directionOf(journal);
  return engine === to && old === from && made === to && (await isUnchanged(journal, null));
}

/** Whether the old store is as it was when it was read. @param held the store, when it is open already */
async function isUnchanged(journal: Journal, held: EntrySource | null): Promise<boolean> {
  const { source, snapshot } = journal;
  if (held !== null) return holdsWhatWasRead(held, journal);
  await using opened = await openSource(source, { ttl: "keep" });
  if (!engineNamed(opened.info.engine).numbersChanges) return await holdsWhatWasRead(opened, journal);
  const { databaseId, sequenceNumber } = opened.info;
  return databaseId === snapshot?.databaseId && (sequenceNumber?.toString() ?? null) === snapshot.sequenceNumber;
}
