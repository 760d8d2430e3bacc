/**
 * Where tests take chance from. `npm test` draws the same each time, so that what fails is what a change broke; `npm test -- --new-seed`, and a file that is
 * run by itself, draw anew. SEED=n repeats a run.
 */
import type { ExecutionContext } from "ava";

/** Whether one case is asked for again, and not as many as usual. */
export const REPEATED = process.env.SEED !== undefined;

/** The seed of this process, below 2^30. scripts/test.mjs has the usual one. */
export const SEED = Number(process.env.SEED ?? process.env.KGDUMP_USUAL_SEED ?? Math.floor(Math.random() * 2 ** 30));

/** The seed of this process, which is logged. */
export function loggedSeed(t: ExecutionContext): number {
  t.log(`SEED=${SEED.toString()}`);
  return SEED;
}
