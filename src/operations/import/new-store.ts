/**
 * Making a new store of a dump, whatever its engine is: nothing appears at the final path until the store was written, closed, reopened, read back
 * and found equal.
 */
import { join } from "node:path";
import type { Engine } from "../../engines/engine.js";
import { nextIdOf } from "../../engines/next-id.js";
import type { EntryLoader, EntrySource, NewStoreOptions } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import type { SledSettings } from "../../settings/sled-settings.js";
import { lockPlace } from "../disk/place-lock.js";
import { refuseFileInPlace, Staging, targetState } from "../disk/staging.js";
import type { TtlMode } from "../disk/stores.js";
import { type EntryEvent, readEntries, readHeader } from "../dump/events.js";
import { GapWatch } from "../dump/salvaged.js";
import { closing } from "../run/closing.js";
import { through } from "../run/seams.js";
import { refuseFilledTogether } from "./filled-together.js";
import { loadNew } from "./load.js";
import type { ImportedKeyspace, LoadingOptions, LoadingResult } from "./options.js";
import { ImportPlan } from "./plan.js";
import { verifyNew } from "./read-back.js";
import { checkRoomFor } from "./room.js";
import { refuseTooLarge } from "./too-large.js";

/** A dump that is being read, and what is taken of it. */
export interface Reading {
  readonly plan: ImportPlan;
  readonly events: AsyncGenerator<EntryEvent>;
}

/** What an engine does of making a store. */
export interface Making {
  /** What is made, as it is named to who has no room for it. */
  readonly what: string;
  /** Whether the store compresses what it holds. */
  readonly compresses: boolean;
  /** @param scratch a directory to be made for what is not part of the store yet */
  openLoader(path: string, scratch: string): Promise<EntryLoader>;
  /** What the loader gets its blocks through. */
  before?(loader: EntryLoader): EntryLoader;
  /** Sees, unless nobody wants it, that the store holds what was loaded, and leaves it as its program is to find it. */
  finish(path: string): Promise<void>;
}

/**
 * Fills a new store, which gets its name when it is whole.
 * @returns the warnings that were told
 * @throws {KgdumpError} DUMP_*, VERIFY_DIFFERENCE, NO_SPACE, …: nothing is at the target then, unless all but making its name durable was done
 * @throws the signal's reason when it aborts
 */
export async function fillNew({ plan, events }: Reading, making: Making, options: LoadingOptions): Promise<string[]> {
  await using staging = await Staging.create(options.target, options);
  const warnings = await checkRoomFor(plan, making.what, options, making.compresses);
  const loading = await making.openLoader(staging.storePath, join(staging.directory, "tables"));
  await closing(loading, (real) => {
    const loader = through(options.seams?.loader, real);
    return loadNew(plan, events, making.before?.(loader) ?? loader, options);
  });
  await making.finish(staging.storePath);
  options.signal?.throwIfAborted();
  await staging.publish();
  return warnings;
}

/** How a store is made that needs nothing but what every engine has. */
export interface PlainOptions extends LoadingOptions, Pick<NewStoreOptions, "jobs" | "nextId" | "settings">, Pick<Making, "what"> {}

/**
 * How an engine makes a store of what is taken of a dump.
 * @throws {KgdumpError} STORE_UNSUPPORTED where its stores are only read
 */
export function plainly(engine: Engine, plan: ImportPlan, options: PlainOptions): Making {
  const { what, jobs, nextId = nextIdOf(plan.header), settings } = options;
  if (engine.openLoader === undefined) throw new KgdumpError("STORE_UNSUPPORTED", `kgdump reads ${engine.title} stores but does not make them`, { hint: "make a store of another engine from a dump" });
  const openLoader = engine.openLoader.bind(engine);
  const keyspaces = plan.selected.map(({ tree, comparator }) => ({ name: tree, comparator }));
  return {
    what,
    compresses: settings?.compression === true,
    openLoader: (path, scratch) => openLoader(path, { keyspaces, scratch, jobs, nextId, settings }),
    finish: async (path) => {
      if (options.verify !== false) await closing(await openMade(engine, path, { settings }), (source) => verifyNew(plan, source, options));
    },
  };
}

/** Opens a store that was just made and read back, in whichever way is quickest. @throws {KgdumpError} STORE_*, IO_FAILED, ADDON_MISSING */
export function openMade(engine: Engine, path: string, { settings, ttl = "keep" }: { settings?: SledSettings | undefined; ttl?: TtlMode | undefined } = {}): Promise<EntrySource> {
  return engine.readBack?.(path, settings) ?? engine.openSource(path, { ttl });
}

/** What became of a dump, and of its keyspaces. */
export interface Taken extends LoadingResult {
  readonly keyspaces: readonly ImportedKeyspace[];
}

/** Writes what is taken of a dump into a store. @returns what is known of the store, with the warnings that were told */
type Work<S> = (reading: Reading) => Promise<S>;

interface WithTold {
  readonly warnings: readonly string[];
}

/**
 * Reads a dump for a store of an engine.
 * @throws {KgdumpError} DUMP_*, KEYSPACE_UNKNOWN, STORE_UNSUPPORTED for entries that no store of the engine can hold; what `work` throws
 */
export async function takeDump<S extends WithTold>(engine: Engine, options: LoadingOptions, work: Work<S>): Promise<Taken & { readonly store: S }> {
  const started = performance.now();
  const gaps = new GapWatch();
  const events = gaps.watch(readEntries(options));
  try {
    const plan = new ImportPlan(await readHeader(events), options);
    await refuseFilledTogether(plan, options);
    await refuseTooLarge(plan, options, engine);
    const store = await work({ plan, events });
    return {
      target: options.target,
      dumpId: plan.header.dumpId,
      verified: options.verify !== false,
      keyspaces: plan.selected.map((keyspace) => ({ name: keyspace.name, tree: keyspace.tree, entries: keyspace.entries, written: keyspace.written, kept: keyspace.kept, digest: keyspace.digest() })),
      entries: plan.totals().entries,
      rawBytes: plan.totals().bytes,
      seconds: (performance.now() - started) / 1000,
      missing: gaps.missing((index) => plan.keyspaces[index] !== undefined),
      warnings: [...gaps.warnings(), ...store.warnings, ...plan.emptyWarnings()],
      store,
    };
  } finally {
    await events.return(undefined);
  }
}

/**
 * As `takeDump`, where nothing may be at the target yet.
 * @param command who does it, for who comes too late
 * @throws {KgdumpError} TARGET_EXISTS, STORE_IN_USE; as takeDump
 */
export async function takeIntoNew<S extends WithTold>(engine: Engine, command: string, options: LoadingOptions, work: Work<S>): Promise<Taken & { readonly store: S }> {
  using _ = await lockPlace(options.target, command);
  if ((await targetState(options.target)) === "occupied") {
    await refuseFileInPlace(options.target);
    throw new KgdumpError("TARGET_EXISTS", `${options.target} exists already`, { path: options.target, hint: "choose a new path" });
  }
  return await takeDump(engine, options, work);
}
