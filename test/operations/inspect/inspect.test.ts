import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { ExecutionContext } from "ava";
import { openDump } from "#src/operations/dump/open-dump.js";
import { exportStore } from "#src/operations/export/export.js";
import { getEntry, listBlocks, listEntries } from "#src/operations/inspect/entries.js";
import type { DumpSummary } from "#src/operations/dump/summary.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

async function setUp(t: ExecutionContext): Promise<{ directory: string; dump: string }> {
  const directory = await temporaryDirectory(t);
  const dump = join(directory, "a.kgd");
  const content = { default: { a: "1", "node:0000007": "another" }, nodes: numbered("node:", 3000) };
  await exportStore({ store: await makeStore(directory, "store", content), output: dump, blockSize: 4096 });
  return { directory, dump };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("a file and a stream give the same summary", async (t) => {
  const { dump } = await setUp(t);
  const file = await inspectDump({ input: dump });
  const stream = await inspectDump({ input: createReadStream(dump) });
  t.deepEqual([file.checked, stream.checked], ["index", "checksums"]);
  // Of a file, blocks that hold several prefixes are looked into.
  const plain = (summary: DumpSummary): object[] => summary.keyspaces.map((keyspace) => ({ ...keyspace, prefixes: [], morePrefixes: 0 }));
  t.deepEqual({ ...stream, path: dump, checked: "index", keyspaces: plain(stream) }, { ...file, keyspaces: plain(file) });
  t.false(file.keyspaces.some(({ prefixes }) => prefixes.some(({ estimated }) => estimated)));
  t.true(file.complete);
  t.like(file.keyspaces[1], { entries: 3000, keyBytes: 36_000 });
  t.true((file.keyspaces[1]?.blocks ?? 0) > 10);
  t.is(file.bytes, (await readFile(dump)).length);
});

test("of a recovered dump a file and a stream tell the same gaps, also where a keyspace has none", async (t) => {
  const { directory, dump } = await setUp(t);
  const bytes = await readFile(dump);
  const blocks = await collect(listBlocks({ input: dump }));
  for (const [name, block] of [["first", blocks[0]], ["middle", blocks[5]]] as const) {
    const at = (block?.offset ?? 0) + 40;
    const [damaged, recovered] = [join(directory, `${name}.kgd`), join(directory, `${name}-recovered.kgd`)];
    const copy = Buffer.from(bytes);
    copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at);
    await writeFile(damaged, copy);
    await recoverDump({ input: damaged, output: recovered });
    const gaps = ({ keyspaces }: DumpSummary): unknown => keyspaces.map((keyspace) => [keyspace.entries, keyspace.gaps, keyspace.missingEntries]);
    const file = await inspectDump({ input: recovered });
    t.deepEqual(gaps(file), gaps(await inspectDump({ input: createReadStream(recovered) })), name);
    t.deepEqual(file.keyspaces.map((keyspace) => keyspace.gaps).sort(), [0, 1], name);
  }
});

test("a file that is cut short tells where, and what comes before", async (t) => {
  const { directory, dump } = await setUp(t);
  const bytes = await readFile(dump);
  const cut = join(directory, "cut.kgd");
  await writeFile(cut, bytes.subarray(0, bytes.length >> 1));
  const summary = await inspectDump({ input: cut });
  t.false(summary.complete);
  t.is(summary.problem?.code, "DUMP_TRUNCATED");
  const entries = summary.keyspaces[1]?.entries ?? 0;
  t.true(entries > 0 && entries < 3000);
  t.is(summary.keyspaces[1]?.digest, null);
  const listed: string[] = [];
  await t.throwsAsync(
    async () => {
      for await (const { key } of listEntries({ input: cut })) listed.push(Buffer.from(key).toString());
    },
    { code: "DUMP_TRUNCATED" },
  );
  t.is(listed.length, entries + 2);
});

test("blocks and entries are listed by keyspace, prefix and limit, from a file and from a stream", async (t) => {
  const { dump } = await setUp(t);
  for (const input of [() => dump, () => createReadStream(dump)]) {
    const blocks = await collect(listBlocks({ input: input(), keyspace: "nodes" }));
    t.is(blocks.reduce((total, { entries }) => total + entries, 0), 3000);
    t.is((await collect(listBlocks({ input: input(), limit: 2 }))).length, 2);
    const entries = await collect(listEntries({ input: input(), prefix: Buffer.from("node:000123") }));
    t.deepEqual(entries.map(({ key }) => Buffer.from(key).toString()), Array.from({ length: 10 }, (_, n) => `node:000123${String(n)}`));
    t.is((await collect(listEntries({ input: input(), prefix: Buffer.from("node:"), limit: 7 }))).length, 7);
    await t.throwsAsync(collect(listEntries({ input: input(), keyspace: "no" })), { code: "KEYSPACE_UNKNOWN" });
  }
});

test("one entry is got by the index, in the keyspace that is named or the first that has it", async (t) => {
  const { dump } = await setUp(t);
  const key = Buffer.from("node:0000007");
  const text = async (keyspace?: string): Promise<string> => {
    const entry = await getEntry({ input: dump, key, ...(keyspace === undefined ? {} : { keyspace }) });
    return Buffer.from(entry?.value ?? []).toString();
  };
  t.is(await text(), "another");
  t.is(await text("nodes"), "value 7");
  t.is(await getEntry({ input: dump, key: Buffer.from("no") }), undefined);
});

test("an open dump gives values and ranges", async (t) => {
  const { dump: path } = await setUp(t);
  await using dump = await openDump(path);
  t.is(dump.footer.entries, 3002);
  t.is(Buffer.from((await dump.get("nodes", Buffer.from("node:0002999"))) ?? []).toString(), "value 2999");
  t.is(await dump.get("nodes", Buffer.from("node:")), undefined);
  t.is((await collect(dump.entries({ keyspace: "nodes" }))).length, 3000);
  t.is((await collect(dump.entries({ keyspace: "nodes", prefix: Buffer.from("node:00001") }))).length, 100);
  await t.throwsAsync(dump.get("edges", Buffer.from("x")), { code: "KEYSPACE_UNKNOWN" });
  await dump.close();
});

test("what is no dump is refused by name", async (t) => {
  const { directory, dump } = await setUp(t);
  const text = join(directory, "text");
  await writeFile(text, "this is no dump, but it is longer than any magic could be");
  await t.throwsAsync(inspectDump({ input: text }), { code: "DUMP_NOT_A_DUMP" });
  await t.throwsAsync(inspectDump({ input: directory }), { code: "DUMP_NOT_A_DUMP" });
  await t.throwsAsync(inspectDump({ input: join(directory, "no") }), { code: "NOT_FOUND" });
  await t.throwsAsync(openDump("/dev/null"), { code: "USAGE" });
  t.true((await inspectDump({ input: dump })).complete);
});

test("a dump whose end is damaged can't be listed from there, and has the bytes of its file all the same", async (t) => {
  const { directory, dump } = await setUp(t);
  const bytes = await readFile(dump);
  const [cut, flipped] = [join(directory, "cut.kgd"), join(directory, "flipped.kgd")];
  await writeFile(cut, bytes.subarray(0, bytes.length - 10));
  await t.throwsAsync(collect(listEntries({ input: cut, reverse: true })), { code: "DUMP_TRUNCATED" });
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(flipped, bytes);
  const { problem, bytes: size } = await inspectDump({ input: flipped, check: true });
  t.not(problem, null);
  t.is(size, bytes.length);
});
