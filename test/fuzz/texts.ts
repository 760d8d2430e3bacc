/** Texts that others may write: journals of migrations, settings files, and the options of RocksDB in a dump's header. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { toHeader } from "#src/engines/rocksdb/option-lines.js";
import { type Kind, OPTION_KINDS } from "#src/engines/rocksdb/option-names.js";
import { KgdumpError } from "#src/errors.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { type Journal, parseJournal } from "#src/operations/migrate/journal-form.js";
import { parseStorageFile } from "#src/settings/index.js";
import { entry, header, keyspace, makeDump } from "../format/support/dumps.js";
import { sampleJournal } from "../operations/migrate/journal-support.js";
import { Finding } from "./finding.js";
import { mutateBytes } from "./mutate-bytes.js";
import type { Random } from "./random.js";
import type { Target } from "./targets.js";

const TARGET = "/srv/graph";
const JOURNAL: Journal = { ...sampleJournal(TARGET), step: "rolling-back", dump: "/srv/graph.kgd", verifiedAt: null };

/** What somebody who wants to do harm, or a disk, puts in the place of a value. */
const ODD = [null, true, 0, -1, 0.5, 2 ** 53, "", "/", "..", "/etc", TARGET, `${TARGET}/..`, `${TARGET}.kgdump-new-0123abcd/../../etc`, `${TARGET}.sled-1/../x`, "\0", "a".repeat(5000), [], {}, [[]], { name: "zz" }];

/** A value with one of its places changed: another value, another place's, gone, or one more. */
function changed(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || random.once(6)) return random.once(3) && typeof value === "string" ? value + random.pick(["/../x", "x", "\n", "/"]) : random.pick(ODD);
  if (Array.isArray(value)) return value.length === 0 ? [random.pick(ODD)] : value.map((inner: unknown, at) => (at === random.below(value.length) ? changed(inner, random) : inner));
  const fields = Object.entries(value);
  const at = random.below(fields.length);
  if (random.once(8)) return Object.fromEntries(random.once(2) ? fields.toSpliced(at, 1) : [...fields, ["__proto__", random.pick(ODD)], [random.pick(["engine", "more"]), random.pick(["sled", "rocksdb", 1])]]);
  return Object.fromEntries(fields.map(([name, inner], index) => [name, index === at ? changed(inner, random) : (inner as unknown)]));
}

const journal: Target = {
  make: (_seeds, random) => {
    let value: unknown = JOURNAL;
    for (let times = random.below(4); times > 0; times -= 1) value = changed(value, random);
    const text = Buffer.from(JSON.stringify(value));
    return random.once(3) ? mutateBytes(text, random) : text;
  },
  check: (input) => {
    const found = parseJournal(Buffer.from(input).toString(), TARGET);
    if (found === null) return "none";
    for (const path of namesIn(found)) {
      // What a rollback moves and removes lies beside the stores, or in a directory for backups, under a name that only kgdump gives.
      const name = basename(path);
      const isStore = path === found.source || path === found.target;
      if (join(dirname(path), name) !== path || !(isStore || /\.(?:kgdump-(?:new|back)-|(?:rocksdb|sled)-)/.test(name))) throw new Finding(`a journal names ${path}`);
    }
    if (dirname(found.building) !== dirname(found.target)) throw new Finding("what is built lies elsewhere");
    if (JSON.stringify(parseJournal(JSON.stringify(found), TARGET)) !== JSON.stringify(found)) throw new Finding("a journal is read otherwise when it was written again");
    return "sound";
  },
};

function namesIn({ building, backup, rollback }: Journal): string[] {
  const { incoming = null, aside = null, original = null } = rollback ?? {};
  return [building, backup, incoming, aside, original].filter((path) => path !== null);
}

const SETTINGS = [
  '[storage]\npath = "data/graph"\nengine = "sled"\n\n[storage.sled]\ncache_capacity = "64MiB"\ncompression = "zstd"\ncompression_level = 5\nflush_every_ms = 500\nsegment_size = 524288\n',
  'title = "a"\n[storage]\nengine = "rocksdb"\npath = """a\nb"""\nmax_open_files = 300\n[storage.rocksdb]\nx = [1, 2, {a = 1}]\n[[other]]\nb = 1979-05-27T07:32:00Z\n',
  'storage = { path = \'/srv/g\', sled = { "cache_capacity" = 1_000 } }\n',
];
const WORDS = ["[storage]", "[storage.sled]", "[[storage]]", "[", "]", "=", '"', '"""', "'", "#", ",", "{", "}", "\n", "\r\n", "0x", "1e999", "-0", "inf", "nan", "9223372036854775808", "\\u0000", "\ud83d", "\ufeff", "compression", "path", "true", "[".repeat(500), "a.".repeat(300)];

const settings: Target = {
  make: (_seeds, random) => {
    const text = random.pick(SETTINGS);
    if (random.once(3)) return mutateBytes(Buffer.from(text), random, Buffer.from(random.pick(SETTINGS)));
    const at = random.below(text.length);
    return Buffer.from(text.slice(0, at) + random.pick(WORDS) + text.slice(at + (random.once(2) ? 0 : random.below(20))));
  },
  check: (input) => {
    const text = Buffer.from(input).toString();
    const lines = text.split("\n").length;
    const inside = ({ line, column }: { readonly line: number; readonly column: number }): boolean => line >= 1 && line <= lines && column >= 1 && column <= text.length + 1;
    try {
      const { notes } = parseStorageFile(text, "storage.toml");
      if (!notes.every(inside)) throw new Finding("a note is about a place outside of the file");
      return "sound";
    } catch (error) {
      if (!(error instanceof KgdumpError && error.code === "CONFIG_INVALID")) throw error;
      if (error.problems === undefined || error.problems.length === 0 || !error.problems.every(inside)) throw new Finding("a problem is about a place outside of the file");
      return error.code;
    }
  },
};

/** Values of options, by what they look like: usual ones and odd ones. */
export const OPTION_VALUES: Readonly<Record<Kind, readonly string[]>> = {
  boolean: ["true", "false"],
  int: ["-1", "0", "1", "7", "12", "64", "2147483647", "-2147483648"],
  int64: ["-1", "0", "1", "4096", "9223372036854775807"],
  uint64: ["0", "1", "2", "100", "4096", "1073741824", "9223372036854775807", "18446744073709551615"],
  float: ["0", "-1.0", "0.5", "1.0", "10.000000", "99999999999999999999.9"],
  name: [
    "kZSTD", "kNoCompression", "kLZ4Compression", "kCompactionStyleUniversal", "kCompactionStyleFIFO", "kCompactionStyleNone", "kXXH3", "kNoChecksum", "kxxHash64",
    "kBinarySearchWithFirstKey", "kTwoLevelIndexSearch", "kHashSearch", "kDataBlockBinaryAndHash", "kNoShortening", "kAbsoluteConsistency", "kSkipAnyCorruptedRecords", "kNothing", "kWarm",
  ],
  hours: ["", "00:00-23:59", "99:99-99:99"],
  names: ["", "kNoCompression:kZSTD", "kNothing"],
  numbers: ["", "1:1:1", "-1", "9999999999"],
  fields: ["{}", "{level=3;max_dict_bytes=4096;enabled=true;}", "{level=32767;window_bits=-14;strategy=0;}", "{max_dict_bytes=4294967295;enabled=true;}", "{a=b;}"],
  nested: ["{}", "{max_table_files_size=1;allow_compaction=true;}", "{size_ratio=3;allow_trivial_move=true;}", "{{id=x;}:{id=y;}}", "{size_ratio=4294967295;min_merge_width=0;}"],
  object: [
    "nullptr", "SkipListFactory", "{id=SkipListFactory;lookahead=9223372036854775807;}", "rocksdb.FixedPrefix.4", "bloomfilter:10:false", "ribbonfilter:0.1",
    "{id=StringAppendOperator;delimiter=|;}", "{id=TtlMergeOperator;user_operator={id=max;};}", "vector", "prefix_hash:1000", "hash_linkedlist:100", "uint64add", "bytesxor",
    "{id=CompactOnDeletionCollector;window_size=0;deletion_trigger=0;}", "{id=CompactOnDeletionCollector;window_size=4;deletion_trigger=2;}", "LRUCache", "{id=LRUCache;capacity=1;}",
    "SstPartitionerFixedPrefixFactory", "SstPartitionerFixedPrefixFactory:2", "rocksdb.ReverseBytewiseComparator", "leveldb.BytewiseComparator.u64ts", "PlainTable", "BlockBasedTable",
  ],
};
const EVERY_VALUE = Object.values(OPTION_VALUES).flat();

/** Options at random: most with a value of their kind. */
function someOptions(random: Random, scope: keyof typeof OPTION_KINDS, prefix = ""): [string, string][] {
  const kinds = [...OPTION_KINDS[scope]];
  return Array.from({ length: random.below(random.pick([2, 4, 30])) }, () => {
    const [name, kind] = random.pick(kinds);
    const value = random.once(8) ? random.pick(EVERY_VALUE) : random.pick(OPTION_VALUES[kind]);
    return [prefix + name, random.once(20) ? mutateBytes(Buffer.from(value), random).toString("latin1").replaceAll("\n", " ") : value];
  });
}

const options: Target = {
  make: (_seeds, random) => {
    const families = [0, 1].map(() => Object.fromEntries([["compression", "kNoCompression"], ...someOptions(random, "family"), ...someOptions(random, "table", "table.")]));
    const version = random.pick(["6.29.5", "8.11.4", "10.10.1", "11.8.1", "", "99"]);
    return Buffer.from(JSON.stringify({ version, database: Object.fromEntries(someOptions(random, "database")), families }));
  },
  /** Restores a dump with such a header: the store is whole, whatever its options were to be, or the dump is refused. */
  check: async (input) => {
    const { version, database, families } = JSON.parse(Buffer.from(input).toString()) as { version: string; database: Record<string, string>; families: Record<string, string>[] };
    const carried = toHeader({ version, database: new Map(Object.entries(database)), families: families.map((family) => new Map(Object.entries(family))) });
    const directory = await mkdtemp(join(tmpdir(), "kgdump-fuzz-"));
    try {
      const dump = join(directory, "a.kgd");
      const keyspaces = ["default", "b"].map((name, at) => keyspace(name, { sourceOptions: carried.families[at] }));
      const told = header({ keyspaces, source: { engine: "rocksdb", version: "1", databaseId: null, sequenceNumber: null, options: carried.source } });
      await writeFile(dump, await makeDump(told, [[[entry("k1", "v"), entry("k2", "w".repeat(300))]], [[entry("x", "")]]]));
      const { entries, verified } = await restoreDump({ input: dump, target: join(directory, "store") });
      if (entries !== 3 || !verified) throw new Finding("not all was restored");
      return "sound";
    } catch (error) {
      if (error instanceof KgdumpError && (error.code === "USAGE" || error.code === "STORE_UNSUPPORTED" || error.code.startsWith("DUMP_"))) return error.code;
      throw error;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

/** The targets whose inputs are texts. */
export const TEXTS: Readonly<Record<"journal" | "settings" | "options", Target>> = { journal, settings, options };
