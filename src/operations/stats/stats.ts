/** Stats: what is in a dump or a store, how much of each prefix, how large, of what kind; in one pass, off the main thread. */
import { randomInt } from "node:crypto";
import { resolve } from "node:path";
import type { EntrySource } from "../../engines/store.js";
import type { DumpEvent, DumpHeader, KeyOrder } from "../../format/index.js";
import { giveBack } from "../../memory.js";
import { isDirectory } from "../disk/names.js";
import { openSource, type ReadingOptions } from "../disk/stores.js";
import { type DumpInput, sizeOfFile } from "../dump/input.js";
import { isDumpError, readEvents, type ReadOptions } from "../dump/read.js";
import { missingOf, salvagedWarnings } from "../dump/salvaged.js";
import { type DumpProblem, type DumpSummary, SummaryBuilder } from "../dump/summary.js";
import { type KeyspaceName, nameBytes, selectKeyspaces } from "../entries/keyspaces.js";
import { closing } from "../run/closing.js";
import { estimatedTotals, ProgressMeter } from "../run/progress.js";
import { Counter } from "./native.js";
import { readKeyspace, readSamples } from "./read-counts.js";
import type { KeyspaceStats, StatsResult } from "./results.js";

/** What is counted, and how. */
export interface StatsOptions extends ReadOptions, ReadingOptions {
  /** A dump's path, or its bytes; or the directory of a RocksDB or sled store. */
  readonly input: DumpInput;
  /** Only these keyspaces; all when undefined. */
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  /** What parts of keys end with; found when undefined. */
  readonly separator?: Uint8Array | undefined;
  /** Look at the fields of JSON values. */
  readonly schema?: boolean | undefined;
  /** Entries to choose by chance, each as likely as any other; default 0. */
  readonly samples?: number | undefined;
  /** Which entries these are: a whole number; default: by chance. */
  readonly seed?: number | undefined;
  /** Only entries whose key or value has a match of this regular expression, in the syntax of Rust's crate regex: it takes time in proportion to what it reads. */
  readonly grep?: string | undefined;
  /** Where it is looked for; default both. */
  readonly grepIn?: "keys" | "values" | undefined;
  /** Entries that are named as the largest of each keyspace; default 10. */
  readonly largest?: number | undefined;
}

/** Encoded bytes of the blocks of a store. */
const BLOCK_SIZE = 1024 * 1024;
const LARGEST = 10;

/**
 * Counts what is in a dump or a store, which are only read. Of a dump that is damaged or cut short what comes before that is told, and `dump.problem`.
 * @throws {KgdumpError} USAGE, KEYSPACE_UNKNOWN, DUMP_* when not even the header can be read, STORE_* when a store can't be read, ADDON_MISSING, NOT_FOUND, …
 */
export async function statsOf(options: StatsOptions): Promise<StatsResult> {
  const started = performance.now();
  const { input, schema = false, samples = 0, largest = LARGEST, seed = randomInt(2 ** 32), separator, grep, grepIn } = options;
  const counter = await Counter.start({ separator, schema, largest, sample: samples, seed, grep, grepKeys: grepIn !== "values", grepValues: grepIn !== "keys" });
  const count = new Count(counter, options);
  const facts = typeof input === "string" && (await isDirectory(input)) ? await countStore(input, count, options) : await countDump(count, options);
  return { ...facts, keyspaces: count.keyspaces, samples: readSamples(counter.samples(), count.keyspaces), seed, seconds: (performance.now() - started) / 1000 };
}

type Facts = Pick<StatsResult, "kind" | "path" | "dump" | "warnings">;

interface Keyspace {
  readonly name: Uint8Array;
  readonly comparator: KeyOrder;
}

/** What was counted so far. */
class Count {
  readonly keyspaces: KeyspaceStats[] = [];
  readonly #counter: Counter;
  readonly #only: readonly KeyspaceName[] | undefined;
  #open: Keyspace | null = null;

  constructor(counter: Counter, { keyspaces }: Pick<StatsOptions, "keyspaces">) {
    this.#counter = counter;
    this.#only = keyspaces;
  }

  /** Whether each of these keyspaces is asked for. @throws {KgdumpError} KEYSPACE_UNKNOWN */
  selected(keyspaces: readonly Keyspace[]): boolean[] {
    return selectKeyspaces(keyspaces.map(({ name }) => name), { only: this.#only });
  }

  begin(keyspace: Keyspace): void {
    this.#open = keyspace;
  }

  /** @param stored bytes of the block in the dump */
  async add(raw: Uint8Array, stored: number): Promise<void> {
    if (this.#open !== null) await this.#counter.add(raw, stored);
  }

  /** Ends the keyspace that was begun, if one was. */
  async end(whole: boolean, isStored: boolean): Promise<void> {
    if (this.#open === null) return;
    this.keyspaces.push(readKeyspace(await this.#counter.finishKeyspace(), this.#open, whole, isStored));
    this.#open = null;
  }
}

async function countStore(path: string, count: Count, options: StatsOptions): Promise<Facts> {
  const { ttl, paranoid, keyspaces } = options;
  const opened = await openSource(path, { ttl, paranoid, only: keyspaces?.map(nameBytes) });
  return closing(opened, async (store) => {
    await scanAll(store, count, options);
    const { engine, warnings, path: place } = store.info;
    return { kind: engine, path: place, dump: null, warnings };
  });
}

async function scanAll(store: EntrySource, count: Count, { onProgress, signal }: StatsOptions): Promise<void> {
  const { keyspaces } = store.info;
  const selected = count.selected(keyspaces);
  const chosen = keyspaces.filter((_, index) => selected[index] === true);
  const meter = new ProgressMeter("read", onProgress, estimatedTotals(chosen));
  for (const keyspace of chosen) {
    meter.enter(keyspace.name);
    count.begin(keyspace);
    for await (const block of store.scan(keyspace.name, { blockSize: BLOCK_SIZE, signal })) {
      await count.add(block.data, 0);
      meter.add(block.entries, block.data.length);
      block.release();
    }
    await count.end(true, false);
  }
  meter.end();
}

async function countDump(count: Count, options: StatsOptions): Promise<Facts> {
  const path = typeof options.input === "string" ? resolve(options.input) : null;
  const builder = new SummaryBuilder(path, "entries");
  const pass = new DumpPass(count, builder, options);
  let problem: DumpProblem | null = null;
  try {
    for await (const event of readEvents(options, true)) await pass.take(event);
  } catch (error) {
    if (!builder.started || !isDumpError(error)) throw error;
    const { code, message, offset, block } = error;
    problem = { code, message, offset, block };
    pass.bytes = (await sizeOfFile(options.input)) ?? offset ?? pass.bytes;
    await count.end(false, true);
  }
  pass.end();
  const dump: DumpSummary = builder.summary(pass.bytes, problem);
  return { kind: "dump", path, dump, warnings: salvagedWarnings(dump.header, missingOf(dump.keyspaces)) };
}

/** One pass over a dump. */
class DumpPass {
  /** Bytes of the dump, or of what was read of it. */
  bytes = 0;
  readonly #count: Count;
  readonly #builder: SummaryBuilder;
  readonly #options: StatsOptions;
  #header: DumpHeader | null = null;
  #selected: readonly boolean[] = [];
  #meter: ProgressMeter | null = null;

  constructor(count: Count, builder: SummaryBuilder, options: StatsOptions) {
    this.#count = count;
    this.#builder = builder;
    this.#options = options;
  }

  async take(event: DumpEvent): Promise<void> {
    this.#builder.add(event);
    if (event.type === "header") {
      this.#header = event.header;
      this.#selected = this.#count.selected(event.header.keyspaces);
      this.#meter = new ProgressMeter("read", this.#options.onProgress, estimatedTotals(event.header.keyspaces));
    } else if (event.type === "keyspace-start") {
      const keyspace = this.#header?.keyspaces[event.keyspace];
      if (keyspace === undefined) throw new TypeError("a keyspace that the header does not have");
      this.#meter?.enter(keyspace.name);
      if (this.#selected[event.keyspace] === true) this.#count.begin(keyspace);
    } else if (event.type === "block") {
      const { block, raw } = event;
      if (raw !== null) {
        await this.#count.add(raw, block.storedLength);
        giveBack(raw);
      }
      this.#meter?.add(block.entries, block.rawLength, block.frameLength);
      this.bytes = block.offset + block.frameLength;
    } else if (event.type === "keyspace-end") await this.#count.end(true, true);
    else if (event.type === "footer") this.bytes = event.bytes;
  }

  end(): void {
    this.#meter?.end();
  }
}
