import { randomBytes } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { openRocksdbLoader } from "#src/engines/rocksdb/loader.js";
import { createRocksdbSink, openRocksdbSource, type RocksdbFamily } from "#src/engines/rocksdb/rocksdb.js";
import { RestoredFamilies } from "#src/engines/rocksdb/settings.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries, type KeyOrder } from "#src/format/index.js";
import { temporaryDirectory } from "../../support/temporary.js";

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

test("a family that is written to, as its tables can't be made, is loaded from blocks and counted like the others", async (t) => {
  const [blobs, fifo] = [Buffer.from("blobs"), Buffer.from("fifo")];
  const { path, counts } = await loadInto(t, [{ name: blobs, options: "enable_blob_files=true;min_blob_size=1", byWrites: true }, { name: fifo, options: "compaction_style=kCompactionStyleFIFO", byWrites: true }], [
    [blobs, "bytewise", [block("a", "b"), block("c"), block("d", "e", "f")]],
    [DEFAULT, "bytewise", [block("x"), block("y")]],
    [fifo, "bytewise", [block("p"), block("q", "r")]],
  ]);
  t.deepEqual(counts, [6, 2, 3]);
  t.deepEqual([(await keysOf(path, blobs)).join(""), (await keysOf(path, fifo)).join("")], ["abcdef", "pqr"]);
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

test("tables that the store does not take end the load soon, by the name of their family, whatever is loaded meanwhile", async (t) => {
  const directory = await temporaryDirectory(t);
  // One that is to be written to needs a store, which takes in the tables of the others.
  const families: RocksdbFamily[] = [{ name: "wrong", compression: "none" }, { name: "written", byWrites: true }];
  const loader = await openRocksdbLoader(join(directory, "store"), { tableDirectory: join(directory, "tables"), families });
  await loader.startKeyspace(Buffer.from("written"), "bytewise");
  t.is(await loader.finishKeyspace(), 0);
  const wrong = Buffer.from("wrong");
  await loader.startKeyspace(wrong, "bytewise");
  // More than one table has, and then a key that belongs into the first of them.
  const value = randomBytes(8 << 20);
  for (let number = 1; number <= 9; number += 1) await loader.load(encodeEntries([{ key: Buffer.from(`k${number.toString()}`), value }]));
  await loader.load(block("k5"));
  t.is(await loader.finishKeyspace(), 10);
  const error = await t.throwsAsync(
    (async () => {
      await loader.startKeyspace(DEFAULT, "bytewise");
      for (let number = 0; number < 2000; number += 1) {
        await loader.load(block(number.toString().padStart(6, "0")));
        await setTimeout(5);
      }
    })(),
    { instanceOf: KgdumpError, code: "DUMP_ORDER_BROKEN", message: /far apart/ },
  );
  t.deepEqual([error.keyspace, error.path], [wrong, join(directory, "store")]);
  // It stays so, also for a family without entries: nothing makes a whole store of it.
  await t.throwsAsync(loader.finishKeyspace(), { code: "DUMP_ORDER_BROKEN" });
  await loader.startKeyspace(DEFAULT, "bytewise");
  await t.throwsAsync(loader.finishKeyspace(), { code: "DUMP_ORDER_BROKEN" });
  const last = await t.throwsAsync(loader.finish(), { instanceOf: KgdumpError, code: "DUMP_ORDER_BROKEN" });
  t.deepEqual(last.keyspace, wrong);
  await t.throwsAsync(loader.close(), { code: "DUMP_ORDER_BROKEN" });
});

test("nothing makes a store of tables that overlap", async (t) => {
  const directory = await temporaryDirectory(t);
  const loader = await openRocksdbLoader(join(directory, "store"), { tableDirectory: join(directory, "tables"), families: [{ name: "wrong", compression: "none" }] });
  const wrong = Buffer.from("wrong");
  await loader.startKeyspace(wrong, "bytewise");
  const value = randomBytes(8 << 20);
  for (let number = 1; number <= 9; number += 1) await loader.load(encodeEntries([{ key: Buffer.from(`k${number.toString()}`), value }]));
  await loader.load(block("k5"));
  // It is found while other families are loaded, or at the end.
  t.is(await loader.finishKeyspace(), 10);
  const error = await t.throwsAsync(loader.finish(), { instanceOf: KgdumpError, code: "DUMP_ORDER_BROKEN", message: /far apart/ });
  t.deepEqual([error.keyspace, error.path], [wrong, join(directory, "store")]);
  t.deepEqual((await readdir(join(directory, "store"))).filter((name) => !name.endsWith(".sst")), []);
  await loader.close();
});

test("a huge entry is a table by itself, in either order, so that nobody has it in memory longer than needed", async (t) => {
  const value = randomBytes(65 << 20);
  const huge = (key: string): Uint8Array => encodeEntries([{ key: Buffer.from(key), value }]);
  const [straight, turned] = [Buffer.from("straight"), Buffer.from("turned")];
  const families = [{ name: straight, compression: "none" }, { name: turned, compression: "none", comparator: "reverse-bytewise" }] as const;
  const blocks = [block("a"), huge("b"), huge("c"), block("d", "e")];
  const { path, counts } = await loadInto(t, families, [[straight, "bytewise", blocks], [turned, "bytewise", blocks]]);
  t.deepEqual(counts, [5, 5]);
  await using sink = await createRocksdbSink(path, { families });
  for (const name of [straight, turned]) for (const each of blocks) t.deepEqual(await sink.compare(name, each), { missing: 0, changed: 0, firstKey: null });
  // Two huge ones each, which leave what was before and what is behind them alone.
  const sizes = await Promise.all((await readdir(path)).filter((name) => name.endsWith(".sst")).map(async (name) => (await stat(join(path, name))).size));
  t.is(sizes.filter((size) => size > 60 << 20).length, 4);
  t.true(sizes.every((size) => size < 70 << 20), sizes.join());
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
  const { family, notKept } = new RestoredFamilies().make(DEFAULT, "bytewise", { settings });
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

test("families with the same options are put together once, each with its own name and ages, and those that differ are not mixed up", async (t) => {
  const ages = (time: number): string => `${time.toString()} ${time.toString()} ${time.toString()} 61 7a`;
  const settings = (compression: string, time: number): Map<string, string> => new Map([["compression", compression], ["ages", ages(time)]]);
  const maker = new RestoredFamilies({});
  const kinds = [["kZSTD", "bytewise"], ["kLZ4Compression", "bytewise"], ["kZSTD", "reverse-bytewise"]] as const;
  const made = Array.from({ length: 300 }, (_, number) => {
    const [compression, order] = kinds[number % 3] ?? kinds[0];
    return maker.make(Buffer.from(`family ${number.toString()}`), order, { settings: settings(compression, 1_700_000_000 + number) });
  });
  t.is(new Set(made.map(({ final }) => final.values)).size, 3);
  for (const [number, each] of made.entries()) {
    const [compression, order] = kinds[number % 3] ?? kinds[0];
    const name = Buffer.from(`family ${number.toString()}`);
    t.deepEqual(each, new RestoredFamilies().make(name, order, { settings: settings(compression, 1_700_000_000 + number) }));
    t.is(each.family.ages, ages(1_700_000_000 + number));
  }
  const { path, counts } = await loadInto(t, made.map(({ family }) => family), made.map(({ family, final }, number) => [final.name, family.comparator ?? "bytewise", [number % 3 === 2 ? block("b", `a${number.toString()}`) : block(`a${number.toString()}`, "b")]]));
  t.deepEqual(counts, made.map(() => 2));
  await using source = await openRocksdbSource(path);
  for (const number of [0, 1, 2, 298]) {
    const expected = [`a${number.toString()}`, "b"];
    t.deepEqual(await keysOf(path, Buffer.from(`family ${number.toString()}`)), number % 3 === 2 ? expected.reverse() : expected);
    const known = source.info.keyspaces.find(({ name }) => Buffer.from(name).toString() === `family ${number.toString()}`);
    t.deepEqual([known?.comparator, known?.settings?.get("compression")], [kinds[number % 3]?.[1], kinds[number % 3]?.[0]]);
  }
});
