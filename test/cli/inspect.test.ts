import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import test from "ava";
import { parseBytes } from "#src/cli/text/byte-text.js";
import { isPrintable } from "#src/cli/text/characters.js";
import { temporaryDirectory } from "../support/temporary.js";
import { GRAPH, sampleDump, UUID_KEY, writeGraph } from "./support/dumps.js";
import { assertOneError, gather, KGDUMP, kgdump, shell, terminal } from "./support/run.js";

interface SummaryShape {
  complete: boolean;
  checked: string;
  problem: { code: string } | null;
  path: string | null;
  header: { codec: string; source: { sequenceNumber: string } };
  keyspaces: { name: { text?: string; hex?: string }; entries: number; rawBytes: number; digest: string | null; prefixes: { entries: number; bytes: number }[] }[];
}

const safe = (text: string): boolean => text.replaceAll("\n", "").replaceAll("\t", "").length === 0 || text.split(/[\n\t]/).every(isPrintable);

test("a file and a pipe have the same summary, as text and as JSON", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  const dump = await writeGraph(path);
  const file = await kgdump(["inspect", path]);
  const pipe = await kgdump(["inspect"], { input: dump });
  t.is(file.code, 0, file.stderr);
  t.is(pipe.code, 0, pipe.stderr);
  // But for its name, what was looked at, and estimates where a file's blocks are looked into.
  const rest = (text: string): string => text.slice(text.indexOf("\n"), text.indexOf("  keys that begin with")).replace(/^state: .*$/m, "");
  t.is(rest(file.stdout.toString()), rest(pipe.stdout.toString()));
  t.true(safe(file.stdout.toString()));
  t.regex(file.stdout.toString(), /state: +complete by its index; its blocks were not checked \(--check does that\)\n/);
  t.regex(pipe.stdout.toString(), /state: +complete, and every checksum is right\n/);
  t.regex(file.stdout.toString(), /9 entries in 3 keyspaces/);
  const json = JSON.parse((await kgdump(["inspect", path, "--json"])).stdout.toString()) as SummaryShape;
  const piped = JSON.parse((await kgdump(["inspect", "-", "--json"], { input: dump })).stdout.toString()) as SummaryShape;
  t.deepEqual([json.checked, piped.checked], ["index", "checksums"]);
  const plain = (summary: SummaryShape): object[] => summary.keyspaces.map((keyspace) => ({ ...keyspace, prefixes: [], morePrefixes: 0 }));
  t.deepEqual({ ...piped, path, checked: "index", keyspaces: plain(piped) }, { ...json, keyspaces: plain(json) });
  t.true(json.complete);
  t.is(json.header.source.sequenceNumber, "18446744073709551615");
  t.deepEqual(json.keyspaces.map(({ name }) => name), [{ text: "default" }, { hex: Buffer.from("nodes\x1b]0;x\x07").toString("hex") }, { text: "empty" }]);
  t.deepEqual(json.keyspaces.map(({ entries }) => entries), [6, 3, 0]);
  for (const { keyspaces } of [json, piped]) for (const { prefixes, entries, rawBytes } of keyspaces) {
    t.deepEqual([prefixes.reduce((sum, share) => sum + share.entries, 0), prefixes.reduce((sum, share) => sum + share.bytes, 0)], [entries, rawBytes]);
  }
  t.true(file.stdout.toString().includes(json.keyspaces[0]?.digest?.slice(0, 12) ?? "?"));
});

test("nothing is called checked that was not: a flipped byte is found by a pipe and by verify, and the index does not hide it", async (t) => {
  const path = join(await temporaryDirectory(t), "flipped.kgd");
  const dump = await writeGraph(path);
  const flipped = Buffer.from(dump);
  // Within the first block's data.
  const at = flipped.indexOf("k1");
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  await writeFile(path, flipped);
  const byIndex = await kgdump(["inspect", path]);
  t.is(byIndex.code, 0);
  t.notRegex(byIndex.stdout.toString(), /complete,|complete\n/);
  t.is((await kgdump(["inspect"], { input: flipped })).code, 3);
  t.is((await kgdump(["verify", path])).code, 3);
});

test("verbose shows whole digests", async (t) => {
  const ended = await kgdump(["inspect", "-v"], { input: await sampleDump(GRAPH) });
  t.regex(ended.stdout.toString(), /[0-9a-f]{64}/);
});

test("a cut dump is summed up as far as it is sound, and is an error", async (t) => {
  const path = join(await temporaryDirectory(t), "cut.kgd");
  const dump = await writeGraph(path);
  await truncate(path, dump.length - 200);
  for (const ended of [await kgdump(["inspect", path]), await kgdump(["inspect"], { input: dump.subarray(0, dump.length - 200) })]) {
    assertOneError(t, ended, 3, "DUMP_TRUNCATED");
    t.regex(ended.stdout.toString(), /NOT COMPLETE/);
    t.regex(ended.stdout.toString(), /passed their checksums; \d of 3 keyspaces are whole/);
  }
  const json = await kgdump(["inspect", path, "--json"]);
  const summary = JSON.parse(json.stdout.toString()) as SummaryShape;
  t.false(summary.complete);
  t.is(summary.problem?.code, "DUMP_TRUNCATED");
  t.is((JSON.parse(json.stderr) as { error: { code: string } }).error.code, "DUMP_TRUNCATED");
});

test("an aborted dump says why, safely", async (t) => {
  const dump = await sampleDump(GRAPH, { abort: "the store\x1b[2J is gone" });
  const ended = await kgdump(["inspect"], { input: dump });
  assertOneError(t, ended, 3, "DUMP_ABORTED");
  t.true(safe(ended.stdout.toString()));
  t.true(ended.stderr.includes("the store\\x1b[2J is gone"), ended.stderr);
});

for (const [name, content, code] of [
  ["nothing", "", "DUMP_TRUNCATED"],
  ["text", "this is no dump at all, just text", "DUMP_NOT_A_DUMP"],
] as const) {
  test(`${name} is no dump`, async (t) => {
    const path = join(await temporaryDirectory(t), "x");
    await writeFile(path, content);
    for (const args of [["inspect", path], ["inspect", path, "--keys"], ["inspect", path, "--get", "a"], ["verify", path]]) {
      const ended = await kgdump(args);
      t.is(ended.code, 3, ended.stderr);
      t.regex(ended.stderr, /^kgdump: .*\[DUMP_(NOT_A_DUMP|TRUNCATED)\]/);
      t.is(ended.stdout.length, 0);
    }
    t.is((await kgdump(["inspect"], { input: content })).code, 3, code);
  });
}

test("what is not there, may not be read, or is a directory", async (t) => {
  const directory = await temporaryDirectory(t);
  assertOneError(t, await kgdump(["inspect", join(directory, "none\x1b[31m")]), 1, "NOT_FOUND");
  assertOneError(t, await kgdump(["inspect", directory]), 3, "DUMP_NOT_A_DUMP");
  assertOneError(t, await shell("kgdump inspect < .", { cwd: directory }), 3, "DUMP_NOT_A_DUMP");
});

test("entries and keys are lines with tabs, safe, and can be pasted back", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  const dump = await writeGraph(path);
  const ended = await kgdump(["inspect", path, "--entries"]);
  const text = ended.stdout.toString();
  t.true(safe(text), text);
  const lines = text.trimEnd().split("\n").map((line) => line.split("\t"));
  const expected = GRAPH.flatMap(({ name, entries }) => entries.map(([key, value]) => ({ name, key, value })));
  t.is(lines.length, expected.length);
  for (const [index, { name, key, value }] of expected.entries()) {
    const [shownName = "", shownKey = ""] = lines[index] ?? [];
    t.deepEqual(Buffer.from(parseBytes(shownName, "")), Buffer.from(name));
    t.deepEqual(Buffer.from(parseBytes(shownKey, "")), Buffer.from(key));
    const got = await kgdump(["inspect", path, "--keyspace", shownName, "--get", shownKey, "--raw"]);
    t.deepEqual(got.stdout, Buffer.from(value));
  }
  t.is((await kgdump(["inspect", "--entries"], { input: dump })).stdout.toString(), text);
  t.is((await kgdump(["inspect", path, "--keys"])).stdout.toString(), lines.map(([name, key]) => `${name ?? ""}\t${key ?? ""}\n`).join(""));
});

test("lists are limited by prefix, keyspace and number, in a file and a pipe", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  const dump = await writeGraph(path);
  for (const [args, expected] of [
    [["--keys", "--prefix", "node_edges:", "--keyspace", "default"], "node_edges:a:incoming\nnode_edges:b:outgoing\n"],
    [["--keys", "--prefix", "node_edges:", "--limit", "1"], "default\tnode_edges:a:incoming\n"],
    [["--keys", "--column-family", "nodes\\x1b]0;x\\x07", "--limit", "2"], "k1\nk2\n"],
    [["--keys", "--keyspace", "empty"], ""],
    [["--keys", "--keyspace", "empty", "--keyspace", "nodes\\x1b]0;x\\x07", "--limit", "1"], "nodes\\x1b]0;x\\x07\tk1\n"],
    [["--keys", "--prefix", "hex:ff"], "default\thex:ffff\n"],
  ] as const) {
    for (const ended of [await kgdump(["inspect", path, ...args]), await kgdump(["inspect", "-", ...args], { input: dump })]) {
      t.is(ended.code, 0, ended.stderr);
      t.is(ended.stdout.toString(), expected);
    }
  }
  assertOneError(t, await kgdump(["inspect", path, "--keys", "--keyspace", "nope"]), 2, "KEYSPACE_UNKNOWN");
});

test("lists are JSON lines when asked for", async (t) => {
  const ended = await kgdump(["inspect", "--entries", "--json"], { input: await sampleDump(GRAPH) });
  const lines = ended.stdout.toString().trimEnd().split("\n").map((line) => JSON.parse(line) as { key: { text?: string; hex?: string }; value: { text?: string; hex?: string } });
  t.deepEqual(lines[2]?.key, { hex: UUID_KEY.toString("hex"), uuid: "0f8fad5b-d9cb-469f-a165-70867728950e" } as never);
  t.deepEqual(lines[3], { keyspace: { text: "default" }, key: { text: "node_edges:a:incoming" }, value: { text: '["x"]' } } as never);
  t.deepEqual(lines[4]?.value, { text: "" });
  t.deepEqual(lines[5]?.value, { hex: "00ff00ff" });
  const keys = await kgdump(["inspect", "--keys", "--json"], { input: await sampleDump(GRAPH) });
  const names = keys.stdout.toString().trimEnd().split("\n").map((line) => Object.keys(JSON.parse(line) as object));
  t.deepEqual(names, lines.map(() => ["keyspace", "key"]));
});

test("blocks are listed with their place and keys", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  const dump = await writeGraph(path);
  const text = (await kgdump(["inspect", path, "--blocks"])).stdout.toString();
  t.is(text.trimEnd().split("\n").length, 1 + 5);
  t.true(safe(text));
  const json = (await kgdump(["inspect", "--blocks", "--json", "--limit", "2"], { input: dump })).stdout.toString();
  const blocks = json.trimEnd().split("\n").map((line) => JSON.parse(line) as { block: number; entries: number; offset: number });
  t.deepEqual(blocks.map(({ block, entries }) => [block, entries]), [[0, 2], [1, 2]]);
  t.true((blocks[0]?.offset ?? 0) > 0);
});

test("one value, from a file and a pipe; a key that is not there is an error", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  const dump = await writeGraph(path);
  const key = `hex:${UUID_KEY.toString("hex")}`;
  const file = await kgdump(["inspect", path, "--get", key]);
  t.is(file.stdout.toString(), '{"id":"0f8fad5b","label":"Per\\u202eson"}\n');
  t.is((await kgdump(["inspect", "--get", key], { input: dump })).stdout.toString(), file.stdout.toString());
  for (const typed of ["node:{0f8fad5b-d9cb-469f-a165-70867728950e}", "node:0f8fad5b-d9cb-469f-a165-70867728950e"]) {
    const found = await kgdump(["inspect", path, "--get", typed]);
    t.is(found.stdout.toString(), file.stdout.toString());
    t.is(found.stderr === "", typed.includes("{"), found.stderr);
  }
  t.is((await kgdump(["inspect", path, "--get", "node_edges:b:outgoing"])).stdout.toString(), "\n");
  t.is((await kgdump(["inspect", path, "--get", "node_edges:b:outgoing", "--raw"])).stdout.length, 0);
  for (const ended of [await kgdump(["inspect", path, "--get", "nope\\x1b"]), await kgdump(["inspect", "--get", "k"], { input: dump })]) {
    assertOneError(t, ended, 1, "NOT_FOUND");
    t.is(ended.stdout.length, 0);
  }
});

test("the first key with a prefix is found behind others in reverse order, in a pipe", async (t) => {
  const dump = await sampleDump([{ name: "r", comparator: "reverse-bytewise", entries: [["kz", "1"], ["ka", "2"], ["k", "3"]] }]);
  t.is((await kgdump(["inspect", "--get", "k"], { input: dump })).stdout.toString(), "3\n");
});

test("a reader that takes one line ends a long list quietly", async (t) => {
  const path = join(await temporaryDirectory(t), "big.kgd");
  const entries = Array.from({ length: 60_000 }, (_, index) => [`key${index.toString().padStart(8, "0")}`, "v".repeat(40)] as const);
  await writeFile(path, await sampleDump([{ name: "default", entries }], { entriesPerBlock: 5000 }));
  const ended = await shell(`kgdump inspect "${path}" --entries | head -1; echo "\${PIPESTATUS[0]}"; kgdump inspect "${path}" --blocks | head -1 >/dev/null; echo "\${PIPESTATUS[0]}"`);
  t.is(ended.stderr, "");
  t.deepEqual(ended.stdout.toString().split("\n").slice(1), ["0", "0", ""]);
  const all = await kgdump(["inspect", path, "--keys"]);
  t.is(all.stdout.toString().trimEnd().split("\n").length, 60_000);
  // As over SSH or between containers: a socket tells it otherwise than a pipe.
  const server = createServer((reader: Socket) => { reader.once("data", () => { reader.resetAndDestroy(); }).on("error", () => undefined); }).listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  const writer = connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => undefined).pause();
  await once(writer, "connect");
  const child = spawn(process.execPath, [KGDUMP, "inspect", path, "--entries"], { stdio: ["ignore", writer, "pipe"] });
  writer.destroy();
  const socket = await gather(child);
  t.deepEqual([socket.code, socket.stderr], [0, ""]);
});

test("colours follow --color, NO_COLOR, TERM and the terminal", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  await writeGraph(path);
  const ESC = "\x1b[";
  t.false((await kgdump(["inspect", path])).stdout.includes(ESC));
  t.true((await kgdump(["inspect", path, "--color", "always"], { env: { NO_COLOR: "1" } })).stdout.includes(ESC));
  const shown = async (env: Record<string, string>, more = ""): Promise<boolean> =>
    (await terminal(`kgdump inspect "${path}" ${more} --progress never`, { env })).stdout.includes(`${ESC}1m`);
  t.true(await shown({}));
  t.false(await shown({ NO_COLOR: "1" }));
  t.false(await shown({ TERM: "dumb" }));
  t.false(await shown({}, "--color=never"));
});

test("on a terminal keys and values are for reading, safe, and no wider than it", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  await writeFile(path, await sampleDump([...GRAPH, { name: "z", entries: [["long", `{"text":"${"x".repeat(500)}"}`]] }]));
  const ended = await terminal(`kgdump inspect "${path}" --entries --color never --progress never`);
  const text = ended.stdout.toString().replaceAll("\r", "");
  t.true(safe(text), JSON.stringify(text));
  t.true(text.includes("node:{0f8fad5b-d9cb-469f-a165-70867728950e}"));
  t.regex(text, /x… \(511 bytes\)/);
  t.true((text.split("\n").find((line) => line.includes("511 bytes")) ?? "").length <= 100);
  const raw = await terminal(`kgdump inspect "${path}" --get long --raw; echo "code $?"`);
  t.regex(raw.stdout.toString(), /standard output is a terminal[^]*code 2/);
});

test("verify says what it checked, in a file and a pipe, and names damage", async (t) => {
  const path = join(await temporaryDirectory(t), "a.kgd");
  const dump = await writeGraph(path);
  const ended = await kgdump(["verify", path]);
  t.is(ended.code, 0, ended.stderr);
  t.regex(ended.stdout.toString(), /^sound: .*a\.kgd\n {2}9 entries, /);
  t.is((await kgdump(["verify"], { input: dump })).code, 0);
  t.is((await kgdump(["verify", "-q", path])).stdout.length, 0);
  const damaged = Buffer.from(await readFile(path));
  damaged[1000] = (damaged[1000] ?? 0) ^ 1;
  const found = await kgdump(["verify"], { input: damaged });
  t.is(found.code, 3, found.stderr);
  t.regex(found.stderr, /^kgdump: .*\[DUMP_/);
  t.is(found.stdout.length, 0);
});

test("--check finds what the index hides, and says that every entry was checked", async (t) => {
  const path = join(await temporaryDirectory(t), "graph.kgd");
  const dump = await writeGraph(path);
  t.regex((await kgdump(["inspect", path, "--check"])).stdout.toString(), /state: +complete, and every entry was checked\n/);
  const piped = JSON.parse((await kgdump(["inspect", "--check", "--json"], { input: dump })).stdout.toString()) as { checked: string };
  t.is(piped.checked, "entries");
  dump.writeUInt8(dump.readUInt8(dump.indexOf("k1")) ^ 1, dump.indexOf("k1"));
  await writeFile(path, dump);
  const damaged = await kgdump(["inspect", path, "--check"]);
  t.is(damaged.code, 3);
  t.regex(damaged.stdout.toString(), /state: +NOT COMPLETE:/);
});
