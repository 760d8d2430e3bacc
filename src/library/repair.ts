/** What is damaged: saving what is sound of it, and finding what became of a key. */
import { CODEC_CHOICES } from "../format/codec.js";
import type { DumpInput } from "../operations/dump/input.js";
import { findVersions as find, type FoundKey as InnerFound, type KeyVersion as InnerVersion } from "../operations/inspect/find.js";
import { recoverInto as into, type RecoverIntoOptions as InnerInto, recoverStore as recover, type RecoverStoreOptions as InnerStoreOptions, type RecoverStoreResult as InnerStoreResult, type SalvagedKeyspace as InnerSalvaged, type StoreLoss as InnerLoss } from "../operations/recover/index.js";
import { type RecoveredGap as InnerGap, type RecoveredKeyspace as InnerKeyspace, recoverDump as recoverOne, type RecoverOptions as InnerOptions, type RecoverResult as InnerResult } from "../operations/recover/recover.js";
import { argumentsOf } from "./call.js";
import { bytes, flag, input, listener, oneOf, optional, path, uuid } from "./checks.js";
import { ACCESS, blockBytes, PROGRESS } from "./common.js";
import { type Options, type Public, publish } from "./public.js";

/** What `recoverDump` does. */
export type RecoverOptions = Options<InnerOptions, "input">;
/** What was recovered of a dump. */
export type RecoverResult = Public<InnerResult>;
/** What became of one keyspace of a damaged dump. */
export type RecoveredKeyspace = Public<InnerKeyspace>;
/** A place where entries are missing, in the new dump and in the damaged one. */
export type RecoveredGap = Public<InnerGap>;
/** What `recoverStore` does. */
export type RecoverStoreOptions = Options<InnerStoreOptions, "store">;
/** What was recovered of a store. */
export type RecoverStoreResult = Public<InnerStoreResult>;
/** What is left of one keyspace of a damaged store. */
export type SalvagedKeyspace = Public<InnerSalvaged>;
/** Something that is lost, or may be. */
export type StoreLoss = Public<InnerLoss>;
/** What `recoverInto` does. */
export type RecoverIntoOptions = Options<InnerInto, "store">;
/** What was found of a key. */
export type FoundKey = Public<InnerFound>;
/** One version of a key, or the removal of a range that it lies in. */
export type KeyVersion = Public<InnerVersion>;

interface Finding {
  readonly store: string;
  /** The key to look for. */
  readonly key: Uint8Array;
  /** Only in this keyspace; in all when undefined. */
  readonly keyspace?: Uint8Array | undefined;
}

/** What `findVersions` looks for. */
export type FindOptions = Options<Finding, "store">;

const dumpArguments = argumentsOf<InnerOptions>("recoverDump", "input", { input, output: optional(path), force: optional(flag), maxBlockSize: blockBytes, dumpId: optional(uuid), ...PROGRESS });

const STORE = {
  store: path,
  output: optional(path),
  force: optional(flag),
  unknownTables: optional(flag),
  codec: optional(oneOf(...CODEC_CHOICES)),
  maxBlockSize: blockBytes,
  onPublished: optional(listener),
  ...PROGRESS,
};
const storeArguments = argumentsOf<InnerStoreOptions>("recoverStore", "store", STORE);
const intoArguments = argumentsOf<InnerInto>("recoverInto", "store", { ...STORE, ...ACCESS, target: path });
const findArguments = argumentsOf<Finding>("findVersions", "store", { store: path, key: bytes, keyspace: optional(bytes) });

/**
 * Recovers a dump. One that is sound is copied too, and the result says so.
 * @param input path of the damaged dump, or a stream of its bytes, which is kept in a temporary file meanwhile
 * @returns also when something is lost; `lost` then is true
 * @throws {KgdumpError} DUMP_* when nothing of it can be recovered, OUTPUT_EXISTS, USAGE, also when the input is no regular file or would
 * be replaced, NO_SPACE, …; nothing is left at the output then
 * @throws the signal's reason when it aborts
 */
export async function recoverDump(input: DumpInput, options?: RecoverOptions): Promise<RecoverResult> {
  return publish(await recoverOne(dumpArguments(input, options)));
}

/**
 * Recovers a store into a dump; without `output` it only tells what is left and what is lost. The store is only read. One that is sound is copied too,
 * and the result says so.
 * @param store directory of the damaged store
 * @returns also when something is lost; `lost` then is true
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_DAMAGED when nothing of it is left, OUTPUT_EXISTS, USAGE, NO_SPACE, …;
 * nothing is left at the output then
 * @throws the signal's reason when it aborts
 */
export async function recoverStore(store: string, options?: RecoverStoreOptions): Promise<RecoverStoreResult> {
  return publish(await recover(storeArguments(store, options)));
}

/**
 * Recovers a store into a new one of the same engine. Without `output` the dump between the two is made beside the new store, and removed.
 * @param store directory of the damaged store
 * @throws {KgdumpError} as recoverStore, restoreDump and importDump; TARGET_EXISTS; a dump that `onPublished` told of stays
 * @throws the signal's reason when it aborts
 */
export async function recoverInto(store: string, options: RecoverIntoOptions): Promise<RecoverStoreResult> {
  return publish(await into(intoArguments(store, options)));
}

/**
 * Looks for every version of a key in a RocksDB store, in every table and log. The store is only read, and may be damaged.
 * @param store directory of the store
 * @throws {KgdumpError} USAGE, STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_UNSUPPORTED for a sled store, PERMISSION_DENIED, IO_FAILED
 */
export async function findVersions(store: string, options: FindOptions): Promise<FoundKey> {
  const { store: place, key, keyspace: name } = findArguments(store, options);
  return publish(await find(place, key, name));
}
