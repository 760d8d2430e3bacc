/** Orders of keys, comparing and searching by them. */
import { itemAt } from "./item-at.js";

/** Orders that a keyspace can have: unsigned byte order (a key before those it is a prefix of), or exactly its reverse. */
export type KeyOrder = "bytewise" | "reverse-bytewise";

/** Both, as they are written in a header. */
export const KEY_ORDERS: readonly KeyOrder[] = ["bytewise", "reverse-bytewise"];

/**
 * Compares two keys in an order.
 * @returns negative, 0 or positive when `a` comes before, is, or comes after `b`
 */
export function compareKeys(order: KeyOrder, a: Uint8Array, b: Uint8Array): number {
  return order === "bytewise" ? Buffer.compare(a, b) : Buffer.compare(b, a);
}

/**
 * Searches items that are in the order of their keys.
 * @returns place of the last one whose key does not come after `key`; -1 when there is none
 */
export function lastUpTo<T>(order: KeyOrder, items: readonly T[], keyOf: (item: T) => Uint8Array, key: Uint8Array): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(order, keyOf(itemAt(items, middle, "item")), key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Whether keys that start with `prefix` can lie between two keys.
 * @param order order of the keys
 * @param first the range's first key in that order, inclusive
 * @param last the range's last key in that order, inclusive
 * @param prefix what the keys start with; empty for any key
 */
export function rangeMayHoldPrefix(order: KeyOrder, first: Uint8Array, last: Uint8Array, prefix: Uint8Array): boolean {
  const [low, high] = order === "bytewise" ? [first, last] : [last, first];
  if (Buffer.compare(high, prefix) < 0) return false;
  return Buffer.compare(low.subarray(0, prefix.length), prefix) <= 0;
}
