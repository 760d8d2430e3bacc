/** The options of a restored store: those of the original, whatever they are, and nothing is lost while it is loaded. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink, openRocksdbSource, type RocksdbFamily } from "#src/engines/rocksdb/rocksdb.js";
import { encodeEntries } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { entry, header, keyspace, makeDump } from "../../format/support/dumps.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { differences, fieldsOf } from "./options-support.js";

const table = (options: string): string => `block_based_table_factory={${options}}`;
const FIFO = "compaction_style=kCompactionStyleFIFO;";

/** Families as services have them, and odder ones. */
const ODD: Readonly<Record<string, string>> = {
  "four levels": "num_levels=4",
  "one level": "compaction_style=kCompactionStyleUniversal;num_levels=1",
  "eleven levels": "num_levels=11",
  "universal, three levels": "compaction_style=kCompactionStyleUniversal;num_levels=3;compaction_options_universal={size_ratio=7;min_merge_width=3}",
  // Less than there is: RocksDB would delete what is too much as soon as it compacts.
  "first in, first out": `${FIFO}compaction_options_fifo={max_table_files_size=1000;allow_compaction=true};ttl=0`,
  "first in, first out, by age": `${FIFO}compaction_options_fifo={max_table_files_size=30000000000};ttl=1000`,
  "first in, first out, warm and cold": `${FIFO}num_levels=1;compaction_options_fifo={max_table_files_size=30000000000;file_temperature_age_thresholds={{temperature=kWarm;age=1000}:{temperature=kCold;age=100000}}};ttl=0`,
  collectors: "table_properties_collectors={{id=CompactOnDeletionCollector;window_size=10;deletion_trigger=5;deletion_ratio=0.5}}",
  "appended with bars": "merge_operator={id=StringAppendOperator;delimiter=|}",
  "sized lists": "memtable_factory={id=VectorRepFactory;count=10}",
  "filters below": table("filter_policy={id=ribbonfilter:9.5;bloom_before_level=2}"),
  managed: "compression_manager=BuiltinV2",
  "by rounds": "compaction_pri=kRoundRobin;max_bytes_for_level_multiplier_additional=1:2:3:4:5:6:7;compaction_style=kCompactionStyleUniversal;compaction_options_universal={stop_style=kCompactionStopStyleSimilarSize;incremental=true;max_read_amp=4}",
  dictionary: "compression=kZSTD;compression_opts={level=9;max_dict_bytes=16384;zstd_max_train_bytes=1638400};bottommost_compression=kZSTD",
  "by level": "compression_per_level=kNoCompression:kLZ4Compression:kZSTD",
  blobs: "enable_blob_files=true;min_blob_size=100;blob_file_size=1000000;blob_compression_type=kLZ4Compression;enable_blob_garbage_collection=true",
  partitions: table("index_type=kTwoLevelIndexSearch;partition_filters=true;filter_policy=ribbonfilter:12:2;metadata_block_size=4096;format_version=6;checksum=kXXH3;data_block_index_type=kDataBlockBinaryAndHash"),
  "hash index": `prefix_extractor=rocksdb.FixedPrefix.4;memtable_prefix_bloom_size_ratio=0.1;${table("index_type=kHashSearch")}`,
  merges: "merge_operator=uint64add",
  tuned: "prefix_extractor=rocksdb.CappedPrefix.3;max_write_buffer_number=7;periodic_compaction_seconds=1234;ttl=99999;target_file_size_base=1000000;level0_file_num_compaction_trigger=9",
  parted: "last_level_temperature=kCold;sst_partitioner_factory=SstPartitionerFixedPrefixFactory:2",
  aligned: `compression=kNoCompression;${table("block_align=true;filter_policy=nullptr")}`,
};
const DATABASE = "max_background_jobs=5;bytes_per_sync=1048576;max_total_wal_size=123456789;wal_recovery_mode=kAbsoluteConsistency";

const block = (count: number): Uint8Array => encodeEntries(Array.from({ length: count }, (_, i) => ({ key: Buffer.from(`key${i.toString().padStart(6, "0")}`), value: Buffer.from(`${"value ".repeat(30)}${i.toString()}`) })));

/** A store with these families, whose entries are in the log only, and a dump of it. */
async function dumped(t: ExecutionContext, families: readonly RocksdbFamily[], databaseOptions = DATABASE): Promise<{ directory: string; store: string; dump: string }> {
  const directory = await temporaryDirectory(t);
  const [store, dump] = [join(directory, "store"), join(directory, "a.kgd")];
  {
    await using sink = await createRocksdbSink(store, { families, databaseOptions });
    for (const { name } of families) await sink.apply(Buffer.from(name), block(900), "overwrite");
  }
  await exportStore({ store, output: dump });
  return { directory, store, dump };
}

test("every field of OPTIONS comes back, and every record, from families of all kinds", async (t) => {
  const { directory, store, dump } = await dumped(t, Object.entries(ODD).map(([name, options]) => ({ name, options })));
  const restored = join(directory, "restored");
  const { warnings } = await restoreDump({ target: restored, input: dump });
  t.deepEqual(warnings, []);
  t.deepEqual(await differences(restored, store), []);
  t.true((await verifyDump({ input: dump, against: restored })).against?.equal);
  t.true((await readdir(restored)).some((name) => name.endsWith(".blob")), "values are in blob files again");
  t.is((await readdir(restored)).filter((name) => name.startsWith("OPTIONS-")).length, 1);
});

test("a store opens with the levels that its families have, and its tables are on the lowest one", async (t) => {
  const levels = ["four levels", "one level", "eleven levels", "universal, three levels"];
  const families = levels.map((name) => ({ name, options: ODD[name] }));
  const { directory, dump } = await dumped(t, families);
  const restored = join(directory, "restored");
  await restoreDump({ target: restored, input: dump });
  // Of a store that RocksDB itself has put there, too.
  const settled = join(directory, "settled");
  {
    await using sink = await createRocksdbSink(settled, { families });
    for (const { name } of families) {
      await sink.apply(Buffer.from(name), block(900), "overwrite");
      await sink.compact(Buffer.from(name));
    }
  }
  t.true((await verifyDump({ input: dump, against: settled })).against?.equal);
  await using sink = await createRocksdbSink(restored, { families });
  for (const name of levels) t.deepEqual(await sink.compare(Buffer.from(name), block(900)), { missing: 0, changed: 0, firstKey: null });
});

test("what comes from sled has the options of the original, also of a family that gets another name", async (t) => {
  const { directory, store, dump } = await dumped(t, [{ name: "nodes", options: ODD.dictionary }, { name: "back", comparator: "reverse-bytewise", options: ODD["four levels"] }]);
  const [sled, second] = [join(directory, "sled"), join(directory, "b.kgd")];
  await importDump({ target: sled, input: dump, map: new Map([["nodes", "vertices"]]) });
  await exportStore({ store: sled, output: second });
  for (const [number, optionsFrom] of [store, dump].entries()) {
    const restored = join(directory, `restored${number.toString()}`);
    const { warnings } = await restoreDump({ target: restored, input: second, optionsFrom, map: new Map([["vertices", "nodes"]]) });
    t.deepEqual(warnings, []);
    t.deepEqual(await differences(restored, store), []);
    t.true((await verifyDump({ input: dump, against: restored })).against?.equal);
  }
  // By the name that it has in the dump, where none has its new one.
  t.deepEqual((await restoreDump({ target: join(directory, "renamed"), input: dump, optionsFrom: store, map: new Map([["nodes", "vertices"]]) })).warnings, []);
  const other = join(directory, "other");
  const { warnings } = await restoreDump({ target: other, input: second, optionsFrom: store });
  t.true(warnings.some((warning) => warning.startsWith('family "vertices"') && warning.includes("has no such family")));
});

test("compression and block size that are asked for go with whatever options families have", async (t) => {
  t.timeout(5 * 60_000);
  const { directory, dump } = await dumped(t, Object.entries(ODD).map(([name, options]) => ({ name, options })));
  const wishes = [{ compression: "lz4" }, { compression: "none" }, { tableBlockSize: 5000 }, { compression: "zstd", tableBlockSize: 65_536 }, { compression: "none", tableBlockSize: 3000 }] as const;
  for (const [number, wish] of wishes.entries()) {
    const restored = join(directory, `restored${number.toString()}`);
    const { warnings } = await restoreDump({ target: restored, input: dump, ...wish });
    t.true((await verifyDump({ input: dump, against: restored })).against?.equal);
    const aligned = [...(await fieldsOf(restored))].find(([name]) => name.includes('"aligned"') && name.endsWith("block_align"))?.[1];
    t.is(aligned, String("compression" in wish && wish.compression === "none" && !("tableBlockSize" in wish)), JSON.stringify(wish));
    t.is(warnings.some((warning) => warning.includes("block_align")), aligned === "false");
  }
});

test("a block size that is asked for leaves all else as it was", async (t) => {
  const { directory, store, dump } = await dumped(t, [{ name: "nodes", options: ODD.partitions }]);
  const restored = join(directory, "restored");
  await restoreDump({ target: restored, input: dump, tableBlockSize: 65_536 });
  const changed = await differences(restored, store);
  t.deepEqual(changed.map((line) => line.replace(/^.*\] /, "")), ["block_size: 65536, 16384", "block_size: 65536, 4096"]);
  const sled = join(directory, "sled");
  await importDump({ target: sled, input: dump });
  await exportStore({ store: sled, output: join(directory, "b.kgd") });
  const usual = join(directory, "usual");
  await restoreDump({ target: usual, input: join(directory, "b.kgd"), tableBlockSize: 65_536 });
  await using source = await openRocksdbSource(usual);
  const nodes = source.info.keyspaces.find(({ name }) => Buffer.from(name).toString() === "nodes")?.settings;
  t.is(nodes?.get("table.block_size"), "65536");
  t.is(nodes?.get("table.format_version"), "5");
  t.is(nodes?.get("table.filter_policy"), "bloomfilter:10:false");
  t.is(nodes?.get("table.checksum"), "kCRC32c");
});

test("pairs of options whose tables RocksDB can't read back are mended, and it is said", async (t) => {
  for (const checksum of ["kXXH3", "kxxHash64"]) {
    const { directory, dump } = await dumped(t, [{ name: "old", options: table(`format_version=0;checksum=${checksum}`) }]);
    const restored = join(directory, "restored");
    const { warnings } = await restoreDump({ target: restored, input: dump });
    t.regex(warnings.join("\n"), /family "old": table\.format_version is 2 and not 0/);
    t.true((await verifyDump({ input: dump, against: restored })).against?.equal);
    t.is((await fieldsOf(restored)).get('[TableOptions/BlockBasedTable "old"] format_version'), "2");
  }
});

test("many families are made at once, each with its options", async (t) => {
  const families = Array.from({ length: 300 }, (_, number) => ({ name: `family ${number.toString()}`, options: `write_buffer_size=${(1_000_000 + number).toString()}` }));
  const directory = await temporaryDirectory(t);
  const [store, dump, restored] = ["store", "a.kgd", "restored"].map((name) => join(directory, name)) as [string, string, string];
  {
    await using sink = await createRocksdbSink(store, { families });
    for (const { name } of families.slice(0, 20)) await sink.apply(Buffer.from(name), block(3), "overwrite");
  }
  await exportStore({ store, output: dump });
  await restoreDump({ target: restored, input: dump });
  t.deepEqual(await differences(restored, store), []);
  // Its number is that of the next file: a file of options for each family would have used up as many.
  const numbers = (await readdir(restored)).filter((name) => name.startsWith("OPTIONS-")).map((name) => Number(name.slice(8)));
  t.true(Math.max(...numbers) < 100, numbers.join());
});

test("a dump of an older kgdump, which tells few options, is restored above sequence number 0, and what is not known is said", async (t) => {
  const directory = await temporaryDirectory(t);
  const [dump, restored] = [join(directory, "old.kgd"), join(directory, "restored")];
  const told = new Map([["compression", "kZSTD"], ["compaction_style", "kCompactionStyleFIFO"]]);
  const source = { engine: "rocksdb", version: "8.11.4", databaseId: null, sequenceNumber: 5n };
  await writeFile(dump, await makeDump(header({ source, keyspaces: [keyspace("default", { sourceOptions: told }), keyspace("more")] }), [[[entry("a", "1")]], [[entry("b", "2")]]]));
  const { warnings } = await restoreDump({ target: restored, input: dump });
  t.true(warnings.some((warning) => warning.startsWith("family \"default\" and 1 more: most of its options are not known")), warnings.join("\n"));
  t.true(warnings.some((warning) => warning.startsWith("family \"default\": it has FIFO compaction, whose limits the dump does not say: OPTIONS has none")), warnings.join("\n"));
  await using opened = await openRocksdbSource(restored);
  t.true((opened.info.sequenceNumber ?? 0n) > 0n);
  t.true((await verifyDump({ input: dump, against: restored })).against?.equal);
});
