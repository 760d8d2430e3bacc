/** One pass over a dump, or over a store, block by block. */
import { resolve } from "node:path";
import type { EngineName, EntrySource } from "../../engines/store.js";
import type { DumpEvent, DumpHeader, KeyOrder } from "../../format/index.js";
import { giveBack, HUGE_BLOCK } from "../../memory.js";
import { isDirectory } from "../disk/names.js";
import { openSource, type ReadingOptions } from "../disk/stores.js";
import { type KeyspaceName, nameBytes, selectKeyspaces } from "../entries/keyspaces.js";
import { closing } from "../run/closing.js";
import { estimatedTotals, ProgressMeter } from "../run/progress.js";
import { type DumpInput, sizeOfFile } from "./input.js";
import { isDumpError, readEvents, type ReadOptions } from "./read.js";
import { missingOf, salvagedWarnings } from "./salvaged.js";
import { type DumpProblem, type DumpSummary, SummaryBuilder } from "./summary.js";

/** What is read, and how. */
export interface PassOptions extends ReadOptions, ReadingOptions {
  /** A dump's path, or its bytes; or the directory of a RocksDB or sled store. */
  readonly input: DumpInput;
  /** Only these keyspaces; all when undefined. */
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
}

/** A keyspace that is read. */
export interface PassKeyspace {
  readonly name: Uint8Array;
  readonly comparator: KeyOrder;
}

/** Takes in what is read of the keyspaces that are asked for, in its order. */
export interface PassTaker {
  /** Blocks that `add` may be given before the first of them has settled; default 1. */
  readonly atOnce?: number | undefined;
  /** @param raw of which nobody needs the bytes when this has settled; stored: bytes of the block in the dump; 0 in a store */
  add(raw: Uint8Array, stored: number): Promise<void>;
  /** Ends a keyspace. @param isStored whether it has a size in a dump */
  end?(keyspace: PassKeyspace, whole: boolean, isStored: boolean): Promise<void>;
}

/** What was read. */
export interface PassFacts {
  readonly kind: "dump" | EngineName;
  /** Absolute path; null for a stream. */
  readonly path: string | null;
  /** What the dump is, and why it is not complete; null for a store. */
  readonly dump: DumpSummary | null;
  /** What a user should know of the dump or the store. */
  readonly warnings: readonly string[];
}

/** Encoded bytes of the blocks of a store. */
const BLOCK_SIZE = 1024 * 1024;

/**
 * Reads a dump or a store, which are only read. Of a dump that is damaged or cut short what comes before that is read, and `dump.problem` tells it.
 * @throws {KgdumpError} KEYSPACE_UNKNOWN, DUMP_* when not even the header can be read, STORE_* when a store can't be read, NOT_FOUND, …
 */
export async function passOver(taker: PassTaker, options: PassOptions): Promise<PassFacts> {
  const { input } = options;
  return typeof input === "string" && (await isDirectory(input)) ? passStore(input, taker, options) : passDump(taker, options);
}

async function passStore(path: string, taker: PassTaker, options: PassOptions): Promise<PassFacts> {
  const { ttl, paranoid, keyspaces } = options;
  const opened = await openSource(path, { ttl, paranoid, only: keyspaces?.map(nameBytes) });
  return closing(opened, async (store) => {
    await scanAll(store, taker, options);
    const { engine, warnings, path: place } = store.info;
    return { kind: engine, path: place, dump: null, warnings };
  });
}

/** Which of these keyspaces are asked for. @throws {KgdumpError} KEYSPACE_UNKNOWN */
function selectedOf(all: readonly PassKeyspace[], { keyspaces }: PassOptions): boolean[] {
  return selectKeyspaces(all.map(({ name }) => name), { only: keyspaces });
}

async function scanAll(store: EntrySource, taker: PassTaker, options: PassOptions): Promise<void> {
  const { onProgress, signal } = options;
  const selected = selectedOf(store.info.keyspaces, options);
  const chosen = store.info.keyspaces.filter((_, index) => selected[index] === true);
  const meter = new ProgressMeter("read", onProgress, estimatedTotals(chosen));
  const given = new Given(taker);
  for (const keyspace of chosen) {
    meter.enter(keyspace.name);
    for await (const block of store.scan(keyspace.name, { blockSize: BLOCK_SIZE, signal })) {
      await given.add(block.data, 0, () => { block.release(); });
      meter.add(block.entries, block.data.length);
    }
    await given.settled();
    await taker.end?.(keyspace, true, false);
  }
  meter.end();
}

async function passDump(taker: PassTaker, options: PassOptions): Promise<PassFacts> {
  const path = typeof options.input === "string" ? resolve(options.input) : null;
  const builder = new SummaryBuilder(path, "entries");
  const pass = new DumpPass(taker, builder, options);
  let problem: DumpProblem | null = null;
  try {
    for await (const event of readEvents(options, true)) await pass.take(event);
  } catch (error) {
    if (!builder.started || !isDumpError(error)) throw error;
    const { code, message, offset, block } = error;
    problem = { code, message, offset, block };
    pass.bytes = (await sizeOfFile(options.input)) ?? offset ?? pass.bytes;
    await pass.endKeyspace(false);
  }
  pass.end();
  const dump: DumpSummary = builder.summary(pass.bytes, problem);
  return { kind: "dump", path, dump, warnings: salvagedWarnings(dump.header, missingOf(dump.keyspaces)) };
}

/** Blocks that a taker was given, of which some have not settled yet. */
class Given {
  readonly #taker: PassTaker;
  /** The oldest first. */
  readonly #taken: Promise<void>[] = [];

  constructor(taker: PassTaker) {
    this.#taker = taker;
  }

  /** Gives it a block, and waits until it may be given another. @param release called when nobody needs the bytes any more */
  async add(raw: Uint8Array, stored: number, release: () => void): Promise<void> {
    const taken = this.#taker.add(raw, stored).then(release);
    // Somebody waits for it later, perhaps after another one has failed.
    taken.catch(() => undefined);
    this.#taken.push(taken);
    const most = raw.length > HUGE_BLOCK ? 1 : (this.#taker.atOnce ?? 1);
    while (this.#taken.length >= most) await this.#taken.shift();
  }

  /** Waits for all of them. */
  async settled(): Promise<void> {
    await Promise.all(this.#taken.splice(0));
  }
}

/** One pass over a dump. */
class DumpPass {
  /** Bytes of the dump, or of what was read of it. */
  bytes = 0;
  readonly #taker: PassTaker;
  readonly #builder: SummaryBuilder;
  readonly #options: PassOptions;
  #header: DumpHeader | null = null;
  #selected: readonly boolean[] = [];
  /** The keyspace that is read, when it is asked for. */
  #keyspace: PassKeyspace | null = null;
  #meter: ProgressMeter | null = null;
  readonly #given: Given;

  constructor(taker: PassTaker, builder: SummaryBuilder, options: PassOptions) {
    this.#taker = taker;
    this.#given = new Given(taker);
    this.#builder = builder;
    this.#options = options;
  }

  async take(event: DumpEvent): Promise<void> {
    this.#builder.add(event);
    if (event.type === "header") {
      this.#header = event.header;
      this.#selected = selectedOf(event.header.keyspaces, this.#options);
      this.#meter = new ProgressMeter("read", this.#options.onProgress, estimatedTotals(event.header.keyspaces));
    } else if (event.type === "keyspace-start") {
      const keyspace = this.#header?.keyspaces[event.keyspace];
      if (keyspace === undefined) throw new TypeError("a keyspace that the header does not have");
      this.#meter?.enter(keyspace.name);
      this.#keyspace = this.#selected[event.keyspace] === true ? keyspace : null;
    } else if (event.type === "block") {
      const { block, raw } = event;
      if (raw !== null && this.#keyspace !== null) await this.#given.add(raw, block.storedLength, () => { giveBack(raw); });
      else if (raw !== null) giveBack(raw);
      this.#meter?.add(block.entries, block.rawLength, block.frameLength);
      this.bytes = block.offset + block.frameLength;
    } else if (event.type === "keyspace-end") await this.endKeyspace(true);
    else if (event.type === "footer") this.bytes = event.bytes;
  }

  /** Ends the keyspace that is read, if it is asked for. */
  async endKeyspace(whole: boolean): Promise<void> {
    await this.#given.settled();
    const keyspace = this.#keyspace;
    this.#keyspace = null;
    if (keyspace !== null) await this.#taker.end?.(keyspace, whole, true);
  }

  end(): void {
    this.#meter?.end();
  }
}
