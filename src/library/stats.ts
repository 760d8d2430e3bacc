/** Counting what is in dumps and stores. */
import type { DumpInput } from "../operations/dump/input.js";
import type { ChosenEntry as InnerChosen, JsonPlace as InnerPlace, JsonShape as InnerShape, KeyPart as InnerPart, KeyspaceStats as InnerKeyspace, NamedEntry as InnerNamed, PrefixStats as InnerPrefix, SizeStats as InnerSizes, StatsResult as InnerResult } from "../operations/stats/results.js";
import { statsOf as count, type StatsOptions as InnerOptions } from "../operations/stats/stats.js";
import { argumentsOf } from "./call.js";
import { bytes, flag, input, keyspaces, oneOf, optional, text, whole } from "./checks.js";
import { blockBytes, PROGRESS, READING } from "./common.js";
import { type Options, type Public, publish } from "./public.js";

/** What `statsOf` counts, and how. */
export type StatsOptions = Options<InnerOptions, "input">;
/** What is in a dump or a store. */
export type StatsResult = Public<InnerResult>;
/** What is in one keyspace. */
export type KeyspaceStats = Public<InnerKeyspace>;
/** The entries whose keys begin in one way. */
export type PrefixStats = Public<InnerPrefix>;
/** A part of a key: bytes that all keys of a prefix have, or what their bytes have in common. */
export type KeyPart = Public<InnerPart>;
/** Sizes in bytes: least, quantiles, most. */
export type SizeStats = Public<InnerSizes>;
/** An entry by its name and size. */
export type NamedEntry = Public<InnerNamed>;
/** An entry that was chosen by chance. */
export type ChosenEntry = Public<InnerChosen>;
/** What JSON values of a prefix have in common. */
export type JsonShape = Public<InnerShape>;
/** What stands at one path of JSON values. */
export type JsonPlace = Public<InnerPlace>;

const statsArguments = argumentsOf<InnerOptions>("statsOf", "input", {
  input, keyspaces: optional(keyspaces), separator: optional(bytes), schema: optional(flag), samples: optional(whole(0, 10_000)), seed: optional(whole(0)), grep: optional(text), grepIn: optional(oneOf("keys", "values")),
  largest: optional(whole(0, 10_000)), maxBlockSize: blockBytes, ...READING, ...PROGRESS,
});

/**
 * Counts what is in a dump or a store, which are only read: entries, sizes and kinds of each prefix of the keys, which are found. Of a dump that is damaged or cut short what
 * comes before that is told, and `dump.problem`.
 * @param input path of a dump, or a stream of its bytes; or the directory of a RocksDB or sled store
 * @throws {KgdumpError} USAGE, KEYSPACE_UNKNOWN, DUMP_* when not even the header can be read, STORE_* when a store can't be read, ADDON_MISSING, NOT_FOUND, …
 * @throws the signal's reason when it aborts
 */
export async function statsOf(input: DumpInput, options?: StatsOptions): Promise<StatsResult> {
  return publish(await count(statsArguments(input, options)));
}
