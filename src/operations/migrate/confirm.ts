/**
 * What is done of a live migration when the new store is in place and its service may run: the old store, which nobody changes any more, is
 * read whole, unless it was before, and must be as the new one was left; and what had changed since the dump becomes the delta.
 */
import type { EntrySource, KeyspaceInfo } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { nameIsTaken } from "../disk/names.js";
import { occupantOf } from "../disk/places.js";
import { openSource } from "../disk/stores.js";
import { DumpChain } from "../dump/chain.js";
import { nameText } from "../entries/keyspaces.js";
import { holdSame, StoreScan } from "../entries/store-scan.js";
import { exportStore } from "../export/export.js";
import { closing } from "../run/closing.js";
import { estimatedTotals, ProgressMeter } from "../run/progress.js";
import { through } from "../run/seams.js";
import { directionOf } from "./direction.js";
import type { Teller } from "./events.js";
import { type Journal, type JournalKeyspace, writeJournal } from "./journal.js";
import type { CopyFollower } from "./live/follow.js";
import { entriesOf, type MigrateOptions } from "./options.js";
import { inPlaceText, withInPlace } from "./switch/in-place.js";
import { isOwnDump, removeOwnDump } from "./switch/steps.js";

type ConfirmOptions = Pick<MigrateOptions, "ttl" | "keepDump" | "onProgress" | "signal" | "seams" | "onInPlace">;

/**
 * Confirms a switch, and ends the migration. It can be done again after any interruption.
 * @param follower knows how the new store was left, unless the old one was read whole before; null after an interruption
 * @throws {KgdumpError} VERIFY_DIFFERENCE when more had changed: the new store lacks that; STORE_*, DUMP_*, NO_SPACE, …
 * @throws the signal's reason when it aborts
 */
export async function confirmSwitch(journal: Journal, follower: CopyFollower | null, options: ConfirmOptions, teller: Teller): Promise<Journal> {
  // Without a dump to keep there is no delta either.
  const known = options.keepDump === false ? { ...journal, delta: null } : journal;
  options.onInPlace?.(journal.target, inPlaceText(known));
  try {
    return await confirm(journal, follower, options, teller);
  } catch (error) {
    throw withInPlace(error, known);
  }
}

async function confirm(journal: Journal, follower: CopyFollower | null, options: ConfirmOptions, teller: Teller): Promise<Journal> {
  const original = journal.backup ?? journal.source;
  const made = await deltaMade(journal, options);
  if ((await occupantOf(original)) !== directionOf(journal).from) {
    teller.tell("verify", "the original is not there any more: it was not read once more", { path: original });
    return writeJournal({ ...journal, step: "done", delta: made });
  }
  let { keyspaces } = journal;
  if (keyspaces === null && follower !== null) {
    teller.begin("verify", "the whole original is being read once more; the service may run meanwhile");
    keyspaces = await closing(await openSource(original, { ttl: options.ttl, paranoid: true }), (source) => follower.confirm(through(options.seams?.confirming, source), options));
    teller.tell("verify", "the whole original was read once more: nothing but what was carried over had changed since it was copied", { entries: entriesOf(keyspaces) });
  }
  if (options.keepDump !== false && journal.delta !== null) teller.begin("delta", "what has changed since the dump is being written beside it", { delta: journal.delta });
  const written = options.keepDump === false ? null : await writeDelta(journal, original, options);
  if (written !== null) {
    if (keyspaces !== null) checkSame(keyspaces, written, original);
    teller.tell("delta", "what had changed since the dump was written beside it", { delta: journal.delta ?? "" });
  }
  keyspaces ??= written ?? (await keyspacesOfOriginal(journal, options));
  return writeJournal({ ...journal, step: "done", keyspaces, delta: written === null ? null : journal.delta });
}

/** The delta, if a run that was interrupted has made it; without a dump to keep it goes. */
async function deltaMade({ delta, deltaId }: Journal, { keepDump }: ConfirmOptions): Promise<string | null> {
  if (delta === null || deltaId === null) return null;
  if (keepDump === false) await removeOwnDump(delta, deltaId);
  return (await isOwnDump(delta, deltaId)) ? delta : null;
}

/** What the original of a migration that has switched holds. @throws {KgdumpError} STORE_*, IO_FAILED */
export async function keyspacesOfOriginal({ backup, source }: Journal, { ttl, onProgress, signal }: Pick<ConfirmOptions, "ttl" | "onProgress" | "signal">): Promise<JournalKeyspace[]> {
  return closing(await openSource(backup ?? source, { ttl, paranoid: true }), (store) => keyspacesOf(store, store.info.keyspaces, { onProgress, signal }));
}

async function keyspacesOf(store: EntrySource, wanted: readonly KeyspaceInfo[], { onProgress, signal }: Pick<ConfirmOptions, "onProgress" | "signal">): Promise<JournalKeyspace[]> {
  const keyspaces: JournalKeyspace[] = [];
  const meter = new ProgressMeter("verify", onProgress, estimatedTotals(wanted));
  for (const { name, comparator } of wanted) {
    meter.enter(name);
    const { entries, digest } = await new StoreScan(store, name, comparator, signal, meter).whole();
    keyspaces.push({ name: Buffer.from(name).toString("hex"), comparator, entries, digest });
  }
  meter.end();
  return keyspaces;
}

/** Whether a store holds just what was read of it for a migration. All of it is read. @throws {KgdumpError} STORE_*, IO_FAILED */
export async function holdsWhatWasRead(store: EntrySource, { keyspaces, exclude = [] }: Journal, signal?: AbortSignal): Promise<boolean> {
  const wanted = store.info.keyspaces.filter(({ name }) => !exclude.includes(Buffer.from(name).toString("hex")));
  if (keyspaces?.length !== wanted.length) return false;
  return otherThan(keyspaces, await keyspacesOf(store, wanted, { signal })) === undefined;
}

/** Writes the delta; null when none is wanted, or its dump is gone. @returns what the original holds */
async function writeDelta({ dump, delta, deltaId }: Journal, original: string, { ttl, onProgress, signal, seams }: ConfirmOptions): Promise<JournalKeyspace[] | null> {
  if (dump === null || delta === null || deltaId === null || !(await nameIsTaken(dump))) return null;
  const force = await isOwnDump(delta, deltaId);
  await exportStore({ store: original, output: delta, base: [dump], dumpId: deltaId, force, ttl, paranoid: true, onProgress, signal, seams });
  await using chain = await DumpChain.open([dump, delta]);
  return chain.keyspaces.map(({ name, entries, digest, described: { comparator } }) => ({
    name: Buffer.from(name).toString("hex"),
    comparator,
    entries,
    digest: Buffer.from(digest).toString("hex"),
  }));
}

/** The first that does not hold what is known of it. */
function otherThan(known: readonly JournalKeyspace[], found: readonly JournalKeyspace[]): JournalKeyspace | undefined {
  const read = new Map(known.map((keyspace) => [keyspace.name, keyspace]));
  return found.find((keyspace) => !holdSame(read.get(keyspace.name), keyspace));
}

function checkSame(known: readonly JournalKeyspace[], written: readonly JournalKeyspace[], path: string): void {
  const other = otherThan(known, written) ?? otherThan(written, known);
  if (other === undefined) return;
  const name = Buffer.from(other.name, "hex");
  throw new KgdumpError("VERIFY_DIFFERENCE", `"${nameText(name)}" of the original was not the same when it was read again`, {
    path,
    keyspace: name,
    hint: "the new store is in place: check the disk and the memory of this machine, compare the stores with kgdump verify, and go back with kgdump rollback if they differ",
  });
}
