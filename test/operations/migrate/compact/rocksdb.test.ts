/** Compacting RocksDB stores: a fresh store with the original's options takes its place, and what could not come back whole is refused. */
import { appendFile, chmod, chown, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { lockRocksdb } from "#src/engines/rocksdb/lock.js";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import type { EntrySource } from "#src/engines/store.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { compactStore, planCompact } from "#src/operations/migrate/compact/compact.js";
import { undoCompact } from "#src/operations/migrate/compact/undo.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { verifyStore } from "#src/operations/verify/verify.js";
import { kgdump } from "../../../cli/support/run.js";
import { numbered, putEntries, readStore } from "../../../engines/rocksdb/support.js";
import { unpackStore } from "../../../fixtures/unpack.js";
import { makeStore } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";
import { type Change, changed, instead, WRONG_LOADERS } from "../../guards-support.js";

const FAMILIES = [{ name: Buffer.from("nodes"), options: "compression=kNoCompression" }, { name: Buffer.from("down"), comparator: "reverse-bytewise" as const }];
const OPTIONS = "compression=kLZ4Compression;disable_auto_compactions=true;write_buffer_size=8388608;ttl=86400";

/** A store of which most was overwritten or removed. */
async function wasteful(t: ExecutionContext): Promise<{ directory: string; store: string }> {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "graph");
  await using sink = await createRocksdbSink(store, { options: OPTIONS, families: FAMILIES });
  for (let round = 0; round < 8; round += 1) {
    for (const family of ["default", "nodes", "down"]) {
      const operations = numbered(2000).map(([key, value]) => ({ kind: "put" as const, key: Buffer.from(key), value: Buffer.from(`${String(round)} ${value.repeat(3)}`) }));
      await sink.operate(family, operations);
    }
    await sink.flush();
  }
  await sink.operate("nodes", numbered(1500).map(([key]) => ({ kind: "delete" as const, key: Buffer.from(key) })));
  await sink.flush();
  return { directory, store };
}

/** All there is below a directory, with sizes and times. */
async function stateOf(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return Promise.all(names.sort().map(async (name) => { const { size, mtimeMs } = await stat(join(directory, name)); return `${name} ${String(size)} ${String(mtimeMs)}`; }));
}

async function assertEqual(t: ExecutionContext, store: string, against: string): Promise<void> {
  const { stores } = await verifyStore({ store, against, options: true, ttl: "keep" });
  t.deepEqual(stores.map(({ equal, options }) => [equal, options?.differences]), [[true, []]], store);
}

test("a store becomes as small as what it holds, with its options, and the original is kept", async (t) => {
  const { directory, store } = await wasteful(t);
  await rm(join(store, "LOCK"));
  const before = await stateOf(directory);
  const plan = await planCompact({ store });
  t.deepEqual(await stateOf(directory), before, "a plan changes nothing");
  const { entries } = await readStore(store);
  const result = await compactStore({ store });
  t.deepEqual((await readStore(store)).entries, entries);
  t.like(result, { engine: "rocksdb", keyspaces: 3, entries: 4500, reopen: null, warnings: [] });
  t.like(plan, { engine: "rocksdb", entries: 4500, settings: null });
  t.true(Math.abs(plan.bytes - result.bytesBefore) < 65_536, JSON.stringify([plan, result]));
  t.true(result.bytesAfter * 3 < result.bytesBefore, JSON.stringify(result));
  const { newBytes } = await planCompact({ store: result.kept ?? "" });
  t.is(plan.newBytes, newBytes);
  t.true((newBytes ?? 0) > result.bytesAfter / 2 && (newBytes ?? 0) < result.bytesAfter * 2, `${String(newBytes)} were told, ${String(result.bytesAfter)} are there`);
  await assertEqual(t, store, result.kept ?? "");
  t.is((await readdir(directory)).length, 2);
  await putEntries(store, [["later", "1"]], { families: FAMILIES });
  t.is((await readStore(store)).entries.get("default")?.length, 2001);
});

for (const name of ["odd-ttl", "odd-reverse", "odd-merge", "maya-unflushed", "maya-families", "maya-lz4"]) {
  test(`${name} comes back as it was`, async (t) => {
    const store = await unpackStore(t, name);
    const { kept } = await compactStore({ store });
    await assertEqual(t, store, kept ?? "");
    const undone = await undoCompact({ store });
    await assertEqual(t, store, undone.aside ?? "");
  });
}

for (const [name, code] of Object.entries({
  leveldb: "STORE_UNSUPPORTED", "odd-named": "STORE_COMPARATOR_UNSUPPORTED", "odd-nul": "STORE_UNSUPPORTED", "odd-merge-wal": "STORE_MERGE_OPERATOR", "odd-wide": "STORE_WIDE_COLUMNS", "odd-uts": "STORE_TIMESTAMPS",
  "words-titan": "STORE_UNSUPPORTED", "log-two-phase-prepared": "STORE_PREPARED", "account-key-out-of-order": "STORE_DAMAGED", "log-all-missing": "STORE_LOG_DAMAGED",
})) {
  test(`${name} is refused, and stays as it is`, async (t) => {
    const store = await unpackStore(t, name);
    // LOCK is made by whoever looks at a store, and how large a directory is, its file system tells.
    const state = async (): Promise<string[]> => (await stateOf(join(store, ".."))).filter((line) => !line.includes("/LOCK ")).map((line) => line.replace(/^([^/ ]+) .*/, "$1"));
    const before = await state();
    const expected = { code, ...(name === "leveldb" ? { message: /is a store of LevelDB/ } : {}) };
    await t.throwsAsync(planCompact({ store }), expected);
    await t.throwsAsync(compactStore({ store }), expected);
    (await lockRocksdb(store)).release();
    t.deepEqual(await state(), before);
  });
}

test("the original comes back when nothing was written since, or when what was is to be kept aside", async (t) => {
  const { directory, store } = await wasteful(t);
  const [{ ino }, { entries }] = [await stat(store), await readStore(store)];
  await compactStore({ store });
  // A service that only opened it has written nothing.
  await putEntries(store, [], { families: FAMILIES });
  const { aside } = await undoCompact({ store });
  t.is((await stat(store)).ino, ino);
  t.deepEqual([(await readStore(store)).entries, (await readStore(aside ?? "")).entries], [entries, entries]);
  await rm(aside ?? "", { recursive: true });
  await compactStore({ store });
  await putEntries(store, [["new", "1"]], { flush: false, families: FAMILIES });
  await t.throwsAsync(undoCompact({ store }), { code: "ROLLBACK_LOSES_DATA", message: /"default"/ });
  for (const discardNew of [true, false]) {
    await using sink = await createRocksdbSink(store, { families: FAMILIES });
    t.truthy(sink.info);
    await t.throwsAsync(undoCompact({ store, discardNew }), { code: "STORE_IN_USE" });
  }
  const undone = await undoCompact({ store, discardNew: true });
  t.deepEqual((await readStore(store)).entries, entries);
  t.is((await readStore(undone.aside ?? "")).entries.get("default")?.length, 2001);
  t.is((await readdir(directory)).length, 2);
});

test("whatever a loader loses or changes, the store is as it was", async (t) => {
  const { directory, store } = await wasteful(t);
  const { entries } = await readStore(store);
  for (const [fault, seams] of Object.entries(WRONG_LOADERS)) {
    await t.throwsAsync(compactStore({ store, seams }), { code: fault === "adds an entry" ? "DUMP_ORDER_BROKEN" : "VERIFY_DIFFERENCE" }, fault);
    t.deepEqual(await readdir(directory), ["graph"], fault);
  }
  t.deepEqual((await readStore(store)).entries, entries);
});

/** The first value is another one of its length. */
const flipped: Change = (entries) => entries.map((entry, index) => (index === 0 && entry.value !== null ? { ...entry, value: Buffer.from(entry.value).fill("!") } : entry));

test("a store that shows something else when it is read once more stays as it is", async (t) => {
  const { directory, store } = await wasteful(t);
  const before = await stateOf(store);
  for (const seam of ["exporting", "confirming"] as const) {
    await t.throwsAsync(
      compactStore({
        store,
        seams: {
          [seam]: (real: EntrySource) =>
            instead<EntrySource>(real, {
              async *scan(name, options) {
                for await (const block of real.scan(name, options)) {
                  const data = changed(block.data, flipped);
                  yield Buffer.from(name).toString() === "nodes" ? instead(block, { data }) : block;
                }
              },
            }),
        },
      }),
      { code: "VERIFY_DIFFERENCE", message: /^"nodes" of the new store differs/ },
      seam,
    );
    t.deepEqual(await readdir(directory), ["graph"], seam);
  }
  t.deepEqual(await stateOf(store), before);
});

test("no program can open the store for writing until the new one is in its place", async (t) => {
  const { store } = await wasteful(t);
  const codes: string[] = [];
  const open = async (): Promise<void> => {
    const { stderr } = await kgdump(["compact", store, "--json"]);
    codes.push((JSON.parse(stderr.split("\n").find((line) => line.includes('"error"')) ?? "{}") as { error?: { code: string } }).error?.code ?? "none");
  };
  await compactStore({ store, seams: { loader: (real) => instead(real, { finish: async () => { await open(); await real.finish(); } }), confirming: (real) => instead(real, { close: async () => { await open(); await real.close(); } }) } });
  t.deepEqual(codes, ["STORE_IN_USE"]);
  await using sink = await createRocksdbSink(store, { families: FAMILIES });
  t.truthy(sink.info);
  await t.throwsAsync(compactStore({ store }), { code: "STORE_IN_USE" });
});

test("logs, tables and files that lie elsewhere are refused by name, and with the logs in the store it is compacted", async (t) => {
  const directory = await temporaryDirectory(t);
  const [store, logs, tables] = [join(directory, "graph"), join(directory, "logs"), join(directory, "tables")];
  await mkdir(logs);
  await mkdir(tables);
  for (const key of ["a", "b"]) {
    await using sink = await createRocksdbSink(store, { databaseOptions: `wal_dir=${logs};avoid_flush_during_shutdown=true` });
    await sink.operate("default", [{ kind: "put", key: Buffer.from(key), value: Buffer.from("1") }]);
  }
  await t.throwsAsync(compactStore({ store }), { code: "STORE_UNSUPPORTED", message: new RegExp(`logs of the store are in ${logs}`) });
  for (const name of await readdir(logs)) await rename(join(logs, name), join(store, name));
  await appendFile(join(store, "LOG"), `\nSST files in ${store} dir, Total Num: 0, files: \nSST files in ${tables} dir, Total Num: 0, files: \n`);
  await t.throwsAsync(compactStore({ store }), { code: "STORE_UNSUPPORTED", message: new RegExp(`tables in ${tables}`) });
  await rm(tables, { recursive: true });
  const { kept } = await compactStore({ store });
  t.deepEqual((await readStore(store)).entries.get("default"), [["a", "1"], ["b", "1"]]);
  await rename(join(kept ?? "", "CURRENT"), join(directory, "CURRENT"));
  await symlink(join(directory, "CURRENT"), join(kept ?? "", "CURRENT"));
  await t.throwsAsync(compactStore({ store: kept ?? "" }), { code: "STORE_UNSUPPORTED", message: /CURRENT is a symbolic link/ });
});

test("a store without OPTIONS is refused: a new one could not have its options", async (t) => {
  const store = await makeStore(await temporaryDirectory(t), "graph", { default: { a: "1" }, nodes: { b: "2" } });
  for (const name of await readdir(store)) if (name.startsWith("OPTIONS-")) await rm(join(store, name));
  await t.throwsAsync(compactStore({ store }), { code: "STORE_UNSUPPORTED", message: /no OPTIONS file/ });
  await putEntries(store, [], { families: [{ name: Buffer.from("nodes") }] });
  t.is((await compactStore({ store })).entries, 2);
});

test("what is said of the old store is told of the new one", async (t) => {
  const store = await unpackStore(t, "maya-unflushed");
  const logs = (await readdir(store)).filter((name) => name.endsWith(".log"));
  const sizes = await Promise.all(logs.map(async (name) => (await stat(join(store, name))).size));
  const log = logs[sizes.indexOf(Math.max(...sizes))] ?? "";
  await truncate(join(store, log), Math.max(...sizes) - 3);
  const { warnings } = await compactStore({ store });
  t.regex(warnings.join("\n"), new RegExp(`${log} ends with a write that was never completed`));
});

test("settings of sled's stores are refused by name", async (t) => {
  const store = await makeStore(await temporaryDirectory(t), "graph", { default: { a: "1" } });
  for (const [settings, named] of [[{ compression: false }, /--no-compression is/], [{ segmentSize: 4096, compression: true }, /--segment-size and --compression are/], [{ compressionLevel: 3 }, /--compression-level/]] as const) {
    await t.throwsAsync(compactStore({ store, settings }), { code: "USAGE", message: named });
    await t.throwsAsync(planCompact({ store, settings }), { code: "USAGE", message: named });
  }
});

test("owner, modes, and what else lies in the directory, stay; without the original nothing is beside the store", async (t) => {
  const { directory, store } = await wasteful(t);
  const isRoot = process.getuid?.() === 0;
  const [uid, gid] = isRoot ? [12_345, 23_456] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  await mkdir(join(store, "service", "inner"), { recursive: true });
  await writeFile(join(store, "service", "inner", "state"), "42", { mode: 0o600 });
  await writeFile(join(store, "version"), "7", { mode: 0o444 });
  await symlink("version", join(store, "link"));
  // At whatever depth.
  const own = ["service", "service/inner", "service/inner/state", "version"].map((name) => join(store, name));
  for (const [index, path] of own.entries()) {
    if (isRoot) await chown(path, 777 + index, 888 + index);
    if (index < 2) await chmod(path, 0o750 + index);
  }
  const about = (): Promise<number[][]> => Promise.all(own.map(async (path) => { const { uid: user, gid: group, mode } = await stat(path); return [user, group, mode]; }));
  const before = await about();
  for (const name of ["", ...(await readdir(store)).filter((each) => !["service", "version", "link"].includes(each))]) {
    await chmod(join(store, name), name === "" ? 0o2750 : 0o640);
    await chown(join(store, name), uid, gid);
  }
  await chmod(store, 0o2750);
  await compactStore({ store, removeOriginal: true });
  t.deepEqual(await readdir(directory), ["graph"]);
  t.deepEqual([await readFile(join(store, "service", "inner", "state"), "utf8"), await readFile(join(store, "version"), "utf8"), await readlink(join(store, "link"))], ["42", "7", "version"]);
  t.deepEqual(await about(), before);
  for (const name of await readdir(store)) {
    if (["service", "version", "link"].includes(name)) continue;
    const found = await stat(join(store, name));
    t.deepEqual([found.uid, found.gid, found.mode & 0o777], [uid, gid, 0o640], name);
  }
  t.is((await stat(store)).mode & 0o7777, 0o2750);
});

test("a store that was migrated to RocksDB is compacted, and the migration can still be rolled back", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "graph", { default: { a: "1" }, nodes: { b: "2" } });
  await migrateStore({ source: store });
  await migrateStore({ source: store, engine: "rocksdb" });
  await compactStore({ store, removeOriginal: true });
  t.is((await rollbackStore({ target: store })).engine, "sled");
});

test("a store that is refused is let go of", async (t) => {
  const store = await unpackStore(t, "leveldb");
  for (const work of [planCompact, compactStore]) await t.throwsAsync(() => work({ store }), { code: "STORE_UNSUPPORTED" });
  const lock = await lockRocksdb(store);
  lock.release();
  // Only Linux tells what is open.
  const open = await Promise.all((await readdir("/proc/self/fd").catch(() => [])).map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")));
  // A log that was read is let go of with the memory of its reader.
  t.deepEqual(open.filter((path) => path.startsWith(store) && !path.endsWith(".log")), []);
});

test("an interruption behind the second reading of the old store counts", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "graph", { default: { a: "1" } });
  const stop = new AbortController();
  const confirming = (real: EntrySource): EntrySource => instead(real, {
    async *scan(...of) {
      yield* real.scan(...of);
      stop.abort(new Error("stopped"));
    },
  });
  await t.throwsAsync(compactStore({ store, seams: { confirming }, signal: stop.signal }), { message: "stopped" });
  t.deepEqual(await readdir(directory), ["graph"]);
});
