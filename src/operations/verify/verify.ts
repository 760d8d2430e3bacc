/** Verify: every check of a dump; a dump or a store side by side with other stores; the graph that is in them. */
import { randomInt } from "node:crypto";
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { NEXT_ID, nextIdOf } from "../../engines/next-id.js";
import { engineNamed } from "../../engines/registry.js";
import type { EntrySource } from "../../engines/store.js";
import { openSource, type ReadingOptions } from "../disk/stores.js";
import type { ReadOptions } from "../dump/read.js";
import { missingOf, salvagedWarnings } from "../dump/salvaged.js";
import { compareEntries, type DifferenceKind } from "../entries/compare.js";
import { nothing } from "../entries/entry-run.js";
import { type ByName, nameSet } from "../entries/keyspaces.js";
import { type KeyspaceMap, Naming } from "../entries/naming.js";
import { type Sample, SampleTaker, seededRandom } from "../entries/samples.js";
import { StoreScan } from "../entries/store-scan.js";
import { GraphCheck, type GraphReport } from "../graph/index.js";
import { closing } from "../run/closing.js";
import { compareOptions, factsOfStore, requireRocksdb } from "./options.js";
import { DumpReference, type Reference, type ReferenceKeyspace, StoreReference } from "./reference.js";
import type { KeyDifference, KeyspaceComparison, StoreComparison, Verification, VerifyResult } from "./results.js";

/** How things are compared. */
export interface CompareOptions extends Pick<ReadOptions, "onProgress" | "signal">, ReadingOptions {
  /** Directories of the RocksDB or sled stores to compare with. */
  readonly against?: string | readonly string[] | undefined;
  /** Name in a store for keyspace name, where they differ; a store that has none of these names is taken to have the original ones. */
  readonly map?: KeyspaceMap | undefined;
  /** Entries of each keyspace that are told with their values from all sides; default 0. */
  readonly samples?: number | undefined;
  /** Which entries these are: an integer; default: by chance. */
  readonly seed?: number | undefined;
  /** Check the graph too, in the layout of MAYA. */
  readonly graph?: boolean | undefined;
  /** Compare RocksDB's options too: all that OPTIONS says of the database and of each family. */
  readonly options?: boolean | undefined;
}

/** What `verifyDump` does. */
export interface VerifyDumpOptions extends ReadOptions, CompareOptions {}

/** What `verifyStore` does. */
export interface VerifyStoreOptions extends CompareOptions {
  /** Directory of a RocksDB or sled store. */
  readonly store: string;
}

const DIFFERENCES_SHOWN = 10;

/**
 * Checks a whole dump: every checksum, every block decoded, order, totals, digests, index; with `against`, that
 * stores hold the same entries; with `graph`, that the graph in it fits together.
 * @returns the dump's summary, and the differences from the stores, which are no error here
 * @throws {KgdumpError} DUMP_* when the dump is damaged or cut short, STORE_* when a store can't be read, DELTA_BASE_DIFFERENT
 * when stores are to be compared with a delta
 */
export async function verifyDump(options: VerifyDumpOptions): Promise<VerifyResult> {
  const compared = storesOf(options).length > 0 || options.graph === true;
  const reference = new DumpReference(options, compared);
  const verified = await verifyReference(reference, options);
  const dump = reference.summary();
  return { ...verified, dump, against: verified.stores[0] ?? null, warnings: [...salvagedWarnings(dump.header, missingOf(dump.keyspaces)), ...verified.warnings] };
}

/**
 * Reads a whole store, and compares others with it as `verifyDump` does.
 * @throws {KgdumpError} STORE_* when a store can't be read
 */
export async function verifyStore(options: VerifyStoreOptions): Promise<Verification> {
  const opened = await openSource(options.store, options);
  return closing(opened, (store) => verifyReference(new StoreReference(store, options), options, { path: options.store, store }));
}

/** A store that is open. */
interface OpenStore {
  readonly path: string;
  readonly store: EntrySource;
}

/** The stores to compare with; one that is named twice, or is the reference itself, is opened once: the second time its own lock would be in the way. */
async function openSides(options: CompareOptions, opened: OpenStore | undefined, sources: EntrySource[]): Promise<EntrySource[]> {
  const placeOf = async (path: string): Promise<string> => realpath(path).catch(() => resolve(path));
  const known = new Map<string, EntrySource>(opened === undefined ? [] : [[await placeOf(opened.path), opened.store]]);
  const sides: EntrySource[] = [];
  for (const path of storesOf(options)) {
    const place = await placeOf(path);
    let source = known.get(place);
    if (source === undefined) {
      source = await openSource(path, options);
      sources.push(source);
      known.set(place, source);
    }
    sides.push(source);
  }
  return sides;
}

function storesOf({ against }: CompareOptions): readonly string[] {
  return against === undefined ? [] : typeof against === "string" ? [against] : against;
}

async function verifyReference(reference: Reference, options: CompareOptions, opened?: OpenStore): Promise<Verification> {
  const started = performance.now();
  const sources: EntrySource[] = [];
  try {
    const sides = await openSides(options, opened, sources);
    // A dump tells where it comes from when it is read.
    if (options.options === true) requireRocksdb([...(reference.kind === "dump" ? [] : [{ engine: reference.kind, path: reference.path }]), ...sides.map(({ info }) => info)]);
    const seed = options.seed ?? randomInt(2 ** 32);
    await using pass = new SidesPass(reference, sides, options, seed);
    await pass.run();
    const graph = (await pass.graph?.report()) ?? null;
    const stores: StoreComparison[] = [];
    for (const side of pass.sides) stores.push(await pass.comparison(side, graph));
    const { kind, path } = reference;
    return {
      reference: { kind, path, keyspaces: reference.digests(), graph },
      stores,
      samples: pass.samples,
      seed,
      seconds: (performance.now() - started) / 1000,
      warnings: [...storeWarnings(opened === undefined ? sources : [opened.store, ...sources]), ...graphWarnings(graph), ...optionWarnings(stores), ...sides.flatMap((source) => counterWarnings(reference, source))],
    };
  } finally {
    for (const source of sources) await source.close();
  }
}

/** What is said of each store when it is opened, as export says it; of which one, where there are several. */
function storeWarnings(stores: readonly EntrySource[]): string[] {
  return stores.flatMap(({ info: { path, warnings } }) => warnings.map((warning) => (stores.length > 1 ? `${path}: ${warning}` : warning)));
}

/** A counter of ids that is lower than it was hands out ids once more: no entry differs, but should be known. */
function counterWarnings(reference: Reference, { info }: EntrySource): string[] {
  const [wanted, found] = [reference.nextId(), engineNamed(info.engine).countsIds ? (nextIdOf({ source: info }) ?? "0") : undefined];
  if (wanted === undefined || found === undefined || BigInt(found) >= BigInt(wanted)) return [];
  const whom = reference.kind === "dump" ? "the dump" : (reference.path ?? "the first");
  return [`the counter of ids of ${info.path} is lower than that of ${whom}: generate_id goes on from ${found} at the latest, and not from ${wanted} (${NEXT_ID}), and may hand out ids that are in use`];
}

/** What can't be said of options, of which store where there are several. */
function optionWarnings(stores: readonly StoreComparison[]): string[] {
  return stores.flatMap(({ path, options }) => options?.warnings.map((warning) => (stores.length > 1 ? `${path}: ${warning}` : warning)) ?? []);
}

/** What is wrong with the graph of the first is no difference, but should be known. */
function graphWarnings(graph: GraphReport | null): string[] {
  if (graph?.layout === "none") return ["there is no graph to check: no key is in the layout of MAYA"];
  if (graph === null || graph.problems === 0) return [];
  const kinds = graph.kinds.map(({ kind, count }) => `${count.toString()} ${kind}`).join(", ");
  return [`the graph has problems of its own, which no comparison can show: ${kinds}`];
}

type Names = Pick<ByName<Uint8Array>, "has">;

/** One of the stores that are compared, and what was found. */
class Side {
  readonly store: EntrySource;
  readonly keyspaces: KeyspaceComparison[] = [];
  readonly differences: KeyDifference[] = [];
  readonly #naming: Naming;
  readonly #names: Names;
  /** Names that others of the first one's keyspaces get. */
  #given: { readonly all: readonly Uint8Array[]; readonly names: Names } | null = null;

  constructor(store: EntrySource, naming: Naming) {
    this.store = store;
    const names = store.info.keyspaces.map(({ name }) => name);
    this.#names = nameSet(names);
    this.#naming = naming.givesOneOf(names) ? naming : new Naming(undefined);
  }

  has(name: Uint8Array): boolean {
    return this.#names.has(name);
  }

  nameOf(name: Uint8Array): Uint8Array {
    return this.#naming.nameOf(name);
  }

  /** Whether the store may have a counterpart of a keyspace: not when another one was given its name. */
  holds(name: Uint8Array, all: readonly Uint8Array[]): boolean {
    if (this.#given?.all !== all) this.#given = { all, names: nameSet(this.#naming.given(all)) };
    const taken = this.#naming.renamed(name) === undefined && this.#given.names.has(name);
    return !taken && this.has(this.nameOf(name));
  }
}

type Counts = Record<DifferenceKind, number>;

/** One pass over what stores are compared with, beside all of them. */
class SidesPass implements AsyncDisposable {
  readonly sides: readonly Side[];
  readonly samples: Sample[] = [];
  readonly graph: GraphCheck | null;
  readonly #reference: Reference;
  readonly #options: CompareOptions;
  readonly #random: () => number;

  constructor(reference: Reference, stores: readonly EntrySource[], options: CompareOptions, seed: number) {
    this.#reference = reference;
    this.#options = options;
    const naming = new Naming(options.map);
    this.sides = stores.map((store) => new Side(store, naming));
    this.#random = seededRandom(seed);
    this.graph = options.graph === true ? new GraphCheck({ signal: options.signal }) : null;
  }

  async run(): Promise<void> {
    const names: Uint8Array[] = [];
    for await (const keyspace of this.#reference.keyspaces()) {
      names.push(keyspace.name);
      await this.#compare(keyspace);
    }
    this.#fillDigests();
    for (const side of this.sides) await this.#unmatched(side, names);
    await this.graph?.finish();
  }

  /** What was found about a store. @param graph of the first; that of the same entries is the same */
  async comparison(side: Side, graph: GraphReport | null): Promise<StoreComparison> {
    const { path, engine } = side.store.info;
    const sameEntries = side.keyspaces.every((keyspace) => keyspace.equal);
    const { differences, keyspaces } = side;
    const options = this.#options.options === true ? await compareOptions(this.#reference.optionFacts(), factsOfStore(side.store.info), (name) => side.nameOf(name)) : null;
    const equal = sameEntries && (options === null || options.differences.length === 0);
    return { path, engine, equal, differences, keyspaces, options, graph: sameEntries || this.graph === null ? graph : await this.#graphOf(side.store, this.graph) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.graph?.[Symbol.asyncDispose]();
  }

  async #graphOf(store: EntrySource, before: GraphCheck): Promise<GraphReport> {
    await using check = new GraphCheck({ signal: this.#options.signal });
    await check.addStore(store);
    await check.finish();
    // Awaited here, as the check is over when this returns.
    return await check.report(before);
  }

  async #compare({ name, comparator, all, blocks }: ReferenceKeyspace): Promise<void> {
    const { signal, samples = 0 } = this.#options;
    if (this.sides.length === 0) {
      // Whoever reads the blocks has checked them, and there is nothing to compare them with.
      const watched = this.#watched(blocks);
      while ((await watched.next()).done !== true);
      return;
    }
    const taker = samples > 0 ? new SampleTaker(name, samples, this.#random) : undefined;
    const counts = this.sides.map((): Counts => ({ missing: 0, added: 0, changed: 0 }));
    const scans = this.sides.map((side) => (side.holds(name, all) ? new StoreScan(side.store, side.nameOf(name), comparator, signal) : null));
    const others = scans.map((scan) => scan?.blocks() ?? nothing());
    for await (const { other, kind, key } of compareEntries(comparator, this.#watched(blocks), others, taker)) {
      this.#note(this.sides[other], counts[other], { keyspace: name, key, kind });
    }
    this.samples.push(...(taker?.samples() ?? []));
    for (const [index, side] of this.sides.entries()) {
      const scan = scans[index] ?? null;
      const found = counts[index] ?? { missing: 0, added: 0, changed: 0 };
      side.keyspaces.push({
        name, entries: 0, digest: null, storeEntries: scan?.entries ?? 0, storeDigest: scan?.digest() ?? null,
        equal: found.missing + found.added + found.changed === 0, ...found,
      });
    }
  }

  /** Shows the graph's check what the first one holds. */
  async *#watched(blocks: AsyncGenerator<Uint8Array, void, undefined>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const block of blocks) {
      await this.graph?.add(block);
      yield block;
    }
  }

  #note(side: Side | undefined, counts: Counts | undefined, difference: KeyDifference): void {
    if (side === undefined || counts === undefined) return;
    const before = counts.missing + counts.added + counts.changed;
    counts[difference.kind] += 1;
    if (before < DIFFERENCES_SHOWN) side.differences.push(difference);
  }

  /** The digest of a dump's keyspace is known only when the dump has told it. */
  #fillDigests(): void {
    const digests = this.#reference.digests();
    for (const side of this.sides) {
      for (const [index, { entries, digest }] of digests.entries()) {
        const keyspace = side.keyspaces[index];
        if (keyspace === undefined) continue;
        const same = keyspace.storeDigest === digest && keyspace.storeEntries === entries;
        side.keyspaces[index] = { ...keyspace, entries, digest, equal: keyspace.equal && (same || (keyspace.storeDigest === null && entries === 0)) };
      }
    }
  }

  /** Keyspaces that only the store has; sled's default tree, which is always there, counts when it holds something. */
  async #unmatched(side: Side, names: readonly Uint8Array[]): Promise<void> {
    const known = nameSet(names.map((name) => side.nameOf(name)));
    for (const { name, comparator } of side.store.info.keyspaces) {
      if (known.has(name)) continue;
      const scan = new StoreScan(side.store, name, comparator, this.#options.signal);
      const counts: Counts = { missing: 0, added: 0, changed: 0 };
      for await (const { key, kind } of compareEntries(comparator, nothing(), [scan.blocks()])) this.#note(side, counts, { keyspace: name, key, kind });
      if (scan.entries === 0) continue;
      side.keyspaces.push({ name, entries: 0, digest: null, storeEntries: scan.entries, storeDigest: scan.digest(), equal: false, ...counts });
    }
  }
}
