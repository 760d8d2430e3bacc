/** What stores are compared with: a dump, checked on its way, or another store. */
import { resolve } from "node:path";
import { nextIdOf } from "../../engines/next-id.js";
import type { EngineName, EntrySource } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import type { DumpEvent, DumpHeader, KeyOrder } from "../../format/index.js";
import { giveBack } from "../../memory.js";
import { readEvents, type ReadOptions } from "../dump/read.js";
import { type DumpSummary, SummaryBuilder } from "../dump/summary.js";
import { type KeyspaceDigest, StoreScan } from "../entries/store-scan.js";
import { estimatedTotals, type OnProgress, ProgressMeter } from "../run/progress.js";
import { factsOfDump, factsOfStore, type OptionFacts } from "./options.js";

/** One keyspace of what is compared. */
export interface ReferenceKeyspace {
  readonly name: Uint8Array;
  readonly comparator: KeyOrder;
  /** Names of all keyspaces that there are. */
  readonly all: readonly Uint8Array[];
  /** Its encoded entries; each block is valid until the next is asked for. */
  readonly blocks: AsyncGenerator<Uint8Array, void, undefined>;
}

/** What stores are compared with. */
export interface Reference {
  readonly kind: "dump" | EngineName;
  /** Absolute path; null for a stream. */
  readonly path: string | null;
  /** Its keyspaces one after the other; each must be read to its end before the next is asked for. @throws what reading it throws */
  keyspaces(): AsyncGenerator<ReferenceKeyspace, void, undefined>;
  /** What was read; once all was. */
  digests(): KeyspaceDigest[];
  /** What it tells of RocksDB's options; of a dump once it was read. */
  optionFacts(): OptionFacts;
  /** The id from which sled's `generate_id` goes on, in decimal digits, once all was read; undefined when it has no such counter. */
  nextId(): string | undefined;
}

/** A dump. Reading its keyspaces to their end checks all of it. */
export class DumpReference implements Reference {
  readonly kind = "dump";
  readonly path: string | null;
  readonly #builder: SummaryBuilder;
  readonly #options: ReadOptions;
  readonly #full: boolean;
  #header: DumpHeader | undefined;
  #bytes = 0;

  /** @param full whether a delta is refused, since it is not the state that it leads to */
  constructor(options: ReadOptions, full: boolean) {
    this.path = typeof options.input === "string" ? resolve(options.input) : null;
    this.#builder = new SummaryBuilder(this.path, "entries");
    this.#options = options;
    this.#full = full;
  }

  /** What the dump is; once it was read. */
  summary(): DumpSummary {
    return this.#builder.summary(this.#bytes, null);
  }

  /** As Reference says. */
  async *keyspaces(): AsyncGenerator<ReferenceKeyspace, void, undefined> {
    const events = this.#events();
    let header: DumpHeader | null = null;
    let all: readonly Uint8Array[] = [];
    try {
      for (let next = await events.next(); next.done !== true; next = await events.next()) {
        const event = next.value;
        if (event.type === "header") {
          header = event.header;
          all = header.keyspaces.map(({ name }) => name);
        }
        if (event.type !== "keyspace-start") continue;
        const keyspace = header?.keyspaces[event.keyspace];
        if (keyspace === undefined) throw new TypeError("a keyspace that the header does not have");
        yield { ...keyspace, all, blocks: keyspaceBlocks(events) };
      }
    } finally {
      await events.return(undefined);
    }
  }

  /** As Reference says. */
  digests(): KeyspaceDigest[] {
    return this.summary().keyspaces.map(({ name, entries, digest }) => ({ name, entries, digest: digest ?? "" }));
  }

  /** As Reference says. */
  optionFacts(): OptionFacts {
    if (this.#header === undefined) throw new TypeError("the dump was not read yet");
    return factsOfDump(this.#header, this.path);
  }

  /** As Reference says. */
  nextId(): string | undefined {
    return this.#header === undefined ? undefined : nextIdOf(this.#header);
  }

  async *#events(): AsyncGenerator<DumpEvent, void, undefined> {
    let header: DumpHeader | null = null;
    let meter: ProgressMeter | null = null;
    for await (const event of readEvents(this.#options, true)) {
      this.#options.signal?.throwIfAborted();
      this.#builder.add(event);
      if (event.type === "header") {
        header = this.#header = event.header;
        this.#refuseDelta(header);
        meter = new ProgressMeter("verify", this.#options.onProgress, estimatedTotals(header.keyspaces));
      }
      if (event.type === "keyspace-start") meter?.enter(header?.keyspaces[event.keyspace]?.name ?? new Uint8Array(0));
      if (event.type === "block") meter?.add(event.block.entries, event.block.rawLength, event.block.frameLength);
      if (event.type === "footer") this.#bytes = event.bytes;
      yield event;
    }
    meter?.end();
  }

  #refuseDelta({ kind, base }: DumpHeader): void {
    if (kind === "full" || !this.#full) return;
    throw new KgdumpError("DELTA_BASE_DIFFERENT", `${this.path ?? "the dump"} holds only changes since dump ${base?.dumpId ?? "?"}: no store has just these`, {
      path: this.path ?? undefined,
      hint: "compare with a full dump, or two stores with each other; a delta itself is checked by verify without --against and --graph",
    });
  }
}

/** The blocks of the keyspace that the events are in, up to its end; each is valid until the next is asked for. */
async function* keyspaceBlocks(events: AsyncGenerator<DumpEvent, void, undefined>): AsyncGenerator<Uint8Array, void, undefined> {
  for (let next = await events.next(); next.done !== true; next = await events.next()) {
    const event = next.value;
    if (event.type === "keyspace-end") return;
    if (event.type !== "block" || event.raw === null) continue;
    yield event.raw;
    giveBack(event.raw);
  }
}

/** A store. */
export class StoreReference implements Reference {
  readonly kind: EngineName;
  readonly path: string;
  readonly #store: EntrySource;
  readonly #options: { readonly onProgress?: OnProgress | undefined; readonly signal?: AbortSignal | undefined };
  readonly #scans: StoreScan[] = [];

  constructor(store: EntrySource, options: { readonly onProgress?: OnProgress | undefined; readonly signal?: AbortSignal | undefined }) {
    this.kind = store.info.engine;
    this.path = store.info.path;
    this.#store = store;
    this.#options = options;
  }

  /** As Reference says. */
  async *keyspaces(): AsyncGenerator<ReferenceKeyspace, void, undefined> {
    const { onProgress, signal } = this.#options;
    const meter = new ProgressMeter("verify", onProgress, estimatedTotals(this.#store.info.keyspaces));
    const all = this.#store.info.keyspaces.map(({ name }) => name);
    for (const { name, comparator } of this.#store.info.keyspaces) {
      meter.enter(name);
      const scan = new StoreScan(this.#store, name, comparator, signal, meter);
      this.#scans.push(scan);
      yield { name, comparator, all, blocks: scan.blocks() };
    }
    meter.end();
  }

  /** As Reference says. */
  digests(): KeyspaceDigest[] {
    return this.#scans.map((scan) => scan.result());
  }

  /** As Reference says. */
  optionFacts(): OptionFacts {
    return factsOfStore(this.#store.info);
  }

  /** As Reference says. */
  nextId(): string | undefined {
    return nextIdOf({ source: this.#store.info });
  }
}
