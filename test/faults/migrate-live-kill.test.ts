/**
 * kill -9 at random moments of a migration whose service runs, and of an import of a delta. Whatever moment it hits: the old store or the new
 * one is in place, whole, with all that the service wrote until it stopped; and the next command ends with what it promises.
 *
 * KGDUMP_KILLS sets how many (default 50, of which these do a part), SEED which moments.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import anyTest, { type TestFn } from "ava";
import { occupantOf } from "#src/operations/disk/places.js";
import type { Journal } from "#src/operations/migrate/journal.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { gather, kgdump, KGDUMP } from "../cli/support/run.js";
import type { PlainOperation } from "../operations/migrate/live-service.js";
import { killAt, type Moment, moments, must, run, type Running } from "./kills.js";
import { finishWith, inPlace } from "./migrations.js";
import { inParallel, makeSource, randomNumbers } from "./support.js";
import { loggedSeed } from "../support/seed.js";

const test = (anyTest as TestFn<{ directory: string; store: string }>).serial;

const KILLS = Number(process.env.KGDUMP_KILLS ?? 50);
const WIDTH = 3;
const SERVICE = fileURLToPath(new URL("../operations/migrate/live-service.js", import.meta.url));

test.before(async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  t.context = { directory, store: (await makeSource(directory)).path };
});
test.after.always((t) => rm(t.context.directory, { recursive: true, force: true }));

/** What the service writes last: some of it new, some other, some removed. */
function lastWork(seed: number): [string, PlainOperation[]][] {
  const random = randomNumbers(seed);
  const operations = Array.from({ length: 200 }, (): PlainOperation => {
    const key = Buffer.from(`node:${String(Math.floor(random() * 5000)).padStart(8, "0")}${random() < 0.3 ? "x" : ""}`).toString("hex");
    return random() < 0.3 ? { kind: "delete", key } : { kind: "put", key, value: Buffer.alloc(200, random() * 256).toString("hex") };
  });
  return [["default", operations], ["nodes", operations.slice(0, 20)], ["fresh", operations.filter(({ kind }) => kind === "put").slice(0, 5)]];
}

/** So long after so many lines of what it tells: most of them come behind the stop, in a small part of the time. */
interface AtLine {
  readonly line: number;
  readonly milliseconds: number;
}

/** A live migration with its service, which stops when it is asked to. The kill hits the migration only. */
async function liveWithKill(cwd: string, graph: string, seed: number, moment: Moment | AtLine | null): Promise<{ code: number | null }> {
  const service = spawn(process.execPath, [SERVICE, graph], { stdio: ["pipe", "pipe", "inherit"] });
  const stopped = once(service, "close");
  await once(service.stdout, "data");
  const stop = (): void => {
    if (service.stdin.writable) service.stdin.end(`${JSON.stringify(lastWork(seed))}\n`);
  };
  const start = (): Running => {
    const child = spawn(process.execPath, [KGDUMP, "migrate", "--live", "--from", graph], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let lines = 0;
    child.stderr.on("data", (chunk: Buffer) => {
      const text = chunk.toString();
      if (text.includes("stop the service now")) stop();
      const before = lines;
      lines += text.split("\n").length - 1;
      if (moment === null || !("line" in moment) || before >= moment.line || lines < moment.line) return;
      setTimeout(() => child.kill("SIGKILL"), moment.milliseconds);
    });
    return { end: gather(child), kill: () => child.kill("SIGKILL") };
  };
  try {
    return moment === null || "line" in moment ? await start().end : await killAt(cwd, start, moment);
  } finally {
    stop();
    await stopped;
  }
}

/** A dump of all that the service has ever written, from the RocksDB store, wherever that is now. */
async function truth(cwd: string, graph: string): Promise<string> {
  const dump = join(cwd, "truth.dump");
  const journal = (await occupantOf(graph)) === "sled" ? (JSON.parse(await readFile(`${graph}.kgdump-migration.json`, "utf8")) as Journal) : null;
  const places = journal === null ? [graph] : [journal.backup ?? "", journal.building];
  for (const place of places) {
    if ((await occupantOf(place)) !== "rocksdb") continue;
    const exported = await kgdump(["export", place, "-o", dump, "-q"]);
    must(exported.code === 0, `the RocksDB store at ${place}: ${exported.stderr}`);
    return dump;
  }
  throw new Error(`the RocksDB store is neither of ${places.join(", ")}`);
}

test("a live migration that is killed leaves the old store or the new one, and is finished or undone", async (t) => {
  t.timeout(60 * 60_000);
  const { directory, store } = t.context;
  const seed = loggedSeed(t);
  const prepare = async (): Promise<{ cwd: string; graph: string }> => {
    const cwd = await mkdtemp(join(directory, "run-"));
    await cp(store, join(cwd, "graph"), { recursive: true });
    return { cwd, graph: join(cwd, "graph") };
  };
  const first = await prepare();
  const started = performance.now();
  t.is((await liveWithKill(first.cwd, first.graph, seed, null)).code, 0);
  const whole = performance.now() - started;
  t.is(await inPlace(first.graph, await truth(first.cwd, first.graph)), "sled");
  const outcomes = new Map<string, number>();
  const faults: string[] = [];
  const random = randomNumbers(seed);
  const lines = Array.from({ length: Math.ceil(KILLS * 0.3) }, (): AtLine => ({ line: 5 + Math.floor(random() * 14), milliseconds: random() < 0.3 ? 0 : random() ** 2 * 200 }));
  await inParallel([...moments(Math.ceil(KILLS * 0.2), whole, seed), ...lines], WIDTH, async (moment, index) => {
    const { cwd, graph } = await prepare();
    try {
      const { code } = await liveWithKill(cwd, graph, seed + index, moment);
      const dump = await truth(cwd, graph);
      const outcome = `${await inPlace(graph, dump)}${code === 0 ? ", done before" : ""}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (index % 3 === 2) {
        const again = await kgdump(["migrate", "--live", "--from", graph, "-q"], { cwd });
        must(again.code === 0, `the next live migration: ${again.stderr}`);
      }
      await finishWith(index % 3 === 1 ? "rollback" : "migrate", cwd, graph, dump);
    } catch (error) {
      faults.push(`kill ${String(index)} at ${JSON.stringify(moment)}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await rm(cwd, { recursive: true, force: true });
  });
  t.log([...outcomes].map(([what, times]) => `${String(times)} ${what}`).join(", "));
  t.deepEqual(faults, []);
});

test("an import of a delta that is killed leaves the store as it was or as it is to be, and is done by another", async (t) => {
  t.timeout(60 * 60_000);
  const { directory, store } = t.context;
  const seed = loggedSeed(t);
  const ground = await mkdtemp(join(directory, "delta-"));
  const [changed, first, delta, last, base] = ["changed", "first.kgd", "delta.kgd", "last.kgd", "sled"].map((name) => join(ground, name)) as [string, string, string, string, string];
  const must0 = async (...args: string[]): Promise<void> => {
    const ended = await kgdump([...args, "-q"]);
    must(ended.code === 0, `${args.join(" ")}: ${ended.stderr}`);
  };
  await must0("export", store, "-o", first);
  await cp(store, changed, { recursive: true });
  const service = spawn(process.execPath, [SERVICE, changed], { stdio: ["pipe", "ignore", "inherit"] });
  service.stdin.end(`${JSON.stringify(lastWork(seed))}\n`);
  await once(service, "close");
  await must0("export", changed, "--base", first, "-o", delta);
  await must0("export", changed, "-o", last);
  await must0("import", base, "-i", first);
  const equal = async (dump: string, target: string): Promise<boolean> => (await verifyDump({ input: dump, against: target })).against?.equal === true;
  const prepare = async (): Promise<{ cwd: string; target: string }> => {
    const cwd = await mkdtemp(join(ground, "run-"));
    await cp(base, join(cwd, "sled"), { recursive: true });
    return { cwd, target: join(cwd, "sled") };
  };
  const trial = await prepare();
  const started = performance.now();
  await must0("import", trial.target, "-i", delta);
  const whole = performance.now() - started;
  t.true(await equal(last, trial.target));
  const outcomes = { old: 0, new: 0 };
  const faults: string[] = [];
  await inParallel(moments(Math.ceil(KILLS * 0.3), whole, seed), WIDTH, async (moment, index) => {
    const { cwd, target } = await prepare();
    try {
      await killAt(cwd, () => run(cwd, ["import", target, "-i", delta, "-q"]), moment);
      const old = await equal(first, target);
      must(old || (await equal(last, target)), "after the kill, the store is neither what it was nor what it is to be");
      outcomes[old ? "old" : "new"]++;
      await must0("import", target, "-i", delta);
      must(await equal(last, target), "after the next import, the store is not what it is to be");
      for (const name of (await readdir(cwd)).filter((other) => other !== "sled")) {
        // Killed before it had said whose it is: it is empty, and goes with an import that is not begun in the same minute.
        must((await readdir(join(cwd, name))).every((inner) => inner === "owner.json"), `${name} was left`);
      }
    } catch (error) {
      faults.push(`kill ${String(index)} at ${JSON.stringify(moment)}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await rm(cwd, { recursive: true, force: true });
  });
  t.log(`${String(outcomes.old)} old, ${String(outcomes.new)} new`);
  t.deepEqual(faults, []);
});
