/** Orders of keys, and comparing by them. */

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
