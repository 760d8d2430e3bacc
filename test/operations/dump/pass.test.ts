import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import type { DumpInput } from "#src/operations/dump/input.js";
import { HUGE_BLOCK } from "#src/memory.js";
import { passOver } from "#src/operations/dump/pass.js";
import { sampleDump } from "../../cli/support/dumps.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

/** Values of which each fills a block, which is large enough for its memory to be lent again. */
const keyspaces = ["a", "b"].map((name) => ({ name, entries: Array.from({ length: 12 }, (_, index) => [`${name}${index.toString().padStart(2, "0")}`, index.toString(36).repeat(600_000)] as const) }));
const dump = await sampleDump(keyspaces, { entriesPerBlock: 1 });

const INPUTS: Readonly<Record<string, (t: ExecutionContext) => Promise<DumpInput>>> = {
  "a dump": () => Promise.resolve(Readable.from([dump])),
  "a store": async (t) => makeStore(await temporaryDirectory(t), "store", Object.fromEntries(keyspaces.map(({ name, entries }) => [name, Object.fromEntries(entries)]))),
};

for (const [what, input] of Object.entries(INPUTS)) for (const atOnce of [undefined, 1, 2, 3]) {
  test(`what takes blocks of ${what} has ${String(atOnce)} of them at once at most, each as long as it needs it, and all before their keyspace ends`, async (t) => {
    let [pending, most] = [0, 0];
    // The first ones wait for as many as may be there at once.
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => { open = resolve; });
    const seen: string[] = [];
    const first = (raw: Uint8Array): string => Buffer.from(raw.subarray(2, 5)).toString();
    const all = (raw: Uint8Array): Buffer => Buffer.from(raw);
    await passOver({
      atOnce,
      add: async (raw) => {
        pending += 1;
        most = Math.max(most, pending);
        const before = all(raw);
        seen.push(first(raw));
        if (pending === (atOnce ?? 1)) open();
        await Promise.race([opened, sleep(20_000, undefined, { ref: false })]);
        await sleep(seen.length % 3);
        t.true(all(raw).equals(before), first(before));
        pending -= 1;
      },
      end: async (keyspace) => {
        t.is(pending, 0);
        seen.push(`end ${Buffer.from(keyspace.name).toString()}`);
        await sleep(1);
      },
    }, { input: await input(t), keyspaces: keyspaces.map(({ name }) => name) });
    t.is(most, atOnce ?? 1);
    t.deepEqual(seen, ["a", "b"].flatMap((name) => [...Array.from({ length: 12 }, (_, index) => `${name}${index.toString().padStart(2, "0")}`), `end ${name}`]));
  });
}

test("of huge blocks there is one at a time", async (t) => {
  const value = Buffer.alloc(HUGE_BLOCK);
  const huge = await sampleDump([{ name: "a", entries: ["a", "b", "c"].map((key) => [key, value] as const) }], { entriesPerBlock: 1 });
  let [pending, count] = [0, 0];
  let second = (): void => undefined;
  const given = new Promise<void>((resolve) => { second = resolve; });
  const add = async (raw: Uint8Array): Promise<void> => {
    pending += 1;
    count += 1;
    t.true(raw.length > HUGE_BLOCK);
    t.is(pending, 1);
    if (count === 1) await Promise.race([given, sleep(5_000)]);
    else second();
    pending -= 1;
  };
  await passOver({ atOnce: 3, add }, { input: Readable.from([huge]) });
  t.is(count, 3);
});

for (const [what, input] of Object.entries(INPUTS)) test(`what takes blocks of ${what} and fails ends the pass, also with one that nobody waits for at that moment`, async (t) => {
  for (const failing of [1, 2, 12, 24]) {
    let count = 0;
    const add = async (): Promise<void> => {
      const number = ++count;
      await sleep(2);
      if (number >= failing) throw new Error(`block ${number.toString()}`);
    };
    await t.throwsAsync(passOver({ atOnce: 3, add }, { input: await input(t) }), { message: `block ${failing.toString()}` });
    t.true(count <= failing + 3);
  }
});
