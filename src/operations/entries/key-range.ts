/** A range of keys in the order of one keyspace, and where blocks lie that are known by their first and last key. */
import { compareKeys, type KeyOrder, rangeMayHoldPrefix } from "../../format/index.js";
import { type EntryFilter, startsWith } from "./filter.js";

/** Where a block lies: before the bounds with all that come before it, where it may hold some of the range, behind the bounds with all that follow; or within them, without the prefix. */
export type BlockPlace = "before" | "within" | "behind" | "aside";

/** The keys that a prefix and bounds leave of one keyspace. */
export class KeyRange {
  readonly #order: KeyOrder;
  readonly #prefix: Uint8Array | undefined;
  readonly #from: Uint8Array | undefined;
  readonly #to: Uint8Array | undefined;

  /** @param order of the keyspace; bounds are in it */
  constructor(order: KeyOrder, { prefix, from, to }: Pick<EntryFilter, "prefix" | "from" | "to">) {
    this.#order = order;
    this.#prefix = prefix;
    this.#from = from;
    this.#to = to;
  }

  /** Where a block lies by its first and last key. */
  placeOf({ firstKey, lastKey }: { readonly firstKey: Uint8Array; readonly lastKey: Uint8Array }): BlockPlace {
    if (this.#to !== undefined && compareKeys(this.#order, firstKey, this.#to) >= 0) return "behind";
    if (this.#from !== undefined && compareKeys(this.#order, lastKey, this.#from) < 0) return "before";
    return this.#prefix === undefined || rangeMayHoldPrefix(this.#order, firstKey, lastKey, this.#prefix) ? "within" : "aside";
  }

  /** Whether a key is in the range. */
  has(key: Uint8Array): boolean {
    if (this.#prefix !== undefined && !startsWith(key, this.#prefix)) return false;
    if (this.#from !== undefined && compareKeys(this.#order, key, this.#from) < 0) return false;
    return this.#to === undefined || compareKeys(this.#order, key, this.#to) < 0;
  }
}
