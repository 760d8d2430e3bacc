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
import { checkSledSettings, SLED_DEFAULT_SEGMENT_SIZE } from "../../settings/sled-settings.js";
import { refuseForExisting } from "../disk/access.js";
import { makeLike } from "../disk/likeness.js";
import { lockPlace } from "../disk/place-lock.js";
import { refuseFileInPlace, targetState } from "../disk/staging.js";
import { detectEngine } from "../disk/stores.js";
import { otherVersionAt, refuseOtherVersion } from "../disk/trouble.js";
import { areFiles, type EntryEvent, readEntries } from "../dump/events.js";
import { nameText } from "../entries/keyspaces.js";
import { closing } from "../run/closing.js";
import { ProgressMeter } from "../run/progress.js";
import { through } from "../run/seams.js";
import { importDeltas, isDelta, restoreInterrupted } from "./delta.js";
import { fillNew, plainly, type Reading, takeDump } from "./new-store.js";
import { IMPORT_ENGINE, type ImportOptions, type ImportResult } from "./options.js";
import type { ImportPlan, PlannedKeyspace } from "./plan.js";
import { verifyMerged } from "./read-back.js";

export type { ImportedKeyspace, ImportOptions, ImportResult } from "./options.js";

/**
 * Imports a dump.
 * @throws {KgdumpError} TARGET_EXISTS, DUMP_*, KEY_EXISTS, STORE_*, VERIFY_DIFFERENCE, NO_SPACE, …; a new target is
 * not there then, unless all but making its name durable was done; an existing one holds what was merged before
 * @throws the signal's reason when it aborts
 */
export async function importDump(options: ImportOptions): Promise<ImportResult> {
  checkSledSettings(options);
  using _ = await lockPlace(options.target, "import");
  const merge = options.merge === true || options.ifExists !== undefined;
  await restoreInterrupted(options.target);
  const state = await targetState(options.target);
  if (state === "occupied") refuseForExisting(options, options.target);
  const deltas = merge || state !== "occupied" ? null : await deltasOf(options);
  if (deltas !== null) return await importDeltas(options, deltas);
  if (state === "occupied") await checkOccupied(options, merge);
  const { store, ...taken } = await takeDump(engineNamed(IMPORT_ENGINE), options, state === "occupied" ? (reading) => importInto(reading, options) : (reading) => importNew(reading, options));
  return { ...taken, merged: state === "occupied", reopen: reopenSettings(resolve(options.target), store, options) };
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

async function importNew(reading: Reading, options: ImportOptions): Promise<Made> {
  const { compression = false, segmentSize = SLED_DEFAULT_SEGMENT_SIZE } = options;
  const warnings = await fillNew(reading, plainly(engineNamed(IMPORT_ENGINE), reading.plan, { ...options, what: "the import", settings: options }), options);
  return { compression, segmentSize, warnings: [...warnings, ...orderWarnings(reading.plan)] };
}

async function importInto({ plan, events }: Reading, options: ImportOptions): Promise<Made> {
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
  return { ...merging.settings, warnings: orderWarnings(plan) };
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

function orderWarnings(plan: ImportPlan): string[] {
  const reversed = plan.selected.filter(({ comparator }) => comparator !== "bytewise");
  return reversed.map(
    ({ name }) =>
      `keyspace "${nameText(name)}" was in reverse key order, while a sled tree is always in byte order: ` +
      "its entries were inserted one by one, which is slower",
  );
}
