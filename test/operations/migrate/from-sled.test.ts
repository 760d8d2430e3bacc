/** Migrations from sled to RocksDB, in place and elsewhere, and the way back from them. */
import { readdir, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { openSledSource } from "#src/engines/sled/reader.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import type { EntryLoader } from "#src/engines/store.js";
import { encodeEntries } from "#src/format/index.js";
import { occupantOf } from "#src/operations/disk/places.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import type { MigrationEvent } from "#src/operations/migrate/events.js";
import { readJournal, writeJournal } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { previewMigration } from "#src/operations/migrate/plan/preview.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { sledCheck, sledWrite } from "../../checker/run.js";
import { readStore } from "../../engines/rocksdb/support.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { instead } from "../guards-support.js";

const TO = { engine: "rocksdb" } as const;

interface Ground {
  readonly directory: string;
  readonly path: string;
  /** A dump of what is there. */
  readonly reference: string;
  /** What sled's own crate reads. */
  readonly read: Awaited<ReturnType<typeof sledCheck>>;
}

/** A store that sled's own crate wrote. */
async function prepared(t: ExecutionContext, compression = false): Promise<Ground> {
  const directory = await temporaryDirectory(t);
  const [path, reference] = [join(directory, "graph"), join(directory, "reference.kgd")];
  await sledWrite(path, ["random 7 300", "put 01 02"], { compression });
  const read = await sledCheck(path, { compression });
  await exportStore({ store: path, output: reference });
  return { directory, path, reference, read };
}

async function holds(t: ExecutionContext, reference: string, path: string): Promise<void> {
  t.true((await verifyDump({ input: reference, against: path })).against?.equal, path);
}

async function put(path: string, key: string): Promise<void> {
  await using sink = await createRocksdbSink(path);
  await sink.operate("default", [{ kind: "put", key: Buffer.from(key), value: Buffer.from("1") }]);
  await sink.flush();
}

test("the RocksDB store takes the place of the sled store, which becomes the backup as it was", async (t) => {
  const { directory, path, reference, read } = await prepared(t);
  const events: MigrationEvent[] = [];
  const result = await migrateStore({ source: path, ...TO, onEvent: (event) => events.push(event) });
  t.like(result, { status: "migrated", engine: "rocksdb", reopen: null });
  t.is(await occupantOf(path), "rocksdb");
  await holds(t, reference, path);
  t.regex(basename(result.backup ?? ""), /^graph\.sled-backup-/);
  t.deepEqual(await sledCheck(result.backup ?? ""), read, "what the crate reads of the backup");
  t.deepEqual([...new Set(events.map(({ phase }) => phase))], ["detect", "preflight", "export", "import", "verify", "backup", "switch", "done"]);
  t.like(await migrationStatus(path), { state: "migrated", found: "rocksdb", trouble: null });
  const names = (await readdir(directory)).sort();
  t.is((await migrateStore({ source: path, ...TO })).status, "already");
  t.deepEqual((await readdir(directory)).sort(), names);
});

test("no program can open the sled store while it is migrated", async (t) => {
  const { path } = await prepared(t);
  let tries = 0;
  const loader = (real: EntryLoader): EntryLoader =>
    instead<EntryLoader>(real, {
      load: async (block) => {
        tries += 1;
        await t.throwsAsync(openSledSink(path, { create: false }), { code: "STORE_IN_USE" });
        return real.load(block);
      },
    });
  await migrateStore({ source: path, ...TO, seams: { loader } });
  t.true(tries > 0);
});

test("a rollback puts the sled store back as it was, and keeps the RocksDB store; both can be had again", async (t) => {
  const { path, reference, read } = await prepared(t);
  await migrateStore({ source: path, ...TO, stream: true });
  const result = await rollbackStore({ target: path });
  t.like(result, { status: "rolled-back", engine: "sled", source: path, carried: false });
  t.regex(basename(result.aside ?? ""), /^graph\.rocksdb-/);
  await holds(t, reference, result.aside ?? "");
  t.is((await rollbackStore({ target: path })).status, "already");
  t.like(await migrationStatus(path), { state: "to-migrate", found: "sled" });
  t.is((await migrateStore({ source: path, ...TO })).status, "migrated");
  await holds(t, reference, path);
  await rollbackStore({ target: path });
  t.deepEqual(await sledCheck(path), read);
});

test("what was written to RocksDB is not lost by a rollback: it refuses, leaves it aside, or carries it back with the settings and the ids of the original", async (t) => {
  const { directory, path, reference } = await prepared(t, true);
  await (await openSledSink(path, { create: false, compression: true, nextId: "7500000" })).close();
  const before = await settingsOf(path);
  await migrateStore({ source: path, ...TO });
  await put(path, "new");
  await t.throwsAsync(rollbackStore({ target: path }), { code: "ROLLBACK_LOSES_DATA", message: /the RocksDB store was written to/ });
  t.is(await occupantOf(path), "rocksdb");
  const newer = join(directory, "newer.kgd");
  await exportStore({ store: path, output: newer });
  const discarded = await rollbackStore({ target: path, discardNew: true });
  await holds(t, reference, path);
  await holds(t, newer, discarded.aside ?? "");

  await migrateStore({ source: path, ...TO });
  await put(path, "new");
  const carried = await rollbackStore({ target: path, carryBack: true });
  t.like(carried, { carried: true, engine: "sled" });
  t.is(await occupantOf(path), "sled");
  await holds(t, newer, path);
  const after = await settingsOf(path);
  t.deepEqual(after.settings, before.settings);
  t.true(after.nextId >= before.nextId, `${String(after.nextId)} after ${String(before.nextId)}`);
});

async function settingsOf(path: string): Promise<{ settings: object; nextId: number }> {
  await using source = await openSledSource(path);
  return { settings: source.settings, nextId: Number(source.info.options?.get("sled.nextId")) };
}

test("a sled store becomes a RocksDB store at another path without a word more, and stays where it is", async (t) => {
  const { directory, path, reference, read } = await prepared(t);
  const target = join(directory, "rocks");
  t.like(await previewMigration({ source: path, target }), { status: "to-migrate", engine: "rocksdb", plan: { estimatedEntries: null } });
  t.like(await migrateStore({ source: path, target }), { status: "migrated", engine: "rocksdb", backup: null });
  t.is(await occupantOf(target), "rocksdb");
  await holds(t, reference, target);
  t.is((await migrateStore({ source: path, target })).status, "already");
  await put(target, "new");
  const newer = join(directory, "newer.kgd");
  await exportStore({ store: target, output: newer });
  t.is((await migrateStore({ source: path, target })).status, "already", "a program that starts with it finds its store");
  const back = await rollbackStore({ target, carryBack: true });
  await holds(t, newer, path);
  t.deepEqual(await sledCheck(back.original ?? ""), read);
  t.is(await occupantOf(target), "absent");
});

test("a sled store that was written to since it became one elsewhere is not taken for migrated", async (t) => {
  const { directory, path } = await prepared(t);
  const target = join(directory, "rocks");
  await migrateStore({ source: path, target });
  await sledWrite(path, ["put 0a 0b"]);
  await t.throwsAsync(migrateStore({ source: path, target }), { code: "TARGET_EXISTS" });
});

test("what can't be is refused by name, and nothing is left: --live, a store in use, a name with a zero byte, another direction", async (t) => {
  const { directory, path, reference } = await prepared(t);
  const names = await readdir(directory);
  await t.throwsAsync(migrateStore({ source: path, ...TO, live: true }), { code: "USAGE", message: /while a program has it open/ });
  {
    await using sink = await openSledSink(path, { create: false });
    await t.throwsAsync(migrateStore({ source: path, ...TO }), { code: "STORE_IN_USE" });
    await sink.createKeyspace(Buffer.from("a\0b"));
    await sink.apply(Buffer.from("a\0b"), encodeEntries([{ key: Buffer.from("k"), value: Buffer.from("v") }]), "overwrite");
    await sink.flush();
  }
  await t.throwsAsync(migrateStore({ source: path, ...TO }), { code: "STORE_UNSUPPORTED", message: /zero byte/ });
  t.deepEqual(await readdir(directory), names);
  await migrateStore({ source: path, ...TO, map: new Map([["a\0b", "ab"]]) });
  await t.throwsAsync(verifyDump({ input: reference, against: path }).then(({ against }) => { t.false(against?.equal); throw new Error("looked at"); }), { message: "looked at" });
  t.deepEqual((await readStore(path)).entries.get("ab"), [["k", "v"]]);
  await put(path, "new");
  await rollbackStore({ target: path, carryBack: true });
  await using source = await openSledSource(path);
  t.true(source.info.keyspaces.some(({ name }) => Buffer.from(name).equals(Buffer.from("a\0b"))), "the tree has its name again");
});

test("a migration that stopped before the switch goes on when the sled store is unchanged, and begins again when it is not; another direction is refused", async (t) => {
  for (const change of [false, true]) {
    const { path, reference } = await prepared(t);
    await migrateStore({ source: path, ...TO });
    await rollbackStore({ target: path });
    const journal = await readJournal(path);
    if (journal === null) throw new Error("no journal");
    // As it was when the new store was complete and waited.
    await rename(journal.rollback?.aside ?? "", journal.building);
    await writeJournal({ ...journal, step: "imported", rollback: null });
    await t.throwsAsync(migrateStore({ source: path, engine: "sled" }), { code: "MIGRATION_UNCLEAR", message: /to RocksDB is not finished/ });
    if (change) await sledWrite(path, ["put 0a 0b"]);
    const events: MigrationEvent[] = [];
    // Also without a word of the engine: what was begun is finished.
    await migrateStore({ source: path, ...(change ? TO : {}), onEvent: (event) => events.push(event) });
    t.is(events.some(({ phase }) => phase === "export"), change);
    t.is(await occupantOf(path), "rocksdb");
    t.is((await verifyDump({ input: reference, against: path })).against?.equal, !change);
  }
});

for (const [what, lines] of Object.entries({ nothing: [], "a value of the same length": ["tree 6e6f646573", "put 61 39"], "a tree that is gone": ["drop 6e6f646573"], "a tree without entries that is gone": ["drop 656d707479"], "an empty tree that is new": ["tree 6e6577"], "what was left out": ["tree 6f7574", "put 61 39"] })) {
  test(`a migration that stopped before the switch looks for what has changed: ${what}`, async (t) => {
    const directory = await temporaryDirectory(t);
    const [path, dump] = [join(directory, "graph"), join(directory, "content.kgd")];
    await exportStore({ store: await makeStore(directory, "content", { default: { k: "1" }, nodes: { a: "1", b: "2" }, empty: {}, out: { a: "1" } }), output: dump });
    await importDump({ target: path, input: dump });
    const options = { ...TO, excludeKeyspaces: ["out"] };
    await migrateStore({ source: path, ...options });
    await rollbackStore({ target: path });
    const journal = await readJournal(path);
    if (journal === null) throw new Error("no journal");
    await rename(journal.rollback?.aside ?? "", journal.building);
    await writeJournal({ ...journal, step: "imported", rollback: null });
    if (lines.length > 0) await sledWrite(path, lines);
    const reference = join(directory, "reference.kgd");
    await exportStore({ store: path, output: reference, excludeKeyspaces: ["out"] });
    const events: MigrationEvent[] = [];
    await migrateStore({ source: path, ...options, onEvent: (event) => events.push(event) });
    t.is(events.some(({ phase }) => phase === "export"), what !== "nothing" && what !== "what was left out");
    t.true((await verifyDump({ input: reference, against: path })).against?.equal);
  });
}

test("a store that went to sled goes to RocksDB again, and each way back leads to where it came from", async (t) => {
  const { directory, path, reference } = await prepared(t);
  await migrateStore({ source: path, ...TO });
  const there = await migrateStore({ source: path });
  t.like(there, { status: "migrated", engine: "sled" });
  await holds(t, reference, path);
  t.like(await rollbackStore({ target: path }), { engine: "rocksdb", status: "rolled-back" });
  t.is(await occupantOf(path), "rocksdb");
  await holds(t, reference, path);
  const kept = (await readdir(directory)).filter((name) => name.startsWith("graph.sled"));
  t.is(kept.length, 2, "the first original, and the store that was rolled back");
});
