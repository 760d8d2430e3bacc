/**
 * Many changed stores of each engine, read whole: RocksDB's tables without checksums, and sled's files with checksums that are right again. Each is read, or
 * refused by a code; where the engine's own code crashes, that is told with exit code 7 and the store's path.
 *
 * `KGDUMP_READS=n` tries so many of each engine, `SEED=n` others.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import type { RocksdbFamily } from "#src/engines/rocksdb/sink.js";
import { sledCheck, sledWrite } from "../checker/run.js";
import { mutateBytes } from "../fuzz/mutate-bytes.js";
import { Random } from "../fuzz/random.js";
import { makeStore, numbered } from "../support/stores.js";
import { SEED } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";
import type { Read } from "./hostile-reads-reader.js";
import { type Form, harm } from "./hostile-sled-files.js";

const READER = fileURLToPath(new URL("./hostile-reads-reader.js", import.meta.url));
const TURNS = Number(process.env.KGDUMP_READS ?? 200);
/** Who says nothing for so long hangs. */
const SILENCE_MS = 120_000;
/** Processor time that a small store may take, whatever is in it. */
const MOST_MS = 2000;

/** The process that reads; it is started again when it has ended. */
class Reader {
  #child: ChildProcessWithoutNullStreams | null = null;
  #lines: AsyncIterator<string> | null = null;
  #said = "";

  /** What became of a store; "crash" when that ended the process and was told; or what is wrong. */
  async read(store: string): Promise<{ readonly outcome: string } | { readonly wrong: string }> {
    const child = this.#start();
    const limit = setTimeout(() => child.kill("SIGKILL"), SILENCE_MS);
    child.stdin.write(`${store}\n`);
    const line = await this.#lines?.next();
    clearTimeout(limit);
    if (line !== undefined && line.done !== true) {
      const { code, message, taken } = JSON.parse(line.value) as Read;
      if (code === "INTERNAL" || /panic/i.test(message)) return { wrong: message };
      return taken > MOST_MS ? { wrong: `it takes ${taken.toFixed(0)} ms` } : { outcome: code ?? "read" };
    }
    await this.end();
    const said = this.#said;
    this.#said = "";
    if (child.exitCode === 7 && said.includes(store) && said.includes("STORE_DAMAGED")) return { outcome: "crash" };
    return { wrong: `the process ended by ${String(child.signalCode ?? child.exitCode)}: ${said}` };
  }

  #start(): ChildProcessWithoutNullStreams {
    if (this.#child !== null) return this.#child;
    const child = spawn(process.execPath, [READER]);
    child.stderr.on("data", (chunk: Buffer) => (this.#said += chunk.toString()));
    child.stdin.on("error", () => undefined);
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return (this.#child = child);
  }

  async end(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    child?.stdin.end();
    if (child !== null) await new Promise((done) => (child.exitCode === null && child.signalCode === null ? child.once("close", done) : setImmediate(done)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

/** Changes the store at a path, which is a copy of one of those that were made. */
type Change = (store: string, random: Random) => Promise<void>;

async function tryMany(t: ExecutionContext, made: readonly string[], change: Change): Promise<void> {
  t.timeout(24 * 60 * 60_000);
  const store = join(await temporaryDirectory(t), "store");
  const outcomes = new Map<string, number>();
  const wrong: string[] = [];
  await using reader = new Reader();
  for (let turn = 0; turn < TURNS; turn += 1) {
    const random = new Random(SEED, turn);
    await cp(random.pick(made), store, { recursive: true });
    await change(store, random);
    const found = await reader.read(store);
    if ("wrong" in found) wrong.push(`SEED=${String(SEED)}, number ${String(turn)}: ${found.wrong}`);
    else outcomes.set(found.outcome, (outcomes.get(found.outcome) ?? 0) + 1);
    if ("wrong" in found && TURNS > 1000) process.stderr.write(`${wrong.at(-1) ?? ""}\n`);
    if (TURNS > 1000 && (turn + 1) % 500 === 0) process.stderr.write(`${String(turn + 1)}: ${JSON.stringify(Object.fromEntries(outcomes))}\n`);
    await rm(store, { recursive: true });
  }
  t.log(`SEED=${String(SEED)}: ${JSON.stringify(Object.fromEntries(outcomes))}`);
  t.deepEqual(wrong, []);
  t.true((outcomes.get("STORE_DAMAGED") ?? 0) > 0);
}

const TABLES: readonly (readonly [RocksdbFamily["compression"], readonly [string, string][]])[] = [
  ["none", [["format_version", "5"]]],
  ["lz4", [["format_version", "5"], ["filter_policy", "bloomfilter:10:false"]]],
  ["zstd", [["format_version", "4"], ["index_type", "kTwoLevelIndexSearch"], ["partition_filters", "true"], ["filter_policy", "ribbonfilter:10"], ["metadata_block_size", "256"]]],
  ["snappy", [["format_version", "6"], ["data_block_index_type", "kDataBlockBinaryAndHash"], ["index_type", "kBinarySearchWithFirstKey"]]],
  ["none", [["format_version", "2"], ["block_restart_interval", "1"], ["enable_index_compression", "false"]]],
];

test(`changed tables without checksums are refused by a code, or end as a crash that is told, SEED=${String(SEED)}`, async (t) => {
  const directory = await temporaryDirectory(t);
  const made: string[] = [];
  for (const [index, [compression, options]] of TABLES.entries()) {
    const table = new Map([["checksum", "kNoChecksum"], ["block_size", "400"], ...options]);
    const families = ["default", "nodes"].map((name): RocksdbFamily => ({ name, compression, table }));
    made.push(await makeStore(directory, `tables${String(index)}`, { default: numbered("key", 200, "a value that is repeated"), nodes: numbered("n", 30) }, families));
  }
  await tryMany(t, made, async (store, random) => {
    const name = random.pick((await readdir(store)).filter((member) => member.endsWith(".sst")).sort());
    await writeFile(join(store, name), mutateBytes(await readFile(join(store, name)), random));
  });
});

test(`changed files of sled stores with right checksums are refused by a code, SEED=${String(SEED)}`, async (t) => {
  const directory = await temporaryDirectory(t);
  const forms: readonly Form[] = [{ compression: false, segment: 4096 }, { compression: true, segment: 8192 }];
  await mkdir(join(directory, "made"));
  const made = forms.map((_, index) => join(directory, "made", String(index)));
  for (const [index, { compression, segment }] of forms.entries()) {
    const options = { compression, config: { segment_size: String(segment) } };
    await sledWrite(made[index] ?? "", [`random ${String(SEED % 1000)} 100`, `fill 6b65 ${String(segment * 2)} 7`, "tree 00ff", "random 8 40"], options);
    await sledCheck(made[index] ?? "", options);
  }
  await tryMany(t, made, async (store, random) => {
    const form = forms[Number((await readFile(join(store, "conf"), "latin1")).includes("use_compression: true"))] ?? forms[0];
    if (form !== undefined) await harm(store, form, random);
  });
});
