/** Which keys a scan of a sled tree reads, as a range from `lower`, inclusive, to `upper`, exclusive. */
import type { ScanOptions } from "../store.js";

/** A range of keys in byte order. */
export interface KeyRange {
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
}

/**
 * The range that `from`, `to` and `prefix` leave, or null when it is empty.
 * @param options `from` (inclusive) and `to` (exclusive) are in the order of the scan: downwards, `from` is the higher key
 */
export function keyRange(options: Pick<ScanOptions, "from" | "to" | "prefix" | "order">): KeyRange | null {
  const { from, to, prefix } = options;
  const [lower, upper] = options.order === "reverse-bytewise" ? [to && after(to), from && after(from)] : [from, to];
  const range = {
    lower: highest(lower, prefix),
    upper: lowest(upper, prefix === undefined ? undefined : afterPrefix(prefix)),
  };
  const empty = range.upper !== undefined && Buffer.compare(range.lower ?? new Uint8Array(), range.upper) >= 0;
  return empty ? null : range;
}

/** The first key behind `key`. */
function after(key: Uint8Array): Uint8Array {
  return Buffer.concat([key, Buffer.of(0)]);
}

/** The first key behind all that start with `prefix`, or undefined when there is none. */
function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix.findLastIndex((byte) => byte !== 0xff);
  if (last < 0) return undefined;
  const end = Buffer.from(prefix.subarray(0, last + 1));
  end[last] = (end[last] ?? 0) + 1;
  return end;
}

function highest(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Buffer.compare(a, b) >= 0 ? a : b;
}

function lowest(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Buffer.compare(a, b) <= 0 ? a : b;
}
