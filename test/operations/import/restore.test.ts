import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink, openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import type { EntryLoader } from "#src/engines/store.js";
import type { KeyOrder } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { instead } from "../guards-support.js";

const CONTENT = { default: numbered("k", 3000), nodes: { a: "1", b: "" }, empty: {}, back: numbered("r", 500) };
const FAMILIES: { name: string; compression: "zstd"; blockSize: number; comparator?: KeyOrder }[] = [
  { name: "nodes", compression: "zstd", blockSize: 8192 },
  { name: "back", compression: "zstd", blockSize: 4096, comparator: "reverse-bytewise" },
];

/** RocksDB → dump → sled → dump. */
async function thereAndBack(t: ExecutionContext): Promise<{ directory: string; first: string; fromSled: string; digests: Record<string, string> }> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", CONTENT, FAMILIES);
  const [first, sled, fromSled] = ["first.kgd", "sled", "sled.kgd"].map((name) => join(directory, name)) as [string, string, string];
  const exported = await exportStore({ store, output: first });
  await importDump({ target: sled, input: first });
  await exportStore({ store: sled, output: fromSled, codec: "zstd" });
  return { directory, first, fromSled, digests: Object.fromEntries(exported.keyspaces.map(({ name, digest }) => [Buffer.from(name).toString(), digest])) };
}

async function keptOf(path: string): Promise<Record<string, [string | undefined, string | undefined, KeyOrder]>> {
  await using source = await openRocksdbSource(path);
  return Object.fromEntries(
    source.info.keyspaces.map(({ name, settings, comparator }) => [Buffer.from(name).toString(), [settings?.get("compression"), settings?.get("table.block_size"), comparator]]),
  );
}

test("a dump becomes the store that it was, with its families as they were kept", async (t) => {
  const { directory, first } = await thereAndBack(t);
  const target = join(directory, "restored");
  const result = await restoreDump({ target, input: first });
  t.deepEqual(result.warnings, []);
  t.true(result.verified);
  t.true((await verifyDump({ input: first, against: target })).against?.equal);
  const kept = await keptOf(target);
  t.deepEqual(kept.nodes, ["kZSTD", "8192", "bytewise"]);
  t.deepEqual(kept.back, ["kZSTD", "4096", "reverse-bytewise"]);
  t.deepEqual(kept.default, ["kLZ4Compression", "16384", "bytewise"]);
  t.deepEqual((await readdir(directory)).filter((name) => name.startsWith(".")), []);
});

test("what comes back from sled is the store of before, with equal digests", async (t) => {
  const { directory, first, fromSled, digests } = await thereAndBack(t);
  const target = join(directory, "restored");
  await restoreDump({ target, input: fromSled, optionsFrom: first });
  t.true((await verifyDump({ input: first, against: target })).against?.equal);
  const again = await exportStore({ store: target, output: join(directory, "again.kgd") });
  t.deepEqual(Object.fromEntries(again.keyspaces.map(({ name, digest }) => [Buffer.from(name).toString(), digest])), digests);
  t.deepEqual(await keptOf(target), await keptOf(join(directory, "store")));
});

test("without settings families are kept as is usual, or as is asked", async (t) => {
  const { directory, fromSled } = await thereAndBack(t);
  const [plain, asked] = [join(directory, "plain"), join(directory, "asked")];
  await restoreDump({ target: plain, input: fromSled });
  t.deepEqual((await keptOf(plain)).back, ["kLZ4Compression", "16384", "bytewise"]);
  {
    await using source = await openRocksdbSource(plain);
    for (const { settings } of source.info.keyspaces.filter(({ name }) => Buffer.from(name).toString() !== "default")) t.is(settings?.get("table.format_version"), "5", "also for older libraries");
  }
  const map = new Map([["nodes", "vertices"]]);
  await restoreDump({ target: asked, input: fromSled, compression: "none", tableBlockSize: 32_768, map, keyspaces: ["nodes", "empty"] });
  t.deepEqual(await keptOf(asked), {
    default: ["kLZ4Compression", "16384", "bytewise"],
    vertices: ["kNoCompression", "32768", "bytewise"],
    empty: ["kNoCompression", "32768", "bytewise"],
  });
});

test("a target that exists is refused, and a damaged dump leaves nothing", async (t) => {
  const { directory, first } = await thereAndBack(t);
  await t.throwsAsync(restoreDump({ target: join(directory, "sled"), input: first }), { code: "TARGET_EXISTS" });
  const before = await readdir(directory);
  async function* cut(): AsyncGenerator<Uint8Array> {
    const { readFile } = await import("node:fs/promises");
    yield (await readFile(first)).subarray(0, -40);
  }
  await t.throwsAsync(restoreDump({ target: join(directory, "new"), input: cut() }), { code: "DUMP_TRUNCATED" });
  t.deepEqual(await readdir(directory), before);
});

test("a stream can't be put into another order", async (t) => {
  const { directory, first, fromSled } = await thereAndBack(t);
  async function* stream(): AsyncGenerator<Uint8Array> {
    const { readFile } = await import("node:fs/promises");
    yield await readFile(fromSled);
  }
  await t.throwsAsync(restoreDump({ target: join(directory, "new"), input: stream(), optionsFrom: first }), { code: "USAGE" });
  await restoreDump({ target: join(directory, "new"), input: stream() });
  t.pass();
});

test("a store that is not read back is opened at least", async (t) => {
  const { directory, first } = await thereAndBack(t);
  const seams = {
    loader: (real: EntryLoader) =>
      instead<EntryLoader>(real, {
        finish: async () => {
          await real.finish();
          const [staged = ""] = (await readdir(directory)).filter((name) => /^\.restored\.kgdump-[0-9a-f]{16}$/.test(name));
          const store = join(directory, staged, "store");
          for (const name of await readdir(store)) if (name.endsWith(".sst")) await rm(join(store, name));
        },
      }),
  };
  await t.throwsAsync(restoreDump({ target: join(directory, "restored"), input: first, verify: false, seams }), { code: "STORE_UNSUPPORTED", message: /the table/ });
  t.false((await readdir(directory)).includes("restored"));
});

test("logs of the old store that its program would read into the new one are told", async (t) => {
  const directory = await temporaryDirectory(t);
  const [store, logs, dump] = ["graph", "logs", "graph.kgd"].map((name) => join(directory, name)) as [string, string, string];
  await mkdir(logs);
  {
    await using sink = await createRocksdbSink(store, { databaseOptions: `wal_dir=${logs};avoid_flush_during_shutdown=true` });
    await sink.operate("default", [{ kind: "put", key: Buffer.from("a"), value: Buffer.from("1") }]);
  }
  await exportStore({ store, output: dump });
  const { warnings } = await restoreDump({ target: join(directory, "restored"), input: dump });
  t.true(warnings.some((warning) => warning.startsWith(logs) && warning.includes("take them away before")), JSON.stringify(warnings));
  t.true(warnings.some((warning) => warning.startsWith("the database: wal_dir=")), JSON.stringify(warnings));
  await rm(logs, { recursive: true });
  t.deepEqual((await restoreDump({ target: join(directory, "again"), input: dump })).warnings.filter((warning) => warning.includes("take them away")), []);
});
