/** Killing kgdump at random moments. */
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { type Ended, gather, KGDUMP } from "../cli/support/run.js";
import { randomNumbers } from "./support.js";

/** When to kill: so long after the start, or so long after so many changes in the directory. */
export interface Moment {
  readonly changes: number;
  readonly milliseconds: number;
  /** Which of the two ends of a pipe. */
  readonly victims: readonly number[];
}

/** Moments over the whole run, many of them where things are written and published. */
export function moments(count: number, wholeMs: number, seed: number): Moment[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => {
    const kind = random();
    const victims = [[0], [1], [0, 1]][Math.floor(random() * 3)] ?? [0];
    if (kind < 0.2) return { changes: 0, milliseconds: random() * wholeMs * 1.05, victims };
    if (kind < 0.4) return { changes: 0, milliseconds: wholeMs * (0.75 + random() * 0.3), victims };
    return { changes: 1 + Math.floor(random() ** 3 * 5), milliseconds: random() < 0.2 ? 0 : random() * wholeMs * 0.45, victims };
  });
}

/** What runs and can be killed. */
export interface Running {
  readonly end: Promise<Ended>;
  readonly kill: (victims: readonly number[]) => void;
}

/** Starts in `cwd`, kills at the moment, and waits for the end of all. */
export async function killAt(cwd: string, start: () => Running, moment: Moment): Promise<Ended> {
  let changes = 0;
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(cwd, () => {
    changes += 1;
    if (moment.milliseconds === 0 && changes === moment.changes) running.kill(moment.victims);
    else arm();
  });
  const arm = (): void => {
    if (timer !== undefined || changes < moment.changes) return;
    timer = setTimeout(() => {
      running.kill(moment.victims);
    }, moment.milliseconds);
  };
  const running = start();
  try {
    arm();
    return await running.end;
  } finally {
    clearTimeout(timer);
    watcher.close();
  }
}

/** One process. @param signal what it is ended by */
export function run(cwd: string, args: readonly string[], signal: NodeJS.Signals = "SIGKILL"): Running {
  const child = spawn(process.execPath, [KGDUMP, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  return { end: gather(child), kill: () => child.kill(signal) };
}

/** Fails with a sentence unless something is true. */
export function must(truth: boolean, otherwise: string): void {
  if (!truth) throw new Error(otherwise);
}
