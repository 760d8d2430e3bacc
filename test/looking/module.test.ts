/**
 * What looks into blocks as a module of WebAssembly tells what the addon tells, to the letter: of random blocks, hostile ones among them, which both refuse alike.
 * KGDUMP_LOOKS=n tries so many, SEED=n others.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { addonError, loadAddon } from "#src/addon.js";
import { MsgpackWriter } from "#src/format/msgpack/writer.js";
import type { GraphSettings, LookingAddon, NativeGraph, StatsSettings } from "#src/looking/addon.js";
import { modulePath } from "#src/looking/module.js";
import { ModuleGraph } from "#src/looking/module-graph.js";
import { ModuleSearch } from "#src/looking/module-search.js";
import { ModuleStats, moduleValueKind } from "#src/looking/module-stats.js";
import { graphSettings } from "#src/operations/graph/native.js";
import { MAYA_LAYOUT } from "#src/settings/graph-layout.js";
import { parseLayoutFile } from "#src/settings/graph-layout-file.js";
import { mutateBytes } from "../fuzz/mutate-bytes.js";
import { Random } from "../fuzz/random.js";
import { blockOf, type Entries, graphOf, idOf, textOf, values } from "../operations/graph/support.js";
import { SEED } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";

const TURNS = Number(process.env.KGDUMP_LOOKS ?? 150);

const addon = loadAddon("blocks") as LookingAddon;
const module: LookingAddon = { StatsBuilder: ModuleStats, EntrySearch: ModuleSearch, GraphBuilder: ModuleGraph, valueKind: moduleValueKind };

const EXPRESSIONS = ["a", "^node:", "[0-9]{3,}", "(?i)KNOWS|é", "\\bada\\b", "(?-u)\\xff", "\\w+\\d$", ".*x.*y", "(?s-u)^.{4}$", "(a|b)*c", "", "(", "[", "\\p{Greek}", "(?:a{500}){500}", "a{1000}{1000}"];
const WORDS = ["user", "edge", "ada", "é", "x1", "00095ffb-6bd4-45db-afdb-65be8a5835a6", "cafe01", "42", "", "KNOWS", "\0"];
const DOCUMENTS = ['{"a":1,"b":[true,null,"x"]}', '{"a":{"b":{"c":-1.5e9}}}', "[1,2,3]", "[[[[]]]]", '"text"', "12", '{"a":1,"a":"2"}', '{"id":"ada","n":18446744073709551616}', "{", "nul", "plain text\n", '{"\\u0061\\ud83d\\ude00":0}'];
const LAYOUTS = [MAYA_LAYOUT, ...["edges", "triples"].map((name) => parseLayoutFile(readFileSync(join("examples", "graph", `${name}.toml`), "utf8"), name))];

/** What a call gave, or how it failed. */
async function outcome(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    const { code, message } = addonError(error);
    return { code, message };
  }
}

function randomKey(random: Random): Buffer {
  const parts = Array.from({ length: 1 + random.below(3) }, () => (random.once(4) ? random.bytes(random.pick([1, 8, 16])) : Buffer.from(random.pick(WORDS))));
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.from(random.pick([":", "/", "_", "\0"]))]));
}

function randomValue(random: Random): Buffer | null {
  switch (random.below(6)) {
    case 0:
      return random.bytes(random.pick([0, 1, 2, 4, 8, 16, 40]));
    case 1:
      return random.once(3) ? null : Buffer.from("é".repeat(random.below(200)));
    case 2:
      return Buffer.from(new MsgpackWriter().map(1).str(random.pick(WORDS)).uint(random.next()).bytes());
    default:
      return random.once(5) ? mutateBytes(Buffer.from(random.pick(DOCUMENTS)), random) : Buffer.from(random.pick(DOCUMENTS));
  }
}

function blockOfEntries(entries: readonly (readonly [Buffer, Buffer | null])[]): Buffer {
  const writer = new MsgpackWriter();
  for (const [key, value] of entries) {
    writer.bin(key);
    if (value === null) writer.nil();
    else writer.bin(value);
  }
  return Buffer.from(writer.bytes());
}

const randomBlock = (random: Random): Buffer => {
  const block = blockOfEntries(Array.from({ length: random.below(60) }, () => [randomKey(random), randomValue(random)] as const));
  return random.once(8) ? mutateBytes(block, random) : block;
};

test("statistics of random blocks are the same", async (t) => {
  for (let turn = 0; turn < TURNS; turn += 1) {
    const random = new Random(SEED, turn);
    const grep = random.once(2) ? random.pick(EXPRESSIONS) : undefined;
    const settings: StatsSettings = { separator: random.once(3) ? Buffer.from(random.pick([":", "/", "é"])) : undefined, schema: random.once(2), largest: random.below(5), sample: random.below(7), seed: random.next(), grep, grepKeys: random.once(2), grepValues: !random.once(3) };
    const keyspaces = Array.from({ length: 1 + random.below(2) }, () => Array.from({ length: random.below(4) }, () => randomBlock(random)));
    const run = (by: LookingAddon): Promise<unknown> =>
      outcome(async () => {
        const told: unknown[] = [];
        const builder = new by.StatsBuilder(settings);
        for (const blocks of keyspaces) {
          // What is refused is left out, and the count goes on.
          for (const block of blocks) told.push(await outcome(() => builder.add(Buffer.from(block), block.length / 3)));
          told.push(await builder.finishKeyspace());
        }
        return [...told, builder.samples()];
      });
    t.deepEqual(await run(module), await run(addon), `SEED=${String(SEED)}, turn ${String(turn)}`);
  }
});

test("what is found in random blocks is the same", async (t) => {
  let found = 0;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const random = new Random(SEED, turn);
    const expression = random.pick(EXPRESSIONS);
    const blocks = Array.from({ length: 3 }, () => randomBlock(random));
    const most = random.pick([0, 1, 5, 1000]);
    const run = (by: LookingAddon): Promise<unknown> =>
      outcome(async () => {
        const search = new by.EntrySearch(expression);
        const told: unknown[] = [];
        for (const block of blocks) told.push(await outcome(() => search.find(Buffer.from(block), most)));
        return told;
      });
    const told = await run(addon);
    t.deepEqual(await run(module), told, `SEED=${String(SEED)}, turn ${String(turn)}`);
    if (Array.isArray(told)) found += told.flat().length;
  }
  t.true(found > 0);
});

test("kinds of random values are the same", (t) => {
  for (let turn = 0; turn < TURNS * 5; turn += 1) {
    const value = randomValue(new Random(SEED, turn)) ?? Buffer.alloc(0);
    t.is(module.valueKind(value), addon.valueKind(value), value.toString("hex"));
  }
});

/** A graph with something wrong here and there, in one of the layouts. */
function randomGraph(random: Random): Buffer {
  if (random.once(3)) {
    const entries = Array.from({ length: random.below(60) }, () => {
      const [a, b] = [random.pick(WORDS), `${random.pick(WORDS)}${"long".repeat(random.below(20))}`];
      const key = random.pick([`user/${a}`, `spo\0${a}\0${random.pick(WORDS)}\0${b}`, `follows/${random.bytes(8).toString("latin1")}`]);
      return [Buffer.from(key, "latin1"), random.once(3) ? randomValue(random) : Buffer.from(JSON.stringify({ kind: a, from: a, to: b, meta: { type: a, since: random.pick(["2024-05-01", 1_700_000_000, "x"]) } }))] as const;
    });
    return blockOfEntries(entries);
  }
  const nodes = 1 + random.below(12);
  const entries: Entries = graphOf(nodes, Array.from({ length: random.below(30) }, () => [random.below(nodes), random.below(nodes + 1)] as const));
  for (let times = random.below(4); times > 0; times -= 1) {
    const key = random.pick([...entries.keys()]);
    if (random.once(2)) entries.delete(key);
    else entries.set(random.once(3) ? `${key}x` : key, random.once(2) ? mutateBytes(entries.get(key) ?? Buffer.alloc(0), random) : values.list([1000, 77, 77]));
  }
  const block = Buffer.from(blockOf(entries));
  return random.once(10) ? mutateBytes(block, random) : block;
}

test("graphs are told the same, whatever is wrong with them, and compared the same, sorted in memory or in files", async (t) => {
  for (let turn = 0; turn < TURNS; turn += 1) {
    const random = new Random(SEED, turn);
    const settings = graphSettings(random.pick(LAYOUTS), tmpdir(), random.pick([undefined, 1, 3, 50]));
    const [blocks, others] = [0, 1].map(() => Array.from({ length: 1 + random.below(3) }, () => randomGraph(random)));
    const hubs = random.pick([undefined, 0, 3]);
    const run = async (by: LookingAddon): Promise<unknown> => {
      const [own, other] = [new by.GraphBuilder(settings), new by.GraphBuilder(settings)];
      const told: unknown[] = [];
      for (const [graph, added = []] of [[own, blocks], [other, others]] as const) {
        for (const block of added) told.push(await outcome(() => graph.add(Buffer.from(block))));
        await graph.finish(hubs);
      }
      told.push(await own.report(), await own.report(other), await other.report(own));
      for (const graph of [own, other, own]) graph.close();
      return told;
    };
    t.deepEqual(await run(module), await run(addon), `SEED=${String(SEED)}, turn ${String(turn)}`);
  }
});

/** What ids may be, by their form in keys: as a key has them, and as values do. */
const IDS: Readonly<Record<string, (number: number) => readonly [inKey: Buffer, text: string]>> = {
  uuid: (number) => [idOf(number), textOf(idOf(number))],
  "uuid-text": (number) => [Buffer.from(textOf(idOf(number))), textOf(idOf(number))],
  text: (number) => [Buffer.from(`id ${String(number)}`), `id ${String(number)}`],
};

for (const [nodeForm, node] of Object.entries(IDS)) {
  for (const [edgeForm, edge] of Object.entries(IDS)) {
    test(`a graph whose nodes have ids as ${nodeForm} and edges as ${edgeForm}`, async (t) => {
      const layout = parseLayoutFile(`[[nodes]]\nkey = "n:{${nodeForm}}"\n[[edges]]\nkey = "e:{${edgeForm}}"\nfrom = "from"\nto = "to"\n[[lists]]\nkey = "o:{${nodeForm}}"\nof = "from"\n[[lists]]\nkey = "i:{${nodeForm}}"\nof = "to"\n`, "x");
      const ends = [[0, 1], [1, 2], [2, 0], [0, 2]] as const;
      const entries: Entries = new Map();
      const put = (start: string, key: Buffer, value: unknown): unknown => entries.set(`${start}${key.toString("latin1")}`, Buffer.from(JSON.stringify(value)));
      for (const number of [0, 1, 2]) {
        put("n:", node(number)[0], {});
        for (const [start, side] of [["o:", 0], ["i:", 1]] as const) put(start, node(number)[0], ends.flatMap((pair, at) => (pair[side] === number ? [edge(at + 10)[1]] : [])));
      }
      for (const [at, [from, to]] of ends.entries()) put("e:", edge(at + 10)[0], { from: node(from)[1], to: node(to)[1] });
      const told = await Promise.all([addon, module].map(async (by) => {
        const graph = new by.GraphBuilder(graphSettings(layout, tmpdir()));
        await graph.add(Buffer.from(blockOf(entries)));
        await graph.finish(3);
        const report = await graph.report();
        graph.close();
        return report;
      }));
      const { kinds, ...counts } = JSON.parse(told[0] ?? "") as { readonly kinds: readonly { readonly count: number }[] };
      t.like(counts, { nodes: 3, edges: 4, lists: 6, others: 0 });
      t.true(kinds.every(({ count }) => count === 0), told[0]);
      t.is(told[1], told[0]);
    });
  }
}

const SORTED_IN_FILES = { ...graphSettings(MAYA_LAYOUT, ""), runRecords: 1 };

async function lookAt(settings: GraphSettings, edges: number): Promise<NativeGraph> {
  const graph = new ModuleGraph(settings);
  await graph.add(Buffer.from(blockOf(graphOf(3, Array.from({ length: edges }, (_, at) => [at % 3, 1] as const)))));
  return graph;
}

test("temporary files have no names, and are closed", async (t) => {
  const directory = await temporaryDirectory(t);
  const graph = await lookAt({ ...SORTED_IN_FILES, directory }, 20);
  const open = (): number => readdirSync("/proc/self/fd").length;
  t.deepEqual(readdirSync(directory), []);
  if (existsSync("/proc/self/fd")) {
    const before = open();
    graph.close();
    graph.close();
    t.true(open() < before);
  }
});

/** Files in a directory, without names too, that this process has open. */
function openIn(directory: string): string[] {
  return readdirSync("/proc/self/fd").map((name) => {
    try {
      return readlinkSync(join("/proc/self/fd", name));
    } catch {
      return "";
    }
  }).filter((path) => path.startsWith(directory));
}

test("of two graphs that are looked at together either may be closed while the other one is used, and with both their files are", async (t) => {
  for (const first of [0, 1] as const) {
    const directory = await temporaryDirectory(t);
    const graphs = [await lookAt({ ...SORTED_IN_FILES, directory }, 20), await lookAt({ ...SORTED_IN_FILES, directory }, 20)] as const;
    graphs[first].close();
    const rest = graphs[1 - first as 0 | 1];
    await rest.finish(1);
    t.regex(await rest.report(), /^\{"nodes":3,"edges":20,/, String(first));
    const later = await lookAt({ ...SORTED_IN_FILES, directory }, 20);
    await later.finish(1);
    // They are compared only by the module that has both.
    t.is(typeof await rest.report(later), "string");
    for (const graph of [rest, later]) graph.close();
    if (existsSync("/proc/self/fd")) t.deepEqual(openIn(directory), []);
  }
});

test("a directory that is not there is told, and the next graph is looked at", async (t) => {
  const directory = join(await temporaryDirectory(t), "none");
  await t.throwsAsync(() => lookAt({ ...SORTED_IN_FILES, directory }, 20), { code: "NOT_FOUND", message: /^making a file for the graph: no such file or directory/ });
  const graph = await lookAt({ ...SORTED_IN_FILES, directory: tmpdir() }, 20);
  await graph.finish(1);
  t.regex(await graph.report(), /^\{"nodes":3,"edges":20,/);
  graph.close();
});

test("two graphs are compared only where they were looked at together", async (t) => {
  const [one, other] = await Promise.all([lookAt({ ...SORTED_IN_FILES, directory: tmpdir() }, 2), temporaryDirectory(t).then((directory) => lookAt({ ...SORTED_IN_FILES, directory }, 2))]);
  await t.throwsAsync(() => one.report(other), { code: "INTERNAL" });
  for (const graph of [one, other]) graph.close();
});

test("the module is where packages have it, and small", (t) => {
  t.true(readFileSync(modulePath() ?? "").length < 200_000);
});
