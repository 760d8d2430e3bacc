/**
 * Migrating a store whose service runs: it is copied whole meanwhile; then the service is to be stopped, and only what has changed since has to be
 * carried over before the new store takes the old one's place. What comes behind the stop is the downtime: it does nothing that could be done before.
 */
import { dirname } from "node:path";
import type { StoreLock } from "../../../engines/store.js";
import { confirmSwitch } from "../confirm.js";
import { beginJournal, type Copy, copyStore } from "../copy.js";
import type { Teller } from "../events.js";
import { type Journal, writeJournal } from "../journal.js";
import type { Sides } from "../migrated.js";
import { type ChangeCounts, type migrationPaths, type MigrateOptions, secondsSince } from "../options.js";
import { refuseUnmovable } from "../plan/movable.js";
import { refuseOccupiedTarget } from "../plan/preflight.js";
import { compareSides } from "../sides.js";
import { clearAway, switchOver } from "../switch/steps.js";
import { catchUp } from "./catch-up.js";
import { addTo } from "./compare-blocks.js";
import { LiveCopy } from "./live-copy.js";
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
export async function migrateLive(paths: Awaited<ReturnType<typeof migrationPaths>>, id: string, options: MigrateOptions, teller: Teller): Promise<LiveEnd> {
  const { lock, locked, ready, live, checked, ...end } = await makeReady(paths, id, options, teller);
  try {
    // From here on nothing is removed any more: what is where the new store was built may be the old one.
    const switched = await switchOver(ready, teller);
    const downtimeSeconds = secondsSince(locked);
    const journal = await confirmSwitch(switched, live.follower, options, teller);
    const sides = checked ?? (await compareSides(journal, end.copy, journal.keyspaces ?? [], options, teller));
    return { ...end, journal, sides, downtimeSeconds };
  } finally {
    lock.release();
  }
}

interface Ready extends Pick<LiveEnd, "copy" | "changes"> {
  /** What was compared before the switch; null when that is done behind it. */
  readonly checked: Sides | null;
  readonly live: LiveCopy;
  readonly lock: StoreLock;
  /** When the lock was taken. */
  readonly locked: number;
  /** The journal of a new store that is complete. */
  readonly ready: Journal;
}

/** Does all but the switch; when it fails, what was made is removed. */
async function makeReady(paths: Awaited<ReturnType<typeof migrationPaths>>, id: string, options: MigrateOptions, teller: Teller): Promise<Ready> {
  let journal = await beginJournal(paths, id, "copying", options);
  let live: LiveCopy | null = null;
  let lock: StoreLock | null = null;
  try {
    const copy = await copyStore(journal, null, "copying", options, teller);
    const following = (live = await LiveCopy.open(journal, copy, options, teller));
    journal = await writeJournal({ ...journal, step: "waiting", keyspaces: copy.keyspaces, snapshot: copy.snapshot });
    await live.settle();
    lock = await waitForLock(journal.source, teller, { ...options, meanwhile: () => following.keepUp() });
    const locked = performance.now();
    teller.tell("delta", "the store is locked: the service can't be started until this is done", { path: journal.source });
    await refuseOccupiedTarget(paths);
    if (journal.backup !== null) await refuseUnmovable(journal.source, dirname(journal.backup));
    journal = await writeJournal({ ...journal, step: "following" });
    const { changes, ...caught } = await catchUp(journal, live, options, teller);
    const checked = caught.keyspaces === null ? null : await compareSides(journal, copy, caught.keyspaces, options, teller);
    // From here on it goes to its end.
    options.signal?.throwIfAborted();
    const ready = await writeJournal({ ...journal, ...caught, step: "imported", verifiedAt: new Date().toISOString() });
    addTo(live.changes, changes);
    return { copy, checked, changes: live.changes, live, lock, locked, ready };
  } catch (error) {
    await live?.follower.close().catch(() => undefined);
    await clearAway(journal, teller).catch(() => undefined);
    lock?.release();
    throw error;
  }
}
