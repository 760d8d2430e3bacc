/** A keyspace of a store: one entry of it, or all of them, read once, with their number and their digest. */
import { createHash } from "node:crypto";
import type { EntryBlock, EntrySource } from "../../engines/store.js";
import { iterateEntries, type KeyOrder } from "../../format/index.js";
import type { ProgressMeter } from "../run/progress.js";

const BLOCK_SIZE = 1024 * 1024;
/** Bytes of a block that is read for one key. */
const KEY_BLOCK_SIZE = 4096;

/**
 * Reads the value of one key.
 * @returns undefined when the keyspace does not have the key; null for one that is removed
 * @throws what the store's scan throws
 */
export async function valueOf(store: Pick<EntrySource, "scan">, keyspace: Uint8Array, key: Uint8Array, signal?: AbortSignal): Promise<Uint8Array | null | undefined> {
  // From the key on, in any order: of keys that begin with it, others may come first.
  for await (const block of store.scan(keyspace, { blockSize: KEY_BLOCK_SIZE, from: key, limit: 1, signal })) {
    for (const found of iterateEntries(block.data)) if (Buffer.compare(found.key, key) === 0) return found.value === null ? null : Uint8Array.from(found.value);
    block.release();
  }
  return undefined;
}

/** How many entries there are in a keyspace, and which. */
export interface KeyspaceDigest {
  readonly name: Uint8Array;
  readonly entries: number;
  /** SHA-256 of the entries as encoded in a dump, in their order, in hex. */
  readonly digest: string;
}

/** Whether two keyspaces hold the same entries; undefined holds none that could be. */
export function holdSame(one: Pick<KeyspaceDigest, "entries" | "digest"> | undefined, other: Pick<KeyspaceDigest, "entries" | "digest">): boolean {
  return one?.entries === other.entries && one.digest === other.digest;
}

/** Number and digest of entries, which are added block by block. */
export class Tally {
  entries = 0;
  readonly #hash = createHash("sha256");
  readonly #meter: ProgressMeter | null;
  #digest: string | null = null;

  constructor(meter: ProgressMeter | null = null) {
    this.#meter = meter;
  }

  /** Adds a block's entries, behind all others. */
  add({ data, entries }: Pick<EntryBlock, "data" | "entries">): void {
    this.#hash.update(data);
    this.entries += entries;
    this.#meter?.add(entries, data.length);
  }

  /** SHA-256 of what was added, in hex; nothing can be added then. */
  digest(): string {
    this.#digest ??= this.#hash.digest("hex");
    return this.#digest;
  }
}

/** One pass over a keyspace of a store, which counts its entries and makes their digest. */
export class StoreScan {
  readonly name: Uint8Array;
  readonly #store: Pick<EntrySource, "scan">;
  readonly #order: KeyOrder | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #tally: Tally;

  /** @param order to read it in; its own when undefined */
  constructor(store: Pick<EntrySource, "scan">, name: Uint8Array, order: KeyOrder | undefined, signal: AbortSignal | undefined, meter: ProgressMeter | null = null) {
    this.name = name;
    this.#store = store;
    this.#order = order;
    this.#signal = signal;
    this.#tally = new Tally(meter);
  }

  /** How many entries were read. */
  get entries(): number {
    return this.#tally.entries;
  }

  /** Its encoded entries; each block is valid until the next is asked for. @throws what the store's scan throws */
  async *blocks(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const block of this.#store.scan(this.name, { blockSize: BLOCK_SIZE, order: this.#order, signal: this.#signal })) {
      this.#tally.add(block);
      yield block.data;
      block.release();
    }
  }

  /** Reads all of it. @throws what the store's scan throws */
  async whole(): Promise<KeyspaceDigest> {
    const blocks = this.blocks();
    while ((await blocks.next()).done !== true);
    return this.result();
  }

  /** What was read. */
  result(): KeyspaceDigest {
    return { name: this.name, entries: this.entries, digest: this.digest() };
  }

  /** SHA-256 of what was read, in hex. */
  digest(): string {
    return this.#tally.digest();
  }
}
