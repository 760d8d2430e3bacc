/**
 * Values with times, odd ones too, under the DBWithTTL of RocksDB's own libraries: what it shows of a restored store is what it shows of the
 * original, and an export that could not keep that refuses the value by its key.
 */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { KgdumpError } from "#src/errors.js";
import { exportStore } from "#src/operations/export/export.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { unpackStore } from "../fixtures/unpack.js";
import { temporaryDirectory } from "../support/temporary.js";
import { run, type Version, versionsFor } from "./versions.js";

const YEAR = 365 * 86_400;

function timed(text: string, seconds: number): Buffer {
  const time = Buffer.alloc(4);
  time.writeUInt32LE(seconds);
  return Buffer.concat([Buffer.from(text), time]);
}

/** Values that DBWithTTL takes: the first and the last time that it knows, one of the future, no value before the time. */
const TAKEN: Readonly<Record<string, Buffer>> = {
  first: timed("v1", 1_368_146_402),
  last: timed("v2", 0x7fff_ffff),
  future: timed("v3", Math.floor(Date.now() / 1000) + 10 * YEAR),
  now: timed("v4", Math.floor(Date.now() / 1000)),
  old: timed("v5", Math.floor(Date.now() / 1000) - 8 * YEAR),
  empty: timed("", 1_700_000_000),
  long: timed("long ".repeat(3000), 1_700_000_000),
};
/** Values that it refuses: shorter than a time, of no time, before it existed, and times that its 31 bits don't hold. */
const REFUSED: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  short: Buffer.from("abc"),
  zero: timed("v", 0),
  before: timed("v", 1_368_146_401),
  beyond: timed("v", 0x8000_0000),
  most: timed("value", 0xffff_ffff),
};

/** A store with these values in two families, which a version then opens with a time to live, so that its OPTIONS tell of it. */
async function madeBy(t: ExecutionContext, work: string, { library }: Version, values: Readonly<Record<string, Buffer>>): Promise<string> {
  const store = join(await temporaryDirectory(t), "store");
  {
    await using sink = await createRocksdbSink(store, { families: ["default", "more"] });
    for (const family of ["default", "more"]) await sink.operate(family, Object.entries(values).map(([key, value]) => ({ kind: "put", key: Buffer.from(key), value })));
    await sink.flush();
  }
  // OPTIONS files of the time before are then no more: a few are kept.
  for (let opened = 0; opened < 3; opened += 1) await run(work, [library, "ttl", store, "0"]);
  return store;
}

/** What DBWithTTL shows of a copy of the store, some values too old. */
async function shownBy(t: ExecutionContext, work: string, { library }: Version, store: string, seconds: number): Promise<string[]> {
  const copy = join(await temporaryDirectory(t), "copy");
  await cp(store, copy, { recursive: true });
  return (await run(work, [library, "ttl", copy, seconds.toString()])).trim().split("\n");
}

async function restored(t: ExecutionContext, store: string, ttl: "keep" | "strip", createdAt?: Date): Promise<string> {
  const directory = await temporaryDirectory(t);
  const [dump, target] = [join(directory, "a.kgd"), join(directory, "restored")];
  await exportStore({ store, output: dump, ttl, createdAt });
  t.deepEqual((await restoreDump({ target, input: dump })).warnings, []);
  return target;
}

test("kept values and their times come back as they were, whatever they are, and are let go when those of the original are", async (t) => {
  const { work, versions } = await versionsFor(t);
  t.pass();
  for (const version of versions) {
    const odd = await madeBy(t, work, version, { ...TAKEN, ...REFUSED });
    const before = await shownBy(t, work, version, odd, 0);
    t.is(before.filter((line) => line.endsWith(" refused")).length, 2 * Object.keys(REFUSED).length, version.version);
    t.deepEqual(await shownBy(t, work, version, await restored(t, odd, "keep"), 0), before, version.version);
    const sound = await madeBy(t, work, version, TAKEN);
    const left = await shownBy(t, work, version, sound, 2 * YEAR);
    t.true(left.length < 2 * Object.keys(TAKEN).length && left.length > 0, left.join());
    t.deepEqual(await shownBy(t, work, version, await restored(t, sound, "keep"), 2 * YEAR), left, version.version);
  }
});

test("values whose times were stripped are what DBWithTTL shows of the original, and live from the time of the dump on", async (t) => {
  const { work, versions } = await versionsFor(t);
  t.pass();
  for (const version of versions) {
    const store = await madeBy(t, work, version, TAKEN);
    const before = await shownBy(t, work, version, store, 0);
    const target = await restored(t, store, "strip");
    t.deepEqual(await shownBy(t, work, version, target, 0), before, version.version);
    t.deepEqual(await shownBy(t, work, version, target, 2 * YEAR), before, version.version);
    const old = await restored(t, store, "strip", new Date(Date.now() - 3 * YEAR * 1000));
    t.deepEqual(await shownBy(t, work, version, old, 2 * YEAR), [""], version.version);
  }
});

test("a value that DBWithTTL refuses is not stripped, and the export says which one it is", async (t) => {
  const { work, versions } = await versionsFor(t);
  t.pass();
  const tried = versions.slice(-1).flatMap((version) => Object.entries(REFUSED).map(([key, value]) => ({ version, key, value })));
  for (const { version, key, value } of tried) {
    const store = await madeBy(t, work, version, { ...TAKEN, [key]: value });
    const output = join(await temporaryDirectory(t), "a.kgd");
    const error = await t.throwsAsync(exportStore({ store, output, ttl: "strip" }), { instanceOf: KgdumpError, code: "STORE_DAMAGED" });
    t.true(error.message.includes(`"${key}"`), error.message);
    t.regex(error.hint ?? "", /--ttl keep/);
  }
});

test("where only some values have times, each is shown as before, and it is said", async (t) => {
  const { work, versions } = await versionsFor(t);
  const store = await unpackStore(t, "account-ttl-mixed");
  t.pass();
  for (const version of versions) {
    // It was made by one of today, whose tables the oldest can't read.
    if (version.version.startsWith("6.") || version.version.startsWith("7.")) continue;
    const before = await shownBy(t, work, version, store, 0);
    for (const ttl of ["keep", "strip"] as const) {
      const directory = await temporaryDirectory(t);
      const [dump, target] = [join(directory, "a.kgd"), join(directory, "restored")];
      const { warnings } = await exportStore({ store, output: dump, ttl });
      t.regex(warnings.join("\n"), /had no time to live when it was opened before/);
      await restoreDump({ target, input: dump });
      t.deepEqual(await shownBy(t, work, version, target, 0), before, `${version.version}, ${ttl}`);
    }
  }
});
