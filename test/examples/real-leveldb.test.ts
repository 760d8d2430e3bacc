/** Stores that LevelDB itself writes, through plyvel and classic-level: all that their own readers show is exported. */
import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { assertCode } from "../engines/rocksdb/support.js";
import { digestOf } from "../fixtures/digest.js";
import { loggedSeed } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";
import { copyOf, nodeRunner, ok, pythonRunner, thereAndBack } from "./real-support.js";

const PLYVEL = ["log", "empty", "tables", "uncompressed", "blocks", "bloom", "deleted", "compacted", "batches", "huge", "renamed", "reopened", "killed"];
const CLASSIC = ["log", "tables", "uncompressed", "batches", "deleted", "sublevels"];

/** What kgdump reads of a store, in the form that the programs print. */
async function read(store: string): Promise<string> {
  const { records, bytes, digest } = await digestOf(store, "default", 65_536);
  return `${records} ${bytes} ${digest}\n`;
}

/** How many files of a store have a name that ends so. */
const count = async (store: string, end: string): Promise<number> => (await readdir(store)).filter((name) => name.endsWith(end)).length;

test("plyvel's stores of every kind are read whole", async (t) => {
  const python = await pythonRunner(t);
  if (python === null) return;
  const directory = await temporaryDirectory(t);
  const seed = loggedSeed(t).toString();
  for (const kind of PLYVEL) {
    const store = join(directory, kind);
    await python.run(["leveldb_store.py", "make", kind, store, seed]);
    // First by kgdump, for LevelDB changes what it opens.
    const shown = await read(store);
    t.is(shown, await python.run(["leveldb_store.py", "digest", store]), `${kind}, SEED=${seed}`);
    if (kind === "tables" || kind === "uncompressed") t.true((await count(store, ".ldb")) > 0, kind);
    if (kind === "renamed") t.true((await count(store, ".sst")) > 0);
  }
});

test("classic-level's stores of every kind are read whole", async (t) => {
  const node = await nodeRunner(t);
  if (node === null) return;
  const directory = await temporaryDirectory(t);
  for (const kind of CLASSIC) {
    const store = join(directory, kind);
    await node.run(["classic_level.mjs", "make", kind, store]);
    const shown = await read(store);
    const wanted = await node.run(["classic_level.mjs", "digest", store]);
    t.is(shown, wanted, kind);
    t.true(Number.parseInt(wanted, 10) >= (kind === "deleted" ? 1 : 200), `${kind}: ${wanted}`);
  }
  for (const ms of [0, 100, 400]) {
    const store = join(directory, `killed-${ms}`);
    await node.kill(["classic_level.mjs", "make", "killed", store], ms);
    const shown = await read(store);
    t.is(shown, await node.run(["classic_level.mjs", "digest", store]), `killed after ${ms} ms`);
  }
});

test("a store of LevelDB is moved to sled and to RocksDB", async (t) => {
  const python = await pythonRunner(t);
  if (python === null) return;
  const directory = await temporaryDirectory(t);
  const store = join(directory, "leveldb");
  await python.run(["leveldb_store.py", "make", "tables", store, "5"]);
  const { dump, rocksdb } = await thereAndBack(t, store, directory);
  t.regex((await ok(t, "export", store, "--dry-run")).stderr, /LevelDB wrote the store/);
  t.is(await read(rocksdb), await python.run(["leveldb_store.py", "digest", await copyOf(store)]));
  await ok(t, "migrate", "--from", store);
  t.regex((await ok(t, "verify", dump, "--against", store)).stdout, /^equal: .*\(sled\)/m);
});

test("an order of keys that only LevelDB's program knows is refused by name, with a hint", async (t: ExecutionContext) => {
  const python = await pythonRunner(t);
  if (python === null) return;
  const store = join(await temporaryDirectory(t), "store");
  await python.run(["leveldb_store.py", "make", "comparator", store, "5"]);
  const error = await assertCode(t, "STORE_COMPARATOR_UNSUPPORTED", () => openRocksdbSource(store));
  t.regex(error.message, /idb_cmp1/);
  t.regex(error.hint ?? "", /IndexedDB/);
});

test("a store that LevelDB has open is read as it is", async (t) => {
  const python = await pythonRunner(t);
  if (python === null) return;
  const directory = await temporaryDirectory(t);
  const [store, dump] = [join(directory, "store"), join(directory, "a.kgd")];
  const { stderr } = await holdOpen(t, store, () => ok(t, "export", store, "-o", dump));
  t.regex(stderr, /in use by process \d+/);
  await cp(store, `${store}.closed`, { recursive: true });
  t.is(await read(store), await python.run(["leveldb_store.py", "digest", `${store}.closed`]));
});

/** Does something while classic-level has a store open and idle. */
async function holdOpen<T>(t: ExecutionContext, store: string, work: () => Promise<T>): Promise<T> {
  const node = await nodeRunner(t);
  if (node === null) return work();
  return node.hold(["classic_level.mjs", "make", "held", store], work);
}
