import { cp, mkdir, readdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import type { EntrySource } from "#src/engines/store.js";
import { encodeEntries } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { fingerprint } from "../../faults/support.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { instead } from "../guards-support.js";

type Changes = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

interface Ground {
  readonly directory: string;
  readonly target: string;
  /** Dumps: full, delta of that, delta of the delta; and full dumps of the states that these lead to. */
  readonly first: string;
  readonly second: string;
  readonly third: string;
  readonly wholes: readonly [string, string, string];
}

async function change(store: string, changes: Changes): Promise<void> {
  await using sink = await createRocksdbSink(store, { families: [{ name: "back", comparator: "reverse-bytewise" }] });
  for (const [family, entries] of Object.entries(changes)) {
    await sink.createKeyspace(Buffer.from(family));
    const operations = Object.entries(entries).map(([key, value]) => (value === null ? { kind: "delete", key: Buffer.from(key) } as const : { kind: "put", key: Buffer.from(key), value: Buffer.from(value) } as const));
    await sink.operate(family, operations);
  }
  await sink.flush();
}

async function ground(t: ExecutionContext): Promise<Ground> {
  const directory = await temporaryDirectory(t);
  const [first, second, third, target] = ["1.kgd", "2.kgd", "3.kgd", "sled"].map((name) => join(directory, name)) as [string, string, string, string];
  const wholes = ["w0.kgd", "w1.kgd", "w2.kgd"].map((name) => join(directory, name)) as [string, string, string];
  const families = [{ name: "back", comparator: "reverse-bytewise" as const }];
  const store = await makeStore(directory, "store", { default: numbered("k", 3000), nodes: { a: "1", b: "2" }, back: { x: "1", y: "2" } }, families);
  await exportStore({ store, output: first });
  await exportStore({ store, output: wholes[0] });
  await change(store, { default: { k0000003: "new", k0000004: null, zz: "last" }, nodes: { a: null, b: null }, back: { x: null, w: "3" }, fresh: { f: "1" } });
  await exportStore({ store, base: [first], output: second });
  await exportStore({ store, output: wholes[1] });
  await change(store, { default: { zz: null, k0000004: "back" }, fresh: { g: "2" } });
  await exportStore({ store, base: [first, second], output: third });
  await exportStore({ store, output: wholes[2] });
  await importDump({ target, input: first });
  return { directory, target, first, second, third, wholes };
}

async function holds(t: ExecutionContext, dump: string, target: string): Promise<void> {
  const { against } = await verifyDump({ input: dump, against: target });
  t.true(against?.equal, `${target} is not as ${dump}`);
}

const nothingLeft = async (t: ExecutionContext, directory: string): Promise<void> => {
  t.deepEqual((await readdir(directory)).filter((name) => name.includes("kgdump")), []);
};

test("a delta is applied to a store that holds its base; once more, nothing is changed", async (t) => {
  const { directory, target, second, wholes } = await ground(t);
  const result = await importDump({ target, input: second });
  t.like(result, { delta: "applied", merged: true, verified: true, entries: 8 });
  await holds(t, wholes[1], target);
  const before = await fingerprint(target);
  t.like(await importDump({ target, input: second }), { delta: "already", entries: 0 });
  t.is(await fingerprint(target), before);
  await nothingLeft(t, directory);
});

test("several deltas are applied in their order, from the one that the store is at", async (t) => {
  const { directory, target, first, second, third, wholes } = await ground(t);
  const copy = join(directory, "copy");
  await cp(target, copy, { recursive: true });
  t.like(await importDump({ target, input: [second, third] }), { delta: "applied", entries: 11 });
  await holds(t, wholes[2], target);
  await importDump({ target: copy, input: [second] });
  t.like(await importDump({ target: copy, input: [second, third] }), { delta: "applied", entries: 3 });
  await holds(t, wholes[2], copy);
  t.like(await importDump({ target: copy, input: [second, third] }), { delta: "already" });
  await importDump({ target: join(directory, "new"), input: [first, second, third] });
  await holds(t, wholes[2], join(directory, "new"));
});

test("a store that holds something else is refused by name, and is not touched", async (t) => {
  const { directory, target, second, third } = await ground(t);
  const before = await fingerprint(target);
  await t.throwsAsync(importDump({ target, input: third }), { code: "DELTA_BASE_DIFFERENT", message: /keyspace "(default|nodes|back|fresh)" is not there, or holds other entries/ });
  t.is(await fingerprint(target), before);
  for (const spoil of ["put", "tree"]) {
    const spoilt = join(directory, spoil);
    await cp(target, spoilt, { recursive: true });
    {
      await using sink = await openSledSink(spoilt, { create: false });
      if (spoil === "put") await sink.apply(Buffer.from("nodes"), encodeEntries([{ key: Buffer.from("c"), value: Buffer.from("3") }]), "overwrite");
      else await sink.createKeyspace(Buffer.from("other"));
    }
    const found = await fingerprint(spoilt);
    await t.throwsAsync(importDump({ target: spoilt, input: second }), { code: "DELTA_BASE_DIFFERENT", message: spoil === "put" ? /"nodes"/ : /"other" is there besides/ });
    t.is(await fingerprint(spoilt), found);
  }
  await nothingLeft(t, directory);
});

test("a keyspace that is gone in the delta is removed, with what was in it", async (t) => {
  const { directory, target, first } = await ground(t);
  const other = await makeStore(directory, "other", { default: numbered("k", 2990) });
  const [delta, whole] = [join(directory, "gone.kgd"), join(directory, "whole.kgd")];
  await exportStore({ store: other, base: [first], output: delta });
  await exportStore({ store: other, output: whole });
  t.is((await importDump({ target, input: delta })).delta, "applied");
  await holds(t, whole, target);
});

test("an open store, a damaged delta and a selection are refused; so is a delta without its base", async (t) => {
  const { directory, target, second } = await ground(t);
  const before = await fingerprint(target);
  await t.throwsAsync(importDump({ target, input: second, prefix: Buffer.from("k") }), { code: "USAGE" });
  await t.throwsAsync(importDump({ target, input: second, verify: false }), { code: "USAGE" });
  await t.throwsAsync(importDump({ target, input: second, merge: true }), { code: "STORE_UNSUPPORTED" });
  await t.throwsAsync(importDump({ target: join(directory, "none"), input: second }), { code: "STORE_UNSUPPORTED" });
  const { readFile, writeFile } = await import("node:fs/promises");
  const bytes = await readFile(second);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  const damaged = join(directory, "damaged.kgd");
  await writeFile(damaged, bytes);
  const error = await t.throwsAsync(importDump({ target, input: damaged }));
  t.regex(String((error as { code?: string }).code), /^DUMP_/);
  t.is(await fingerprint(target), before);
  {
    await using _open = await openSledSink(target, { create: false });
    await t.throwsAsync(importDump({ target, input: second }), { code: "STORE_IN_USE" });
  }
  await nothingLeft(t, directory);
});

test("what leads to a link is changed, and the link stays; a store that was moved aside comes back", async (t) => {
  const { directory, target, second, wholes } = await ground(t);
  const elsewhere = join(directory, "elsewhere");
  await mkdir(elsewhere);
  const link = join(elsewhere, "link");
  await symlink(target, link);
  await rename(target, `${target}.kgdump-before`);
  t.is((await importDump({ target, input: second })).delta, "applied");
  await holds(t, wholes[1], link);
  t.is((await importDump({ target: link, input: second })).delta, "already");
  t.deepEqual(await readdir(elsewhere), ["link"]);
});

test("a base without a default family is that of a store whose default tree is empty, and of no other", async (t) => {
  const directory = await temporaryDirectory(t);
  const [full, delta, target] = ["full.kgd", "delta.kgd", "sled"].map((name) => join(directory, name)) as [string, string, string];
  const store = await makeStore(directory, "store", { nodes: numbered("k", 50) });
  const withoutDefault = (real: EntrySource): EntrySource => instead<EntrySource>(real, { info: { ...real.info, keyspaces: real.info.keyspaces.filter(({ name }) => Buffer.from(name).toString() !== "default") } });
  await exportStore({ store, output: full, seams: { exporting: withoutDefault } });
  await change(store, { nodes: { k0000003: "new" } });
  await exportStore({ store, base: [full], output: delta, seams: { exporting: withoutDefault } });
  await importDump({ target, input: full });
  const filled = join(directory, "filled");
  await cp(target, filled, { recursive: true });
  {
    await using sink = await openSledSink(filled, { create: false });
    await sink.apply(Buffer.from("default"), encodeEntries([{ key: Buffer.from("a"), value: Buffer.from("1") }]), "overwrite");
  }
  const before = await fingerprint(filled);
  await t.throwsAsync(importDump({ target: filled, input: delta }), { code: "DELTA_BASE_DIFFERENT", message: /"default" is there besides/ });
  t.is(await fingerprint(filled), before);
  t.like(await importDump({ target, input: delta }), { delta: "applied", entries: 1 });
});
