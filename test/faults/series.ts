/** Series of faults: which calls are made to fail, one after the other, and what is counted of it. */
import type { ExecutionContext } from "ava";
import { BURNT, type Fault, type Outcome, straceWorks, SYSCALLS } from "./inject.js";
import { inParallel, randomNumbers } from "./support.js";
import { loggedSeed } from "../support/seed.js";

/** What came of one fault. */
export interface Trial {
  /** What is not right; nothing when all is. */
  readonly wrong: readonly string[];
  readonly outcome: Outcome;
}

const ALL = process.env.KGDUMP_FAULTS === "all";
const ERRORS = ["ENOSPC", "EIO", "EDQUOT"] as const;
const WIDTH = 2;
/** Calls of a kind that are tried at most: of an addon's threads, only as many as are told from Node's own. */
const LIMITS = { node: 1000, addon: BURNT } as const;

/** The numbers of calls to try: all until a run is clean, or of the `usual` number the first `first` and `drawn` more. */
function sample(limit: number, usual: number, random: () => number, { first, drawn }: Extent): number[] {
  const every = Array.from({ length: ALL ? limit : usual }, (_, index) => index + 1);
  if (ALL) return every;
  const others = Array.from({ length: drawn }, () => 1 + first + Math.floor(random() * Math.max(1, usual - first)));
  return [...new Set([...every.slice(0, first), ...others.filter((nth) => nth <= usual)])];
}

/** How many of the calls of one kind are tried, unless all are. */
export interface Extent {
  readonly first: number;
  readonly drawn: number;
}

/** Which calls there are, and which threads' are to fail. */
export interface Ground {
  readonly calls: Outcome["calls"];
  readonly threads: readonly ("node" | "addon")[];
  readonly extent?: Extent;
}

/** Lets calls of every kind fail, and fails itself with all that was wrong. Without strace it only says so. */
export async function tryFaults(t: ExecutionContext, { calls, threads, extent = { first: 3, drawn: 2 } }: Ground, tryFault: (fault: Fault) => Promise<Trial>): Promise<void> {
  t.timeout(4 * 60 * 60_000);
  const random = randomNumbers(loggedSeed(t));
  const faults: string[] = [];
  let [runs, hits, failed] = [0, 0, 0];
  const told = (fault: string): void => {
    faults.push(fault);
    if (ALL) process.stderr.write(`${fault}\n`);
  };
  const series = threads.flatMap((thread) => SYSCALLS.map((syscall) => ({ thread, syscall, random: randomNumbers(random() * 2 ** 32) })));
  await inParallel(series, WIDTH, async ({ thread, syscall, random: draw }) => {
    const before = thread === "node" ? BURNT : 0;
    const attempt = async (nth: number, error: Fault["error"], lasting: boolean): Promise<boolean> => {
      const fault = { syscall, error, nth: before + nth, lasting, ...(thread === "addon" ? { last: BURNT } : {}) };
      const { wrong, outcome } = await tryFault(fault);
      runs += 1;
      hits += outcome.injected.length > 0 ? 1 : 0;
      failed += outcome.code === 0 ? 0 : 1;
      if (ALL && runs % 100 === 0) process.stderr.write(`${runs} runs so far, ${faults.length} of them with a fault\n`);
      if (wrong.length > 0) told([`${thread}: ${JSON.stringify(fault)}`, ...wrong].join("\n    "));
      return outcome.injected.length > 0;
    };
    let clean = false;
    for (const nth of sample(LIMITS[thread], calls[thread].get(syscall) ?? 0, draw, extent)) {
      const variants = ERRORS.flatMap((error) => [false, true].map((lasting) => ({ error, lasting })));
      const drawn = variants[Math.floor(draw() * variants.length)];
      let hit = false;
      for (const { error, lasting } of ALL || drawn === undefined ? variants : [drawn]) hit = (await attempt(nth, error, lasting)) || hit;
      clean = !hit;
      if (ALL && clean) break;
    }
    if (ALL && !clean) told(`${thread}: more than ${LIMITS[thread]} calls of ${syscall}`);
  });
  t.log(`${runs} runs; calls were made to fail in ${hits} of them, ${failed} ended with an error`);
  t.true(hits > 0);
  t.deepEqual(faults, []);
}

/** The names that a run without faults uses, relative to its directory, and its calls; of two runs, for they may depend on the time. */
export async function usedNames(run: () => Promise<{ outcome: Outcome; out: string }>): Promise<{ names: string[]; calls: Outcome["calls"] }> {
  const names = new Set<string>();
  for (let round = 1; ; round += 1) {
    const { outcome, out } = await run();
    for (const path of outcome.paths) names.add(path.slice(out.length + 1));
    if (round === 2) return { names: [...names], calls: outcome.calls };
  }
}

/** Numbers of calls as text. */
export function shown(calls: ReadonlyMap<string, number>): string {
  return [...calls].map(([name, count]) => `${name} ${count}`).join(", ") || "none";
}

/** Whether strace is here and may trace; when not, the test says so and passes. */
export function straceIsMissing(t: ExecutionContext): boolean {
  if (straceWorks()) return false;
  t.log("SKIPPED: strace is not installed");
  t.pass();
  return true;
}
