import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/index.js";
import { occupantOf } from "#src/operations/disk/places.js";
import { exportStore } from "#src/operations/export/export.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { directionTo } from "#src/operations/migrate/direction.js";
import { eventLine, type MigrationEvent } from "#src/operations/migrate/events.js";
import { journalPath, readJournal, writeJournal } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { migrationPaths } from "#src/operations/migrate/options.js";
import { previewMigration } from "#src/operations/migrate/plan/preview.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const CONTENT = { default: numbered("k", 2000), nodes: { a: "1", b: "" }, empty: {} };

async function prepared(t: ExecutionContext): Promise<{ directory: string; path: string; reference: string }> {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  const reference = join(directory, "reference.kgd");
  await exportStore({ store: path, output: reference });
  return { directory, path, reference };
}

async function holds(t: ExecutionContext, reference: string, path: string): Promise<void> {
  t.true((await verifyDump({ input: reference, against: path })).against?.equal, path);
}

async function putIntoSled(path: string): Promise<void> {
  await using sink = await openSledSink(path, { create: false });
  await sink.apply(Buffer.from("default"), encodeEntries([{ key: Buffer.from("new"), value: Buffer.from("1") }]), "overwrite");
  await sink.flush();
}

test("the sled store takes the place of the RocksDB store, which becomes the backup", async (t) => {
  const { directory, path, reference } = await prepared(t);
  const events: MigrationEvent[] = [];
  const result = await migrateStore({ source: path, onEvent: (event) => events.push(event) });
  t.is(result.status, "migrated");
  t.is(await occupantOf(path), "sled");
  await holds(t, reference, path);
  if (result.backup === null || result.dump === null) throw new Error("no backup, or no dump");
  await holds(t, reference, result.backup);
  t.is((await verifyDump({ input: result.dump })).dump.complete, true);
  t.true(result.reopen?.rust.includes(JSON.stringify(path)));
  t.deepEqual([...new Set(events.map(({ phase }) => phase))], ["detect", "preflight", "export", "import", "verify", "backup", "switch", "done"]);
  for (const event of events) t.regex(eventLine(event), /^\d{4}-.*Z migration( [0-9a-f]{8})? [a-z]+: /);
  const names = (await readdir(directory)).sort();
  t.is(names.length, 5, names.join(" "));
  t.true(names.includes("graph.kgdump-migration.json"));

  t.is((await migrateStore({ source: path })).status, "already");
  t.deepEqual((await readdir(directory)).sort(), names);
});

test("a rollback puts the original back, and the sled store aside; both can be had again", async (t) => {
  const { path, reference } = await prepared(t);
  t.is((await migrateStore({ source: path, keepDump: false })).dump, null);
  // What was removed is not looked for by whoever reads the journal.
  t.like(await readJournal(path), { dump: null, delta: null });
  const result = await rollbackStore({ target: path });
  t.like(result, { status: "rolled-back", source: path, carried: false });
  t.is(await occupantOf(path), "rocksdb");
  await holds(t, reference, path);
  await holds(t, reference, result.aside ?? "");
  t.is((await rollbackStore({ target: path })).status, "already");
  t.is((await migrateStore({ source: path })).status, "migrated");
  await holds(t, reference, path);
});

test("what was written to sled is not lost by a rollback: it refuses, leaves it aside, or carries it back", async (t) => {
  const { directory, path, reference } = await prepared(t);
  await migrateStore({ source: path });
  await putIntoSled(path);
  await t.throwsAsync(rollbackStore({ target: path }), { code: "ROLLBACK_LOSES_DATA", message: /"default"/ });
  t.is(await occupantOf(path), "sled");

  const newer = join(directory, "newer.kgd");
  await exportStore({ store: path, output: newer });
  const discarded = await rollbackStore({ target: path, discardNew: true });
  await holds(t, reference, path);
  await holds(t, newer, discarded.aside ?? "");

  await migrateStore({ source: path });
  await putIntoSled(path);
  const names = await readdir(directory);
  const carried = await rollbackStore({ target: path, carryBack: true });
  t.true(carried.carried);
  // Nothing that it was carried by stays: only the sled store is there besides, and its name is told.
  t.deepEqual((await readdir(directory)).filter((name) => !names.includes(name)).map((name) => join(directory, name)), [carried.aside]);
  t.is(await occupantOf(path), "rocksdb");
  await holds(t, newer, path);
});

test("two migrations in one second get names of their own", async (t) => {
  const directory = await temporaryDirectory(t);
  const options = { source: join(directory, "graph") };
  const now = new Date("2026-11-22T19:10:34Z");
  t.is((await migrationPaths(options, directionTo("sled"), now, "id")).dump, join(directory, "graph.20261122T191034Z.kgd"));
  await writeFile(join(directory, "graph.20261122T191034Z.kgd"), "");
  await writeFile(join(directory, "graph.rocksdb-backup-20261122T191035Z"), "");
  const { dump, backup } = await migrationPaths(options, directionTo("sled"), now, "id");
  t.deepEqual([dump, backup], [join(directory, "graph.20261122T191036Z.kgd"), join(directory, "graph.rocksdb-backup-20261122T191036Z")]);
  const named = join(directory, "named.kgd");
  await writeFile(named, "");
  t.is((await migrationPaths({ ...options, dump: named }, directionTo("sled"), now, "id")).dump, named);
  // A link to nothing has its name, too.
  await symlink("nowhere", join(directory, "graph.20261122T191036Z.kgd"));
  t.is((await migrationPaths(options, directionTo("sled"), now, "id")).dump, join(directory, "graph.20261122T191037Z.kgd"));
});

test("with another target the original stays, and a rollback only takes the sled store away", async (t) => {
  const { directory, path, reference } = await prepared(t);
  const target = join(directory, "sled");
  const result = await migrateStore({ source: path, target, stream: true });
  t.like(result, { status: "migrated", backup: null, dump: null });
  await holds(t, reference, target);
  await holds(t, reference, path);
  await putIntoSled(target);
  t.is((await migrateStore({ source: path, target })).status, "already", "a service that starts with it finds its sled store");
  const { aside } = await rollbackStore({ target, discardNew: true });
  t.is(await occupantOf(aside ?? ""), "sled");
  t.is(await occupantOf(target), "absent");
  t.is(await occupantOf(path), "rocksdb");
  // What is gone is not said to be kept aside.
  await rm(aside ?? "", { recursive: true });
  await migrateStore({ source: path, target, stream: true });
  await rm(target, { recursive: true });
  t.is((await rollbackStore({ target, discardNew: true })).aside, null);
});

/** A process that another test starts may hold descriptors of this one, and so a lock that was let go, for a moment. */
async function opened<T>(open: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await open();
    } catch (error) {
      if (tries === 50 || !(error instanceof KgdumpError && error.code === "STORE_IN_USE")) throw error;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

test("with another target, an original that was written to since is not taken for migrated", async (t) => {
  const { directory, path } = await prepared(t);
  const target = join(directory, "sled");
  await migrateStore({ source: path, target });
  {
    await using sink = await opened(() => createRocksdbSink(path));
    await sink.apply(Buffer.from("nodes"), encodeEntries([{ key: Buffer.from("later"), value: Buffer.from("1") }]), "overwrite");
    await sink.flush();
  }
  await t.throwsAsync(migrateStore({ source: path, target }), { code: "TARGET_EXISTS" });
});

test("with another target, what is carried back goes where the RocksDB store was, and the original is kept", async (t) => {
  const { directory, path, reference } = await prepared(t);
  const target = join(directory, "sled");
  await migrateStore({ source: path, target, stream: true });
  await putIntoSled(target);
  const newer = join(directory, "newer.kgd");
  await exportStore({ store: target, output: newer });
  const result = await rollbackStore({ target, carryBack: true });
  t.like(result, { status: "rolled-back", source: path, carried: true });
  await holds(t, newer, path);
  await holds(t, reference, result.original ?? "");
  await holds(t, newer, result.aside ?? "");
  t.is(await occupantOf(target), "absent");
  t.is(await occupantOf(path), "rocksdb");
  // Killed between the two renames.
  const journal = await readJournal(target);
  if (!journal?.rollback) throw new Error("no journal");
  const { rename } = await import("node:fs/promises");
  await rename(path, journal.rollback.incoming);
  await writeJournal({ ...journal, step: "rolling-back" });
  t.is((await rollbackStore({ target })).status, "rolled-back");
  await holds(t, newer, path);
  t.is((await rollbackStore({ target })).status, "already");
});

test("a path without a store is an error for whoever says so", async (t) => {
  const directory = await temporaryDirectory(t);
  const nothing = join(directory, "nothing");
  await t.throwsAsync(migrateStore({ source: nothing, mustExist: true }), { code: "STORE_NOT_FOUND" });
  await mkdir(nothing);
  await t.throwsAsync(migrateStore({ source: nothing, mustExist: true }), { code: "STORE_NOT_FOUND", message: /empty directory/ });
  const store = await makeStore(directory, "graph", { default: { a: "1" } });
  await migrateStore({ source: store, mustExist: true });
  t.is((await migrateStore({ source: store, mustExist: true })).status, "already");
});

test("a store that is open is refused, and nothing is left", async (t) => {
  const { directory, path } = await prepared(t);
  const before = await readdir(directory);
  await using sink = await createRocksdbSink(path);
  await t.throwsAsync(migrateStore({ source: path }), { code: "STORE_IN_USE" });
  t.deepEqual(await readdir(directory), before);
  await sink.close();
  t.is((await migrateStore({ source: path })).status, "migrated");
});

test("a migration that stopped before the switch goes on when the store is unchanged, and begins again when it is not", async (t) => {
  for (const change of [false, true]) {
    const { path, reference } = await prepared(t);
    const done = await migrateStore({ source: path });
    await rollbackStore({ target: path });
    const journal = await readJournal(path);
    if (journal === null || done.backup === null) throw new Error("no journal");
    // As it was when the new store was complete and waited.
    const { rename } = await import("node:fs/promises");
    await rename(journal.rollback?.aside ?? "", journal.building);
    await writeJournal({ ...journal, step: "imported", rollback: null });
    if (change) {
      await using sink = await createRocksdbSink(path);
      await sink.operate("default", [{ kind: "put", key: Buffer.from("later"), value: Buffer.from("1") }]);
      await sink.flush();
    }
    const events: MigrationEvent[] = [];
    await migrateStore({ source: path, onEvent: (event) => events.push(event) });
    t.is(events.some(({ phase }) => phase === "export"), change);
    t.is(await occupantOf(path), "sled");
    const { against } = await verifyDump({ input: reference, against: path });
    t.is(against?.equal, !change);
    t.is(against?.keyspaces.reduce((sum, { added }) => sum + added, 0), change ? 1 : 0);
  }
});

test("what is no store, or nothing, is told; a preview changes nothing", async (t) => {
  const { directory, path } = await prepared(t);
  const nothing = join(directory, "nothing");
  t.is((await migrateStore({ source: nothing })).status, "nothing");
  await mkdir(nothing);
  t.is((await migrateStore({ source: nothing })).status, "nothing");
  await writeFile(join(nothing, "file"), "");
  await t.throwsAsync(migrateStore({ source: nothing }), { code: "STORE_NOT_RECOGNIZED" });
  await t.throwsAsync(rollbackStore({ target: path }), { code: "NOT_FOUND" });
  const before = await readdir(directory);
  const { plan } = await previewMigration({ source: path });
  t.true(plan !== null && (plan.estimatedEntries ?? 0) > 0 && plan.neededBytes > 0);
  t.deepEqual(await readdir(directory), before);
});

test("an import that fails leaves the old store in place and nothing else", async (t) => {
  const { directory, path, reference } = await prepared(t);
  const before = await readdir(directory);
  const controller = new AbortController();
  const onEvent = ({ phase }: MigrationEvent): void => {
    if (phase === "export") controller.abort(new Error("stopped"));
  };
  await t.throwsAsync(migrateStore({ source: path, onEvent, signal: controller.signal }), { message: "stopped" });
  t.deepEqual((await readdir(directory)).filter((name) => name !== "graph.kgdump-migration.json").sort(), before.sort());
  await holds(t, reference, path);
  t.is((await migrateStore({ source: path })).status, "migrated");
});

test("a dump is removed by its id: a file that somebody put in its place stays", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", { default: numbered("k", 50) });
  const { dump } = await migrateStore({ source: path });
  const journal = await readJournal(path);
  if (dump === null || journal === null) return t.fail("there is no dump");
  const other = join(directory, "other.kgd");
  await exportStore({ store: path, output: other });
  await rename(other, dump);
  // Stopped after the switch; it goes on, and is to leave no dump.
  await writeFile(journalPath(path), JSON.stringify({ ...journal, step: "switching" }));
  t.is((await migrateStore({ source: path, keepDump: false })).status, "migrated");
  t.true(existsSync(dump), "not the migration's own");
  // Rolled back before it was complete: the same.
  await writeFile(journalPath(path), JSON.stringify({ ...journal, step: "done", dump }));
  await rollbackStore({ target: path });
  await writeFile(journalPath(path), JSON.stringify({ ...journal, step: "importing", dump }));
  await rollbackStore({ target: path });
  t.true(existsSync(dump));
  // Its own goes.
  const again = await migrateStore({ source: path });
  const own = await readJournal(path);
  await writeFile(journalPath(path), JSON.stringify({ ...own, step: "switching" }));
  await migrateStore({ source: path, keepDump: false });
  t.false(existsSync(again.dump ?? ""));
});

test("a family that can't be read keeps nothing back when it is left out", async (t) => {
  const source = await unpackStore(t, "account-odd-family-excluded");
  const target = `${source}-sled`;
  await t.throwsAsync(migrateStore({ source, target }), { code: "STORE_COMPARATOR_UNSUPPORTED" });
  const { status, entries } = await migrateStore({ source, target, excludeKeyspaces: ["odd"] });
  t.is(status, "migrated");
  t.is(entries, 100);
});
