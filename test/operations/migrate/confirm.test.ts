import { existsSync, rmSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { SledSink } from "#src/engines/sled/sled.js";
import type { EntrySource } from "#src/engines/store.js";
import type { KgdumpError } from "#src/errors.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import type { MigrationEvent } from "#src/operations/migrate/events.js";
import { readJournal, writeJournal } from "#src/operations/migrate/journal.js";
import { migrateStore, type MigrateOptions, type MigrateResult } from "#src/operations/migrate/migrate.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import type { Seams } from "#src/operations/run/seams.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { another, changed, instead, lose, more, swap } from "../guards-support.js";
import type { PlainOperation } from "./live-service.js";
import { serve, type Work } from "./service.js";

const hex = (text: string): string => Buffer.from(text).toString("hex");
const put = (key: string, value: string): PlainOperation => ({ kind: "put", key: hex(key), value: hex(value) });
const del = (key: string): PlainOperation => ({ kind: "delete", key: hex(key) });

const CONTENT = { default: numbered("k", 4000), nodes: numbered("n", 40), empty: {} };
const CHANGES: Work = [
  ["default", [put("k0000001", "other"), put("a", "first"), put("zz", "last"), del("k0000002"), del("absent"), put("k0000003", "value 3")]],
  ["nodes", [put("n0000007", "other"), del("n0000039")]],
];

interface Told {
  readonly result: MigrateResult;
  readonly messages: readonly string[];
}

/** A migration beside a service, which does `meanwhile` when it is asked to stop, and `last` and stops when a message has `until` in it. */
async function migrated(t: ExecutionContext, path: string, meanwhile: Work, until: RegExp, last: Work, options: Partial<MigrateOptions> = {}): Promise<Told> {
  const service = await serve(t, path);
  const messages: string[] = [];
  const onEvent = ({ phase, message }: MigrationEvent): void => {
    messages.push(message);
    if (phase === "stop") service.work(meanwhile);
    if (until.test(message)) void service.stop(last);
  };
  return { result: await migrateStore({ source: path, live: true, waitSeconds: 60, onEvent, ...options }), messages };
}

/** The sled store and both dumps hold what the original does. */
async function equal(t: ExecutionContext, directory: string, path: string, { backup, dump, delta }: MigrateResult): Promise<void> {
  const whole = join(directory, "whole.kgd");
  await exportStore({ store: backup ?? "", output: whole, force: true });
  const same = async (against: string): Promise<void> => {
    t.true((await verifyDump({ input: whole, against })).against?.equal, against);
  };
  await same(path);
  if (dump === null || delta === null) return;
  const replayed = join(directory, "replayed");
  await importDump({ target: replayed, input: [dump, delta] });
  await same(replayed);
}

const CONFIRMED = "whole original was read once more: nothing but what was carried over";

for (const [what, last] of [
  ["in the log", CHANGES],
  ["in new tables", [...CHANGES, ["default", "flush"]]],
  ["in the log of a store that was flushed before", [["nodes", [del("n0000001")]], ["default", "flush"], ...CHANGES]],
  ["nothing", []],
] satisfies [string, Work][]) {
  test(`what changed is ${what}: only that is read when the service has stopped, and the whole original behind the switch`, async (t) => {
    const directory = await temporaryDirectory(t);
    const path = await makeStore(directory, "graph", CONTENT);
    const { result, messages } = await migrated(t, path, [], /stop the service now/, last);
    t.false(messages.some((message) => message.startsWith("the whole store is compared")), messages.join("\n"));
    const at = (part: RegExp): number => messages.findIndex((message) => part.test(message));
    t.true(at(/what had changed was carried over/) < at(/start the service now: the sled store is in place/));
    t.true(at(/start the service now: the sled store is in place/) < at(/whole original was read once more/));
    await equal(t, directory, path, result);
    const journal = await readJournal(path);
    t.is(journal?.step, "done");
    t.deepEqual(journal?.keyspaces?.map(({ entries }) => entries), result.keyspaces?.map(({ source }) => source.entries));
    t.is((await rollbackStore({ target: path })).status, "rolled-back");
  });
}

test("without a dump it is the same, but for the delta", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  const { result, messages } = await migrated(t, path, [], /stop the service now/, CHANGES, { stream: true });
  t.true(messages.some((message) => message.includes(CONFIRMED)));
  t.like(result, { dump: null, delta: null, changes: { added: 2, changed: 2, removed: 2 } });
  await equal(t, directory, path, result);
});

test("tables that are compacted while the service is to be stopped: the copy is brought up to date meanwhile", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  const meanwhile: Work = [["default", [put("k0000011", "meanwhile"), put("k0000001", "for now"), del("k0000500")]], ["default", "compact"], ["nodes", "compact"]];
  const { result, messages } = await migrated(t, path, meanwhile, /brought up to date while the service runs, as table files were compacted/, CHANGES);
  t.false(messages.some((message) => message.startsWith("the whole store is compared")), messages.join("\n"));
  t.like(result, { changes: { added: 2, changed: 4, removed: 3 } });
  await equal(t, directory, path, result);
});

for (const [what, work, reason] of [
  ["a range is removed", [["default", [{ kind: "deleteRange", key: hex("k0001000"), value: hex("k0002000") }]]], "ranges of keys were removed"],
  ["tables are compacted at the last moment", [...CHANGES, ["default", "compact"]], "table files were compacted"],
  ["a family is new", [...CHANGES, ["fresh", [put("f", "1")]]], "families were made or dropped"],
] satisfies [string, Work, string][]) {
  test(`when ${what}, the whole store is compared, before the switch, or before the service has stopped if there is time`, async (t) => {
    const directory = await temporaryDirectory(t);
    const path = await makeStore(directory, "graph", CONTENT);
    const { result, messages } = await migrated(t, path, [], /stop the service now/, work);
    const told = [`the whole store is compared with its copy: ${reason}`, `the copy was brought up to date while the service runs, as ${reason}`];
    t.true(messages.some((message) => told.includes(message)), messages.join("\n"));
    t.not(messages.includes(told[0] ?? ""), messages.some((message) => message.includes(CONFIRMED)));
    await equal(t, directory, path, result);
  });
}

test("a migration that is interrupted behind the switch is finished by the next call, or undone", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const end of ["migrate", "rollback"]) {
    const path = await makeStore(directory, end, CONTENT);
    const service = await serve(t, path);
    const controller = new AbortController();
    const onEvent = ({ phase }: MigrationEvent): void => {
      if (phase === "stop") void service.stop(CHANGES);
      if (phase === "switch") controller.abort(new Error("interrupted"));
    };
    await t.throwsAsync(migrateStore({ source: path, live: true, onEvent, signal: controller.signal }), { message: "interrupted" });
    t.is((await readJournal(path))?.step, "confirming");
    t.is((await migrationStatus(path)).state, "migrated");
    if (end === "rollback") {
      t.like(await rollbackStore({ target: path }), { status: "rolled-back" });
      continue;
    }
    const result = await migrateStore({ source: path });
    t.is(result.status, "migrated");
    await equal(t, directory, path, result);
    t.is((await migrateStore({ source: path })).status, "already");
    t.is((await rollbackStore({ target: path })).status, "rolled-back");
  }
});

test("while another process reads the original once more, the service's own call finds all done", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  await migrateStore({ source: path });
  const file = `${path}.kgdump-migration.json`;
  const journal = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  const service = await serve(t, await makeStore(directory, "other", CONTENT));
  await writeFile(file, JSON.stringify({ ...journal, step: "confirming", owner: { ...(journal.owner as object), pid: service.pid, started: null } }));
  t.is((await migrateStore({ source: path })).status, "already");
  await t.throwsAsync(rollbackStore({ target: path }), { code: "STORE_IN_USE" });
  await service.stop();
});

test("a file that comes where the delta was to be stays as it is; without the dump there is no delta, and nothing is in the way", async (t) => {
  for (const what of ["a file", "no dump"]) {
    const directory = await temporaryDirectory(t);
    const path = await makeStore(directory, "graph", CONTENT);
    const [dump, delta] = [join(directory, "mine.kgd"), join(directory, "mine.delta.kgd")];
    const onEvent = ({ phase }: MigrationEvent): void => {
      if (phase !== "switch") return;
      if (what === "a file") writeFileSync(delta, "mine");
      else rmSync(dump);
    };
    const migrating = migrateStore({ source: path, live: true, dump, onEvent });
    if (what === "a file") {
      await t.throwsAsync(migrating, { code: "OUTPUT_EXISTS" });
      t.is(await readFile(delta, "utf8"), "mine");
      // The rest is done when it is gone.
      rmSync(delta);
      t.is((await migrateStore({ source: path })).status, "migrated");
      await equal(t, directory, path, { ...(await readJournal(path)) } as MigrateResult);
    } else {
      t.like(await migrating, { status: "migrated", delta: null });
      t.like(await readJournal(path), { step: "done", delta: null });
    }
  }
});

for (const [what, keepDump, isThere, made] of [
  ["has made, when no dump is to be kept any more", false, true, true],
  ["has made, when the original is gone", undefined, false, true],
  ["was to make, when the original is gone", undefined, false, false],
] as const) {
  test(`a delta that an interrupted run ${what}`, async (t) => {
    const directory = await temporaryDirectory(t);
    const path = await makeStore(directory, "graph", CONTENT);
    const [dump, delta] = [join(directory, "mine.kgd"), join(directory, "mine.delta.kgd")];
    const { result } = await migrated(t, path, [], /stop the service now/, CHANGES, { dump });
    t.is(result.delta, delta);
    // As a run left it that was killed when the delta had its name.
    const journal = await readJournal(path);
    if (journal === null) throw new Error("there is a journal");
    await writeJournal({ ...journal, step: "confirming" });
    if (!isThere) rmSync(result.backup ?? "", { recursive: true });
    if (!made) rmSync(delta);
    const again = await migrateStore({ source: path, keepDump });
    const isKept = !isThere && made;
    t.is(again.delta, isKept ? delta : null);
    t.deepEqual([existsSync(dump), existsSync(delta)], [!isThere, isKept]);
    t.is((await readJournal(path))?.delta, again.delta);
  });
}

/** A source whose first block of the family `nodes` has another value. */
function unlike(real: EntrySource): EntrySource {
  return instead<EntrySource>(real, {
    async *scan(keyspace, options) {
      for await (const block of real.scan(keyspace, options)) {
        yield Buffer.from(keyspace).toString() === "nodes" ? { ...block, data: changed(block.data, another), release: () => { block.release(); } } : block;
      }
    },
  });
}

for (const [what, seams] of Object.entries({ confirming: { confirming: unlike }, "the delta is made": { exporting: unlike } }) satisfies [string, Seams][]) {
  test(`another value that is only found when ${what} is a difference`, async (t) => {
    const directory = await temporaryDirectory(t);
    const path = await makeStore(directory, "graph", CONTENT);
    await t.throwsAsync(migrated(t, path, [], /stop the service now/, CHANGES, { seams }), { code: "VERIFY_DIFFERENCE" });
    t.is((await readJournal(path))?.step, "confirming");
    t.is((await rollbackStore({ target: path })).status, "rolled-back");
  });
}

/** A source that does not tell of the family `nodes`, or tells of one more. */
const without = (real: EntrySource): EntrySource => instead<EntrySource>(real, { info: { ...real.info, keyspaces: real.info.keyspaces.filter(({ name }) => Buffer.from(name).toString() !== "nodes") } });
const withMore = (real: EntrySource): EntrySource => instead<EntrySource>(real, { info: { ...real.info, keyspaces: [...real.info.keyspaces, { name: Buffer.from("late"), comparator: "bytewise", estimatedEntries: 0, estimatedBytes: 0 }] } });

for (const [what, seams, keyspace] of [
  ["missing when the original is read once more", { confirming: without }, "nodes"],
  ["there when the original is read once more", { confirming: withMore }, "late"],
  ["missing when the delta is made", { exporting: without }, "nodes"],
] satisfies [string, Seams, string][]) {
  test(`a keyspace that is only ${what} is a difference, and is named`, async (t) => {
    const directory = await temporaryDirectory(t);
    const path = await makeStore(directory, "graph", CONTENT);
    const error = await t.throwsAsync<KgdumpError>(migrated(t, path, [], /stop the service now/, CHANGES, { seams }), { code: "VERIFY_DIFFERENCE" });
    t.is(Buffer.from(error.keyspace ?? "").toString(), keyspace, error.message);
    t.is((await readJournal(path))?.step, "confirming");
    t.is((await rollbackStore({ target: path })).status, "rolled-back");
  });
}

const groups = { "loses an entry": lose, "gives another value": another, "swaps values": swap, "adds an entry": more };
for (const [fault, change] of Object.entries(groups)) {
  test(`a sink that ${fault} while changes are carried over is noticed before the switch`, async (t) => {
    const directory = await temporaryDirectory(t);
    const path = await makeStore(directory, "graph", CONTENT);
    const sink = (real: SledSink): SledSink => instead<SledSink>(real, { carryOver: async (keyspace, block) => {
      const counts = await real.carryOver(keyspace, changed(block, change));
      return fault === "loses an entry" ? { ...counts, removed: counts.removed + 1 } : fault === "adds an entry" ? { ...counts, added: counts.added - 1 } : counts;
    } });
    await t.throwsAsync(migrated(t, path, [], /stop the service now/, CHANGES, { seams: { sink } }), { code: "VERIFY_DIFFERENCE" });
    t.like(await migrationStatus(path), { state: "to-migrate" });
  });
}
