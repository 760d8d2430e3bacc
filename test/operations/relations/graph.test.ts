/** Every number of a graph against a second way of computing it: random graphs with every kind of problem, MAYA's and declared layouts, stores, dumps and streams. */
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import fc from "../../support/properties.js";
import { exportStore, graphOf, listEntries } from "#src/index.js";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { GraphCheck } from "#src/operations/graph/index.js";
import { parseLayoutFile } from "#src/settings/graph-layout-file.js";
import type { GraphLayout } from "#src/settings/graph-layout.js";
import { blockOf, type Entries, graphOf as plainGraph, idOf, keys, textOf, values } from "../graph/support.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { figuresOf, type PlainFigures, plainFigures, type PlainGraph } from "./model.js";

const HUBS = 4;
const numRuns = Number(process.env.KGDUMP_GRAPHS ?? 60);

/** MAYA's records as JSON.parse has them. */
function mayaGraph(keyspaces: readonly (readonly (readonly [key: string, value: Buffer])[])[]): PlainGraph {
  const graph: PlainGraph = { nodes: [], edges: [], hasNodes: true };
  for (const [key, value] of keyspaces.flat()) {
    const [, kind, raw = ""] = /^(node|edge):([^]{16})$/.exec(key) ?? [];
    if (kind === undefined) continue;
    const id = textOf(Buffer.from(raw, "latin1"));
    let record: Record<string, unknown> = {};
    let isWhole = false;
    try {
      const parsed: unknown = JSON.parse(value.toString());
      if (typeof parsed === "object" && parsed !== null) record = parsed as Record<string, unknown>;
      isWhole = typeof record.id === "string" && typeof record.label === "string" && Array.isArray(record.properties);
    } catch {
      // It is no JSON.
    }
    const label = typeof record.label === "string" ? record.label : null;
    const time = record.created_at;
    const day = typeof time === "number" ? new Date(time * 1000).toISOString().slice(0, 10) : null;
    const end = (text: unknown): string | null => (isWhole && typeof text === "string" && text.length === 36 ? text : null);
    if (kind === "node") graph.nodes.push({ id, label, day });
    else graph.edges.push({ id, from: end(record.source), to: end(record.target), label, day });
  }
  return graph;
}

async function figuresIn(keyspaces: readonly Entries[], layout?: GraphLayout, runRecords?: number): Promise<PlainFigures> {
  await using check = new GraphCheck({ layout, runRecords });
  for (const entries of keyspaces) await check.add(blockOf(entries));
  await check.finish(HUBS);
  const { figures } = await check.figures();
  return plainFigures(figures);
}

const LABELS = ["A", "B", "\u00e9\"\\", ""] as const;

test("random graphs with every kind of problem are counted as with Maps, by runs of any length", async (t) => {
  loggedSeed(t);
  const ends = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(3), fc.nat(40));
  const damage = fc.tuple(fc.nat(80), fc.nat(8));
  await fc.assert(
    fc.asyncProperty(fc.array(ends, { maxLength: 30 }), fc.array(damage, { maxLength: 6 }), fc.integer({ min: 1, max: 80 }), async (edges, damages, runRecords) => {
      const entries = plainGraph(8, edges.map(([from, to]) => [from, to]));
      for (let index = 0; index < 8; index += 1) entries.set(keys.node(index), values.node(index, { label: LABELS[index % 4] }));
      for (const [index, [from, to, label, day]] of edges.entries()) entries.set(keys.edge(index + 1000), values.edge(index + 1000, from, to, { label: LABELS[label], created_at: 1_700_000_000 + day * 86_400 }));
      const other: Entries = new Map();
      const whole = [...entries];
      for (const [place, how] of damages) {
        const [key, value] = whole[place % whole.length] ?? ["", Buffer.alloc(0)];
        if (how === 0) entries.delete(key);
        else if (how === 1) entries.set(key, Buffer.from("no JSON"));
        else if (how === 2) entries.set(key, Buffer.from("[]"));
        else if (how === 3) entries.set(key, values.list([1000, 1000, 77]));
        else if (how === 4) other.set(key, value);
        else if (how === 5) entries.set(keys.edge(2000), values.edge(2000, 3, 3, { label: undefined }));
        else if (how === 6) entries.set(keys.edge(2001), values.edge(2001, 3, 3, { created_at: "2023-11-15T00:00:00Z", label: "A" }).subarray(0));
        else if (how === 7) entries.set(keys.edge(2002), values.edge(2002, 3, 99));
        else entries.set(keys.node(50), values.node(50, { created_at: null }));
      }
      const graph = mayaGraph([[...entries], [...other]]);
      const edge = graph.edges.find(({ id }) => id === textOf(idOf(2001)));
      if (edge !== undefined) Object.assign(edge, { day: "2023-11-15" });
      t.deepEqual(await figuresIn([entries, other], undefined, runRecords), grouped(figuresOf(graph, HUBS)));
    }),
    { numRuns },
  );
});

/** Days in the periods that are told. */
function grouped(figures: PlainFigures): PlainFigures {
  for (const length of [10, 7, 4]) {
    const days: Record<string, [number, number]> = {};
    for (const [day, [nodes, edges]] of Object.entries(figures.days).sort()) {
      const sum = (days[day.slice(0, length)] ??= [0, 0]);
      sum[0] += nodes;
      sum[1] += edges;
    }
    if (Object.keys(days).length <= 60 || length === 4) return { ...figures, days };
  }
  return figures;
}

const EDGE_LIST = parseLayoutFile('[[edges]]\nkey = "edge/{u64}"\nfrom = "0"\nto = "1"\nlabel = "2.type"\ntime = "2.at"\n', "edges.toml");
const TRIPLES = parseLayoutFile("[[edges]]\nkey = 'spo\\x00{from}\\x00{label}\\x00{to}'\n", "triples.toml");
const LONG = "http://example.org/a/very/long/name/of/a/thing/";

test("declared layouts are counted as with Maps: a list of edges in JSON, and triples in keys, with short and long names", async (t) => {
  const name = fc.tuple(fc.nat(6), fc.boolean()).map(([number, long]) => `${long ? LONG : ""}${String(number)}`);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, name, fc.nat(2), fc.nat(3)), { maxLength: 25 }), fc.integer({ min: 1, max: 40 }), async (edges, runRecords) => {
      const list: Entries = new Map();
      const triples: Entries = new Map();
      const graphs: [PlainGraph, PlainGraph] = [{ nodes: [], edges: [], hasNodes: false }, { nodes: [], edges: [], hasNodes: false }];
      for (const [index, [from, to, label, day]] of edges.entries()) {
        const key = Buffer.alloc(8);
        key.writeBigUInt64BE(BigInt(index));
        const date = `2024-05-0${String(day + 1)}`;
        list.set(`edge/${key.toString("latin1")}`, Buffer.from(JSON.stringify([from, to, { type: `l${String(label)}`, at: day === 0 ? Date.parse(date) : date }])));
        graphs[0].edges.push({ id: String(index), from, to, label: `l${String(label)}`, day: date });
        const triple = `spo\0${from}\0l${String(label)}\0${to}`;
        if (!triples.has(triple)) graphs[1].edges.push({ id: triple, from, to, label: `l${String(label)}`, day: null });
        triples.set(triple, Buffer.alloc(0));
      }
      list.set("other", Buffer.from("x"));
      const inOrder = (figures: PlainFigures): PlainFigures => ({ ...figures, hubs: figures.hubs.map(([, outgoing, incoming, label]) => ["", outgoing + incoming, 0, label]) });
      for (const [entries, layout, graph] of [[list, EDGE_LIST, graphs[0]], [triples, TRIPLES, graphs[1]]] as const) {
        t.deepEqual(inOrder(await figuresIn([entries], layout, runRecords)), inOrder(grouped(figuresOf(graph, HUBS))));
      }
    }),
    { numRuns },
  );
});

test("a store, its dump and its stream have the same graph, which listEntries shows too", async (t) => {
  const directory = await temporaryDirectory(t);
  const entries = plainGraph(40, Array.from({ length: 90 }, (_, index) => [(index * 7) % 40, (index * index) % 39] as const));
  entries.delete(keys.node(3));
  const path = join(directory, "store");
  const sink = await createRocksdbSink(path, { families: [] });
  await sink.createKeyspace(Buffer.from("default"));
  await sink.apply(Buffer.from("default"), blockOf(entries), "overwrite");
  await sink.flush();
  await sink.close();
  const dump = join(directory, "graph.kgd");
  await exportStore(path, { output: dump, blockSize: 4096 });
  const results = [await graphOf(path, { paranoid: true }), await graphOf(dump), await graphOf(createReadStream(dump))];
  const [first] = results;
  const listed: [string, Buffer][] = [];
  for await (const { key, value } of listEntries(dump)) listed.push([key.toString("latin1"), value ?? Buffer.alloc(0)]);
  const wanted = grouped(figuresOf(mayaGraph([listed]), 10));
  for (const result of results) {
    t.deepEqual(plainFigures(result), wanted);
    t.deepEqual(result.kinds, first?.kinds);
    t.is(result.layout, "maya");
    t.true(result.problems > 0);
  }
  t.deepEqual(results.map(({ kind }) => kind), ["rocksdb", "dump", "dump"]);
  const delta = join(directory, "delta.kgd");
  await exportStore(path, { output: delta, base: [dump] });
  const warned = [...results, await graphOf(delta)].map(({ warnings }) => warnings.some((warning) => warning.includes("a delta: only what changed is in it")));
  t.deepEqual(warned, [false, false, false, true]);
  const file = join(directory, "layout.toml");
  await writeFile(file, '[[edges]]\nkey = "edge:{uuid}"\nfrom = "source"\nto = "target"\n');
  const implied = await graphOf(dump, { layoutFile: file });
  t.like(implied, { layout: "declared", problems: 0, lists: 0, nodes: 0 });
  await t.throwsAsync(graphOf(dump, { keyspaces: ["none"] }), { code: "KEYSPACE_UNKNOWN" });
});

test("a hub of 100,000 edges, one value of megabytes, and deep ones are no trouble", async (t) => {
  const entries: Entries = new Map();
  const lines = Array.from({ length: 100_000 }, (_, index) => index);
  entries.set(keys.node(0), values.node(0));
  for (const index of lines) entries.set(keys.edge(index + 1000), values.edge(index + 1000, 0, 0));
  entries.set(keys.list(0, "outgoing"), values.list(lines.map((index) => index + 1000)));
  entries.set(keys.list(0, "incoming"), values.list(lines.map((index) => index + 1000)));
  entries.set(keys.node(1), Buffer.from("[".repeat(2_000_000)));
  await using check = new GraphCheck({ runRecords: 30_000 });
  await check.add(blockOf(entries));
  await check.finish(1);
  const { report, figures } = await check.figures();
  t.deepEqual(report.kinds.map(({ kind, count }) => [kind, count]), [["value-not-json", 1]]);
  t.like(figures, { loops: 100_000, parallelEdges: 99_999, orphans: { count: 1 }, components: { count: 2, largest: 1 }, degrees: { most: 200_000 } });
});
