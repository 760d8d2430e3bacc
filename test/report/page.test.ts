/** The page of a report as text: nothing of a user's is HTML, every figure is there, and it never grows too large. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { gatherReport } from "#src/operations/report/gather.js";
import type { NamedEntry } from "#src/operations/stats/results.js";
import { html } from "#src/report/html.js";
import { MOST_BYTES, reportPage } from "#src/report/page.js";
import { leavesOf, treeOf } from "#src/report/tree.js";
import { makeStore } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { factsOf, graphWith, hostileContent, keyspaceOf, prefixOf } from "./support.js";

/** Elements that a page has. */
const ELEMENTS = new Set("a b body caption circle code dd details div dl dt figcaption figure footer g h1 h2 head header html li line main meta nav p pre rect section span strong style summary svg table tbody td text th thead title tr ul".split(" "));

test("a template escapes all that it is given, but for HTML", (t) => {
  t.is(html`<p title="${"\"'"}">${"<&>"}${1}${null}${[html`<b>${"x"}</b>`, "<"]}</p>`.source, "<p title=\"&quot;&#39;\">&lt;&amp;&gt;1<b>x</b>&lt;</p>");
  t.is(html`${"\u202e\u0000\u001b\n"}`.source, String.raw`\u{202e}\x00\x1b\x0a`);
  const made: unknown = html`<b>x</b>`;
  t.false(String(made).includes("<b>"), "in a template of strings it is no HTML");
});

test("HTML is made by the template alone, and attributes are in quotes", async (t) => {
  const folder = "src/report";
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".ts"));
  t.true(files.length > 15);
  let constants = 0;
  for (const file of files) {
    const text = await readFile(join(folder, file), "utf8");
    t.notRegex(text, /[a-z]=\$\{/, `${file}: an attribute without quotes`);
    t.notRegex(text, /style="|<script|javascript:|https?:/, file);
    if (!file.endsWith("html.ts")) constants += text.split("Html.constant(").length - 1;
  }
  t.is(constants, 1, "the style alone");
});

test("hostile names, keys and values are text, wherever they stand", async (t) => {
  const store = await makeStore(await temporaryDirectory(t), "s", hostileContent());
  const page = reportPage(await gatherReport({ input: store }));
  for (const [tag, name = ""] of page.matchAll(/<\/?([^\s>/]*)[^>]*>/g)) {
    if (tag === "<!DOCTYPE html>") continue;
    t.true(ELEMENTS.has(name), tag);
    t.regex(tag, /^<\/?[a-z0-9]+(?: [a-z0-9:-]+(?:="[^"<>]*")?)*\/?>$/i, tag);
    t.notRegex(tag.replaceAll(/"[^"]*"/g, ""), / (?:on\w+|src|style)=/, tag);
    for (const [, href = ""] of tag.matchAll(/href="([^"]*)"/g)) t.regex(href, /^#[a-z0-9]+$/);
  }
  t.true(page.includes("&lt;script&gt;window.hit=1&lt;/script&gt;"));
  t.regex(page, /^[\n\P{C}]*$/u);
});

test("no more than what was asked for is told of values", async (t) => {
  const store = await makeStore(await temporaryDirectory(t), "s", { default: Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k:${String(at)}`, JSON.stringify({ [`field-${String(at % 3)}`]: `secret-${String(at)}`, count: 77_123 })])) });
  const [all, none] = [reportPage(await gatherReport({ input: store })), reportPage(await gatherReport({ input: store, values: false }))];
  for (const word of ["secret-", "field-1", "77123"]) t.deepEqual([all.includes(word), none.includes(word)], [true, false], word);
  t.true(none.includes("Left out"));
});

test("a page has less than a megabyte, whatever it is about", (t) => {
  const bytes = (text: string, length: number): Uint8Array => Buffer.from(text.repeat(Math.ceil(length / Buffer.byteLength(text)))).subarray(0, length);
  // What takes the most room when it is escaped: five bytes for one, and names of 64 KiB.
  const long = ["&", "'", "\u{1f600}", "\u202e"].map((text) => bytes(text, 65_536));
  const wide = (name: Uint8Array, count: number): ReturnType<typeof prefixOf> => prefixOf(name, count, Array.from({ length: count }, (_, at) => prefixOf(Buffer.concat([Buffer.from(String(at)), name]), 1)));
  const place = { types: { string: 1 }, range: [-1e300, 1e300], lengths: [0, 1e9], examples: Array.from({ length: 3 }, () => "&".repeat(5000)), fields: [], items: null } as const;
  const root = { ...place, types: { object: 1 }, fields: Array.from({ length: 200 }, (_, at) => ({ name: `${"<".repeat(3000)}${String(at)}`, value: place })) };
  const shape = (signature: string): NonNullable<ReturnType<typeof prefixOf>["shape"]> => ({ beyond: 5, signature, root });
  for (const name of long) {
    const cases = {
      "16,384 keyspaces": factsOf(Array.from({ length: 16_384 }, (_, at) => keyspaceOf(Buffer.concat([Buffer.from(String(at)), name.subarray(0, 2000)]), prefixOf(name, 5)))),
      "10,000 prefixes of 64 KiB": factsOf([keyspaceOf(name, wide(name, 10_000))]),
      "shapes, warnings, keyspaces with many prefixes": factsOf(
        Array.from({ length: 100 }, (_, at) => keyspaceOf(name, prefixOf(name, 300, Array.from({ length: 60 }, (_unused, prefix) => prefixOf(name, 5, [], { shape: shape(`${String(at)} ${String(prefix)}`) }))))),
        { warnings: Array.from({ length: 1000 }, () => Buffer.from(name).toString()), samples: Array.from({ length: 12 }, () => ({ keyspace: name, key: name, keyBytes: 65_536, value: name, valueBytes: 1e9 })), path: `/${"&".repeat(4000)}` },
      ),
    };
    for (const [what, facts] of Object.entries(cases)) {
      const length = Buffer.byteLength(reportPage(facts));
      t.true(length < MOST_BYTES, `${what}: ${String(length)} bytes`);
      t.log(`${what}: ${String(length)} bytes`);
    }
  }
});

test("less than a megabyte of bytes, where characters have several", (t) => {
  const drawn: number[] = [];
  for (const letter of ["é", "漢", "😀"]) {
    const name = Buffer.from(letter.repeat(200));
    const place = { types: { string: 1 }, range: null, lengths: [0, 1e9], examples: Array.from({ length: 3 }, () => letter.repeat(500)), fields: [], items: null } as const;
    const root = { ...place, types: { object: 1 }, fields: Array.from({ length: 200 }, (_, at) => ({ name: `${letter.repeat(300)}${String(at)}`, value: place })) };
    for (const keyspaces of [2, 8, 12, 16, 20, 24, 30, 40, 60]) {
      const shapes = (at: number) => Array.from({ length: 6 }, (_, prefix) => prefixOf(Buffer.from(`${String(prefix)}${letter.repeat(200)}`), 5, [], { shape: { beyond: 5, signature: `${String(at)} ${String(prefix)}`, root } }));
      const length = Buffer.byteLength(reportPage(factsOf(Array.from({ length: keyspaces }, (_, at) => keyspaceOf(name, prefixOf(name, 300, shapes(at)))))));
      t.true(length < MOST_BYTES, `${String(keyspaces)} keyspaces of ${letter}: ${String(length)} bytes`);
      drawn.push(length);
    }
  }
  // Less is shown only where it has to be.
  t.true(Math.max(...drawn) > 0.8 * MOST_BYTES);
});

test("the parts of a tree are all of it, whatever is left out", (t) => {
  const some = (count: number): ReturnType<typeof prefixOf>[] => Array.from({ length: count }, (_, at) => prefixOf(Buffer.from(`${String(at)}:`), at + 1));
  const total = (prefixes: readonly { entries: number }[]): number => prefixes.reduce((sum, { entries }) => sum + entries, 0);
  for (const [keyspaces, prefixes] of [[1, 3], [1, 500], [3, 50], [500, 2]] as const) {
    const full = Array.from({ length: keyspaces }, (_, at) => keyspaceOf(Buffer.from(String(at)), prefixOf(Buffer.from("x"), total(some(prefixes)), some(prefixes))));
    const root = treeOf([...full, keyspaceOf(Buffer.from("empty"), prefixOf(Buffer.from("x"), 0))], { branches: 100, keyspaces: 40 });
    const leaves = leavesOf(root);
    t.is(total(leaves), total(full.map(({ prefixes: all }) => all)));
    t.is(leaves.reduce((sum, { bytes }) => sum + bytes, 0), root.bytes);
    t.true(leaves.length <= 101 && leaves.length >= Math.min(40, prefixes), `${String(leaves.length)} leaves`);
    t.deepEqual(leaves.map(({ bytes }) => bytes), leaves.map(({ bytes }) => bytes).toSorted((a, b) => b - a));
  }
});

test("an empty store, and one of empty values, have pages", (t) => {
  t.regex(reportPage(factsOf([])), /There is no entry/);
  const empty = prefixOf(Buffer.from("k"), 3, [], { keyBytes: 0, valueBytes: 0, valueSizes: { min: 0, p50: 0, p90: 0, p99: 0, max: 0 } });
  const page = reportPage(factsOf([keyspaceOf(Buffer.from("a"), empty)]));
  t.notRegex(page, /NaN|Infinity|undefined|\[object/);
});

test("entries of empty keys and values have areas, of the same size", (t) => {
  const none = { min: 0, p50: 0, p90: 0, p99: 0, max: 0 };
  const empty = (name: string): ReturnType<typeof prefixOf> => prefixOf(Buffer.from(name), 3, [], { keyBytes: 0, valueBytes: 0, keySizes: none, valueSizes: none });
  const all = prefixOf(Buffer.alloc(0), 6, [empty("a:"), empty("b:")], { keyBytes: 0, valueBytes: 0, keySizes: none, valueSizes: none });
  for (const keyspaces of [[keyspaceOf(Buffer.from("one"), all)], [keyspaceOf(Buffer.from("one"), empty("a:")), keyspaceOf(Buffer.from("two"), empty("a:"))]]) {
    const page = reportPage(factsOf(keyspaces));
    for (const screen of ["wide", "narrow"]) {
      const [, chart = ""] = new RegExp(`<svg class="chart treemap ${screen}"[^>]*>([^]*?)\n</svg>`).exec(page) ?? [];
      const areas = [...chart.matchAll(/<svg [^>]*width="([\d.]+)%" height="([\d.]+)">/g)].map(([, width, height]) => Math.round(Number(width) * Number(height)));
      t.is(areas.length, 2, screen);
      t.true((areas[0] ?? 0) > 0 && Math.abs((areas[0] ?? 0) - (areas[1] ?? 0)) < 0.05 * (areas[0] ?? 0), `${screen}: ${areas.join()}`);
    }
  }
});

test("every line of the chart of sizes is within it, also for values of one byte, or none", (t) => {
  const prefixes = [0, 1, 9, 10, 1e12].map((max) => prefixOf(Buffer.from(`${String(max)}:`), 3, [], { valueSizes: { min: 0, p50: max / 3, p90: max / 2, p99: max, max } }));
  for (const some of [...prefixes.map((one) => [one]), prefixes]) {
    const [, chart = ""] = /<svg class="chart sizes"[^>]*>([^]*?)\n<\/svg>/.exec(reportPage(factsOf([keyspaceOf(Buffer.from("a"), prefixOf(Buffer.alloc(0), 15, some))]))) ?? [];
    const places = [...chart.matchAll(/ (?:x|x1|x2|cx|width)="([^"]*)%"/g)].map(([, place]) => Number(place));
    t.true(places.length >= 5 * some.length, `${String(places.length)} places`);
    t.true(places.every((place) => place >= 0 && place <= 100), places.join());
  }
});

test("the title is the last part of the path, however that was typed", (t) => {
  for (const [path, title] of [["/srv/store", "store"], ["/srv/store/", "store"], ["store", "store"], ["store//", "store"], ["./a b.kgd", "a b.kgd"], ["/", "/"], [".", "."], [null, "a dump from a stream"]] as const) {
    t.true(reportPage(factsOf([], { path })).includes(`<h1>${title}</h1>`), String(path));
  }
});

test("labels that have no row of their own are counted, those that were not told apart among them", (t) => {
  for (const [labels, beyond, without] of [[0, 0, 0], [1, 0, 0], [3, 5, 2], [150, 0, 1], [150, 7, 0], [151, 0, 0], [200, 11, 3]] as const) {
    const counts = Array.from({ length: labels }, (_, at) => ({ label: `label-${String(at)}`, count: 1000 - at }));
    const page = reportPage({ ...factsOf([]), graph: graphWith({ each: counts, beyond, without }) });
    const rest = counts.slice(150).reduce<number>((sum, { count }) => sum + count, beyond);
    const [, section = ""] = /<section id="graph"([^]*?)<\/section>/.exec(page) ?? [];
    const told = [...section.matchAll(/and ([\d,]+) with other labels/g)].map(([, count = ""]) => Number(count.replaceAll(",", "")));
    // One table for nodes, and one for edges.
    t.deepEqual(told, rest === 0 ? [] : [rest, rest], `${String(labels)} ${String(beyond)}`);
    t.is(new Set([...section.matchAll(/label-\d+/g)].map(([label]) => label)).size, Math.min(labels, 150));
  }
});

test("a graph that was looked at has a section, in its place", (t) => {
  const page = reportPage(factsOf([]), { graph: { id: "graph", title: "Graph", body: html`<p>${"<nodes>"}</p>` } });
  t.regex(page, /<section id="graph" aria-labelledby="graph-title"><h2 id="graph-title">Graph<\/h2>\n<p>&lt;nodes&gt;<\/p>\n<\/section>\n<section id="problems"/);
  t.true(page.includes('<a href="#graph">Graph</a>'));
});

test("the largest values are those of all keyspaces, whichever has them", (t) => {
  // Each keyspace has its own largest first: of some many are among the largest of all, and of some none.
  const sizes = [Array.from({ length: 15 }, (_, at) => 150 - at * 10), Array.from({ length: 9 }, (_, at) => 207 - at * 20), [3, 2, 1], [1001, 152, 141, 5]];
  const entryOf = (size: number): NamedEntry => ({ key: Buffer.from(`size-${String(size)}`), keyBytes: `size-${String(size)}`.length, valueBytes: size });
  const wanted = sizes.flat().sort((a, b) => b - a).slice(0, 15).map((size) => `size-${String(size)}`);
  for (const order of [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]]) {
    const page = reportPage(factsOf(order.map((at) => keyspaceOf(Buffer.from(`keyspace ${String(at)}`), prefixOf(Buffer.from("k"), 20), { largest: (sizes[at] ?? []).map(entryOf) }))));
    const [, section = ""] = /The largest values([^]*?)<\/section>/.exec(page) ?? [];
    t.deepEqual([...section.matchAll(/<code>(size-\d+)<\/code>/g)].map(([, key]) => key), wanted, order.join());
  }
});

test("each warning stands in a report, up to fifty, and all more are counted", (t) => {
  for (const count of [0, 1, 2, 3, 49, 50, 51, 53]) {
    const page = reportPage(factsOf([], { warnings: Array.from({ length: count }, (_, at) => `warning ${String(at)} of some`) }));
    const [, section = ""] = /<section id="problems"([^]*?)<\/section>/.exec(page) ?? [];
    const told = [...section.matchAll(/<li>(.*?)<\/li>/g)].map(([, text]) => text);
    t.deepEqual(told, [...Array.from({ length: Math.min(count, 50) }, (_, at) => `warning ${String(at)} of some`), ...(count > 50 ? [`and ${String(count - 50)} more`] : [])]);
    t.is(section.includes("None was found."), count === 0);
  }
});
