/** Reading back finds whatever is not as it was loaded, wherever it is. */
import { join } from "node:path";
import test from "ava";
import type { ExecutionContext } from "ava";
import { openSledLoader } from "#src/engines/sled/loader.js";
import { openSledSource } from "#src/engines/sled/reader.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { type Entry, encodeEntries } from "#src/format/index.js";
import { readEvents } from "#src/operations/dump/read.js";
import { exportStore } from "#src/operations/export/export.js";
import { loadNew } from "#src/operations/import/load.js";
import { ImportPlan } from "#src/operations/import/plan.js";
import { verifyNew } from "#src/operations/import/read-back.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const NODES = Buffer.from("nodes");
const BIG = "x".repeat(500);

/** A store of about 5 MiB in one keyspace, with the plan by which it was loaded. */
async function loaded(t: ExecutionContext): Promise<{ plan: ImportPlan; path: string }> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "source", { default: { a: "1" }, nodes: numbered("node:", 10_000, BIG) });
  const output = join(directory, "dump.kgd");
  await exportStore({ store, output, blockSize: 65_536 });
  const events = readEvents({ input: output }, true);
  const first = await events.next();
  if (first.done === true || first.value.type !== "header") throw new TypeError("no header");
  const plan = new ImportPlan(first.value.header, {});
  const path = join(directory, "target");
  await using loader = await openSledLoader(path);
  await loadNew(plan, events, loader, {});
  return { plan, path };
}

async function verify(plan: ImportPlan, path: string): Promise<void> {
  await using source = await openSledSource(path);
  await verifyNew(plan, source, { jobs: 2 });
}

async function change(path: string, tree: string, entry: Entry): Promise<void> {
  await using sink = await openSledSink(path, { create: false });
  await sink.createKeyspace(Buffer.from(tree));
  await sink.apply(Buffer.from(tree), encodeEntries([entry]), "overwrite");
  await sink.flush();
}

test("what was loaded is found equal, by several scans", async (t) => {
  const { plan, path } = await loaded(t);
  const keyspace = plan.selected.find(({ name }) => NODES.equals(name));
  t.true((keyspace?.splits.length ?? 0) >= 3);
  await t.notThrowsAsync(verify(plan, path));
});

test("an entry that is missing, changed or too much is found", async (t) => {
  const { plan, path } = await loaded(t);
  const splits = plan.selected.find(({ name }) => NODES.equals(name))?.splits ?? [];
  const places = ["node:0000000", "node:0009999", "node:0004321", ...splits.map((key) => Buffer.from(key).toString())];
  for (const text of places) {
    const key = Buffer.from(text);
    const value = Buffer.from(`${BIG} ${Number(text.slice(5)).toString()}`);
    const unlike = Buffer.from(value);
    unlike[0] = 0;
    for (const wrong of [null, unlike, Buffer.alloc(0)]) {
      await change(path, "nodes", { key, value: wrong });
      await t.throwsAsync(verify(plan, path), { code: "VERIFY_DIFFERENCE" }, text);
    }
    await change(path, "nodes", { key, value });
    await t.notThrowsAsync(verify(plan, path), text);
  }
  for (const [tree, text] of [["nodes", ""], ["nodes", "node:00042"], ["nodes", "z"], ["default", "b"], ["other", "a"]] as const) {
    await change(path, tree, { key: Buffer.from(text), value: Buffer.from("") });
    await t.throwsAsync(verify(plan, path), { code: "VERIFY_DIFFERENCE" }, text);
    await change(path, tree, { key: Buffer.from(text), value: null });
    await t.notThrowsAsync(verify(plan, path), text);
  }
});
