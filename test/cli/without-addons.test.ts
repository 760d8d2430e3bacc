/** Without native code (KGDUMP_ADDON=none): all that reads dumps does what it does with it, and what needs more says so. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { CODEC_NAMES } from "#src/format/index.js";
import { graphOf, idOf, keys, storeOf, textOf } from "../operations/graph/support.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { assertOneError, type Ended, kgdump } from "./support/run.js";

const WITHOUT = { KGDUMP_ADDON: "none" } as const;

interface Made {
  readonly directory: string;
  readonly store: string;
  /** A dump in each codec. */
  readonly dumps: readonly string[];
}

async function made(t: ExecutionContext): Promise<Made> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 2000), edges: { a: "ab".repeat(40_000), b: "" } });
  const dumps: string[] = [];
  for (const codec of CODEC_NAMES) {
    const dump = join(directory, `${codec}.kgd`);
    t.is((await kgdump(["export", store, "-o", dump, "--codec", codec, "--block-size", "8KiB", "-q"])).code, 0);
    dumps.push(dump);
  }
  return { directory, store, dumps };
}

/** What was printed, without times. */
const printed = ({ code, stdout, stderr }: Ended): unknown => ({ code, stdout: stdout.toString().replace(/in [\d.]+ m?s( \([^)]*\))?/g, "in TIME").replace(/"(seconds|seed)": ?[\d.]+/g, ""), stderr });

test("dumps are inspected, verified and listed as with it", async (t) => {
  const { dumps } = await made(t);
  for (const dump of dumps) {
    for (const args of [["inspect"], ["inspect", "--check"], ["inspect", "--entries", "--limit", "50"], ["inspect", "--keys"], ["inspect", "--blocks", "--json"], ["inspect", "--get", "k0000042"], ["verify"], ["verify", "--json"]]) {
      const [command = "", ...rest] = args;
      const [own, other] = await Promise.all([kgdump([command, dump, ...rest], { env: WITHOUT }), kgdump([command, dump, ...rest])]);
      t.deepEqual(printed(own), printed(other), `${args.join(" ")} ${dump}`);
      t.not(own.stdout.length, 0);
    }
    const piped = await kgdump(["verify"], { env: WITHOUT, input: await readFile(dump) });
    t.is(piped.code, 0, piped.stderr);
  }
});

test("damage is found in the same place, and what is sound is kept", async (t) => {
  const { directory, dumps } = await made(t);
  for (const dump of dumps) {
    const bytes = await readFile(dump);
    for (const at of [0.2, 0.5, 0.8].map((part) => Math.floor(bytes.length * part))) bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
    const damaged = `${dump}.damaged`;
    await writeFile(damaged, bytes);
    const [own, other] = await Promise.all([kgdump(["verify", damaged], { env: WITHOUT }), kgdump(["verify", damaged])]);
    t.not(own.code, 0);
    t.deepEqual(printed(own), printed(other));
    const saved = [join(directory, "own.kgd"), join(directory, "other.kgd")] as const;
    const ended = await Promise.all(saved.map((output, place) => kgdump(["recover", damaged, "-o", output, "--force", "-q"], { env: { SOURCE_DATE_EPOCH: "1", ...(place === 0 ? WITHOUT : {}) } })));
    t.deepEqual(ended.map(({ code }) => code), [3, 3], ended[0]?.stderr);
    const entries = await Promise.all(saved.map(async (output) => (await kgdump(["inspect", output, "--entries", "--json"], { env: WITHOUT })).stdout.toString()));
    t.is(entries[0], entries[1]);
    t.true((entries[0]?.split("\n").length ?? 0) > 500);
  }
});

/** What is different in each run. */
const told = (ended: Ended): unknown => JSON.parse(JSON.stringify(printed(ended)).replace(/read in [\d.]+ m?s/g, "read in TIME").replace(/seed \d+/g, "seed N"));

test("statistics, graphs and reports are the same as with it, of dumps and of pipes", async (t) => {
  const { directory, dumps } = await made(t);
  const graph = graphOf(30, Array.from({ length: 90 }, (_, at) => [at % 30, (at * 7) % 29] as const));
  graph.delete(keys.node(3));
  const { dump } = await storeOf(directory, "graph", graph);
  const layout = join("examples", "graph", "edges.toml");
  const statistics = [["stats"], ["stats", "--json"], ["stats", "--csv"], ["stats", "--schema"], ["stats", "--schema", "--json"], ["stats", "--sample", "7", "--seed", "3", "--json"], ["stats", "--grep", "[0-9]{3}1|\\bPerson\\b", "--json"], ["stats", "--grep", "(", "--json"]];
  const graphs = [["graph"], ["graph", "--json"], ["graph", "--top", "3"], ["graph", "--layout", layout], ["graph", "--node", textOf(idOf(1)), "--depth", "2"], ["verify", "--graph"], ["verify", "--graph", "--json"]];
  const ways = [...[...statistics, ...graphs].map((args) => [dump, args] as const), ...dumps.map((path) => [path, ["stats", "--schema", "--json"]] as const)];
  for (const [path, [command = "", ...rest]] of ways) {
    const [own, other] = await Promise.all([kgdump([command, path, ...rest], { env: WITHOUT }), kgdump([command, path, ...rest])]);
    t.deepEqual(told(own), told(other), `${command} ${rest.join(" ")} ${path}`);
    t.not(`${own.stdout.toString()}${own.stderr}`, "");
  }
  for (const command of ["stats", "graph"]) {
    const input = await readFile(dump);
    const [own, other] = await Promise.all([kgdump([command], { env: WITHOUT, input }), kgdump([command], { input })]);
    t.deepEqual(told(own), told(other), command);
  }
  const pages = [join(directory, "own.html"), join(directory, "other.html")] as const;
  const ended = await Promise.all(pages.map((page, place) => kgdump(["report", dump, "-o", page], { env: { SOURCE_DATE_EPOCH: "1", ...(place === 0 ? WITHOUT : {}) } })));
  t.deepEqual(ended.map(({ code }) => code), [0, 0], ended[0]?.stderr);
  const [own = "", other = ""] = await Promise.all(pages.map((page) => readFile(page, "utf8")));
  t.is(own, other);
  t.true(own.length > 10_000);
});

test("what needs native code says so, and changes nothing", async (t) => {
  const { directory, store, dumps: [dump = ""] } = await made(t);
  const target = join(directory, "target");
  for (const args of [["export", store, "-o", target], ["import", target, "-i", dump], ["restore", target, "-i", dump], ["verify", dump, "--against", store], ["find", store, "k0000042"], ["stats", store], ["graph", store], ["recover", store, "-o", target], ["migrate", store]]) {
    const ended = await kgdump(args, { env: WITHOUT });
    assertOneError(t, ended, 1, "ADDON_MISSING");
    t.regex(ended.stderr, /KGDUMP_ADDON=none turns off[^]*run it again without KGDUMP_ADDON/, args.join(" "));
    await t.throwsAsync(readFile(target), { code: "ENOENT" });
  }
});

test("which native code there is, and that it is used, is told", async (t) => {
  const { dumps } = await made(t);
  const [all, none] = await Promise.all([kgdump(["--version", "-v"]), kgdump(["--version", "-v"], { env: WITHOUT })]);
  t.regex(all.stdout.toString(), /\nlz4: .*kgdump_blocks\.node\nzstd: @mongodb-js\/zstd\nstatistics: .*kgdump_blocks\.node\nRocksDB \d+\.\d+\.\d+: .*kgdump_rocksdb\.node\nsled 0\.34(?:\.\d+)?: .*kgdump_sled\.node\n$/);
  t.regex(none.stdout.toString(), /\nlz4: in JavaScript: .*\nzstd: in WebAssembly: .*\nstatistics: in WebAssembly: .*\nRocksDB: missing: .*\nsled: missing: .*\n$/);
  t.regex((await kgdump(["--version"], { env: WITHOUT })).stdout.toString(), /^kgdump .*\nlz4 in JavaScript, zstd in WebAssembly, statistics in WebAssembly, RocksDB missing, sled missing, Node [\d.]+ on /);
  for (const command of ["inspect", "verify"]) {
    t.regex((await kgdump([command, dumps[0] ?? "", "-v"], { env: WITHOUT })).stderr, /^decodes lz4 in JavaScript: .*\ndecodes zstd in WebAssembly: .*KGDUMP_ADDON\n$/);
    t.is((await kgdump([command, dumps[0] ?? "", "-v"])).stderr, "");
  }
  const wrong = await kgdump(["verify", dumps[1] ?? ""], { env: { KGDUMP_ADDON: "off" } });
  assertOneError(t, wrong, 2, "USAGE");
  t.regex(wrong.stderr, /KGDUMP_ADDON, 'off', can only be none/);
});
