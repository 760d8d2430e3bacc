import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink, openRocksdbSource, type RocksdbFamily } from "#src/engines/rocksdb.js";
import { openRocksdbLoader } from "#src/engines/rocksdb-loader.js";
import { restoredFamily } from "#src/engines/rocksdb-settings.js";
import { encodeEntries, type KeyOrder } from "#src/format/index.js";
import { temporaryDirectory } from "../support/temporary.js";

const DEFAULT = Buffer.from("default");
const block = (...keys: string[]): Uint8Array => encodeEntries(keys.map((key) => ({ key: Buffer.from(key), value: Buffer.from(`value of ${key}`) })));

async function keysOf(path: string, family: Uint8Array): Promise<string[]> {
  const found: string[] = [];
  await using source = await openRocksdbSource(path);
  for await (const { data, release } of source.scan(family, { blockSize: 1 })) {
    found.push(Buffer.from(data).subarray(2, 2 + (data[1] ?? 0)).toString());
    release();
  }
  return found;
}

async function loadInto(t: ExecutionContext, families: readonly RocksdbFamily[], keyspaces: readonly (readonly [Uint8Array, KeyOrder, readonly Uint8Array[]])[]): Promise<{ path: string; counts: number[] }> {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "store");
  await using loader = await openRocksdbLoader(path, { tableDirectory: join(directory, "tables"), families });
  const counts: number[] = [];
  for (const [name, order, blocks] of keyspaces) {
    await loader.startKeyspace(name, order);
    for (const each of blocks) await loader.load(each);
    counts.push(await loader.finishKeyspace());
  }
  await loader.finish();
  return { path, counts };
}

test("families are loaded from blocks in their order, empty ones too", async (t) => {
  const [nodes, empty] = [Buffer.from("nodes"), Buffer.from("empty")];
  const { path, counts } = await loadInto(t, [], [
    [DEFAULT, "bytewise", [block("a", "b"), block("c")]],
    [nodes, "bytewise", [block("x")]],
    [empty, "bytewise", []],
  ]);
  t.deepEqual(counts, [3, 1, 0]);
  t.deepEqual(await keysOf(path, DEFAULT), ["a", "b", "c"]);
  t.deepEqual(await keysOf(path, nodes), ["x"]);
  t.deepEqual(await keysOf(path, empty), []);
});

test("a store that was loaded is written to like any other", async (t) => {
  const { path } = await loadInto(t, [], [[DEFAULT, "bytewise", [block("a", "c")]]]);
  {
    await using sink = await createRocksdbSink(path);
    await sink.operate(DEFAULT, [{ kind: "put", key: Buffer.from("b"), value: Buffer.from("") }, { kind: "delete", key: Buffer.from("c") }]);
    await sink.flush();
  }
  t.deepEqual(await keysOf(path, DEFAULT), ["a", "b"]);
});

test("reverse order is loaded as it is, and bytes' order is put into a reverse family", async (t) => {
  const reverse: RocksdbFamily = { name: "r", comparator: "reverse-bytewise" };
  const name = Buffer.from("r");
  const loaded = await loadInto(t, [reverse], [[name, "reverse-bytewise", [block("c", "b"), block("a")]]]);
  t.deepEqual(await keysOf(loaded.path, name), ["c", "b", "a"]);
  const put = await loadInto(t, [reverse], [[name, "bytewise", [block("a", "b"), block("c")]]]);
  t.deepEqual([await keysOf(put.path, name), put.counts], [["c", "b", "a"], [3]]);
});

test("keys that are out of order or doubled are refused", async (t) => {
  for (const blocks of [[block("b", "a")], [block("a", "a")], [block("b"), block("a")]]) {
    await t.throwsAsync(loadInto(t, [], [[DEFAULT, "bytewise", blocks]]), { code: "DUMP_ORDER_BROKEN" });
  }
  await t.throwsAsync(loadInto(t, [], [[DEFAULT, "bytewise", [Buffer.from([0xc4, 9, 1])]]]), { code: "DUMP_ENTRIES_MALFORMED" });
});

test("a family's settings come back, and those that RocksDB does not know are told", async (t) => {
  const settings = new Map([
    ["comparator", "leveldb.BytewiseComparator"],
    ["compression", "kZSTD"],
    ["no_such_option", "1"],
    ["prefix_extractor", "rocksdb.FixedPrefix.3"],
    ["table.block_size", "8192"],
    ["table.filter_policy", "bloomfilter"],
    ["table.format_version", "5"],
  ]);
  const { family, notKept } = restoredFamily(DEFAULT, "bytewise", { settings });
  t.deepEqual(notKept, ["no_such_option=1 is not kept: kgdump does not know this option"]);
  const { path } = await loadInto(t, [family], [[DEFAULT, "bytewise", [block("a")]]]);
  await using source = await openRocksdbSource(path);
  const kept = source.info.keyspaces[0]?.settings;
  t.is(kept?.get("compression"), "kZSTD");
  t.is(kept?.get("prefix_extractor"), "rocksdb.FixedPrefix.3");
  t.is(kept?.get("table.block_size"), "8192");
  t.is(kept?.get("table.format_version"), "5");
  t.is(kept?.get("table.filter_policy"), "bloomfilter:10:false");
});
