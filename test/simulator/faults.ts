/** One fault each, done to the files of a store that nobody has open. */
import { copyFile, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../fuzz/random.js";
import { readRecords } from "./log-file.js";
import { type Field, liveTables, neededLog, numberedFiles, numberField, readManifest, Tag, writeManifest } from "./manifest.js";
import type { Scenario } from "./random-plan.js";
import { changeableKeys, changeKey } from "./table-key.js";

/**
 * What kgdump owes to whoever has such a store, if its content is no longer the writer's:
 * - `seen`: an error;
 * - `told`: an error, or a warning;
 * - `unseen`: nothing, as nobody can see it (README.md lists these);
 * - `harmless`: the content, as nothing of it is lost.
 */
export type Sight = "seen" | "told" | "unseen" | "harmless";

/** A fault that was done. */
export interface Done {
  readonly what: string;
  readonly sight: Sight;
}

/** A store, where its logs are, and how it was made. */
export interface Victim {
  readonly store: string;
  readonly logs: string;
  readonly scenario: Scenario;
  readonly random: Random;
}

type Fault = (victim: Victim) => Promise<Done | null>;

const tableName = (number: bigint): string => `${String(number).padStart(6, "0")}.sst`;

async function pickTable({ store, random }: Victim): Promise<string | null> {
  const live = liveTables(await readManifest(store));
  return live.length === 0 ? null : join(store, tableName(random.pick(live)));
}

/** The ones of two tables that are live. */
async function pickTwo({ store, random }: Victim): Promise<[string, string] | null> {
  const live = liveTables(await readManifest(store));
  const first = live.splice(random.below(Math.max(1, live.length)), 1)[0];
  const second = live.length === 0 ? undefined : random.pick(live);
  return first === undefined || second === undefined ? null : [join(store, tableName(first)), join(store, tableName(second))];
}

const withoutTables = (edit: readonly Field[], gone: (number: bigint) => boolean): Field[] => edit.filter(({ tag, number }) => tag !== Tag.newFile || !gone(number));

/** Whether what is missing from a log shows: sequence numbers are missing, which they are in a store with unlogged writes anyway. */
const byNumbers = ({ scenario }: Victim): Sight => (scenario.unlogged ? "unseen" : "seen");

async function removeLogs(victim: Victim, which: (names: readonly string[]) => readonly string[]): Promise<Done | null> {
  const names = await numberedFiles(victim.logs, ".log");
  const gone = which(names);
  if (gone.length === 0) return null;
  const needed = neededLog(await readManifest(victim.store));
  const isNeeded = gone.some((name) => BigInt(Number.parseInt(name, 10)) <= needed) && names.every((name) => gone.includes(name) || BigInt(Number.parseInt(name, 10)) < needed);
  const newest = names.at(-1) ?? "";
  for (const name of gone) await rm(join(victim.logs, name));
  const sight = isNeeded ? "seen" : gone.includes(newest) ? "unseen" : byNumbers(victim);
  return { what: `removed ${gone.join(", ")} of the logs ${names.join(", ")}; MANIFEST needs ${String(needed)}`, sight };
}

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
  return { what: `cut ${name} of the logs ${names.join(", ")} from ${String(last)} to ${String(length)} bytes, ${place}`, sight: name === names.at(-1) ? "unseen" : byNumbers(victim) };
}

async function flip(victim: Victim, names: readonly string[], directory: string, sight: (name: string) => Sight): Promise<Done | null> {
  if (names.length === 0) return null;
  const name = victim.random.pick(names);
  const path = join(directory, name);
  const bytes = await readFile(path);
  if (bytes.length === 0) return null;
  const at = victim.random.below(bytes.length);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << victim.random.below(8)), at);
  await writeFile(path, bytes);
  return { what: `changed a bit of byte ${String(at)} of ${name}`, sight: sight(name) };
}

/** All faults by name. A fault gives null where the store has nothing that it can be done to. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  async "key rewritten"(victim) {
    const path = await pickTable(victim);
    if (path === null) return null;
    const table = await readFile(path);
    const keys = changeableKeys(table);
    const at = victim.random.below(keys.length);
    const [key, next] = [keys[at], keys[at + 1]];
    if (key === undefined || key.key.length < 2) return null;
    // Behind the next one, or in front of the one before.
    const high = next !== undefined && (at === 0 || victim.random.once(2));
    if (!high && at === 0) return null;
    changeKey(table, key, Buffer.alloc(key.key.length, high ? 0xf5 : 0x02));
    await writeFile(path, table);
    return { what: `key ${key.key.toString("hex")}, number ${String(at)} of ${String(keys.length)} in ${path}, is too ${high ? "high" : "low"} now`, sight: "seen" };
  },
  async "last sequence lowered"({ store, random }) {
    const manifest = await readManifest(store);
    const most = manifest.edits.flat().reduce((greatest, { tag, number }) => (tag === Tag.lastSequence && number > greatest ? number : greatest), 0n);
    if (most < 2n) return null;
    const limit = BigInt(random.below(Number(most)));
    const lowered = (field: Field): Field => (field.tag === Tag.lastSequence && field.number > limit ? numberField(Tag.lastSequence, limit) : field);
    await writeManifest(manifest, manifest.edits.map((edit) => edit.map(lowered)));
    return { what: `the last sequence number is ${String(limit)} instead of ${String(most)}`, sight: "seen" };
  },
  async "table unknown"({ store, random }) {
    const manifest = await readManifest(store);
    const live = liveTables(manifest);
    if (live.length < 2) return null;
    const gone = random.pick(live);
    await writeManifest(manifest, manifest.edits.map((edit) => withoutTables(edit, (number) => number === gone)));
    return { what: `MANIFEST does not know ${tableName(gone)}`, sight: "told" };
  },
  async "table gone from MANIFEST and disk"({ store, random }) {
    const manifest = await readManifest(store);
    const live = liveTables(manifest);
    if (live.length === 0) return null;
    const gone = random.pick(live);
    await writeManifest(manifest, manifest.edits.map((edit) => withoutTables(edit, (number) => number === gone)));
    await rm(join(store, tableName(gone)));
    return { what: `MANIFEST does not know ${tableName(gone)}, and it is removed`, sight: "unseen" };
  },
  async "all tables unknown"({ store }) {
    const manifest = await readManifest(store);
    const live = new Set(liveTables(manifest));
    if (live.size === 0) return null;
    await writeManifest(manifest, manifest.edits.map((edit) => withoutTables(edit, (number) => live.has(number))));
    return { what: "MANIFEST knows none of the tables", sight: "seen" };
  },
  async "edit lost"({ store, random }) {
    const manifest = await readManifest(store);
    const lost = random.below(manifest.edits.length);
    await writeManifest(manifest, manifest.edits.filter((_, at) => at !== lost));
    const tags = (manifest.edits[lost] ?? []).map(({ tag, number }) => `${String(tag)}:${String(number)}`).join(" ");
    return { what: `edit ${String(lost)} of ${String(manifest.edits.length)} is lost: ${tags}`, sight: "told" };
  },
  async "MANIFEST cut"({ store, random }) {
    const { path } = await readManifest(store);
    const ends = readRecords(await readFile(path)).map(({ end }) => end);
    const whole = ends.at(-1) ?? 0;
    const length = random.once(2) ? random.below(whole) : random.pick(ends.slice(0, -1));
    await truncate(path, length);
    return { what: `MANIFEST is cut from ${String(whole)} to ${String(length)} bytes`, sight: "told" };
  },
  "oldest log removed": (victim) => removeLogs(victim, (names) => (names.length < 2 ? [] : names.slice(0, 1))),
  "log in the middle removed": (victim) => removeLogs(victim, (names) => (names.length < 3 ? [] : [victim.random.pick(names.slice(1, -1))])),
  "newest log removed": (victim) => removeLogs(victim, (names) => names.slice(-1)),
  "all logs removed": (victim) => removeLogs(victim, (names) => names),
  "log cut": (victim) => cutLog(victim, "anywhere"),
  "log cut between records": (victim) => cutLog(victim, "between records"),
  async "logs swapped"({ logs, random }) {
    const names = await numberedFiles(logs, ".log");
    if (names.length < 2) return null;
    const at = random.below(names.length - 1);
    const [first = "", second = ""] = names.slice(at).map((name) => join(logs, name));
    await rename(first, `${first}.other`);
    await rename(second, first);
    await rename(`${first}.other`, second);
    return { what: `${first} and ${second} have changed places`, sight: "seen" };
  },
  async "table removed"(victim) {
    const path = await pickTable(victim);
    if (path === null) return null;
    await rm(path);
    return { what: `${path} is removed`, sight: "seen" };
  },
  async "tables swapped"(victim) {
    const two = await pickTwo(victim);
    if (two === null) return null;
    const [first, second] = two;
    await rename(first, `${first}.other`);
    await rename(second, first);
    await rename(`${first}.other`, second);
    return { what: `${first} and ${second} have changed places`, sight: "seen" };
  },
  async "table in another's place"(victim) {
    const two = await pickTwo(victim);
    if (two === null) return null;
    await copyFile(...two);
    return { what: `${two[0]} stands in the place of ${two[1]}, too`, sight: "seen" };
  },
  async "table cut"(victim) {
    const path = await pickTable(victim);
    if (path === null) return null;
    const { size } = await stat(path);
    const length = victim.random.below(size);
    await truncate(path, length);
    return { what: `${path} is cut from ${String(size)} to ${String(length)} bytes`, sight: "seen" };
  },
  async "blob file removed"({ store, random }) {
    const names = await numberedFiles(store, ".blob");
    if (names.length === 0) return null;
    const name = random.pick(names);
    await rm(join(store, name));
    return { what: `${name} is removed`, sight: "seen" };
  },
  async "OPTIONS lost"({ store, scenario }) {
    for (const name of await readdir(store)) if (name.startsWith("OPTIONS-")) await rm(join(store, name));
    return { what: "OPTIONS is lost", sight: scenario.needsOptions ? "told" : "harmless" };
  },
  async "CURRENT lost"({ store }) {
    await rm(join(store, "CURRENT"));
    return { what: "CURRENT is lost", sight: "seen" };
  },
  async "bit of a table"(victim) {
    const tables = await numberedFiles(victim.store, ".sst");
    const checked = !victim.scenario.plan.some((line) => line.includes("kNoChecksum"));
    return flip(victim, tables, victim.store, () => (checked ? "seen" : "unseen"));
  },
  async "bit of a log"(victim) {
    const names = await numberedFiles(victim.logs, ".log");
    return flip(victim, names, victim.logs, (name) => (name === names.at(-1) ? "unseen" : byNumbers(victim)));
  },
  async "bit of MANIFEST"(victim) {
    const { path } = await readManifest(victim.store);
    return flip(victim, [path.slice(victim.store.length + 1)], victim.store, () => "seen");
  },
};
