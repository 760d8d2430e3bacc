/** Families with a time to live: a restore puts times behind the values of a dump that was made without them, or says what it does not know. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openSledSink } from "#src/engines/sled/sled.js";
import type { EntryLoader, EntrySink } from "#src/engines/store.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries, iterateEntries } from "#src/format/index.js";
import { openDump } from "#src/operations/dump/open-dump.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { checkedTime, timingComparison, timingLoader, withTimes } from "#src/operations/import/times.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { journalPath } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { entry, header, keyspace, makeDump } from "../../format/support/dumps.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const TIME = 1_800_000_000;

/** Digests of a store's families when it is read with times, or without. */
async function digestsOf(t: ExecutionContext, store: string, ttl: "strip" | "keep"): Promise<string[]> {
  const output = join(await temporaryDirectory(t), "dump.kgd");
  const { keyspaces } = await exportStore({ store, output, ttl });
  return keyspaces.map(({ name, digest }) => `${Buffer.from(name).toString()} ${digest}`);
}

/** The last four bytes of all values of a store, each once. */
async function timesOf(t: ExecutionContext, store: string): Promise<number[]> {
  const output = join(await temporaryDirectory(t), "dump.kgd");
  await exportStore({ store, output, ttl: "keep" });
  await using dump = await openDump(output);
  const times = new Set<number>();
  for (const { name } of dump.header.keyspaces) for await (const { value } of dump.entries({ keyspace: name })) times.add(Buffer.from(value ?? []).readUInt32LE((value?.length ?? 4) - 4));
  return [...times];
}

test("values that were exported without times get one behind them, and those with times keep theirs", async (t) => {
  const store = await unpackStore(t, "odd-ttl");
  const directory = await temporaryDirectory(t);
  const [stripped, kept] = [join(directory, "stripped.kgd"), join(directory, "kept.kgd")];
  await exportStore({ store, output: stripped, ttl: "strip", createdAt: new Date((TIME - 1000) * 1000) });
  await exportStore({ store, output: kept, ttl: "keep" });
  for (const [name, ttlTime, time] of [["dump", undefined, TIME - 1000], ["asked", TIME, TIME]] as const) {
    const target = join(directory, name);
    t.deepEqual((await restoreDump({ target, input: stripped, ttlTime })).warnings, []);
    t.deepEqual(await digestsOf(t, target, "strip"), await digestsOf(t, store, "strip"));
    t.deepEqual(await timesOf(t, target), [time]);
  }
  const target = join(directory, "kept");
  await restoreDump({ target, input: kept });
  t.deepEqual(await digestsOf(t, target, "keep"), await digestsOf(t, store, "keep"));
});

test("what was written to sled comes back with times", async (t) => {
  const store = await unpackStore(t, "odd-ttl");
  await migrateStore({ source: store, keepDump: false, ttl: "strip" });
  {
    await using sink = await openSledSink(store, { create: false });
    await sink.apply(Buffer.from("default"), encodeEntries([{ key: Buffer.from("new"), value: Buffer.from("1") }]), "overwrite");
    await sink.flush();
  }
  const dump = join(await temporaryDirectory(t), "sled.kgd");
  const { keyspaces } = await exportStore({ store, output: dump });
  await rollbackStore({ target: store, carryBack: true });
  t.deepEqual((await digestsOf(t, store, "strip")).sort(), keyspaces.map(({ name, digest }) => `${Buffer.from(name).toString()} ${digest}`).sort());
  t.is((await timesOf(t, store)).length, 1);
});

test("a journal that does not say what was done with the times is compared with the original", async (t) => {
  for (const ttl of ["strip", "keep"] as const) {
    const store = await unpackStore(t, "odd-ttl");
    await migrateStore({ source: store, keepDump: false, ttl });
    {
      await using sink = await openSledSink(store, { create: false });
      await sink.apply(Buffer.from("default"), encodeEntries([{ key: Buffer.from("new"), value: Buffer.from([1, 0, 0, 0, 90]) }]), "overwrite");
      await sink.flush();
    }
    const [dump, path] = [join(await temporaryDirectory(t), "sled.kgd"), journalPath(store)];
    const { keyspaces } = await exportStore({ store, output: dump });
    await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, "utf8")) as object), ttl: undefined }));
    await rollbackStore({ target: store, carryBack: true });
    t.deepEqual((await digestsOf(t, store, ttl)).sort(), keyspaces.map(({ name, digest }) => `${Buffer.from(name).toString()} ${digest}`).sort(), ttl);
  }
});

test("a journal that fits neither way, or both, refuses to guess, and the way that it names works", async (t) => {
  const store = await unpackStore(t, "odd-ttl");
  await migrateStore({ source: store, keepDump: false, ttl: "strip" });
  const path = journalPath(store);
  const { keyspaces, ...journal } = JSON.parse(await readFile(path, "utf8")) as { keyspaces: { digest: string }[]; backup: string };
  // Of what was empty, nothing tells how it was read.
  for (const told of [keyspaces.map((keyspace) => ({ ...keyspace, digest: "0".repeat(64) })), []]) {
    await writeFile(path, JSON.stringify({ ...journal, ttl: undefined, keyspaces: told }));
    const error = await t.throwsAsync(rollbackStore({ target: store, carryBack: true }), { instanceOf: KgdumpError, code: "STORE_TTL" });
    t.regex(error.hint ?? "", /kgdump restore.*--options-from.*--ttl strip/);
  }
  const directory = await temporaryDirectory(t);
  const [dump, restored] = [join(directory, "back.kgd"), join(directory, "restored")];
  await exportStore({ store, output: dump });
  await restoreDump({ target: restored, input: dump, optionsFrom: journal.backup, ttl: "strip" });
  t.deepEqual(await digestsOf(t, restored, "strip"), await digestsOf(t, journal.backup, "strip"));
});

test("a wrong clock is no matter where no value needs a time", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: { a: "1" } });
  const dump = join(directory, "a.kgd");
  await exportStore({ store, output: dump, createdAt: new Date(1000) });
  await restoreDump({ target: join(directory, "restored"), input: dump });
  const timed = join(directory, "b.kgd");
  await exportStore({ store: await unpackStore(t, "odd-ttl"), output: timed, ttl: "strip", createdAt: new Date(1000) });
  await t.throwsAsync(restoreDump({ target: join(directory, "other"), input: timed }), { code: "USAGE", message: /is not a time that RocksDB accepts/ });
  await restoreDump({ target: join(directory, "other"), input: timed, ttlTime: TIME });
  t.deepEqual(await timesOf(t, join(directory, "other")), [TIME]);
});

test("times are told of where the options don't say it", async (t) => {
  const directory = await temporaryDirectory(t);
  const [dump, restored] = [join(directory, "a.kgd"), join(directory, "restored")];
  // Only what older versions told, and that times were stripped.
  const options = new Map([["compression", "kNoCompression"], ["times", "stripped"]]);
  await writeFile(dump, await makeDump(header({ keyspaces: [keyspace("default", { sourceOptions: options })] }), [[[entry("a", "1"), entry("b", "")]]]));
  await restoreDump({ target: restored, input: dump, ttlTime: TIME });
  t.deepEqual(await timesOf(t, restored), [TIME]);
});

test("where nothing tells whether values have times, it is asked", async (t) => {
  const store = await unpackStore(t, "odd-ttl");
  const directory = await temporaryDirectory(t);
  const [first, sled, second] = ["1.kgd", "sled", "2.kgd"].map((name) => join(directory, name)) as [string, string, string];
  await exportStore({ store, output: first, ttl: "strip" });
  await importDump({ target: sled, input: first });
  await exportStore({ store: sled, output: second });
  await t.throwsAsync(restoreDump({ target: join(directory, "a"), input: second, optionsFrom: store }), { code: "STORE_TTL" });
  await restoreDump({ target: join(directory, "b"), input: second, optionsFrom: store, ttl: "strip" });
  await restoreDump({ target: join(directory, "c"), input: second, optionsFrom: first });
  for (const name of ["b", "c"]) t.deepEqual(await digestsOf(t, join(directory, name), "strip"), await digestsOf(t, store, "strip"), name);
});

test("a time is one that RocksDB takes for one", (t) => {
  for (const time of [1_368_146_402, TIME, 2 ** 31 - 1]) t.is(checkedTime(time), time);
  for (const time of [0, 1_368_146_401, 2 ** 31, NaN, TIME + 0.5]) t.throws(() => checkedTime(time), { code: "USAGE" });
  const timed = withTimes(encodeEntries([{ key: Buffer.from("a"), value: Buffer.from("b") }]), 0x01020304);
  t.deepEqual(Buffer.from(timed), Buffer.from(encodeEntries([{ key: Buffer.from("a"), value: Buffer.from([0x62, 4, 3, 2, 1]) }])));
});

test("only families that have times get them, whichever comes before", async (t) => {
  const loaded: Uint8Array[] = [];
  const nothing = (): Promise<void> => Promise.resolve();
  const real: EntryLoader = { startKeyspace: nothing, load: (block) => { loaded.push(block); return nothing(); }, finishKeyspace: () => Promise.resolve(0), finish: nothing, close: nothing, [Symbol.asyncDispose]: nothing };
  const loader = timingLoader(real, (family) => Buffer.from(family).toString() === "timed", TIME);
  const block = encodeEntries([{ key: Buffer.from("k"), value: Buffer.from("v") }]);
  for (const family of ["plain", "timed", "other"]) {
    await loader.startKeyspace(Buffer.from(family), "bytewise");
    await loader.load(block);
  }
  t.deepEqual(loaded.map((each) => Buffer.from(each).toString("hex")), [block, withTimes(block, TIME), block].map((each) => Buffer.from(each).toString("hex")));
});

test("what is looked up has times in those families that get them, and in no other", async (t) => {
  const compared: Record<string, string[]> = {};
  const sink = {
    compare: (family: Uint8Array, block: Uint8Array) => {
      compared[Buffer.from(family).toString()] = [...iterateEntries(block)].map(({ value }) => Buffer.from(value ?? []).toString("latin1"));
      return Promise.resolve({ missing: 0, changed: 0, firstKey: null });
    },
  };
  const looking = timingComparison(sink as unknown as EntrySink, (family) => Buffer.from(family).toString() === "timed", TIME);
  const block = encodeEntries([{ key: Buffer.from("a"), value: Buffer.from("1") }]);
  for (const family of ["timed", "plain"]) await looking.compare(Buffer.from(family), block);
  const time = Buffer.alloc(4);
  time.writeUInt32LE(TIME);
  t.deepEqual(compared, { timed: [`1${time.toString("latin1")}`], plain: ["1"] });
});
