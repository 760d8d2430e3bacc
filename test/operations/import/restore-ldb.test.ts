/** A restored store, read by RocksDB's own tool, which is years older than the library that wrote it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink, type RocksdbFamily } from "#src/engines/rocksdb/rocksdb.js";
import { encodeEntries, iterateEntries } from "#src/format/index.js";
import { openDump } from "#src/operations/dump/open-dump.js";
import { nameText } from "#src/operations/entries/keyspaces.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { blockOf, graphOf } from "../graph/support.js";

const run = promisify(execFile);

type Tools = Record<string, { readonly command: string; readonly version: string; readonly missing: string } | undefined>;

/** Installed once, however many tests want it. */
let tools: Promise<Tools> | undefined;

async function prepare(): Promise<Tools> {
  const { prepareTools } = (await import(pathToFileURL(join(process.cwd(), "bench", "tools.mjs")).href)) as { prepareTools: (wanted: readonly string[]) => Promise<Tools> };
  return prepareTools(["ldb"]);
}

/** The program; null, which is logged, when it can't be had. */
async function findLdb(t: ExecutionContext): Promise<string | null> {
  tools ??= prepare();
  const { ldb } = await tools;
  if (ldb === undefined || ldb.command === "") {
    t.log(`SKIPPED: RocksDB's tool ldb can't be had here: ${ldb?.missing ?? ""}`);
    t.pass();
    return null;
  }
  t.log(`ldb of RocksDB ${ldb.version}`);
  return ldb.command;
}

/** Tables as RocksDB 8, which the service uses, writes them: LZ4, blocks of 16 KiB. */
const LIKE_MAYA = "block_based_table_factory={format_version=5;block_size=16384;filter_policy=bloomfilter:10:false}";

/** The families, entries of each, as the service keeps them; one in reverse order. */
const FAMILIES: readonly RocksdbFamily[] = [
  ...["default", "nodes", "edges", "indices"].map((name) => ({ name, compression: "lz4" as const, options: LIKE_MAYA })),
  { name: "newest", compression: "lz4", options: LIKE_MAYA, comparator: "reverse-bytewise" },
];

async function makeStore(path: string): Promise<void> {
  const graph = graphOf(40, Array.from({ length: 120 }, (_, i) => [i % 40, (i * 7 + 3) % 40] as const));
  const odd = new Map([["\x00", Buffer.from("zero")], ["odd:empty", Buffer.alloc(0)], ["odd:big", Buffer.alloc(1024 * 1024, 0xa5)], ["\xff\xff", Buffer.from("ff")], ["odd\n\x1b[31m", Buffer.from([0, 10, 255])]]);
  const numbers = new Map(Array.from({ length: 500 }, (_, i) => [`t${i.toString().padStart(4, "0")}`, Buffer.from(`time ${i.toString()}`)]));
  const byPrefix = (prefix: string): Map<string, Buffer> => new Map([...graph].filter(([key]) => key.startsWith(prefix)));
  const content = { default: odd, nodes: byPrefix("node:"), edges: byPrefix("edge:"), indices: byPrefix("node_edges:") };
  await using sink = await createRocksdbSink(path, { families: FAMILIES });
  for (const [name, entries] of Object.entries(content)) await sink.apply(Buffer.from(name), blockOf(entries), "overwrite");
  const reversed = encodeEntries([...iterateEntries(blockOf(numbers))].reverse());
  await sink.apply(Buffer.from("newest"), reversed, "overwrite");
  await sink.flush();
}

/** The entries of a dump's keyspace as ldb writes them with --hex. */
async function expected(dump: string, family: string, between: string): Promise<string> {
  const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString("hex").toUpperCase()}`;
  await using opened = await openDump(dump);
  let text = "";
  for await (const { key, value } of opened.entries({ keyspace: family })) text += `${hex(key)} ${between} ${hex(value ?? Buffer.alloc(0))}\n`;
  return text;
}

async function readByLdb(t: ExecutionContext, ldb: string, store: string, dump: string): Promise<void> {
  const ask = async (...args: string[]): Promise<string> =>
    (await run(ldb, [`--db=${store}`, "--ignore_unknown_options", ...args], { maxBuffer: 64 * 1024 * 1024 })).stdout;
  t.is((await ask("checkconsistency")).trim(), "OK");
  const names = /\{(.*)\}/.exec((await run(ldb, ["list_column_families", `--db=${store}`])).stdout)?.[1]?.split(", ") ?? [];
  t.deepEqual([...names].sort(), FAMILIES.map(({ name }) => nameText(Buffer.from(name))).sort());
  for (const name of names) {
    t.is(await ask(`--column_family=${name}`, "scan", "--hex"), await expected(dump, name, ":"), name);
    const dumped = await ask(`--column_family=${name}`, "dump", "--hex");
    t.is(dumped.replace(/^Keys in range: \d+\n/m, ""), await expected(dump, name, "==>"), name);
  }
}

test("ldb reads in a restored store what the dump holds, entry by entry", async (t) => {
  const ldb = await findLdb(t);
  if (ldb === null) return;
  const directory = await temporaryDirectory(t);
  const [store, dump, restored] = [join(directory, "store"), join(directory, "a.kgd"), join(directory, "restored")];
  await makeStore(store);
  await exportStore({ store, output: dump });
  await restoreDump({ target: restored, input: dump });
  await readByLdb(t, ldb, restored, dump);
});

test("ldb reads what came back from sled, with the families of the original", async (t) => {
  const ldb = await findLdb(t);
  if (ldb === null) return;
  const directory = await temporaryDirectory(t);
  const [store, dump, sled, back, restored] = ["store", "a.kgd", "sled", "b.kgd", "restored"].map((name) => join(directory, name)) as [string, string, string, string, string];
  await makeStore(store);
  await exportStore({ store, output: dump });
  await importDump({ target: sled, input: dump });
  await exportStore({ store: sled, output: back });
  await restoreDump({ target: restored, input: back, optionsFrom: dump });
  await readByLdb(t, ldb, restored, dump);
});
