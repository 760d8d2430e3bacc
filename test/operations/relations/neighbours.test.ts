/** Neighbourhoods against a walk with Maps, of dumps and stores; and what leads nowhere. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import fc from "../../support/properties.js";
import { neighboursDot, neighboursSvg, renderNeighbours } from "#src/cli/render/neighbours.js";
import { makePaint } from "#src/cli/terminal/style.js";
import { neighboursOf } from "#src/index.js";
import { type Entries, graphOf as plainGraph, idOf, keys, storeOf, textOf, values } from "../graph/support.js";
import { temporaryDirectory } from "../../support/temporary.js";

const id = (number: number): string => textOf(idOf(number));

/** Nodes within so many edges, and the edges of those that are nearer than that. */
function plainNear(edges: readonly (readonly [number, number])[], start: number, depth: number): { nodes: string[]; edges: string[] } {
  const near = new Map([[start, 0]]);
  const found = new Set<string>();
  for (let step = 0; step < depth; step += 1) {
    for (const [node, at] of [...near]) {
      if (at !== step) continue;
      for (const [index, [from, to]] of edges.entries()) {
        if (from !== node && to !== node) continue;
        found.add(id(index + 1000));
        const other = from === node ? to : from;
        if (!near.has(other)) near.set(other, step + 1);
      }
    }
  }
  return { nodes: [...near.keys()].map(id).sort(), edges: [...found].sort() };
}

test("neighbourhoods are those of a walk with Maps", async (t) => {
  const directory = await temporaryDirectory(t);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 14 }), fc.nat(9), fc.integer({ min: 1, max: 4 }), async (edges, start, depth) => {
      const { store, dump } = await storeOf(directory, `s${String((number += 1))}`, plainGraph(10, edges));
      const wanted = plainNear(edges, start, depth);
      for (const input of [store, dump]) {
        const found = await neighboursOf(input, { node: Buffer.from(keys.node(start), "latin1"), depth, limit: 100 });
        t.deepEqual({ nodes: found.nodes.map((node) => node.id).sort(), edges: found.edges.map((edge) => edge.id).sort() }, wanted);
        t.is(found.nodes[0]?.id, id(start));
        t.true(found.nodes.every(({ label, missing, hidden }) => label === "Person" && !missing && (hidden === null || hidden === 0)));
      }
    }),
    { numRuns: 20 },
  );
});

test("a node is found by whatever names it: its id in capitals or not, its bytes, its key as bytes or as it is typed", async (t) => {
  const { store, dump } = await storeOf(await temporaryDirectory(t), "s", plainGraph(3, [[0, 1], [1, 2]]));
  const typed = [id(0), id(0).toUpperCase(), `node:${id(0)}`, `node:${id(0).toUpperCase()}`, keys.list(0, "outgoing").replace(":outgoing", "")].map((text) => Buffer.from(text));
  for (const node of [...typed, idOf(0), Buffer.from(keys.node(0), "latin1")]) {
    for (const input of [store, dump]) t.deepEqual((await neighboursOf(input, { node })).nodes.map((one) => one.id), [id(0), id(1)], node.toString("latin1"));
  }
});

test("a key that begins with the one that is looked for is never taken for it, whatever the order, in whatever keyspace", async (t) => {
  const directory = await temporaryDirectory(t);
  const graph = plainGraph(3, [[0, 1], [1, 2]]);
  const longer: Entries = new Map([...graph.keys()].map((key) => [`${key}:x`, Buffer.from("no record")]));
  const stores: Readonly<Record<string, Readonly<Record<string, Entries>>>> = { apart: { default: longer, graph }, together: { graph: new Map([...longer, ...graph]) } };
  for (const [name, entries] of Object.entries(stores)) {
    for (const order of ["bytewise", "reverse-bytewise"] as const) {
      const { store, dump } = await storeOf(directory, `${name}-${order}`, entries, order);
      for (const input of [store, dump]) {
        const found = await neighboursOf(input, { node: Buffer.from(id(0)), depth: 3 });
        t.deepEqual(found.nodes.map((node) => [node.id, node.label, node.missing]), [0, 1, 2].map((number) => [id(number), "Person", false]), `${name} ${order}`);
        t.deepEqual([found.edges.length, found.missingEdges], [2, 0]);
      }
    }
  }
});

test("a limit says how much is hidden; missing nodes and edges are told", async (t) => {
  const directory = await temporaryDirectory(t);
  const entries = plainGraph(30, Array.from({ length: 29 }, (_, index) => [0, index + 1] as const));
  entries.delete(keys.node(1));
  entries.delete(keys.edge(1001));
  const { dump } = await storeOf(directory, "s", entries);
  const found = await neighboursOf(dump, { node: Buffer.from(id(0)), limit: 11 });
  // Of the ten edges that there is room for one is not there.
  t.is(found.nodes.length, 10);
  t.is(found.missingEdges, 1);
  t.is((found.nodes[0]?.hidden ?? 0) + found.edges.length + found.missingEdges, 29);
  t.deepEqual(found.nodes.filter(({ missing }) => missing).map((node) => node.id), [id(1)]);
  await t.throwsAsync(neighboursOf(dump, { node: Buffer.from(id(77)) }), { code: "NOT_FOUND", message: /there is no node/ });
  await t.throwsAsync(neighboursOf(dump, { node: Buffer.from("nobody") }), { code: "USAGE", message: /UUIDs here/ });
});

test("where there is no more room, edges that lead on are counted", async (t) => {
  const directory = await temporaryDirectory(t);
  const { store } = await storeOf(directory, "s", plainGraph(4, [[0, 1], [0, 2], [1, 3], [1, 2]]));
  const { nodes, edges } = await neighboursOf(store, { node: Buffer.from(id(0)), limit: 3, depth: 2 });
  t.deepEqual(nodes.map(({ hidden }) => hidden), [0, 1, 0]);
  t.is(edges.length, 3);
});

test("keys that begin with a node lead to its edges; other layouts lead nowhere", async (t) => {
  const directory = await temporaryDirectory(t);
  const long = "http://example.org/ada";
  const entries: Entries = new Map([[`spo\0${long}\0knows\0bob`, Buffer.alloc(0)], [`spo\0${long}\0likes\0${long}`, Buffer.alloc(0)], [`spo\0${long}x\0knows\0bob`, Buffer.alloc(0)]]);
  const { dump, store } = await storeOf(directory, "s", entries);
  for (const input of [dump, store]) {
    const found = await neighboursOf(input, { node: Buffer.from(long), layoutFile: "examples/graph/triples.toml" });
    t.deepEqual(found.nodes.map((node) => node.id), [long, "bob"]);
    t.deepEqual(found.edges.map(({ label, from, to }) => [label, from, to]), [["knows", 0, 1], ["likes", 0, 0]]);
  }
  const layoutFile = join(directory, "layout.toml");
  await writeFile(layoutFile, '[[edges]]\nkey = "e{u64}"\nfrom = "a"\nto = "b"\n');
  await t.throwsAsync(neighboursOf(dump, { node: Buffer.from(long), layoutFile }), { code: "USAGE", message: /does not lead from a node to its edges/ });
});

test("trees, DOT and pictures are as they should be, whatever the labels", async (t) => {
  const directory = await temporaryDirectory(t);
  const entries = plainGraph(3, [[0, 1], [1, 2], [2, 0], [0, 0]]);
  const hostile = "<script>\"]\u001b[31m\\n&'";
  entries.set(keys.node(1), values.node(1, { label: hostile }));
  entries.set(keys.edge(1000), values.edge(1000, 0, 1, { label: hostile }));
  const { dump } = await storeOf(directory, "s", entries);
  const found = await neighboursOf(dump, { node: Buffer.from(id(0)), depth: 3 });
  const tree = renderNeighbours(found, { paint: makePaint(false) });
  t.regex(tree, /^a0[^\n]* Person\n├ → /);
  t.regex(tree, /↺ KNOWS [^\n]*\(above\)/);
  t.regex(tree, /\n3 nodes, 4 edges\n$/);
  t.regex(renderNeighbours(await neighboursOf(dump, { node: Buffer.from(id(0)) }), { paint: makePaint(false) }), /; --depth 2 goes on\n$/);
  const [dot, svg] = [neighboursDot(found), neighboursSvg(found)];
  for (const text of [tree, dot, svg]) t.false(text.includes("\u001b"));
  t.false(svg.includes("<script"));
  t.regex(svg, /&#60;script/);
  t.is(svg, neighboursSvg(found));
  t.regex(dot, /^digraph \{\n {2}node \[shape=box\];\n {2}n0 \[label="Person\\na0/);
  t.true(dot.split("\n").every((line) => (line.match(/(?<!\\)(?:\\\\)*"/g)?.length ?? 0) % 2 === 0), dot);
});

test("edges that are named and not there are counted at every node that is looked at, and each once", async (t) => {
  const directory = await temporaryDirectory(t);
  const chain = [[0, 1], [1, 2], [2, 3]] as const;
  // Behind the chain, edges that will be missing: one at each node, and one between nodes that are both looked at.
  const gone = [[0, 9], [1, 9], [2, 9], [0, 2]] as const;
  for (const places of [[], [0], [1], [2], [3], [0, 1], [0, 2, 3], [0, 1, 2, 3]]) {
    const entries = plainGraph(10, [...chain, ...gone]);
    for (const [index] of gone.entries()) {
      if (places.includes(index)) entries.delete(keys.edge(1000 + chain.length + index));
      else {
        for (const [node, direction] of [[gone[index]?.[0] ?? 0, "outgoing"], [gone[index]?.[1] ?? 0, "incoming"]] as const) {
          const listed = JSON.parse((entries.get(keys.list(node, direction)) ?? "").toString()) as string[];
          entries.set(keys.list(node, direction), Buffer.from(JSON.stringify(listed.filter((edge) => edge !== id(1000 + chain.length + index)))));
        }
      }
    }
    const { store, dump } = await storeOf(directory, `s${places.join("")}`, entries);
    for (const input of [store, dump]) {
      const found = await neighboursOf(input, { node: Buffer.from(id(0)), depth: 3 });
      t.deepEqual([found.nodes.map((node) => node.id), found.missingEdges], [[0, 1, 2, 3].map(id), places.length], places.join());
    }
  }
});
