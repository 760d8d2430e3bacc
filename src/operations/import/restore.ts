/**
 * Restore: a dump's entries go into a new RocksDB store, the way back.
 *
 * Nothing appears at the final path until the store was written, closed, reopened, read back and found equal.
 */
import { engineNamed } from "../../engines/registry.js";
import type { RocksdbCompression } from "../../engines/rocksdb/sink.js";
import type { EngineName, EntrySource } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { logsElsewhere } from "../disk/logs-elsewhere.js";
import type { TtlMode } from "../disk/stores.js";
import { areFiles, readEntries } from "../dump/events.js";
import { closing } from "../run/closing.js";
import { type PlannedFamilies, planFamilies, refuseFamilyNames } from "./families.js";
import { fillNew, type Making, takeIntoNew } from "./new-store.js";
import type { LoadingOptions, LoadingResult } from "./options.js";
import type { ImportPlan, PlannedKeyspace } from "./plan.js";
import { verifyMerged, verifyNew } from "./read-back.js";
import { timingComparison, timingLoader } from "./times.js";

/** The engine of the stores that a restore makes. */
const RESTORE_ENGINE: EngineName = "rocksdb";

/** What `restoreDump` does. */
export interface RestoreOptions extends LoadingOptions {
  /** Settings of families are taken from this dump's header, or from this RocksDB store, when the dump itself says none. */
  readonly optionsFrom?: string | undefined;
  /** Compression of all families; default: as the dump says, else lz4. */
  readonly compression?: RocksdbCompression | undefined;
  /** Bytes of a table's data blocks; default: as the dump says, else 16 KiB. */
  readonly tableBlockSize?: number | undefined;
  /** What was done with the times that end the values of families with a time to live, where the dump does not say it. */
  readonly ttl?: TtlMode | undefined;
  /** Seconds since 1970 that are put behind values whose times were stripped; default: when the dump was made. */
  readonly ttlTime?: number | undefined;
}

/** What became of one keyspace. */
export interface RestoredKeyspace {
  readonly name: Uint8Array;
  readonly family: Uint8Array;
  readonly entries: number;
  /** SHA-256 over the entries as encoded, in the dump's order, in hex. */
  readonly digest: string;
}

/** What was restored. */
export interface RestoreResult extends LoadingResult {
  readonly keyspaces: readonly RestoredKeyspace[];
}

/**
 * Restores a dump as a RocksDB store.
 * @throws {KgdumpError} TARGET_EXISTS, DUMP_*, KEYSPACE_UNKNOWN, VERIFY_DIFFERENCE, NO_SPACE, …; the target is not there then,
 * unless all but making its name durable was done
 * @throws the signal's reason when it aborts
 */
export async function restoreDump(options: RestoreOptions): Promise<RestoreResult> {
  const { store: _, ...made } = await takeIntoNew(engineNamed(RESTORE_ENGINE), "restore", options, async (reading) => {
    const { plan } = reading;
    refuseFamilyNames(plan.selected.map(({ name, tree }) => ({ name, family: tree })));
    const planned = await planFamilies(plan, options);
    const logs = await logsElsewhere(planned.source, [options.target]);
    if (logs !== null) planned.warnings.push(`${logs}, in which the program of the store kept its logs, has logs of that store: take them away before it opens the new one, or it reads them into it`);
    const warnings = await fillNew(reading, making(plan, planned, options), options);
    return { warnings: [...planned.warnings, ...warnings] };
  });
  return { ...made, keyspaces: made.keyspaces.map(({ name, tree, entries, digest }) => ({ name, family: tree, entries, digest })) };
}

/** How the families are made that were planned. @throws {KgdumpError} USAGE where a stream would have to be read twice */
function making(plan: ImportPlan, planned: PlannedFamilies, options: RestoreOptions): Making {
  const { families, timed, time } = planned;
  const orders = new Map(families.map(({ name, comparator }) => [Buffer.from(name).toString("hex"), comparator]));
  const reordered = plan.selected.filter(({ tree, comparator }) => orders.get(Buffer.from(tree).toString("hex")) !== comparator);
  if (reordered.length > 0 && !areFiles(options.input)) {
    throw new KgdumpError("USAGE", "a dump whose families change their key order is read twice, and a stream can be read only once", {
      hint: "write the dump to a file first, and name it with -i",
    });
  }
  return {
    what: "the restored store",
    compresses: options.compression !== "none" || families.some(({ byWrites }) => byWrites === true),
    openLoader: async (path, tableDirectory) => (await import("../../engines/rocksdb/loader.js")).openRocksdbLoader(path, { tableDirectory, families }),
    before: (loader) => (timed.size === 0 ? loader : timingLoader(loader, (family) => getsTimes(planned, family), time)),
    finish: async (path) => {
      await finish(path, planned);
      if (options.verify !== false) {
        await verify(plan, path, planned, reordered, options);
        // Looking things up opened the store, which wrote its options anew.
        if (reordered.length > 0) await finish(path, planned);
      }
      if (options.verify === false || reordered.length > 0) await seeThatItOpens(path);
    },
  };
}

/** Whether a time is put behind each value of a family. */
function getsTimes({ timed }: PlannedFamilies, family: Uint8Array): boolean {
  return timed.has(Buffer.from(family).toString("hex"));
}

/** Gives the store the options that it is to have. */
async function finish(path: string, { options }: PlannedFamilies): Promise<void> {
  const { finishOptions } = await import("../../engines/rocksdb/options-file.js");
  await finishOptions(path, options);
}

/** Sees that the store opens, and where it stands. */
async function seeThatItOpens(path: string): Promise<void> {
  const { openRocksdbSource } = await import("../../engines/rocksdb/rocksdb.js");
  await closing(await openRocksdbSource(path, { ttl: "keep" }), (source) => {
    refuseZero(source);
    return Promise.resolve();
  });
}

function refuseZero({ info: { path, sequenceNumber } }: EntrySource): void {
  if ((sequenceNumber ?? 0n) > 0n) return;
  throw new KgdumpError("STORE_FAILED", "the new store stands at sequence number 0, where a snapshot before the first write would lose records", { path });
}

async function verify(
  plan: ImportPlan,
  path: string,
  planned: PlannedFamilies,
  reordered: readonly PlannedKeyspace[],
  options: RestoreOptions,
): Promise<void> {
  const { families, timed, time } = planned;
  const [{ createRocksdbSink, openRocksdbSource }, { DATABASE_WHILE_LOADING, whileLoading }] = await Promise.all([import("../../engines/rocksdb/rocksdb.js"), import("../../engines/rocksdb/loader.js")]);
  await closing(await openRocksdbSource(path, { ttl: timed.size > 0 ? "strip" : "keep" }), (source) => {
    refuseZero(source);
    return verifyNew(plan, source, options, reordered);
  });
  if (reordered.length === 0) return;
  const again = readEntries(options);
  await closing(await createRocksdbSink(path, { ...DATABASE_WHILE_LOADING, families: families.map(whileLoading) }), (sink) => verifyMerged(plan, again, timingComparison(sink, (family) => getsTimes(planned, family), time), options, "overwrite"));
}
