/** The layouts of examples/graph, with stores as their comments show them. */
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { kgdump } from "../cli/support/run.js";
import { blockOf, type Entries } from "../operations/graph/support.js";
import { temporaryDirectory } from "../support/temporary.js";

async function storeOf(t: ExecutionContext, entries: Entries): Promise<string> {
  const path = join(await temporaryDirectory(t), "store");
  const sink = await createRocksdbSink(path, { families: [] });
  await sink.createKeyspace(Buffer.from("default"));
  await sink.apply(Buffer.from("default"), blockOf(entries), "overwrite");
  await sink.flush();
  await sink.close();
  return path;
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function number(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.toString("latin1");
}

test("a list of edges in JSON: what is missing and repeated is found", async (t) => {
  const follows = (from: string, to: string, type: string): Buffer => json({ from, to, meta: { type, since: "2024-05-01" } });
  const store = await storeOf(t, new Map([
    ["user/ada", json({ kind: "person" })], ["user/bob", json({ kind: "person" })], ["user/cid", json({ kind: "robot" })], ["session/1", Buffer.from("x")],
    [`follows/${number(1)}`, follows("ada", "bob", "knows")], [`follows/${number(2)}`, follows("ada", "bob", "knows")], [`follows/${number(256)}`, follows("bob", "eve", "likes")],
    ["follows/short", follows("ada", "bob", "knows")],
  ]));
  const { code, stdout } = await kgdump(["graph", store, "--layout", "examples/graph/edges.toml", "--json"]);
  t.is(code, 4);
  const { graph } = JSON.parse(stdout.toString()) as { graph: { kinds: { kind: string; count: number; examples: { key: { text?: string } }[] }[] } };
  t.like(graph, {
    layout: "declared", distinctNodes: 3, edges: 3, others: 1, danglingEdges: 1, parallelEdges: 1, orphans: { count: 1 }, components: { count: 2, largest: 2 },
    nodeLabels: { each: [{ label: "person", count: 2 }, { label: "robot", count: 1 }] }, edgeLabels: { each: [{ label: "knows", count: 2 }, { label: "likes", count: 1 }] },
    growth: { unit: "day", periods: [{ start: "2024-05-01", nodes: 0, edges: 3 }] },
  });
  t.deepEqual(graph.kinds.map(({ kind, count }) => [kind, count]), [["key-malformed", 1], ["target-missing", 1]]);
});

test("triples in keys: whatever is named is a node, and a node's edges are found by its keys", async (t) => {
  const ada = "http://example.org/ada";
  const triples = [[ada, "knows", "http://example.org/bob"], [ada, "age", "36"], ["http://example.org/bob", "knows", ada]];
  const store = await storeOf(t, new Map(triples.flatMap((triple) => [[`spo\0${triple.join("\0")}`, Buffer.alloc(0)], [`ops\0${triple.toReversed().join("\0")}`, Buffer.alloc(0)]] as const)));
  const { code, stdout } = await kgdump(["graph", store, "--layout", "examples/graph/triples.toml", "--json"]);
  t.is(code, 0);
  t.like((JSON.parse(stdout.toString()) as { graph: unknown }).graph, { distinctNodes: 3, edges: 3, others: 3, problems: 0, components: { count: 1, largest: 3 }, degrees: { most: 3 } });
  const near = await kgdump(["graph", store, "--layout", "examples/graph/triples.toml", "--node", ada, "--depth", "2"]);
  t.is(near.stdout.toString(), `${ada}\n├ → age 36\n├ → knows http://example.org/bob\n└ ← knows http://example.org/bob (above)\n3 nodes, 3 edges\n`, near.stderr);
});
