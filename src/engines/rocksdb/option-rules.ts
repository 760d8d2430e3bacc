/**
 * Which options of a dump's header are taken, and with which values.
 *
 * A header may come from anywhere, and RocksDB's parser of options, and the services that load an OPTIONS file, are not made for what
 * somebody thought up: sizes that no memory has, factories that can't be made. So that only options that RocksDB itself writes are taken,
 * each with a value of its kind and in its range.
 */
import { OPTION_KINDS, type Kind, type Scope } from "./option-names.js";

/** Longest value that is taken, in characters. */
const LONGEST = 4096;
const UINT64 = 2n ** 64n - 1n;
const INT64 = 2n ** 63n - 1n;
const INT32 = 2n ** 31n - 1n;

/** Smallest and largest value of options that have a range of their own. */
const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  num_levels: [1n, 64n],
  max_write_buffer_number: [0n, 100_000n],
  min_write_buffer_number_to_merge: [0n, 100_000n],
  block_size: [1n, 2n ** 31n],
  block_size_deviation: [0n, 100n],
  block_restart_interval: [1n, 1_000_000n],
  index_block_restart_interval: [1n, 1_000_000n],
  metadata_block_size: [1n, 2n ** 31n],
  format_version: [0n, 7n],
  read_amp_bytes_per_bit: [0n, 2n ** 31n],
  super_block_alignment_size: [0n, 2n ** 31n],
  write_buffer_size: [0n, 2n ** 40n],
  arena_block_size: [0n, 2n ** 40n],
  memtable_huge_page_size: [0n, 2n ** 40n],
  db_write_buffer_size: [0n, 2n ** 44n],
  inplace_update_num_locks: [0n, 100_000_000n],
  max_subcompactions: [0n, 100_000n],
  max_background_jobs: [-1n, 100_000n],
  max_background_compactions: [-1n, 100_000n],
  max_background_flushes: [-1n, 100_000n],
  max_file_opening_threads: [0n, 100_000n],
  table_cache_numshardbits: [-1n, 19n],
  recycle_log_file_num: [0n, 1_000_000n],
  sample_for_compression: [0n, 2n ** 32n],
  block_protection_bytes_per_key: [0n, 8n],
  memtable_protection_bytes_per_key: [0n, 8n],
};

/** `name`, or `{id=name;more=…}`, of an object that RocksDB or the service makes. */
const OBJECT = /^[\w.:<>+@*/ -]{1,256}$/;
const FIELDS = /^\{(?:[\w.]+=[\w.:+ -]*;)*(?:[\w.]+=[\w.:+ -]*)?\}$/;
/** The innermost of an object with objects, or of a list of objects; RocksDB escapes what separates where it stands in a value. */
const INNERMOST = /\{(?:[!-[\]-z|~ ]|\\[\\#:rn])*\}/g;
/** How deep they may go: an object with a list of objects has three pairs of braces. */
const DEEPEST = 6;
/** Takes the place of an innermost one. */
const INNER = "x";
/** Factories that take a size behind a colon. A table with more entries than this is not one that a service made. */
const LARGEST_COUNT = 2n ** 31n;

const PLACES = new Set(["wal_dir", "db_log_dir", "db_paths", "cf_paths"]);
const OBJECTS = new Set(["listeners"]);

/**
 * Why an option of a header is not taken; null when it is.
 * @param value as OPTIONS has it
 */
export function optionProblem(scope: Scope, name: string, value: string): string | null {
  const kind = OPTION_KINDS[scope].get(name);
  if (kind === undefined) return PLACES.has(name) ? "it names a place of the original store" : OBJECTS.has(name) ? "only a program can create what it names" : "kgdump does not know this option";
  if (value.length > LONGEST || !fits(kind, value)) return "RocksDB never writes this value";
  const range = RANGES[name];
  if (range !== undefined && !(range[0] <= BigInt(value) && BigInt(value) <= range[1])) return "its value is out of range";
  return null;
}

function fits(kind: Kind, value: string): boolean {
  switch (kind) {
    case "boolean":
      return value === "true" || value === "false";
    case "int":
      return within(value, -INT32 - 1n, INT32);
    case "int64":
      return within(value, -INT64 - 1n, INT64);
    case "uint64":
      return within(value, 0n, UINT64);
    case "float":
      return /^-?\d{1,20}(?:\.\d{1,20})?$/.test(value);
    case "name":
      return /^\w{1,64}$/.test(value);
    case "hours":
      return /^(?:\d\d\\?:\d\d-\d\d\\?:\d\d)?$/.test(value);
    case "names":
      return /^(?:k\w{1,40}(?::k\w{1,40}){0,63})?$/.test(value);
    case "numbers":
      return /^(?:-?\d{1,10}(?::-?\d{1,10}){0,63})?$/.test(value);
    case "fields":
      return FIELDS.test(value) && numbersFit(value);
    case "nested":
      return areNested(value) && numbersFit(value);
    case "object":
      return (OBJECT.test(value) || areNested(value)) && numbersFit(value);
  }
}

/** Whether a value is one pair of braces with others within: objects, and lists of them. */
function areNested(value: string): boolean {
  let left = value;
  for (let depth = 0; depth < DEEPEST && left.startsWith("{"); depth += 1) left = left.replace(INNERMOST, INNER);
  return left === INNER;
}

/** RocksDB writes numbers in one way, and reads them in others, too: with zeros in front, no rule for a value would know it. */
function within(value: string, smallest: bigint, largest: bigint): boolean {
  return /^(?:0|-?[1-9]\d{0,19})$/.test(value) && smallest <= BigInt(value) && BigInt(value) <= largest;
}

/** Fields may be as large as they like but for the counts behind a colon. */
function numbersFit(value: string): boolean {
  for (const [, digits = ""] of value.matchAll(/:(\d+)/g)) if (digits.length > 10 || BigInt(digits) > LARGEST_COUNT) return false;
  return [...value.matchAll(/\d+/g)].every(([digits]) => digits.length <= 20 && BigInt(digits) <= UINT64);
}
