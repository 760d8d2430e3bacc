/** What a report is made of, and how it is written. */
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { listEntries } from "#src/operations/inspect/entries.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { gatherReport, type ReportFacts } from "#src/operations/report/gather.js";
import { writeReport } from "#src/operations/report/write.js";
import { reportPage } from "#src/report/page.js";
import { graphOf } from "#src/operations/relations/graph.js";
import { readLayoutFile } from "#src/settings/graph-layout-file.js";
import { reportOf } from "#src/index.js";
import { sampleDump } from "../../cli/support/dumps.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const draw = (facts: ReportFacts): string => reportPage(facts);

test("every total on the page is that of the entries, whatever it is read from", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await unpackStore(t, "maya-families");
  const [dump, sled] = [join(directory, "x.kgd"), join(directory, "sled")];
  await exportStore({ store, output: dump });
  await importDump({ target: sled, input: dump });
  const counts = new Map<string, { entries: number; largest: number }>();
  for await (const { keyspace, value } of listEntries({ input: dump })) {
    const name = Buffer.from(keyspace).toString();
    const known = counts.get(name) ?? { entries: 0, largest: 0 };
    counts.set(name, { entries: known.entries + 1, largest: Math.max(known.largest, value?.length ?? 0) });
  }
  for (const input of [dump, store, sled, createReadStream(dump)]) {
    const page = reportPage(await gatherReport({ input }));
    for (const [name, { entries }] of counts) t.true(page.includes(`<th scope="row"><code>${name}</code></th><td class="n">${String(entries).replace(/\B(?=(?:\d{3})+$)/g, ",")}</td>`), name);
    // The leaves of the tree are all entries.
    const table = page.slice(page.indexOf("together they are all entries"), page.indexOf("What entries look like"));
    const rows = [...table.matchAll(/<tr id="p\d+">.*?<td class="n">([\d,]+)<\/td>/g)].map(([, count = ""]) => Number(count.replaceAll(",", "")));
    t.is(rows.reduce((sum, count) => sum + count, 0), [...counts.values()].reduce((sum, { entries }) => sum + entries, 0));
  }
});

test("a page can be made again, and says what its dump is", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("user:", 300), other: { a: "1" } });
  const dump = join(directory, "x.kgd");
  await exportStore({ store, output: dump });
  const [one, two] = [await gatherReport({ input: dump }), await gatherReport({ input: dump })];
  t.is(reportPage({ ...one, madeAt: new Date(0) }), reportPage({ ...two, madeAt: new Date(0) }));
  const { html, stats } = await reportOf(dump, { values: false });
  for (const { digest } of stats.dump?.keyspaces ?? []) t.true(html.includes(digest ?? "none"));
  t.true(html.includes("complete") && html.includes("kgdump verify x.kgd --against STORE") && html.includes(stats.dump?.header.dumpId ?? "none"));
  t.true(reportPage(await gatherReport({ input: store, paranoid: true })).includes(`kgdump verify graph.kgd --against ${store}`));
  const part = reportPage(await gatherReport({ input: dump, keyspaces: [Buffer.from("other")] }));
  t.true(part.includes("1 of 2 keyspaces were asked for") && !part.includes("user:"));
});

test("damage and gaps are told first", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("k", 4000, "value".repeat(20)) });
  const [dump, cut, salvaged] = [join(directory, "x.kgd"), join(directory, "cut.kgd"), join(directory, "salvaged.kgd")];
  await exportStore({ store, output: dump, blockSize: 16_384, codec: "none" });
  const bytes = await readFile(dump);
  await writeFile(cut, bytes.subarray(0, bytes.length >> 1));
  const half = await gatherReport({ input: cut });
  for (const [input, what] of [[dump, "a whole store"], [cut, "a part of a store"]] as const) t.true(reportPage(await gatherReport({ input })).includes(`<dd>${what}`), what);
  t.regex(reportPage(half), /class="badge bad">NOT COMPLETE<[^]*\[DUMP_TRUNCATED\]; all figures are of what comes before the damage/);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(cut, bytes);
  await recoverDump({ input: cut, output: salvaged });
  const facts = await gatherReport({ input: salvaged });
  t.is(facts.gaps.length, 1);
  t.regex(reportPage(facts), /class="badge doubtful">SALVAGED<[^]*<ul class="problems"><li>SALVAGED: \d+ entries are missing in one place<[^]*Where entries are missing[^]*<code>k\d{7}<\/code><\/td><td><code>k\d{7}</);
  t.deepEqual((await gatherReport({ input: createReadStream(salvaged) })).gaps, []);
});

test("gaps are told whichever keyspaces they are in", async (t) => {
  const directory = await temporaryDirectory(t);
  const names = ["default", "middle", "z"];
  const store = await makeStore(directory, "s", Object.fromEntries(names.map((name) => [name, numbered("k", 1500, `${name} `.repeat(9))])));
  const dump = join(directory, "x.kgd");
  await exportStore({ store, output: dump, blockSize: 16_384, codec: "none" });
  for (const [turn, damaged] of [["default"], ["middle"], ["z"], ["middle", "z"], names].entries()) {
    const [bad, salvaged] = [join(directory, `bad-${String(turn)}`), join(directory, `salvaged-${String(turn)}.kgd`)];
    const bytes = await readFile(dump);
    for (const name of damaged) bytes.writeUInt8(1, bytes.indexOf(`${name} ${name}  700`));
    await writeFile(bad, bytes);
    await recoverDump({ input: bad, output: salvaged });
    const facts = await gatherReport({ input: salvaged });
    t.deepEqual(facts.gaps.map(({ keyspace }) => names[keyspace]), damaged);
    t.is(reportPage(facts).match(/<td><code>k\d{7}<\/code><\/td><td><code>k\d{7}</g)?.length, damaged.length);
  }
});

test("a page appears whole or not at all, and never over something else", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("k", 30) });
  const [dump, page] = [join(directory, "x.kgd"), join(directory, "report.html")];
  await exportStore({ store, output: dump });
  const written = await writeReport({ input: dump, output: page, draw });
  const { mode, size } = await stat(page);
  t.deepEqual([mode & 0o777, size, written.path], [0o600, written.bytes, page]);
  await t.throwsAsync(writeReport({ input: dump, output: page, draw: () => t.fail() as unknown as string }), { code: "OUTPUT_EXISTS" });
  await writeReport({ input: dump, output: page, force: true, draw: () => "other" });
  t.is(await readFile(page, "utf8"), "other");
  await symlink(dump, join(directory, "link"));
  for (const output of [dump, join(directory, "link")]) await t.throwsAsync(writeReport({ input: dump, output, force: true, draw }), { code: "USAGE", message: /is the dump that the report is about/ });
  await t.throwsAsync(writeReport({ input: store, output: join(store, "report.html"), draw }), { code: "USAGE", message: /is inside the store/ });
  await mkdir(join(directory, "folder"));
  await t.throwsAsync(writeReport({ input: dump, output: join(directory, "folder"), draw }), { code: "OUTPUT_EXISTS", message: /cannot write a report to .*: it is a directory/ });
  const names = await readdir(directory);
  await t.throwsAsync(writeReport({ input: dump, output: join(directory, "y"), draw: () => { throw new Error("drawn"); } }), { message: "drawn" });
  await t.throwsAsync(writeReport({ input: dump, output: join(directory, "y"), draw, signal: AbortSignal.abort(new Error("enough")) }), { message: "enough" });
  t.deepEqual(await readdir(directory), names);
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  t.is((await writeReport({ input: dump, output: stream, draw: () => "text" })).path, null);
  t.is(Buffer.concat(chunks).toString(), "text");
});

test("a graph is told where the entries are one, with the figures of graph; else there is no word of it", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await unpackStore(t, "maya-families");
  const dump = join(directory, "x.kgd");
  await exportStore({ store, output: dump });
  const wanted = await graphOf({ input: store });
  for (const input of [store, dump, createReadStream(dump)]) {
    const facts = await gatherReport({ input });
    t.deepEqual({ ...facts.graph?.report, newProblems: undefined, ...facts.graph?.figures }, { layout: wanted.layout, nodes: wanted.nodes, edges: wanted.edges, lists: wanted.lists, others: wanted.others, problems: wanted.problems, newProblems: undefined, kinds: wanted.kinds, ...figuresOf(wanted) });
    // A stream has gone by.
    t.is(facts.graph?.near === null, typeof input !== "string");
    const page = draw(facts);
    const [hub] = wanted.hubs;
    for (const text of ["<h2 id=\"graph-title\">Graph", `<dt>Edges</dt><dd>${String(wanted.edges)}</dd>`, Buffer.from(hub?.id ?? []).toString()]) t.true(page.includes(text), text);
    t.is(page.includes('class="chart near"'), typeof input === "string");
  }
  const hidden = draw(await gatherReport({ input: dump, values: false }));
  t.true(hidden.includes("are left out with the values") && !hidden.includes(Buffer.from(wanted.hubs[0]?.id ?? []).toString()));
  for (const content of [{ default: numbered("k", 50) }, { default: { ...Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`node:0123456789abcde${String(at)}`, "no JSON"])), "edge:0123456789abcdef": "no JSON" } }]) {
    const facts = await gatherReport({ input: await makeStore(await temporaryDirectory(t), "s", content) });
    t.is(facts.graph, null);
    t.false(draw(facts).includes("graph-title"));
  }
});

function figuresOf({ distinctNodes, nodeLabels, edgeLabels, degrees, hubs, orphans, danglingEdges, loops, parallelEdges, components, growth }: Awaited<ReturnType<typeof graphOf>>): object {
  return { distinctNodes, nodeLabels, edgeLabels, degrees, hubs, orphans, danglingEdges, loops, parallelEdges, components, growth };
}

test("a graph in another layout is told by its file; where nothing is in it, that is a warning", async (t) => {
  const layoutFile = "examples/graph/triples.toml";
  const layout = await readLayoutFile(layoutFile);
  const hostile = "<script>x</script>";
  const triples = { default: { [`spo\0a\0${hostile}\0b`]: "", [`pos\0${hostile}\0b\0a`]: "", "spo\0a\0knows\0c": "" } };
  const store = await makeStore(await temporaryDirectory(t), "s", triples);
  const facts = await gatherReport({ input: store, layout });
  t.like(facts.graph?.report, { layout: "declared", edges: 2 });
  t.like(facts.graph?.near, { nodes: { length: 3 }, edges: { length: 2 } });
  const page = draw(facts);
  t.true(page.includes("in the layout that was given") && page.includes("&lt;script&gt;x") && !page.includes("<script>"));
  const { html } = await reportOf(store, { layoutFile });
  t.true(html.includes("graph-title"));
  const other = await gatherReport({ input: await makeStore(await temporaryDirectory(t), "s", { default: numbered("k", 50) }), layout });
  t.is(other.graph, null);
  t.regex(other.stats.warnings.join(), /nothing in it is in the layout/);
});

test("what is wrong with a graph is told, and a picture shows what is missing", async (t) => {
  const uuid = (n: number): string => `0000000${String(n)}-0000-4000-8000-000000000000`;
  const key = (kind: string, n: number): Buffer => Buffer.concat([Buffer.from(`${kind}:`), Buffer.from(uuid(n).replaceAll("-", ""), "hex")]);
  const node = (n: number): [Buffer, string] => [key("node", n), JSON.stringify({ id: uuid(n), label: `Person ${String(n)}`, properties: [] })];
  const edge = (n: number, source: number, target: number): [Buffer, string] => [key("edge", n), JSON.stringify({ id: uuid(n), label: "KNOWS", source: uuid(source), target: uuid(target), properties: [] })];
  const list = (n: number, way: string, ...edges: readonly number[]): [Buffer, string] => [Buffer.from(`node_edges:${uuid(n)}:${way}`), JSON.stringify(edges.map(uuid))];
  const entries = [node(1), node(2), edge(3, 1, 2), edge(4, 1, 5), list(1, "outgoing", 3, 4), list(2, "incoming", 3)].sort(([a], [b]) => Buffer.compare(a, b));
  const dump = join(await temporaryDirectory(t), "x.kgd");
  await writeFile(dump, await sampleDump([{ name: "default", entries }]));
  const page = draw(await gatherReport({ input: dump }));
  t.regex(page, /It is not whole:<\/strong> 2 problems\./);
  t.regex(page, /the edge ends at a node that is not there/);
  t.regex(page, /class="missing"/);
  t.true(page.includes("<li>the graph is not whole: 2 problems, which stand under Graph</li>"));
});
