/** Verify: every check of a dump, and on demand a comparison with a store. */
import { resolve } from "node:path";
import type { EngineName, EntrySource } from "../engines/engine.js";
import { KgdumpError } from "../errors.js";
import type { DumpEvent, DumpHeader, HeaderKeyspace } from "../format/index.js";
import { closing } from "./closing.js";
import { compareEntries, type DifferenceKind } from "./compare.js";
import { nothing } from "./entry-run.js";
import { type DumpSummary, readEvents, type ReadOptions, SummaryBuilder } from "./inspect.js";
import { type KeyspaceName, nameBytes, nameText, sameName } from "./keyspaces.js";
import { openSource, type TtlMode } from "./load-engine.js";
import { estimatedTotals, ProgressMeter } from "./progress.js";
import { salvagedWarnings } from "./salvaged.js";

/** What `verifyDump` does. */
export interface VerifyDumpOptions extends ReadOptions {
  /** Directory of a RocksDB or sled store to compare with. */
  readonly against?: string | undefined;
  /** How the values of a RocksDB TTL store are to be read. */
  readonly ttl?: TtlMode | undefined;
  /** Name in the store for keyspace name, where they differ. */
  readonly map?: ReadonlyMap<KeyspaceName, KeyspaceName> | undefined;
}

/** One key that differs. */
export interface KeyDifference {
  readonly keyspace: Uint8Array;
  readonly key: Uint8Array;
  /** missing: only the dump has it; added: only the store; changed: both, with other values. */
  readonly kind: DifferenceKind;
}

/** One keyspace of dump and store side by side. */
export interface KeyspaceComparison {
  readonly name: Uint8Array;
  readonly entries: number;
  readonly storeEntries: number;
  readonly equal: boolean;
  readonly missing: number;
  readonly added: number;
  readonly changed: number;
}

/** How a store compares with the dump. */
export interface StoreComparison {
  readonly path: string;
  readonly engine: EngineName;
  readonly equal: boolean;
  /** Ten at most of each keyspace. */
  readonly differences: readonly KeyDifference[];
  readonly keyspaces: readonly KeyspaceComparison[];
}

/** What was verified. */
export interface VerifyResult {
  readonly dump: DumpSummary;
  readonly against: StoreComparison | null;
  readonly seconds: number;
  /** That the dump was salvaged, when it was. */
  readonly warnings: readonly string[];
}

const BLOCK_SIZE = 1024 * 1024;
const DIFFERENCES_SHOWN = 10;

/**
 * Checks a whole dump: every checksum, every block decoded, order, totals, digests, index; and, with `against`, that
 * a store holds the same entries.
 * @returns the dump's summary, and the differences from the store, which are no error here
 * @throws {KgdumpError} DUMP_* when the dump is damaged or cut short, STORE_* when the store can't be read
 */
export async function verifyDump(options: VerifyDumpOptions): Promise<VerifyResult> {
  const started = performance.now();
  const builder = new SummaryBuilder(typeof options.input === "string" ? resolve(options.input) : null);
  const pass = new VerifyPass(builder, options);
  let against: StoreComparison | null = null;
  if (options.against === undefined) {
    for await (const _ of pass.events()) options.signal?.throwIfAborted();
  } else {
    against = await closing(await openSource(options.against, { ttl: options.ttl }), (store) => compareStore(pass, store, options));
  }
  const dump = builder.summary(pass.bytes, null);
  const gaps = dump.keyspaces.reduce((total, keyspace) => total + keyspace.gaps, 0);
  return { dump, against, seconds: (performance.now() - started) / 1000, warnings: salvagedWarnings(dump.header, gaps) };
}

/** One pass over the dump, whose events are summed up and shown as progress on their way. */
class VerifyPass {
  bytes = 0;
  header: DumpHeader | null = null;
  readonly #builder: SummaryBuilder;
  readonly #options: VerifyDumpOptions;

  constructor(builder: SummaryBuilder, options: VerifyDumpOptions) {
    this.#builder = builder;
    this.#options = options;
  }

  async *events(): AsyncGenerator<DumpEvent> {
    let meter: ProgressMeter | null = null;
    for await (const event of readEvents(this.#options, true)) {
      this.#builder.add(event);
      if (event.type === "header") {
        this.header = event.header;
        meter = new ProgressMeter("verify", this.#options.onProgress, estimatedTotals(event.header.keyspaces));
      }
      if (event.type === "keyspace-start") meter?.enter(this.header?.keyspaces[event.keyspace]?.name ?? new Uint8Array(0));
      if (event.type === "block") meter?.add(event.block.entries, event.block.rawLength, event.block.frameLength);
      if (event.type === "footer") this.bytes = event.bytes;
      yield event;
    }
    meter?.end();
  }
}

async function compareStore(pass: VerifyPass, store: EntrySource, options: VerifyDumpOptions): Promise<StoreComparison> {
  const events = pass.events();
  const keyspaces: KeyspaceComparison[] = [];
  const differences: KeyDifference[] = [];
  try {
    for await (const event of manual(events)) {
      if (event.type !== "keyspace-start") continue;
      const keyspace = pass.header?.keyspaces[event.keyspace];
      if (keyspace === undefined) throw new TypeError("a keyspace that the header does not have");
      keyspaces.push(await compareKeyspace(keyspace, events, store, options, differences));
    }
  } finally {
    await events.return(undefined);
  }
  keyspaces.push(...(await unmatched(pass.header, store, options, differences)));
  return {
    path: store.info.path,
    engine: store.info.engine,
    equal: keyspaces.every((keyspace) => keyspace.equal),
    differences,
    keyspaces,
  };
}

/** Iterates without ending the generator when the loop body takes events from it as well. */
async function* manual(events: AsyncGenerator<DumpEvent>): AsyncGenerator<DumpEvent> {
  for (let next = await events.next(); next.done !== true; next = await events.next()) yield next.value;
}

/** The blocks of the keyspace that the events are in, up to its end. */
async function* keyspaceBlocks(events: AsyncGenerator<DumpEvent>, counts: { entries: number }): AsyncGenerator<Uint8Array> {
  for await (const event of manual(events)) {
    if (event.type === "keyspace-end") return;
    if (event.type !== "block") continue;
    counts.entries += event.block.entries;
    yield event.raw ?? new Uint8Array(0);
  }
}

async function* storeBlocks(
  store: EntrySource,
  tree: Uint8Array | null,
  keyspace: Pick<HeaderKeyspace, "comparator">,
  counts: { entries: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (tree === null) return;
  for await (const block of store.scan(tree, { blockSize: BLOCK_SIZE, order: keyspace.comparator, signal })) {
    counts.entries += block.entries;
    yield block.data;
    block.release();
  }
}

async function compareKeyspace(
  keyspace: HeaderKeyspace,
  events: AsyncGenerator<DumpEvent>,
  store: EntrySource,
  options: VerifyDumpOptions,
  differences: KeyDifference[],
): Promise<KeyspaceComparison> {
  const tree = storeName(keyspace.name, options.map);
  const present = store.info.keyspaces.some(({ name }) => sameName(name, tree));
  const inDump = { entries: 0 };
  const inStore = { entries: 0 };
  const found = compareEntries(
    keyspace.comparator,
    keyspaceBlocks(events, inDump),
    storeBlocks(store, present ? tree : null, keyspace, inStore, options.signal),
  );
  return tally(keyspace.name, found, inDump, inStore, differences);
}

/** Keyspaces that only the store has; sled's default tree, which is always there, counts when it holds something. */
async function unmatched(
  header: DumpHeader | null,
  store: EntrySource,
  options: VerifyDumpOptions,
  differences: KeyDifference[],
): Promise<KeyspaceComparison[]> {
  const known = (header?.keyspaces ?? []).map(({ name }) => storeName(name, options.map));
  const result: KeyspaceComparison[] = [];
  for (const extra of store.info.keyspaces) {
    if (known.some((name) => sameName(name, extra.name))) continue;
    const inStore = { entries: 0 };
    const blocks = storeBlocks(store, extra.name, extra, inStore, options.signal);
    const found = compareEntries(extra.comparator, nothing(), blocks);
    const comparison = await tally(extra.name, found, { entries: 0 }, inStore, differences);
    if (comparison.storeEntries > 0) result.push(comparison);
  }
  return result;
}

async function tally(
  name: Uint8Array,
  found: AsyncGenerator<{ kind: DifferenceKind; key: Uint8Array }>,
  inDump: { entries: number },
  inStore: { entries: number },
  differences: KeyDifference[],
): Promise<KeyspaceComparison> {
  const counts: Record<DifferenceKind, number> = { missing: 0, added: 0, changed: 0 };
  let shown = 0;
  for await (const { kind, key } of found) {
    counts[kind] += 1;
    if (shown < DIFFERENCES_SHOWN) differences.push({ keyspace: name, key, kind });
    shown += 1;
  }
  return { name, entries: inDump.entries, storeEntries: inStore.entries, equal: shown === 0, ...counts };
}

function storeName(name: Uint8Array, map: ReadonlyMap<KeyspaceName, KeyspaceName> | undefined): Uint8Array {
  for (const [from, to] of map ?? []) if (sameName(nameBytes(from), name)) return nameBytes(to);
  return name;
}

/** Fails with the comparison's result. @throws {KgdumpError} VERIFY_DIFFERENCE when it is not equal */
export function requireEqual(comparison: StoreComparison): void {
  if (comparison.equal) return;
  const parts = comparison.keyspaces
    .filter((keyspace) => !keyspace.equal)
    .map(
      ({ name, missing, added, changed }) =>
        `"${nameText(name)}": ${missing.toString()} missing, ${added.toString()} added, ${changed.toString()} changed`,
    );
  throw new KgdumpError("VERIFY_DIFFERENCE", `the store ${comparison.path} differs from the dump: ${parts.join("; ")}`, {
    path: comparison.path,
  });
}
