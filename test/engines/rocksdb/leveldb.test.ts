/** A store of LevelDB: RocksDB reads it, but its tables have no properties, and RocksDB stumbles over that in places. */
import { execFile } from "node:child_process";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import type { KgdumpError } from "#src/errors.js";
import { sledWrite } from "../../checker/run.js";
import { digestOf } from "../../fixtures/digest.js";
import { fixtureDigests, unpackStore } from "../../fixtures/unpack.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { assertCode, readStore } from "./support.js";

const run = promisify(execFile);
const PROGRAM = join(process.cwd(), "bin", "kgdump.js");
const kgdump = async (...args: string[]): Promise<string> => (await run(process.execPath, [PROGRAM, ...args])).stdout;

test("a store of LevelDB has the digest that LevelDB's own reader gave", async (t) => {
  const path = await unpackStore(t, "leveldb");
  const [wanted] = (await fixtureDigests()).filter(({ store }) => store === "leveldb");
  const { records, bytes, digest } = wanted ?? {};
  t.is(records, 692);
  for (const blockSize of [100, 65_536]) t.deepEqual(await digestOf(path, "default", blockSize), { records, bytes, digest });
});

test("what tables without properties hold is told from some of their blocks", async (t) => {
  await using source = await openRocksdbSource(await unpackStore(t, "leveldb"));
  t.is(source.info.databaseId, null);
  t.is(source.info.warnings.length, 1);
  t.regex(source.info.warnings[0] ?? "", /^LevelDB wrote the store/);
  const [family] = source.info.keyspaces;
  t.true((family?.estimatedEntries ?? 0) >= 692 && (family?.estimatedEntries ?? 0) < 1000, `${family?.estimatedEntries}`);
  t.true((family?.estimatedBytes ?? 0) >= 50_829 && (family?.estimatedBytes ?? 0) < 100_000, `${family?.estimatedBytes}`);
});

test("no command that reads a store of LevelDB is ended by it", async (t) => {
  const [store, directory] = [await unpackStore(t, "leveldb"), await temporaryDirectory(t)];
  const [dump, sled, rocksdb] = [join(directory, "a.kgd"), join(directory, "sled"), join(directory, "rocksdb")];
  await t.notThrowsAsync(kgdump("export", store, "--dry-run"));
  await t.notThrowsAsync(kgdump("export", store, "-o", dump));
  await t.notThrowsAsync(kgdump("import", "-i", dump, sled));
  await t.notThrowsAsync(kgdump("restore", "-i", dump, rocksdb));
  for (const other of [store, sled, rocksdb]) t.regex(await kgdump("verify", dump, "--against", other), /equal/);
  for (const more of [["--dry-run"], []]) await t.notThrowsAsync(kgdump("migrate", "--from", store, ...more));
  t.regex(await kgdump("verify", dump, "--against", store), /equal: .*\(sled\)/);
});

test("a dump of a store of LevelDB says so, and nothing is carried back into one", async (t) => {
  const [store, directory] = [await unpackStore(t, "leveldb"), await temporaryDirectory(t)];
  const dump = join(directory, "a.kgd");
  await kgdump("export", store, "-o", dump);
  t.regex(await kgdump("inspect", dump), /rocksdb\.writtenBy leveldb/);
  await kgdump("migrate", "--from", store);
  await sledWrite(store, ["put 6b6579 6e6577"]);
  const lossy = await run(process.execPath, [PROGRAM, "rollback", store]).catch((error: unknown) => error as { stderr: string });
  t.regex(lossy.stderr, /ROLLBACK_LOSES_DATA\]\n.*hint: --discard-new leaves .*can't be carried back \(LevelDB wrote/s);
  const refused = await run(process.execPath, [PROGRAM, "rollback", store, "--carry-back"]).catch((error: unknown) => error as { code: number; stderr: string });
  t.is((refused as { code?: number }).code, 7);
  t.regex(refused.stderr, /LevelDB wrote the original .* \[STORE_UNSUPPORTED\]\n.*--discard-new/s);
  await kgdump("rollback", store, "--discard-new");
  t.regex(await kgdump("verify", dump, "--against", store), /equal: .*\(RocksDB\)/);
});

/** A copy of the fixture in which something is changed. */
async function changed(t: ExecutionContext, name: string, change: (store: string) => Promise<void>): Promise<string> {
  const store = await unpackStore(t, name);
  await change(store);
  return store;
}

/** Turns over a bit of a file. */
async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8((bytes[at] ?? 0) ^ 1, at);
  await writeFile(path, bytes);
}

test("what other programs around LevelDB write is told from damage", async (t) => {
  const opened = async (store: string): Promise<unknown> => readStore(store);
  const zlib = await assertCode(t, "STORE_UNSUPPORTED", async () => opened(await unpackStore(t, "odd-leveldb-zlib")));
  t.regex(zlib.message, /000005\.ldb .* zlib .* Minecraft .*number 4/);
  t.regex(zlib.hint ?? "", /not damaged/);
  // Before anything of it is read, although RocksDB opens it.
  await assertCode(t, "STORE_UNSUPPORTED", async () => openRocksdbSource(await unpackStore(t, "odd-leveldb-zstd")));
  const java = await assertCode(t, "STORE_UNSUPPORTED", async () => opened(await unpackStore(t, "odd-leveldb-java")));
  t.regex(java.message, /org\.iq80\.leveldb/);
  const basho = await changed(t, "leveldb", async (store) => {
    await mkdir(join(store, "sst_0"));
    await rename(join(store, "000005.ldb"), join(store, "sst_0", "000005.sst"));
  });
  t.regex((await assertCode(t, "STORE_UNSUPPORTED", () => opened(basho))).message, /Riak/);
});

test("damage of LevelDB's tables is still called so", async (t) => {
  const table = (store: string): string => join(store, "000005.ldb");
  const whole = await readStore(await unpackStore(t, "leveldb"));
  const { length } = await readFile(table(await unpackStore(t, "leveldb")));
  const store = await unpackStore(t, "leveldb");
  const seed = loggedSeed(t) % 60;
  const outcomes = new Map<string, number>();
  for (let at = seed; at < length; at += 61) {
    await flip(table(store), at);
    // Unused bytes of the footer may be anything.
    const outcome = await readStore(store).then(
      (found) => (t.deepEqual(found, whole, `byte ${at}`), "read"),
      (error: unknown) => (error as KgdumpError).code,
    );
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    await flip(table(store), at);
  }
  t.log(Object.fromEntries(outcomes));
  t.true((outcomes.get("STORE_DAMAGED") ?? 0) > 150);
  t.deepEqual([...outcomes.keys()].filter((code) => code !== "read" && code !== "STORE_DAMAGED"), []);
  const cut = await changed(t, "leveldb", async (store) => {
    const bytes = await readFile(table(store));
    await writeFile(table(store), bytes.subarray(0, bytes.length - 4));
  });
  await assertCode(t, "STORE_DAMAGED", () => readStore(cut));
});
