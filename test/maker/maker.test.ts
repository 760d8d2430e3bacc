/** The maker's own word: RocksDB itself shows what the model has, for every kind of store; and kgdump exports it. */
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { temporaryDirectory } from "../support/temporary.js";
import { differences, exportedOf } from "./exported.js";
import { hex, type Made, Maker } from "./run.js";

const [D, A] = [hex("default"), hex("a")];
const key = (number: number): string => hex(`key${String(number).padStart(5, "0")}`);
const times = <T>(from: number, to: number, make: (number: number) => T): T[] => Array.from({ length: to - from }, (_, index) => make(from + index));
const puts = (family: string, from: number, to: number, text = "v"): string[] =>
  times(from, to, (number) => `put ${family} ${key(number)} ${hex(`${text}${String(number)}`)}`);
const REOPENED = ["close", "open", "check", "close"];

interface Kind {
  readonly plan: readonly string[];
  /** What kgdump is asked besides. */
  readonly ttl?: "strip";
  /** Why kgdump can't be asked. */
  readonly refused?: true;
}

const transaction = (name: string, at: number): string[] => [
  `begin ${hex(name)}`,
  `in ${hex(name)} put ${D} ${hex(`new ${name}`)} ${hex(name)}`,
  `in ${hex(name)} delete ${D} ${key(at)}`,
];

const operators = ["stringappend", "uint64add", "max", "{id=StringAppendOperator;delimiter=|}"];
const merges = [
  `put ${D} 01 ${hex("abcdefgh")}`,
  ...["12345678", "22345678"].flatMap((operand) => [`merge ${D} 01 ${hex(operand)}`, `merge ${D} 02 ${hex(operand)}`]),
];

const checksums = ["kCRC32c", "kxxHash", "kxxHash64", "kXXH3", "kNoChecksum"];
const compressions = ["kSnappyCompression", "kZlibCompression", "kBZip2Compression", "kLZ4Compression", "kLZ4HCCompression", "kZSTD"];
const writings = ["unordered_write", "enable_pipelined_write", "two_write_queues", "atomic_flush", "track_and_verify_wals", "allow_2pc"];
const rows = times(10, 60, (number) => `row put ${key(number)} ${hex(`ingested ${String(number)}`)}`).filter((_, index) => index % 3 === 0);
const table = (options: string): string[] => [`options block_based_table_factory={${options}}`, "open", ...puts(D, 0, 50), `flush ${D}`, "check", ...REOPENED];

const KINDS: Readonly<Record<string, Kind>> = {
  plain: { plan: [`family ${A} compression=kNoCompression`, "open", ...puts(D, 0, 50), ...puts(A, 0, 30), `flush ${D}`, ...puts(D, 20, 60, "w"), `delete ${D} ${key(3)}`, "crash", "open", "check", "close"] },
  "compressed logs": { plan: ["options wal_compression=kZSTD;avoid_flush_during_recovery=true", "open", ...puts(D, 0, 50), "crash", "open", "check", ...puts(D, 50, 90), "crash"] },
  "recycled logs": { plan: ["options recycle_log_file_num=2", "open", ...times(0, 5, (n) => [...puts(D, n * 40, n * 50 + 20), `flush ${D}`]).flat(), ...puts(D, 80, 90, "w"), "crash"] },
  "tracked logs": { plan: ["options track_and_verify_wals_in_manifest=true;avoid_flush_during_recovery=true", "open", ...puts(D, 0, 50), "crash", "open", "check", ...puts(D, 40, 60, "w"), "crash"] },
  "a synced write takes the log's buffer with it": { plan: ["options manual_wal_flush=true", `family ${A}`, "open", ...puts(D, 0, 5), "sync on", ...puts(A, 0, 1), "sync off", ...puts(D, 5, 9), "crash", "open", "check", "close"] },
  "a log's buffer is lost": { plan: ["options manual_wal_flush=true", "open", ...puts(D, 0, 50), "flush-log", ...puts(D, 50, 60), "crash", "open", "check", "close"] },
  "what is in no log is lost": { plan: [`family ${A}`, "open", "wal off", ...puts(D, 0, 10), ...puts(A, 0, 10), `flush ${A}`, "wal on", ...puts(A, 5, 15, "w"), "crash", "open", "check", "close"] },
  "ranges and single deletes": { plan: ["open", ...puts(D, 0, 50), `flush ${D}`, `delete-range ${D} ${key(10)} ${key(20)}`, ...puts(D, 12, 14, "w"), `single-delete ${D} ${key(1)}`, "check", ...REOPENED] },
  batches: { plan: [`family ${A}`, "open", "batch", ...puts(D, 0, 20), ...puts(A, 0, 20), "write", "sync on", "batch", ...puts(D, 10, 30, "w"), "write", "check", "crash"] },
  "an operator of its own": { plan: [`operator ${D} maker.concat`, "open", ...merges, `flush ${D}`, `merge ${D} 01 ff`, "check", `compact ${D}`, "check"] },
  "time to live": { plan: ["mode ttl 1000000", "open", ...puts(D, 0, 20), `delete ${D} ${key(2)}`, "check", ...REOPENED], ttl: "strip" },
  "wide columns": { plan: ["open", ...puts(D, 0, 5), `entity ${D} ${key(2)} -=${hex("plain")} ${hex("c1")}=${hex("v1")}`, `entity ${D} ff ${hex("c2")}=-`, "check", `flush ${D}`, ...REOPENED], refused: true },
  "values that say when they were written": { plan: ["options preclude_last_level_data_seconds=500;preserve_internal_time_seconds=1000", "open", ...times(0, 30, (n) => `timed ${D} ${key(n)} ${String(10 ** (n % 10))} ${hex(`a${String(n)}`)}`), `compact ${D}`, ...times(10, 20, (n) => `timed ${D} ${key(n)} ${String(n)} ${hex(`b${String(n)}`)}`), "check", ...REOPENED] },
  "blob files": { plan: ["options enable_blob_files=true;min_blob_size=10", "open", ...times(0, 30, (n) => `fill ${D} ${key(n)} ${String(n * 7)} ${String(n)}`), `flush ${D}`, ...REOPENED] },
  ingested: { plan: ["open", ...puts(D, 0, 50), ...rows, `ingest ${D}`, "check", ...puts(D, 50, 55, "w"), ...REOPENED] },
  "ingested behind": {
    plan: ["options allow_ingest_behind=true;num_levels=4;compaction_style=kCompactionStyleUniversal", "open", ...puts(D, 0, 50), `delete ${D} ${key(13)}`, ...rows, `row put ff 00`, `ingest ${D} behind`, "check", `flush ${D}`, ...REOPENED],
  },
  "a reverse order": { plan: [`family ${A} comparator=rocksdb.ReverseBytewiseComparator`, "open", ...puts(A, 0, 50), `delete-range ${A} ${key(30)} ${key(20)}`, "check", ...REOPENED] },
  "an order of its own": { plan: [`order ${D} length maker.Length`, "open", ...puts(D, 0, 50), `put ${D} 7a 01`, `delete-range ${D} 00 ${hex("abcd")}`, `flush ${D}`, "check", "close"], refused: true },
  "a key out of order": { plan: [`order ${D} moved leveldb.BytewiseComparator ${key(3)}=${key(40)} ${key(44)}=${key(1)}`, "open", ...puts(D, 0, 50), `flush ${D}`, "check", "close"], refused: true },
  "two-phase commit": {
    plan: ["mode transactions committed", "open", ...puts(D, 0, 10), ...transaction("A", 1), ...transaction("B", 2), `prepare ${hex("A")}`, `put ${D} ff 00`, `prepare ${hex("B")}`, `commit ${hex("A")}`, ...transaction("C", 3), `prepare ${hex("C")}`, `rollback ${hex("C")}`, ...transaction("D", 4), "check", "crash", "open", "check", `commit ${hex("B")}`, "check", ...REOPENED],
  },
  "a hash index": { plan: ["options prefix_extractor=fixed:4;block_based_table_factory={index_type=kHashSearch}", "open", ...puts(D, 0, 50), `flush ${D}`, ...REOPENED] },
  "plain tables": { plan: ["options allow_mmap_reads=true;prefix_extractor=fixed:4;table_factory=PlainTable", "open", ...puts(D, 0, 50), `flush ${D}`, "check", ...REOPENED], refused: true },
  ...Object.fromEntries(operators.map((name): [string, Kind] => [`merges by ${name}`, { plan: [`options merge_operator=${name}`, "open", ...merges, "check", `flush ${D}`, "check", `compact ${D}`, ...REOPENED] }])),
  ...Object.fromEntries(
    ["prepared", "unprepared"].map((policy): [string, Kind] => [`write-${policy} transactions`, { plan: [`mode transactions ${policy}`, "open", ...puts(D, 0, 10), ...transaction("A", 1), ...transaction("B", 2), `prepare ${hex("A")}`, `commit ${hex("A")}`, `prepare ${hex("B")}`, "check", "crash", "open", "check", `commit ${hex("B")}`, `flush ${D}`, "close", "mode plain", "open", "check"] }]),
  ),
  ...Object.fromEntries(checksums.flatMap((checksum, at) => [2, 4, 5, 6, 7].map((version): [string, Kind] => [`tables of format ${String(version)} with ${checksum}`, { plan: table(`format_version=${String(version)};checksum=${checksum};block_size=256${at % 2 === 0 ? "" : ";index_type=kTwoLevelIndexSearch;partition_filters=true;filter_policy=bloomfilter:10"}`) }]))),
  "tables of format 0": { plan: table("format_version=0;checksum=kCRC32c") },
  ...Object.fromEntries(compressions.map((name): [string, Kind] => [name, { plan: [`options compression=${name};compression_opts={max_dict_bytes=1000;zstd_max_train_bytes=10000}`, "open", ...puts(D, 0, 500), `flush ${D}`, `compact ${D}`, ...REOPENED] }])),
  ...Object.fromEntries(writings.map((name): [string, Kind] => [name, { plan: [`options ${name}=true`, `family ${A}`, "open", ...puts(D, 0, 50), ...puts(A, 0, 50), `flush ${D}`, ...puts(D, 40, 60, "w"), "check", "crash", "open", "check"] }])),
};

async function assertExported(t: ExecutionContext, store: string, made: Made, name: string, ttl?: "strip"): Promise<void> {
  const { exported } = await exportedOf(store, { ttl });
  t.deepEqual(differences(made, exported), [], name);
}

test("RocksDB shows what the model has, and kgdump exports it", async (t) => {
  const directory = await temporaryDirectory(t);
  await using maker = new Maker();
  for (const [at, [name, { plan, ttl, refused }]] of Object.entries(KINDS).entries()) {
    const store = join(directory, String(at));
    const made = await maker.make(store, plan);
    if (refused === undefined) await assertExported(t, store, made, name, ttl);
  }
});

test("checkpoints and restored backups hold what the store held, logs and tables may lie elsewhere", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  await using maker = new Maker();
  const plan = [`options wal_dir=${at("logs")}`, "open", ...puts(D, 0, 50), `flush ${D}`, ...puts(D, 30, 60, "w")];
  const made = await maker.make(at("store"), [...plan, `checkpoint ${at("checkpoint")}`, `backup ${at("backups")} ${at("restored")}`, "crash"]);
  for (const name of ["store", "checkpoint", "restored"]) await assertExported(t, at(name), made, name);
  const elsewhere = [`tables-in ${at("tables")} 100000000`, "open", ...puts(D, 0, 50), `flush ${D}`, ...REOPENED];
  t.is((await maker.make(at("other"), elsewhere)).families[0]?.entries.length, 50);
});

test("what is prepared and never committed stands in the model", async (t) => {
  const directory = await temporaryDirectory(t);
  await using maker = new Maker();
  const plan = ["mode transactions committed", "open", ...puts(D, 0, 10), ...transaction("A", 1), `prepare ${hex("A")}`, "crash", "open", "check", "crash"];
  const made = await maker.make(join(directory, "store"), plan);
  t.deepEqual(made.prepared, [{ name: Buffer.from("A"), changes: 2 }]);
  t.is(made.families[0]?.entries.length, 10);
});

test("a plan that can't be done fails by its line, and the next one is done", async (t) => {
  const directory = await temporaryDirectory(t);
  await using maker = new Maker();
  await t.throwsAsync(maker.make(join(directory, "a"), ["options no_such_option=1", "open"]), { message: /^failed line 3: options .*no_such_option/ });
  await t.throwsAsync(maker.make(join(directory, "b"), ["paint it"]), { message: /^failed cannot do: paint/ });
  await t.throwsAsync(maker.make(join(directory, "c"), ["open", `merge ${D} 01 02`, `flush ${D}`, "check"]), { message: /merge/ });
  t.is((await maker.make(join(directory, "d"), ["open", ...puts(D, 0, 3)])).families[0]?.entries.length, 3);
});

test("a check fails when RocksDB shows other than the model", async (t) => {
  const directory = await temporaryDirectory(t);
  await using maker = new Maker();
  const plan = [`order ${D} moved leveldb.BytewiseComparator ${key(3)}=${key(40)}`, "open", ...puts(D, 0, 50), `flush ${D}`, "close", `order ${D} none`, "open", "check"];
  await t.throwsAsync(maker.make(join(directory, "a"), plan), { message: /RocksDB shows \d+ entries and the model has 50/ });
});
