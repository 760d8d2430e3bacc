/**
 * kill -9 at random moments of compact, and of putting its original back. Whatever moment it hits, a whole store with the same entries is at the path; the next run
 * does what it promises, and nothing of the dead one is left.
 *
 * KGDUMP_KILLS sets how many (default 12), SEED which moments.
 */
import { cp, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import type { MigratedEngine } from "#src/operations/migrate/direction.js";
import { kgdump } from "../cli/support/run.js";
import { killAt, moments, must, run } from "./kills.js";
import { mustHold } from "./migrations.js";
import { inParallel, makeSource } from "./support.js";
import { loggedSeed } from "../support/seed.js";

interface Ground {
  readonly directory: string;
  readonly stores: Readonly<Record<MigratedEngine, string>>;
  readonly dump: string;
}

const test = (anyTest as TestFn<Ground>).serial;

const KILLS = Number(process.env.KGDUMP_KILLS ?? 12);
const WIDTH = 3;

test.before(async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  const dump = join(directory, "whole.kgd");
  const { path } = await makeSource(directory);
  const sled = join(directory, "sled");
  t.context = { directory, stores: { rocksdb: path, sled }, dump };
  t.is((await kgdump(["export", path, "-o", dump, "-q"])).code, 0);
  t.is((await kgdump(["import", sled, "-i", dump, "-q"])).code, 0);
});
test.after.always((t) => rm(t.context.directory, { recursive: true, force: true }));

const inodeOf = async (path: string): Promise<number> => (await stat(path)).ino;

/** A staging directory in which nothing was built and that tells no owner: it may be of one that has just begun, and is cleared a minute later. */
async function isUnowned(path: string): Promise<boolean> {
  const names = await readdir(path);
  return names.length === 0 || (names.join() === "owner.json" && (await readFile(join(path, "owner.json"))).length === 0);
}

/** The names beside a store, with what is a time in them told as such. */
async function beside(cwd: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of (await readdir(cwd)).sort()) if (!name.startsWith(".graph.kgdump-") || !(await isUnowned(join(cwd, name)))) names.push(name.replace(/\d{8}T\d{6}Z/, "TIME"));
  return names;
}

interface Victim {
  readonly args: readonly string[];
  readonly before: readonly string[] | null;
  /** What may be beside the store when the next run ended. */
  readonly left: readonly (readonly string[])[];
}

const COMPACT = ["compact", "graph", "-q"];
const VICTIMS: Readonly<Record<string, Victim>> = {
  compact: { args: COMPACT, before: null, left: [["graph", "graph.before-compact-TIME"], ["graph", "graph.before-compact-TIME", "graph.before-compact-TIME"]] },
  "compact --remove-original": { args: [...COMPACT, "--remove-original"], before: null, left: [["graph"], ["graph", "graph.before-compact-TIME"]] },
  "compact --undo": { args: [...COMPACT, "--undo"], before: COMPACT, left: [["graph", "graph.after-compact-TIME"]] },
  "rollback --discard-new": { args: ["rollback", "graph", "--discard-new", "-q"], before: COMPACT, left: [["graph", "graph.after-compact-TIME"]] },
};

async function killMany(t: ExecutionContext<Ground>, engine: MigratedEngine, { args, before, left }: Victim, count: number): Promise<void> {
  const { directory, stores, dump } = t.context;
  const prepare = async (): Promise<{ cwd: string; original: number }> => {
    const cwd = await mkdtemp(join(directory, "run-"));
    await cp(stores[engine], join(cwd, "graph"), { recursive: true });
    const original = await inodeOf(join(cwd, "graph"));
    if (before !== null) must((await kgdump(before, { cwd })).code === 0, "the compaction before");
    return { cwd, original };
  };
  const places = await Promise.all(Array.from({ length: WIDTH }, prepare));
  const started = performance.now();
  for (const { code, stderr } of await Promise.all(places.map(({ cwd }) => kgdump(args, { cwd })))) t.is(code, 0, stderr);
  const whole = performance.now() - started;
  for (const { cwd } of places) await rm(cwd, { recursive: true });
  const outcomes = new Map<string, number>();
  const faults: string[] = [];
  await inParallel(moments(count, whole, loggedSeed(t)), WIDTH, async (moment, index) => {
    const { cwd, original } = await prepare();
    try {
      const graph = join(cwd, "graph");
      const ended = await killAt(cwd, () => run(cwd, args), moment);
      await mustHold(graph, engine, dump, "after the kill");
      const outcome = `${(await inodeOf(graph)) === original ? "original" : "new"}${ended.code === 0 ? ", done before" : ""}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      const again = await kgdump(args, { cwd });
      // What was put back before it was killed is told, and stays.
      must(again.code === 0 || (before !== null && again.stderr.includes("STORE_NOT_FOUND")), `the next run: ${again.stderr}`);
      await mustHold(graph, engine, dump, "after the next run");
      must(((await inodeOf(graph)) === original) === (before !== null), "after the next run the wrong one of the two is in place");
      const found = await beside(cwd);
      must(left.some((names) => names.join() === found.join()), `after the next run there are ${found.join(", ")}`);
    } catch (error) {
      faults.push(`kill ${String(index)} at ${JSON.stringify(moment)}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await rm(cwd, { recursive: true, force: true });
  });
  t.log(`${String(count)} kills: ${[...outcomes].map(([what, times]) => `${String(times)} ${what}`).join(", ")}`);
  t.deepEqual(faults, []);
}

const CASES = (["sled", "rocksdb"] as const).flatMap((engine) => Object.entries(VICTIMS).map(([name, victim]) => ({ engine, name, victim })));
for (const [number, { engine, name, victim }] of CASES.entries()) {
  const count = Math.floor((KILLS + number) / CASES.length);
  test(`${name} of a ${engine} store that is killed leaves one whole store at the path, and the next run does what it says`, async (t) => {
    t.timeout(60 * 60_000);
    await killMany(t, engine, victim, count);
  });
}
