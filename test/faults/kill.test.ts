/**
 * kill -9 at random moments of export, import, the pipe of both, and of a recovery into a new store. Whatever moment it hits, the output is absent, old
 * or new, and whole; the source is as it was; the next run succeeds and clears what the dead one left.
 *
 * KGDUMP_KILLS sets how many (default 50), SEED which moments.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { type Ended, gather, kgdump, KGDUMP } from "../cli/support/run.js";
import { namesIn } from "../cli/support/stores.js";
import { killAt, type Moment, moments, must, run, type Running } from "./kills.js";
import { nameIsThere } from "./names.js";
import { dumpFault, fingerprint, inParallel, makeSource, type Source, targetFault, treesOf } from "./support.js";
import { loggedSeed } from "../support/seed.js";

interface Ground {
  readonly directory: string;
  readonly source: Source;
  readonly dump: string;
  /** What a whole target holds. */
  readonly trees: string;
}

const test = (anyTest as TestFn<Ground>).serial;

const KILLS = Number(process.env.KGDUMP_KILLS ?? 50);
const WIDTH = 3;
const EXPORT = ["--codec", "none", "--block-size", "16KiB", "-q"];

test.before(async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  t.context = { directory, source: await makeSource(directory), dump: join(directory, "whole.kgd"), trees: "" };
  const { source, dump } = t.context;
  const exported = await kgdump(["export", source.path, "-o", dump, ...EXPORT]);
  t.is(exported.code, 0, exported.stderr);
  t.is(await dumpFault(dump, source, source.path), null);
  const target = join(directory, "whole");
  t.is((await kgdump(["import", target, "-i", dump, "-q"])).code, 0);
  t.context = { ...t.context, trees: await treesOf(target) };
});
test.after.always((t) => rm(t.context.directory, { recursive: true, force: true }));

/** Both ends of a pipe that a shell makes. The code that it ends with is that of the import. */
function pipe(cwd: string, source: string): Running {
  const [producer, consumer] = [`export "${source}" ${EXPORT.join(" ")}`, "import target -q"].map((args) => `"${process.execPath}" "${KGDUMP}" ${args}`);
  const script = `${producer ?? ""} | ${consumer ?? ""} & echo $(jobs -p) $!; wait $!; code=$?; wait; exit $code`;
  const shell = spawn("bash", ["-c", script], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let pids: number[] = [];
  shell.stdout.once("data", (line: Buffer) => {
    pids = line.toString().trim().split(" ").map(Number);
  });
  const kill = (victims: readonly number[]): void => {
    for (const pid of victims.map((victim) => pids[victim])) {
      try {
        // Before the shell has told the pids, nothing was begun.
        if (pid !== undefined) process.kill(pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
  };
  return { end: gather(shell), kill };
}

/** Milliseconds that `work` takes. */
async function duration(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Does `work` in a new directory for each moment; the failures of all are told together, each with its moment. */
async function forEach(t: ExecutionContext<Ground>, all: readonly Moment[], work: (cwd: string, moment: Moment) => Promise<string>): Promise<void> {
  const outcomes = new Map<string, number>();
  const faults: string[] = [];
  await inParallel(all, WIDTH, async (moment, index) => {
    const cwd = await mkdtemp(join(t.context.directory, "run-"));
    try {
      const outcome = await work(cwd, moment);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      faults.push(`kill ${index} at ${JSON.stringify(moment)}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await rm(cwd, { recursive: true, force: true });
  });
  t.log(`${all.length} kills: ${[...outcomes].map(([what, times]) => `${times} ${what}`).join(", ")}`);
  t.deepEqual(faults, []);
  t.is(await fingerprint(t.context.source.path), t.context.source.fingerprint, "the source is as it was");
}

const share = (part: number): number => Math.floor((KILLS + part) / 4);

test("an export that is killed leaves no dump, the old one, or the whole new one", async (t) => {
  t.timeout(60 * 60_000);
  const { source, directory, dump } = t.context;
  const old = await readFile(dump);
  const whole = await duration(() => kgdump(["export", source.path, "-o", join(directory, "time.kgd"), ...EXPORT]));
  let number = 0;
  await forEach(t, moments(share(0), whole, loggedSeed(t)), async (cwd, moment) => {
    const force = (number += 1) % 2 === 0;
    const output = join(cwd, "a.kgd");
    if (force) await writeFile(output, old);
    const args = ["export", source.path, "-o", "a.kgd", ...EXPORT, ...(force ? ["--force"] : [])];
    const ended = await killAt(cwd, () => run(cwd, args), moment);
    const there = await nameIsThere(output);
    const isOld = there && (await readFile(output)).equals(old);
    must(there || !force, "the old dump is gone");
    must(there || ended.code !== 0, "it said that it was done, and there is no dump");
    if (there) {
      const fault = await dumpFault(output, source, source.path);
      must(fault === null, String(fault));
    }
    const again = await kgdump(["export", source.path, "-o", "a.kgd", ...EXPORT, "--force"], { cwd });
    must(again.code === 0, `the next run: ${again.stderr}`);
    const fault = await dumpFault(output, source, source.path);
    must(fault === null, `after the next run ${String(fault)}`);
    must(!(await readFile(output)).equals(old), "the next run did not replace the old dump");
    return there ? (isOld ? "old" : `new${ended.code === 0 ? ", done before" : ""}`) : "absent";
  });
});

/** A staging directory beside `target` that this process, which is alive, seems to build in. */
async function livingStaging(cwd: string): Promise<string> {
  const name = ".target.kgdump-00000000deadbeef";
  await mkdir(join(cwd, name, "store"), { recursive: true });
  const stat = await readFile("/proc/self/stat", "utf8");
  const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  await writeFile(join(cwd, name, "owner.json"), JSON.stringify({ pid: process.pid, started, host: hostname() }));
  return name;
}

/** What must be true after an import was killed, and of the next one. */
async function afterImport(ground: Ground, cwd: string, ended: Ended, living: string): Promise<string> {
  const target = join(cwd, "target");
  const there = await nameIsThere(target);
  must(there || ended.code !== 0, "it said that it was done, and there is no target");
  const fault = await targetFault(target, ground.trees);
  must(fault === null, String(fault));
  if (there) await rm(target, { recursive: true });
  const before = await namesIn(cwd);
  const again = await kgdump(["import", "target", "-i", ground.dump, "-q"], { cwd });
  must(again.code === 0, `the next run: ${again.stderr}`);
  const next = await targetFault(target, ground.trees);
  must(next === null, `after the next run ${String(next)}`);
  const rest = (await namesIn(cwd)).filter((name) => name.startsWith(".target."));
  // Without an owner a directory may be of one that has just begun; nothing was built in it.
  for (const name of rest.filter((each) => each !== living)) {
    const content = await namesIn(join(cwd, name));
    must(!content.includes("store"), `the next run left ${name} with ${content.join(", ")}`);
    const owner = content.length === 0 ? "" : await readFile(join(cwd, name, "owner.json"), "utf8");
    must(owner === "", `the next run left ${name}, whose owner is dead: ${owner}`);
  }
  must(rest.includes(living), "the next run cleared the staging directory of a living process");
  const left = before.some((name) => name.startsWith(".target.") && name !== living) ? " with staging left" : "";
  return there ? `new${ended.code === 0 ? ", done before" : ""}` : `absent${left}`;
}

test("an import that is killed leaves no target, or the whole one", async (t) => {
  t.timeout(60 * 60_000);
  const { directory, dump } = t.context;
  const whole = await duration(() => kgdump(["import", join(directory, "time"), "-i", dump, "-q"]));
  await forEach(t, moments(share(1), whole, loggedSeed(t)), async (cwd, moment) => {
    const living = await livingStaging(cwd);
    const ended = await killAt(cwd, () => run(cwd, ["import", "target", "-i", dump, "-q"]), moment);
    return afterImport(t.context, cwd, ended, living);
  });
  t.is(await dumpFault(dump, t.context.source, t.context.source.path), null);
});

test("a pipe of which one end or both are killed leaves no target, or the whole one", async (t) => {
  t.timeout(60 * 60_000);
  const { directory, source } = t.context;
  const first = await mkdtemp(join(directory, "time-"));
  const whole = await duration(() => pipe(first, source.path).end);
  t.is(await targetFault(join(first, "target"), t.context.trees), null);
  await forEach(t, moments(share(2), whole, loggedSeed(t)), async (cwd, moment) => {
    const living = await livingStaging(cwd);
    const ended = await killAt(cwd, () => pipe(cwd, source.path), moment);
    return afterImport(t.context, cwd, ended, living);
  });
});

test("a recovery into a new store that is killed leaves no store, or the whole one", async (t) => {
  t.timeout(60 * 60_000);
  const { directory, dump, source } = t.context;
  const whole = await duration(() => kgdump(["recover", source.path, "--to", join(directory, "time-recovered"), "-q"]));
  await forEach(t, moments(share(3), whole, loggedSeed(t)), async (cwd, moment) => {
    const ended = await killAt(cwd, () => run(cwd, ["recover", source.path, "--to", "target", "-q"]), moment);
    const there = await nameIsThere(join(cwd, "target"));
    must(there || ended.code !== 0, "it said that it was done, and there is no store");
    if (!there) {
      const again = await kgdump(["recover", source.path, "--to", "target", "-q"], { cwd });
      must(again.code === 0, `the next run: ${again.stderr}`);
      const rest = (await namesIn(cwd)).filter((name) => name !== "target" && !name.endsWith(".kgdump-lock"));
      // What a run has that was killed before it said whose it is may be one's that has just begun.
      for (const name of rest) must((await namesIn(join(cwd, name))).every((file) => file === "owner.json"), `the next run left ${name}`);
    }
    const compared = await kgdump(["verify", dump, "--against", join(cwd, "target"), "-q"]);
    must(compared.code === 0, `the store differs: ${compared.stderr}`);
    return there ? `new${ended.code === 0 ? ", done before" : ""}` : "absent";
  });
});
