/** Makes the plan of a simulation that goes wrong shorter, as long as it goes wrong in the same way. */
import { simulate, type Simulated, type Tools } from "./simulation.js";

/** Lines that a store can do without; the others hold it together. */
const REMOVABLE = /^(put|fill|delete|single-delete|delete-range|merge|entity|flush|compact|sync|flush-log|in) /;
/** Tries at most. */
const TRIES = 40;

/** What kind of wrong it is: the words before the first colon. */
const kind = ({ wrong }: Simulated): string | undefined => wrong?.split(":")[0];

/** The shortest plan that was found. What can't be made at all is not taken. */
export async function shrink(tools: Tools, seed: number, turn: number, found: Simulated): Promise<Simulated> {
  let best = found;
  let tries = 0;
  for (let size = Math.ceil(found.plan.length / 2); size >= 1 && tries < TRIES; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < best.plan.length && tries < TRIES; tries += 1) {
      const shorter = best.plan.filter((line, at) => at < from || at >= from + size || !REMOVABLE.test(line));
      const tried = shorter.length === best.plan.length ? null : await simulate(tools, seed, turn, shorter).catch(() => null);
      if (tried !== null && kind(tried) === kind(best)) best = tried;
      else from += size;
    }
  }
  return best;
}
