/** Making a family again as a dump's header says that it was kept. */
import { KgdumpError } from "../../errors.js";
import { AGES, FAMILY_OPTIONS, OTHER_SETTINGS, TIMES } from "../header-options.js";
import type { KeyOrder } from "../store.js";
import { rocksdbAddon } from "./addon.js";
import { dropRefusedAlignment } from "./block-align.js";
import { loadOptions } from "./load-options.js";
import { fromHeader, TABLE_PREFIX } from "./option-lines.js";
import { optionProblem } from "./option-rules.js";
import type { FinalFamily, FinalOptions } from "./options-file.js";
import { COMPRESSION_NAMES, type RocksdbCompression, type RocksdbFamily } from "./sink.js";

/** What is known of a family: what a header, or a store, says of it. */
export interface FamilySource {
  /** Order of the source's keys. */
  readonly order: KeyOrder;
  /** Options of its keyspace. */
  readonly settings: ReadonlyMap<string, string>;
  /** Options of the whole source. */
  readonly source?: ReadonlyMap<string, string> | undefined;
}

/** What a user wants to be otherwise. */
export interface FamilyWishes {
  readonly compression?: RocksdbCompression | undefined;
  readonly tableBlockSize?: number | undefined;
}

/** A family as it is to be made. */
export interface RestoredFamily {
  /** How it is loaded. */
  readonly family: RocksdbFamily;
  /** What OPTIONS says of it afterwards. */
  readonly final: FinalFamily;
  /** What is not as the source has it, a sentence each. */
  readonly notKept: readonly string[];
  /** Whether a service that opens it as before ends each value with a time, for a time to live. */
  readonly hasTimes: boolean;
}

/** Ages of tables: three times each, and the beginnings of two keys. */
const AGES_TEXT = /^(?:\d{1,19} \d{1,19} \d{1,19} (?:[\da-f]{2})* (?:[\da-f]{2})*(?:\n|$))+$/;

/** Characters that a header's text can have. */
const LONGEST_AGES = 65_535;

/** What RocksDB's DBWithTTL makes of a family's options. */
const TTL_OBJECTS = [["compaction_filter_factory", "TtlCompactionFilterFactory"], ["compaction_filter", "TtlCompactionFilter"], ["merge_operator", "TtlMergeOperator"], ["merge_operator", "Merge By TTL"]] as const;

/** What tells of times where nothing else does. */
const TTL_FACTORY = ["compaction_filter_factory", "TtlCompactionFilterFactory"] as const;

/** Name of an object in an option's value: `x` of both `x` and `{id=x;…}`. */
function objectName(value: string): string {
  return value.startsWith("{") ? (/[{;]id=([^;}]*)/.exec(value)?.[1] ?? "") : value;
}

const COMPRESSION_OPTIONS = ["compression", "bottommost_compression", "compression_per_level"];
const COMPARATORS: Readonly<Record<KeyOrder, string>> = { bytewise: "leveldb.BytewiseComparator", "reverse-bytewise": "rocksdb.ReverseBytewiseComparator" };
const FIFO_OPTIONS = "compaction_options_fifo";
/** FIFO whose limits nobody tells: RocksDB's own would delete tables as soon as the store is opened. */
const BOUNDLESS = new Map([[FIFO_OPTIONS, "{allow_compaction=false;max_table_files_size=18446744073709551615;}"], ["ttl", "0"]]);

/** How a family is made, but for its name and the ages of its tables. */
type FamilyKind = Omit<RestoredFamily, "family" | "final"> & { readonly family: Omit<RocksdbFamily, "name">; readonly final: Omit<FinalFamily, "name"> };

/** How to make families with the options that a dump, or a store, has of them. All of a source mostly have the same: what is equal is found out once. */
export class RestoredFamilies {
  readonly #wishes: FamilyWishes;
  readonly #kinds = new Map<string, FamilyKind>();

  constructor(wishes: FamilyWishes = {}) {
    this.#wishes = wishes;
  }

  /** @param order of its keys @param known the options of the source must be the same each time */
  make(name: Uint8Array, order: KeyOrder, known: Omit<FamilySource, "order">): RestoredFamily {
    const key = JSON.stringify([order, known.source === undefined, ...[...known.settings].filter(([option]) => option !== AGES)]);
    const kind = this.#kinds.get(key) ?? kindOf(order, known, this.#wishes);
    this.#kinds.set(key, kind);
    return named(name, kind, known.settings.get(AGES));
  }
}

function named(name: Uint8Array, kind: FamilyKind, ages: string | undefined): RestoredFamily {
  const agesFit = ages === undefined || (ages.length <= LONGEST_AGES && AGES_TEXT.test(ages));
  const notKept = agesFit ? kind.notKept : [...kind.notKept, "its tables count as new: the dump's record of their ages can't be read"];
  return { ...kind, family: { ...kind.family, name, ages: agesFit ? ages : undefined }, final: { ...kind.final, name }, notKept };
}

function kindOf(order: KeyOrder, known: Omit<FamilySource, "order">, wishes: FamilyWishes): FamilyKind {
  const told = fromHeader(known.source, known.settings)?.family;
  const values = new Map(told ?? [...known.settings].filter(([option]) => !OTHER_SETTINGS.has(option)));
  const notKept: string[] = [];
  const hasTable = [...values.keys()].some((option) => option.startsWith(TABLE_PREFIX));
  const comparator = values.get("comparator");
  if (comparator !== undefined && comparator !== COMPARATORS[order]) notKept.push(`comparator=${comparator} is ${COMPARATORS[order]} now, which has the order that its keys are restored in`);
  values.set("comparator", COMPARATORS[order]);
  if (wishes.compression !== undefined) for (const option of COMPRESSION_OPTIONS) values.delete(option);
  if (wishes.tableBlockSize !== undefined && hasTable) values.set(`${TABLE_PREFIX}block_size`, String(wishes.tableBlockSize));
  for (const [option, value] of values) {
    const inTable = option.startsWith(TABLE_PREFIX);
    const problem = optionProblem(inTable ? "table" : "family", inTable ? option.slice(TABLE_PREFIX.length) : option, value);
    if (problem === null) continue;
    notKept.push(`${option}=${value} is not kept: ${problem}`);
    values.delete(option);
  }
  notKept.push(...dropRefusedAlignment(values, wishes.compression));
  const hasTtlObject = TTL_OBJECTS.some(([option, object]) => `.${objectName(values.get(option) ?? "")}`.endsWith(`.${object}`));
  const hasTimes = known.settings.get(TIMES) === "stripped" || hasTtlObject;
  // Where the options don't tell of the times that its values get, whoever reads the store must know of them all the same.
  if (hasTimes && !hasTtlObject) values.set(...TTL_FACTORY);
  const { family, table, mended } = loadOptions(values);
  const refused = [...dropRefused(family, "family"), ...dropRefused(table, "table")];
  const byWrites = family.get("compaction_style") === "kCompactionStyleFIFO" || family.get("enable_blob_files") === "true";
  return {
    family: {
      comparator: order,
      compression: wishes.compression,
      blockSize: hasTable ? undefined : wishes.tableBlockSize,
      table: hasTable ? table : undefined,
      options: [...family].map((pair) => pair.join("=")).join(";"),
      byWrites,
    },
    final: { complete: told !== undefined, values: finalValues(values, told !== undefined, table, wishes) },
    hasTimes,
    notKept: [...notKept, ...refused, ...mended, ...unknownLimits(values, told !== undefined)],
  };
}

/** What RocksDB said of options, by their text: most families have the same. */
const taken = new Map<string, boolean>();

function isTaken(options: string): boolean {
  const known = taken.get(options);
  if (known !== undefined) return known;
  let is = true;
  try {
    rocksdbAddon().checkOptions(options);
  } catch (error) {
    if (error instanceof KgdumpError && error.code === "ADDON_MISSING") throw error;
    is = false;
  }
  if (taken.size < 10_000) taken.set(options, is);
  return is;
}

/** Leaves out what the library that writes the store does not take, one option at a time when it does not take all. */
function dropRefused(options: Map<string, string>, scope: "family" | "table"): string[] {
  const text = (pairs: Iterable<readonly [string, string]>): string => {
    const joined = [...pairs].map((pair) => pair.join("=")).join(";");
    return scope === "table" ? `block_based_table_factory={${joined}}` : joined;
  };
  if (isTaken(text(options))) return [];
  const refused: string[] = [];
  for (const [name, value] of options) {
    if (isTaken(text([[name, value]]))) continue;
    options.delete(name);
    refused.push(`its tables are written without ${scope === "table" ? TABLE_PREFIX : ""}${name}=${value}, which this RocksDB does not accept`);
  }
  return refused;
}

/** What OPTIONS is to say, where the options that it was loaded with don't stay. */
function finalValues(values: ReadonlyMap<string, string>, complete: boolean, table: ReadonlyMap<string, string>, { compression }: FamilyWishes): Map<string, string> {
  const final = new Map(complete ? values : [["disable_auto_compactions", "false"]]);
  const [factory] = TTL_FACTORY;
  const told = values.get(factory);
  if (told?.includes("Ttl") === true) final.set(factory, told);
  if (lacksLimits(values, complete)) for (const [option, value] of BOUNDLESS) if (!complete || !final.has(option)) final.set(option, value);
  if (!complete) return final;
  const format = table.get("format_version");
  if (format !== undefined) final.set(`${TABLE_PREFIX}format_version`, format);
  if (compression === undefined) return final;
  return final.set("compression", COMPRESSION_NAMES[compression]).set("bottommost_compression", "kDisableCompressionOption");
}

/** Whether a family is one of FIFO compaction, and it is not known what that may delete. */
function lacksLimits(values: ReadonlyMap<string, string>, complete: boolean): boolean {
  if (values.get("compaction_style") !== "kCompactionStyleFIFO") return false;
  return !complete || [...BOUNDLESS.keys()].some((option) => !values.has(option));
}

function unknownLimits(values: ReadonlyMap<string, string>, complete: boolean): string[] {
  if (!lacksLimits(values, complete)) return [];
  return [`it has FIFO compaction, whose limits ${complete ? "are not kept" : "the dump does not say"}: OPTIONS has none, so that nothing is deleted`];
}

/** What OPTIONS is to say of a store whose database had these options, and the sentences about what is not kept of them. */
export function finalOptions(source: ReadonlyMap<string, string> | undefined, families: readonly FinalFamily[]): { options: FinalOptions; notKept: readonly string[] } {
  const told = fromHeader(source, new Map([[FAMILY_OPTIONS, ""]]));
  const notKept: string[] = [];
  if (told === null || !/^\d{1,3}(?:\.\d{1,4}){1,3}$/.test(told.version)) {
    // As RocksDB writes them by itself.
    const values = new Map([["create_missing_column_families", "false"], ["max_file_opening_threads", "16"]]);
    return { options: { version: null, database: { values, complete: false }, families: families.map((family) => ({ ...family, complete: false })) }, notKept };
  }
  const values = new Map<string, string>();
  for (const [name, value] of told.database) {
    // Paths of the original: the restored store is in one directory.
    const problem = optionProblem("database", name, value);
    if (problem === null) values.set(name, value);
    else if (value !== "") notKept.push(`${name}=${value} is not kept: ${problem}`);
  }
  return { options: { version: told.version, database: { values, complete: true }, families }, notKept };
}
