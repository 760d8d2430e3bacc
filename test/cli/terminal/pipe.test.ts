/** Two real processes and a real pipe between them, and what happens when one of the two dies. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { temporaryDirectory } from "../../support/temporary.js";
import { shell } from "../support/run.js";
import { bigStore, namesIn } from "../support/stores.js";

interface Big {
  readonly directory: string;
  /** A store, and how many entries it has. */
  readonly big: string;
  readonly entries: number;
}

const test = (anyTest as TestFn<Big>).serial;

test.before(async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  const big = await bigStore(directory, 48);
  t.context = { directory, big: big.path, entries: big.entries };
});
test.after.always((t) => rm(t.context.directory, { recursive: true, force: true }));

/**
 * Runs both ends in the background; `script` may use `$producer` and `$consumer`, and their exit codes are printed. It begins
 * when the staging directory is there: the import has read the header then, so that both ends listen for signals.
 */
async function bothEnds(directory: string, store: string, script: string): Promise<{ codes: string; stderr: string }> {
  const ended = await shell(
    `mkfifo pipe
     "$NODE" "$KGDUMP" export "${store}" > pipe 2> export.log & producer=$!
     "$NODE" "$KGDUMP" import target < pipe 2> import.log & consumer=$!
     until ls -A | grep -qE '[.]kgdump-[0-9a-f]{16}$'; do kill -0 $consumer || break; sleep 0.02; done
     ${script}
     wait $producer; p=$?; wait $consumer; c=$?; rm pipe
     echo "$p $c"; cat export.log import.log >&2; rm export.log import.log`,
    { cwd: directory },
  );
  return { codes: ended.stdout.toString().trim(), stderr: ended.stderr };
}

test("a store bigger than every buffer goes through whole", async (t) => {
  const directory = await temporaryDirectory(t);
  const { codes, stderr } = await bothEnds(directory, t.context.big, ":");
  t.is(codes, "0 0", stderr);
  t.regex(stderr, /imported into .*\n {2}3,072 entries .*found equal\n/);
  t.deepEqual(await namesIn(directory), ["target"]);
});

test("when the producer is killed, the import refuses what it got", async (t) => {
  const directory = await temporaryDirectory(t);
  const { codes, stderr } = await bothEnds(directory, t.context.big, "kill -9 $producer");
  t.is(codes, "137 3", stderr);
  t.regex(stderr, /\[DUMP_TRUNCATED\]/);
  t.deepEqual(await namesIn(directory), []);
});

test("when the producer is interrupted, the import says why", async (t) => {
  const directory = await temporaryDirectory(t);
  const { codes, stderr } = await bothEnds(directory, t.context.big, "kill -TERM $producer");
  t.is(codes, "143 3", stderr);
  t.regex(stderr, /interrupted by SIGTERM.*\[DUMP_ABORTED\]/);
  t.deepEqual(await namesIn(directory), []);
});

test("when the consumer is killed, the export fails", async (t) => {
  const directory = await temporaryDirectory(t);
  const { codes, stderr } = await bothEnds(directory, t.context.big, "kill -9 $consumer");
  t.is(codes, "1 137", stderr);
  t.regex(stderr, /\[BROKEN_PIPE\]/);
  t.false((await namesIn(directory)).includes("target"));
});

test("when both are interrupted, as by Ctrl-C, both say so and nothing is left", async (t) => {
  const directory = await temporaryDirectory(t);
  const { codes, stderr } = await bothEnds(directory, t.context.big, "kill -INT $producer $consumer");
  t.is(codes, "130 130", stderr);
  t.deepEqual(stderr.match(/\w+ was interrupted by SIGINT \[INTERRUPTED\]/g)?.sort(), ["export", "import"].map((command) => `${command} was interrupted by SIGINT [INTERRUPTED]`));
  t.deepEqual(await namesIn(directory), []);
});

/** How both ended of `export | REST`, and what both said. */
async function ends(t: ExecutionContext<Big>, rest: string): Promise<readonly [string, string]> {
  const ended = await shell(`kgdump export "${t.context.big}" | ${rest} > /dev/null; echo "\${PIPESTATUS[*]}"`);
  return [ended.stdout.toString().trim(), ended.stderr];
}

test("a reader that had enough ends an export without a word", async (t) => {
  for (const rest of ["kgdump inspect --entries --limit 1", "kgdump inspect --keys --limit 3", "kgdump inspect --blocks --limit 1", "kgdump inspect --get node:0000000003"]) {
    t.deepEqual(await ends(t, rest), ["141 0", ""], rest);
  }
});

test("nor does one whose own reader had enough", async (t) => {
  t.deepEqual(await ends(t, "kgdump inspect --entries | head -n 1"), ["141 0 0", ""]);
});

test("a reader that failed is told by both", async (t) => {
  const [codes, stderr] = await ends(t, "kgdump inspect --entries --keyspace nothing");
  t.is(codes, "1 2", stderr);
  t.regex(stderr, /\[BROKEN_PIPE\]/);
  t.regex(stderr, /\[KEYSPACE_UNKNOWN\]/);
});

test("a pipe with a name keeps its mode", async (t) => {
  const directory = await temporaryDirectory(t);
  const ended = await shell(
    `mkfifo -m 0600 pipe; kgdump export "${t.context.big}" > pipe & kgdump inspect --keys --limit 1 < pipe > /dev/null; c=$?; wait $!; echo "$? $c"; stat -c %a pipe`,
    { cwd: directory },
  );
  t.is(ended.stdout.toString(), "1 0\n600\n", ended.stderr);
});
