import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import test from "ava";
import { KgdumpError } from "#src/errors.js";
import { exportStore } from "#src/operations/export/export.js";
import { planExport } from "#src/operations/export/plan.js";
import { listEntries } from "#src/operations/inspect/entries.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { hex, makeStore as makeByPlan } from "../../maker/run.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const CONTENT = { default: { a: "1" }, nodes: numbered("node:", 2000), edges: numbered("edge:", 1000) };

async function keysOf(input: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listEntries({ input })) keys.push(Buffer.from(key).toString());
  return keys;
}

test("that nothing fits what was asked for is told", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 10) });
  for (const [name, selection] of Object.entries({ prefix: { prefix: Buffer.from("nothing:") }, range: { from: Buffer.from("y"), to: Buffer.from("z") } })) {
    const { entries, warnings } = await exportStore({ store, output: join(directory, `${name}.kgd`), ...selection });
    t.deepEqual([entries, warnings.filter((warning) => warning.startsWith("nothing in the store fits what was asked for")).length], [0, 1], name);
  }
  t.deepEqual((await exportStore({ store, output: join(directory, "some.kgd"), prefix: Buffer.from("k") })).warnings, []);
});

test("the same store gives the same bytes when id and time are fixed", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", CONTENT);
  const fixed = { store, dumpId: "00000000-0000-4000-8000-000000000001", createdAt: new Date(0), blockSize: 8192 };
  await exportStore({ ...fixed, output: join(directory, "1.kgd") });
  await exportStore({ ...fixed, output: join(directory, "2.kgd") });
  t.deepEqual(await readFile(join(directory, "1.kgd")), await readFile(join(directory, "2.kgd")));
});

test("a digest does not depend on codec and block size", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", CONTENT);
  const digests = new Set<string>();
  for (const [codec, blockSize] of [["lz4", 4096], ["zstd", 70_000], ["none", 1 << 20]] as const) {
    const { keyspaces } = await exportStore({ store, output: new PassThrough().resume(), codec, blockSize });
    digests.add(keyspaces.map(({ digest }) => digest).join());
  }
  t.is(digests.size, 1);
});

test("families, key ranges and a limit choose entries, and the dump says that it is a part", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", CONTENT);
  const output = join(directory, "a.kgd");
  await exportStore({
    store,
    output,
    keyspaces: ["nodes", "edges"],
    excludeKeyspaces: ["edges"],
    from: Buffer.from("node:0000010"),
    to: Buffer.from("node:0000020"),
    limit: 5,
  });
  t.deepEqual(await keysOf(output), ["10", "11", "12", "13", "14"].map((end) => `node:00000${end}`));
  const summary = await inspectDump({ input: output });
  t.regex(summary.header.filter ?? "", /some keyspaces .*limit=5/);
  t.deepEqual(summary.keyspaces.map(({ name }) => Buffer.from(name).toString()), ["nodes"]);
  await exportStore({ store, output, prefix: Buffer.from("edge:00009"), force: true });
  t.is((await keysOf(output)).length, 100);
  const between = { from: Buffer.from("node:0000010"), to: Buffer.from("node:0000013") };
  await exportStore({ store, output, keyspaces: ["nodes"], ...between, force: true });
  t.deepEqual(await keysOf(output), ["10", "11", "12"].map((end) => `node:00000${end}`));
});

test("each choice of families is read with what the logs have of it, whatever they have of others", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "store");
  const logged = { default: 3, none: 0, few: 1, many: 40 };
  const puts = Object.entries(logged).flatMap(([name, count]) => Object.keys(numbered("k", count)).map((key) => `put ${hex(name)} ${hex(key)} 00`));
  await makeByPlan(store, ["family none", "family few", "family many"].map((line) => line.replace(/(\w+)$/, (name) => hex(name))).concat(["open", ...puts, "crash"]));
  const names = Object.keys(logged) as (keyof typeof logged)[];
  for (let choice = 1; choice < 16; choice++) {
    const chosen = names.filter((_, index) => ((choice >> index) & 1) === 1);
    const { keyspaces } = await exportStore({ store, output: join(directory, "x.kgd"), force: true, keyspaces: chosen.map((name) => Buffer.from(name)) });
    t.deepEqual(Object.fromEntries(keyspaces.map(({ name, entries }) => [Buffer.from(name).toString(), entries])), Object.fromEntries(chosen.map((name) => [name, logged[name]])));
  }
});

test("a limit counts over all keyspaces", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("a", 3), nodes: numbered("b", 3) });
  const { entries } = await exportStore({ store, output: new PassThrough().resume(), limit: 4 });
  t.is(entries, 4);
});

test("a dump that was stopped ends with an abort frame", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", CONTENT);
  const controller = new AbortController();
  const chunks: Uint8Array[] = [];
  const output = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(Buffer.from(chunk));
      if (chunks.length === 5) controller.abort(new Error("the operator said stop"));
      setImmediate(done);
    },
  });
  await t.throwsAsync(exportStore({ store, output, blockSize: 4096, signal: controller.signal }), { message: "the operator said stop" });
  const received = async function* (): AsyncGenerator<Uint8Array> {
    yield* chunks;
  };
  await t.throwsAsync(verifyDump({ input: received() }), { code: "DUMP_ABORTED", message: /the operator said stop/ });
});

test("an abort frame has the code of the error that led to it; blocks are no larger than readers take", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: { ...numbered("k", 1000), large: "x".repeat(20_000) } });
  const chunks: Buffer[] = [];
  const output = new Writable({ write: (chunk: Buffer, _encoding, done) => { chunks.push(Buffer.from(chunk)); done(); } });
  await t.throwsAsync(exportStore({ store, output, maxBlockSize: 10_000 }), { code: "STORE_UNSUPPORTED" });
  await t.throwsAsync(verifyDump({ input: Readable.from(chunks) }), { code: "DUMP_ABORTED", message: /\[STORE_UNSUPPORTED\]/ });
  const path = join(directory, "small.kgd");
  await exportStore({ store, output: path, maxBlockSize: 21_000 });
  t.true((await verifyDump({ input: path, maxBlockSize: 21_000 })).dump.header.blockSize <= 21_000);
});

/** Takes all but one write. */
class FailingOnce extends Writable {
  failed = false;
  readonly #failing: number;
  #writes = 0;

  constructor(failing: number) {
    super({ write: (_chunk, _encoding, done) => { done(); } });
    this.#failing = failing;
  }

  override write(chunk: Uint8Array, ...rest: unknown[]): boolean {
    const done = rest.find((one): one is (error?: Error | null) => void => typeof one === "function");
    if (this.#writes++ !== this.#failing) return super.write(chunk, done);
    this.failed = true;
    setImmediate(() => done?.(Object.assign(new Error("no space for this one"), { code: "ENOSPC" })));
    return true;
  }
}

test("a write that fails once ends the export, whichever it is", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("a", 1000), nodes: numbered("b", 500) });
  let [failing, failed] = [0, true];
  for (; failed; failing++) {
    const output = new FailingOnce(failing);
    const end = await exportStore({ store, output, blockSize: 4096 }).then(() => "exported", (error: unknown) => (error instanceof KgdumpError ? error.code : String(error)));
    failed = output.failed;
    t.is(end, failed ? "NO_SPACE" : "exported", `write ${String(failing)}`);
  }
  t.true(failing > 10);
});

test("a stopped export leaves no file", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", CONTENT);
  const controller = new AbortController();
  const exporting = exportStore({
    store,
    output: join(directory, "a.kgd"),
    blockSize: 4096,
    signal: controller.signal,
    onProgress: () => {
      controller.abort(new Error("stop"));
    },
  });
  await t.throwsAsync(exporting, { message: "stop" });
  t.deepEqual(await readdir(directory), ["store"]);
});

test("a slow reader holds the export back", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 20_000, "x".repeat(200)) });
  let read = 0;
  let exported = 0;
  let ahead = 0;
  const output = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, done) => {
      read += chunk.length;
      ahead = Math.max(ahead, exported - read);
      setTimeout(done, 1);
    },
  });
  const result = await exportStore({
    store,
    output,
    blockSize: 16_384,
    codec: "none",
    onProgress: ({ dumpBytes }) => {
      exported = dumpBytes;
    },
  });
  t.true(result.dumpBytes > 4_000_000);
  t.true(ahead < 200_000, `${String(ahead)} bytes ahead of the reader`);
});

test("a plan tells what would be exported, and what is in the way", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", CONTENT);
  const output = join(directory, "a.kgd");
  const plan = await planExport({ store, keyspaces: ["nodes"], output });
  t.deepEqual(plan.problems, []);
  t.deepEqual(plan.keyspaces.filter(({ selected }) => selected).map(({ name }) => Buffer.from(name).toString()), ["nodes"]);
  t.true((plan.estimatedEntries ?? 0) >= 1000 && (plan.estimatedEntries ?? 0) <= 4000, String((plan.estimatedEntries ?? 0)));
  t.deepEqual(await readdir(directory), ["store"]);
  await exportStore({ store, output });
  t.is((await planExport({ store, output })).problems.length, 1);
  t.is((await planExport({ store, output, force: true })).problems.length, 0);
});

test("a dump is never put into the store's own directory", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", CONTENT);
  const before = await readdir(store);
  await t.throwsAsync(exportStore({ store, output: join(store, "a.kgd") }), { code: "USAGE" });
  await t.throwsAsync(exportStore({ store, output: join(directory, "x", "..", "store", "a.kgd") }), { code: "USAGE" });
  t.deepEqual(await readdir(store), before);
  // Beside it, whatever the names begin with, is not within it.
  await exportStore({ store, output: join(directory, "store.kgd") });
  await mkdir(join(directory, "store-dumps"));
  await exportStore({ store, output: join(directory, "store-dumps", "a.kgd") });
});

test("a block size out of range and an unknown level are the caller's mistake", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", CONTENT);
  const output = join(directory, "a.kgd");
  for (const wrong of [{ blockSize: 1 }, { blockSize: 2 ** 40 }, { codec: "zstd" as const, level: 23 }]) {
    await t.throwsAsync(exportStore({ store, output, ...wrong }), { code: "USAGE" });
  }
  t.deepEqual(await readdir(directory), ["store"]);
});

test("the header keeps how each family was kept", async (t) => {
  const directory = await temporaryDirectory(t);
  const output = join(directory, "a.kgd");
  const store = await makeStore(directory, "store", CONTENT, [{ name: "nodes", compression: "zstd", blockSize: 32_768 }]);
  await exportStore({ store, output });
  const { header } = await inspectDump({ input: output });
  const settings = header.keyspaces.find(({ name }) => Buffer.from(name).toString() === "nodes")?.sourceOptions;
  t.is(settings?.get("compression"), "kZSTD");
  t.is(settings?.get("table.block_size"), "32768");
});
