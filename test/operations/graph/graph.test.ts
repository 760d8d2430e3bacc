import test from "ava";
import fc from "../../support/properties.js";
import { check, type Entries, found, graphOf, idOf, keys, textOf, values } from "./support.js";
import { loggedSeed } from "../../support/seed.js";

const EDGES = [[0, 1], [1, 2], [2, 0], [0, 2]] as const;

/** The graph of three nodes and four edges, changed. */
function changed(change: (entries: Entries) => void): Entries {
  const entries = graphOf(3, EDGES);
  change(entries);
  return entries;
}

test("a whole graph has no problems, in one keyspace or in several", async (t) => {
  const whole = graphOf(3, EDGES);
  const counts = { layout: "maya" as const, nodes: 3, edges: 4, lists: 6, others: 1, problems: 0, newProblems: 0, kinds: [] };
  t.deepEqual(await check([whole]), counts);
  const nodes: Entries = new Map();
  const rest: Entries = new Map();
  for (const [key, value] of whole) (key.startsWith("node:") ? nodes : rest).set(key, value);
  t.deepEqual(await check([rest, nodes]), counts);
  // Nodes without edges need no lists.
  const lonely = graphOf(1, []);
  lonely.delete(keys.list(0, "outgoing"));
  t.deepEqual(found(await check([lonely])), {});
});

test("a store without the layout is said to have none", async (t) => {
  t.like(await check([new Map([["a", Buffer.from("b")], ["nodes:1", Buffer.from("c")]])]), { layout: "none", others: 2, problems: 0 });
});

test("what is no record of the graph is counted once, however many of it there are in a block", async (t) => {
  const some = graphOf(3, EDGES);
  for (let number = 0; number < 100; number++) some.set(`another${String(number)}`, Buffer.alloc(0));
  // More than are taken in at once, behind those.
  for (let number = 0; number < 20_000; number++) some.set(`node:${String(number)}`, Buffer.alloc(0));
  t.like(await check([some]), { nodes: 3, edges: 4, lists: 6, others: 101, problems: 20_000 });
});

test("records of any one kind are enough for a graph", async (t) => {
  const whole = graphOf(3, EDGES);
  for (const [prefix, counts] of [["node:", { nodes: 3 }], ["edge:", { edges: 4 }], ["node_edges:", { lists: 6 }]] as const) {
    const some = new Map([...whole].filter(([key]) => key.startsWith(prefix)));
    t.like(await check([some]), { layout: "maya", nodes: 0, edges: 0, lists: 0, others: 0, ...counts }, prefix);
    // One is enough, too.
    t.is((await check([new Map([...some].slice(-1))])).layout, "maya", prefix);
  }
});

const CASES: readonly [string, (entries: Entries) => void, Record<string, number>][] = [
  ["a node is missing", (e) => e.delete(keys.node(1)), { "source-missing": 1, "target-missing": 1, "list-without-node": 2 }],
  ["an edge is missing", (e) => e.delete(keys.edge(1000)), { "list-has-extra-edge": 2 }],
  ["a list is missing", (e) => e.delete(keys.list(0, "outgoing")), { "list-lacks-edge": 2 }],
  ["a list lacks an edge", (e) => e.set(keys.list(0, "outgoing"), values.list([1000])), { "list-lacks-edge": 1 }],
  ["a list has another edge", (e) => e.set(keys.list(0, "outgoing"), values.list([1000, 1003, 1001])), { "list-has-extra-edge": 1 }],
  ["a list has an edge that is nowhere", (e) => e.set(keys.list(1, "incoming"), values.list([1000, 77])), { "list-has-extra-edge": 1 }],
  ["a list has an edge three times", (e) => e.set(keys.list(0, "outgoing"), values.list([1000, 1003, 1003, 1003])), { "list-repeats-edge": 1 }],
  ["both lists are exchanged", (e) => e.set(keys.list(1, "outgoing"), values.list([1000])).set(keys.list(1, "incoming"), values.list([1001])), { "list-lacks-edge": 2, "list-has-extra-edge": 2 }],
  ["an edge goes elsewhere", (e) => e.set(keys.edge(1000), values.edge(1000, 0, 2)), { "list-lacks-edge": 1, "list-has-extra-edge": 1 }],
  ["an edge goes nowhere", (e) => e.set(keys.edge(1000), values.edge(1000, 0, 9)), { "target-missing": 1, "list-lacks-edge": 1, "list-has-extra-edge": 1 }],
  ["a list of nobody", (e) => e.set(keys.list(9, "incoming"), values.list([])), { "list-without-node": 1 }],
  ["a node is no JSON", (e) => e.set(keys.node(0), Buffer.from('{"id":')), { "value-not-json": 1 }],
  ["a node is empty", (e) => e.set(keys.node(0), Buffer.alloc(0)), { "value-not-json": 1 }],
  ["a node is no UTF-8", (e) => e.set(keys.node(0), Buffer.concat([values.node(0).subarray(0, -2), Buffer.from([0xff]), Buffer.from('"}')])), { "value-not-json": 1 }],
  ["a byte of UTF-8 is lost", (e) => e.set(keys.node(0), Buffer.from(values.node(0).toString("latin1").replace("\xc3", ""), "latin1")), { "value-not-json": 1 }],
  ["a node is a list", (e) => e.set(keys.node(0), Buffer.from("[]")), { "value-misshapen": 1 }],
  ["a node has no label", (e) => e.set(keys.node(0), values.node(0, { label: undefined })), { "value-misshapen": 1 }],
  ["a property has no value", (e) => e.set(keys.node(0), values.node(0, { properties: [{ key: "a" }] })), { "value-misshapen": 1 }],
  ["a property is null", (e) => e.set(keys.node(0), values.node(0, { properties: [null] })), { "value-misshapen": 1 }],
  ["a node is null", (e) => e.set(keys.node(0), Buffer.from("null")), { "value-misshapen": 1 }],
  ["a node has the id of another", (e) => e.set(keys.node(0), values.node(1)), { "id-differs": 1 }],
  ["an edge has the id of another", (e) => e.set(keys.edge(1000), values.edge(1001, 0, 1)), { "id-differs": 1 }],
  ["an edge's source is no id", (e) => e.set(keys.edge(1000), values.edge(1000, 0, 1, { source: "nobody" })), { "value-misshapen": 1, "list-has-extra-edge": 2 }],
  ["a list is cut", (e) => e.set(keys.list(0, "outgoing"), values.list([1000, 1003]).subarray(0, -1)), { "value-not-json": 1 }],
  ["a list is an object", (e) => e.set(keys.list(0, "outgoing"), Buffer.from("{}")), { "value-misshapen": 1 }],
  ["a list has something else", (e) => e.set(keys.list(0, "outgoing"), Buffer.from(`["${textOf(idOf(1000))}",7]`)), { "value-misshapen": 1 }],
  ["something follows a list", (e) => e.set(keys.list(0, "outgoing"), Buffer.concat([values.list([1000, 1003]), Buffer.from("]")])), { "value-not-json": 1 }],
  ["a key is too short", (e) => e.set("node:\x00", values.node(0)), { "key-malformed": 1 }],
  ["a key is too long", (e) => e.set(`${keys.edge(1000)}x`, values.node(0)), { "key-malformed": 1 }],
  ["a list's key has another end", (e) => e.set(keys.list(0, "outgoing").replace("outgoing", "outgoinG"), values.list([])), { "key-malformed": 1 }],
  ["a list's key has capitals", (e) => e.set(keys.list(0, "outgoing").replaceAll("a", "A"), values.list([])), { "key-malformed": 1 }],
];

for (const [name, change, expected] of CASES) {
  test(`is found: ${name}`, async (t) => {
    const bad = changed(change);
    const counts = (made: number): Record<string, [number, number]> =>
      Object.fromEntries(Object.entries(expected).map(([kind, count]) => [kind, [count, made * count]]));
    t.deepEqual(found(await check([bad])), counts(0));
    t.deepEqual(found(await check([bad], [graphOf(3, EDGES)])), counts(1));
    t.deepEqual(found(await check([bad], [bad])), counts(0));
    // By runs in a file it is the same.
    t.deepEqual(await check([bad], [graphOf(3, EDGES)], 2), await check([bad], [graphOf(3, EDGES)]));
  });
}

test("blanks, escapes and capitals in a list mean the same", async (t) => {
  const [a, b] = [textOf(idOf(1000)), textOf(idOf(1003))];
  for (const text of [` [ "${a}" ,\n\t"${b}" ]\r`, `["\\u0061${a.slice(1)}","${b}"]`, `["${a.toUpperCase()}","${b}"]`]) {
    t.deepEqual(found(await check([changed((e) => e.set(keys.list(0, "outgoing"), Buffer.from(text)))])), {}, text);
  }
  t.deepEqual(found(await check([changed((e) => e.set(keys.list(0, "outgoing"), Buffer.from(" [ ] ")))])), { "list-lacks-edge": [2, 0] });
});

test("what is in two keyspaces is told", async (t) => {
  const whole = graphOf(3, EDGES);
  const key = keys.edge(1000);
  t.deepEqual(found(await check([whole, new Map([[key, whole.get(key) ?? Buffer.alloc(0)]])])), { "stored-twice": [1, 0] });
  t.deepEqual(found(await check([whole, new Map([[keys.node(1), values.node(1)]])])), { "stored-twice": [1, 0] });
  t.deepEqual(found(await check([whole, new Map([[keys.list(1, "outgoing"), values.list([])]])])), { "stored-twice": [1, 0] });
});

test("a record that is wrong in two keyspaces has its problem once", async (t) => {
  const bad = (): Entries => changed((e) => e.set(keys.edge(1000), Buffer.from("no JSON")));
  const once = found(await check([bad()]));
  const twice = found(await check([bad(), bad()]));
  t.deepEqual(once["value-not-json"], [1, 0]);
  t.deepEqual(twice["value-not-json"], [1, 0]);
  t.truthy(twice["stored-twice"]);
});

test("a kind of problem has five examples at most: the first by key, and those that are new when some are", async (t) => {
  const without = (nodes: readonly number[]): Entries => {
    const entries = graphOf(9, []);
    for (const node of nodes) entries.delete(keys.node(node));
    return entries;
  };
  const of = async (nodes: readonly number[], before: Entries | null): Promise<unknown> => {
    const { kinds } = await check([without(nodes)], before === null ? null : [before]);
    const tally = kinds.find(({ kind }) => kind === "list-without-node");
    return [tally?.count, tally?.newProblems, tally?.examples.map(({ key }) => Buffer.from(key ?? []).toString("latin1"))];
  };
  // Outgoing lists come first.
  const lists = (nodes: readonly number[]): string[] => (["outgoing", "incoming"] as const).flatMap((direction) => nodes.map((node) => keys.list(node, direction)));
  t.deepEqual(await of([1, 2], null), [4, 0, lists([1, 2])]);
  t.deepEqual(await of([1, 2, 3], null), [6, 0, lists([1, 2, 3]).slice(0, 5)]);
  t.deepEqual(await of([1, 2, 3, 7], without([1, 2, 3])), [8, 2, lists([7])]);
});

test("problems that were there before are told apart from new ones, with examples of those", async (t) => {
  const before = changed((e) => e.delete(keys.list(2, "incoming")));
  const after = new Map(before);
  after.set(keys.list(0, "outgoing"), values.list([1003]));
  const report = await check([after], [before]);
  t.deepEqual(found(report), { "list-lacks-edge": [3, 1] });
  t.is(report.newProblems, 1);
  const [example, ...more] = report.kinds[0]?.examples ?? [];
  t.deepEqual(more, []);
  t.is(Buffer.from(example?.key ?? []).toString("latin1"), keys.list(0, "outgoing"));
  t.is(Buffer.from(example?.other ?? []).toString("latin1"), keys.edge(1000));
  // What was mended is no problem.
  t.is((await check([before], [after])).newProblems, 0);
});

test("random graphs with random damage: as a plain check finds it, by runs of any length", async (t) => {
  const seed = loggedSeed(t);
  const ends = fc.tuple(fc.nat(7), fc.nat(7));
  await fc.assert(
    fc.asyncProperty(fc.array(ends, { maxLength: 20 }), fc.array(fc.tuple(fc.nat(60), fc.nat(2), fc.nat(25)), { maxLength: 4 }), fc.integer({ min: 1, max: 60 }), async (edges, damages, runRecords) => {
      const whole = graphOf(8, edges);
      const entries = new Map(whole);
      for (const [place, how, edge] of damages) {
        const key = [...whole.keys()][place % whole.size] ?? "";
        if (how === 0) entries.delete(key);
        else if (key.startsWith("node_edges:")) entries.set(key, values.list(how === 1 ? [edge + 1000] : [1000, 1000]));
      }
      t.deepEqual(plainCounts(await check([entries], null, runRecords)), plainCheck(entries));
    }),
    { numRuns: 150, seed },
  );
});

/** Counts of the kinds that the plain check knows. */
function plainCounts(report: Awaited<ReturnType<typeof check>>): Record<string, number> {
  return Object.fromEntries(report.kinds.map(({ kind, count }) => [kind, count]));
}

/** The same with maps, for graphs that fit into memory and whose values are sound. */
function plainCheck(entries: Entries): Record<string, number> {
  const counts: Record<string, number> = {};
  const count = (kind: string): void => {
    counts[kind] = (counts[kind] ?? 0) + 1;
  };
  const nodes = new Set<string>();
  const lists = new Map<string, string[]>();
  const wanted = new Map<string, Set<string>>();
  for (const [key, value] of entries) {
    if (key.startsWith("node:")) nodes.add(textOf(Buffer.from(key.slice(5), "latin1")));
    if (key.startsWith("node_edges:")) lists.set(key.slice(11), JSON.parse(value.toString()) as string[]);
  }
  for (const [key, value] of entries) {
    if (!key.startsWith("edge:")) continue;
    const { id, source, target } = JSON.parse(value.toString()) as Record<string, string>;
    const sides: readonly (readonly [string | undefined, string])[] = [[source, "outgoing"], [target, "incoming"]];
    for (const [node = "", direction] of sides) {
      if (!nodes.has(node)) count(direction === "outgoing" ? "source-missing" : "target-missing");
      const name = `${node}:${direction}`;
      wanted.set(name, (wanted.get(name) ?? new Set<string>()).add(id ?? ""));
    }
  }
  for (const name of new Set([...lists.keys(), ...wanted.keys()])) {
    const [list, edges] = [lists.get(name) ?? [], wanted.get(name) ?? new Set<string>()];
    if (lists.has(name) && !nodes.has(name.slice(0, 36))) count("list-without-node");
    for (const edge of edges) if (!list.includes(edge)) count("list-lacks-edge");
    for (const edge of new Set(list)) {
      if (!edges.has(edge)) count("list-has-extra-edge");
      if (list.indexOf(edge) !== list.lastIndexOf(edge)) count("list-repeats-edge");
    }
  }
  return counts;
}
