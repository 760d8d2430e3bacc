/** What is taken of a header's options, and that nothing else reaches RocksDB. */
import { join } from "node:path";
import test from "ava";
import { openRocksdbLoader } from "#src/engines/rocksdb/loader.js";
import { fromHeader, toHeader } from "#src/engines/rocksdb/option-lines.js";
import { optionProblem } from "#src/engines/rocksdb/option-rules.js";
import { RestoredFamilies } from "#src/engines/rocksdb/settings.js";
import { encodeEntries } from "#src/format/index.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("values are taken when they are of their kind and in their range", (t) => {
  for (const [name, value] of [["num_levels", "7"], ["ttl", "18446744073709551615"], ["compression", "kZSTD"], ["compression_per_level", "kNoCompression:kZSTD"], ["max_write_buffer_size_to_maintain", "-1"], ["memtable_factory", "{id=SkipListFactory;lookahead=0;}"], ["merge_operator", "{id=StringAppendOperator;delimiter=,;}".replace(",", "+")], ["prefix_extractor", "rocksdb.FixedPrefix.4"], ["merge_operator", "{id=TtlMergeOperator;user_operator={id=StringAppendOperator;delimiter=\\:;};}"], ["merge_operator", "{id=StringAppendOperator;delimiter=|;}"], ["compaction_options_fifo", "{max_table_files_size=9;file_temperature_age_thresholds={{temperature=kWarm;age=5;}:{temperature=kCold;age=10;}};}"], ["table_properties_collectors", "{{id=CompactOnDeletionCollector;window_size=10;}:{id=Other;}}"], ["max_bytes_for_level_multiplier", "10.000000"], ["max_bytes_for_level_multiplier_additional", "1:1:1:1:1:1:1"]] as const) {
    t.is(optionProblem("family", name, value), null, `${name}=${value}`);
  }
  for (const [name, value] of [["num_levels", "2147483647"], ["num_levels", "0"], ["num_levels", "-1"], ["num_levels", "07"], ["ttl", "-1"], ["ttl", "-0"], ["ttl", "18446744073709551616"], ["compression", "kZSTD;num_levels=9"], ["memtable_factory", "vector:4611686018427387904"], ["memtable_factory", "a\nb=c"], ["enable_blob_files", "1"], ["no_such_option", "1"], ["compression_opts", "{level=1;a={b=c}}"], ["merge_operator", "x".repeat(300)], ["compression_opts", `{${"a=".repeat(2000)}!}`], ["compaction_options_fifo", "{max_table_files_size=9"], ["compaction_options_fifo", "{a=1}}"], ["compaction_options_fifo", "{a=1}{b=2}"], ["compaction_options_fifo", "{max_table_files_size=18446744073709551616;}"], ["compaction_options_fifo", "{a=\n}"], ["merge_operator", "{id=x;delimiter=\\;}"], ["merge_operator", `${"{".repeat(9)}${"}".repeat(9)}`], ["table_properties_collectors", "{{id=x}:{id=y}"]] as const) {
    t.not(optionProblem("family", name, value), null, `${name}=${value}`);
  }
  t.not(optionProblem("table", "block_size", "-1"), null);
  t.not(optionProblem("table", "format_version", "00"), null, "RocksDB takes it for 0, which goes with one kind of checksum only");
  t.not(optionProblem("database", "wal_dir", "/etc"), null, "paths of the original are none of the copy's");
});

test("a header carries all options, what families have in common once", (t) => {
  const families = [new Map([["a", "1"], ["b", "x=y"], ["table.c", "3"]]), new Map([["a", "1"], ["b", ""], ["table.c", "4"]])];
  const database = new Map([["d", "{e=1;f=2;}"]]);
  const { source, families: own } = toHeader({ version: "8.11.4", database, families });
  for (const [number, family] of families.entries()) t.deepEqual(fromHeader(source, own[number]), { version: "8.11.4", database, family });
  t.false([...(own[0] ?? [])].some(([, text]) => text.includes("a=1")));
  t.is(fromHeader(source, new Map()), null, "a family that the source does not tell of");
  t.is(toHeader({ version: "", database, families }).source.size, 0);
  t.is(toHeader({ version: "8.11.4", database: new Map([["d", "x".repeat(65_536)]]), families }).source.size, 0, "too long for a header");
});

/** Values that ended or hung the process when RocksDB's parser, or its tables, got them. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ["table.block_size", "-1"],
  ["table.block_size", "18446744073709551615"],
  ["table_factory", "AdaptiveTable"],
  ["table_factory", "PlainTable"],
  ["table.index_type", "kHashSearch"],
  ["table.index_type", "kBinarySearchWithFirstKey"],
  ["num_levels", "2147483647"],
  ["num_levels", "1"],
  ["memtable_factory", "vector:4611686018427387904"],
  ["memtable_factory", "hash_skiplist:4611686018427387904"],
  ["table.filter_policy", "bloomfilter:99999999999:false"],
  ["table.filter_policy", "nosuchfilter:1"],
  ["table.block_restart_interval", "0"],
  ["table.index_block_restart_interval", "-5"],
  ["table.metadata_block_size", "0"],
  ["table.data_block_hash_table_util_ratio", "-1"],
  ["table.format_version", "99"],
  ["compression", "kNoSuchCompression"],
  ["compression", "kXpressCompression"],
  ["compression_opts", "{level=2147483648;max_dict_bytes=4294967295;zstd_max_train_bytes=4294967295}"],
  ["compression_per_level", "kZSTD:x"],
  ["prefix_extractor", "rocksdb.FixedPrefix.99999"],
  ["prefix_extractor", "rocksdb.FixedPrefix.-1"],
  ["write_buffer_size", "1"],
  ["write_buffer_size", "18446744073709551615"],
  ["target_file_size_base", "0"],
  ["min_blob_size", "0"],
  ["compaction_style", "kCompactionStyleNone"],
  ["comparator", "somebody's order"],
];

test("a hostile header neither ends the process nor loses a record", async (t) => {
  const name = Buffer.from("default");
  const blocks = encodeEntries(Array.from({ length: 500 }, (_, i) => ({ key: Buffer.from(`key${i.toString().padStart(6, "0")}`), value: Buffer.alloc(50, i) })));
  for (const style of ["kCompactionStyleLevel", "kCompactionStyleFIFO"]) {
    for (const [option, value] of HOSTILE) {
      const directory = await temporaryDirectory(t);
      const { family } = new RestoredFamilies().make(name, "bytewise", { settings: new Map([["compaction_style", style], ["enable_blob_files", "true"], [option, value]]) });
      const loader = await openRocksdbLoader(join(directory, "store"), { tableDirectory: join(directory, "tables"), families: [family] });
      await loader.startKeyspace(name, "bytewise");
      await loader.load(blocks);
      t.is(await loader.finishKeyspace(), 500, `${option}=${value}`);
      await loader.finish();
    }
  }
});

test("a FIFO family whose limits are not taken gets none: RocksDB's own would delete what is there", (t) => {
  const common = new Map([["compaction_style", "kCompactionStyleFIFO"], ["compaction_options_fifo", "{max_table_files_size=5;no_such={{;}"], ["ttl", "77"]]);
  const { source, families } = toHeader({ version: "11.8.1", database: new Map([["max_open_files", "5"]]), families: [common] });
  const { final, notKept } = new RestoredFamilies().make(Buffer.from("f"), "bytewise", { source, settings: families[0] ?? new Map() });
  t.true(final.complete);
  t.deepEqual([final.values.get("compaction_options_fifo"), final.values.get("ttl")], ["{allow_compaction=false;max_table_files_size=18446744073709551615;}", "77"]);
  t.regex(notKept.join("\n"), /compaction_options_fifo=.* is not kept[^]*whose limits are not kept: OPTIONS has none/);
});
