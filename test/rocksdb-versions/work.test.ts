/**
 * Stores that kgdump wrote, at work under RocksDB's own libraries, old and new: random work with snapshots, transactions and compactions
 * from the first moment on, compared with a model.
 *
 * KGDUMP_ROCKSDB_VERSIONS names the versions (`all`, or `6.29.5,9.1.1`), KGDUMP_WORK_SECONDS how long each way of writing is tried, SEED
 * what is random.
 */
import { execFile } from "node:child_process";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { openRocksdbSource } from "#src/engines/rocksdb.js";
import { temporaryDirectory } from "../support/temporary.js";
import { WAYS, type Written } from "./ways.js";

interface Scripts {
  readonly VERSIONS: readonly string[];
  readonly prepareVersions: (versions: readonly string[]) => Promise<readonly Version[]>;
  readonly prepareWork: () => Promise<string>;
}

interface Version {
  readonly version: string;
  readonly library: string;
  readonly missing: string;
}

const KINDS = ["plain", "pessimistic", "optimistic"] as const;
/** What is tried when nobody asks for more: one that loses records of stores at sequence number 0, and the newest. */
const USUAL = ["8.11.4", "10.10.1"];
const SECONDS = Number(process.env.KGDUMP_WORK_SECONDS ?? 4);
const STEPS = 60;

/** Got once, however many tests want them. */
let ready: Promise<{ work: string; versions: readonly Version[] }> | undefined;

async function prepare(): Promise<{ work: string; versions: readonly Version[] }> {
  const scripts = (await import(pathToFileURL(join(process.cwd(), "scripts", "rocksdb-versions.mjs")).href)) as Scripts;
  const asked = process.env.KGDUMP_ROCKSDB_VERSIONS;
  const wanted = asked === "all" ? scripts.VERSIONS : (asked?.split(",") ?? USUAL);
  return { versions: await scripts.prepareVersions(wanted), work: await scripts.prepareWork() };
}

/** The program and the versions that are to be had; the others are logged. */
async function versionsFor(t: ExecutionContext): Promise<{ work: string; versions: readonly Version[] }> {
  const { work, versions } = await (ready ??= prepare());
  for (const { version, missing } of versions) if (missing !== "") t.log(`SKIPPED: RocksDB ${version}: ${missing}`);
  return { work, versions: versions.filter(({ missing }) => missing === "") };
}

/** Runs the program; its output. */
async function run(work: string, args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(work, args, { maxBuffer: 16 * 1024 * 1024 })).stdout;
  } catch (error) {
    const said = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    throw new Error(`${args.join(" ")}: ${said.trim() || String(error)}`, { cause: error });
  }
}

/** What the program lists of a copy of a store, so that the store itself stays as it is. */
async function listed(t: ExecutionContext, work: string, library: string, store: string, reversed: readonly string[]): Promise<string[]> {
  const copy = join(await temporaryDirectory(t), "copy");
  await cp(store, copy, { recursive: true });
  return (await run(work, [library, "list", copy, ...reversed])).trim().split("\n").sort();
}

async function tryOut(t: ExecutionContext, { store, original, reversed }: Written): Promise<void> {
  const { work, versions } = await versionsFor(t);
  const copy = join(await temporaryDirectory(t), "store");
  const first = Number(process.env.SEED ?? Math.floor(Math.random() * 0x7fff_ffff));
  t.log(`SEED=${first.toString()}`);
  for (const { library, version } of versions) {
    if (original !== null) t.deepEqual(await listed(t, work, library, store, reversed), await listed(t, work, library, original, reversed), version);
  }
  const end = performance.now() + SECONDS * 1000;
  // Each version and kind once at least.
  const rounds = versions.flatMap(({ library }) => KINDS.map((kind) => ({ library, kind })));
  let seed = first;
  for (let done = 0; rounds.length > 0 && (done < rounds.length || performance.now() < end); done++, seed++) {
    const { library = "", kind = "" } = rounds[done % rounds.length] ?? {};
    await cp(store, copy, { recursive: true });
    await run(work, [library, "work", copy, kind, seed.toString(), STEPS.toString(), ...reversed]);
    await rm(copy, { recursive: true });
  }
  t.log(`${(seed - first).toString()} rounds of work`);
}

for (const [name, way] of Object.entries(WAYS)) {
  test(`a store works under old and new RocksDB: ${name}`, async (t) => {
    t.timeout(SECONDS * 1000 + 280_000);
    const written = await way(t);
    {
      await using source = await openRocksdbSource(written.store);
      t.true((source.info.sequenceNumber ?? 0n) > 0n);
    }
    await tryOut(t, written);
  });
}

test("the work finds what is lost from a store at sequence number 0", async (t) => {
  const { work, versions } = await versionsFor(t);
  for (const { library, version } of versions) {
    const store = join(await temporaryDirectory(t), "store");
    let found = 0;
    // What seeds do is the same on all machines.
    for (let seed = 1; seed <= 8; seed++) {
      await run(work, [library, "zero", store, seed.toString()]);
      found += await run(work, [library, "work", store, "plain", seed.toString(), "30"]).then(() => 0, (error: unknown) => (String(error).includes("FAILED: family") ? 1 : 0));
      await rm(store, { recursive: true });
    }
    t.true(found > 0, version);
  }
});
