/** Stores that are made by what their engine itself can do: no command knows more of it. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Engine } from "#src/engines/engine.js";
import { engineNamed, ENGINE_NAMES } from "#src/engines/registry.js";
import { exportStore } from "#src/operations/export/export.js";
import { makePlainly } from "#src/operations/import/make.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const CONTENT = { default: numbered("k", 3000), nodes: numbered("n", 700, "a node"), back: numbered("b", 40), empty: {} };

const REVERSED = [{ name: "back", comparator: "reverse-bytewise" as const }];

async function dumped(t: ExecutionContext): Promise<{ directory: string; dump: string; target: string }> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", CONTENT, REVERSED);
  const dump = join(directory, "dump.kgd");
  await exportStore({ store, output: dump, blockSize: 4096 });
  return { directory, dump, target: join(directory, "target") };
}

for (const name of ENGINE_NAMES) {
  const engine = engineNamed(name);

  test(`${engine.title}: what it makes holds what the dump does`, async (t) => {
    const { directory, dump, target } = await dumped(t);
    const { entries, keyspaces, reopen } = await makePlainly(engine, { target, input: dump });
    t.is(entries, 3740);
    t.is(keyspaces.length, 4);
    t.is(reopen, null);
    t.true((await verifyDump({ input: dump, against: target })).against?.equal);
    t.deepEqual((await readdir(directory)).sort(), ["dump.kgd", "store", "target"]);
    // Before anything is read.
    for (const input of [dump, join(directory, "none.kgd")]) await t.throwsAsync(makePlainly(engine, { target, input }), { code: "TARGET_EXISTS" });
  });

  test(`${engine.title}: nothing comes to the target when it holds something else`, async (t) => {
    const { directory, dump, target } = await dumped(t);
    // It opens another store than the one that was filled, which has as many entries.
    const other = join(directory, "other");
    await exportStore({ store: await makeStore(directory, "changed", { ...CONTENT, nodes: numbered("n", 700, "a NODE") }, REVERSED), output: join(directory, "changed.kgd") });
    await makePlainly(engine, { target: other, input: join(directory, "changed.kgd") });
    const opened: string[] = [];
    const lying: Engine = { ...engine, readBack: (path) => (opened.push(path), engine.openSource(other, {})) };
    await t.throwsAsync(makePlainly(lying, { target, input: dump }), { code: "VERIFY_DIFFERENCE" });
    t.is(opened.length, 1);
    t.deepEqual((await readdir(directory)).sort(), ["changed", "changed.kgd", "dump.kgd", "other", "store"]);
  });
}

test("an engine whose stores are only read is named, and nothing is left", async (t) => {
  const { directory, dump, target } = await dumped(t);
  const reading: Engine = { ...engineNamed("sled"), openLoader: undefined };
  await t.throwsAsync(makePlainly(reading, { target, input: dump }), { code: "STORE_UNSUPPORTED", message: /reads sled stores but does not make them/ });
  t.deepEqual((await readdir(directory)).sort(), ["dump.kgd", "store"]);
});
