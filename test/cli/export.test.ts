import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { unpackStore } from "../fixtures/unpack.js";
import { temporaryDirectory } from "../support/temporary.js";
import { assertOneError, gather, kgdump, shell, start, terminal } from "./support/run.js";
import { bigStore, namesIn, smallFileSystem, waitForName } from "./support/stores.js";

// One after the other: a machine full of processes makes every waiting here a matter of luck.
const test = (anyTest as TestFn<{ directory: string; big: string; bigEntries: number }>).serial;
const TEMPORARY = /\.tmp$/;

test.before(async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  const big = await bigStore(directory, 48);
  t.context = { directory, big: big.path, bigEntries: big.entries };
});
test.after.always((t) => rm(t.context.directory, { recursive: true, force: true }));

test("a file is whole, private, and as good as what stdout gets", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await unpackStore(t, "maya-lz4");
  const ended = await kgdump(["export", store, "-o", "a.kgd"], { cwd: directory });
  t.is(ended.code, 0, ended.stderr);
  t.is(ended.stdout.length, 0);
  t.regex(ended.stderr, /^exported .*maya-lz4 \(RocksDB\) to .*a\.kgd\n {2}1,422 entries in 4 keyspaces, .* in .* s \(.*\/s\)\n$/);
  t.is((await stat(join(directory, "a.kgd"))).mode & 0o777, 0o600);
  const env = { SOURCE_DATE_EPOCH: "1700000000" };
  for (const redirected of [
    await shell(`kgdump export "${store}" -q > b.kgd && kgdump inspect b.kgd`, { cwd: directory, env }),
    await shell(`kgdump export "${store}" -q -o - | cat > c.kgd && kgdump inspect c.kgd`, { cwd: directory, env }),
  ]) {
    t.is(redirected.code, 0, redirected.stderr);
    t.is(redirected.stderr, "");
    t.regex(redirected.stdout.toString(), /state: +complete by its index; [^]*1,422 entries/);
  }
  t.deepEqual(await namesIn(directory), ["a.kgd", "b.kgd", "c.kgd"]);
});

test("the result is JSON: on stdout for a file, on stderr when stdout is the dump", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await unpackStore(t, "maya-lz4");
  interface Shape {
    exported: { entries: number; path: string | null; keyspaces: { name: unknown; digest: string }[] };
  }
  const file = await kgdump(["export", store, "-o", "a.kgd", "--json"], { cwd: directory });
  const result = JSON.parse(file.stdout.toString()) as Shape;
  t.is(result.exported.entries, 1422);
  t.is(result.exported.path, join(directory, "a.kgd"));
  t.deepEqual(result.exported.keyspaces[0]?.name, { text: "default" });
  t.is(file.stderr, "");
  const pipe = await kgdump(["export", store, "--json"]);
  t.is((JSON.parse(pipe.stderr) as Shape).exported.path, null);
  t.true(pipe.stdout.length > 100_000);
});

test("selection and codec reach the dump", async (t) => {
  const store = await unpackStore(t, "maya-lz4");
  for (const [args, pattern] of [
    [["--prefix", "node_edges:", "--codec", "none"], /filter|part of a store/],
    [["--limit", "5", "--codec", "zstd", "--level", "9", "--block-size", "64KiB"], /5 entries in 4 keyspaces/],
    [["--column-family", "default", "--column-family", "nodes"], /in 2 keyspaces/],
    [["--exclude-column-family", "default"], /0 entries in 3 keyspaces/],
    [["--from", "node:", "--to", "node;"], /part of a store/],
  ] as const) {
    const dump = await kgdump(["export", store, ...args]);
    t.is(dump.code, 0, dump.stderr);
    const shown = await kgdump(["inspect"], { input: dump.stdout });
    t.regex(shown.stdout.toString(), pattern);
  }
  assertOneError(t, await kgdump(["export", store, "--keyspace", "nope"]), 2, "KEYSPACE_UNKNOWN");
});

test("a dry run tells and writes nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await unpackStore(t, "maya-lz4");
  const ended = await kgdump(["export", store, "--dry-run", "-o", "a.kgd"], { cwd: directory });
  t.is(ended.code, 0, ended.stderr);
  t.regex(ended.stdout.toString(), /nothing was written/);
  t.deepEqual(await namesIn(directory), []);
  const json = await kgdump(["export", store, "-n", "--json", "--exclude-keyspace", "nodes"], { cwd: directory });
  const { plan } = JSON.parse(json.stdout.toString()) as { plan: { keyspaces: { selected: boolean }[] } };
  t.deepEqual(plan.keyspaces.map(({ selected }) => selected).sort(), [false, true, true, true]);
  await writeFile(join(directory, "a.kgd"), "mine");
  assertOneError(t, await kgdump(["export", store, "-n", "-o", "a.kgd"], { cwd: directory }), 1, "OUTPUT_EXISTS");
});

test("an output that exists is kept unless it is forced", async (t) => {
  const store = await unpackStore(t, "maya-lz4");
  const directory = await temporaryDirectory(t);
  const path = join(directory, "a.kgd");
  await writeFile(path, "mine");
  assertOneError(t, await kgdump(["export", store, "-o", path]), 1, "OUTPUT_EXISTS");
  t.is((await stat(path)).size, 4);
  t.is((await kgdump(["export", store, "-o", path, "--force"])).code, 0);
  t.is((await kgdump(["verify", path])).code, 0);
  t.deepEqual(await namesIn(directory), ["a.kgd"]);
});

test("what is no store, or no place for a dump, is one clear error", async (t) => {
  const store = await unpackStore(t, "maya-lz4");
  const directory = await temporaryDirectory(t);
  assertOneError(t, await kgdump(["export", "none", "-o", "a.kgd"], { cwd: directory }), 1, "STORE_NOT_FOUND");
  assertOneError(t, await kgdump(["export", directory, "-o", "a.kgd"], { cwd: directory }), 7, "STORE_NOT_RECOGNIZED");
  assertOneError(t, await kgdump(["export", store, "-o", "no/such/a.kgd"], { cwd: directory }), 1, "NOT_FOUND");
  assertOneError(t, await kgdump(["export", store, "-o", "."], { cwd: directory }), 1, "OUTPUT_EXISTS");
  t.deepEqual(await namesIn(directory), []);
});

for (const [name, code] of [
  ["odd-merge-wal", "STORE_MERGE_OPERATOR"],
  ["odd-ttl", "STORE_TTL"],
  ["odd-uts", "STORE_TIMESTAMPS"],
  ["odd-wide", "STORE_WIDE_COLUMNS"],
] as const) {
  test(`${name} is refused, and leaves nothing behind`, async (t) => {
    const directory = await temporaryDirectory(t);
    const store = await unpackStore(t, name);
    assertOneError(t, await kgdump(["export", store, "-o", "a.kgd"], { cwd: directory }), 7, code);
    t.deepEqual(await namesIn(directory), []);
  });
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  test(`${signal} while a file is written leaves nothing, exit code ${code.toString()}`, async (t) => {
    const directory = await temporaryDirectory(t);
    // Slow enough to be caught at work.
    const child = start(["export", t.context.big, "-o", "a.kgd", "--codec", "zstd", "--level", "19"], { cwd: directory });
    const end = gather(child);
    await waitForName(directory, TEMPORARY, () => child.exitCode !== null);
    child.kill(signal);
    const ended = await end;
    assertOneError(t, ended, code, "INTERRUPTED");
    t.regex(ended.stderr, new RegExp(`interrupted by ${signal}`));
    t.deepEqual(await namesIn(directory), []);
  });
}

/** Starts an export whose pipe is full within its first block, because nobody reads. */
async function stuckExport(store: string): Promise<{ child: ChildProcess; stdout: Socket; exit: Promise<unknown[]> }> {
  const child = start(["export", store]);
  const exit = once(child, "exit");
  const stdout = child.stdout;
  if (!(stdout instanceof Socket)) throw new TypeError("stdout is a pipe");
  await once(stdout, "readable");
  // More than the header; and a block is more than what the buffers between the processes hold.
  while (stdout.bytesRead < 60_000) {
    stdout.read(0);
    await new Promise((done) => setTimeout(done, 20));
  }
  return { child, stdout, exit };
}

test("a second SIGINT ends at once", async (t) => {
  const { child, stdout, exit } = await stuckExport(t.context.big);
  child.kill("SIGINT");
  await new Promise((done) => setTimeout(done, 300));
  child.kill("SIGINT");
  const [code, signal] = await exit;
  stdout.destroy();
  t.deepEqual([code, signal], [null, "SIGINT"]);
});

test("an interrupted export into a pipe that nobody reads ends by itself", async (t) => {
  const { child, stdout, exit } = await stuckExport(t.context.big);
  child.kill("SIGTERM");
  const [code] = await exit;
  stdout.destroy();
  t.is(code, 143);
});

test("an interrupted export into a pipe tells its reader", async (t) => {
  const { child } = await stuckExport(t.context.big);
  child.kill("SIGINT");
  const ended = await gather(child);
  assertOneError(t, ended, 130, "INTERRUPTED");
  const shown = await kgdump(["inspect"], { input: ended.stdout });
  assertOneError(t, shown, 3, "DUMP_ABORTED");
  t.regex(shown.stderr, /interrupted by SIGINT/);
});

test("a reader that dies is an error, exit code 1", async (t) => {
  const ended = await shell(`kgdump export "${t.context.big}" | head -c 1000 > /dev/null; echo "\${PIPESTATUS[0]}"`);
  assertOneError(t, { ...ended, code: Number(ended.stdout.toString()) }, 1, "BROKEN_PIPE");
});

test("a full disk is exit code 5, and nothing is left", async (t) => {
  const small = await smallFileSystem(t, await temporaryDirectory(t), "size=1m");
  if (small === null) return;
  assertOneError(t, await kgdump(["export", t.context.big, "-o", join(small, "a.kgd")]), 5, "NO_SPACE");
  t.deepEqual(await namesIn(small), []);
  assertOneError(t, await shell(`kgdump export "${t.context.big}" > "${small}/b.kgd"`), 5, "NO_SPACE");
});

test("a directory that can't be written to is exit code 1", async (t) => {
  const store = await unpackStore(t, "maya-lz4");
  const small = await smallFileSystem(t, await temporaryDirectory(t), "size=1m,ro");
  if (small === null) return;
  assertOneError(t, await kgdump(["export", store, "-o", join(small, "a.kgd")]), 1, "PERMISSION_DENIED");
});

test("progress as JSON lines ends with everything", async (t) => {
  const directory = await temporaryDirectory(t);
  const ended = await kgdump(["export", t.context.big, "-o", "a.kgd", "-q", "--progress", "json"], { cwd: directory });
  t.is(ended.code, 0, ended.stderr);
  const lines = ended.stderr.trimEnd().split("\n").map((line) => JSON.parse(line) as { progress: { phase: string; entries: number } });
  t.deepEqual([lines.at(-1)?.progress.phase, lines.at(-1)?.progress.entries], ["export", t.context.bigEntries]);
});

test("a bar on a terminal, and nothing of it afterwards", async (t) => {
  const store = await unpackStore(t, "maya-lz4");
  const directory = await temporaryDirectory(t);
  const ended = await terminal(`kgdump export "${t.context.big}" -o a.kgd --codec none --color never; echo "code $?"`, { cwd: directory });
  const text = ended.stdout.toString();
  t.regex(text, /exporting .*\d of 3\.07k/);
  t.notRegex(text, /1\d\d %/);
  // What stays of each line is what comes after it was last erased.
  const screen = text.replaceAll("\r\n", "\n").split("\n").map((line) => line.split("\r\x1b[K").at(-1) ?? "");
  t.regex(screen.join("\n"), /^exported .*\n +3,072 entries .*\r?\n/);
  t.notRegex(screen.join("\n"), /exporting/);
  // Neither a hidden cursor nor lines that do not wrap any more.
  t.false(text.includes("\x1b[?"));
  const dumb = await terminal(`kgdump export "${store}" -o b.kgd`, { cwd: directory, env: { TERM: "dumb" } });
  t.false(dumb.stdout.includes("\x1b"));
  // Of what goes through a pipe, its other end shows the progress; a file has none.
  for (const [rest, shown] of [["> c.kgd", true], ["| cat > d.kgd", false], [">> e.kgd", true], ["> /dev/null", true]] as const) {
    const { stdout } = await terminal(`kgdump export "${t.context.big}" ${rest}`, { cwd: directory });
    t.is(stdout.toString().includes("exporting"), shown, rest);
  }
});

test("an interrupted bar leaves the terminal clean", async (t) => {
  const directory = await temporaryDirectory(t);
  const script = `"$NODE" "$KGDUMP" export "${t.context.big}" -o a.kgd --codec zstd --level 19 & until ls -A | grep -q tmp; do sleep 0.05; done; sleep 0.3; kill -TERM $!; wait $!; echo "code $?"`;
  const ended = await terminal(script, { cwd: directory });
  const screen = ended.stdout.toString().replaceAll("\r\n", "\n").split("\n").map((line) => line.split("\r\x1b[K").at(-1) ?? "").join("\n");
  t.regex(screen, /stopping … \(Ctrl-C again ends it at once\)\n[^]*interrupted by SIGTERM/);
  t.regex(screen, /code 143/);
  t.notRegex(screen, /exporting/);
});

test("SOURCE_DATE_EPOCH is the time in the header, and what is no number of seconds is refused", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await unpackStore(t, "maya-lz4");
  const exported = async (SOURCE_DATE_EPOCH: string): Promise<string> => {
    const ended = await kgdump(["export", store, "-o", "a.kgd", "-f", "-q"], { cwd: directory, env: { SOURCE_DATE_EPOCH } });
    t.is(ended.code, 0, ended.stderr);
    const { stdout } = await kgdump(["inspect", "a.kgd", "--json"], { cwd: directory });
    return /"createdAt": "([^"]*)"/.exec(stdout.toString())?.[1] ?? "";
  };
  t.is(await exported("1700000000"), "2023-11-14T22:13:20.000Z");
  t.is(await exported("0"), "1970-01-01T00:00:00.000Z");
  const before = new Date().toISOString();
  t.true((await exported("")) >= before.slice(0, 19));
  for (const wrong of ["x", "-1", "1e9", "1700000000000"]) {
    const ended = await kgdump(["export", store, "-o", "b.kgd"], { cwd: directory, env: { SOURCE_DATE_EPOCH: wrong } });
    assertOneError(t, ended, 2, "USAGE");
    t.regex(ended.stderr, /SOURCE_DATE_EPOCH is not a whole number of seconds/, wrong);
  }
  t.deepEqual(await namesIn(directory), ["a.kgd"]);
});
