/** What a count of a dump or a store tells. */
import type { EngineName, KeyOrder } from "../../engines/store.js";
import type { DumpSummary } from "../dump/summary.js";

/** Sizes in bytes: the least, those that half, nine of ten and 99 of 100 do not exceed, and the most. Those between are right to 1 %. */
export interface SizeStats {
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** An entry by its name and size. */
export interface NamedEntry {
  /** Its beginning, when it is longer than 1,024 bytes. */
  readonly key: Uint8Array;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/**
 * What values look like. msgpack, protobuf and bincode are guesses: bytes of another kind may look like them by chance. `integer-64` and its like have
 * as many bits and are no text; `deleted` are keys that a delta removes.
 */
export type ValueKind = "deleted" | "empty" | "json-object" | "json-array" | "json-other" | "text" | "integer-8" | "integer-16" | "integer-32" | "integer-64" | "uuid" | "msgpack" | "protobuf" | "bincode" | "binary";

/**
 * A part of a key: bytes that all keys of a prefix have, or what their bytes have in common. `number`, `hex`, `text` and `uuid-text` are text; `uuid` are its 16 bytes, `integer` a
 * big-endian number of 8 bytes, `bytes` others; `rest` is whatever follows.
 */
export interface KeyPart {
  readonly kind: "literal" | "number" | "hex" | "text" | "uuid-text" | "uuid" | "integer" | "bytes" | "rest";
  /** Of a literal. */
  readonly bytes: Uint8Array | null;
  /** How many bytes it always has; null when that varies. */
  readonly width: number | null;
}

/** Types of JSON; `integer` are numbers without fraction and exponent, `number` the others. */
export type JsonType = "null" | "boolean" | "integer" | "number" | "string" | "array" | "object";

/** What stands at one path of JSON values. */
export interface JsonPlace {
  /** How often each type stands there. */
  readonly types: Readonly<Partial<Record<JsonType, number>>>;
  /** The least and the largest number, as doubles. */
  readonly range: readonly [number, number] | null;
  /** Bytes of the shortest and the longest string. */
  readonly lengths: readonly [number, number] | null;
  /** Up to three that differ, as they stand in the value. */
  readonly examples: readonly string[];
  /** Fields of objects. */
  readonly fields: readonly { readonly name: string; readonly value: JsonPlace }[];
  /** Items of arrays. */
  readonly items: JsonPlace | null;
}

/** What JSON objects and arrays of a prefix have in common. */
export interface JsonShape {
  /** How often a field was there that is not told, as there are too many. */
  readonly beyond: number;
  /** Shapes with the same fields and types have the same one. */
  readonly signature: string;
  readonly root: JsonPlace;
}

/** The entries whose keys begin in one way. */
export interface PrefixStats {
  /** What they have in common behind the prefix above. Without any, they are the key that ends there. */
  readonly parts: readonly KeyPart[];
  readonly entries: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Bytes in the dump, about: each block's are divided among its entries. Null for a store. */
  readonly storedBytes: number | null;
  readonly keySizes: SizeStats;
  readonly valueSizes: SizeStats;
  readonly kinds: Readonly<Partial<Record<ValueKind, number>>>;
  /** How many different values there are: exact up to 256, then with a standard error of 1.6 %. */
  readonly distinct: { readonly values: number; readonly exact: boolean };
  /** Its largest value. */
  readonly largest: NamedEntry | null;
  /** Null without JSON, or when it was not asked for. */
  readonly shape: JsonShape | null;
  /** Longer prefixes, the largest first; together they are all of it. */
  readonly below: readonly PrefixStats[];
}

/** What is in one keyspace. */
export interface KeyspaceStats {
  readonly name: Uint8Array;
  readonly comparator: KeyOrder;
  /** Whether all of it was read. */
  readonly whole: boolean;
  /** Entries that were read; those that count are `prefixes.entries`. */
  readonly read: number;
  /** Prefixes that are not told apart, as there are too many. */
  readonly givenUp: number;
  /** The largest values, the largest first. */
  readonly largest: readonly NamedEntry[];
  readonly prefixes: PrefixStats;
}

/** An entry that was chosen by chance. */
export interface ChosenEntry extends NamedEntry {
  readonly keyspace: Uint8Array;
  /** Its beginning, when it is long; null for a key that a delta removes. */
  readonly value: Uint8Array | null;
}

/** What is in a dump or a store. */
export interface StatsResult {
  readonly kind: "dump" | EngineName;
  /** Absolute path; null for a stream. */
  readonly path: string | null;
  /** What the dump is, and why it is not complete; null for a store. */
  readonly dump: DumpSummary | null;
  /** In their order, as far as they were read. */
  readonly keyspaces: readonly KeyspaceStats[];
  readonly samples: readonly ChosenEntry[];
  /** Chooses the same samples again. */
  readonly seed: number;
  readonly seconds: number;
  /** What a user should know of the dump or the store. */
  readonly warnings: readonly string[];
}
