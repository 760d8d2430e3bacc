/** A sound journal, for tests that change it. */
import type { Journal } from "#src/operations/migrate/journal.js";

const digest = "ab".repeat(32);

/** The journal of a migration that is done, and of which a rollback was begun before. */
export function sampleJournal(target: string): Journal {
  return {
    version: 1, id: "0123abcd", step: "done", startedAt: "2026-11-22T19:10:34.000Z", updatedAt: "2026-11-22T19:10:35.000Z",
    source: target, target, building: `${target}.kgdump-new-0123abcd`, backup: `${target}.rocksdb-backup-20261122T191034Z`, dump: null, dumpId: "x",
    delta: null, deltaId: null, settings: { compression: true, cacheCapacity: 1024 }, snapshot: { databaseId: "id", sequenceNumber: "12" },
    keyspaces: [{ name: "64656661756c74", comparator: "bytewise", entries: 3, digest }], verifiedAt: "2026-11-22T19:10:35.000Z",
    owner: { pid: 999_999_999, started: null, host: "h" }, rollback: { incoming: `${target}.kgdump-back-0123abcd`, aside: `${target}.sled-1` },
  };
}
