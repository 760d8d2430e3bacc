/** A rollback while others want the same store: nobody writes to it unseen, and two rollbacks don't get in each other's way. */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openSledSink } from "#src/engines/sled/sled.js";
import { encodeEntries } from "#src/format/index.js";
import { lockPlace } from "#src/operations/disk/place-lock.js";
import { occupantOf } from "#src/operations/disk/places.js";
import { exportStore } from "#src/operations/export/export.js";
import { discardNew } from "#src/operations/migrate/back/discard.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { compactStore } from "#src/operations/migrate/compact/compact.js";
import { type MigrationEvent, Teller } from "#src/operations/migrate/events.js";
import { journalPath, readJournal } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { KGDUMP, kgdump } from "../../../cli/support/run.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";
import { WRONG_LOADERS } from "../../guards-support.js";

/** A store that was migrated, and written to since; `newer` is a dump of it. */
async function migratedAndChanged(t: ExecutionContext): Promise<{ path: string; newer: string }> {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", { default: numbered("k", 2000), nodes: { a: "1" } });
  await migrateStore({ source: path, keepDump: false });
  {
    await using sink = await openSledSink(path, { create: false });
    await sink.apply(Buffer.from("nodes"), encodeEntries([{ key: Buffer.from("new"), value: Buffer.from("1") }]), "overwrite");
    await sink.flush();
  }
  const newer = join(directory, "newer.kgd");
  await exportStore({ store: path, output: newer });
  return { path, newer };
}

async function carriedBack(t: ExecutionContext, path: string, newer: string): Promise<void> {
  t.is(await occupantOf(path), "rocksdb");
  t.true((await verifyDump({ input: newer, against: path })).against?.equal);
}

test("while a rollback carries back, the sled store can't be written to until it was put aside, and no other rollback starts", async (t) => {
  const { path, newer } = await migratedAndChanged(t);
  const others: SpawnSyncReturns<string>[] = [];
  const result = await rollbackStore({
    target: path,
    carryBack: true,
    onEvent: ({ phase, kind, facts }) => {
      if (kind === "begins") return;
      const tried = {
        // Waited for here: the new RocksDB store is ready, and not in place yet.
        restore: [["import", path, "--merge", "-i", newer], ["rollback", path, "--discard-new"]],
        // It is in place, and the sled store has another name.
        switch: [["import", String(facts.aside), "--merge", "-i", newer]],
      }[phase as string] ?? [];
      for (const args of tried) others.push(spawnSync(process.execPath, [KGDUMP, ...args, "-q"], { encoding: "utf8" }));
    },
  });
  t.true(result.carried);
  t.is(others.length, 3);
  for (const { stderr } of others) t.regex(stderr, /STORE_IN_USE/);
  await carriedBack(t, path, newer);
});

test("of two rollbacks at the same time one does it, and the other one is refused or finds it done", async (t) => {
  const { path, newer } = await migratedAndChanged(t);
  const runs = await Promise.all([1, 2].map(() => kgdump(["rollback", path, "--carry-back", "-q"])));
  t.true(runs.some(({ code }) => code === 0), runs.map(({ stderr }) => stderr).join("\n"));
  for (const { code, stderr } of runs) if (code !== 0) t.regex(stderr, /STORE_IN_USE/);
  await carriedBack(t, path, newer);
});

for (const step of ["copying", "waiting", "following", "exporting", "importing", "imported"] as const) {
  test(`stores that were exchanged are not taken for what is to be cleared away, although the journal says ${step}`, async (t) => {
    for (const place of ["building", "backup"] as const) {
      for (const goOn of [false, true]) {
        const directory = await temporaryDirectory(t);
        const path = await makeStore(directory, "graph", { default: numbered("k", 50), nodes: { a: "1" } });
        const before = join(directory, "before.kgd");
        await exportStore({ store: path, output: before });
        const { backup } = await migrateStore({ source: path, keepDump: false });
        const journal = await readJournal(path);
        if (journal === null || backup === null) return t.fail("there is no journal");
        if (place === "building") await rename(backup, journal.building);
        await writeFile(journalPath(path), JSON.stringify({ ...journal, step, keyspaces: null }));
        if (goOn) {
          t.is((await migrateStore({ source: path })).status, "migrated");
          t.is(await occupantOf(path), "sled");
        }
        t.is((await rollbackStore({ target: path })).status, "rolled-back");
        t.is(await occupantOf(path), "rocksdb");
        t.true((await verifyDump({ input: before, against: path })).against?.equal);
      }
    }
  });
}

test("a rollback from a path of its own has the old store's place to itself, too, and takes over the lock of a process that was killed", async (t) => {
  const directory = await temporaryDirectory(t);
  const source = await makeStore(directory, "graph", { default: numbered("k", 50) });
  const target = join(directory, "elsewhere");
  await migrateStore({ source, target });
  {
    using _ = await lockPlace(source, "compact");
    await t.throwsAsync(rollbackStore({ target }), { code: "STORE_IN_USE", message: /kgdump compact/ });
  }
  await writeFile(join(directory, ".graph.kgdump-lock"), "");
  const held: boolean[] = [];
  const onEvent = ({ phase }: MigrationEvent): void => { if (phase === "switch") held.push(existsSync(join(directory, ".graph.kgdump-lock"))); };
  t.is((await rollbackStore({ target, onEvent })).status, "rolled-back");
  t.deepEqual(held, [true], "to the end");
  t.deepEqual((await readdir(directory)).filter((name) => name.endsWith("-lock")), []);
});

test("what a carrying back that was killed had made is removed by the next migration, too", async (t) => {
  const { path } = await migratedAndChanged(t);
  const journal = await readJournal(path);
  const carried = `${path}.kgdump-back-${journal?.id ?? ""}`;
  await writeFile(`${carried}.kgd`, "the beginning of a dump");
  await makeStore(dirname(path), basename(carried), { default: { a: "1" } });
  await mkdir(`${carried}.kgdump-partial`);
  t.is((await migrateStore({ source: path })).status, "already");
  t.deepEqual((await readdir(dirname(path))).filter((name) => name.includes("kgdump-back")), []);
  // A new store there is the one that a rollback on a full disk had exchanged: never is that removed.
  await rename(path, carried);
  await migrateStore({ source: path }).catch(() => undefined);
  t.is(await occupantOf(carried), "sled");
});

test("the first journal of a migration that was killed while it was written goes when there is nothing to roll back", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", { default: { a: "1" } });
  await writeFile(join(directory, ".graph.kgdump-migration.json.tmp"), "{");
  await t.throwsAsync(rollbackStore({ target: path }), { code: "NOT_FOUND" });
  t.deepEqual(await readdir(directory), ["graph"]);
  // So does a later one, whatever is done to the place next.
  const left = async (): Promise<string[]> => (await readdir(directory)).filter((name) => name.startsWith("."));
  await writeFile(join(directory, ".graph.kgdump-migration.json.tmp"), "{");
  await compactStore({ store: path });
  t.deepEqual(await left(), []);
  await writeFile(join(directory, ".graph.kgdump-migration.json.tmp"), "{");
  t.is((await rollbackStore({ target: path })).undone, "compaction");
  t.deepEqual(await left(), []);
});

test("a RocksDB store where the new one is to be built is never removed", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", { default: numbered("k", 50) });
  await migrateStore({ source: path, keepDump: false });
  const journal = await readJournal(path);
  if (journal === null) return t.fail("there is no journal");
  await rollbackStore({ target: path });
  await makeStore(directory, "other", { default: numbered("k", 5) });
  await rename(join(directory, "other"), journal.building);
  await writeFile(journalPath(path), JSON.stringify({ ...journal, step: "importing", keyspaces: null }));
  for (const run of [() => rollbackStore({ target: path }), () => migrateStore({ source: path })]) await t.throwsAsync(run(), { code: "MIGRATION_UNCLEAR", message: /a RocksDB store is where the new store was to be built/ });
  t.deepEqual([await occupantOf(path), await occupantOf(journal.building)], ["rocksdb", "rocksdb"]);
});

test("a rollback whose second is another's takes another name for what goes aside", async (t) => {
  for (const way of ["discardNew", "carryBack"] as const) {
    const { path } = await migratedAndChanged(t);
    const now = Date.now();
    const taken = Array.from({ length: 30 }, (_, second) => `${path}.sled-${new Date(now + second * 1000).toISOString().replace(/[-:]|\.\d+/g, "")}`);
    for (const name of taken) {
      await mkdir(name);
      await writeFile(join(name, "mine"), "");
    }
    const { status, aside } = await rollbackStore({ target: path, [way]: true });
    t.is(status, "rolled-back");
    t.is(await occupantOf(path), "rocksdb");
    t.false(taken.includes(aside ?? ""));
    t.is(await occupantOf(aside ?? ""), "sled");
    for (const name of taken) t.deepEqual(await readdir(name), ["mine"]);
  }
});

test("what a carrying back has made that fails is removed, and the store is as it was", async (t) => {
  const { path, newer } = await migratedAndChanged(t);
  const before = await readdir(join(path, ".."));
  for (const [fault, seams] of Object.entries(WRONG_LOADERS)) {
    await t.throwsAsync(rollbackStore({ target: path, carryBack: true, seams }), undefined, fault);
    t.deepEqual(await readdir(join(path, "..")), before, fault);
  }
  t.is(await occupantOf(path), "sled");
  t.true((await verifyDump({ input: newer, against: path })).against?.equal);
});

test("going back ends before anything moves when another process was at work meanwhile", async (t) => {
  const { path } = await migratedAndChanged(t);
  const journal = await readJournal(path);
  if (journal === null) throw new Error("no journal");
  const before = await readdir(join(path, ".."));
  await t.throwsAsync(discardNew(journal, new Teller(undefined), () => Promise.reject(new Error("stale"))), { message: "stale" });
  t.deepEqual([await readdir(join(path, "..")), await readJournal(path)], [before, journal]);
});

test("a store that was refused can be opened again at once", async (t) => {
  const { path } = await migratedAndChanged(t);
  await t.throwsAsync(rollbackStore({ target: path }), { code: "ROLLBACK_LOSES_DATA" });
  await using sink = await openSledSink(path, { create: false });
  t.true(sink.info.keyspaces.length > 0);
});
