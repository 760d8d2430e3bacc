/** Migrations from sled to RocksDB whose families are kept as those of another store, or dump, are. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { occupantOf } from "#src/operations/disk/places.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { journalPath } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { previewMigration } from "#src/operations/migrate/plan/preview.js";
import { verifyStore } from "#src/operations/verify/verify.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { temporaryDirectory } from "../../support/temporary.js";

/** A store with options of its own, a dump of it, and the same in sled. */
async function prepared(t: ExecutionContext): Promise<{ directory: string; store: string; dump: string; sled: string }> {
  const directory = await temporaryDirectory(t);
  const [store, dump, sled] = ["store", "a.kgd", "graph"].map((name) => join(directory, name)) as [string, string, string];
  const put = (key: string, value: string) => ({ kind: "put", key: Buffer.from(key), value: Buffer.from(value) }) as const;
  {
    const families = [{ name: "nodes", options: "num_levels=4;write_buffer_size=1234567;compression=kZSTD" }, { name: "back", comparator: "reverse-bytewise" as const }];
    await using sink = await createRocksdbSink(store, { families });
    for (const { name } of families) await sink.operate(name, [put("a", "1"), put("b", "x".repeat(9000))]);
    await sink.flush();
  }
  await exportStore({ store, output: dump });
  await importDump({ target: sled, input: dump });
  return { directory, store, dump, sled };
}

test("a sled store becomes a RocksDB store with the options of another, or of a dump's, in place and elsewhere", async (t) => {
  const { directory, store, dump, sled } = await prepared(t);
  for (const [target, optionsFrom] of [[join(directory, "other"), dump], [sled, store]] as const) {
    const { status, warnings } = await migrateStore({ source: sled, target, engine: "rocksdb", optionsFrom });
    t.is(status, "migrated");
    t.deepEqual(warnings, []);
    const { stores: [found] } = await verifyStore({ store, against: target, options: true });
    t.deepEqual([found?.equal, found?.options?.differences], [true, []]);
  }
});

test("families that the other store does not have are warned of", async (t) => {
  const { directory, sled } = await prepared(t);
  const plain = join(directory, "plain");
  await (await createRocksdbSink(plain)).close();
  const { warnings } = await migrateStore({ source: sled, engine: "rocksdb", optionsFrom: plain });
  t.is(warnings.filter((warning) => warning.includes("has no such family")).length, 1);
});

test("what options can't be taken from is refused before anything is made, and so are options for a sled store", async (t) => {
  const { directory, store, sled } = await prepared(t);
  const text = join(directory, "text");
  await writeFile(text, "no dump, and no store".repeat(100));
  const names = await readdir(directory);
  const cases = [
    [{ source: sled, engine: "rocksdb", optionsFrom: text }, "DUMP_NOT_A_DUMP"],
    [{ source: sled, engine: "rocksdb", optionsFrom: join(directory, "missing") }, "NOT_FOUND"],
    [{ source: store, optionsFrom: store }, "USAGE"],
  ] as const;
  for (const [options, code] of cases) {
    await t.throwsAsync(migrateStore(options), { code }, code);
    await t.throwsAsync(previewMigration(options), { code }, code);
  }
  t.deepEqual(await readdir(directory), names);
  t.is(await occupantOf(sled), "sled");
});

test("values get the times that a family with a time to live needs, and the way back is open", async (t) => {
  const store = await unpackStore(t, "odd-ttl");
  const { backup } = await migrateStore({ source: store, ttl: "strip" });
  const optionsFrom = backup ?? "";
  await t.throwsAsync(migrateStore({ source: store, engine: "rocksdb", optionsFrom }), { code: "STORE_TTL" });
  t.is(await occupantOf(store), "sled");
  t.is((await migrateStore({ source: store, engine: "rocksdb", optionsFrom, ttl: "strip" })).status, "migrated");
  t.true((await verifyStore({ store: optionsFrom, against: store, ttl: "strip" })).stores[0]?.equal);
  t.is((await migrateStore({ source: store, engine: "rocksdb" })).status, "already");
  await rollbackStore({ target: store });
  t.is(await occupantOf(store), "sled");
  await migrateStore({ source: store, engine: "rocksdb", optionsFrom, ttl: "strip", checkGraph: true });
  // As if a program had written to it.
  const path = journalPath(store);
  const { keyspaces, ...journal } = JSON.parse(await readFile(path, "utf8")) as { keyspaces: { digest: string }[] };
  await writeFile(path, JSON.stringify({ ...journal, keyspaces: keyspaces.map((keyspace) => ({ ...keyspace, digest: "0".repeat(64) })) }));
  await t.throwsAsync(rollbackStore({ target: store }), { code: "ROLLBACK_LOSES_DATA" });
  await rollbackStore({ target: store, carryBack: true });
  t.is(await occupantOf(store), "sled");
  t.true((await verifyStore({ store: optionsFrom, against: store, ttl: "strip" })).stores[0]?.equal);
});
