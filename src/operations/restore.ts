/**
 * Restore: a dump's entries go into a new RocksDB store, the way back.
 *
 * Nothing appears at the final path until the store was written, closed, reopened, read back and found equal.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { RocksdbCompression, RocksdbFamily } from "../engines/rocksdb-sink.js";
import { KgdumpError } from "../errors.js";
import type { HeaderKeyspace } from "../format/index.js";
import { closing } from "./closing.js";
import { refuseFilledTogether } from "./entries/filled-together.js";
import type { KeyspaceMap } from "./entries/naming.js";
import { areFiles, type DumpInputs, type EntryEvent, readEntries, readHeader } from "./entry-events.js";
import { loadNew } from "./import-load.js";
import { ImportPlan, type PlannedKeyspace } from "./import-plan.js";
import { verifyMerged, verifyNew } from "./import-verify.js";
import { type KeyspaceName, nameText, sameName } from "./keyspaces.js";
import { openSource } from "./load-engine.js";
import { openDump } from "./open-dump.js";
import type { OnProgress } from "./progress.js";
import { GapWatch } from "./salvaged.js";
import { Staging, targetState } from "./staging.js";

/** What `restoreDump` does. */
export interface RestoreOptions {
  /** Directory of the new RocksDB store. */
  readonly target: string;
  /** A dump; or files, a full dump and the deltas that follow it, whose last state is restored. */
  readonly input: DumpInputs;
  /** Settings of families are taken from this dump's header, or from this RocksDB store, when the dump itself says none. */
  readonly optionsFrom?: string | undefined;
  /** Compression of all families; default: as the dump says, else lz4. */
  readonly compression?: RocksdbCompression | undefined;
  /** Bytes of a table's data blocks; default: as the dump says, else 16 KiB. */
  readonly tableBlockSize?: number | undefined;
  /** Family name for keyspace name, where it is to differ. */
  readonly map?: KeyspaceMap | undefined;
  /** Only these keyspaces of the dump; all when undefined. */
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  /** All but these. */
  readonly excludeKeyspaces?: readonly KeyspaceName[] | undefined;
  /** Read everything back and compare before it is done; default true. */
  readonly verify?: boolean | undefined;
  /** Decoded bytes that a block may have; default: the format's limit. */
  readonly maxBlockSize?: number | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
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
export interface RestoreResult {
  readonly target: string;
  readonly dumpId: string;
  readonly verified: boolean;
  readonly keyspaces: readonly RestoredKeyspace[];
  readonly entries: number;
  /** Encoded, uncompressed bytes. */
  readonly bytes: number;
  readonly seconds: number;
  readonly warnings: readonly string[];
}

/**
 * Restores a dump as a RocksDB store.
 * @throws {KgdumpError} TARGET_EXISTS, DUMP_*, KEYSPACE_UNKNOWN, VERIFY_DIFFERENCE, NO_SPACE, …; the target is not there then,
 * unless all but making its name durable was done
 * @throws the signal's reason when it aborts
 */
export async function restoreDump(options: RestoreOptions): Promise<RestoreResult> {
  const started = performance.now();
  if ((await targetState(options.target)) === "occupied") {
    throw new KgdumpError("TARGET_EXISTS", `${options.target} exists already`, { path: options.target, hint: "choose a new path" });
  }
  const gaps = new GapWatch();
  const events = gaps.watch(readEntries(options));
  try {
    const plan = new ImportPlan(await readHeader(events), options);
    await refuseFilledTogether(plan, options);
    const { families, warnings } = await plannedFamilies(plan, options);
    await makeStore(plan, events, families, options);
    return {
      target: options.target,
      dumpId: plan.header.dumpId,
      verified: options.verify !== false,
      keyspaces: plan.selected.map((keyspace) => ({
        name: keyspace.name,
        family: keyspace.tree,
        entries: keyspace.entries,
        digest: keyspace.digest().toString("hex"),
      })),
      ...plan.totals(),
      seconds: (performance.now() - started) / 1000,
      warnings: [...gaps.warnings(), ...warnings],
    };
  } finally {
    await events.return(undefined);
  }
}

/** How each family is made: as the dump says, or the one that options are taken from, and as the caller wishes. */
async function plannedFamilies(plan: ImportPlan, options: RestoreOptions): Promise<{ families: RocksdbFamily[]; warnings: string[] }> {
  const { restoredFamily } = await import("../engines/rocksdb-settings.js");
  const described = options.optionsFrom === undefined ? plan.header.keyspaces : await keyspacesOf(options.optionsFrom);
  const warnings: string[] = [];
  const families = plan.selected.filter((keyspace) => decides(keyspace, plan)).map((keyspace): RocksdbFamily => {
    const found = described.find(({ name }) => sameName(name, keyspace.name));
    const settings = new Map(found?.sourceOptions);
    if (options.compression !== undefined) for (const name of ["compression", "bottommost_compression"]) settings.delete(name);
    if (options.tableBlockSize !== undefined) settings.set("table.block_size", String(options.tableBlockSize));
    const order = settings.size === 0 ? keyspace.comparator : (found?.comparator ?? keyspace.comparator);
    const { family, refused } = restoredFamily(keyspace.tree, order, settings);
    for (const setting of refused) warnings.push(`family "${nameText(keyspace.tree)}": this RocksDB does not take ${setting}`);
    return { ...family, compression: options.compression };
  });
  return { families, warnings };
}

/**
 * Whether a family is made as this keyspace says. Of several that would become one family only one may have entries: that one decides when it is known, else
 * one that was renamed to it.
 */
function decides(keyspace: PlannedKeyspace, plan: ImportPlan): boolean {
  const group = plan.selected.filter(({ tree }) => sameName(tree, keyspace.tree));
  const decider = group.find((one) => plan.owns(one)) ?? group.find(({ name, tree }) => !sameName(name, tree)) ?? keyspace;
  return decider === keyspace;
}

async function keyspacesOf(path: string): Promise<readonly Pick<HeaderKeyspace, "name" | "comparator" | "sourceOptions">[]> {
  if ((await stat(path).catch(() => null))?.isDirectory() === true) {
    await using source = await openSource(path, { ttl: "keep" });
    return source.info.keyspaces.map(({ name, comparator, settings }) => ({ name, comparator, sourceOptions: settings }));
  }
  await using dump = await openDump(path);
  return dump.header.keyspaces;
}

async function makeStore(plan: ImportPlan, events: AsyncGenerator<EntryEvent>, families: readonly RocksdbFamily[], options: RestoreOptions): Promise<void> {
  const reordered = plan.selected.filter(({ tree, comparator }) => families.find(({ name }) => sameName(Buffer.from(name), tree))?.comparator !== comparator);
  if (reordered.length > 0 && !areFiles(options.input)) {
    throw new KgdumpError("USAGE", "a dump whose families get another order of keys is read twice, which a stream cannot be", {
      hint: "write the dump to a file first, and name it with -i",
    });
  }
  const { openRocksdbLoader } = await import("../engines/rocksdb-loader.js");
  await using staging = await Staging.create(options.target);
  const loading = await openRocksdbLoader(staging.storePath, { tableDirectory: join(staging.directory, "tables"), families });
  await closing(loading, (loader) => loadNew(plan, events, loader, options));
  if (options.verify !== false) await verify(plan, staging.storePath, families, reordered, options);
  options.signal?.throwIfAborted();
  await staging.publish();
}

async function verify(
  plan: ImportPlan,
  path: string,
  families: readonly RocksdbFamily[],
  reordered: readonly PlannedKeyspace[],
  options: RestoreOptions,
): Promise<void> {
  const { createRocksdbSink, openRocksdbSource } = await import("../engines/rocksdb.js");
  await closing(await openRocksdbSource(path), (source) => verifyNew(plan, source, options, reordered));
  if (reordered.length === 0) return;
  const again = readEntries(options);
  await closing(await createRocksdbSink(path, { families }), (sink) => verifyMerged(plan, again, sink, options, "overwrite"));
}
