/** Events of a migration: what begins, that it goes on, that it is done, and what somebody has to do. */
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { eventLine, type MigrationEvent, Teller } from "#src/operations/migrate/events.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import type { Progress } from "#src/operations/run/progress.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const progress: Progress = { phase: "export", entries: 41, bytes: 41, dumpBytes: 0, totalEntries: 100, totalBytes: 100, keyspace: null };

/** Waits until an event of this kind came. */
async function come(events: readonly MigrationEvent[], kind: MigrationEvent["kind"]): Promise<MigrationEvent> {
  for (;;) {
    const found = events.find((event) => event.kind === kind);
    if (found !== undefined) return found;
    await sleep(5);
  }
}

test("what goes on is told over and over, with how far it is, and not once it is done", async (t) => {
  const events: MigrationEvent[] = [];
  using teller = new Teller((event) => events.push(event), 20);
  const seen: Progress[] = [];
  teller.begin("export", "the store is being exported");
  teller.watch((one) => seen.push(one))(progress);
  const { message, facts } = await come(events, "goes-on");
  t.is(message, "still at work: the store is being exported");
  t.like(facts, { percent: 41, entries: 41 });
  t.deepEqual(seen, [progress]);
  teller.tell("export", "the store was exported");
  const count = events.length;
  await sleep(100);
  t.is(events.length, count);
});

test("each line of the log has the word migration, and what goes on looks otherwise than what was done", (t) => {
  const event: MigrationEvent = { time: "2026-11-28T10:00:00.000Z", id: "ab", phase: "export", kind: "goes-on", message: "still at work: the store is being exported", facts: { percent: 41 } };
  t.is(eventLine(event), "2026-11-28T10:00:00.000Z migration ab export: still at work: the store is being exported percent=41");
});

test("whatever may take long is told when it begins: each phase in the order in which it is done", async (t) => {
  const told = async (options: Parameters<typeof migrateStore>[0]): Promise<string[]> => {
    const events: MigrationEvent[] = [];
    await migrateStore({ ...options, onEvent: (event) => events.push(event) });
    return events.map(({ kind, phase }) => `${kind} ${phase}`).filter((text) => !text.startsWith("happened detect") && !text.startsWith("happened preflight"));
  };
  const directory = await temporaryDirectory(t);
  const store = (name: string): Promise<string> => makeStore(directory, name, { default: numbered("k", 50) });
  t.deepEqual(await told({ source: await store("one") }), ["begins export", "happened export", "begins import", "happened import", "happened verify", "happened verify", "happened backup", "happened switch", "happened done"]);
  const live = await told({ source: await store("two"), live: true });
  t.deepEqual(live.filter((text) => !text.startsWith("happened")), ["begins export", "begins import", "begins delta", "asks switch", "begins verify", "begins delta"]);
});
