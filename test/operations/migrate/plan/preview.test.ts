import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { KgdumpError } from "#src/errors.js";
import { diskUseOf } from "#src/operations/disk/places.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { readJournal, writeJournal } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { previewMigration } from "#src/operations/migrate/plan/preview.js";
import { smallFileSystem } from "../../../cli/support/stores.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

const CONTENT = { default: numbered("k", 3000, "value ".repeat(60)) };

test("the plan of a live migration has its steps, the delta, and room for what changes", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  const dump = join(directory, "mine.kgd");
  const whole = (await previewMigration({ source: path, dump })).plan;
  const live = (await previewMigration({ source: path, dump, live: true, waitSeconds: 60 })).plan;
  const estimated = live?.estimatedBytes ?? null;
  if (whole === null || live === null || estimated === null) throw new Error("no plan");
  t.deepEqual(whole.steps.map(({ step, serviceRuns }) => [step, serviceRuns]), [["copy", false], ["switch", false]]);
  t.deepEqual(live.steps.map(({ step, serviceRuns }) => [step, serviceRuns]), [["copy", true], ["wait", true], ["catch-up", false], ["switch", false], ["confirm", true]]);
  t.regex(live.steps[1]?.what ?? "", /at most 60 seconds/);
  t.is(whole.delta, null);
  t.is(live.delta, join(directory, "mine.delta.kgd"));
  t.true(live.neededBytes >= whole.neededBytes + 0.3 * estimated, `${String(whole.neededBytes)}, ${String(live.neededBytes)}`);
  t.is(live.spaces.length, 1);
  const streamed = (await previewMigration({ source: path, stream: true, live: true })).plan;
  t.like(streamed, { dump: null, delta: null });
  // The sled store grows by what changes all the same.
  t.true((streamed?.neededBytes ?? 0) >= 1.3 * estimated && (streamed?.neededBytes ?? 0) < live.neededBytes);
  t.deepEqual(await readdir(directory), ["graph"]);
  // What is asked for is enough when a tenth changes or less.
  const result = await migrateStore({ source: path, dump, live: true });
  const took = await Promise.all([path, result.dump, result.delta].map(async (made) => (await diskUseOf(made ?? "")) ?? 0));
  t.true(took.reduce((sum, bytes) => sum + bytes) <= live.neededBytes);
});

test("room is asked for on each file system that something is put on", async (t) => {
  const directory = await temporaryDirectory(t);
  const other = await mkdtemp("/dev/shm/kgdump-test-").catch(() => null);
  if (other !== null) t.teardown(() => rm(other, { recursive: true, force: true }));
  if (other === null || (await stat(other)).dev === (await stat(directory)).dev) {
    t.log("SKIPPED: /dev/shm is no other file system");
    t.pass();
    return;
  }
  const path = await makeStore(directory, "graph", CONTENT);
  const at = async (options: object): Promise<Record<string, number>> => {
    const { plan } = await previewMigration({ source: path, live: true, ...options });
    return Object.fromEntries((plan?.spaces ?? []).map((space) => [space.path, space.neededBytes]));
  };
  const beside = await at({});
  const dumpThere = await at({ dump: join(other, "graph.kgd") });
  t.deepEqual(Object.keys(dumpThere), [directory, other]);
  t.is(beside[directory] ?? 0, (dumpThere[directory] ?? 0) + (dumpThere[other] ?? 0));
  // A backup there is a copy of the store's files, and the dump lies beside it.
  const backupThere = await at({ backupDirectory: other });
  t.is(backupThere[directory] ?? 0, dumpThere[directory] ?? 1);
  t.is(backupThere[other] ?? 0, (dumpThere[other] ?? 0) + ((await diskUseOf(path)) ?? 0));
});

test("a disk with room for a migration, but not for what changes during a live one", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  const options = { source: path, stream: true };
  const needed = async (live: boolean): Promise<number> => (await previewMigration({ ...options, live })).plan?.neededBytes ?? 0;
  const small = await smallFileSystem(t, directory, `size=${String(Math.floor(((await needed(false)) + (await needed(true))) / 2))}`);
  if (small === null) return;
  const target = join(small, "sled");
  const error = await t.throwsAsync(migrateStore({ ...options, target, live: true }), { code: "NO_SPACE" });
  t.true(error.message.includes(small));
  t.deepEqual(await readdir(small), []);
  t.is((await migrateStore({ ...options, target })).status, "migrated");
  // Who knows better may begin all the same.
  const { aside } = await rollbackStore({ target });
  await rm(aside ?? "", { recursive: true });
  t.is((await migrateStore({ ...options, target, live: true, force: true })).status, "migrated");
});

test("what would keep a migration from beginning is told by its preview", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  await writeFile(join(directory, "mine.delta.kgd"), "");
  const dump = join(directory, "mine.kgd");
  t.is((await previewMigration({ source: path, dump })).status, "to-migrate");
  await t.throwsAsync(previewMigration({ source: path, dump, live: true }), { code: "OUTPUT_EXISTS", message: /mine\.delta\.kgd/ });
  await t.throwsAsync(previewMigration({ source: path, target: directory }), { code: "TARGET_EXISTS" });
  await t.throwsAsync(previewMigration({ source: join(directory, "no"), mustExist: true }), { code: "STORE_NOT_FOUND" });
  await t.throwsAsync(previewMigration({ source: directory }), { code: "STORE_NOT_RECOGNIZED" });
});

test("a preview of what is migrated already, of nothing, and of what was interrupted", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  t.like(await previewMigration({ source: join(directory, "no") }), { status: "nothing", plan: null });
  const dump = join(directory, "mine.kgd");
  await migrateStore({ source: path, dump });
  t.like(await previewMigration({ source: path }), { status: "already", plan: null, unfinished: null });
  const journal = await readJournal(path);
  if (journal === null) throw new Error("no journal");
  await writeJournal({ ...journal, step: "switching" });
  t.like(await previewMigration({ source: path }), { status: "unfinished", plan: null, unfinished: { step: "switching" } });
  // Interrupted while it was copied: what it left is no hindrance.
  const again = await makeStore(directory, "again", CONTENT);
  await writeJournal({ ...journal, id: "1", source: again, target: again, building: `${again}.kgdump-new-1`, backup: `${again}.rocksdb-backup-20261122T191034Z`, step: "copying" });
  t.like(await previewMigration({ source: again, dump }), { status: "to-migrate", unfinished: { step: "copying" }, plan: { dump } });
});

test("a place that is no directory is told before anything is written, whatever is to be put there", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  const [file, missing] = [join(directory, "file"), join(directory, "missing")];
  await writeFile(file, "mine");
  for (const at of [file, missing]) {
    for (const options of [{ backupDirectory: at }, { backupDirectory: at, stream: true }, { backupDirectory: at, live: true }, { dump: join(at, "graph.kgd") }, { target: join(at, "sled"), stream: true }]) {
      for (const attempt of [previewMigration, migrateStore]) {
        const error = await t.throwsAsync<KgdumpError>(attempt({ source: path, ...options }), { instanceOf: KgdumpError }, JSON.stringify(options));
        t.true(error.message.includes(at), error.message);
        t.deepEqual((await readdir(directory)).sort(), ["file", "graph"]);
      }
    }
  }
});
