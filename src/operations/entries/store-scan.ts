/** A keyspace of a store, read once: its entries, their number and their digest. */
import { createHash } from "node:crypto";
import type { EntrySource } from "../../engines/store.js";
import type { KeyOrder } from "../../format/index.js";
import type { ProgressMeter } from "../run/progress.js";

const BLOCK_SIZE = 1024 * 1024;

/** How many entries there are in a keyspace, and which. */
export interface KeyspaceDigest {
  readonly name: Uint8Array;
  readonly entries: number;
  /** SHA-256 of the entries as encoded in a dump, in their order, in hex. */
  readonly digest: string;
}

/** One pass over a keyspace of a store, which counts its entries and makes their digest. */
export class StoreScan {
  readonly name: Uint8Array;
  entries = 0;
  readonly #store: EntrySource;
  readonly #order: KeyOrder;
  readonly #signal: AbortSignal | undefined;
  readonly #meter: ProgressMeter | null;
  readonly #hash = createHash("sha256");
  #digest: string | null = null;

  /** @param order to read it in */
  constructor(store: EntrySource, name: Uint8Array, order: KeyOrder, signal: AbortSignal | undefined, meter: ProgressMeter | null = null) {
    this.name = name;
    this.#store = store;
    this.#order = order;
    this.#signal = signal;
    this.#meter = meter;
  }

  /** Its encoded entries; each block is valid until the next is asked for. @throws what the store's scan throws */
  async *blocks(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const block of this.#store.scan(this.name, { blockSize: BLOCK_SIZE, order: this.#order, signal: this.#signal })) {
      this.entries += block.entries;
      this.#hash.update(block.data);
      this.#meter?.add(block.entries, block.data.length);
      yield block.data;
      block.release();
    }
  }

  /** SHA-256 of what was read, in hex. */
  digest(): string {
    this.#digest ??= this.#hash.digest("hex");
    return this.#digest;
  }
}
