/** What is taken of a header's options, and that nothing else reaches RocksDB. */
import { join } from "node:path";
import test from "ava";
import { openRocksdbLoader } from "#src/engines/rocksdb/loader.js";
import { DATABASE_OPTIONS, fromHeader, toHeader } from "#src/engines/rocksdb/option-lines.js";
import type { Scope } from "#src/engines/rocksdb/option-names.js";
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

const [INT, INT64, UINT64] = [2n ** 31n, 2n ** 63n, 2n ** 64n];
/** For some options the smallest and the largest number that is taken. */
const BOUNDS: readonly (readonly [Scope, string, bigint, bigint])[] = [
  ["family", "level0_stop_writes_trigger", -INT, INT - 1n], ["family", "max_write_buffer_size_to_maintain", -INT64, INT64 - 1n], ["family", "ttl", 0n, UINT64 - 1n],
  ["family", "num_levels", 1n, 64n], ["family", "max_write_buffer_number", 0n, 100_000n], ["family", "min_write_buffer_number_to_merge", 0n, 100_000n],
  ["family", "write_buffer_size", 0n, 2n ** 40n], ["family", "arena_block_size", 0n, 2n ** 40n], ["family", "memtable_huge_page_size", 0n, 2n ** 40n],
  ["family", "inplace_update_num_locks", 0n, 100_000_000n], ["family", "sample_for_compression", 0n, 2n ** 32n],
  ["family", "block_protection_bytes_per_key", 0n, 8n], ["family", "memtable_protection_bytes_per_key", 0n, 8n],
  ["table", "block_size", 1n, INT], ["table", "block_size_deviation", 0n, 100n], ["table", "block_restart_interval", 1n, 1_000_000n],
  ["table", "index_block_restart_interval", 1n, 1_000_000n], ["table", "metadata_block_size", 1n, INT], ["table", "format_version", 0n, 7n],
  ["table", "read_amp_bytes_per_bit", 0n, INT], ["table", "super_block_alignment_size", 0n, INT],
  ["database", "db_write_buffer_size", 0n, 2n ** 44n], ["database", "max_subcompactions", 0n, 100_000n], ["database", "max_background_jobs", -1n, 100_000n],
  ["database", "max_background_compactions", -1n, 100_000n], ["database", "max_background_flushes", -1n, 100_000n], ["database", "max_file_opening_threads", 0n, 100_000n],
  ["database", "table_cache_numshardbits", -1n, 19n], ["database", "recycle_log_file_num", 0n, 1_000_000n],
];
/** Values that are as long as they may be, and what makes them too long. */
const LENGTHS: readonly (readonly [string, string, string])[] = [
  ["compression", "k".repeat(64), "k"],
  ["merge_operator", "x".repeat(256), "x"],
  ["prefix_extractor", "rocksdb.FixedPrefix:2147483648", "0"],
  ["compression_per_level", Array.from({ length: 64 }, () => "kZSTD").join(":"), ":kZSTD"],
  ["max_bytes_for_level_multiplier_additional", Array.from({ length: 64 }, () => "1").join(":"), ":1"],
  ["max_bytes_for_level_multiplier", `${"1".repeat(20)}.${"1".repeat(20)}`, "1"],
];

test("the smallest and the largest number, and the longest value, are taken, and nothing beyond", (t) => {
  for (const [scope, name, least, most] of BOUNDS) {
    const taken = [least - 1n, least, most, most + 1n].map((value) => optionProblem(scope, name, String(value)) === null);
    t.deepEqual(taken, [false, true, true, false], name);
  }
  for (const [name, value, more] of LENGTHS) t.deepEqual([value, value + more].map((text) => optionProblem("family", name, text) === null), [true, false], name);
  const fields = (length: number): string => `{${"a=1;".repeat(1000)}b=${"2".padEnd(length - 4004, "x")}}`;
  t.deepEqual([4096, 4097].map((length) => [fields(length).length, optionProblem("family", "compression_opts", fields(length)) === null]), [[4096, true], [4097, false]]);
  const nested = (depth: number): string => `${"{".repeat(depth)}a=1${"}".repeat(depth)}`;
  t.deepEqual([6, 7].map((depth) => optionProblem("family", "table_properties_collectors", nested(depth)) === null), [true, false]);
  for (const [value, taken] of [["", true], ["23:30-03:15", true], ["23\\:30-03\\:15", true], ["23:30", false], ["23:30-03:15x", false]] as const) t.is(optionProblem("database", "daily_offpeak_time_utc", value) === null, taken, value);
});

test("a header carries all options, what families have in common once", (t) => {
  const families = [new Map([["a", "1"], ["b", "x=y"], ["table.c", "3"]]), new Map([["a", "1"], ["b", ""], ["table.c", "4"]])];
  const database = new Map([["d", "{e=1;f=2;}"]]);
  const { source, families: own } = toHeader({ version: "8.11.4", database, families });
  for (const [number, family] of families.entries()) t.deepEqual(fromHeader(source, own[number]), { version: "8.11.4", database, family });
  t.false([...(own[0] ?? [])].some(([, text]) => text.includes("a=1")));
  t.is(fromHeader(source, new Map()), null, "a family that the source does not tell of");
  t.is(toHeader({ version: "", database, families }).source.size, 0);
  t.is(toHeader({ version: "8.11.4", database, families: [...families, new Map()] }).source.size, 0, "a family of which nothing is known");
  // `d=` goes in front.
  for (const [text, fits] of [["x".repeat(65_533), true], ["x".repeat(65_534), false], ["ä".repeat(32_766), true], ["ä".repeat(32_767), false]] as const) {
    const header = toHeader({ version: "8.11.4", database: new Map([["d", text]]), families });
    t.deepEqual([header.source.size, header.families.map(({ size }) => size)], fits ? [3, [1, 1]] : [0, [0, 0]]);
    const own = toHeader({ version: "8.11.4", database, families: [...families, new Map([["d", text]])] });
    t.is(own.source.size, fits ? 3 : 0);
  }
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

test("options that lack their version, or a name, are none", (t) => {
  const told = (version: string, database: string): ReturnType<typeof fromHeader> => {
    const { source, families } = toHeader({ version, database: new Map([["b", "2"]]), families: [new Map([["a", "1"]])] });
    return fromHeader(source.size === 0 ? source : new Map([...source, [DATABASE_OPTIONS, database]]), families[0]);
  };
  t.deepEqual([...(told("8.11.4", "=x\nb=2\nc")?.database ?? [])], [["b", "2"]]);
  t.is(told("", "b=2"), null);
});
