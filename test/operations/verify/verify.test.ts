import { createReadStream } from "node:fs";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import fc from "../../support/properties.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/index.js";
import { compareEntries } from "#src/operations/entries/compare.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { requireEqual, type Verification } from "#src/operations/verify/results.js";
import { verifyDump, verifyStore } from "#src/operations/verify/verify.js";
import { hex, sledWrite } from "../../checker/run.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("a store that differs is told key by key", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = join(directory, "a.kgd");
  const target = join(directory, "target");
  await exportStore({ store: await makeStore(directory, "store", { default: { a: "1", b: "2" }, nodes: numbered("n", 100) }), output: dump });
  await importDump({ target, input: dump });
  t.true((await verifyDump({ input: dump, against: target })).against?.equal);
  const changed = await makeStore(directory, "changed", { default: { a: "1", b: "two", c: "3" }, nodes: numbered("n", 99), more: { x: "y" } });
  const { against } = await verifyDump({ input: dump, against: changed });
  t.false(against?.equal);
  t.deepEqual(
    against?.differences.map(({ keyspace, key, kind }) => [Buffer.from(keyspace).toString(), Buffer.from(key).toString(), kind]),
    [
      ["default", "b", "changed"],
      ["default", "c", "added"],
      ["nodes", "n0000099", "missing"],
      ["more", "x", "added"],
    ],
  );
});

test("a store that the plain crate changed is seen to differ", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = join(directory, "a.kgd");
  const target = join(directory, "target");
  await exportStore({ store: await makeStore(directory, "store", { default: { a: "1" } }), output: dump });
  await importDump({ target, input: dump });
  await sledWrite(target, [`tree ${hex(Buffer.from("__sled__default"))}`, `put ${hex(Buffer.from("a"))} ${hex(Buffer.from("2"))}`]);
  t.like((await verifyDump({ input: dump, against: target })).against?.keyspaces[0], { changed: 1, missing: 0, added: 0 });
});

test("a store may be named twice, and by a link: its own lock is not in the way", async (t) => {
  const directory = await temporaryDirectory(t);
  const [dump, store, link] = [join(directory, "a.kgd"), join(directory, "sled"), join(directory, "link")];
  await exportStore({ store: await makeStore(directory, "store", { default: { a: "1" } }), output: dump });
  await importDump({ target: store, input: dump });
  await symlink(store, link);
  for (const { stores } of [await verifyStore({ store: link, against: [store, link] }), await verifyDump({ input: dump, against: [link, store, store] })]) {
    t.true(stores.length >= 2 && stores.every(({ equal }) => equal));
  }
});

test("damage within a block is found although the index is sound", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = join(directory, "a.kgd");
  await exportStore({ store: await makeStore(directory, "store", { default: numbered("k", 5000) }), output: dump, codec: "none" });
  const bytes = await readFile(dump);
  const middle = bytes.length >> 2;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
  await writeFile(dump, bytes);
  const error = await t.throwsAsync(verifyDump({ input: dump }), { instanceOf: KgdumpError });
  t.is(error.exitCode, 3);
  t.is(typeof error.offset, "number");
  t.is(error.path, dump);
});

test("an error names the first store that differs, with all that does, and how many more do", (t) => {
  const keyspace = { name: Buffer.from("nodes"), equal: false, missing: 1, added: 2, changed: 3 };
  const store = { path: "/one", equal: false, keyspaces: [{ ...keyspace, name: Buffer.from("same"), equal: true }, keyspace], graph: null, options: null };
  const graph = { newProblems: 4 };
  const options = (count: number): object => ({ differences: Array.from({ length: count }, () => ({})) });
  const said = (stores: readonly object[], reference: object = { kind: "dump" }): string => t.throws(() => { requireEqual({ reference, stores } as unknown as Verification); }, { instanceOf: KgdumpError, code: "VERIFY_DIFFERENCE" }).message;
  const keys = '"nodes": 1 missing, 2 added, 3 changed';
  t.is(said([store]), `the store /one differs from the dump: ${keys}`);
  t.is(said([{ ...store, graph, options: options(1) }], { kind: "sled", path: "/old" }), `the store /one differs from /old: ${keys}; 4 new problems of the graph; 1 other option`);
  t.is(said([{ ...store, equal: true }, { ...store, options: options(2) }, store, store]), `the store /one differs from the dump: ${keys}; 2 other options; 2 more of the stores differ`);
  t.notThrows(() => { requireEqual({ reference: { kind: "dump" }, stores: [{ ...store, equal: true }] } as unknown as Verification); });
});

test("comparing finds exactly the differences of two maps", async (t) => {
  const map = fc.dictionary(fc.string({ maxLength: 3 }), fc.string({ maxLength: 2 }), { maxKeys: 30 });
  const blocks = async function* (content: Record<string, string>, order: "bytewise" | "reverse-bytewise", size: number): AsyncGenerator<Uint8Array> {
    const entries = Object.entries(content).map(([key, value]) => ({ key: Buffer.from(key), value: Buffer.from(value) }));
    entries.sort((a, b) => Buffer.compare(a.key, b.key) * (order === "bytewise" ? 1 : -1));
    for (let at = 0; at < entries.length; at += size) yield encodeEntries(entries.slice(at, at + size));
  };
  await fc.assert(
    fc.asyncProperty(map, map, fc.constantFrom("bytewise" as const, "reverse-bytewise" as const), fc.integer({ min: 1, max: 5 }), async (a, b, order, size) => {
      const found: Record<string, string> = {};
      for await (const { key, kind } of compareEntries(order, blocks(a, order, size), [blocks(b, order, size + 1)])) found[Buffer.from(key).toString()] = kind;
      const expected: Record<string, string> = {};
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        if (!Object.hasOwn(b, key)) expected[key] = "missing";
        else if (!Object.hasOwn(a, key)) expected[key] = "added";
        else if (a[key] !== b[key]) expected[key] = "changed";
      }
      t.deepEqual(found, expected);
    }),
  );
});

test("a delta is no state that a store could have: comparing stores with one is refused, from a path and from a pipe, and it is checked by itself", async (t) => {
  const directory = await temporaryDirectory(t);
  const [base, delta] = [join(directory, "base.kgd"), join(directory, "delta.kgd")];
  const store = await makeStore(directory, "store", { default: { a: "1", b: "2" } });
  const later = await makeStore(directory, "later", { default: { a: "1", b: "3" }, nodes: { n: "1" } });
  await exportStore({ store, output: base });
  await exportStore({ store: later, output: delta, base: [base] });
  for (const asked of [{ against: later }, { against: [later, store] }, { graph: true }]) {
    for (const input of [delta, createReadStream(delta)]) {
      await t.throwsAsync(verifyDump({ input, ...asked }), { code: "DELTA_BASE_DIFFERENT", message: /holds only changes since dump/ }, `${JSON.stringify(asked)} ${typeof input}`);
    }
  }
  for (const input of [delta, createReadStream(delta)]) t.deepEqual((await verifyDump({ input })).stores, []);
});
