/** Faults of the logs. */
import { copyFile, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { readRecords } from "./log-file.js";
import { neededLog, numberedFiles, readManifest } from "./manifest.js";
import { type Done, type Fault, flip, type Sight, type Victim } from "./victim.js";

/** Whether what is missing from a log shows: sequence numbers are missing, which they are in a store with unlogged writes anyway. */
const byNumbers = ({ scenario }: Victim): Sight => (scenario.unlogged ? "unseen" : "told");

const numberOf = (name: string): bigint => BigInt(Number.parseInt(name, 10));

/**
 * Removes logs. All but the newest one are told, as RocksDB begins no log that it does not need: by MANIFEST or by missing numbers. Those
 * of a session before the last one may be told by nothing when tables hold later numbers. The newest one is missed when MANIFEST names it,
 * and a copy leaves out an empty one.
 */
async function removeLogs(victim: Victim, which: (names: readonly string[]) => readonly string[]): Promise<Done | null> {
  const names = await numberedFiles(victim.logs, ".log");
  const gone = which(names);
  if (gone.length === 0) return null;
  const manifest = await readManifest(victim.store);
  const begun = numberOf(basename(manifest.path).replace("MANIFEST-", ""));
  const needed = neededLog(manifest);
  for (const name of gone) await rm(join(victim.logs, name));
  const newest = gone.includes(names.at(-1) ?? "");
  // With a small limit, MANIFEST may be of any moment, and no opening's log is known.
  const openings = victim.scenario.plan.some((line) => line.includes("max_manifest_file_size")) ? 0n : 1n;
  const isOpening = (name: string): boolean => openings > 0n && numberOf(name) === begun - openings;
  const isNamed = gone.some((name) => isOpening(name) || (numberOf(name) > begun && numberOf(name) <= needed));
  const isOfBefore = gone.every((name) => numberOf(name) < begun - openings);
  const sight = newest ? (isNamed && !isCopy(victim) ? "seen" : isNamed ? "told" : "unseen") : isOfBefore && (openings === 0n || gone.includes(names[0] ?? "")) ? "unseen" : isNamed ? (isCopy(victim) ? "told" : "seen") : byNumbers(victim);
  return { what: `removed ${gone.join(", ")} of the logs ${names.join(", ")}; MANIFEST needs ${String(needed)}`, sight };
}

/** Whether an opening keeps the logs that it reads: it may begin another one while its own is empty, then. */
const keepsLogs = ({ scenario: { plan, logs } }: Victim): boolean => logs === "two-phase" || logs === "write-prepared" || /avoid_flush_during_recovery=true|allow_2pc=true/.test(plan[0] ?? "");

const isCopy = ({ scenario: { end } }: Victim): boolean => end === "checkpoint" || end === "restored";

async function cutLog(victim: Victim, place: "anywhere" | "between records"): Promise<Done | null> {
  const { random, logs } = victim;
  const names = await numberedFiles(logs, ".log");
  if (names.length === 0) return null;
  const name = random.pick(names);
  const path = join(logs, name);
  const ends = readRecords(await readFile(path)).map(({ end }) => end);
  const last = ends.at(-1) ?? 0;
  if (last === 0) return null;
  const length = place === "anywhere" ? random.below(last) : (ends.at(-1 - random.below(ends.length)) ?? last) === last ? (ends.at(-2) ?? 0) : random.pick(ends.slice(0, -1));
  await truncate(path, length);
  const isEmpty = ends.every((end) => end > length);
  const sight = (await isLast(logs, names, name)) ? "unseen" : isEmpty ? await sightOfEmpty(victim, names, name) : byNumbers(victim);
  return { what: `cut ${name} of the logs ${names.join(", ")} from ${String(last)} to ${String(length)} bytes, ${place}`, sight };
}

/** Nobody knows what the first log had when it is of a session before, or of the opening and that kept others, which begins logs behind empty ones. */
async function sightOfEmpty(victim: Victim, names: readonly string[], name: string): Promise<Sight> {
  const { path } = await readManifest(victim.store);
  const begun = numberOf(basename(path).replace("MANIFEST-", ""));
  const isKnown = numberOf(name) > begun || (numberOf(name) === begun - 1n && !keepsLogs(victim));
  return name === names[0] && !isKnown ? "unseen" : byNumbers(victim);
}

/** Whether nothing is written in any log behind this one. */
async function isLast(logs: string, names: readonly string[], name: string): Promise<boolean> {
  const later = await Promise.all(names.slice(names.indexOf(name) + 1).map(async (other) => readRecords(await readFile(join(logs, other))).length));
  return later.every((records) => records === 0);
}

/** All of them by name. */
export const LOG_FAULTS: Readonly<Record<string, Fault>> = {
  "oldest log removed": (victim) => removeLogs(victim, (names) => (names.length < 2 ? [] : names.slice(0, 1))),
  "log in the middle removed": (victim) => removeLogs(victim, (names) => (names.length < 3 ? [] : [victim.random.pick(names.slice(1, -1))])),
  "newest log removed": (victim) => removeLogs(victim, (names) => names.slice(-1)),
  "all logs removed": (victim) => removeLogs(victim, (names) => names),
  "log cut": (victim) => cutLog(victim, "anywhere"),
  "log cut between records": (victim) => cutLog(victim, "between records"),
  async "log emptied"(victim) {
    const names = await numberedFiles(victim.logs, ".log");
    if (names.length === 0) return null;
    const name = victim.random.pick(names);
    const last = await isLast(victim.logs, names, name);
    await truncate(join(victim.logs, name), 0);
    return { what: `${name} of the logs ${names.join(", ")} is empty`, sight: last ? "unseen" : await sightOfEmpty(victim, names, name) };
  },
  async "log's last record doubled"({ logs, random }) {
    const names = await numberedFiles(logs, ".log");
    if (names.length === 0) return null;
    const name = random.pick(names);
    const log = await readFile(join(logs, name));
    const ends = readRecords(log).map(({ end }) => end);
    const [from, to] = [ends.at(-2) ?? 0, ends.at(-1) ?? 0];
    // Within one block, so that the same bytes are a record again.
    if (ends.length < 2 || 2 * to - from > 32 * 1024) return null;
    await writeFile(join(logs, name), Buffer.concat([log.subarray(0, to), log.subarray(from)]));
    return { what: `bytes ${String(from)} to ${String(to)} of ${name} stand there twice`, sight: "seen" };
  },
  async "log in another's place"(victim) {
    const { logs, random } = victim;
    const names = await numberedFiles(logs, ".log");
    if (names.length < 2) return null;
    const first = random.below(names.length - 1);
    const [one = "", other = ""] = random.once(2) ? [names[first], names[first + 1]] : [names[first + 1], names[first]];
    if (readRecords(await readFile(join(logs, other))).length === 0) return null;
    // One that has nothing in it is the same as an empty one.
    const isEmpty = readRecords(await readFile(join(logs, one))).length === 0;
    const sight = !isEmpty ? "told" : (await isLast(logs, names, other)) ? "unseen" : await sightOfEmpty(victim, names, other);
    await copyFile(join(logs, one), join(logs, other));
    return { what: `${one} stands in the place of ${other}, too`, sight };
  },
  async "logs swapped"({ logs, random }) {
    const names = await numberedFiles(logs, ".log");
    if (names.length < 2) return null;
    const at = random.below(names.length - 1);
    const [first = "", second = ""] = names.slice(at).map((name) => join(logs, name));
    await rename(first, `${first}.other`);
    await rename(second, first);
    await rename(`${first}.other`, second);
    return { what: `${first} and ${second} have changed places`, sight: "told" };
  },
  async "bit of a log"(victim) {
    const names = await numberedFiles(victim.logs, ".log");
    const last = await names.reduce<Promise<string[]>>(async (found, name) => ((await isLast(victim.logs, names, name)) ? [...(await found), name] : found), Promise.resolve([]));
    return flip(victim, names, victim.logs, (name) => (last.includes(name) ? "unseen" : byNumbers(victim)));
  },
};
