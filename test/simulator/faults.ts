/** One fault each, done to the files of a store that nobody has open. */
import { copyFile, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LOG_FAULTS } from "./log-faults.js";
import { readRecords } from "./log-file.js";
import { type Field, liveTables, numberedFiles, numberField, readManifest, Tag, writeManifest } from "./manifest.js";
import { changeableKeys, changeKey } from "./table-key.js";
import { type Fault, flip, type Victim } from "./victim.js";

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

const checksummed = ({ scenario }: Victim): boolean => !scenario.plan.some((line) => line.includes("kNoChecksum"));

/** All faults by name. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  ...LOG_FAULTS,
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
    const changed = Buffer.alloc(key.key.length, high ? 0xf5 : 0x02);
    // Between its neighbours, in the table's own order, nothing tells it from what was written.
    const [before, order] = [keys[at - 1], Buffer.compare(keys[0]?.key ?? changed, keys.at(-1)?.key ?? changed)];
    const isInOrder = (one: Buffer, other: Buffer): boolean => [0, order].includes(Buffer.compare(one, other));
    if (before !== undefined && next !== undefined && isInOrder(before.key, changed) && isInOrder(changed, next.key)) return null;
    // MANIFEST tells the first and the last one, or where a removal behind the last ends.
    const hasRemovals = victim.scenario.plan.some((line) => line.includes("delete-range"));
    if (before !== undefined && next === undefined && hasRemovals && isInOrder(before.key, changed)) return null;
    if (changed.equals(key.key)) return null;
    changeKey(table, key, changed);
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
  async "table emptied"(victim) {
    const path = await pickTable(victim);
    if (path === null) return null;
    await truncate(path, 0);
    return { what: `${path} is empty`, sight: "seen" };
  },
  async "zeros in a table"(victim) {
    const path = await pickTable(victim);
    if (path === null) return null;
    const table = await readFile(path);
    const from = 512 * victim.random.below(Math.max(1, Math.floor(table.length / 512)));
    table.fill(0, from, from + 512);
    await writeFile(path, table);
    return { what: `${path} has zeros from byte ${String(from)} on`, sight: checksummed(victim) ? "seen" : "unseen" };
  },
  async "stray table"(victim) {
    const path = await pickTable(victim);
    if (path === null) return null;
    const stray = join(victim.store, tableName(BigInt(victim.random.once(2) ? 900_000 : 1)));
    await copyFile(path, stray);
    return { what: `${path} is there as ${stray}, too`, sight: "harmless" };
  },
  async "blob files swapped"({ store, random }) {
    const names = await numberedFiles(store, ".blob");
    if (names.length < 2) return null;
    const at = random.below(names.length - 1);
    const [first = "", second = ""] = names.slice(at).map((name) => join(store, name));
    await rename(first, `${first}.other`);
    await rename(second, first);
    await rename(`${first}.other`, second);
    return { what: `${first} and ${second} have changed places`, sight: "seen" };
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
  async "OPTIONS cut"({ store, random, scenario }) {
    for (const name of await readdir(store)) {
      if (name.startsWith("OPTIONS-")) await truncate(join(store, name), random.below((await stat(join(store, name))).size));
    }
    return { what: "OPTIONS are cut", sight: scenario.needsOptions ? "told" : "harmless" };
  },
  async "IDENTITY lost"({ store }) {
    await rm(join(store, "IDENTITY"), { force: true });
    return { what: "IDENTITY is lost", sight: "harmless" };
  },
  async "CURRENT lost"({ store }) {
    await rm(join(store, "CURRENT"));
    return { what: "CURRENT is lost", sight: "seen" };
  },
  async "bit of a table"(victim) {
    const tables = await numberedFiles(victim.store, ".sst");
    return flip(victim, tables, victim.store, () => (checksummed(victim) ? "seen" : "unseen"));
  },
  async "bit of MANIFEST"(victim) {
    const { path } = await readManifest(victim.store);
    return flip(victim, [path.slice(victim.store.length + 1)], victim.store, () => "seen");
  },
};
