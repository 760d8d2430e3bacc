/** Checking dumps, and comparing them with stores, and stores with one another. */
import type { DumpInput } from "../operations/dump/input.js";
import type { Sample as InnerSample, SampledValue as InnerSampled } from "../operations/entries/samples.js";
import type { KeyspaceDigest as InnerDigest } from "../operations/entries/store-scan.js";
import type { GraphProblem as InnerGraphProblem, GraphProblemTally as InnerTally, GraphReport as InnerGraph } from "../operations/graph/index.js";
import type { OptionComparison as InnerOptions, OptionDifference as InnerOption } from "../operations/verify/options.js";
import type { KeyDifference as InnerDifference, KeyspaceComparison as InnerKeyspace, StoreComparison as InnerStore, Verification as InnerVerification, VerifyResult as InnerResult } from "../operations/verify/results.js";
import { verifyDump as verify, type VerifyDumpOptions as InnerDump, verifyStore as compare, type VerifyStoreOptions as InnerStoreOptions } from "../operations/verify/verify.js";
import { argumentsOf } from "./call.js";
import { flag, input, map, optional, path, pathOrPaths, whole } from "./checks.js";
import { blockBytes, PROGRESS, READING } from "./common.js";
import { type Options, type Public, publish } from "./public.js";

/** What `verifyDump` does. */
export type VerifyDumpOptions = Options<InnerDump, "input">;
/** What `verifyStore` does. */
export type VerifyStoreOptions = Options<InnerStoreOptions, "store">;
/** What was compared, and how. */
export type Verification = Public<InnerVerification>;
/** What was verified of a dump. */
export type VerifyResult = Public<InnerResult>;
/** How a store compares with the dump, or with another store. */
export type StoreComparison = Public<InnerStore>;
/** One keyspace of the dump, or of the store that is compared, and of a store side by side. */
export type KeyspaceComparison = Public<InnerKeyspace>;
/** How many entries there are in a keyspace, and which. */
export type KeyspaceDigest = Public<InnerDigest>;
/** One key that differs. */
export type KeyDifference = Public<InnerDifference>;
/** How RocksDB's options of two sides compare. */
export type OptionComparison = Public<InnerOptions>;
/** An option that differs. */
export type OptionDifference = Public<InnerOption>;
/** One key from all sides. */
export type Sample = Public<InnerSample>;
/** A value as one side has it. */
export type SampledValue = Public<InnerSampled>;
/** What is wrong with a graph, and how much of it was looked at. */
export type GraphReport = Public<InnerGraph>;
/** One kind of problem of a graph. */
export type GraphProblemTally = Public<InnerTally>;
/** One problem of a graph. */
export type GraphProblem = Public<InnerGraphProblem>;

const COMPARE = { map: optional(map), samples: optional(whole(0)), seed: optional(whole(Number.MIN_SAFE_INTEGER)), graph: optional(flag), options: optional(flag), against: optional(pathOrPaths), ...READING, ...PROGRESS };
const dumpArguments = argumentsOf<InnerDump>("verifyDump", "input", { ...COMPARE, input, maxBlockSize: blockBytes });
const storeArguments = argumentsOf<InnerStoreOptions>("verifyStore", "store", { ...COMPARE, store: path });

/**
 * Checks a whole dump: every checksum, every block decoded, order, totals, digests, index; with `against`, that
 * stores hold the same entries; with `graph`, that the graph in it fits together.
 * @param input path of a dump, or a stream of its bytes
 * @returns the dump's summary, and the differences from the stores, which are no error here
 * @throws {KgdumpError} USAGE, DUMP_* when the dump is damaged or cut short, STORE_* when a store can't be read, DELTA_BASE_DIFFERENT
 * when stores are to be compared with a delta
 * @throws the signal's reason when it aborts
 */
export async function verifyDump(input: DumpInput, options?: VerifyDumpOptions): Promise<VerifyResult> {
  return publish(await verify(dumpArguments(input, options)));
}

/**
 * Reads a whole store, and compares others with it as `verifyDump` does.
 * @param store directory of a RocksDB or sled store
 * @returns the differences from the other stores, which are no error here
 * @throws {KgdumpError} USAGE, STORE_* when a store can't be read
 * @throws the signal's reason when it aborts
 */
export async function verifyStore(store: string, options?: VerifyStoreOptions): Promise<Verification> {
  return publish(await compare(storeArguments(store, options)));
}
