/** Restored tables are as old as those of the original. */
import { join } from "node:path";
import test from "ava";
import { openRocksdbLoader } from "#src/engines/rocksdb/loader.js";
import { createRocksdbSink, openRocksdbSource, type RocksdbFamily } from "#src/engines/rocksdb/rocksdb.js";
import { RestoredFamilies } from "#src/engines/rocksdb/settings.js";
import { encodeEntries } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { temporaryDirectory } from "../../support/temporary.js";

const FIFO = "compaction_style=kCompactionStyleFIFO;compaction_options_fifo={max_table_files_size=100000000};ttl=1000000";
const OLD = 1_500_000_000;
const hex = (text: string): string => Buffer.from(text).toString("hex");
const block = (prefix: string, count = 300): Uint8Array => encodeEntries(Array.from({ length: count }, (_, i) => ({ key: Buffer.from(prefix + i.toString().padStart(5, "0")), value: Buffer.from(`value ${i.toString()}`) })));

/** A store whose tables have these ages. */
async function aged(path: string, tables: string, families: readonly RocksdbFamily[], prefixes: string): Promise<void> {
  await using loader = await openRocksdbLoader(path, { tableDirectory: tables, families });
  for (const { name } of families) {
    await loader.startKeyspace(Buffer.from(name), "bytewise");
    for (const prefix of prefixes) await loader.load(block(prefix));
    await loader.finishKeyspace();
  }
  await loader.finish();
}

async function agesOf(store: string): Promise<Map<string, string | undefined>> {
  await using source = await openRocksdbSource(store);
  return new Map(source.info.keyspaces.map(({ name, settings }) => [Buffer.from(name).toString(), settings?.get("ages")]));
}

const line = (time: number, prefix: string, newest = time + 20): string => `${time.toString()} ${(time + 10).toString()} ${newest.toString()} ${hex(`${prefix}00000`)} ${hex(`${prefix}00299`)}`;

for (const way of ["export and restore", "migrate and rollback"] as const) {
  test(`tables are as old as before, and FIFO lets them go in the same order: ${way}`, async (t) => {
    const directory = await temporaryDirectory(t);
    const store = join(directory, "store");
    // In the order of time, which is not that of the keys.
    const fifo = [line(OLD, "m"), line(OLD + 1000, "a"), line(OLD + 2000, "z")].join("\n");
    const families = [
      { name: "fifo", options: FIFO, byWrites: true, ages: fifo },
      { name: "usual", ages: line(OLD + 5, "a", 0).replace(hex("a00299"), hex("z00299")) },
      { name: "blobs", options: "enable_blob_files=true;min_blob_size=1", byWrites: true, ages: line(OLD + 5, "a", 0).replace(hex("a00299"), hex("z00299")) },
    ];
    await aged(store, join(directory, "tables"), families, "amz");
    const before = await agesOf(store);
    for (const { name, ages } of families) t.is(before.get(name), ages, name);
    const dump = join(directory, "a.kgd");
    if (way === "export and restore") {
      await exportStore({ store, output: dump });
      const restored = join(directory, "restored");
      t.deepEqual((await restoreDump({ target: restored, input: dump })).warnings, []);
      t.deepEqual(await agesOf(restored), before);
      t.true((await verifyDump({ input: dump, against: restored })).against?.equal);
    } else {
      await migrateStore({ source: store, keepDump: false });
      await rollbackStore({ target: store, carryBack: true });
      t.deepEqual(await agesOf(store), before);
    }
  });
}

test("tables that RocksDB flushed and compacted come back with their times", async (t) => {
  const directory = await temporaryDirectory(t);
  const [store, dump, restored] = ["store", "a.kgd", "restored"].map((name) => join(directory, name)) as [string, string, string];
  const families = [{ name: "fifo", options: FIFO }, { name: "usual" }, { name: "back", comparator: "reverse-bytewise" as const }];
  for (const prefix of "maz") {
    await using sink = await createRocksdbSink(store, { families });
    for (const { name } of families) await sink.apply(Buffer.from(name), block(prefix), "overwrite");
    await sink.flush();
    await new Promise((done) => setTimeout(done, 1100));
  }
  {
    await using sink = await createRocksdbSink(store, { families });
    await sink.compact("usual");
    // In the log only: its age is the restore's.
    await sink.apply(Buffer.from("fifo"), block("q"), "overwrite");
  }
  await exportStore({ store, output: dump });
  await new Promise((done) => setTimeout(done, 1100));
  await restoreDump({ target: restored, input: dump });
  const [before, after] = [await agesOf(store), await agesOf(restored)];
  t.is(after.get("usual"), before.get("usual"));
  const tables = (ages = ""): string[] => ages.split("\n");
  t.deepEqual(tables(after.get("fifo")).slice(0, 3), tables(before.get("fifo")));
  t.is(tables(after.get("fifo")).length, 4, "what was in the log is the newest");
  const times = (ages: string[]): number[] => ages.map((each) => Number(each.split(" ")[0]));
  t.is(Math.min(...times(tables(after.get("back")))), Math.min(...times(tables(before.get("back")))), "one table as old as the oldest of three");
});

test("ages that can't be understood, or are none, are left out and named", async (t) => {
  for (const ages of ["x", "1 2 3 zz aa", "1 2 3 6 aa", `${line(OLD, "a")}\n\n`, "9".repeat(70_000), "99999999999999999999 1 1 61 62"]) {
    const { family, notKept } = new RestoredFamilies().make(Buffer.from("a"), "bytewise", { settings: new Map([["ages", ages]]) });
    t.is(family.ages, undefined);
    t.regex(notKept.join(), /ages can't be read/);
  }
  // Numbers that are no times are passed over.
  const directory = await temporaryDirectory(t);
  for (const [number, ages] of ["0 0 0 61 62", "9999999999999999999 1 34359738368 61 7a"].entries()) {
    const store = join(directory, `store${number.toString()}`);
    await aged(store, join(directory, `tables${number.toString()}`), [{ name: "default", options: FIFO, byWrites: true, ages }], "a");
    t.true(Number((await agesOf(store)).get("default")?.split(" ")[0]) > OLD);
  }
});

test("tables of all families are as old as they are said to be, whichever families come before the store is made, and whichever makes it", async (t) => {
  const directory = await temporaryDirectory(t);
  const usual = ["one", "two", "three"].map((name, index) => ({ name, ages: line(OLD + index, "a", 0) }));
  const early = { name: "blobs", options: "enable_blob_files=true;min_blob_size=1", byWrites: true, ages: line(OLD + 7, "a", 0) };
  const fifo = { name: "fifo", options: FIFO, byWrites: true, ages: line(OLD + 9, "a") };
  const [one, two, three] = usual as [typeof usual[0], typeof usual[0], typeof usual[0]];
  for (const [number, families] of [usual, [one, two, early, three], [early, ...usual], [...usual, fifo], [one, fifo, two, three]].entries()) {
    const store = join(directory, `store${String(number)}`);
    await aged(store, join(directory, `tables${String(number)}`), families, "a");
    const ages = await agesOf(store);
    for (const family of families) t.is(ages.get(family.name), family.ages, `${family.name} of ${families.map(({ name }) => name).join(" ")}`);
  }
});
