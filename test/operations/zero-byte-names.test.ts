/** Keyspaces whose names have a zero byte, beside ones that they would be if they were cut there. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openSledSink } from "#src/engines/sled/sled.js";
import { occupantOf } from "#src/operations/disk/places.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { unpackStore } from "../fixtures/unpack.js";
import { encoded, makeStore } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

const NAMES = ["a", "a\0", "a\0b", "\0"];
const DEFAULT = "default";

/** Adds trees of these names to a sled store; each has another number of entries. */
async function addTrees(path: string, create: boolean): Promise<void> {
  await using sink = await openSledSink(path, { create });
  for (const [index, name] of NAMES.entries()) {
    const tree = Buffer.from(name);
    await sink.createKeyspace(tree);
    await sink.apply(tree, encoded(Object.fromEntries(Array.from({ length: index + 1 }, (_, key) => [`k${String(key)}`, name]))), "overwrite");
  }
  await sink.flush();
}

/** A dump of a sled store with such trees. */
async function dumped(t: ExecutionContext): Promise<{ directory: string; dump: string }> {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "sled");
  await addTrees(store, true);
  const dump = join(directory, "dump.kgd");
  await exportStore({ store, output: dump });
  return { directory, dump };
}

async function countsOf(input: string): Promise<Record<string, number | null>> {
  const { keyspaces } = await inspectDump({ input });
  return Object.fromEntries(keyspaces.map(({ name, entries }) => [Buffer.from(name).toString(), entries]));
}

const COUNTS = { [DEFAULT]: 0, a: 1, "a\0": 2, "a\0b": 3, "\0": 4 };

test("a RocksDB store with such families is refused by name, and not read in part", async (t) => {
  const path = await unpackStore(t, "odd-nul");
  const directory = join(path, "..");
  const before = await readdir(directory);
  for (const attempt of [exportStore({ store: path, output: join(directory, "x.kgd") }), migrateStore({ source: path })]) {
    const error = await t.throwsAsync(attempt, { code: "STORE_UNSUPPORTED", message: /"a\\x00b?" has a zero byte/ });
    t.like(error, { path });
    t.regex((error as Error & { hint?: string }).hint ?? "", /another name/);
  }
  t.deepEqual(await readdir(directory), before);
});

test("sled trees with such names are exported, imported and merged as they are", async (t) => {
  const { directory, dump } = await dumped(t);
  t.deepEqual(await countsOf(dump), COUNTS);
  const target = join(directory, "again");
  for (const merge of [false, true]) {
    await importDump({ target, input: dump, merge });
    t.true((await verifyDump({ input: dump, against: target })).against?.equal);
    const again = join(directory, `again-${String(merge)}.kgd`);
    await exportStore({ store: target, output: again });
    t.deepEqual(await countsOf(again), COUNTS);
  }
});

test("a restore to RocksDB refuses them before anything is there; with other names it is whole", async (t) => {
  const { directory, dump } = await dumped(t);
  const before = await readdir(directory);
  const target = join(directory, "rocks");
  await t.throwsAsync(restoreDump({ target, input: dump }), { code: "STORE_UNSUPPORTED", message: /\\x00" has a zero byte/ });
  t.deepEqual(await readdir(directory), before);
  // One of them alone, which would take the name of another when it is cut.
  await t.throwsAsync(restoreDump({ target, input: dump, keyspaces: ["a\0b"] }), { code: "STORE_UNSUPPORTED" });
  const map = new Map(NAMES.slice(1).map((name, index) => [name, `other ${String(index)}`]));
  await restoreDump({ target, input: dump, map });
  const back = join(directory, "back.kgd");
  await exportStore({ store: target, output: back });
  t.deepEqual(await countsOf(back), { [DEFAULT]: 0, a: 1, "other 0": 2, "other 1": 3, "other 2": 4 });
});

test("a way back that would have to carry such a tree leaves the sled store in place", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", { default: { k: "v" } });
  await migrateStore({ source: path });
  await addTrees(path, false);
  const before = await readdir(directory);
  await t.throwsAsync(rollbackStore({ target: path, carryBack: true }), { code: "STORE_UNSUPPORTED" });
  t.is(await occupantOf(path), "sled");
  const left = await readdir(directory);
  t.deepEqual(left, before);
  const dump = join(directory, "whole.kgd");
  await exportStore({ store: path, output: dump });
  t.deepEqual(await countsOf(dump), { ...COUNTS, [DEFAULT]: 1 });
});
