/**
 * The options that a family is loaded with: those that decide what its tables are like and on which level they lie. They go through
 * RocksDB's parser, so that they are put together here from what was understood, and pairs that RocksDB can't write or read back are
 * mended. All other options go into the OPTIONS file only.
 */
import { loadUnaligned } from "./block-align.js";
import { TABLE_PREFIX } from "./option-lines.js";
import { optionProblem } from "./option-rules.js";

/** Options of a family for RocksDB's parser, and what was mended. */
export interface LoadOptions {
  readonly family: Map<string, string>;
  readonly table: Map<string, string>;
  /** What could not be as the source has it, a sentence each. */
  readonly mended: readonly string[];
}

/** Options of a family that are needed while it is loaded. */
const FAMILY = [
  "compression",
  "bottommost_compression",
  "compression_per_level",
  "compression_opts",
  "bottommost_compression_opts",
  "compaction_style",
  "num_levels",
  "prefix_extractor",
  "enable_blob_files",
  "min_blob_size",
  "blob_file_size",
  "blob_compression_type",
  "target_file_size_base",
  "write_buffer_size",
];
/** The same of its tables. */
const TABLE = [
  "block_size",
  "block_size_deviation",
  "block_restart_interval",
  "index_block_restart_interval",
  "metadata_block_size",
  "checksum",
  "data_block_hash_table_util_ratio",
  "data_block_index_type",
  "decouple_partitioned_filters",
  "enable_index_compression",
  "filter_policy",
  "format_version",
  "index_shortening",
  "index_type",
  "optimize_filters_for_memory",
  "partition_filters",
  "use_delta_encoding",
  "block_align",
  "whole_key_filtering",
];

const COMPRESSIONS = ["kNoCompression", "kSnappyCompression", "kZlibCompression", "kBZip2Compression", "kLZ4Compression", "kLZ4HCCompression", "kZSTD"];
const NOT_FINAL = "kZSTDNotFinalCompression";
/** Old names of the filter, which say nothing of the bits for each key; ten are usual. */
const FILTER_WITHOUT_BITS = /^(?:bloomfilter|rocksdb\.BuiltinBloomFilter|rocksdb\.internal\.(?:FastLocalBloomFilter|LegacyBloomFilter))$/;
const USUAL_FILTER = "bloomfilter:10:false";
const FILTER = /^\{?(?:bloom_before_level=-?\d+;)?(?:id=)?(?:bloomfilter|ribbonfilter):\d{1,3}(?:\.\d+)?(?::(?:true|false|-?\d{1,9}))?;?(?:bloom_before_level=-?\d{1,9};?)?\}?$/;
const PREFIX = /^(?:rocksdb\.(?:FixedPrefix|CappedPrefix)\.\d{1,5}|rocksdb\.Noop|fixed:\d{1,5}|capped:\d{1,5})$/;
/** Levels of effort and sizes that a compressor can be asked for. */
const COMPRESSION_RANGES: Readonly<Record<string, readonly [number, number]>> = {
  window_bits: [-15, 31],
  level: [-131_072, 32_767],
  strategy: [0, 9],
  max_dict_bytes: [0, 2 ** 26],
  zstd_max_train_bytes: [0, 2 ** 30],
  max_dict_buffer_bytes: [0, 2 ** 30],
};

/**
 * What a family is loaded with.
 * @param options all that is known of the family; what `optionProblem` refuses is left out here, too
 */
export function loadOptions(options: ReadonlyMap<string, string>): LoadOptions {
  const mended: string[] = [];
  const family = new Map<string, string>();
  const table = new Map<string, string>();
  for (const name of FAMILY) take(options.get(name), name, family);
  for (const name of TABLE) take(options.get(TABLE_PREFIX + name), name, table);
  mendCompression(family, mended);
  mendTable(family, table, mended);
  return { family, table, mended };

  function take(value: string | undefined, name: string, into: Map<string, string>): void {
    if (value === undefined || value === "nullptr" || value === "") return;
    if (optionProblem(into === family ? "family" : "table", name, value) === null) into.set(name, value);
  }
}

function mendCompression(family: Map<string, string>, mended: string[]): void {
  for (const name of ["compression", "bottommost_compression", "blob_compression_type"]) {
    const value = family.get(name);
    if (value === NOT_FINAL) family.set(name, "kZSTD");
    else if (value !== undefined && !COMPRESSIONS.includes(value)) {
      family.delete(name);
      if (value !== "kDisableCompressionOption") mended.push(`its tables are not compressed by ${name}=${value}, which kgdump can't write`);
    }
  }
  if (family.get("compression_per_level")?.split(":").every((each) => COMPRESSIONS.includes(each)) === false) family.delete("compression_per_level");
  for (const name of ["compression_opts", "bottommost_compression_opts"]) {
    const fields = compressionFields(family.get(name) ?? "{}");
    if (fields === "{}") family.delete(name);
    else family.set(name, fields);
  }
  if (family.has("prefix_extractor") && !PREFIX.test(family.get("prefix_extractor") ?? "")) family.delete("prefix_extractor");
}

/** The fields that matter for writing, in range. */
function compressionFields(text: string): string {
  const fields = text.slice(1, -1).split(";").map((field) => field.split("="));
  const taken = fields.filter(([name = "", value = ""]) => {
    const range = COMPRESSION_RANGES[name];
    if (range !== undefined) return /^-?\d{1,12}$/.test(value) && range[0] <= Number(value) && Number(value) <= range[1];
    return (name === "enabled" || name === "use_zstd_dict_trainer") && (value === "true" || value === "false");
  });
  return `{${taken.map((field) => field.join("=")).join(";")}}`;
}

function mendTable(family: ReadonlyMap<string, string>, table: Map<string, string>, mended: string[]): void {
  const filter = table.get("filter_policy");
  if (filter !== undefined && FILTER_WITHOUT_BITS.test(filter)) table.set("filter_policy", USUAL_FILTER);
  else if (filter !== undefined && !FILTER.test(filter)) {
    table.delete("filter_policy");
    mended.push(`its tables have no filter, as kgdump can't make filter_policy=${filter}`);
  }
  // A table of format 0 has no room for the kind of its checksum: what RocksDB writes so, it can't read.
  const checksum = table.get("checksum");
  if (table.get("format_version") === "0" && checksum === undefined) table.set("checksum", "kCRC32c");
  else if (table.get("format_version") === "0" && checksum !== "kCRC32c") {
    table.set("format_version", "2");
    mended.push(`table.format_version is 2 and not 0, which can't have table.checksum=${String(checksum)}: RocksDB could not read its own tables`);
  }
  // A hash index needs all keys of a prefix in a row, and a table without one serves the same look-ups.
  if (table.get("index_type") === "kHashSearch") table.delete("index_type");
  if (table.get("index_type") !== "kTwoLevelIndexSearch") table.delete("partition_filters");
  loadUnaligned(family, table);
  if (Number(table.get("data_block_hash_table_util_ratio") ?? "1") <= 0) table.delete("data_block_hash_table_util_ratio");
}
