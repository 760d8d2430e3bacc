/** What goes of what was left, in which order, and what keeps it. */
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { KgdumpError } from "#src/errors.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { cleanUp, type CleanupOptions } from "#src/operations/migrate/cleanup/cleanup.js";
import { compactStore } from "#src/operations/migrate/compact/compact.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { sledHold } from "../../../checker/run.js";
import { kgdump } from "../../../cli/support/run.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

/** Enough for blocks to be most of a dump, and pages most of a store. */
const CONTENT = { default: numbered("k", 20_000), nodes: { a: "1" } };

async function ground(t: ExecutionContext): Promise<{ directory: string; store: string; states: (options?: Omit<CleanupOptions, "target">, target?: string) => Promise<string[]>; write: () => Promise<void> }> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "graph", CONTENT);
  const more = join(await temporaryDirectory(t), "more.kgd");
  return {
    directory,
    store,
    states: async (options = {}, target = store) => (await cleanUp({ target, ...options })).remains.map(({ kind, state }) => `${kind} ${state}`),
    // As a service does.
    write: async () => {
      await exportStore({ store: await makeStore(join(more, ".."), "more", { default: { later: "written" } }), output: more });
      await importDump({ target: store, input: more, merge: true });
    },
  };
}

/** Changes a byte in the middle of a file. */
async function damage(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8((bytes[bytes.length >> 1] ?? 0) ^ 0xff, bytes.length >> 1);
  await writeFile(path, bytes);
}

test("the oldest comes first, a delta behind its dump, the journal last; a delta goes with its dump, and stays with it", async (t) => {
  const { store, states, write } = await ground(t);
  const { backup, dump, delta } = await migrateStore({ source: store, live: true });
  for (const [path, seconds] of [[backup, 2000], [dump, 3000], [delta, 1000]] as const) await utimes(path ?? "", seconds, seconds);
  t.deepEqual(await states({ dryRun: true }), ["original left", "dump left", "delta left", "journal left"]);
  t.deepEqual((await migrationStatus(store)).remains.map(({ kind }) => kind), ["original", "dump", "delta", "journal"]);
  await utimes(backup ?? "", 4000, 4000);
  t.deepEqual(await states({ dryRun: true, force: true }), ["dump left", "original left", "delta left", "journal left"]);
  await rename(backup ?? "", `${store}.kept`);
  await write();
  t.deepEqual(await states(), ["dump different", "delta different", "journal left"]);
  // What is equal again.
  await rm(store, { recursive: true });
  await importDump({ target: store, input: dump ?? "" });
  t.deepEqual(await states(), ["dump removed", "delta removed", "journal removed"]);
});

test("what can't be read is kept, and told with why; only what was removed is counted", async (t) => {
  const { store, states } = await ground(t);
  const { backup, dump } = await migrateStore({ source: store });
  await damage(dump ?? "");
  const [{ remains }, before] = [await cleanUp({ target: store, dryRun: true }), await migrationStatus(store)];
  t.deepEqual(remains.map(({ bytes }) => bytes), before.remains.map(({ bytes }) => bytes));
  const result = await cleanUp({ target: store });
  t.deepEqual(result.remains.map(({ kind, state, why }) => [kind, state, why === null ? null : /DUMP|damaged|checksum/i.test(why)]), [["original", "removed", null], ["dump", "unreadable", true], ["journal", "left", null]]);
  t.is(result.bytes, remains.find(({ path }) => path === backup)?.bytes ?? -1);
  const { code, stderr } = await kgdump(["cleanup", store]);
  t.is(code, 4, stderr);
  t.regex(stderr, /1 thing was kept/);
  t.deepEqual(await states({ force: true }), ["dump removed", "journal removed"]);
});

for (const engine of ["sled", "rocksdb"] as const) {
  test(`damage of the ${engine} store in place is told as such, and removes nothing`, async (t) => {
    const { directory, store, states } = await ground(t);
    await migrateStore({ source: store });
    if (engine === "rocksdb") await migrateStore({ source: store, engine });
    const before = await readdir(directory);
    const [table = "db"] = (await readdir(store)).filter((name) => name.endsWith(".sst"));
    await damage(join(store, table));
    const error = await t.throwsAsync<KgdumpError>(states(), { code: "STORE_DAMAGED" });
    t.true(error.path?.startsWith(store), error.path);
    t.deepEqual(await readdir(directory), before);
  });
}

test("a program that has the store in place, or one that was left, keeps all from going", async (t) => {
  const { directory, store, states } = await ground(t);
  await migrateStore({ source: store, stream: true });
  const before = await readdir(directory);
  const whileHeld = async (path: string): Promise<void> => {
    const holder = await sledHold(path);
    try {
      await t.throwsAsync(states(), { code: "STORE_IN_USE" });
    } finally {
      await holder.release();
    }
  };
  await whileHeld(store);
  t.deepEqual(await readdir(directory), before);
  const { aside } = await rollbackStore({ target: store, discardNew: true });
  await whileHeld(aside ?? "");
  t.true((await readdir(aside ?? "")).includes("db"));
  t.deepEqual(await states(), ["aside removed", "journal removed"]);
});

test("what lies elsewhere is found: in the backups' directory, and beside the old store", async (t) => {
  const { directory, store, states } = await ground(t);
  const [backups, others] = [join(directory, "backups"), join(directory, "others")];
  await mkdir(backups);
  await mkdir(others);
  await migrateStore({ source: store, stream: true, backupDirectory: backups });
  t.deepEqual(await states({ dryRun: true }), ["original left", "journal left"]);
  await rollbackStore({ target: store });
  await rm(`${store}.kgdump-migration.json`);
  const target = join(others, "new");
  await migrateStore({ source: store, target, stream: true });
  t.deepEqual(await states({}, target), ["aside removed", "journal removed"]);
  t.deepEqual((await readdir(directory)).sort(), ["backups", "graph", "others"]);
  t.deepEqual([await readdir(backups), await readdir(others)], [[], ["new"]]);
});

test("what is something else than its name says is not known: another engine's store, another kind of dump", async (t) => {
  const { directory, store } = await ground(t);
  const dump = join(directory, "full.kgd");
  await exportStore({ store, output: dump });
  await exportStore({ store, output: join(directory, "delta.kgd"), base: [dump] });
  await cp(store, `${store}.sled-20200101T000000Z`, { recursive: true });
  await copyFile(dump, `${store}.20200101T000000Z.delta.kgd`);
  await copyFile(join(directory, "delta.kgd"), `${store}.20200101T000000Z.kgd`);
  const names = await readdir(directory);
  const { remains, bytes } = await cleanUp({ target: store, force: true });
  t.deepEqual(remains.map(({ kind, state }) => `${kind} ${state}`).sort(), ["aside unknown", "delta unknown", "dump unknown"]);
  t.is(bytes, 0);
  t.deepEqual(await readdir(directory), names);
  t.true((await stat(dump)).isFile());
});

for (const [what, leave] of Object.entries<(store: string) => Promise<unknown>>({
  "a migration": () => Promise.resolve(),
  "a migration whose journal is gone": (store) => rm(`${store}.kgdump-migration.json`),
  "a compaction": (store) => compactStore({ store }),
  "a compaction, and nothing else,": async (store) => {
    await compactStore({ store });
    for (const name of await readdir(join(store, ".."))) if (name.startsWith("graph.") && !name.includes(".before-compact-")) await rm(join(store, "..", name), { recursive: true });
  },
  "a way back": async (store) => {
    await rm(`${store}.kgdump-migration.json`);
    await migrateStore({ source: store, engine: "rocksdb" });
    await rollbackStore({ target: store });
  },
})) {
  test(`what ${what} has left stays, also by force, while the store in place can't be opened`, async (t) => {
    const { directory, store, states } = await ground(t);
    await migrateStore({ source: store });
    await leave(store);
    const [before, db] = [await readdir(directory), await readFile(join(store, "db"))];
    t.true(before.length > 1);
    await truncate(join(store, "db"));
    for (const options of [{ force: true }, {}]) await t.throwsAsync(states(options), { code: "STORE_DAMAGED" });
    t.deepEqual(await readdir(directory), before);
    await writeFile(join(store, "db"), db);
    t.true((await states({ force: true })).every((state) => state.endsWith(" removed")));
  });
}
