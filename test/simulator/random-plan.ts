/** Random stores: plans for the maker, of every kind of log, table, write and end. */
import type { ErrorCode } from "#src/errors.js";
import type { Random } from "../fuzz/random.js";
import { hex } from "../maker/run.js";
import { PlanWriter } from "./plan-writer.js";

/** What a store is like, as far as judging needs it. */
export interface Scenario {
  readonly plan: readonly string[];
  /** Where the store ends up: in the directory that it was made in, or as a copy of it. */
  readonly end: "crash" | "close" | "checkpoint" | "restored";
  readonly logs: LogKind;
  /** Logs lie in a directory of their own. */
  readonly logsElsewhere: boolean;
  /** Some writes are in no log, so that sequence numbers are missing from them in a sound store, too. */
  readonly unlogged: boolean;
  /** Refusals by name that are right although the store is sound. */
  readonly mayRefuse: readonly ErrorCode[];
  readonly ttl: boolean;
  /** Values or orders of this store are only known by its OPTIONS. */
  readonly needsOptions: boolean;
  /** A key stands where it doesn't belong: by the writer's own order under the name of the usual one. */
  readonly disorder: string | null;
}

/** How RocksDB writes the store's logs. */
export type LogKind = "plain" | "recycled" | "compressed" | "tracked" | "verified" | "two-phase" | "write-prepared" | "buffered";

const LOG_OPTIONS: Readonly<Record<LogKind, string>> = {
  plain: "",
  recycled: "recycle_log_file_num=3;",
  compressed: "wal_compression=kZSTD;",
  tracked: "track_and_verify_wals_in_manifest=true;",
  verified: "track_and_verify_wals=true;",
  "two-phase": "",
  "write-prepared": "",
  buffered: "manual_wal_flush=true;",
};
const WRITINGS = ["", "", "", "enable_pipelined_write=true;", "two_write_queues=true;", "atomic_flush=true;", "unordered_write=true;"];
/** Logs of stores with transactions are written in any other way, too. */
const TRANSACTIONAL: readonly LogKind[] = ["plain", "plain", "recycled", "compressed", "tracked", "verified"];
/** What else a store's program may ask for. */
const HABITS = [
  "max_manifest_file_size=1;",
  "max_manifest_file_size=600;",
  "level_compaction_dynamic_level_bytes=false;num_levels=3;",
  "allow_2pc=true;",
  "preclude_last_level_data_seconds=500;preserve_internal_time_seconds=1000;",
  "info_log_level=INFO_LEVEL;",
  "write_dbid_to_manifest=false;",
  "preserve_internal_time_seconds=10000;",
  "memtable_prefix_bloom_size_ratio=0.1;memtable_whole_key_filtering=true;",
  "fail_if_options_file_error=true;best_efforts_recovery=false;",
  "wal_recovery_mode=kPointInTimeRecovery;",
];
const COMPRESSIONS = ["kNoCompression", "kSnappyCompression", "kLZ4Compression", "kZSTD", "kZlibCompression"];
const CHECKSUMS = ["kCRC32c", "kCRC32c", "kxxHash", "kxxHash64", "kXXH3", "kNoChecksum"];
const INDEXES = ["kBinarySearch", "kBinarySearch", "kTwoLevelIndexSearch;partition_filters=true;filter_policy=bloomfilter:10", "kBinarySearchWithFirstKey"];

function tableOptions(random: Random, changeable: boolean): string {
  if (changeable) return "compression=kNoCompression;block_based_table_factory={format_version=3;checksum=kCRC32c;block_restart_interval=1;block_size=400}";
  const table = `format_version=${String(2 + random.below(6))};checksum=${random.pick(CHECKSUMS)};block_size=${String(random.pick([100, 400, 4096]))}`;
  return `compression=${random.pick(COMPRESSIONS)};block_based_table_factory={${table};index_type=${random.pick(INDEXES)}}`;
}

/** RocksDB hangs when it writes without order into buffered logs; and an atomic flush takes families that nobody named. */
function writing(random: Random, { logs, unlogged }: { logs: LogKind; unlogged: boolean }): string {
  const chosen = random.pick(WRITINGS);
  const odd = (logs === "buffered" && chosen.startsWith("unordered")) || (unlogged && chosen.startsWith("atomic"));
  return odd ? "" : chosen;
}

/** How a plan is to go wrong by itself; everything else is done to the store's files later. */
export type Inborn = "key out of order" | "tables in another order" | "prepared" | null;

/** RocksDB forgets which blob files its tables need when a compaction keeps entries above the last level, and then removes the files. */
function habit(options: string, blobs: boolean): string {
  return blobs && options.includes("preclude_last_level") ? "" : options;
}

/** A random store with one of these kinds of logs. `changeable` asks for tables in which a key can be rewritten, `inborn` for a fault that the writer makes. */
export function randomScenario(random: Random, { inborn, changeable, kinds }: { inborn: Inborn; changeable: boolean; kinds: readonly LogKind[] }): Scenario {
  const logs = inborn === "prepared" ? "two-phase" : random.pick(kinds);
  const transactional = logs === "two-phase" || logs === "write-prepared";
  const ttl = !transactional && inborn === null && random.once(15);
  const blobs = random.once(8);
  const end = random.pick(["crash", "crash", "crash", "close", "checkpoint", "restored"] as const);
  const copied = end === "checkpoint" || end === "restored";
  const unlogged = !copied && !transactional && logs !== "recycled" && random.once(6);
  const logsElsewhere = random.once(10);
  const ordinary = !transactional && !ttl && inborn === null;
  const behind = ordinary && random.once(12);
  const operator = inborn === null && !behind && random.once(6) ? random.pick(["uint64add", "stringappend", "max", "own"]) : null;
  const options = [
    "disable_auto_compactions=true;",
    LOG_OPTIONS[transactional ? random.pick(TRANSACTIONAL) : logs],
    random.once(3) ? habit(random.pick(HABITS), blobs) : "",
    transactional || behind ? "" : writing(random, { logs, unlogged }),
    random.once(3) ? "avoid_flush_during_recovery=true;" : "",
    random.once(6) ? "avoid_flush_during_shutdown=true;" : "",
    blobs ? "enable_blob_files=true;min_blob_size=20;" : "",
    blobs && random.once(3) ? "enable_blob_garbage_collection=true;blob_garbage_collection_age_cutoff=1.0;" : "",
    behind ? "allow_ingest_behind=true;num_levels=5;compaction_style=kCompactionStyleUniversal;" : "",
    logsElsewhere ? "wal_dir=$LOGS;" : "",
    operator !== null && operator !== "own" ? `merge_operator=${operator};` : "",
  ].join("");
  const names = ["default", ...["nodes", "edges", "indices", "a b"].slice(0, random.below(4))];
  const families = names.map((name) => ({
    name: hex(name),
    reverse: inborn === null && name !== "default" && random.once(6),
    options: tableOptions(random, changeable),
  }));
  const drops = inborn === null && operator !== "own" && random.once(6);
  const writer = new PlanWriter(random, { families, drops, transactional, ttl, unlogged, behind, ordinary, operator: operator !== null, buffered: logs === "buffered", entities: ordinary && operator === null && random.once(20), timed: ordinary && operator === null && !blobs && options.includes("preserve_internal_time"), synced: !unlogged && !options.includes("unordered_write") });
  const head = [
    `options ${options.slice(0, -1)}`,
    ...(transactional ? [`mode transactions ${logs === "two-phase" ? "committed" : random.pick(["prepared", "unprepared"])}`] : []),
    ...(ttl ? ["mode ttl 100000000"] : []),
    ...families.map(({ name, reverse, options: own }) => `family ${name} ${own}${reverse ? ";comparator=rocksdb.ReverseBytewiseComparator" : ""}`),
    ...(operator === "own" ? families.map(({ name }) => `operator ${name} maker.concat`) : []),
  ];
  const { lines, disorder } = inborn === "key out of order" || inborn === "tables in another order" ? writer.disordered(inborn, end) : { lines: writer.lives(end, inborn === "prepared"), disorder: null };
  const mayRefuse: ErrorCode[] = [];
  if (operator !== null) mayRefuse.push("STORE_MERGE_OPERATOR");
  if (writer.entities) mayRefuse.push("STORE_WIDE_COLUMNS");
  if (logs === "write-prepared") mayRefuse.push("STORE_UNSUPPORTED");
  return { plan: [...head, ...lines], end, logs, logsElsewhere, unlogged, mayRefuse, ttl, needsOptions: operator !== null || ttl || logsElsewhere || logs === "write-prepared", disorder };
}
