/**
 * Which keys may have changed since a mark, against whole contents: whatever a real writer does between two points of a store's life,
 * each key that differs is told, or that it is not clear.
 *
 * `SEED=n` repeats a round, `KGDUMP_CHANGES=n` runs more of them.
 */
import { link, readdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink, openRocksdbSource, type RocksdbSink, type RocksdbSinkOptions, type RocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import type { StoreMark } from "#src/engines/store.js";
import { loggedSeed, REPEATED } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { StoreLife } from "./changed-life.js";
import { binsOf, contentOf, differencesOf, faultsOf, rangesFault, type Content } from "./changed-support.js";
import { randomNumbers } from "./live-support.js";
import { bytes, entriesOf, numbered, putEntries } from "./support.js";

const ROUNDS = Number(process.env.KGDUMP_CHANGES ?? 60);

interface Changes {
  readonly unclear: string | null;
  readonly told: ReadonlyMap<string, readonly string[]>;
}

interface Steps {
  readonly options?: RocksdbSinkOptions;
  readonly laterOptions?: RocksdbSinkOptions;
  readonly before: (sink: RocksdbSink) => Promise<void>;
  readonly after: (sink: RocksdbSink) => Promise<void>;
  /** The writer is closed before the mark is made, and opened again behind it. */
  readonly reopen?: boolean;
}

/** What is told when a writer goes on after a mark. */
async function changesOf(t: ExecutionContext, { options = {}, laterOptions, before, after, reopen }: Steps): Promise<Changes> {
  const path = join(await temporaryDirectory(t), "store");
  let sink = await createRocksdbSink(path, options);
  await before(sink);
  await sink.flushLog();
  if (reopen === true || laterOptions !== undefined) await sink.close();
  const marked = await openRocksdbSource(path);
  const old = await contentOf(marked);
  if (reopen === true || laterOptions !== undefined) sink = await createRocksdbSink(path, laterOptions ?? options);
  await after(sink);
  await sink.close();
  await using source = await openRocksdbSource(path);
  const changed = await source.changedSince(marked.mark());
  await marked.close();
  if ("unclear" in changed) return { unclear: changed.unclear, told: new Map() };
  const told = new Map(source.info.keyspaces.map(({ name }, index) => [Buffer.from(name).toString(), binsOf(changed.keys[index] ?? Buffer.alloc(0))]));
  t.deepEqual(faultsOf(old, await contentOf(source), source, told), []);
  return { unclear: null, told };
}

const put = (sink: RocksdbSink, entries: Record<string, string>, family = "default"): Promise<void> =>
  sink.operate(family, Object.entries(entries).map(([key, value]) => ({ kind: "put", key: bytes(key), value: bytes(value) })));
const remove = (sink: RocksdbSink, ...keys: string[]): Promise<void> => sink.operate("default", keys.map((key) => ({ kind: "delete", key: bytes(key) })));
const bulk = (sink: RocksdbSink): Promise<void> => put(sink, Object.fromEntries(numbered(400)));

for (const reopen of [false, true]) {
  for (const flush of [false, true]) {
    test(`puts and deletions are told${flush ? ", flushed" : ""}${reopen ? ", by a writer that opened the store anew" : ""}`, async (t) => {
      const { unclear, told } = await changesOf(t, {
        reopen,
        before: async (sink) => {
          await bulk(sink);
          await sink.flush();
          await put(sink, { logged: "1", "logged too": "2" });
        },
        after: async (sink) => {
          await put(sink, { key00007: "other", new: "n", "": "empty" });
          await remove(sink, "key00009", "logged", "absent");
          if (flush) await sink.flush();
        },
      });
      t.is(unclear, null);
      const wanted = ["", "absent", "key00007", "key00009", "logged", "new"];
      t.deepEqual(told.get("default")?.filter((key) => key !== "logged too"), wanted);
      // What was in the log, and is in a table now as it was, has not changed.
      t.false(told.get("default")?.includes("logged too"));
    });
  }
}

for (const databaseOptions of ["wal_compression=kZSTD", "allow_2pc=true", "recycle_log_file_num=2", "track_and_verify_wals=true", "track_and_verify_wals_in_manifest=true"]) {
  for (const flush of [false, true]) {
    test(`puts and deletions are told with ${databaseOptions}${flush ? ", flushed" : ""}`, async (t) => {
      const { unclear, told } = await changesOf(t, {
        options: { databaseOptions },
        before: async (sink) => {
          await bulk(sink);
          await sink.flush();
          await put(sink, { logged: "1" });
        },
        after: async (sink) => {
          await put(sink, { key00007: "other", new: "n" });
          await remove(sink, "key00009", "logged");
          if (flush) await sink.flush();
        },
      });
      t.is(unclear, null);
      t.deepEqual(told.get("default"), ["key00007", "key00009", "logged", "new"]);
    });
  }
}

test("not clear: a log whose file was written over", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "store");
  await putEntries(path, numbered(400));
  await putEntries(path, [["logged", "1"]], { flush: false });
  const [name] = (await readdir(path)).filter((file) => file.endsWith(".log"));
  const marked = await openRocksdbSource(path);
  await link(join(path, name ?? ""), join(directory, "kept"));
  await putEntries(path, [["a", "1"]]);
  await truncate(join(directory, "kept"));
  await using source = await openRocksdbSource(path);
  t.deepEqual(await source.changedSince(marked.mark()), { unclear: "a log was written over" });
  await marked.close();
});

test("keys that were in the log only, and left no trace when they were removed, are told", async (t) => {
  const { unclear, told } = await changesOf(t, {
    options: { families: ["other"] },
    before: async (sink) => {
      await put(sink, Object.fromEntries(numbered(400)), "other");
      await sink.flush();
      await put(sink, { a: "1", b: "2", c: "3" });
    },
    after: async (sink) => {
      await remove(sink, "a", "b");
      await sink.flush();
      // The removals have nothing below them, and go.
      await sink.compact("default");
    },
  });
  t.is(unclear, null);
  t.deepEqual(told.get("default")?.slice(0, 2), ["a", "b"]);
});

test("removals that are in a table with nothing else leave none", async (t) => {
  const { unclear, told } = await changesOf(t, {
    options: { families: ["other"] },
    before: async (sink) => {
      await put(sink, Object.fromEntries(numbered(400)), "other");
      await sink.flush();
      await put(sink, { a: "1" });
    },
    after: async (sink) => {
      await remove(sink, "a");
      await sink.flush();
      await sink.compact("default");
      await sink.flush();
    },
  });
  t.is(unclear, null);
  t.deepEqual(told.get("default"), ["a"]);
});

test("keys that are written over where they are in memory are not taken for those that were there", async (t) => {
  const { unclear } = await changesOf(t, {
    options: { options: "inplace_update_support=true", databaseOptions: "allow_concurrent_memtable_write=false" },
    before: async (sink) => {
      await bulk(sink);
      await sink.flush();
      await put(sink, { a: "first" });
    },
    after: async (sink) => {
      await put(sink, { a: "later" });
      await sink.flush();
    },
  });
  t.is(unclear, "values are changed in place");
});

const UNCLEAR: readonly (readonly [what: string, reason: string, steps: Partial<Steps>])[] = [
  [
    "a range that was removed, in the log",
    "ranges of keys were removed",
    { after: (sink) => sink.operate("default", [{ kind: "deleteRange", from: bytes("key00003"), to: bytes("key00005") }]) },
  ],
  [
    "a range that was removed, in a table",
    "ranges of keys were removed",
    {
      after: async (sink) => {
        await sink.operate("default", [{ kind: "deleteRange", from: bytes("key00003"), to: bytes("key00005") }]);
        await sink.flush();
      },
    },
  ],
  [
    "tables that were compacted",
    "table files were compacted",
    {
      after: async (sink) => {
        await put(sink, { key00003: "x" });
        await sink.flush();
        await sink.compact("default");
      },
    },
  ],
  ["a new family", "families were made or dropped", { laterOptions: { families: ["more"] } }],
  ["writes in no order", "its log is not in the order of its writes", { options: { databaseOptions: "unordered_write=true" } }],
  ["writes in two queues", "its log is not in the order of its writes", { options: { databaseOptions: "two_write_queues=true" } }],
  ["values that are changed in place", "values are changed in place", { options: { options: "inplace_update_support=true", databaseOptions: "allow_concurrent_memtable_write=false" } }],
  ["a compaction filter", "a compaction filter may drop entries", { options: { options: "compaction_filter=RemoveEmptyValueCompactionFilter" } }],
  ["more new than old", "much was written", { after: async (sink) => { await put(sink, Object.fromEntries(numbered(2000, 1000))); await sink.flush(); } }],
];

for (const [what, reason, steps] of UNCLEAR) {
  test(`not clear: ${what}`, async (t) => {
    const { unclear } = await changesOf(t, {
      before: async (sink) => {
        await bulk(sink);
        await sink.flush();
      },
      after: async () => undefined,
      ...steps,
    });
    t.is(unclear, reason);
  });
}

test("not clear: a store that was opened so often that its options are not known", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(5000));
  const marked = await openRocksdbSource(path);
  await putEntries(path, [["a", "1"]], { flush: false, options: "inplace_update_support=true", databaseOptions: "allow_concurrent_memtable_write=false" });
  for (let time = 0; time < 3; time++) await putEntries(path, [["b", String(time)]], { flush: false });
  await using source = await openRocksdbSource(path);
  t.deepEqual(await source.changedSince(marked.mark()), { unclear: "it was opened several times" });
  await marked.close();
});

test("not clear: a store with OPTIONS that nobody can read", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(5000));
  const marked = await openRocksdbSource(path);
  await putEntries(path, [["a", "1"]], { flush: false });
  const newest = (await readdir(path)).filter((name) => name.startsWith("OPTIONS-")).sort().at(-1) ?? "";
  await truncate(join(path, newest), 40);
  await using source = await openRocksdbSource(path);
  t.deepEqual(await source.changedSince(marked.mark()), { unclear: "it was opened several times" });
  await marked.close();
});

test("not clear: another store", async (t) => {
  const directory = await temporaryDirectory(t);
  await putEntries(join(directory, "a"), numbered(10));
  await putEntries(join(directory, "b"), numbered(10));
  await using one = await openRocksdbSource(join(directory, "a"));
  await using other = await openRocksdbSource(join(directory, "b"));
  t.deepEqual(await one.changedSince(other.mark()), { unclear: "it is not the same database" });
  t.deepEqual(await one.changedSince(one.mark()), { keys: [Buffer.alloc(0)] });
});

/** One life of a store: a mark is made somewhere, and what is told at the end is compared. */
async function round(t: ExecutionContext, seed: number): Promise<string> {
  const random = randomNumbers(seed);
  const directory = await temporaryDirectory(t);
  await using life = new StoreLife(directory, random);
  await life.begin();
  const steps = random(14);
  for (let step = 0; step < steps; step++) await life.step();
  const path = life.path;
  if (random(3) === 0) await life.close();
  else await life.handOver();
  let marked: RocksdbSource;
  let mark: StoreMark;
  try {
    marked = await openRocksdbSource(path);
    mark = marked.mark();
  } catch (error) {
    // Writes without a log leave holes in its numbers: such a store is refused until it is flushed.
    if ((error as { code?: string }).code !== "STORE_LOG_DAMAGED" || !life.holes) throw error;
    return "refused at the mark";
  }
  let old: Content;
  try {
    old = await contentOf(marked);
    // A store that is opened more than once is not clear; that is the end of most rounds then.
    if (random(4) > 0) life.openings = random(2);
    for (let step = random(14); step > 0; step--) await life.step();
    await life.close();
  } finally {
    await marked.close();
  }
  let source: RocksdbSource;
  try {
    source = await openRocksdbSource(path);
  } catch (error) {
    if ((error as { code?: string }).code !== "STORE_LOG_DAMAGED" || !life.holes) throw error;
    return "refused at the end";
  }
  try {
    const changed = await source.changedSince(mark);
    if ("unclear" in changed) return changed.unclear;
    const now = await contentOf(source);
    const told = new Map(source.info.keyspaces.map(({ name }, index) => [Buffer.from(name).toString(), binsOf(changed.keys[index] ?? Buffer.alloc(0))]));
    t.deepEqual(faultsOf(old, now, source, told), [], `SEED=${seed}: ${life.story.join(", ")}`);
    t.is(await rangesFault(source, now, random), null, `SEED=${seed}`);
    return differencesOf(old, now) > 0 ? "keys, some changed" : "keys, none changed";
  } finally {
    await source.close();
  }
}

test("whatever a writer does, no changed key is left out", async (t) => {
  t.timeout(120_000 + ROUNDS * 3000);
  const first = loggedSeed(t);
  const outcomes = new Map<string, number>();
  for (let index = 0; index < (REPEATED ? 1 : ROUNDS); index++) {
    const outcome = await round(t, first + index).catch((error: unknown) => {
      t.log(`SEED=${first + index}`);
      throw error;
    });
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  t.log(`SEED=${first}`, Object.fromEntries(outcomes));
  t.true(outcomes.size > 0);
  if (ROUNDS >= 60 && !REPEATED) t.true((outcomes.get("keys, some changed") ?? 0) * 5 >= ROUNDS, "too few rounds tell keys");
});

test("what compares contents sees keys that are left out, doubled or out of place", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, [["b", "1"], ["c", "2"]]);
  await using source = await openRocksdbSource(path);
  const now = await contentOf(source);
  t.deepEqual(await entriesOf(source, "default"), [["b", "1"], ["c", "2"]]);
  const old: Content = new Map([["default", new Map([["a", "0"], ["b", "0"], ["c", "2"]])]]);
  const faults = (keys: string[]): string[] => faultsOf(old, now, source, new Map([["default", keys]]));
  t.deepEqual(faults(["a", "b"]), []);
  t.deepEqual(faults(["a", "b", "c"]), []);
  t.is(faults(["a"]).length, 1);
  t.is(faults(["b"]).length, 1);
  t.is(faults(["b", "a"]).length, 1);
  t.is(faults(["a", "b", "b"]).length, 1);
});
