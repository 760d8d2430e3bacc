import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import anyTest from "ava";
import { fixtureDigests, unpackStore } from "../fixtures/unpack.js";
import { makeStore } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { GRAPH, sampleDump, writeGraph } from "./support/dumps.js";
import { assertOneError, type Ended, gather, kgdump, shell, start, terminal } from "./support/run.js";
import { namesIn, smallFileSystem, waitForName } from "./support/stores.js";

const test = anyTest.serial;
const STAGING = /\.kgdump-[0-9a-f]{16}$/;

interface ImportShape {
  imported: {
    target: string;
    merged: boolean;
    verified: boolean;
    entries: number;
    keyspaces: { name: { text: string }; tree: { text: string }; entries: number; written: number; kept: number }[];
  };
}

const shape = (ended: Ended): ImportShape["imported"] => (JSON.parse(ended.stdout.toString()) as ImportShape).imported;

for (const name of ["maya-lz4", "maya-unflushed", "maya-families"]) {
  test(`${name} goes through a pipe, and the target is equal`, async (t) => {
    const directory = await temporaryDirectory(t);
    const store = await unpackStore(t, name);
    const ended = await shell(`kgdump export "${store}" | kgdump import target --json; echo "\${PIPESTATUS[@]}" >&2`, { cwd: directory });
    t.regex(ended.stderr, /\n0 0\n$/);
    const expected = (await fixtureDigests()).filter((line) => line.store === name);
    t.deepEqual(
      new Map(shape(ended).keyspaces.map(({ tree, entries }) => [tree.text, entries])),
      new Map(expected.map(({ family, records }) => [family, records])),
    );
    t.deepEqual(await namesIn(directory), ["target"]);
    t.is((await kgdump(["export", store, "-q", "-o", "a.kgd"], { cwd: directory })).code, 0);
    const verified = await kgdump(["verify", "a.kgd", "--against", "target"], { cwd: directory });
    t.is(verified.code, 0, verified.stderr);
    t.regex(verified.stdout.toString(), /equal: .*target \(sled\)/);
    const source = await kgdump(["verify", "a.kgd", "--against", store, "--json"], { cwd: directory });
    t.true((JSON.parse(source.stdout.toString()) as { verified: { against: { equal: boolean } } }).verified.against.equal);
  });
}

test("selection and names reach the target", async (t) => {
  const directory = await temporaryDirectory(t);
  await writeGraph(join(directory, "a.kgd"));
  const family = "nodes\\x1b]0;x\\x07";
  const run = async (target: string, ...args: string[]): Promise<ImportShape["imported"]> => {
    const ended = await kgdump(["import", target, "-i", "a.kgd", "--json", ...args], { cwd: directory });
    t.is(ended.code, 0, ended.stderr);
    return shape(ended);
  };
  const mapped = await run("t1", "--map", `${family}=people`, "--keyspace", family);
  t.deepEqual(mapped.keyspaces.map(({ tree, entries }) => [tree.text, entries]), [["people", 3]]);
  t.is((await run("t2", "--prefix", "node_edges:")).entries, 2);
  t.false((await run("t3", "--no-verify")).verified);
  assertOneError(t, await kgdump(["import", "t4", "-i", "a.kgd", "--keyspace", "nope"], { cwd: directory }), 2, "KEYSPACE_UNKNOWN");
  assertOneError(t, await kgdump(["import", "t4", "-i", "a.kgd", "--map", `${family}=default`], { cwd: directory }), 2, "USAGE");
  t.deepEqual(await namesIn(directory), ["a.kgd", "t1", "t2", "t3"]);
});

test("a target that exists is refused, merged into, or its keys are kept", async (t) => {
  const directory = await temporaryDirectory(t);
  const run = async (value: string, ...args: string[]): Promise<Ended> =>
    kgdump(["import", "t", "--json", ...args], { cwd: directory, input: await sampleDump([{ name: "default", entries: [["a", value], [`b${value}`, value]] }]) });
  t.is((await run("1")).code, 0);
  const refused = await run("2");
  t.is(refused.code, 1);
  t.is((JSON.parse(refused.stderr) as { error: { code: string } }).error.code, "TARGET_EXISTS");
  t.is((JSON.parse((await run("2", "--if-exists", "fail")).stderr) as { error: { code: string } }).error.code, "KEY_EXISTS");
  t.deepEqual(shape(await run("3", "--if-exists", "keep")).keyspaces.map(({ written, kept }) => [written, kept]), [[1, 1]]);
  const merged = shape(await run("4", "--merge"));
  t.true(merged.merged);
  t.deepEqual(merged.keyspaces.map(({ written, kept }) => [written, kept]), [[2, 0]]);
});

test("a store that is no sled store is never merged into", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await unpackStore(t, "maya-lz4");
  const before = await namesIn(store);
  const dump = await writeGraph(join(directory, "a.kgd"));
  assertOneError(t, await kgdump(["import", store, "--merge"], { input: dump }), 7, "STORE_NOT_RECOGNIZED");
  assertOneError(t, await kgdump(["import", store], { input: dump }), 1, "TARGET_EXISTS");
  t.deepEqual(await namesIn(store), before);
});

test("a damaged, cut, aborted or wrong input is exit code 3, and leaves nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = await sampleDump(GRAPH);
  const flipped = Buffer.from(dump);
  flipped[dump.length >> 1] = (flipped[dump.length >> 1] ?? 0) ^ 0x10;
  for (const input of [
    dump.subarray(0, dump.length - 1),
    dump.subarray(0, dump.length >> 1),
    Buffer.concat([dump, Buffer.from("x")]),
    flipped,
    await sampleDump(GRAPH, { abort: "no more" }),
    Buffer.from("this is no dump"),
    Buffer.alloc(0),
  ]) {
    for (const args of [["import", "target"], ["import", "target", "-i", "input"]]) {
      if (args.length > 2) await writeFile(join(directory, "input"), input);
      const ended = await kgdump(args, { cwd: directory, input });
      t.is(ended.code, 3, ended.stderr);
      t.is(ended.stderr.match(/^kgdump: /gm)?.length, 1);
      t.is(ended.stdout.length, 0);
    }
    t.deepEqual(await namesIn(directory), ["input"]);
  }
});

test("what is not there, or has no place, is one clear error", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = await sampleDump(GRAPH);
  assertOneError(t, await kgdump(["import", "target", "-i", "none.kgd"], { cwd: directory }), 1, "NOT_FOUND");
  assertOneError(t, await kgdump(["import", "no/such/target"], { cwd: directory, input: dump }), 1, "NOT_FOUND");
  await writeFile(join(directory, "file"), "");
  assertOneError(t, await kgdump(["import", "file"], { cwd: directory, input: dump }), 1, "TARGET_EXISTS");
  assertOneError(t, await kgdump(["import", ""], { cwd: directory, input: dump }), 2, "USAGE");
  t.deepEqual(await namesIn(directory), ["file"]);
});

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  test(`${signal} while the producer is still at work leaves nothing, exit code ${code.toString()}`, async (t) => {
    const directory = await temporaryDirectory(t);
    const dump = await sampleDump(GRAPH);
    const child = start(["import", "target"], { cwd: directory, input: "" });
    const end = gather(child);
    // The rest never comes.
    child.stdin?.write(dump.subarray(0, dump.length - 300));
    await waitForName(directory, STAGING, () => child.exitCode !== null);
    child.kill(signal);
    assertOneError(t, await end, code, "INTERRUPTED");
    t.deepEqual(await namesIn(directory), []);
  });
}

test("a killed import leaves no target, and the next one clears what it left", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = await sampleDump(GRAPH);
  const child = start(["import", "target"], { cwd: directory, input: "" });
  const exit = once(child, "exit");
  child.stdin?.write(dump.subarray(0, dump.length - 300));
  await waitForName(directory, STAGING, () => child.exitCode !== null);
  // Before its owner has put its name into it, a directory is nobody's to clear.
  const [staging = ""] = (await namesIn(directory)).filter((name) => STAGING.test(name));
  await waitForName(join(directory, staging), /^store$/, () => child.exitCode !== null);
  child.kill("SIGKILL");
  await exit;
  t.false((await namesIn(directory)).includes("target"));
  t.is((await kgdump(["import", "target"], { cwd: directory, input: dump })).code, 0);
  t.deepEqual(await namesIn(directory), ["target"]);
});

test("a full disk is exit code 5, and nothing is left", async (t) => {
  const small = await smallFileSystem(t, await temporaryDirectory(t), "size=1m");
  if (small === null) return;
  const dump = await kgdump(["export", await unpackStore(t, "maya-lz4")]);
  assertOneError(t, await kgdump(["import", join(small, "target")], { input: dump.stdout }), 5, "NO_SPACE");
  t.deepEqual(await namesIn(small), []);
});

test("a directory that can't be written to is exit code 1", async (t) => {
  const small = await smallFileSystem(t, await temporaryDirectory(t), "size=1m,ro");
  if (small === null) return;
  assertOneError(t, await kgdump(["import", join(small, "target")], { input: await sampleDump(GRAPH) }), 1, "PERMISSION_DENIED");
});

test("a target that another process holds is exit code 6", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = await writeGraph(join(directory, "a.kgd"));
  t.is((await kgdump(["import", "target"], { cwd: directory, input: dump })).code, 0);
  const ended = await shell("flock target/db \"$NODE\" \"$KGDUMP\" import target -i a.kgd --merge", { cwd: directory });
  assertOneError(t, ended, 6, "STORE_IN_USE");
});

test("differences are told side by side, exit code 4", async (t) => {
  const directory = await temporaryDirectory(t);
  const entries = [["a", "1"], ["b", "2"], ["c\x1b[2J", "3"]] as const;
  t.is((await kgdump(["import", "t"], { cwd: directory, input: await sampleDump([{ name: "default", entries }]) })).code, 0);
  const other = await sampleDump([{ name: "default", entries: [["a", "1"], ["b", "9"], ["d", "4"]] }]);
  const ended = await kgdump(["verify", "--against", "t"], { cwd: directory, input: other });
  assertOneError(t, ended, 4, "VERIFY_DIFFERENCE");
  const text = ended.stdout.toString();
  t.regex(text, /different: .*t \(sled\)/);
  t.regex(text, /default +A dump +3 .*\n +B sled +3 .* DIFFERENT: 1 missing, 1 added, 1 changed/);
  t.regex(text, /only in the dump +default +d\n/);
  t.regex(text, /only in the store +default +c\\x1b\[2J\n/);
  t.regex(text, /other value +default +b\n/);
  const json = await kgdump(["verify", "--against", "t", "--json"], { cwd: directory, input: other });
  const { verified } = JSON.parse(json.stdout.toString()) as { verified: { against: { equal: boolean; differences: { kind: string }[] } } };
  t.false(verified.against.equal);
  t.deepEqual(verified.against.differences.map(({ kind }) => kind).sort(), ["added", "changed", "missing"]);
  t.is(json.code, 4);
});

test("progress at the end of a pipe knows the whole from the header", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await unpackStore(t, "maya-lz4");
  const ended = await shell(`kgdump export "${store}" -q | kgdump import target -q --progress json`, { cwd: directory });
  t.is(ended.code, 0, ended.stderr);
  interface Line {
    progress: { phase: string; entries: number; totalEntries: number | null };
  }
  const lines = ended.stderr.trimEnd().split("\n").map((line) => (JSON.parse(line) as Line).progress);
  t.true(lines.some(({ totalEntries }) => totalEntries !== null && totalEntries > 0));
  t.deepEqual([lines.at(-1)?.phase, lines.at(-1)?.entries], ["verify", 1422]);
});

test("both ends of a pipe on one terminal leave it in order", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await unpackStore(t, "maya-families");
  const ended = await terminal(`kgdump export "${store}" --color never | kgdump import target --color never`, { cwd: directory });
  const screen = ended.stdout.toString().replaceAll("\r\n", "\n").split("\n").map((line) => line.split("\r\x1b[K").at(-1) ?? "");
  t.is(screen.filter((line) => line.startsWith("exported ")).length, 1, screen.join("\n"));
  t.is(screen.filter((line) => line.startsWith("imported into ")).length, 1);
  t.false(screen.some((line) => /^(exporting|importing|verifying)/.test(line)), JSON.stringify(screen));
  t.is((await readFile(join(directory, "target", "conf"))).length > 0, true);
});

test("an empty directory is a place for a new store", async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, "target"));
  t.is((await kgdump(["import", "target"], { cwd: directory, input: await sampleDump(GRAPH) })).code, 0);
  t.deepEqual(await namesIn(directory), ["target"]);
});

test("a full dump and all deltas that are named with it are read, however many", async (t) => {
  const directory = await temporaryDirectory(t);
  const states: readonly Readonly<Record<string, string>>[] = [{ a: "0", b: "0" }, { a: "1", b: "0" }, { a: "1", c: "2" }, { a: "3", c: "2", d: "3" }];
  const dumps: string[] = [];
  for (const [turn, state] of states.entries()) {
    const store = await makeStore(directory, `store-${String(turn)}`, { default: state });
    const name = `${String(turn)}.kgd`;
    t.is((await kgdump(["export", store, "-q", "-o", name, ...dumps.flatMap((dump) => ["--base", dump])], { cwd: directory })).code, 0);
    dumps.push(name);
  }
  for (const [turn, state] of states.entries()) {
    for (const command of ["import", "restore"]) {
      const target = `${command}-${String(turn)}`;
      const made = await kgdump([command, target, "-q", ...dumps.slice(0, turn + 1).flatMap((dump) => ["-i", dump])], { cwd: directory });
      t.is(made.code, 0, made.stderr);
      const listed = await kgdump(["inspect", target, "--entries", "--keyspace", "default"], { cwd: directory });
      t.is(listed.stdout.toString(), Object.entries(state).map(([key, value]) => `${key}\t${value}\n`).join(""), target);
    }
  }
});
