/** What the writer of the live test and the test itself agree on. */

/** Families that batches go to in turn. */
export const FAMILIES = ["default", "nodes", "edges"];

/** Numbers that one batch writes. */
export const BATCH = 10;

/** Numbers that the store holds; a multiple of BATCH times the number of families. */
export const WINDOW = 3000;

/** Key of a number, in its order. */
export const keyOf = (number: number): Buffer => Buffer.from(String(number).padStart(10, "0"));

/** Value of a number: the number again, in 100 to 399 digits. */
export const valueOf = (number: number): Buffer => Buffer.from(String(number).padStart(100 + (number % 300), "0"));

/** Whole numbers below a limit, always the same of the same seed (xorshift with 13, 17, 5: G. Marsaglia, 2003). */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = (seed ^ 0x5bd1e995) >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * limit);
  };
}
