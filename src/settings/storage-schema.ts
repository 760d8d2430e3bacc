/** What may stand in a storage.toml, and what each setting becomes. Integers are bigints here, so that 1.0 is none. */
import * as v from "valibot";
import { type Algorithm, type CompressionWish, readAlgorithm } from "./compression.js";
import { readSize, SIZE_HINT } from "./size.js";
import { type SledNumber, wrongNumber } from "./sled-settings.js";
import { closest } from "./suggest.js";

/** A value that can't be taken: why, and for a list which of its elements. */
class Wrong {
  readonly why: string;
  readonly index: number | undefined;

  constructor(why: string, index?: number) {
    this.why = why;
    this.index = index;
  }
}

/** Whether a value is a TOML table, inline or not; dates and arrays are none. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A setting that may be left out, read by `read`, which tells all that is wrong about it. */
function setting<T>(read: (value: unknown) => T | Wrong | readonly Wrong[]) {
  return v.optional(
    v.pipe(
      v.unknown(),
      v.rawTransform(({ dataset: { value }, addIssue, NEVER }): T => {
        const result = read(value);
        const wrong = result instanceof Wrong ? [result] : isWrong(result) ? result : null;
        if (wrong === null) return result as T;
        for (const { why, index } of wrong) {
          const element = index === undefined || !Array.isArray(value) ? {} : { path: elementPath(value, index) };
          addIssue({ message: why, ...element });
        }
        return NEVER;
      }),
    ),
  );
}

function isWrong(result: unknown): result is readonly Wrong[] {
  return Array.isArray(result) && result.length > 0 && result.every((item) => item instanceof Wrong);
}

function elementPath(input: unknown[], key: number): [v.ArrayPathItem] {
  return [{ type: "array", origin: "value", input, key, value: input[key] }];
}

/** A value as a message shows it. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  // A float is shown as one: 1.0 is not 1.
  if (typeof value === "number") return Number.isInteger(value) && value < 1e15 ? value.toFixed(1) : String(value);
  if (Array.isArray(value)) return "a list";
  return value instanceof Date ? "a date" : "a table";
}

function integer(name: SledNumber, value: unknown, form = "a whole number"): number | Wrong {
  if (typeof value !== "bigint") return new Wrong(`must be ${form}, not ${shown(value)}`);
  const wrong = wrongNumber(name, Number(value));
  return wrong === null ? Number(value) : new Wrong(`${wrong}, not ${shown(value)}`);
}

function size(name: SledNumber): (value: unknown) => number | Wrong {
  return (value) => {
    if (typeof value !== "string") return integer(name, value, 'a whole number of bytes or a size such as "1GiB"');
    const bytes = readSize(value);
    if (bytes === null) return new Wrong(`${shown(value)} is not a size; ${SIZE_HINT}`);
    const wrong = wrongNumber(name, bytes);
    return wrong === null ? bytes : new Wrong(`${wrong}, not ${shown(value)}`);
  };
}

function wish(value: unknown): CompressionWish | Wrong | readonly Wrong[] {
  if (typeof value === "boolean") return value;
  if (typeof value === "bigint") {
    return new Wrong(`must be true, false or names of compressions, not ${shown(value)}; a level is compression_factor = ${shown(value)}`);
  }
  if (typeof value !== "string" && !Array.isArray(value)) {
    return new Wrong(`must be true, false or a list of names such as ["zstd"], not ${shown(value)}`);
  }
  const list: Algorithm[] = [];
  const wrong: Wrong[] = [];
  for (const [index, name] of (typeof value === "string" ? [value] : value).entries()) {
    const algorithm = typeof name === "string" ? readAlgorithm(name) : { wrong: `must be the name of a compression, not ${shown(name)}` };
    if (typeof algorithm === "object") wrong.push(new Wrong(algorithm.wrong, index));
    else list.push(algorithm);
  }
  return wrong.length > 0 ? wrong : list;
}

function flushEvery(value: unknown): number | false | Wrong {
  if (value === false) return false;
  if (value === 0n) return new Wrong("must be at least 1 millisecond, not 0; write false for no regular flush");
  return integer("flushEveryMs", value, "a whole number of milliseconds, or false");
}

function mode(value: unknown): string | Wrong {
  const known = ["LowSpace", "HighThroughput"].map((name) => name.toLowerCase());
  if (typeof value === "string" && known.includes(value.toLowerCase().replaceAll(/[-_]/g, ""))) return value;
  return new Wrong(`must be "low_space" or "high_throughput", not ${shown(value)}`);
}

function temporary(value: unknown): false | Wrong {
  if (value === false) return false;
  return value === true
    ? new Wrong("would have sled delete the store when it is closed; remove it")
    : new Wrong(`must be false, not ${shown(value)}`);
}

function engine(value: unknown): "sled" | "rocksdb" | Wrong {
  if (typeof value !== "string") return new Wrong(`must be "sled", not ${shown(value)}`);
  const plain = value.trim().toLowerCase();
  if (plain === "sled" || plain === "rocksdb") return plain;
  const guess = closest(plain, ["sled", "rocksdb"]);
  return new Wrong(`${shown(value)} is not a known engine${guess === undefined ? '; write "sled"' : `; did you mean "${guess}"?`}`);
}

function path(value: unknown): string | Wrong {
  if (typeof value !== "string") return new Wrong(`must be the directory of the store, as text, not ${shown(value)}`);
  if (value.trim() === "") return new Wrong("is empty; name the directory of the store");
  if (value.includes("\0")) return new Wrong("holds a NUL character, which no path can");
  return /^~(\/|$)/.test(value) ? new Wrong(`${shown(value)} starts with ~, which only a shell expands; write the directory in full`) : value;
}

const anything = setting((value) => value);

/** The settings of `[storage.sled]`: those that an import takes, and those that it knows and leaves alone. */
export const SLED_ENTRIES = {
  cache_capacity: setting(size("cacheCapacity")),
  compression: setting(wish),
  use_compression: setting(wish),
  compression_factor: setting((value) => integer("compressionLevel", value)),
  compression_level: setting((value) => integer("compressionLevel", value)),
  flush_every_ms: setting(flushEvery),
  segment_size: setting(size("segmentSize")),
  mode: setting(mode),
  temporary: setting(temporary),
  create_new: anything,
  print_profile_on_drop: anything,
  idgen_persist_interval: anything,
  snapshot_after_ops: anything,
  snapshot_path: anything,
  segment_cleanup_threshold: anything,
  segment_cleanup_skew: anything,
};

const table = v.custom<Record<string, unknown>>(isTable, "must be a table");

/** The settings of `[storage]`. */
export const STORAGE_ENTRIES = {
  engine: setting(engine),
  path: setting(path),
  sled: v.optional(v.pipe(table, v.looseObject(SLED_ENTRIES))),
};

/** A whole file. What it does not name is let through; see `storage-file.ts`. */
export const FILE_SCHEMA = v.looseObject({ storage: v.optional(v.pipe(table, v.looseObject(STORAGE_ENTRIES))) });
