/** Whatever a restored family does not have as its source had it, a sentence says. */
import test from "ava";
import { AGES, COMMON_OPTIONS, FAMILY_OPTIONS, TIMES } from "#src/engines/header-options.js";
import { DATABASE_OPTIONS, OPTIONS_VERSION } from "#src/engines/rocksdb/option-lines.js";
import { type FamilyWishes, finalOptions, RestoredFamilies, type RestoredFamily } from "#src/engines/rocksdb/settings.js";

const sourceOf = (database: string): Map<string, string> => new Map([[OPTIONS_VERSION, "8.11.4"], [DATABASE_OPTIONS, database], [COMMON_OPTIONS, ""]]);
const made = (options: readonly string[], others: Readonly<Record<string, string>> = {}, wishes: FamilyWishes = {}): RestoredFamily =>
  new RestoredFamilies(wishes).make(Buffer.from("f"), "bytewise", { source: sourceOf(""), settings: new Map([[FAMILY_OPTIONS, options.join("\n")], ...Object.entries(others)]) });

const TOLD: readonly (readonly [options: readonly string[], others: Readonly<Record<string, string>>, told: RegExp])[] = [
  [["compression=kXpressCompression"], {}, /^its tables are not compressed by compression=kXpressCompression, which kgdump can't write$/],
  [["bottommost_compression=kXpressCompression"], {}, /not compressed by bottommost_compression=/],
  [["enable_blob_files=true", "blob_compression_type=kXpressCompression"], {}, /not compressed by blob_compression_type=/],
  [["table.filter_policy=own.Filter"], {}, /^its tables have no filter, as kgdump can't make filter_policy=own\.Filter$/],
  [["table.format_version=0", "table.checksum=kxxHash64"], {}, /^table\.format_version is 2 and not 0/],
  [["comparator=own.Comparator"], {}, /^comparator=own\.Comparator is leveldb\.BytewiseComparator now/],
  [["num_levels=999"], {}, /^num_levels=999 is not kept: its value is out of range$/],
  [["nobody_knows=1"], {}, /^nobody_knows=1 is not kept: kgdump does not know this option$/],
  [["cf_paths=/elsewhere"], {}, /is not kept: it names a place/],
  [["compaction_style=kCompactionStyleFIFO"], {}, /^it has FIFO compaction, whose limits are not kept/],
  [[], { [AGES]: "no ages" }, /^its tables count as new: the dump's record of their ages can't be read$/],
];
for (const [options, others, told] of TOLD) {
  test(`told: ${[...options, ...Object.keys(others)].join(" ")}`, (t) => {
    const { notKept } = made(options, others);
    t.is(notKept.length, 1, notKept.join("; "));
    t.regex(notKept[0] ?? "", told);
  });
}

test("nothing is told of what is as it was, nor of what means the same", (t) => {
  for (const options of [["compression=kZSTDNotFinalCompression"], ["bottommost_compression=kDisableCompressionOption"], ["table.filter_policy=rocksdb.BuiltinBloomFilter"], ["table.format_version=0"], ["compression=kLZ4Compression", "num_levels=4"]]) {
    t.deepEqual(made(options).notKept, [], options.join(" "));
  }
});

test("OPTIONS tells of times that values get, and of one compression where one was asked for", (t) => {
  const { hasTimes, final } = made([], { [TIMES]: "stripped" });
  t.true(hasTimes);
  t.is(final.values.get("compaction_filter_factory"), "TtlCompactionFilterFactory");
  const { values } = made(["compression=kZSTD", "bottommost_compression=kZSTD"], {}, { compression: "lz4" }).final;
  t.deepEqual([values.get("compression"), values.get("bottommost_compression")], ["kLZ4Compression", "kDisableCompressionOption"]);
});

test("what is not kept of the database is told, but for places that were none", (t) => {
  const { notKept, options } = finalOptions(sourceOf("wal_dir=/elsewhere\ndb_log_dir=\nmax_open_files=77\nnobody_knows=1"), []);
  t.deepEqual(notKept.map((sentence) => sentence.split(" is not kept")[0]), ["wal_dir=/elsewhere", "nobody_knows=1"]);
  t.deepEqual([...options.database.values], [["max_open_files", "77"]]);
});
