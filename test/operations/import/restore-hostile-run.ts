/**
 * Restores dumps whose headers have random options, in a process of its own, which they might end: `hostile-run DIRECTORY SEED ROUNDS`.
 * Each round is told before it is begun, with what was changed, and after it with how it ended.
 */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { COMMON_OPTIONS, FAMILY_OPTIONS } from "#src/engines/header-options.js";
import { DATABASE_OPTIONS } from "#src/engines/rocksdb/option-lines.js";
import { OPTION_KINDS, type Kind, type Scope } from "#src/engines/rocksdb/option-names.js";
import { createRocksdbSink, openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { KgdumpError } from "#src/errors.js";
import type { HeaderKeyspace } from "#src/format/index.js";
import { seededRandom } from "#src/operations/entries/samples.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { entry, header, makeDump } from "../../format/support/dumps.js";

const [directory = "", seed = "1", rounds = "1"] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const below = (count: number): number => Math.floor(random() * count);
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

const NUMBERS = ["-1", "0", "1", "2", "3", "7", "8", "19", "20", "63", "64", "65", "100", "255", "256", "4095", "65535", "1000000", "2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "-2147483648", "-2147483649", "-9223372036854775808"];
const NAMES: readonly string[] = `kNoCompression kSnappyCompression kZlibCompression kBZip2Compression kLZ4Compression kLZ4HCCompression kXpressCompression kZSTD kZSTDNotFinalCompression
  kDisableCompressionOption kCompactionStyleLevel kCompactionStyleUniversal kCompactionStyleFIFO kCompactionStyleNone kByCompensatedSize kRoundRobin kHot kCold kWarm kUnknown kDisable kFlushOnly
  kNoChecksum kCRC32c kxxHash kxxHash64 kXXH3 kDataBlockBinarySearch kDataBlockBinaryAndHash kBinarySearch kHashSearch kTwoLevelIndexSearch kBinarySearchWithFirstKey kNoShortening
  kShortenSeparators kShortenSeparatorsAndSuccessor kPointInTimeRecovery kTolerateCorruptedTailRecords kSkipAnyCorruptedRecords kAbsoluteConsistency DEBUG_LEVEL NONE WILLNEED kNoSuchThing 7 x`.split(/\s+/);
const OBJECTS: readonly string[] = `nullptr BlockBasedTable PlainTable CuckooTable AdaptiveTable SkipListFactory VectorRepFactory vector vector:4611686018427387904 vector:2147483648 skip_list:2147483648 skip_list:-1
  prefix_hash prefix_hash:2147483648 hash_skiplist:2147483648 hash_linkedlist:2147483648 cuckoo:2147483648 HashSkipListRepFactory HashLinkListRepFactory PutOperator StringAppendOperator UInt64AddOperator MaxOperator
  {id=StringAppendOperator;delimiter=;} {id=SkipListFactory;lookahead=18446744073709551615;} {id=VectorRepFactory;count=18446744073709551615;} {id=HashSkipListRepFactory;skiplist_height=2147483647;branching_factor=0;bucket_count=0;}
  rocksdb.FixedPrefix.0 rocksdb.FixedPrefix.99999 rocksdb.CappedPrefix.0 fixed:18446744073709551615 capped:99999 rocksdb.Noop bloomfilter:0:false bloomfilter:1000:true bloomfilter:-1:false bloomfilter:nan ribbonfilter:0:0
  ribbonfilter:999:-999999999 ribbonfilter:10:2147483647 {id=ribbonfilter:12;bloom_before_level=-2147483648;} rocksdb.BuiltinBloomFilter rocksdb.internal.LegacyBloomFilter rocksdb.internal.Standard128RibbonFilter
  leveldb.BytewiseComparator rocksdb.ReverseBytewiseComparator leveldb.BytewiseComparator.u64ts RocksDB.no SstPartitionerFixedPrefixFactory:0 SstPartitionerFixedPrefixFactory:2147483648 RemoveEmptyValueCompactionFilter TtlCompactionFilterFactory
  BuiltinV2 {id=BuiltinV2;} FlushBlockBySizePolicyFactory FlushBlockEveryKeyPolicyFactory FileChecksumGenCrc32c GenericRateLimiter:1 {rate_bytes_per_sec=0;} {id=GenericRateLimiter;rate_bytes_per_sec=1;refill_period_us=1;} x`.split(/\s{2,}|\s(?=\S+$)|\s/);
const FIELDS: readonly string[] = `{} {level=2147483647;} {level=-2147483648;strategy=99;window_bits=-99;} {window_bits=99;} {max_dict_bytes=4294967295;zstd_max_train_bytes=4294967295;enabled=true;} {max_dict_bytes=67108864;zstd_max_train_bytes=1073741824;max_dict_buffer_bytes=18446744073709551615;enabled=true;}
  {parallel_threads=4294967295;} {parallel_threads=0;} {parallel_threads=9;level=9;} {max_table_files_size=0;allow_compaction=true;} {max_table_files_size=1;age_for_warm=1;allow_compaction=true;} {size_ratio=0;min_merge_width=0;max_merge_width=0;}
  {max_merge_width=1;min_merge_width=4294967295;} {stop_style=kNoSuch;} {compression_size_percent=-2147483648;} {use_zstd_dict_trainer=false;max_dict_bytes=1;enabled=true;} {a={b={c={d=e;}}}} {{{{{ } =;=; {=} {level=;} {{id=x;}:{id=y;}} {file_temperature_age_thresholds={{temperature=kCold;age=1;}:{temperature=kNo;age=99999999999999999999;}};}`.split(/\s+/);
const STRANGE = ["", " ", "x", "nan", "inf", "-0", "0x10", "1K", "1e9", "{".repeat(500), "a".repeat(5000), "ü", "\u0000", "true;num_levels=1", "false}", "nullptr;env=x", "\\", "#", "[CFOptions \"x\"]", "${x}", "../../etc"];

function valueOf(kind: Kind): string {
  if (random() < 0.15) return pick(STRANGE);
  switch (kind) {
    case "boolean":
      return pick(["true", "false", "1", "TRUE"]);
    case "int": case "uint64": case "int64":
      return random() < 0.8 ? pick(NUMBERS) : below(2 ** 31).toString();
    case "float":
      return random() < 0.5 ? pick(NUMBERS) : pick(["0.0", "-1.0", "0.5", "1.000000", "99999999999999999999.9", "1e308", "0.00000000000000000001"]);
    case "hours":
      return pick(["", "00:00-23:59", "99:99-99:99", "1:1-2:2"]);
    case "name":
      return pick(NAMES);
    case "names":
      return Array.from({ length: below(70) }, () => pick(NAMES)).join(":");
    case "numbers":
      return Array.from({ length: below(70) }, () => pick(NUMBERS)).join(":");
    case "fields": case "nested":
      return pick(FIELDS);
    case "object":
      return pick(OBJECTS);
  }
}

const ALL = (Object.keys(OPTION_KINDS) as Scope[]).flatMap((scope) => [...OPTION_KINDS[scope]].map(([name, kind]) => ({ scope, name, kind })));
/** Those that a family is loaded with come more often. */
const LOADED = ALL.filter(({ scope, name }) => scope === "table" || /^(?:num_levels|comp|bottommost_comp|prefix_ext|enable_blob_files|min_blob|blob_file_size|blob_comp|target_file_size_base|write_buffer_size|memtable_factory|table_factory|merge_op)/.test(name));

function changed(text: string, changes: ReadonlyMap<string, string>): string {
  const lines = new Map(text.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  for (const [name, value] of changes) lines.set(name, value);
  return [...lines].map((pair) => pair.join("=")).join("\n");
}

const told = await (async () => {
  const store = join(directory, "template");
  {
    await using sink = await createRocksdbSink(store, { families: ["default"] });
    await sink.operate("default", [{ kind: "put", key: Buffer.from("a"), value: Buffer.from("b") }]);
  }
  await using source = await openRocksdbSource(store);
  return { source: source.info.options ?? new Map<string, string>(), family: source.info.keyspaces[0]?.settings ?? new Map<string, string>() };
})();

const ENTRIES = Array.from({ length: 300 }, (_, number) => entry(`key${number.toString().padStart(6, "0")}`, "a value ".repeat(1 + (number % 40))));

for (let round = 0; round < Number(rounds); round++) {
  const database = new Map<string, string>();
  const family = new Map<string, string>();
  for (let count = 1 + below(5); count > 0; count--) {
    const { scope, name, kind } = pick(random() < 0.7 ? LOADED : ALL);
    (scope === "database" ? database : family).set((scope === "table" ? "table." : "") + name, valueOf(kind));
  }
  if (random() < 0.2) family.set(pick(["no_such_option", "env", "cf_paths", "table.block_cache", "db_paths", "a b"]), pick(STRANGE));
  const source = new Map(told.source);
  source.set(DATABASE_OPTIONS, changed(source.get(DATABASE_OPTIONS) ?? "", database));
  const common = changed(source.get(COMMON_OPTIONS) ?? "", family);
  source.set(COMMON_OPTIONS, common.slice(0, 60_000));
  const settings = new Map(told.family);
  // As older versions told them, one by one.
  if (random() < 0.3) {
    settings.delete(FAMILY_OPTIONS);
    for (const [name, value] of family) settings.set(name, value);
  }
  if (random() < 0.2) settings.set("times", pick(["stripped", "kept", "x"]));
  if (random() < 0.3) settings.set("ages", pick(["1 2 3 61 62", "1500000000 1500000000 1500000000 6b6579 6b657a\n1600000000 1 9 6b65793030303030 6b657a", "x", "9999999999999999999 0 0  ", "0 0 0 ff 00"]));
  const keyspaces: HeaderKeyspace[] = [{ name: Buffer.from("default"), comparator: "bytewise", estimatedEntries: 0, estimatedBytes: 0, sourceOptions: settings }];
  process.stdout.write(`${JSON.stringify({ round, database: [...database], family: [...family].map(([name, value]) => [name, value.slice(0, 100)]) })}\n`);
  const bytes = await makeDump(header({ keyspaces, source: { engine: "rocksdb", version: "10.10.1", databaseId: null, sequenceNumber: null, options: source } }), [[ENTRIES]]);
  const [dump, target] = [join(directory, "hostile.kgd"), join(directory, "target")];
  await writeFile(dump, bytes);
  try {
    const { entries, verified } = await restoreDump({ target, input: dump });
    if (entries !== ENTRIES.length || !verified) throw new Error("not all was restored");
    process.stdout.write("restored\n");
  } catch (error) {
    if (!(error instanceof KgdumpError) || error.code === "INTERNAL") throw error;
    process.stdout.write(`refused ${error.code} ${error.message}\n`);
  }
  await rm(target, { recursive: true, force: true });
}
