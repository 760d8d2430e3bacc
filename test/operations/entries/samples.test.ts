import { join } from "node:path";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("samples come from all of a keyspace, with the values of all sides, and say whether these are equal", async (t) => {
  const directory = await temporaryDirectory(t);
  const input = join(directory, "a.kgd");
  const all = numbered("k", 200);
  await exportStore({ store: await makeStore(directory, "store", { default: { ...all, k0000007: "x".repeat(5000) } }), output: input });
  const { k0000003: _, ...rest } = all;
  const against = await makeStore(directory, "other", { default: { ...rest, k0000005: "another", k0000007: "x".repeat(5000) } });
  const whole = await verifyDump({ input, against, samples: 200 });
  const unequal = whole.samples.filter(({ equal }) => !equal).map(({ key }) => Buffer.from(key).toString());
  t.is(whole.samples.length, 200);
  t.deepEqual(unequal, ["k0000003", "k0000005"]);
  t.is(whole.samples[3]?.values[1], null);
  t.deepEqual(whole.samples[7]?.values.map((value) => [value?.bytes, value?.start.length]), [[5000, 4096], [5000, 4096]]);
  const seen = new Set<string>();
  for (let seed = 1; seed <= 60; seed++) {
    const { samples } = await verifyDump({ input, against, samples: 5, seed });
    t.is(samples.length, 5);
    const keys = samples.map(({ key }) => Buffer.from(key).toString());
    t.deepEqual(keys, [...keys].sort());
    for (const key of keys) seen.add(key);
  }
  t.true([...seen].filter((key) => key >= "k0000150").length > 10, "the last ones are chosen like the first");
  const [one, again] = [await verifyDump({ input, against, samples: 5, seed: 7 }), await verifyDump({ input, against, samples: 5, seed: 7 })];
  t.deepEqual(one.samples, again.samples);
});

test("ten differences of a keyspace are told, and all are counted", async (t) => {
  const directory = await temporaryDirectory(t);
  const input = join(directory, "a.kgd");
  await exportStore({ store: await makeStore(directory, "store", { default: numbered("k", 15), nodes: numbered("n", 10) }), output: input });
  const { against } = await verifyDump({ input, against: await makeStore(directory, "other", { default: numbered("k", 15, "other"), nodes: {} }) });
  const told = (keyspace: string): number | undefined => against?.differences.filter((one) => Buffer.from(one.keyspace).toString() === keyspace).length;
  t.deepEqual([told("default"), told("nodes")], [10, 10]);
  t.deepEqual(against?.keyspaces.map(({ missing, changed }) => [missing, changed]), [[0, 15], [10, 0]]);
});

test("a sample counts as equal when each of several stores has its value, and not when any of them has not", async (t) => {
  const directory = await temporaryDirectory(t);
  const all = { a: "1", b: "2", c: "3" };
  const [input, same, changed, missing] = [join(directory, "a.kgd"), join(directory, "same"), join(directory, "changed"), join(directory, "missing")];
  for (const [name, content] of [["same", all], ["changed", { ...all, b: "other" }], ["missing", { a: "1", c: "3" }]] as const) await makeStore(directory, name, { default: content });
  await exportStore({ store: same, output: input });
  for (const odd of [changed, missing]) {
    for (const against of [[odd, same, same], [same, odd, same], [same, same, odd], [odd, odd, odd], [same, same, same]]) {
      const { samples } = await verifyDump({ input, against, samples: 3 });
      t.deepEqual(samples.map(({ equal }) => equal), [true, !against.includes(odd), true]);
      t.deepEqual(samples[1]?.values.map((value) => (value === null ? null : Buffer.from(value.start).toString())), ["2", ...against.map((path) => (path === same ? "2" : odd === changed ? "other" : null))]);
    }
  }
});
