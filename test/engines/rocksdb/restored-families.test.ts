/** Whatever a restored family does not have as its source had it, a sentence says. */
import test from "ava";
import { AGES, COMMON_OPTIONS, FAMILY_OPTIONS, TIMES } from "#src/engines/header-options.js";
import { DATABASE_OPTIONS, OPTIONS_VERSION } from "#src/engines/rocksdb/option-lines.js";
import { type FamilyWishes, finalOptions, RestoredFamilies, type RestoredFamily } from "#src/engines/rocksdb/settings.js";
import fc from "../../support/properties.js";
import { loggedSeed } from "../../support/seed.js";

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

test("a family is made as it would be made alone, whichever families came before it", (t) => {
  loggedSeed(t);
  const options = fc.constantFrom("", "compression=kZSTD", "compression=kZSTD\nnum_levels=4", "compaction_style=kCompactionStyleFIFO", "nobody_knows=1", "table.block_size=1");
  const settings = fc.tuple(options, fc.constantFrom(undefined, "stripped"), fc.constantFrom(undefined, "1 2 3 61 62", "no ages"), fc.boolean())
    .map(([own, times, ages, told]) => new Map([[told ? FAMILY_OPTIONS : "compression", told ? own : "kNoCompression"], ...(times === undefined ? [] : [[TIMES, times] as const]), ...(ages === undefined ? [] : [[AGES, ages] as const])]));
  const family = fc.record({ name: fc.constantFrom("a", "b"), order: fc.constantFrom("bytewise" as const, "reverse-bytewise" as const), settings });
  fc.assert(fc.property(fc.array(family, { minLength: 2, maxLength: 6 }), fc.boolean(), fc.constantFrom<FamilyWishes>({}, { compression: "lz4" }, { tableBlockSize: 8192 }), (families, told, wishes) => {
    const source = told ? sourceOf("") : undefined;
    const together = new RestoredFamilies(wishes);
    for (const { name, order, settings } of families) {
      const found = together.make(Buffer.from(name), order, { source, settings });
      t.deepEqual(found, new RestoredFamilies(wishes).make(Buffer.from(name), order, { source, settings }));
      t.is(found.family.comparator, order);
    }
  }));
});

const COMPRESSIONS = { none: "kNoCompression", lz4: "kLZ4Compression", zstd: "kZSTD" } as const;
for (const [compression, value] of Object.entries(COMPRESSIONS) as [keyof typeof COMPRESSIONS, string][]) {
  test(`where ${compression} is asked for, no option of the source says otherwise of any level, and other options stay`, (t) => {
    const others = Object.values(COMPRESSIONS).filter((other) => other !== value);
    const { family, final, notKept } = made([`compression=${others[0] ?? ""}`, `bottommost_compression=${others[1] ?? ""}`, `compression_per_level=${others.join(":")}`, "num_levels=4"], {}, { compression });
    const said = [...final.values].filter(([option]) => option.includes("compression"));
    t.deepEqual(said, [["compression", value], ["bottommost_compression", "kDisableCompressionOption"]]);
    for (const other of others) t.false(family.options?.includes(other), family.options);
    t.is(family.compression, compression);
    t.is(final.values.get("num_levels"), "4");
    t.deepEqual(notKept, []);
  });
}

test("a FIFO family of which a limit is not known gets none, however little is told of it; one whose limits are known keeps them", (t) => {
  const [style, limits, ttl] = ["compaction_style=kCompactionStyleFIFO", "compaction_options_fifo={max_table_files_size=1000;}", "ttl=77"];
  const NONE = ["{allow_compaction=false;max_table_files_size=18446744073709551615;}", "0"];
  const whole = (options: readonly string[]): RestoredFamily => made(options);
  // As older versions told of a family: a few options, one by one.
  const few = (options: readonly string[]): RestoredFamily => new RestoredFamilies().make(Buffer.from("f"), "bytewise", { settings: new Map(options.map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)])) });
  for (const [make, options, wanted, told] of [
    [whole, [style], NONE, 1], [whole, [style, limits], [limits.slice(limits.indexOf("=") + 1), "0"], 1], [whole, [style, ttl], [NONE[0], "77"], 1], [whole, [style, limits, ttl], [limits.slice(limits.indexOf("=") + 1), "77"], 0],
    [few, [style], NONE, 1], [few, [style, ttl], NONE, 1],
    [whole, [], [undefined, undefined], 0], [few, ["compression=kZSTD"], [undefined, undefined], 0],
  ] as const) {
    const { final: { values }, notKept } = make(options);
    t.deepEqual([values.get("compaction_options_fifo"), values.get("ttl")], [...wanted], `${make.name} ${options.join(" ")}`);
    t.is(notKept.filter((sentence) => sentence.includes("FIFO compaction, whose limits")).length, told);
  }
});
