/** What an export and its plan tell, what they refuse, and whose memory they use. */
import { readdir, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import test, { type ExecutionContext } from "ava";
import type { EntrySource } from "#src/engines/store.js";
import { exportStore } from "#src/operations/export/export.js";
import { planExport } from "#src/operations/export/plan.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { numbered as pairs, putEntries } from "../../engines/rocksdb/support.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

async function ground(t: ExecutionContext): Promise<{ directory: string; store: string; output: string }> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("a", 3000), nodes: numbered("b", 500) });
  return { directory, store, output: join(directory, "a.kgd") };
}

test("what the store says, and what its header has no room for, is told", async (t) => {
  const { store, output } = await ground(t);
  const exporting = (real: EntrySource): EntrySource => ({
    info: { ...real.info, options: new Map([["odd", "x".repeat(70_000)]]), warnings: ["it is cold"] },
    scan: (keyspace, options) => real.scan(keyspace, options),
    close: () => real.close(),
    [Symbol.asyncDispose]: () => real.close(),
  });
  const { warnings } = await exportStore({ store, output, seams: { exporting } });
  t.is(warnings.length, 2);
  t.is(warnings[0], "it is cold");
  t.regex(warnings[1] ?? "", /the option odd is too long for a dump's header/);
});

test("an entry that readers take only when they are told to is told, and one that the target can't hold is refused", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: { [`k${"x".repeat(2 ** 24)}`]: "1" } });
  const asked = { store, maxBlockSize: 2 ** 32 - 1 };
  const { warnings } = await exportStore({ ...asked, output: new PassThrough().resume() });
  t.regex(warnings.join(), /read the dump with --max-block-size 4GiB/);
  await t.throwsAsync(exportStore({ ...asked, target: "sled", output: new PassThrough().resume() }), { code: "STORE_UNSUPPORTED", message: /a sled store holds keys up to 16 MiB/ });
  await t.throwsAsync(exportStore({ store, output: new PassThrough().resume() }), { code: "STORE_UNSUPPORTED", message: /readers of the dump/ });
});

test("what is there is replaced only when that is asked for, and the header of a part has no estimates of the whole", async (t) => {
  const { store, output } = await ground(t);
  await exportStore({ store, output });
  await t.throwsAsync(exportStore({ store, output }), { code: "OUTPUT_EXISTS" });
  t.deepEqual((await inspectDump({ input: output })).keyspaces.map(({ estimatedEntries }) => estimatedEntries), [3000, 500]);
  await exportStore({ store, output, limit: 7, force: true });
  t.deepEqual((await inspectDump({ input: output })).keyspaces.map(({ estimatedEntries }) => estimatedEntries), [0, 0]);
});

test("only whole stores are compared with a base, and families in the order that they have there", async (t) => {
  const { directory, store, output } = await ground(t);
  await exportStore({ store, output });
  for (const selection of [{ keyspaces: ["nodes"] }, { excludeKeyspaces: ["nodes"] }, { limit: 1 }, { to: Buffer.from("b") }]) {
    await t.throwsAsync(exportStore({ store, base: [output], output: join(directory, "b.kgd"), ...selection }), { code: "USAGE" });
  }
  const turned = await makeStore(directory, "turned", { default: { a: "1" }, nodes: numbered("b", 500) }, [{ name: "nodes", comparator: "reverse-bytewise" }]);
  await t.throwsAsync(exportStore({ store: turned, base: [output], output: join(directory, "b.kgd") }), { code: "STORE_UNSUPPORTED", message: /different key order/ });
});

test("a plan tells what the store says, and refuses one whose tables can't be read", async (t) => {
  const { directory, store } = await ground(t);
  const torn = join(directory, "torn");
  await putEntries(torn, pairs(50), { flush: false });
  const log = (await readdir(torn)).find((name) => name.endsWith(".log")) ?? "";
  await truncate(join(torn, log), (await stat(join(torn, log))).size - 3);
  t.true((await planExport({ store: torn })).warnings.length > 0);
  t.deepEqual((await planExport({ store })).warnings, []);
  for (const name of await readdir(store)) {
    // Its beginning is read only when its entries are.
    if (name.endsWith(".sst")) await writeFile(join(store, name), Buffer.alloc(64, 0xff), { flag: "r+" });
  }
  await t.throwsAsync(planExport({ store }), { code: "STORE_DAMAGED" });
});

/** Looks at what it was given only some time later, as a slow disk does, and holds on to nothing then. */
class Slow extends Writable {
  readonly letsGo = true;
  readonly received: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    setTimeout(() => {
      this.received.push(Buffer.from(chunk));
      done();
    }, 2);
  }
}

for (const codec of ["none", "lz4", "zstd"] as const) {
  test(`memory is used again only when what was in it is written: ${codec}`, async (t) => {
    const { store } = await ground(t);
    const output = new Slow();
    await exportStore({ store, output, codec, blockSize: 4096 });
    const received = async function* (): AsyncGenerator<Uint8Array> {
      yield* output.received;
    };
    const { dump } = await verifyDump({ input: received() });
    t.is(dump.keyspaces.reduce((sum, { entries }) => sum + entries, 0), 3500);
  });
}

test("an export that is aborted at the very last publishes nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("a", 60) });
  const controller = new AbortController();
  const onProgress = ({ entries }: { readonly entries: number }): void => {
    if (entries === 60) controller.abort(new Error("interrupted"));
  };
  await t.throwsAsync(exportStore({ store, output: join(directory, "a.kgd"), onProgress, signal: controller.signal }), { message: "interrupted" });
  t.deepEqual(await readdir(directory), ["store"]);
});
