/**
 * Making the copy of a store, whose service has stopped, equal to it again. Where RocksDB's own files tell which keys may have changed, only
 * these are read now, and the whole original when the new store's service runs; else all of it is read now.
 */
import type { RocksdbSource } from "../../../engines/rocksdb/rocksdb.js";
import { closing } from "../../run/closing.js";
import type { Teller } from "../events.js";
import type { Journal } from "../journal.js";
import { type ChangeCounts, entriesOf, type MigrateOptions, round, secondsSince } from "../options.js";
import { refusePrepared } from "../plan/prepared.js";
import type { Followed } from "./follow.js";
import type { LiveCopy } from "./live-copy.js";

/** What the copy was brought to; `keyspaces` is null unless the store was read whole. */
export interface Caught extends Pick<Journal, "keyspaces" | "snapshot"> {
  readonly changes: ChangeCounts;
}

/**
 * Carries over what has changed, and looks it up in the copy that is opened anew.
 * @param copy is closed then
 * @throws {KgdumpError} STORE_*, VERIFY_DIFFERENCE, NO_SPACE, …: the copy is of no use then
 * @throws the signal's reason when it aborts
 */
export async function catchUp(journal: Journal, copy: LiveCopy, options: MigrateOptions, teller: Teller): Promise<Caught> {
  const started = performance.now();
  const { openRocksdbSource } = await import("../../../engines/rocksdb/rocksdb.js");
  return closing(await openRocksdbSource(journal.source, { ttl: options.ttl, paranoid: options.paranoid }), async (source) => {
    refusePrepared(source.info, options);
    teller.begin("delta", "what has changed since the copy is being carried over");
    const { keyspaces, counts } = await follow(source, copy, options, teller);
    await copy.follower.close();
    const { databaseId, sequenceNumber } = source.info;
    teller.tell("delta", "what had changed was carried over", { ...counts, seconds: round(secondsSince(started)) });
    await copy.follower.verify(options);
    teller.tell("verify", "all that was carried over was found in the new store again", keyspaces === null ? {} : { entries: entriesOf(keyspaces), keyspaces: keyspaces.length });
    return { changes: counts, keyspaces, snapshot: { databaseId, sequenceNumber: sequenceNumber?.toString() ?? null } };
  });
}

async function follow(
  source: RocksdbSource,
  copy: LiveCopy,
  options: MigrateOptions,
  teller: Teller,
): Promise<{ keyspaces: Followed["keyspaces"] | null; counts: ChangeCounts }> {
  const changed = await copy.changedKeys(source);
  if ("keys" in changed) return { keyspaces: null, counts: await copy.follower.followChanged(source, changed.keys, options) };
  teller.tell("delta", `the whole store is compared with its copy: ${changed.unclear}`);
  return copy.follower.follow(source, options);
}
