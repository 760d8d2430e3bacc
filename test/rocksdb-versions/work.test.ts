/**
 * Stores that kgdump wrote, at work under RocksDB's own libraries, old and new: random work with snapshots, transactions and compactions
 * from the first moment on, compared with a model.
 *
 * KGDUMP_ROCKSDB_VERSIONS names the versions (`all`, or `6.29.5,9.1.1`), KGDUMP_WORK_SECONDS how long each way of writing is tried, SEED
 * what is random.
 */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { loggedSeed } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";
import { run, versionsFor } from "./versions.js";
import { WAYS, type Written } from "./ways.js";

const KINDS = ["plain", "pessimistic", "optimistic"] as const;
const SECONDS = Number(process.env.KGDUMP_WORK_SECONDS ?? 3);
const STEPS = 60;

/** What the program lists of a copy of a store, so that the store itself stays as it is. */
async function listed(t: ExecutionContext, work: string, library: string, store: string, reversed: readonly string[]): Promise<string[]> {
  const copy = join(await temporaryDirectory(t), "copy");
  await cp(store, copy, { recursive: true });
  return (await run(work, [library, "list", copy, ...reversed])).trim().split("\n").sort();
}

async function tryOut(t: ExecutionContext, { store, original, reversed }: Written): Promise<void> {
  const { work, versions } = await versionsFor(t);
  const copy = join(await temporaryDirectory(t), "store");
  const first = loggedSeed(t);
  const able: typeof versions[number][] = [];
  for (const each of versions) {
    const { library, version } = each;
    // A store that a version can't read has a restored one that it can't read either.
    const before = await listed(t, work, library, original ?? store, reversed).catch((error: unknown) => {
      if (String(error).includes("unsupported format_version")) return null;
      throw error;
    });
    if (before === null) {
      t.log(`RocksDB ${version} can't read the original`);
      continue;
    }
    able.push(each);
    t.deepEqual(await listed(t, work, library, store, reversed), before, version);
  }
  const end = performance.now() + SECONDS * 1000;
  // Each version and kind once at least.
  const rounds = able.flatMap(({ library }) => KINDS.map((kind) => ({ library, kind })));
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
