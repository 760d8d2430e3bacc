/**
 * Ctrl-C at random moments of every command: it ends with one line, by its exit status or by the signal, and what it leaves the next run clears, which then
 * does all of the work.
 *
 * KGDUMP_INTERRUPTS=n takes n moments of each command, and then no command may take longer than two seconds to end. SEED tells which moments,
 * KGDUMP_INTERRUPTS_OF=export takes the commands whose names begin so.
 */
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import anyTest, { type TestFn } from "ava";
import { kgdump } from "../cli/support/run.js";
import { namesIn } from "../cli/support/stores.js";
import { killAt, moments, must, run } from "./kills.js";
import { inParallel, makeSource } from "./support.js";
import { loggedSeed } from "../support/seed.js";

interface Ground {
  readonly directory: string;
  readonly source: string;
  readonly dump: string;
}

const test = (anyTest as TestFn<Ground>).serial;

const ASKED = process.env.KGDUMP_INTERRUPTS;
const EACH = Number(ASKED ?? 2);
const OF = process.env.KGDUMP_INTERRUPTS_OF ?? "";
const MOST_MS = 2_000;
const EXIT = 130;

/** By name: the command, which works in a directory of its own with a copy of the source named "store", and what it makes. */
const COMMANDS: Readonly<Record<string, (ground: Ground) => readonly string[]>> = {
  export: () => ["export", "store", "-o", "x.kgd", "-f"],
  "export with zstd 22": () => ["export", "store", "-o", "x.kgd", "-f", "--codec", "zstd", "--level", "22", "--block-size", "64MiB"],
  import: ({ dump }) => ["import", "made", "-i", dump],
  "import with compression": ({ dump }) => ["import", "made", "-i", dump, "--compression", "--compression-level", "22"],
  restore: ({ dump }) => ["restore", "made", "-i", dump],
  verify: ({ dump }) => ["verify", dump, "--against", "store", "--graph"],
  "inspect --check": ({ dump }) => ["inspect", dump, "--check"],
  stats: () => ["stats", "store", "--schema"],
  report: () => ["report", "store", "-o", "report.html", "-f"],
  // In MAYA's layout it would not be whole, and so end with 4.
  graph: () => ["graph", "store", "--layout", resolve("examples/graph/triples.toml")],
  recover: () => ["recover", "store", "-o", "x.kgd", "-f"],
  find: () => ["find", "store", "node:00000007"],
  migrate: () => ["migrate", "--from", "store"],
  "migrate --stream": () => ["migrate", "--from", "store", "--stream"],
  compact: () => ["compact", "store"],
};

test.before(async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  const { path } = await makeSource(directory);
  const dump = join(directory, "whole.kgd");
  t.is((await kgdump(["export", path, "-o", dump, "-q"])).code, 0);
  t.context = { directory, source: path, dump };
});
test.after.always((t) => rm(t.context.directory, { recursive: true, force: true }));

/** What a command may leave for good, once it is done. */
const KEPT = /^(?:store|made|x\.kgd|report\.html|store\.kgdump-migration\.json|store\..*(?:backup|kgd|original|before).*)$/;

test("an interrupted command ends with one line, and the next run does all of the work", async (t) => {
  t.timeout(60 * 60_000);
  const seed = loggedSeed(t);
  let longest = 0;
  const slowest = new Map<string, number>();
  let interrupted = 0;
  const commands = Object.entries(COMMANDS).filter(([name]) => name.startsWith(OF));
  await inParallel(commands, 2, async ([name, command], number) => {
    const place = async (): Promise<string> => {
      const work = await mkdtemp(join(t.context.directory, "run-"));
      await mkdir(work, { recursive: true });
      await cp(t.context.source, join(work, "store"), { recursive: true });
      return work;
    };
    const args = [...command(t.context), "-q"];
    const first = await place();
    const began = performance.now();
    must((await kgdump(args, { cwd: first })).code === 0, `${name} works`);
    const whole = performance.now() - began;
    await rm(first, { recursive: true, force: true });
    for (const moment of moments(EACH, whole, seed + number)) {
      const work = await place();
      let at = 0;
      const started = run(work, args, "SIGINT");
      const watched = { end: started.end, kill: (victims: readonly number[]): void => { at = performance.now(); started.kill(victims); } };
      const { code, signal, stderr } = await killAt(work, () => watched, { ...moment, victims: [0] });
      const took = performance.now() - at;
      if (at > 0 && code !== 0) {
        longest = Math.max(longest, took);
        slowest.set(name, Math.max(slowest.get(name) ?? 0, took));
      }
      must(code === 0 || code === EXIT || signal === "SIGINT", `${name}: ended with ${String(code)} ${String(signal)}: ${stderr}`);
      if (code !== 0) interrupted += 1;
      // Before it listens, the signal ends the process without a word.
      must(!/\n\s+at /.test(stderr) && (stderr.match(/^kgdump: /gm)?.length ?? 0) <= 1, `${name}: ${stderr}`);
      const again = await kgdump(args, { cwd: work });
      // What has its name is whole, also when the signal came while the process was on its way out.
      const made = again.stderr.includes("TARGET_EXISTS") ? await kgdump(["verify", t.context.dump, "--against", join(work, "made")]) : again;
      must(made.code === 0, `${name}, interrupted after ${String(Math.round(moment.milliseconds))} ms and ${String(moment.changes)} changes: the next run ends with ${String(again.code)}: ${again.stderr}`);
      const left = (await namesIn(work)).filter((entry) => !KEPT.test(entry));
      must(left.length === 0, `${name} leaves ${left.join(", ")}`);
      await rm(work, { recursive: true, force: true });
    }
  });
  t.log(`${String(interrupted)} of ${String(EACH * commands.length)} were interrupted; the longest took ${String(Math.round(longest))} ms to end`);
  t.log([...slowest].map(([name, took]) => `${name} ${String(Math.round(took))}`).join(", "));
  t.true(ASKED === undefined || longest < MOST_MS);
  t.true(interrupted > 0);
});
