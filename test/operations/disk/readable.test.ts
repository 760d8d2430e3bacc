/** No dump is written that readers refuse: whatever is beyond a limit of the format ends the export, by name and with a way out. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "../../support/properties.js";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/index.js";
import { fitHeader } from "#src/operations/entries/fitting-header.js";
import { exportStore } from "#src/operations/export/export.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { recoverStore } from "#src/operations/recover/index.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { sledWrite } from "../../checker/run.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";

const MiB = 2 ** 20;
const ALL = 2 ** 32 - 1;

type Engine = "rocksdb" | "sled";

/** A store with one keyspace, besides the one that is always there, with keys and values of these lengths. */
async function makeStore(engine: Engine, path: string, name: Uint8Array, lengths: readonly (readonly [number, number])[]): Promise<void> {
  await using sink = engine === "sled" ? await openSledSink(path, { create: true }) : await createRocksdbSink(path, {});
  await sink.createKeyspace(name);
  for (const [index, [key, value]] of lengths.entries()) {
    // Sled's own limit of an addon's block is not the format's: `apply` takes keys up to it.
    await sink.apply(name, encodeEntries([{ key: Buffer.alloc(key, index + 1), value: Buffer.alloc(value, 7) }]), "overwrite");
  }
  await sink.flush();
}

const MOST_KEY: Readonly<Record<Engine, number>> = { rocksdb: 20 * MiB, sled: 16 * MiB };

for (const engine of ["rocksdb", "sled"] as const) {
  test(`what is exported of a ${engine} store is read, and what would not be is refused`, async (t) => {
    const directory = await temporaryDirectory(t);
    let number = 0;
    const keyLength = fc.constantFrom(1, 300, MiB, 16 * MiB - 1, 16 * MiB, 16 * MiB + 1, 20 * MiB).filter((length) => length <= MOST_KEY[engine]);
    const property = fc.asyncProperty(
      fc.array(fc.tuple(keyLength, fc.constantFrom(0, 10, MiB, 17 * MiB)), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(1, 255, 65_535, 65_536),
      fc.constantFrom(4096, MiB, 64 * MiB),
      fc.constantFrom("none" as const, "lz4" as const, "zstd" as const),
      fc.constantFrom(undefined, undefined, ALL, MiB),
      fc.constantFrom(undefined, 3, 70_000),
      async (lengths, nameLength, blockSize, codec, maxBlockSize, from) => {
        const [store, output] = [join(directory, `store ${String(number)}`), join(directory, `${String(number++)}.kgd`)];
        await makeStore(engine, store, Buffer.alloc(nameLength, "n"), lengths);
        const most = maxBlockSize === undefined ? { key: 16 * MiB, block: Infinity } : { key: Math.max(16 * MiB, maxBlockSize), block: maxBlockSize };
        const fits = nameLength <= 65_535 && lengths.every(([key, value]) => key <= most.key && key + value + 10 <= most.block);
        const options = { store, output, blockSize, codec, maxBlockSize, ...(from === undefined ? {} : { from: Buffer.alloc(from) }) };
        try {
          const { entries } = await exportStore(options);
          t.is(entries, lengths.length);
          t.true(fits);
        } catch (error) {
          if (!(error instanceof KgdumpError)) throw error;
          t.is(error.code, "STORE_UNSUPPORTED", error.message);
          t.truthy(error.hint);
          t.false(fits, error.message);
          t.false(existsSync(output));
          return;
        }
        const { dump, against } = await verifyDump({ input: output, maxBlockSize, against: [store] });
        t.deepEqual([dump.complete, against?.equal], [true, true]);
        t.true((await inspectDump({ input: output, maxBlockSize })).complete);
      },
    );
    await fc.assert(property, { seed: loggedSeed(t), numRuns: 5 });
  });
}

test("a key that only sled itself can write", async (t) => {
  const directory = await temporaryDirectory(t);
  const [store, output] = [join(directory, "store"), join(directory, "a.kgd")];
  await sledWrite(store, [`put ${"ab".repeat(20 * MiB)} 01`]);
  const error = await t.throwsAsync(() => exportStore({ store, output }), { instanceOf: KgdumpError, code: "STORE_UNSUPPORTED", message: /has a key of 20971520 and a value of 1 bytes/ });
  t.regex(error.hint ?? "", /--max-block-size 4GiB/);
  t.false(existsSync(output));
  await exportStore({ store, output, maxBlockSize: ALL });
  const { dump, against } = await verifyDump({ input: output, maxBlockSize: ALL, against: [store] });
  t.deepEqual([dump.complete, against?.equal], [true, true]);
});

test("a delta, and what is recovered, keep to the same limits", async (t) => {
  const directory = await temporaryDirectory(t);
  const [store, base, output] = [join(directory, "store"), join(directory, "a.kgd"), join(directory, "b.kgd")];
  const name = Buffer.from("n");
  await makeStore("rocksdb", store, name, [[3, 3]]);
  await exportStore({ store, output: base });
  {
    await using sink = await createRocksdbSink(store, {});
    await sink.apply(name, encodeEntries([{ key: Buffer.alloc(20 * MiB, 9), value: Buffer.from("v") }]), "overwrite");
  }
  for (const work of [() => exportStore({ store, output, base: [base] }), () => recoverStore({ store, output })]) {
    const error = await t.throwsAsync(work, { instanceOf: KgdumpError, code: "STORE_UNSUPPORTED", message: /has a key of 20971520 and a value of 1 bytes; readers of the dump would accept keys up to 16 MiB/ });
    t.regex(error.hint ?? "", /--max-block-size 4GiB/);
    t.false(existsSync(output));
  }
  await exportStore({ store, output, base: [base], maxBlockSize: ALL });
  t.true((await verifyDump({ input: output, maxBlockSize: ALL })).dump.complete);
  const recovered = await recoverStore({ store, output, force: true, maxBlockSize: ALL });
  t.deepEqual([recovered.entries, recovered.lost], [2, false]);
});

const HEADER = {
  formatVersion: { major: 1, minor: 1 }, dumpId: "11111111-2222-4333-8444-555555555555", createdAt: new Date(0), producer: "test", kind: "full", base: null, salvaged: null,
  codec: "lz4", blockSize: MiB, filter: null,
} as const;
const SOURCE = { engine: "rocksdb", version: "10.10.1", databaseId: null, sequenceNumber: null };
const keyspaces = (count: number, options: Readonly<Record<string, string>>, nameLength = 8) =>
  Array.from({ length: count }, (_, index) => ({
    name: Buffer.from(index.toString().padStart(nameLength, "0")), comparator: "bytewise" as const, estimatedEntries: 1, estimatedBytes: 1, sourceOptions: new Map(Object.entries(options)),
  }));

test("options that a header has no room for: those that are said twice go first, then, with a warning, ages, and all but one", (t) => {
  const said = { compression: "kLZ4Compression", ages: "1 1 1 00 ff\n".repeat(20), options: "ttl=1", times: "stripped" };
  const source = { ...SOURCE, options: new Map([["rocksdb.familyOptions", "compression=kLZ4Compression"]]) };
  const kept = (room: { bytes: number; keyspaces: number; options: number }, from: typeof SOURCE) => {
    const { header, warnings } = fitHeader({ ...HEADER, source: from, keyspaces: keyspaces(100, said) }, room);
    return [[...(header.keyspaces[50]?.sourceOptions ?? [])].map(([name]) => name), warnings.length];
  };
  t.deepEqual(kept({ bytes: 16 * MiB, keyspaces: 100, options: 401 }, source), [["compression", "ages", "options", "times"], 0]);
  t.deepEqual(kept({ bytes: 16 * MiB, keyspaces: 100, options: 400 }, source), [["ages", "options", "times"], 0]);
  t.deepEqual(kept({ bytes: 14_000, keyspaces: 100, options: 401 }, source), [["options", "times"], 1]);
  t.deepEqual(kept({ bytes: 16 * MiB, keyspaces: 100, options: 399 }, SOURCE), [["compression", "options", "times"], 1]);
  t.deepEqual(kept({ bytes: 16 * MiB, keyspaces: 100, options: 299 }, SOURCE), [["times"], 1]);
  t.deepEqual(kept({ bytes: 8200, keyspaces: 100, options: 401 }, source), [["times"], 1]);
  t.throws(() => kept({ bytes: 5000, keyspaces: 100, options: 401 }, source), { code: "STORE_UNSUPPORTED", message: /names of its 100 keyspaces/ });
  t.throws(() => kept({ bytes: 16 * MiB, keyspaces: 99, options: 401 }, source), { code: "STORE_UNSUPPORTED", message: /has 100 keyspaces, and a dump holds 99/ });
});

test("40,000 families with their options have room in a header", (t) => {
  const options = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`option_${index.toString()}`, "kSomeValueOfAnOption"]));
  const source = { ...SOURCE, options: new Map([["rocksdb.familyOptions", "x=y"]]) };
  const { header, warnings } = fitHeader({ ...HEADER, source, keyspaces: keyspaces(40_000, { ...options, options: "ttl=1" }) });
  t.deepEqual([header.keyspaces.length, [...(header.keyspaces[7]?.sourceOptions?.keys() ?? [])], warnings], [40_000, ["options"], []]);
});

test("texts that are too long are left out and named, estimates that are none become 0", (t) => {
  const source = { ...SOURCE, databaseId: "i".repeat(65_536), options: new Map([["x".repeat(256), "1"], ["long", "é".repeat(40_000)], ["short", "2"]]) };
  const [first] = keyspaces(1, {});
  const { header, warnings } = fitHeader({ ...HEADER, source, keyspaces: first === undefined ? [] : [{ ...first, estimatedEntries: Number.NaN, estimatedBytes: 2 ** 64 }] });
  t.is(header.source.databaseId, null);
  t.deepEqual([...(header.source.options ?? [])], [["short", "2"]]);
  t.is(warnings.length, 1);
  t.deepEqual([header.keyspaces[0]?.estimatedEntries, header.keyspaces[0]?.estimatedBytes], [0, Number.MAX_SAFE_INTEGER]);
});
