/** Stores that other programs wrote: read whole, with the digests that were taken of them, or refused by name. */
import test from "ava";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { digestOf } from "../../fixtures/digest.js";
import { fixtureDigests, unpackStore } from "../../fixtures/unpack.js";
import { assertCode, entriesOf, readStore } from "./support.js";

for (const store of ["maya-lz4", "maya-unflushed", "maya-families"]) {
  test(`${store} has the digests that were taken of it`, async (t) => {
    const path = await unpackStore(t, store);
    const wanted = (await fixtureDigests()).filter((line) => line.store === store);
    t.is(wanted.length, 4);
    for (const { family, records, bytes, digest } of wanted) {
      for (const blockSize of [100, 65_536, 4 << 20]) t.deepEqual(await digestOf(path, family, blockSize), { records, bytes, digest });
    }
  });
}

test("what is known of a store before it is scanned", async (t) => {
  await using source = await openRocksdbSource(await unpackStore(t, "maya-families"));
  const { info } = source;
  t.is(info.engine, "rocksdb");
  t.regex(info.version, /^\d+\.\d+\.\d+$/);
  t.is(info.databaseId, "a8d2e35f-6985-47cf-9145-0dd49bbdc51b");
  t.is(info.sequenceNumber, 1425n);
  t.deepEqual(info.warnings, []);
  const families = info.keyspaces.map(({ name }) => Buffer.from(name).toString());
  t.deepEqual(families, ["default", "nodes", "edges", "indices"]);
  const nodes = info.keyspaces[1];
  t.is(nodes?.estimatedEntries, 300);
  t.is(nodes?.estimatedBytes, 108_972);
  t.is(nodes?.options.compression, "kZSTD");
  t.is(nodes?.tableOptions.block_size, "16384");
});

test("estimates count what only the log holds", async (t) => {
  await using source = await openRocksdbSource(await unpackStore(t, "maya-unflushed"));
  const [family] = source.info.keyspaces;
  t.true(Math.abs((family?.estimatedEntries ?? 0) - 1425) < 30);
  t.true(Math.abs((family?.estimatedBytes ?? 0) - 1_378_924) < 100_000);
});

test("merge operands that a flush merged are values like others", async (t) => {
  const { entries } = await readStore(await unpackStore(t, "odd-merge"));
  t.is(entries.get("default")?.length, 1000);
});

test("merge operands in the log are refused with the operator's name, not dropped", async (t) => {
  const path = await unpackStore(t, "odd-merge-wal");
  const error = await assertCode(t, "STORE_MERGE_OPERATOR", () => readStore(path));
  t.regex(error.message, /maya\.append/);
  t.is(error.path, path);
});

test("keys in reverse order", async (t) => {
  const { entries } = await readStore(await unpackStore(t, "odd-reverse"));
  const keys = (entries.get("default") ?? []).map(([key]) => key);
  t.is(keys.length, 1000);
  t.deepEqual(keys, [...keys].sort().reverse());
});

test("orders of keys that a program gave names of its own are read, and the names told", async (t) => {
  const path = await unpackStore(t, "odd-named");
  const wanted = (await fixtureDigests()).filter(({ store }) => store === "odd-named");
  t.is(wanted.length, 3);
  for (const { family, records, bytes, digest } of wanted) {
    for (const blockSize of [100, 65_536]) t.deepEqual(await digestOf(path, family, blockSize), { records, bytes, digest });
  }
  await using source = await openRocksdbSource(path);
  t.deepEqual(source.info.keyspaces.map(({ comparator }) => comparator), ["bytewise", "bytewise", "reverse-bytewise"]);
  t.is(source.info.warnings.length, 3);
  t.regex(source.info.warnings[2] ?? "", /"backwards".* rev:RocksDB_SE_v3\.10 of MyRocks/);
});

test("values with a time to live need a word", async (t) => {
  const path = await unpackStore(t, "odd-ttl");
  await assertCode(t, "STORE_TTL", () => readStore(path));
  const kept = (await readStore(path, "keep")).entries.get("default") ?? [];
  const stripped = (await readStore(path, "strip")).entries.get("default") ?? [];
  t.is(stripped.length, 1000);
  t.deepEqual(stripped, kept.map(([key, value]) => [key, value.slice(0, -4)] as const));
});

test("timestamps are never stripped off a store that has none", async (t) => {
  const path = await unpackStore(t, "maya-lz4");
  await assertCode(t, "USAGE", () => readStore(path, "strip"));
});

test("wide columns and user-defined timestamps are refused", async (t) => {
  const wide = await unpackStore(t, "odd-wide");
  await assertCode(t, "STORE_WIDE_COLUMNS", () => readStore(wide));
  const timestamps = await unpackStore(t, "odd-uts");
  await assertCode(t, "STORE_TIMESTAMPS", () => readStore(timestamps));
});

test("a wide entity is found wherever the scan starts", async (t) => {
  await using source = await openRocksdbSource(await unpackStore(t, "odd-wide"));
  const plain = await entriesOf(source, "default", { from: Buffer.from("node:000001"), limit: 1 });
  t.is(plain.length, 1);
  await assertCode(t, "STORE_WIDE_COLUMNS", () => entriesOf(source, "default", { from: Buffer.from("node:000008"), limit: 1 }));
});
