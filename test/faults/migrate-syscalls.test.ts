/**
 * The Nth call that writes, syncs, names or closes something of a migration or a rollback fails. Whatever fails: one clear error, the
 * old store or the new one in place, whole, and the journal able to go on or to undo.
 *
 * KGDUMP_FAULTS=all does every N with every error; else some of them are drawn by SEED. Needs strace.
 */
import { mkdirSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { kgdump } from "../cli/support/run.js";
import { type Fault, type Outcome, runWithFault } from "./inject.js";
import { must } from "./kills.js";
import { finishWith, inPlace, mustHold } from "./migrations.js";
import { shown, straceIsMissing, type Trial, tryFaults, usedNames } from "./series.js";
import { makeSource } from "./support.js";

interface Context {
  readonly directory: string;
  /** A RocksDB store, never touched itself. */
  readonly store: string;
  /** What it holds. */
  readonly dump: string;
}

const test = (anyTest as TestFn<Context>).serial;

const EXTENT = { first: 1, drawn: 1 };

test.before(async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  const dump = join(directory, "whole.kgd");
  const { path } = await makeSource(directory);
  t.context = { directory, store: path, dump };
  t.is((await kgdump(["export", path, "-o", dump, "-q"])).code, 0);
});
test.after.always((t) => rm(t.context.directory, { recursive: true, force: true }));

/** A command, and what is done before it. */
interface Subject {
  readonly command: "migrate" | "rollback";
  readonly args: (graph: string, out: string) => string[];
  /** What runs before, without faults. */
  readonly before: (graph: string, out: string) => readonly string[][];
}

interface Place {
  readonly directory: string;
  readonly out: string;
  readonly work: string;
  readonly graph: string;
}

async function prepare({ directory: parent, store }: Context, subject: Subject): Promise<Place> {
  const directory = await mkdtemp(join(parent, "run-"));
  const [out, work] = [join(directory, "out"), join(directory, "work")];
  await Promise.all([mkdir(out), mkdir(work)]);
  const graph = join(out, "graph");
  await cp(store, graph, { recursive: true });
  for (const args of subject.before(graph, out)) {
    // With the same names as in the runs that are looked at.
    const ended = await runWithFault(work, args, out, null, []);
    must(ended.code === 0, `before: ${ended.stderr}`);
  }
  return { directory, out, work, graph };
}

async function tryFault(context: Context, subject: Subject, fault: Fault, names: readonly string[]): Promise<Trial> {
  const { directory, out, work, graph } = await prepare(context, subject);
  try {
    const outcome = await runWithFault(work, subject.args(graph, out), out, fault, names.map((name) => join(out, name)));
    const wrong = await whatIsWrong(context, subject, fault, outcome, out, graph);
    return { outcome, wrong: wrong.length === 0 ? [] : [...wrong, `with exit code ${String(outcome.code)} and ${outcome.stderr.trim()}`, ...outcome.injected.slice(0, 4)] };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function whatIsWrong({ dump }: Context, subject: Subject, fault: Fault, outcome: Outcome, out: string, graph: string): Promise<string[]> {
  const { code, signal, stderr, hung, injected } = outcome;
  const wrong: string[] = [];
  const claim = (truth: boolean, otherwise: string): void => {
    if (!truth) wrong.push(otherwise);
  };
  claim(!hung, "it hung");
  claim(code !== null && code < 128, `it ended with ${String(code)} ${String(signal)}`);
  // Rust's library takes a directory that was read and can't be closed for a bug, whatever the system says.
  const known = fault.syscall === "close" && stderr.includes("during closedir");
  claim(known || !/^\s+at |panicked|RUST_BACKTRACE|node:internal/m.test(stderr), "a stack trace or panic");
  claim(known || !stderr.includes("[INTERNAL]"), "an error of no code of its own");
  if (code !== 0) claim(stderr.match(/^kgdump: .*\[[A-Z_]+\]$/gm)?.length === 1, "not one clear error");
  claim(code === 0 || injected.length > 0, "it failed although nothing was made to fail");
  try {
    const engine = await inPlace(graph, dump);
    const promised = subject.command === "migrate" ? "sled" : "rocksdb";
    claim(code !== 0 || engine === promised, `done, and ${engine} is in place`);
    await finishWith(fault.nth % 2 === 0 ? "migrate" : "rollback", out, graph, dump);
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error));
  }
  return wrong;
}

async function tryAll(t: ExecutionContext<Context>, subject: Subject, extent = EXTENT): Promise<void> {
  if (straceIsMissing(t)) return;
  const { names, calls } = await usedNames(async () => {
    const { directory, out, work, graph } = await prepare(t.context, subject);
    const outcome = await runWithFault(work, subject.args(graph, out), out, null, []);
    t.is(outcome.code, 0, outcome.stderr);
    await rm(directory, { recursive: true });
    return { outcome, out };
  });
  t.log(`calls of Node: ${shown(calls.node)}; of a thread of the addon at most: ${shown(calls.addon)}`);
  await tryFaults(t, { calls, threads: ["node", "addon"], extent }, (fault) => tryFault(t.context, subject, fault, names));
  await mustHold(t.context.store, "rocksdb", t.context.dump, "at the end");
}

test("migrate: whatever call fails, the old store or the new one is in place, whole, and the next run ends it", async (t) => {
  await tryAll(t, { command: "migrate", before: () => [], args: (graph) => ["migrate", "--from", graph, "-q"] });
});

test("migrate --live: the same", async (t) => {
  await tryAll(t, { command: "migrate", before: () => [], args: (graph) => ["migrate", "--from", graph, "-q", "--live"] }, { first: 0, drawn: 1 });
});

test("rollback: whatever call fails, the new store or the old one is in place, whole, and the next run ends it", async (t) => {
  await tryAll(t, {
    command: "rollback",
    before: (graph) => [["migrate", "--from", graph, "-q"]],
    args: (graph) => ["rollback", graph, "-q"],
  });
});

test("migrate with the backup on another file system: the same", async (t) => {
  const other = "/dev/shm";
  const device = async (path: string): Promise<number | null> => stat(path).then(({ dev }) => dev, () => null);
  if ([null, await device(t.context.directory)].includes(await device(other))) {
    t.log(`SKIPPED: ${other} is no other file system`);
    t.pass();
    return;
  }
  const backups = await mkdtemp(join(other, "kgdump-test-"));
  t.teardown(() => rm(backups, { recursive: true, force: true }));
  await tryAll(
    t,
    {
      command: "migrate",
      before: () => [],
      args: (graph, out) => {
        const backup = join(backups, basename(dirname(out)));
        mkdirSync(backup, { recursive: true });
        return ["migrate", "--from", graph, "-q", "--backup-dir", backup];
      },
    },
    { first: 0, drawn: 1 },
  );
});
