/** Compacting: the same entries in less room, at the same place, with a way back; and never anything between old and new. */
import { chmod, chown, cp, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openSledSource } from "#src/engines/sled/reader.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { cleanUp } from "#src/operations/migrate/cleanup/cleanup.js";
import { compactStore, planCompact } from "#src/operations/migrate/compact/compact.js";
import { undoCompact } from "#src/operations/migrate/compact/undo.js";
import { journalPath } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { type CheckerOptions, sledCheck, sledHold, sledWrite } from "../../../checker/run.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";
import { WRONG_LOADERS } from "../../guards-support.js";

const hex = (text: string): string => Buffer.from(text).toString("hex");
const ODD = ["00ff", hex("default"), hex("__sled__tree:x")];

/** A store with many trees, of which most was overwritten and removed again. */
async function wasteful(t: ExecutionContext, options: CheckerOptions = {}): Promise<{ directory: string; store: string }> {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "graph");
  const lines = [`tree ${hex("__sled__default")}`, ...ODD.map((tree) => `tree ${tree}`)];
  for (const tree of lines) {
    for (let round = 0; round < 6; round += 1) await sledWrite(store, [tree, `random ${String(round)} 800`, "flush"], options);
  }
  await sledWrite(store, [`tree ${hex("empty")}`, "flush"], options);
  return { directory, store };
}

test("a store becomes as small as what it holds, with all trees and the counter of ids, and the original is kept", async (t) => {
  for (const options of [{}, { compression: true, config: { segment_size: "8192" } }] satisfies CheckerOptions[]) {
    const { directory, store } = await wasteful(t, options);
    const before = await sledCheck(store, options);
    const plan = await planCompact({ store });
    t.deepEqual(await readdir(directory), ["graph"], "a plan changes nothing");
    t.is(plan.newBytes === null, options.compression === true);
    if (plan.newBytes !== null) t.true(plan.newBytes < plan.bytes);
    const result = await compactStore({ store });
    t.deepEqual(await sledCheck(store, options), before);
    t.deepEqual(await sledCheck(result.kept ?? "", options), before);
    t.like(result, { engine: "sled", keyspaces: before.length, entries: before.reduce((sum, { records }) => sum + records, 0) });
    t.true(result.bytesAfter < result.bytesBefore, JSON.stringify(result));
    t.like(plan, { entries: result.entries, settings: { compression: options.compression ?? false } });
    if (plan.newBytes !== null) {
      // One segment more or less.
      const off = Math.abs(result.bytesAfter - plan.newBytes);
      t.true(off <= 0.1 * plan.newBytes + 524_288, `${String(plan.newBytes)} were told, ${String(result.bytesAfter)} are there`);
    }
    t.is((await readdir(directory)).length, 2);
    t.is((await planCompact({ store })).newBytes, plan.newBytes);
  }
});

test("segments and compression may be others, and the result says how the store is opened", async (t) => {
  const { store } = await wasteful(t);
  const before = await sledCheck(store);
  t.is((await planCompact({ store, settings: { compression: true } })).newBytes, null);
  const { reopen } = await compactStore({ store, settings: { compression: true, segmentSize: 4096 }, removeOriginal: true });
  t.like(reopen, { useCompression: true, segmentSize: 4096 });
  t.deepEqual(await sledCheck(store, { compression: true, config: { segment_size: "4096" } }), before);
  t.deepEqual((await readdir(join(store, ".."))).sort(), ["graph"]);
});

test("the level of compression decides on the size", async (t) => {
  const directory = await temporaryDirectory(t);
  const words = ["person", "knows", "label", "incoming", "outgoing", "weight", "type", "graph", "node", "edge"];
  let state = 7;
  const next = (): string => words[(state = (state * 48_271) % 2_147_483_647) % words.length] ?? "";
  const input = join(directory, "a.kgd");
  await exportStore({ store: await makeStore(directory, "source", { default: Object.fromEntries(Array.from({ length: 4000 }, (_, index) => [`k${index.toString().padStart(5, "0")}`, Array.from({ length: 40 }, next).join(" ")])) }), output: input });
  const sizes = new Map<number | undefined, number>();
  for (const compressionLevel of [undefined, 1, 19]) {
    const store = join(directory, `level-${String(compressionLevel)}`);
    await importDump({ target: store, input });
    await compactStore({ store, settings: { segmentSize: 65_536, compression: compressionLevel !== undefined, compressionLevel } });
    sizes.set(compressionLevel, (await stat(join(store, "db"))).size);
  }
  const [plain = 0, fast = 0, best = 0] = sizes.values();
  t.true(best < fast && fast < plain, JSON.stringify([...sizes]));
});

test("the original comes back when nothing was written since, or when what was is to be kept aside", async (t) => {
  const { directory, store } = await wasteful(t);
  await t.throwsAsync(undoCompact({ store }), { code: "STORE_NOT_FOUND" });
  const { ino } = await stat(store);
  const before = await sledCheck(store);
  await compactStore({ store });
  const { aside } = await undoCompact({ store });
  t.is((await stat(store)).ino, ino);
  t.deepEqual([await sledCheck(store), await sledCheck(aside ?? "")], [before, before]);
  await rm(aside ?? "", { recursive: true });
  const { kept } = await compactStore({ store });
  await sledWrite(store, [`put ${hex("new")} 01`]);
  const now = await sledCheck(store);
  await t.throwsAsync(undoCompact({ store }), { code: "ROLLBACK_LOSES_DATA" });
  t.deepEqual([await sledCheck(store), await sledCheck(kept ?? "")], [now, before]);
  const undone = await undoCompact({ store, discardNew: true });
  t.deepEqual([await sledCheck(store), await sledCheck(undone.aside ?? "")], [before, now]);
  // What was written since is a tree of its own.
  await rm(undone.aside ?? "", { recursive: true });
  await compactStore({ store });
  await sledWrite(store, [`tree ${hex("since")}`, `put ${hex("new")} 01`]);
  await t.throwsAsync(undoCompact({ store }), { code: "ROLLBACK_LOSES_DATA", message: /"since"/ });
  await rm((await undoCompact({ store, discardNew: true })).aside ?? "", { recursive: true });
  await compactStore({ store });
  t.is((await readdir(directory)).length, 2);
});

test("of several originals the newest is told, and comes back first", async (t) => {
  const store = join(await temporaryDirectory(t), "graph");
  const states = [];
  const kept = [];
  for (const value of ["01", "02", "03"]) {
    await sledWrite(store, [`put ${hex("k")} ${value}`]);
    states.push(await sledCheck(store));
    kept.push((await compactStore({ store })).kept);
  }
  t.is(new Set(kept).size, 3);
  for (const state of states.reverse()) {
    t.is((await migrationStatus(store)).compacted?.path, kept.pop() ?? undefined);
    await undoCompact({ store, discardNew: true });
    t.deepEqual(await sledCheck(store), state);
  }
  await t.throwsAsync(undoCompact({ store }), { code: "STORE_NOT_FOUND" });
});

for (const step of ["copying", "waiting", "following", "exporting", "importing", "imported", "switching", "confirming", "rolling-back"]) {
  test(`nothing is compacted or cleaned up while the journal says ${step}`, async (t) => {
    const store = await makeStore(await temporaryDirectory(t), "graph", { default: { a: "1" } });
    await migrateStore({ source: store });
    const file = journalPath(store);
    const journal = JSON.parse(await readFile(file, "utf8")) as object;
    const before = await readdir(dirname(store));
    const rollback = step === "rolling-back" ? { incoming: `${store}.kgdump-back-${(journal as { id: string }).id}`, aside: `${store}.sled-1`, original: null } : null;
    await writeFile(file, JSON.stringify({ ...journal, step, rollback }));
    const unfinished = { code: "MIGRATION_UNCLEAR", message: /is not finished/ };
    await t.throwsAsync(compactStore({ store }), unfinished);
    await t.throwsAsync(planCompact({ store }), unfinished);
    for (const options of [{}, { force: true }, { dryRun: true }]) await t.throwsAsync(cleanUp({ target: store, ...options }), unfinished);
    t.deepEqual(await readdir(dirname(store)), before);
  });
}

test("whatever a loader loses or changes, the store is as it was", async (t) => {
  const { directory, store } = await wasteful(t);
  const before = await sledCheck(store);
  for (const [fault, seams] of Object.entries(WRONG_LOADERS)) {
    await t.throwsAsync(compactStore({ store, seams }), { code: "VERIFY_DIFFERENCE" }, fault);
    t.deepEqual(await readdir(directory), ["graph"], fault);
  }
  const controller = new AbortController();
  const onProgress = (): void => { controller.abort(new Error("interrupted")); };
  await t.throwsAsync(compactStore({ store, onProgress, signal: controller.signal }), { message: "interrupted" });
  t.deepEqual(await readdir(directory), ["graph"]);
  t.deepEqual(await sledCheck(store), before);
});

test("what can't be compacted is refused by name, and nothing is touched", async (t) => {
  const { directory, store } = await wasteful(t);
  const holder = await sledHold(store);
  await t.throwsAsync(compactStore({ store }), { code: "STORE_IN_USE" });
  await holder.release();
  await t.throwsAsync(compactStore({ store: join(directory, "none") }), { code: "STORE_NOT_FOUND" });
  const linked = join(directory, "linked");
  await cp(store, linked, { recursive: true });
  await rename(join(linked, "blobs"), join(directory, "elsewhere"));
  await symlink(join(directory, "elsewhere"), join(linked, "blobs"));
  await t.throwsAsync(compactStore({ store: linked }), { code: "STORE_UNSUPPORTED" });
  const damaged = join(directory, "damaged");
  await cp(store, damaged, { recursive: true });
  await writeFile(join(damaged, "db"), Buffer.alloc(2000, 7));
  await t.throwsAsync(compactStore({ store: damaged }), { code: "STORE_DAMAGED" });
  t.false((await readdir(directory)).some((name) => /compact|kgdump/.test(name)));
});

test("a store that another one leads to by a link is compacted where it is", async (t) => {
  const { directory, store } = await wasteful(t);
  const before = await sledCheck(store);
  await mkdir(join(directory, "links"));
  const link = join(directory, "links", "graph");
  await symlink(store, link);
  const { kept } = await compactStore({ store: link });
  t.true(kept?.startsWith(`${store}.before-compact-`));
  t.deepEqual(await sledCheck(link), before);
});

test("a migrated store that was compacted can still be rolled back, and ids go on", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "graph", { default: numbered("k", 500) });
  await migrateStore({ source: store });
  const idOf = async (): Promise<string | undefined> => {
    await using source = await openSledSource(store);
    return source.info.options?.get("sled.nextId") ?? [...(source.info.options?.values() ?? [])][0];
  };
  const id = await idOf();
  await compactStore({ store });
  t.true(BigInt((await idOf()) ?? 0) >= BigInt(id ?? 0));
  t.is((await rollbackStore({ target: store })).status, "rolled-back");
});

test("the new store has the owner and the modes of the old one", async (t) => {
  const { store } = await wasteful(t);
  const isRoot = process.getuid?.() === 0;
  const [uid, gid] = isRoot ? [12_345, 23_456] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const all = async (): Promise<string[]> => [store, ...(await readdir(store, { recursive: true })).map((name) => join(store, name))];
  for (const path of await all()) {
    await chmod(path, (await stat(path)).isDirectory() ? 0o2750 : 0o640);
    await chown(path, uid, gid);
  }
  await chmod(store, 0o2750);
  await compactStore({ store });
  for (const path of await all()) {
    const found = await stat(path);
    t.deepEqual([found.uid, found.gid, found.mode & 0o777], [uid, gid, found.isDirectory() ? 0o750 : 0o640], path);
  }
});
