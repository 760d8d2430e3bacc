/** A store of LevelDB: RocksDB reads it, but its tables have no properties, and RocksDB stumbles over that in places. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { openRocksdbSource } from "#src/engines/rocksdb.js";
import { digestOf } from "../fixtures/digest.js";
import { fixtureDigests, unpackStore } from "../fixtures/unpack.js";
import { temporaryDirectory } from "../support/temporary.js";

const run = promisify(execFile);
const kgdump = async (...args: string[]): Promise<string> => (await run(process.execPath, [join(process.cwd(), "bin", "kgdump.js"), ...args])).stdout;

test("a store of LevelDB has the digest that LevelDB's own reader gave", async (t) => {
  const path = await unpackStore(t, "leveldb");
  const [wanted] = (await fixtureDigests()).filter(({ store }) => store === "leveldb");
  const { records, bytes, digest } = wanted ?? {};
  t.is(records, 692);
  for (const blockSize of [100, 65_536]) t.deepEqual(await digestOf(path, "default", blockSize), { records, bytes, digest });
});

test("what tables without properties hold is told from their size", async (t) => {
  await using source = await openRocksdbSource(await unpackStore(t, "leveldb"));
  t.is(source.info.databaseId, null);
  t.is(source.info.warnings.length, 1);
  t.regex(source.info.warnings[0] ?? "", /^LevelDB wrote the store/);
  const [family] = source.info.keyspaces;
  t.true((family?.estimatedEntries ?? 0) > 300 && (family?.estimatedEntries ?? 0) < 1000, `${family?.estimatedEntries}`);
  t.true((family?.estimatedBytes ?? 0) > 20_000 && (family?.estimatedBytes ?? 0) < 100_000, `${family?.estimatedBytes}`);
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
