/**
 * The last entries before a key of a store that is only scanned forward: a place to scan from is looked for by halving the keys between, as if they were numbers.
 * Each try reads a bounded number of entries.
 */
import type { KeyOrder } from "../../../engines/store.js";
import type { Row } from "./rows.js";

/** Entries that a try reads at most, beside those that are wanted: a place is near enough when no more are behind it. */
const NEAR = 500;
/** Tries at most: each halves what is left. */
const TRIES = 400;
/** Bytes behind what both keys have in common that tell where the middle is. */
const DIGITS = 8;

/** What is wanted. */
export interface LastBefore {
  readonly prefix: Uint8Array;
  readonly order: KeyOrder;
  /** The key that comes behind them; undefined: the end of the part. */
  readonly key: Uint8Array | undefined;
  readonly limit: number;
}

/**
 * Finds the last entries before a key.
 * @param scan reads entries from a key on, or from the start of the part, up to the key: at most so many
 * @throws what the scan throws
 */
export async function lastBefore(scan: (from: Uint8Array | undefined, most: number) => Promise<Row[]>, { prefix, order, key, limit }: LastBefore): Promise<Row[]> {
  const most = limit + NEAR;
  let best = await scan(undefined, most + 1);
  if (best.length <= most) return best.slice(-limit);
  // So many are known to come between it and the key.
  const nearest = (rows: readonly Row[], otherwise: Uint8Array): Uint8Array => rows[most - limit]?.key ?? otherwise;
  let far = nearest(best, prefix);
  best = [];
  let near = key ?? endOf(prefix, order);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const middle = between(far, near);
    if (middle === null) break;
    const rows = await scan(middle, most + 1);
    if (rows.length > most) {
      far = nearest(rows, middle);
      continue;
    }
    best = rows;
    if (rows.length >= limit) break;
    near = middle;
  }
  // Keys that lie nearer to one another than any middle: all from the last place that is too far.
  if (best.length < limit) best = await allFrom(scan, far, most);
  return best.slice(-limit);
}

async function allFrom(scan: (from: Uint8Array | undefined, most: number) => Promise<Row[]>, far: Uint8Array, most: number): Promise<Row[]> {
  let last: Row[] = [];
  for (let from = far; ;) {
    const rows = await scan(from, most + 1);
    last = [...last, ...rows.slice(last.length === 0 ? 0 : 1)].slice(-most);
    const end = rows.at(-1)?.key;
    if (rows.length <= most || end === undefined) return last;
    from = end;
  }
}

/** A key at or behind the last one of a part. */
function endOf(prefix: Uint8Array, order: KeyOrder): Uint8Array {
  return order === "bytewise" ? Buffer.concat([prefix, Buffer.alloc(DIGITS, 0xff)]) : prefix;
}

/** A key between two, as far as their next bytes go; null when there is none. */
export function between(one: Uint8Array, other: Uint8Array): Uint8Array | null {
  let common = 0;
  while (common < one.length && common < other.length && one[common] === other[common]) common += 1;
  const digits = (key: Uint8Array): bigint => BigInt(`0x${Buffer.concat([key.subarray(common, common + DIGITS), Buffer.alloc(DIGITS)]).subarray(0, DIGITS).toString("hex")}`);
  const [a, b] = [digits(one), digits(other)];
  const middle = (a + b) >> 1n;
  if (middle === a || middle === b) return null;
  return Buffer.concat([one.subarray(0, common), Buffer.from(middle.toString(16).padStart(2 * DIGITS, "0"), "hex")]);
}
