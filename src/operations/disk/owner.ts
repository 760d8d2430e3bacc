/** Which process made something, and whether it still runs: what a dead one left can be removed. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { hasCode } from "../../errors.js";

/** A process of this or another machine. */
export interface Owner {
  readonly pid: number;
  /** Start of the process in clock ticks since boot, which tells it from a later one with the same pid. */
  readonly started: string | null;
  readonly host: string;
}

function processStart(pid: number): string | null {
  try {
    // The kernel answers at once: four calls in a thread of their own would take longer.
    const text = readFileSync(`/proc/${pid.toString()}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

/** This process. */
export function ownProcess(): Owner {
  return { pid: process.pid, started: processStart(process.pid), host: hostname() };
}

/** Whether a process of this machine runs; null when nobody can tell, as it is another machine's or was not told. */
export function isRunning(owner: Partial<Owner>): boolean | null {
  if (owner.host !== hostname() || typeof owner.pid !== "number") return null;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return !hasCode(error, "ESRCH");
  }
  const started = processStart(owner.pid);
  return !(typeof owner.started === "string" && started !== null && started !== owner.started);
}

/** An owner in a few letters that a file's name can hold. */
export function ownerText({ pid, started, host }: Owner): string {
  return `${pid.toString(36)}-${started === null ? "" : BigInt(started).toString(36)}-${hostText(host)}`;
}

/** Whether the process of such letters is known to be dead: it is of this machine, and does not run. */
export function isDead(text: string): boolean {
  const [, pid, started, host] = /^([0-9a-z]+)-([0-9a-z]*)-([0-9a-z]+)$/.exec(text) ?? [];
  if (pid === undefined || host !== hostText(hostname())) return false;
  const own = Number.parseInt(pid, 36);
  const running = isRunning({ pid: own, started: null, host: hostname() });
  if (running !== true || started === undefined || started === "") return running === false;
  const now = processStart(own);
  return now !== null && BigInt(now).toString(36) !== started;
}

function hostText(host: string): string {
  let sum = 0x811c9dc5;
  for (const byte of Buffer.from(host)) sum = Math.imul(sum ^ byte, 0x01000193) >>> 0;
  return sum.toString(36);
}
