/** `kgdump graph` as a program: text, JSON, layouts, exit codes. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type Entries, graphOf, idOf, keys, storeOf, textOf, values } from "../operations/graph/support.js";
import { temporaryDirectory } from "../support/temporary.js";
import { assertOneError, kgdump } from "./support/run.js";

async function made(t: ExecutionContext, entries: Entries): Promise<{ directory: string; dump: string; store: string }> {
  const directory = await temporaryDirectory(t);
  return { directory, ...(await storeOf(directory, "graph", entries)) };
}

test("a whole graph is told in text and JSON, of a dump, a pipe and a store", async (t) => {
  const { dump, store } = await made(t, graphOf(20, Array.from({ length: 60 }, (_, index) => [index % 20, (index * 3) % 19] as const)));
  const ways = [await kgdump(["graph", dump]), await kgdump(["graph"], { input: await readFile(dump) }), await kgdump(["graph", store])];
  for (const { code, stdout, stderr } of ways) {
    t.is(code, 0, stderr);
    t.regex(stdout.toString(), /\n20 nodes, 60 edges, 40 lists, 1 other entry; read in [^\n]*\nwhole: every edge has its nodes/);
    t.true(stdout.toString().split("\n").every((line) => Array.from(line).length <= 80), stdout.toString());
  }
  const { graph } = JSON.parse((await kgdump(["graph", dump, "--json"])).stdout.toString()) as { graph: Record<string, unknown> };
  t.like(graph, { layout: "maya", nodes: 20, edges: 60, problems: 0, kinds: [], distinctNodes: 20, danglingEdges: 0 });
  t.is((await kgdump(["graph", dump, "--top", "2"])).stdout.toString().match(/^ {2}a0a0a0a0-/gm)?.length, 2);
});

test("a graph that is not whole ends with 4, with examples that can be pasted", async (t) => {
  const entries = graphOf(5, [[0, 1], [1, 2], [3, 4]]);
  entries.delete(keys.node(1));
  const { dump } = await made(t, entries);
  const ended = await kgdump(["graph", dump]);
  assertOneError(t, ended, 4, "VERIFY_DIFFERENCE");
  const text = ended.stdout.toString();
  t.regex(text, /4 problems; 2 edges lack a node\n/);
  const [, key = ""] = /source-missing[^]*?(edge:\{[-0-9a-f]+\})/.exec(text) ?? [];
  t.is((await kgdump(["inspect", dump, "--get", key])).code, 0, key);
});

test("declared layouts, and neighbours", async (t) => {
  const { directory, dump } = await made(t, graphOf(5, [[0, 1], [1, 2], [3, 4]]));
  const layout = join(directory, "layout.toml");
  await writeFile(layout, '[[edges]]\nkey = "edge:{uuid}"\nfrom = "source"\nto = "target"\nlabel = "label"\n');
  t.regex((await kgdump(["graph", dump, "--layout", layout])).stdout.toString(), /\n5 nodes, 3 edges, 16 other entries;/);
  await writeFile(layout, "[[edge]]\nkey = 7\n");
  const wrong = await kgdump(["graph", dump, "--layout", layout]);
  assertOneError(t, wrong, 2, "CONFIG_INVALID");
  t.regex(wrong.stderr, /layout\.toml:1:3: unknown section "edge"; did you mean "edges"\?/);
  assertOneError(t, await kgdump(["graph", dump, "--layout", join(directory, "none.toml")]), 1, "NOT_FOUND");
  const id = textOf(idOf(1));
  for (const node of [id, `node:{${id}}`, `{${id}}`, `node:${id}`]) {
    const { stdout, code } = await kgdump(["graph", dump, "--node", node, "--depth", "2"]);
    t.is(code, 0, node);
    t.regex(stdout.toString(), new RegExp(`^${id} Person\\n├ → KNOWS .*\\n└ ← KNOWS .*\\n3 nodes, 2 edges\\n$`));
  }
  t.regex((await kgdump(["graph", dump, "--node", id, "--dot"])).stdout.toString(), /^digraph \{/);
  t.regex((await kgdump(["graph", dump, "--node", id, "--svg"])).stdout.toString(), /^<svg [^]*<\/svg>\n$/);
  t.like(JSON.parse((await kgdump(["graph", dump, "--node", id, "--json"])).stdout.toString()), { neighbours: { missingEdges: 0 } });
  for (const args of [["--dot"], ["--depth", "2"], ["--node", id, "--dot", "--svg"], ["--node", id, "--top", "3"], ["--node", "x"], ["extra"]]) {
    assertOneError(t, await kgdump(["graph", dump, ...args]), 2, "USAGE");
  }
  assertOneError(t, await kgdump(["graph", dump, "--node", textOf(idOf(77))]), 1, "NOT_FOUND");
});

test("damage is told behind what was found", async (t) => {
  const { directory, dump } = await made(t, graphOf(300, Array.from({ length: 900 }, (_, index) => [index % 300, (index * 7) % 299] as const)));
  const cut = join(directory, "cut.kgd");
  const bytes = await readFile(dump);
  await writeFile(cut, bytes.subarray(0, bytes.length / 2));
  const ended = await kgdump(["graph", cut]);
  assertOneError(t, ended, 3, "DUMP_TRUNCATED");
  t.regex(ended.stdout.toString(), /NOT COMPLETE: /);
});

test("of many periods the latest are shown, and the earlier ones are counted", async (t) => {
  const entries = graphOf(14, []);
  const day = (node: number): string => `2026-0${String(1 + Math.floor(node / 7))}-${String(10 + (node % 7))}`;
  for (let node = 0; node < 14; node += 1) entries.set(keys.node(node), values.node(node, { created_at: `${day(node)}T01:02:03Z` }));
  const { dump } = await made(t, entries);
  const all = Array.from({ length: 14 }, (_, node) => day(node));
  for (const [args, shown] of [[[], 10], [["--top", "1"], 1], [["--top", "13"], 13], [["--top", "14"], 14], [["--top", "20"], 14]] as const) {
    const text = (await kgdump(["graph", dump, ...args])).stdout.toString();
    t.deepEqual(text.match(/2026-\d\d-\d\d(?= +1 +0$)/gm), all.slice(-shown), text);
    t.is(/^ {2}and (.*): --top 14 shows all$/m.exec(text)?.[1], shown === 14 ? undefined : shown === 13 ? "1 earlier day" : `${String(14 - shown)} earlier days`);
  }
});
