/**
 * Import: a dump's entries go into a sled store.
 *
 * Into a new target, nothing appears at the final path until the store was written, closed, reopened, read back and
 * found equal. An existing target is only touched with `merge`.
 */
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { nextIdOf } from "../../engines/next-id.js";
import { engineNamed, engineTitle } from "../../engines/registry.js";
import type { SledSink } from "../../engines/sled/sled.js";
import type { IfExists } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { reopenSettings, type ReopenSettings } from "../../settings/reopen.js";
import { checkSledSettings } from "../../settings/sled-settings.js";
import { refuseForExisting } from "../disk/access.js";
import { makeLike } from "../disk/likeness.js";
import { lockPlace } from "../disk/place-lock.js";
import { refuseFileInPlace, Staging, targetState } from "../disk/staging.js";
import { detectEngine } from "../disk/stores.js";
import { otherVersionAt, refuseOtherVersion } from "../disk/trouble.js";
import { areFiles, type EntryEvent, readEntries, readHeader } from "../dump/events.js";
import { GapWatch } from "../dump/salvaged.js";
import { nameText } from "../entries/keyspaces.js";
import { closing } from "../run/closing.js";
import { ProgressMeter } from "../run/progress.js";
import { through } from "../run/seams.js";
import { importDeltas, isDelta, restoreInterrupted } from "./delta.js";
import { refuseFilledTogether } from "./filled-together.js";
import { loadNew } from "./load.js";
import { IMPORT_ENGINE, type ImportOptions, type ImportResult } from "./options.js";
import { ImportPlan, type PlannedKeyspace } from "./plan.js";
import { verifyMerged, verifyNew } from "./read-back.js";
import { checkRoomFor } from "./room.js";
import { refuseTooLarge } from "./too-large.js";

export type { ImportedKeyspace, ImportOptions, ImportResult } from "./options.js";

/**
 * Bytes of sled's cache while a new store is read back: each page is read once, so that more would only take memory. Enough for
 * the index pages that every leaf is found by.
 */
const VERIFY_CACHE = 16 * 1024 * 1024;

/**
 * Imports a dump.
 * @throws {KgdumpError} TARGET_EXISTS, DUMP_*, KEY_EXISTS, STORE_*, VERIFY_DIFFERENCE, NO_SPACE, …; a new target is
 * not there then, unless all but making its name durable was done; an existing one holds what was merged before
 * @throws the signal's reason when it aborts
 */
export async function importDump(options: ImportOptions): Promise<ImportResult> {
  const started = performance.now();
  checkSledSettings(options);
  using _ = await lockPlace(options.target, "import");
  const merge = options.merge === true || options.ifExists !== undefined;
  await restoreInterrupted(options.target);
  const state = await targetState(options.target);
  if (state === "occupied") refuseForExisting(options, options.target);
  const deltas = merge || state !== "occupied" ? null : await deltasOf(options);
  if (deltas !== null) return await importDeltas(options, deltas);
  if (state === "occupied") await checkOccupied(options, merge);
  const gaps = new GapWatch();
  const events = gaps.watch(readEntries(options));
  try {
    const plan = new ImportPlan(await readHeader(events), options);
    await refuseFilledTogether(plan, options);
    await refuseTooLarge(plan, options, engineNamed(IMPORT_ENGINE));
    const made = state === "occupied" ? await importInto(plan, events, options) : await importNew(plan, events, options);
    const reopen = reopenSettings(resolve(options.target), made, options);
    const done = result(plan, options, state === "occupied", started);
    return { ...done, reopen, missing: gaps.missing((index) => plan.keyspaces[index] !== undefined), warnings: [...made.warnings, ...gaps.warnings(), ...done.warnings, ...plan.emptyWarnings()] };
  } finally {
    await events.return(undefined);
  }
}

/** The files to import, when they are deltas, and the target is a sled store that may hold what they build on; otherwise null. */
async function deltasOf(options: ImportOptions): Promise<readonly string[] | null> {
  const { input, target } = options;
  if (!areFiles(input)) return null;
  const files = typeof input === "string" ? [input] : input;
  if (files[0] === undefined || (await detectEngine(target).catch(() => null)) !== IMPORT_ENGINE) return null;
  return (await isDelta(files[0], options)) ? files : null;
}

async function checkOccupied({ target }: ImportOptions, merge: boolean): Promise<void> {
  if (!merge) {
    await refuseFileInPlace(target);
    const what = await occupantText(target);
    throw new KgdumpError("TARGET_EXISTS", `${target} exists already${what}`, {
      path: target,
      hint: what === "" ? "choose a new path, or write into it with --merge" : "import into a new path, and give the new store this path afterwards",
    });
  }
  const engine = await detectEngine(target);
  if (engine === IMPORT_ENGINE) {
    await refuseOtherVersion(IMPORT_ENGINE, target);
    return;
  }
  throw new KgdumpError("STORE_NOT_RECOGNIZED", `${target} is a ${engineTitle(engine)} store; a dump is imported into a sled store`, {
    path: target,
    hint: "choose another path",
  });
}

/** What a target is that nothing can be merged into; empty for others. */
async function occupantText(target: string): Promise<string> {
  const engine = await detectEngine(target).catch(() => null);
  if (engine !== null && engine !== IMPORT_ENGINE) return `, and is a ${engineTitle(engine)} store`;
  if (engine === null || (await otherVersionAt(IMPORT_ENGINE, target).catch(() => null)) === null) return "";
  return ", and is a store of another version of sled";
}

/** What a store was made with. */
type Made = Pick<ReopenSettings, "segmentSize"> & { readonly compression: boolean; readonly warnings: readonly string[] };

async function importNew(plan: ImportPlan, events: AsyncGenerator<EntryEvent>, options: ImportOptions): Promise<Made> {
  const [{ readBackSled }, { openSledLoader }] = await Promise.all([import("../../engines/sled/sled.js"), import("../../engines/sled/loader.js")]);
  await using staging = await Staging.create(options.target, options);
  const warnings = await checkRoomFor(plan, "the import", options, options.compression === true);
  const { cacheCapacity, compression, compressionLevel: compressionFactor, segmentSize } = options;
  const reversed = plan.selected.filter(({ comparator }) => comparator !== "bytewise").map(({ tree }) => tree);
  const settings = { reversed, jobs: options.jobs, cacheCapacity, compression, compressionFactor, segmentSize, nextId: options.nextId ?? nextIdOf(plan.header) };
  const loading = await openSledLoader(staging.storePath, settings);
  await closing(loading, (loader) => loadNew(plan, events, through(options.seams?.loader, loader), options));
  if (options.verify !== false) {
    const capacity = Math.min(cacheCapacity ?? VERIFY_CACHE, VERIFY_CACHE);
    // The digests tell of all that is missing or wrong, so that the check of all files, which sled itself lacks, can be left out.
    const reopened = await readBackSled(staging.storePath, { cacheCapacity: capacity, check: false });
    await closing(reopened, (source) => verifyNew(plan, source, options));
  }
  options.signal?.throwIfAborted();
  await staging.publish();
  return { ...loading.settings, warnings };
}

async function importInto(plan: ImportPlan, events: AsyncGenerator<EntryEvent>, options: ImportOptions): Promise<Made> {
  const { openSledSink } = await import("../../engines/sled/sled.js");
  const ifExists = options.ifExists ?? "overwrite";
  const verify = options.verify !== false;
  // A stream can't be read twice: each of its blocks is looked up as soon as it was written.
  const atOnce = verify && !areFiles(options.input);
  const { cacheCapacity, compression, compressionLevel: compressionFactor, segmentSize, flushEveryMs } = options;
  const settings = { create: false, cacheCapacity, compression, compressionFactor, segmentSize };
  const merging = await openSledSink(options.target, { ...settings, flushEveryMs, nextId: options.nextId ?? nextIdOf(plan.header) });
  await closing(merging, async (real) => {
    const sink = through(options.seams?.sink, real);
    await merge(plan, events, sink, options, ifExists, atOnce);
    await sink.flush();
  });
  if (verify) {
    await closing(await openSledSink(options.target, settings), async (sink) => {
      if (!atOnce) await verifyMerged(plan, readEntries(options), sink, options, ifExists);
    });
  }
  // Files that are new in it, such as snapshots.
  const store = await realpath(options.target);
  await makeLike(store, store, IMPORT_ENGINE);
  return { ...merging.settings, warnings: [] };
}

async function merge(
  plan: ImportPlan,
  events: AsyncGenerator<EntryEvent>,
  sink: SledSink,
  options: ImportOptions,
  ifExists: IfExists,
  lookUp: boolean,
): Promise<void> {
  const meter = new ProgressMeter("load", options.onProgress, plan.estimates());
  await sink.createKeyspaces(plan.selected.map(({ tree }) => tree));
  for await (const event of events) {
    options.signal?.throwIfAborted();
    const keyspace = enter(event, plan, meter);
    if (event.type !== "block" || keyspace === undefined) continue;
    const raw = keyspace.select(event.block, event.raw);
    if (raw === null) continue;
    plan.claim(keyspace);
    const { written, kept } = await sink.apply(keyspace.tree, raw, ifExists);
    keyspace.written += written;
    keyspace.kept += kept;
    if (lookUp) keyspace.expectFound(await sink.compare(keyspace.tree, raw), ifExists);
    meter.add(written + kept, raw.length, event.block.frameLength);
  }
  meter.end();
}

function enter(event: EntryEvent, plan: ImportPlan, meter: ProgressMeter): PlannedKeyspace | undefined {
  if (event.type === "keyspace-start") {
    const entered = plan.keyspaces[event.keyspace];
    if (entered !== undefined) meter.enter(entered.name);
  } else if (event.type === "keyspace-end") {
    plan.keyspaces[event.keyspace]?.end(event.totals);
  }
  return event.type === "block" ? plan.keyspaces[event.block.keyspace] : undefined;
}

function result(plan: ImportPlan, options: ImportOptions, merged: boolean, started: number): Omit<ImportResult, "reopen" | "missing"> {
  return {
    target: options.target,
    dumpId: plan.header.dumpId,
    merged,
    verified: options.verify !== false,
    keyspaces: plan.selected.map((keyspace) => ({
      name: keyspace.name,
      tree: keyspace.tree,
      entries: keyspace.entries,
      written: keyspace.written,
      kept: keyspace.kept,
      digest: keyspace.digest(),
    })),
    entries: plan.totals().entries,
    rawBytes: plan.totals().bytes,
    seconds: (performance.now() - started) / 1000,
    warnings: plan.selected.filter((keyspace) => keyspace.comparator !== "bytewise").map(orderWarning),
  };
}

function orderWarning({ name }: PlannedKeyspace): string {
  return (
    `keyspace "${nameText(name)}" was in reverse key order, while a sled tree is always in byte order: ` +
    "its entries were inserted one by one, which is slower"
  );
}
