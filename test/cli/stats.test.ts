/** `kgdump stats` as programs and people get it: JSON, CSV, text without floods, hostile keys, exit codes. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump } from "./support/run.js";

interface Prefix {
  readonly pattern: string;
  readonly entries: number;
  readonly below: readonly Prefix[];
}

test("JSON has the whole tree, CSV each of its leaves, and both say the same of a pipe", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: { ...numbered("user:", 300), ...numbered("a,\"b:", 40), one: "{}" } });
  const dump = join(directory, "x.kgd");
  await exportStore({ store, output: dump });
  const json = JSON.parse((await kgdump(["stats", dump, "--json"])).stdout.toString()) as { stats: { keyspaces: { prefixes: Prefix }[]; dump: { complete: boolean } } };
  t.true(json.stats.dump.complete);
  const [keyspace] = json.stats.keyspaces;
  t.is(keyspace?.prefixes.entries, 341);
  t.deepEqual(keyspace?.prefixes.below.map(({ pattern, entries }) => [pattern, entries]), [["user:<number>", 300], ['a,"b:<number>', 40], ["one", 1]]);
  const csv = (await kgdump(["stats", "--csv"], { input: await readFile(dump) })).stdout.toString().trim().split("\n");
  t.is(csv.length, 4);
  t.true(csv[2]?.startsWith('default,"a,""b:<number>",40,'), csv[2]);
  t.is((await kgdump(["stats", dump, "--csv", "--depth", "0"])).stdout.toString().split("\n")[1]?.split(",").slice(0, 3).join(" "), "default * 341");
});

test("cells of CSV are quoted for each character that asks for it", async (t) => {
  const directory = await temporaryDirectory(t);
  await makeStore(directory, "s", { default: { ...numbered("with,comma:", 30), ...numbered('with"quote:', 30), ...numbered("plain:", 30) } });
  const lines = (await kgdump(["stats", "s", "--csv"], { cwd: directory })).stdout.toString().trim().split("\n");
  t.deepEqual(lines.slice(1).map((line) => /^default,("(?:[^"]|"")*"|[^",]*),30,/.exec(line)?.[1]).sort(), ['"with""quote:<number>"', '"with,comma:<number>"', "plain:<number>"]);
});

test("a store of many keyspaces floods nobody, and what is in keys obeys nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const families = Object.fromEntries(Array.from({ length: 14 }, (_, at) => [`f${String(at)}`, numbered("k", at + 1)]));
  const store = await makeStore(directory, "s", { default: { "\u001b[31m\u202e:1": "\u001b]0;x\u0007", "\u001b[31m\u202e:2": '{"\u001b":"\u001b"}' }, ...families });
  const { stdout, code } = await kgdump(["stats", store, "--schema", "--sample", "50", "--seed", "1"]);
  t.is(code, 0);
  const text = stdout.toString();
  t.regex(text, /\nand 5 smaller keyspaces: --keyspace NAME shows one, -v all\n/);
  t.is((await kgdump(["stats", store, "-v"])).stdout.toString().match(/^f\d+: /gm)?.length, 14);
  t.false(text.includes("\u001b") || text.includes("\u202e") || text.includes("\u0007"));
  t.regex(text, /\\x1b\[31m\\u\{202e\}:<?(?:number>|\*|1)/);
});

test("it ends as verify does with what is damaged, missing or asked for wrongly", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("k", 3000) });
  const [dump, cut] = [join(directory, "x.kgd"), join(directory, "cut.kgd")];
  await exportStore({ store, output: dump });
  const bytes = await readFile(dump);
  await writeFile(cut, bytes.subarray(0, bytes.length - 100));
  const ended = await kgdump(["stats", cut]);
  t.is(ended.code, 3);
  t.regex(ended.stdout.toString(), /NOT COMPLETE: .*DUMP_TRUNCATED/);
  t.is((await kgdump(["verify", cut])).code, 3);
  for (const [args, wanted] of [
    [["stats", join(directory, "none.kgd")], 1],
    [["stats", dump, "--keyspace", "none"], 2],
    [["stats", dump, "--ttl", "strip"], 2],
    [["stats", store, "--max-block-size", "1MiB"], 2],
    [["stats", dump, "--csv", "--json"], 2],
    [["stats", dump, "--csv", "--sample", "1"], 2],
    [["stats", dump, "--separator", ""], 2],
    [["stats", dump, "--grep", "(?P<"], 2],
    [["stats", dump, "--grep", "(a{1000}){1000}"], 2],
    [["stats", dump, "--grep", "a\ufffd"], 2],
    [["stats", dump, "extra"], 2],
  ] as const) t.is((await kgdump(args)).code, wanted, args.join(" "));
});

test("JSON names ten of the largest entries, and more when more are asked for", async (t) => {
  const directory = await temporaryDirectory(t);
  await makeStore(directory, "s", { default: numbered("k", 40) });
  for (const [args, count] of [[[], 10], [["--top", "5"], 10], [["--top", "25"], 25]] as const) {
    const json = JSON.parse((await kgdump(["stats", "s", "--json", ...args], { cwd: directory })).stdout.toString()) as { stats: { keyspaces: { largest: unknown[] }[] } };
    t.is(json.stats.keyspaces[0]?.largest.length, count, args.join(" "));
  }
});

test("the prefixes that are not shown are counted with all of their entries", async (t) => {
  const directory = await temporaryDirectory(t);
  const counts = { "aa:": 60, "bb:": 50, "cc:": 40, "dd:": 30, "ee:": 15, "ff:": 5 };
  await makeStore(directory, "s", { default: Object.assign({}, ...Object.entries(counts).map(([prefix, count]) => numbered(prefix, count))) as Record<string, string> });
  for (const [top, more] of [
    [1, "5 more prefixes with 140 entries (70.0 %)"], [2, "4 more prefixes with 90 entries (45.0 %)"], [3, "3 more prefixes with 50 entries (25.0 %)"], [4, "2 more prefixes with 20 entries (10.0 %)"], [5, "1 more prefix with 5 entries (2.5 %)"], [6, null],
  ] as const) {
    const { stdout } = await kgdump(["stats", "s", "--depth", "1", "--top", String(top)], { cwd: directory });
    t.is(/^ {2}and (.*): --top 6 shows all$/m.exec(stdout.toString())?.[1] ?? null, more, stdout.toString());
  }
});

test("of many keyspaces the largest are shown, the largest first, and the others are counted", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const count of [9, 10, 11, 14]) {
    // Sizes that are in no order of the names.
    const sizes = Array.from({ length: count }, (_, index) => [`keyspace-${String(index).padStart(2, "0")}`, ((index * 5) % count) + 1] as const);
    await makeStore(directory, `s${String(count)}`, { default: {}, ...Object.fromEntries(sizes.map(([name, entries]) => [name, numbered("k", entries * 10)])) });
    const text = (await kgdump(["stats", `s${String(count)}`], { cwd: directory })).stdout.toString();
    const largest = sizes.toSorted(([, a], [, b]) => b - a).slice(0, 10).map(([name]) => name);
    t.deepEqual(text.match(/^keyspace-\d\d/gm), count > 10 ? largest : sizes.map(([name]) => name), text);
    t.is(/^and (\d+) smaller keyspaces?: /m.exec(text)?.[1], count > 10 ? String(count - 10) : undefined);
  }
});
