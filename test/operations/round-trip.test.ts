import { join } from "node:path";
import { PassThrough } from "node:stream";
import test from "ava";
import fc from "../support/properties.js";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { encodeEntries } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { sledCheck } from "../checker/run.js";
import { fixtureDigests, unpackStore } from "../fixtures/unpack.js";
import { loggedSeed } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";

const DEFAULT_TREE = "__sled__default";

async function digestsInSled(store: string): Promise<Map<string, string>> {
  const trees = await sledCheck(store);
  return new Map(trees.map(({ name, records, bytes, digest }) => [name.toString(), `${String(records)} ${String(bytes)} ${digest}`]));
}

for (const store of ["maya-lz4", "maya-unflushed", "maya-families"]) {
  for (const codec of ["lz4", "zstd", "none"] as const) {
    test(`${store} reaches sled whole through a dump with ${codec}`, async (t) => {
      const directory = await temporaryDirectory(t);
      const dump = join(directory, "a.kgd");
      const target = join(directory, "sled");
      const source = await unpackStore(t, store);
      await exportStore({ store: source, output: dump, codec });
      const result = await importDump({ target, input: dump });
      t.true(result.verified);
      const found = await digestsInSled(target);
      const expected = (await fixtureDigests()).filter((line) => line.store === store);
      t.true(expected.length > 0);
      for (const { family, records, bytes, digest } of expected) {
        t.is(found.get(family === "default" ? DEFAULT_TREE : family), `${String(records)} ${String(bytes)} ${digest}`);
      }
      t.is(found.size, expected.length);
      for (const against of [source, target]) {
        const { against: compared } = await verifyDump({ input: dump, against });
        t.true(compared?.equal);
      }
    });
  }
}

test("export and import meet in a pipe", async (t) => {
  const directory = await temporaryDirectory(t);
  const target = join(directory, "sled");
  const pipe = new PassThrough();
  const [exported, imported] = await Promise.all([
    exportStore({ store: await unpackStore(t, "maya-lz4"), output: pipe, blockSize: 4096 }),
    importDump({ target, input: pipe }),
  ]);
  t.is(imported.entries, exported.entries);
  t.deepEqual(
    imported.keyspaces.map(({ digest }) => digest),
    exported.keyspaces.map(({ digest }) => digest),
  );
});

test("a store in reverse order reaches sled whole, and is told", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = join(directory, "a.kgd");
  const target = join(directory, "sled");
  const source = await unpackStore(t, "odd-reverse");
  await exportStore({ store: source, output: dump });
  const result = await importDump({ target, input: dump });
  t.is(result.entries, 1000);
  t.regex(result.warnings[0] ?? "", /reverse/);
  t.true((await verifyDump({ input: dump, against: target })).against?.equal);
  t.true((await verifyDump({ input: dump, against: source })).against?.equal);
});

const REFUSED = {
  "odd-merge-wal": "STORE_MERGE_OPERATOR",
  "odd-ttl": "STORE_TTL",
  "odd-uts": "STORE_TIMESTAMPS",
  "odd-wide": "STORE_WIDE_COLUMNS",
} as const;

for (const [store, code] of Object.entries(REFUSED)) {
  test(`${store} is refused by name, and leaves no dump`, async (t) => {
    const directory = await temporaryDirectory(t);
    const output = join(directory, "a.kgd");
    await t.throwsAsync(exportStore({ store: await unpackStore(t, store), output }), { code });
    await t.throwsAsync(verifyDump({ input: output }), { code: "NOT_FOUND" });
  });
}

test("odd-merge, whose operands were merged, is read whole", async (t) => {
  const result = await exportStore({ store: await unpackStore(t, "odd-merge"), output: new PassThrough().resume() });
  t.is(result.entries, 1000);
});

test("odd-ttl gives values without timestamps when told", async (t) => {
  const store = await unpackStore(t, "odd-ttl");
  const strip = await exportStore({ store, output: new PassThrough().resume(), ttl: "strip" });
  const keep = await exportStore({ store, output: new PassThrough().resume(), ttl: "keep" });
  t.is(strip.entries, 1000);
  t.is(keep.valueBytes - strip.valueBytes, 4000);
});

test("random stores arrive as they were", async (t) => {
  loggedSeed(t);
  const runs = Number(process.env.KGDUMP_TEST_RUNS ?? 12);
  const key = fc.oneof(
    { weight: 5, arbitrary: fc.uint8Array({ maxLength: 24 }) },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: 250, maxLength: 300 }) },
    { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "a", "aa", "\u0000").map((text) => Buffer.from(text)) },
  );
  const value = fc.oneof(
    { weight: 5, arbitrary: fc.uint8Array({ maxLength: 64 }) },
    { weight: 1, arbitrary: fc.nat(200_000).map((length) => Buffer.alloc(length, "x")) },
  );
  const name = fc.oneof(fc.constantFrom("__proto__", "a/b", "../x", "\u001b[31m", "für", "."), fc.string({ minLength: 1, maxLength: 12 }));
  const family = fc.array(fc.tuple(key, value), { maxLength: 60 });
  const store = fc.record({
    families: fc.dictionary(name.filter((text) => !text.includes("\u0000") && text !== "__sled__default"), family, { maxKeys: 3 }),
    main: family,
    codec: fc.constantFrom("lz4" as const, "zstd" as const, "none" as const),
    blockSize: fc.constantFrom(4096, 5000, 65_536, 1_048_576),
  });
  await fc.assert(
    fc.asyncProperty(store, async ({ families, main, codec, blockSize }) => {
      const directory = await temporaryDirectory(t);
      const path = join(directory, "rocksdb");
      const model = new Map<string, Map<string, Buffer>>([["default", new Map()]]);
      {
        await using sink = await createRocksdbSink(path, {});
        for (const [text, entries] of [["default", main] as const, ...Object.entries(families)]) {
          const known = model.get(text) ?? new Map<string, Buffer>();
          for (const [entryKey, entryValue] of entries) known.set(Buffer.from(entryKey).toString("hex"), Buffer.from(entryValue));
          model.set(text, known);
          await sink.createKeyspace(Buffer.from(text));
          const sorted = [...known].sort(([a], [b]) => (a < b ? -1 : 1)).map(([hex, entry]) => ({ key: Buffer.from(hex, "hex"), value: entry }));
          if (sorted.length > 0) await sink.apply(Buffer.from(text), encodeEntries(sorted), "overwrite");
        }
      }
      const pipe = new PassThrough();
      const target = join(directory, "sled");
      const [exported] = await Promise.all([exportStore({ store: path, output: pipe, codec, blockSize }), importDump({ target, input: pipe })]);
      const trees = await digestsInSled(target);
      t.is(trees.size, model.size);
      for (const [text, entries] of model) {
        const bytes = [...entries].reduce((total, [hex, entry]) => total + hex.length / 2 + entry.length, 0);
        const found = trees.get(text === "default" ? DEFAULT_TREE : text) ?? "";
        t.true(found.startsWith(`${String(entries.size)} ${String(bytes)} `), `${text}: ${found}`);
      }
      t.is(exported.entries, [...model.values()].reduce((total, entries) => total + entries.size, 0));
    }),
    { numRuns: runs },
  );
});
