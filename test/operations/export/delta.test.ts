import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { iterateEntries } from "#src/format/index.js";
import { DumpChain } from "#src/operations/dump/chain.js";
import { openDump } from "#src/operations/dump/open-dump.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());

/** What a chain leads to, as text. */
async function stateOf(paths: readonly string[]): Promise<Record<string, Record<string, string | null>>> {
  await using chain = await DumpChain.open(paths);
  const state: Record<string, Record<string, string | null>> = {};
  for (const keyspace of chain.keyspaces) {
    const found: Record<string, string | null> = {};
    for await (const raw of chain.entries(keyspace)) for (const { key, value } of iterateEntries(raw)) found[Buffer.from(key).toString()] = text(value);
    state[Buffer.from(keyspace.name).toString()] = found;
  }
  return state;
}

async function changedStore(t: ExecutionContext): Promise<{ directory: string; store: string; first: string }> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 5000), nodes: { a: "1", b: "2" }, gone: { x: "1" } });
  const first = join(directory, "first.kgd");
  await exportStore({ store, output: first, blockSize: 8192 });
  return { directory, store, first };
}

async function change(store: string, changes: Record<string, Record<string, string | null>>): Promise<void> {
  await using sink = await createRocksdbSink(store);
  for (const [family, entries] of Object.entries(changes)) {
    await sink.createKeyspace(Buffer.from(family));
    await sink.operate(
      family,
      Object.entries(entries).map(([key, value]) =>
        value === null ? { kind: "delete", key: Buffer.from(key) } : { kind: "put", key: Buffer.from(key), value: Buffer.from(value) },
      ),
    );
  }
  await sink.flush();
}

test("a delta holds what was put and removed, and leads from its base to the store", async (t) => {
  const { directory, store, first } = await changedStore(t);
  await change(store, { default: { k0000003: "new", k0000004: null, zz: "last" }, nodes: { a: null, b: null }, fresh: { f: "1" } });
  const second = join(directory, "second.kgd");
  const result = await exportStore({ store, base: [first], output: second });
  t.is(result.entries, 6);
  t.is(result.rawBytes < 100, true);

  await using delta = await openDump(second);
  t.is(delta.header.kind, "delta");
  t.is(delta.header.base?.keyspaces.length, 3);
  t.is(await delta.get("default", Buffer.from("k0000004")), null);
  t.is(await delta.get("default", Buffer.from("k0000005")), undefined);
  t.deepEqual(delta.footer.keyspaces.map(({ result: after }) => after?.entries).sort(), [0, 1, 1, 5000]);

  const whole = join(directory, "whole.kgd");
  await exportStore({ store, output: whole });
  t.deepEqual(await stateOf([first, second]), await stateOf([whole]));

  await change(store, { default: { zz: null, k0000004: "back" } });
  const third = join(directory, "third.kgd");
  t.is((await exportStore({ store, base: [first, second], output: third })).entries, 2);
  await exportStore({ store, output: whole, force: true });
  t.deepEqual(await stateOf([first, second, third]), await stateOf([whole]));
});

test("a delta leads to its store however much is read ahead while a block is compared", async (t) => {
  const directory = await temporaryDirectory(t);
  // All that was removed is read of the base while the store's first block waits, and those behind it are read.
  const [removed, kept] = [numbered("a", 20_000, "removed"), numbered("k", 10_000, "kept ".repeat(20))];
  const store = await makeStore(directory, "store", { default: { ...removed, ...kept } });
  const [first, second, whole] = ["1.kgd", "2.kgd", "whole.kgd"].map((name) => join(directory, name)) as [string, string, string];
  await exportStore({ store, output: first, blockSize: 8192 });
  await change(store, { default: { ...Object.fromEntries(Object.keys(removed).map((key) => [key, null])), k0000007: "new" } });
  t.is((await exportStore({ store, base: [first], output: second, blockSize: 8192 })).entries, 20_001);
  await exportStore({ store, output: whole });
  t.deepEqual(await stateOf([first, second]), await stateOf([whole]));
});

test("a delta of a store that did not change is empty", async (t) => {
  const { directory, store, first } = await changedStore(t);
  const output = join(directory, "same.kgd");
  t.is((await exportStore({ store, base: [first], output })).entries, 0);
  t.deepEqual(await stateOf([first, output]), await stateOf([first]));
});

test("a full dump and its deltas are imported, and restored, as the state that they lead to", async (t) => {
  const { directory, store, first } = await changedStore(t);
  const [second, third, target, restored] = ["2.kgd", "3.kgd", "sled", "restored"].map((name) => join(directory, name)) as [string, string, string, string];
  await change(store, { default: { k0000003: "new", k0000004: null, zz: "last" }, nodes: { a: null, b: null }, fresh: { f: "1" } });
  await exportStore({ store, base: [first], output: second });
  await change(store, { default: { zz: null, k0000001: "" }, fresh: { g: "2" } });
  const whole = await exportStore({ store, base: [first, second], output: third });
  const digests = (keyspaces: readonly { name: Uint8Array; digest: string }[]): unknown =>
    Object.fromEntries(keyspaces.map(({ name, digest }) => [Buffer.from(name).toString(), digest]));
  const full = await exportStore({ store, output: join(directory, "whole.kgd") });

  const imported = await importDump({ target, input: [first, second, third] });
  t.deepEqual(digests(imported.keyspaces), digests(full.keyspaces));
  t.is(imported.dumpId, whole.dumpId);
  t.true((await verifyDump({ input: join(directory, "whole.kgd"), against: target })).against?.equal);
  await importDump({ target, input: [first, second, third], merge: true });

  await restoreDump({ target: restored, input: [first, second, third] });
  t.true((await verifyDump({ input: join(directory, "whole.kgd"), against: restored })).against?.equal);
  await t.throwsAsync(importDump({ target: join(directory, "n"), input: [first, third] }), { code: "DELTA_BASE_DIFFERENT" });
  await t.throwsAsync(importDump({ target: join(directory, "n"), input: third }), { code: "STORE_UNSUPPORTED" });
  await t.throwsAsync(importDump({ target: join(directory, "n"), input: [third, first] }), { code: "DELTA_BASE_DIFFERENT" });
});

test("a family that is gone is gone from what a delta leads to", async (t) => {
  const { directory, first } = await changedStore(t);
  const store = await makeStore(directory, "other", { default: numbered("k", 5000), nodes: { a: "1" } });
  const output = join(directory, "gone.kgd");
  t.is((await exportStore({ store, base: [first], output })).entries, 1);
  t.deepEqual(await stateOf([first, output]), { default: numbered("k", 5000), nodes: { a: "1" } });
});

test("dumps that don't build on one another are refused", async (t) => {
  const { directory, store, first } = await changedStore(t);
  const [second, third, other] = ["2.kgd", "3.kgd", "o.kgd"].map((name) => join(directory, name)) as [string, string, string];
  await change(store, { default: { k0000003: "2" } });
  await exportStore({ store, base: [first], output: second });
  await change(store, { default: { k0000003: "3" } });
  await exportStore({ store, base: [first, second], output: third });
  await exportStore({ store, output: other });
  const output = join(directory, "x.kgd");
  for (const base of [[second], [first, third], [first, other], [other, second], [first, second, second]]) {
    await t.throwsAsync(exportStore({ store, base, output }), { code: "DELTA_BASE_DIFFERENT" });
  }
  const { dumpId, createdAt } = await (async () => {
    await using dump = await openDump(first);
    return dump.header;
  })();
  await exportStore({ store, output: other, force: true, dumpId, createdAt });
  await t.throwsAsync(exportStore({ store, base: [other, second], output }), { code: "DELTA_BASE_DIFFERENT", message: /holds other entries in "default"/ });
});

test("a base that is damaged, or holds a part only, and a selection are refused", async (t) => {
  const { directory, store, first } = await changedStore(t);
  const part = join(directory, "part.kgd");
  const output = join(directory, "x.kgd");
  await exportStore({ store, output: part, prefix: Buffer.from("k1") });
  await t.throwsAsync(exportStore({ store, base: [part], output }), { code: "DELTA_BASE_DIFFERENT" });
  await t.throwsAsync(exportStore({ store, base: [first], output, prefix: Buffer.from("k") }), { code: "USAGE" });
  const bad = Buffer.from(await (await import("node:fs/promises")).readFile(first));
  bad.writeUInt8(bad.readUInt8(9000) ^ 1, 9000);
  await writeFile(part, bad);
  await t.throwsAsync(exportStore({ store, base: [part], output }), { code: "DUMP_CHECKSUM_MISMATCH" });
});
