/**
 * kill -9 at random moments of migrate and rollback. Whatever moment it hits, the old store or the new one is in place, whole; and
 * another migrate or rollback, whichever is asked for, ends with the store that it promises, and with the other one kept.
 *
 * KGDUMP_KILLS sets how many (default 50), SEED which moments.
 */
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { directionTo, type MigratedEngine } from "#src/operations/migrate/direction.js";
import { kgdump } from "../cli/support/run.js";
import { killAt, moments, must, run } from "./kills.js";
import { finishWith, inPlace, mustHold } from "./migrations.js";
import { inParallel, makeSource } from "./support.js";
import { loggedSeed } from "../support/seed.js";

interface Ground {
  readonly directory: string;
  /** A store of each engine, never touched itself. */
  readonly stores: Readonly<Record<MigratedEngine, string>>;
  /** What it holds. */
  readonly dump: string;
}

const test = (anyTest as TestFn<Ground>).serial;

const KILLS = Number(process.env.KGDUMP_KILLS ?? 50);
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

async function killMany(t: ExecutionContext<Ground>, command: "migrate" | "rollback", to: MigratedEngine, count: number): Promise<void> {
  const { directory, stores, dump } = t.context;
  const migrate = (graph: string): string[] => ["migrate", "--from", graph, "--engine", to, "-q"];
  const prepare = async (): Promise<{ cwd: string; graph: string }> => {
    const cwd = await mkdtemp(join(directory, "run-"));
    const graph = join(cwd, "graph");
    await cp(stores[directionTo(to).from], graph, { recursive: true });
    if (command === "rollback") must((await kgdump(migrate(graph))).code === 0, "the migration before");
    return { cwd, graph };
  };
  const args = (graph: string): string[] => (command === "migrate" ? migrate(graph) : ["rollback", graph, "-q"]);
  // As many at once as later, so that the moments reach the end of a run.
  const places = await Promise.all(Array.from({ length: WIDTH }, prepare));
  const started = performance.now();
  for (const { code, stderr } of await Promise.all(places.map(({ graph }) => kgdump(args(graph))))) t.is(code, 0, stderr);
  const whole = performance.now() - started;
  const outcomes = new Map<string, number>();
  const faults: string[] = [];
  await inParallel(moments(count, whole, loggedSeed(t)), WIDTH, async (moment, index) => {
    const { cwd, graph } = await prepare();
    try {
      const ended = await killAt(cwd, () => run(cwd, args(graph)), moment);
      const found = await inPlace(graph, dump);
      const outcome = `${found}${ended.code === 0 ? ", done before" : ""}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      await finishWith(index % 2 === 0 ? "migrate" : "rollback", cwd, graph, dump, to);
    } catch (error) {
      faults.push(`kill ${String(index)} at ${JSON.stringify(moment)}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await rm(cwd, { recursive: true, force: true });
  });
  t.log(`${String(count)} kills: ${[...outcomes].map(([what, times]) => `${String(times)} ${what}`).join(", ")}`);
  t.deepEqual(faults, []);
}

for (const [to, share] of [["sled", 0.6], ["rocksdb", 0.4]] as const) {
  test(`a migration to ${to} that is killed leaves the old store or the new one, and is finished or undone`, async (t) => {
    t.timeout(60 * 60_000);
    await killMany(t, "migrate", to, Math.ceil(KILLS * 0.6 * share));
  });

  test(`a rollback from ${to} that is killed leaves the new store or the old one, and is finished, or migrated again`, async (t) => {
    t.timeout(60 * 60_000);
    await killMany(t, "rollback", to, Math.ceil(KILLS * 0.4 * share));
  });
}

test("a journal that was cut is told, and nothing is touched", async (t) => {
  const { directory, stores, dump } = t.context;
  const cwd = join(directory, "cut");
  await mkdir(cwd);
  const graph = join(cwd, "graph");
  await cp(stores.rocksdb, graph, { recursive: true });
  must((await kgdump(["migrate", "--from", graph, "-q"])).code === 0, "the migration before");
  const path = `${graph}.kgdump-migration.json`;
  const text = await readFile(path, "utf8");
  const { writeFile } = await import("node:fs/promises");
  for (const length of [0, 1, text.length >> 1, text.length - 3]) {
    await writeFile(path, text.slice(0, length));
    const ended = await kgdump(["rollback", graph]);
    t.is(ended.code, 1);
    t.regex(ended.stderr, /MIGRATION_JOURNAL_DAMAGED/);
  }
  await t.notThrowsAsync(mustHold(graph, "sled", dump, "after a cut journal"));
});
