/**
 * Migrating a store whose service runs: it is copied whole meanwhile; then the service is to be stopped, and only what has changed since has to be
 * carried over before the new store takes the old one's place. What comes behind the stop is the downtime: it does nothing that could be done before.
 */
import { rm } from "node:fs/promises";
import type { EntrySource, StoreLock } from "../../engines/engine.js";
import { KgdumpError } from "../../errors.js";
import { closing } from "../closing.js";
import { makeHeader } from "../export-header.js";
import { DEFAULT_BLOCK_SIZE } from "../../format/index.js";
import { loadCodec, openSource } from "../load-engine.js";
import { nameIsTaken } from "../output-file.js";
import { beginJournal, type Copy, copyStore } from "./copy.js";
import { DeltaOutput } from "./delta-output.js";
import type { Teller } from "./events.js";
import { CopyFollower, type Followed, verifyChanges } from "./follow.js";
import { type Journal, type JournalKeyspace, writeJournal } from "./journal.js";
import { refuseUnmovable } from "./movable.js";
import type { Sides } from "./migrated.js";
import { type ChangeCounts, deltaPath, type migrationPaths, type MigrateOptions, round, secondsSince } from "./options.js";
import { refuseOccupiedTarget } from "./preflight.js";
import { compareSides } from "./sides.js";
import { clearAway, deltaFileOf, switchOver } from "./steps.js";
import { waitForLock } from "./wait.js";

/** A migration that has switched. */
export interface LiveEnd {
  readonly journal: Journal;
  readonly copy: Copy;
  readonly sides: Sides;
  readonly changes: ChangeCounts;
  readonly downtimeSeconds: number;
}

/**
 * Copies, waits, catches up, and switches.
 * @throws {KgdumpError} STORE_IN_USE when the service did not stop in time, STORE_*, NO_SPACE, VERIFY_DIFFERENCE, …: unless the stores were
 * switched already, the old one is in place and what was made is removed
 * @throws the signal's reason when it aborts
 */
export async function migrateLive(paths: ReturnType<typeof migrationPaths>, id: string, options: MigrateOptions, teller: Teller): Promise<LiveEnd> {
  if (paths.dump !== null) await refuseTaken(deltaPath(paths.dump));
  const { lock, locked, ready, ...end } = await makeReady(paths, id, options, teller);
  try {
    // From here on nothing is removed any more: what is where the new store was built may be the old one.
    const journal = await switchOver(ready, teller);
    return { ...end, journal, downtimeSeconds: secondsSince(locked) };
  } finally {
    lock.release();
  }
}

interface Ready extends Pick<LiveEnd, "copy" | "sides" | "changes"> {
  readonly lock: StoreLock;
  /** When the lock was taken. */
  readonly locked: number;
  /** The journal of a new store that is complete. */
  readonly ready: Journal;
}

/** Does all but the switch; when it fails, what was made is removed. */
async function makeReady(paths: ReturnType<typeof migrationPaths>, id: string, options: MigrateOptions, teller: Teller): Promise<Ready> {
  let journal = await beginJournal(paths, id, "copying", options);
  let follower: CopyFollower | null = null;
  let lock: StoreLock | null = null;
  try {
    const copy = await copyStore(journal, "copying", options, teller);
    follower = await CopyFollower.open(journal.building, journal.settings, copy.keyspaces, options);
    journal = await writeJournal({ ...journal, step: "waiting", keyspaces: copy.keyspaces, snapshot: copy.snapshot });
    lock = await waitForLock(journal.source, teller, options);
    const locked = performance.now();
    teller.tell("delta", "the store is locked: the service can't be started until this is done", { path: journal.source });
    await refuseOccupiedTarget(paths);
    if (journal.backup !== null) await refuseUnmovable(journal.source);
    journal = await writeJournal({ ...journal, step: "following" });
    const caught = await catchUp(journal, follower, copy.keyspaces, options, teller);
    const sides = await compareSides(journal, copy, caught.journal.keyspaces ?? [], options, teller);
    return { copy, sides, changes: caught.changes, lock, locked, ready: await writeJournal(caught.journal) };
  } catch (error) {
    await follower?.close().catch(() => undefined);
    await clearAway(journal, teller).catch(() => undefined);
    lock?.release();
    throw error;
  }
}

/** Makes the copy equal to the store, which nobody has open any more, and checks that it is. */
async function catchUp(
  journal: Journal,
  follower: CopyFollower,
  before: readonly JournalKeyspace[],
  options: MigrateOptions,
  teller: Teller,
): Promise<{ journal: Journal; changes: ChangeCounts }> {
  const { signal } = options;
  const path = deltaFileOf(journal);
  const started = performance.now();
  const source = await openSource(journal.source, { ttl: options.ttl });
  const { followed, snapshot } = await closing(source, () => followSource(source, journal, follower, before, path, options));
  await follower.close();
  teller.tell("delta", "what had changed was carried over", { ...followed.counts, seconds: round(secondsSince(started)), ...(journal.delta === null ? {} : { delta: journal.delta }) });
  await verifyChanges(journal.building, journal.settings, path, { signal });
  if (journal.delta === null) await rm(path, { force: true });
  const entries = followed.keyspaces.reduce((sum, keyspace) => sum + keyspace.entries, 0);
  teller.tell("verify", "the new store was compared with the whole old one, and all that was carried over was found in it again", { entries, keyspaces: followed.keyspaces.length });
  signal?.throwIfAborted();
  return {
    changes: followed.counts,
    journal: { ...journal, step: "imported", keyspaces: followed.keyspaces, snapshot, verifiedAt: new Date().toISOString() },
  };
}

async function followSource(
  source: EntrySource,
  journal: Journal,
  follower: CopyFollower,
  before: readonly JournalKeyspace[],
  path: string,
  options: MigrateOptions,
): Promise<{ followed: Followed; snapshot: NonNullable<Journal["snapshot"]> }> {
  const { databaseId, sequenceNumber, keyspaces } = source.info;
  const base = {
    dumpId: journal.dumpId,
    keyspaces: before.map(({ name, entries, digest }) => ({ name: Buffer.from(name, "hex"), entries, digest: Buffer.from(digest, "hex") })),
  };
  const header = makeHeader(source.info, keyspaces, { codec: "lz4", blockSize: DEFAULT_BLOCK_SIZE, base, dumpId: journal.deltaId ?? undefined });
  const delta = await DeltaOutput.open(path, header, await loadCodec("lz4"));
  try {
    const followed = await follower.follow(source, delta, options);
    await delta.finish();
    return { followed, snapshot: { databaseId, sequenceNumber: sequenceNumber?.toString() ?? null } };
  } catch (error) {
    await delta.discard();
    throw error;
  }
}

async function refuseTaken(path: string): Promise<void> {
  if (!(await nameIsTaken(path))) return;
  throw new KgdumpError("OUTPUT_EXISTS", `${path}, where what changes meanwhile is to be written, exists already`, { path, hint: "choose another name with --dump" });
}
