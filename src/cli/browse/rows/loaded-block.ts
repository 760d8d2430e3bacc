/** A block of entries in which one is found by its place, without an object for each. */
import { compareKeys, EntryCursor, type KeyOrder } from "../../../format/index.js";
import type { Row } from "./rows.js";

/** A decoded block, and where its entries begin. */
export class LoadedBlock {
  readonly raw: Uint8Array;
  readonly #order: KeyOrder;
  /** One more than there are entries: the last one is the end. */
  readonly #starts: Uint32Array;

  /** @param entries how many there are */
  constructor(raw: Uint8Array, entries: number, order: KeyOrder) {
    this.raw = raw;
    this.#order = order;
    this.#starts = new Uint32Array(entries + 1);
    const cursor = new EntryCursor(raw);
    for (let at = 1; at <= entries && cursor.next(); at += 1) this.#starts[at] = cursor.valueEnd;
  }

  /** Entries in it. */
  get length(): number {
    return this.#starts.length - 1;
  }

  /** Bytes that it takes in memory, about. */
  get bytes(): number {
    return this.raw.length + this.#starts.byteLength;
  }

  /** The entry at a place; its key is a copy, so that the block is not kept. */
  row(at: number): Row {
    const { key, value } = this.#entry(at);
    return { key: Uint8Array.from(key), size: value?.length ?? null };
  }

  /** The place of the first entry that does not come before a key. */
  placeOf(key: Uint8Array): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys(this.#order, this.#entry(middle).key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The value of a key, as a view; undefined when it is not there. */
  value(key: Uint8Array): Uint8Array | null | undefined {
    const at = this.placeOf(key);
    if (at === this.length) return undefined;
    const entry = this.#entry(at);
    return Buffer.compare(entry.key, key) === 0 ? entry.value : undefined;
  }

  #entry(at: number): { readonly key: Uint8Array; readonly value: Uint8Array | null } {
    const raw = this.raw.subarray(this.#starts[at], this.#starts[at + 1]);
    const cursor = new EntryCursor(raw);
    cursor.next();
    return { key: raw.subarray(cursor.keyStart, cursor.keyEnd), value: cursor.deleted ? null : raw.subarray(cursor.valueStart, cursor.valueEnd) };
  }
}
