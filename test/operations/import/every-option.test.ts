/**
 * Stores that RocksDB makes with each of its options, by values of each kind: what it took is no reason to refuse a store, and the restored
 * store has it, or a warning names it.
 *
 * `KGDUMP_OPTIONS=all` takes every option with every value (some minutes) instead of 40 of them; `SEED=n` takes others.
 */
import { join } from "node:path";
import test from "ava";
import { OPTION_KINDS, type Scope } from "#src/engines/rocksdb/option-names.js";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/index.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { exportStore } from "#src/operations/export/export.js";
import { inParallel } from "../../faults/support.js";
import { OPTION_VALUES } from "../../fuzz/texts.js";
import { Random } from "../../fuzz/random.js";
import { exportedOf } from "../../maker/exported.js";
import { REPEATED, SEED } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { differences } from "./options-support.js";

const DRAWN = 40;
const USUAL_SEED = 1_736_105_033;
const DEFAULT = Buffer.from("default");
/** Places, what decides whether there may be a store at all, and a number of which RocksDB dies when it is too large. */
const LEFT_OUT = new Set(["wal_dir", "db_log_dir", "create_if_missing", "error_if_exists", "table_cache_numshardbits"]);

/** RocksDB takes sizes that no memory has, and dies of them. */
const isBearable = (value: string): boolean => !/\d{10}/.test(value);

type Choice = readonly [scope: Scope, name: string, value: string];
const EVERY: readonly Choice[] = (["family", "table", "database"] as const).flatMap((scope) =>
  [...OPTION_KINDS[scope]].flatMap(([name, kind]) => (LEFT_OUT.has(name) ? [] : OPTION_VALUES[kind].filter(isBearable).map((value): Choice => [scope, name, value]))));

const entries = (from: number, to: number, text: string): [Buffer, Buffer][] =>
  Array.from({ length: to - from }, (_, at) => [Buffer.from(`k${String(from + at).padStart(5, "0")}`), Buffer.from(text + String(from + at).repeat(8))]);
const encoded = (list: readonly (readonly [Buffer, Buffer])[]): Uint8Array => encodeEntries(list.map(([key, value]) => ({ key, value })));
const [FIRST, SECOND] = [entries(0, 60, "a"), entries(30, 90, "b")];
const MODEL = [...FIRST.slice(0, 30), ...SECOND];

/** Makes a store, with tables and a log. @returns false when RocksDB does not take the option */
async function make(store: string, [scope, name, value]: Choice): Promise<boolean> {
  const options = scope === "database" ? "" : scope === "family" ? `${name}=${value}` : `block_based_table_factory={${name}=${value}}`;
  try {
    await using sink = await createRocksdbSink(store, { families: [{ name: "default", options }], ...(scope === "database" ? { databaseOptions: `${name}=${value}` } : {}) });
    await sink.apply(DEFAULT, encoded(FIRST), "overwrite");
    await sink.compact(DEFAULT);
    await sink.apply(DEFAULT, encoded(SECOND), "overwrite");
    return true;
  } catch (error) {
    if (error instanceof KgdumpError && error.code !== "INTERNAL") return false;
    throw error;
  }
}

/** What is wrong with what becomes of a store; nothing when all is right. */
async function faultOf(directory: string, store: string, [, name, value]: Choice): Promise<string[]> {
  const { exported } = await exportedOf(store);
  const found = exported.get(DEFAULT.toString("hex")) ?? [];
  const model = name === "comparator" && value.includes("Reverse") ? MODEL.toReversed() : MODEL;
  const same = found.length === model.length && model.every(([key, content], at) => found[at]?.[0].equals(key) === true && found[at][1].equals(content));
  if (!same) return ["other entries than were written"];
  const [dump, restored] = [join(directory, "a.kgd"), join(directory, "restored")];
  await exportStore({ store, output: dump });
  const { warnings } = await restoreDump({ input: dump, target: restored });
  const said = warnings.join("\n");
  return (await differences(restored, store)).filter((line) => !said.includes(/\] (\w+)/.exec(line)?.[1] ?? "?") && !said.includes(name));
}

test("a store is read and comes back whatever option RocksDB took", async (t) => {
  t.timeout(60 * 60_000);
  // The same each time unless SEED says otherwise: RocksDB itself may die of an option while a store is made, and the process with it.
  const random = new Random(REPEATED ? SEED : USUAL_SEED, 0);
  const choices = process.env.KGDUMP_OPTIONS === "all" ? EVERY : Array.from({ length: DRAWN }, () => random.pick(EVERY));
  const wrong: string[] = [];
  let made = 0;
  await inParallel(choices, 2, async (choice) => {
    const directory = await temporaryDirectory(t);
    const store = join(directory, "store");
    if (!(await make(store, choice))) return;
    made += 1;
    try {
      wrong.push(...(await faultOf(directory, store, choice)).map((fault) => `${choice.join(" ")}: ${fault}`));
    } catch (error) {
      const isTimestamped = error instanceof KgdumpError && error.code === "STORE_TIMESTAMPS" && choice[2].endsWith(".u64ts");
      if (!isTimestamped) wrong.push(`${choice.join(" ")}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  t.log(`${String(choices.length)} options, ${String(made)} stores`);
  t.deepEqual(wrong, []);
  t.true(made > 0);
});
