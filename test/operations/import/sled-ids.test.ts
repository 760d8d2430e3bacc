/** The counter behind sled's `generate_id`: a store that is made of another's entries never begins below it. */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openSledSource } from "#src/engines/sled/reader.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { recoverInto, recoverStore } from "#src/operations/recover/index.js";
import { verifyDump, type VerifyDumpOptions, verifyStore } from "#src/operations/verify/verify.js";
import { sledCheck, sledId, sledWrite } from "../../checker/run.js";
import { temporaryDirectory } from "../../support/temporary.js";

async function nextId(path: string): Promise<number> {
  await using source = await openSledSource(path);
  return Number(source.info.options?.get("sled.nextId"));
}

test("ids go on where the original's were, in a new store and in one that is written into", async (t) => {
  const root = await temporaryDirectory(t);
  const [store, output, target, merged] = ["store", "dump.kgd", "target", "merged"].map((name) => join(root, name)) as [string, string, string, string];
  await sledWrite(store, ["random 7 300"]);
  t.is(await nextId(store), 2_000_000);
  for (const [wanted, found] of [
    ["7500000", 8_000_000],
    ["3", 8_000_000],
    ["8000001", 9_000_000],
  ] as const) {
    await (await openSledSink(store, { create: false, nextId: wanted })).close();
    t.is(await nextId(store), found);
  }
  const before = await sledCheck(store);
  await exportStore({ store, output });
  await importDump({ input: output, target });
  t.is(await nextId(target), 9_000_000);
  t.deepEqual(await sledCheck(target), before);
  t.true((await nextId(target)) >= 9_000_000);
  await sledWrite(merged, ["put 01 02"]);
  await importDump({ input: output, target: merged, merge: true });
  t.is(await nextId(merged), 9_000_000);
});

/** A store, and one that was made of its dump before its counter was raised. */
async function behindByIds(t: ExecutionContext): Promise<Record<"store" | "output" | "delta" | "target", string>> {
  const root = await temporaryDirectory(t);
  const [store, output, delta, target] = ["store", "dump.kgd", "delta.kgd", "target"].map((name) => join(root, name)) as [string, string, string, string];
  await sledWrite(store, ["put 01 02"]);
  await exportStore({ store, output });
  await importDump({ input: output, target });
  await (await openSledSink(store, { create: false, nextId: "7500000" })).close();
  return { store, output, delta, target };
}

test("ids go on where the original's were when a delta is applied", async (t) => {
  const { store, output, delta, target } = await behindByIds(t);
  await sledWrite(store, ["put 03 04"]);
  await exportStore({ store, output: delta, base: [output] });
  const wanted = await nextId(store);
  t.true(wanted >= 8_000_000 && (await nextId(target)) < wanted);
  t.is((await importDump({ input: delta, target })).delta, "applied");
  t.is(await nextId(target), wanted);
});

test("ids go on where the original's were when nothing else has changed", async (t) => {
  const { store, output, delta, target } = await behindByIds(t);
  await exportStore({ store, output: delta, base: [output] });
  const wanted = await nextId(store);
  t.true((await nextId(target)) < wanted);
  t.is((await importDump({ input: delta, target })).delta, "applied");
  t.true((await nextId(target)) >= wanted);
  t.is((await importDump({ input: delta, target })).delta, "already");
});

test("ids go on where a damaged store's were", async (t) => {
  const { store, output } = await behindByIds(t);
  const root = await temporaryDirectory(t);
  const [original, target, made] = ["original", "target", "made"].map((name) => join(root, name)) as [string, string, string];
  await cp(store, original, { recursive: true });
  await rm(join(store, "conf"));
  await recoverInto({ store, target });
  await recoverStore({ store, output, force: true });
  await importDump({ input: output, target: made });
  const given = await sledId(original);
  t.true(given >= 8_000_000);
  for (const path of [target, made]) t.is(await sledId(path), given);
});

test("verify says when a store's counter is behind that of the dump or of the other store, and says nothing when it is not", async (t) => {
  const root = await temporaryDirectory(t);
  const [store, output, behind, equal] = ["store", "dump.kgd", "behind", "equal"].map((name) => join(root, name)) as [string, string, string, string];
  for (const path of [store, behind]) await sledWrite(path, ["put 01 02"]);
  await (await openSledSink(store, { create: false, nextId: "7500000" })).close();
  await exportStore({ store, output });
  await importDump({ input: output, target: equal });
  const said = async (options: VerifyDumpOptions): Promise<string> => {
    const { against, warnings } = await verifyDump(options);
    t.true(against?.equal, "the entries are the same");
    return warnings.join();
  };
  t.regex(await said({ input: output, against: behind }), /next id|generate_id|counter/);
  t.notRegex(await said({ input: output, against: equal }), /generate_id|counter/);
});

test("counters are compared as numbers, however many digits they have", async (t) => {
  const root = await temporaryDirectory(t);
  // What a store is opened with goes up to a whole million, and a million more.
  const counters = [2, 9, 10, 11, 100].map((millions) => ({ millions, store: join(root, `at-${String(millions)}`), output: join(root, `at-${String(millions)}.kgd`) }));
  for (const { millions, store, output } of counters) {
    await sledWrite(store, ["put 01 02"]);
    if (millions > 2) await (await openSledSink(store, { create: false, nextId: `${String(millions - 1)}500000` })).close();
    await exportStore({ store, output });
  }
  const found = await Promise.all(counters.map(({ store }) => nextId(store)));
  t.deepEqual([...found].sort((a, b) => a - b), found, "each has a greater one than that before it");
  for (const [index, { output }] of counters.entries()) {
    for (const [other, { store }] of counters.entries()) {
      const { against, warnings } = await verifyDump({ input: output, against: store });
      t.true(against?.equal);
      t.is(warnings.some((warning) => warning.includes("counter of ids")), other < index, `${String(found[index])} against ${String(found[other])}`);
    }
    // Of all at once, in either order, each that is lower is told by its path.
    for (const all of [counters, counters.toReversed()]) {
      const against = all.map(({ store }) => store);
      const lower = against.filter((store) => counters.findIndex((one) => one.store === store) < index);
      for (const { warnings } of [await verifyDump({ input: output, against }), await verifyStore({ store: counters[index]?.store ?? "", against })]) {
        t.deepEqual(warnings.map((warning) => /^the counter of ids of (.*) is lower/.exec(warning)?.[1]), lower);
      }
    }
  }
});

test("an id that was given counts, and not the dump's; equal counters are nothing to tell", async (t) => {
  const { store, target } = await behindByIds(t);
  const root = await temporaryDirectory(t);
  const [output, made] = [join(root, "high.kgd"), join(root, "made")];
  await exportStore({ store, output });
  await importDump({ input: output, target, merge: true, nextId: "20000000" });
  t.true((await nextId(target)) >= 20_000_000);
  await importDump({ input: output, target: made });
  t.is(await nextId(made), await nextId(store));
  t.deepEqual((await verifyDump({ input: output, against: made })).warnings, []);
});
