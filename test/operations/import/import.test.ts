import { createReadStream } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import test from "ava";
import type { ExecutionContext } from "ava";
import { openSledSource } from "#src/engines/sled/reader.js";
import { iterateEntries } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { inspectStore } from "#src/operations/inspect/store.js";
import { sledCheck } from "../../checker/run.js";
import { type Content, makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

async function dumpOf(directory: string, name: string, content: Content, blockSize = 4096): Promise<string> {
  const output = join(directory, `${name}.kgd`);
  await exportStore({ store: await makeStore(directory, name, content), output, blockSize });
  return output;
}

async function contentOf(target: string): Promise<Content> {
  await using source = await openSledSource(target);
  const content: Record<string, Record<string, string>> = {};
  for (const { name } of source.info.keyspaces) {
    const tree: Record<string, string> = {};
    for await (const block of source.scan(name, { blockSize: 65_536 })) {
      for (const { key, value } of iterateEntries(block.data)) tree[Buffer.from(key).toString()] = Buffer.from(value ?? []).toString();
      block.release();
    }
    content[Buffer.from(name).toString()] = tree;
  }
  return content;
}

async function setUp(t: ExecutionContext): Promise<{ directory: string; dump: string; target: string }> {
  const directory = await temporaryDirectory(t);
  const dump = await dumpOf(directory, "first", { default: { a: "1", b: "2" }, nodes: numbered("node:", 500) });
  return { directory, dump, target: join(directory, "target") };
}

test("families become trees", async (t) => {
  const { dump, target, directory } = await setUp(t);
  const result = await importDump({ target, input: dump });
  t.like(result, { merged: false, verified: true, entries: 502 });
  t.deepEqual(await contentOf(target), { default: { a: "1", b: "2" }, nodes: numbered("node:", 500) });
  t.deepEqual((await readdir(directory)).sort(), ["first", "first.kgd", "target"]);
});

test("a new store is compressed when told, one that exists stays as it is", async (t) => {
  const { dump, target } = await setUp(t);
  await importDump({ target, input: dump, compression: true, jobs: 2 });
  t.is((await sledCheck(target, { compression: true })).length, 2);
  await t.throwsAsync(sledCheck(target));
  await t.throwsAsync(importDump({ target, input: dump, merge: true, compression: false }), { code: "STORE_SETTINGS_MISMATCH" });
  t.true((await importDump({ target, input: dump, merge: true, compression: true })).merged);
  t.true((await importDump({ target, input: dump, merge: true })).verified);
});

test("a target with something in it is refused and not touched", async (t) => {
  const { dump, target } = await setUp(t);
  await mkdir(target);
  await writeFile(join(target, "notes.txt"), "mine");
  await t.throwsAsync(importDump({ target, input: dump }), { code: "TARGET_EXISTS" });
  await t.throwsAsync(importDump({ target, input: dump, merge: true }), { code: "STORE_NOT_RECOGNIZED" });
  t.deepEqual(await readdir(target), ["notes.txt"]);
});

test("an empty directory may be the target", async (t) => {
  const { dump, target } = await setUp(t);
  await mkdir(target);
  t.is((await importDump({ target, input: dump })).entries, 502);
});

test("a dump is not imported into a RocksDB store", async (t) => {
  const { dump, directory } = await setUp(t);
  await t.throwsAsync(importDump({ target: join(directory, "first"), input: dump, merge: true }), { code: "STORE_NOT_RECOGNIZED" });
});

for (const stream of [false, true]) {
  const way = stream ? "from a stream" : "from a file";
  test(`merging ${way} overwrites, keeps or fails as told`, async (t) => {
    const { directory, dump, target } = await setUp(t);
    await importDump({ target, input: dump });
    const second = await dumpOf(directory, "second", { default: { b: "new", c: "3" }, edges: { e: "x" } });
    const input = (): string | AsyncIterable<Uint8Array> => (stream ? createReadStream(second) : second);
    await t.throwsAsync(importDump({ target, input: input(), ifExists: "fail" }), { code: "KEY_EXISTS" });
    const kept = await importDump({ target, input: input(), ifExists: "keep" });
    t.like(kept, { merged: true, verified: true });
    t.like((await contentOf(target)).default, { a: "1", b: "2", c: "3" });
    t.is(kept.keyspaces[0]?.kept, 1);
    await importDump({ target, input: input(), merge: true });
    const content = await contentOf(target);
    t.deepEqual(content, { default: { a: "1", b: "new", c: "3" }, edges: { e: "x" }, nodes: numbered("node:", 500) });
  });
}

test("a dump that ends early leaves no target", async (t) => {
  const { directory, dump, target } = await setUp(t);
  const cut = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(dump, { end: 3000, highWaterMark: 500 })) yield chunk as Buffer;
  };
  await t.throwsAsync(importDump({ target, input: cut() }), { code: "DUMP_TRUNCATED" });
  t.deepEqual((await readdir(directory)).sort(), ["first", "first.kgd"]);
});

test("an abort leaves no target", async (t) => {
  const { directory, dump, target } = await setUp(t);
  const controller = new AbortController();
  const slow = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(dump, { highWaterMark: 500 })) {
      yield chunk as Buffer;
      controller.abort(new Error("enough"));
    }
  };
  await t.throwsAsync(importDump({ target, input: slow(), signal: controller.signal }), { message: "enough" });
  t.deepEqual((await readdir(directory)).sort(), ["first", "first.kgd"]);
});

test("keyspaces, prefix and map choose and rename", async (t) => {
  const { dump, directory } = await setUp(t);
  const target = join(directory, "some");
  const result = await importDump({
    target,
    input: dump,
    keyspaces: ["nodes"],
    prefix: Buffer.from("node:000001"),
    map: new Map([["nodes", "graph nodes"]]),
  });
  t.is(result.entries, 10);
  const expected = Object.fromEntries(Object.entries(numbered("node:", 500)).filter(([key]) => key.startsWith("node:000001")));
  t.deepEqual(await contentOf(target), { default: {}, "graph nodes": expected });
});

test("two keyspaces never share a tree, and unknown ones are named", async (t) => {
  const { dump, target } = await setUp(t);
  await t.throwsAsync(importDump({ target, input: dump, map: new Map([["nodes", "default"]]) }), { code: "USAGE" });
  await t.throwsAsync(importDump({ target, input: dump, keyspaces: ["node"] }), { code: "KEYSPACE_UNKNOWN" });
  await t.throwsAsync(importDump({ target, input: dump, map: new Map([["no", "x"]]) }), { code: "KEYSPACE_UNKNOWN" });
});

test("a new store has the new names of keyspaces, and no tree by an old one; an existing one keeps its owner", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  const store = await makeStore(directory, "reversed", { back: { a: "1", b: "2" } }, [{ name: "back", comparator: "reverse-bytewise" }]);
  await exportStore({ store, output: at("a.kgd"), keyspaces: ["back"] });
  const { reopen } = await importDump({ target: relative(process.cwd(), at("new")), input: at("a.kgd"), map: new Map([["back", "forth"]]) });
  t.true(reopen.rust.includes(JSON.stringify(at("new"))), reopen.rust);
  const { keyspaces } = await inspectStore({ store: at("new") });
  t.deepEqual(keyspaces.map(({ name }) => Buffer.from(name).toString()).sort(), ["default", "forth"]);
  await t.throwsAsync(importDump({ target: at("new"), input: at("a.kgd"), merge: true, mode: 0o700 }), { code: "USAGE", message: /is for a new store/ });
});

test("who comes while a store is made is told by which command", async (t) => {
  const directory = await temporaryDirectory(t);
  const [input, target] = [await dumpOf(directory, "a", { default: numbered("k", 500) }), join(directory, "held")];
  let late: Promise<string> | undefined;
  await restoreDump({ target, input, onProgress: () => { late ??= importDump({ target, input }).then(() => "made", (error: unknown) => String(error)); } });
  t.regex((await late) ?? "", /\brestore\b/);
});
