/**
 * Stores of thousands of small keyspaces. What is done for each must not grow with their number: the tests count what is looked at and what is
 * written, and not the time.
 */
import { createHash } from "node:crypto";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { openSledSource } from "#src/engines/sled/reader.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import type { EntrySource, KeyspaceInfo, KeyOrder } from "#src/engines/store.js";
import { DumpWriter, encodeEntries } from "#src/format/index.js";
import { openDump } from "#src/operations/dump/open-dump.js";
import { exportSource, exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { ImportPlan } from "#src/operations/import/plan.js";
import { Trees } from "#src/operations/migrate/trees.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { sledCheck } from "../checker/run.js";
import { temporaryDirectory } from "../support/temporary.js";

const nameOf = (index: number): Buffer => Buffer.from(`tree ${index.toString().padStart(6, "0")}`);

/** A dump of so many keyspaces with two records each. */
async function makeDump(path: string, count: number, orderOf: (index: number) => KeyOrder = () => "bytewise"): Promise<string> {
  const keyspaces = Array.from({ length: count }, (_, index) => ({ name: nameOf(index), comparator: orderOf(index), estimatedEntries: 2, estimatedBytes: 8 }));
  const writer = new DumpWriter({
    formatVersion: { major: 1, minor: 1 }, dumpId: "11111111-2222-4333-8444-555555555555", createdAt: new Date(0), producer: "test", kind: "full", base: null, salvaged: null,
    source: { engine: "sled", version: "0.34.7", databaseId: null, sequenceNumber: null }, codec: "none", blockSize: 4096, filter: null, keyspaces,
  });
  const chunks: Uint8Array[] = [...writer.start()];
  for (const [index, { comparator }] of keyspaces.entries()) {
    const entries = [{ key: Buffer.from("a"), value: Buffer.from(index.toString()) }, { key: Buffer.from("b"), value: Buffer.from("x") }];
    if (comparator !== "bytewise") entries.reverse();
    const raw = encodeEntries(entries);
    const [first, last] = [entries[0]?.key ?? raw, entries[1]?.key ?? raw];
    chunks.push(...writer.startKeyspace(index));
    chunks.push(...writer.block({ entries: 2, keyBytes: 2, valueBytes: index.toString().length + 1, firstKey: first, lastKey: last, codec: "none", data: raw, raw }));
    chunks.push(...writer.endKeyspace());
  }
  await writeFile(path, Buffer.concat([...chunks, ...writer.finish()]));
  return path;
}

async function sizeOf(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory, { recursive: true })) {
    const info = await stat(join(directory, name));
    if (info.isFile()) bytes += info.size;
  }
  return bytes;
}

/** Keyspaces that count how often somebody looks at one's name. */
function counted<T extends { readonly name: Uint8Array }>(keyspaces: readonly T[]): { keyspaces: T[]; looks: () => number } {
  let looks = 0;
  const watched = keyspaces.map((keyspace) =>
    Object.defineProperty({ ...keyspace }, "name", {
      enumerable: true,
      get: () => {
        looks += 1;
        return keyspace.name;
      },
    }),
  );
  return { keyspaces: watched, looks: () => looks };
}

test("an import writes sled's list of trees once, and the published crate reads each of them", async (t) => {
  const directory = await temporaryDirectory(t);
  const [input, target] = [await makeDump(join(directory, "a.kgd"), 2000), join(directory, "store")];
  const { entries } = await importDump({ input, target });
  t.is(entries, 4000);
  const bytes = await sizeOf(target);
  t.true(bytes < 2e6, `${bytes.toString()} bytes`);
  const trees = await sledCheck(target);
  t.is(trees.length, 2001);
  for (const [index, { name, records, bytes: held }] of trees.slice(1).entries()) {
    t.deepEqual([name.toString(), records, held], [nameOf(index).toString(), 2, 3 + index.toString().length]);
  }
});

test("keyspaces in reverse order, and those that are merged into a store that is there, are no different", async (t) => {
  const directory = await temporaryDirectory(t);
  const [reversed, others] = [await makeDump(join(directory, "a.kgd"), 800, () => "reverse-bytewise"), await makeDump(join(directory, "b.kgd"), 1600)];
  const target = join(directory, "store");
  await importDump({ input: reversed, target });
  const before = await sizeOf(target);
  t.true(before < 4e6, `${before.toString()} bytes`);
  const { entries } = await importDump({ input: others, target, merge: true });
  t.is(entries, 3200);
  const after = await sizeOf(target);
  t.true(after < 8e6, `${after.toString()} bytes`);
  t.deepEqual((await sledCheck(target)).map(({ records }) => records), [0, ...Array<number>(1600).fill(2)]);
});

test("trees that are made at once are whole and can be written to, those that are there stay as they are", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const block = encodeEntries([{ key: Buffer.from("k"), value: Buffer.from("v") }]);
  {
    await using sink = await openSledSink(path, { create: true });
    await sink.createKeyspace(nameOf(1));
    await sink.apply(nameOf(1), block, "fail");
    await sink.createKeyspaces([nameOf(0), nameOf(1), nameOf(2), nameOf(2), Buffer.from("default")]);
    await sink.apply(nameOf(2), block, "fail");
    await sink.flush();
  }
  t.deepEqual((await sledCheck(path)).map(({ name, records }) => [name.toString(), records]), [["__sled__default", 0], ["tree 000000", 0], ["tree 000001", 1], ["tree 000002", 1]]);
});

test("an export, its plan and a migration's names look at each keyspace a few times", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "store");
  await importDump({ input: await makeDump(join(directory, "a.kgd"), 1000), target: store });
  await using source = await openSledSource(store);
  const { keyspaces, looks } = counted<KeyspaceInfo>(source.info.keyspaces);
  const watched: EntrySource = { info: { ...source.info, keyspaces }, scan: (name, options) => source.scan(name, options), close: () => source.close(), [Symbol.asyncDispose]: () => source.close() };
  const { entries } = await exportSource(watched, { store, output: join(directory, "b.kgd"), excludeKeyspaces: [nameOf(7)] });
  t.is(entries, 1998);
  t.true(looks() < 20 * 1001, `export: ${looks().toString()} looks`);

  await using dump = await openDump(join(directory, "b.kgd"));
  const header = counted(dump.header.keyspaces);
  const plan = new ImportPlan({ ...dump.header, keyspaces: header.keyspaces }, { map: new Map([[nameOf(3), Buffer.from("other")]]) });
  t.is(plan.selected.filter((keyspace) => plan.hasRivals(keyspace)).length, 0);
  for (const keyspace of plan.selected) plan.claim(keyspace);
  t.true(header.looks() < 20 * 1001, `plan: ${header.looks().toString()} looks`);

  const digest = createHash("sha256").digest("hex");
  const journal = counted(Array.from({ length: 1000 }, (_, index) => ({ name: nameOf(index).toString("hex") as unknown as Uint8Array, comparator: "bytewise" as const, entries: index % 2, digest })));
  t.is(new Trees({}).own(journal.keyspaces as unknown as Parameters<Trees["own"]>[0]).length, 1000);
  t.true(journal.looks() < 20 * 1000, `names: ${journal.looks().toString()} looks`);
});

test("a dump, a store and their comparison agree on all of them", async (t) => {
  const directory = await temporaryDirectory(t);
  const [input, store] = [await makeDump(join(directory, "a.kgd"), 1000), join(directory, "store")];
  await importDump({ input, target: store });
  const exported = await exportStore({ store, output: join(directory, "b.kgd") });
  t.is(exported.keyspaces.length, 1001);
  const { against } = await verifyDump({ input, against: [store] });
  t.deepEqual([against?.equal, against?.keyspaces.length], [true, 1000]);
});
