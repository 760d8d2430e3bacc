import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { HUGE_BLOCK } from "#src/memory.js";
import { passOver } from "#src/operations/dump/pass.js";
import { sampleDump } from "../../cli/support/dumps.js";

/** Blocks that are large enough for their memory to be lent again. */
const dump = await sampleDump(["a", "b"].map((name) => ({ name, entries: Array.from({ length: 12 }, (_, index) => [`${name}${index.toString().padStart(2, "0")}`, index.toString(36).repeat(200_000)] as const) })), { entriesPerBlock: 1 });

for (const atOnce of [undefined, 1, 2, 3]) {
  test(`what takes blocks has ${String(atOnce)} of them at once at most, each as long as it needs it, and all before their keyspace ends`, async (t) => {
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
    }, { input: Readable.from([dump]) });
    t.is(most, atOnce ?? 1);
    t.deepEqual(seen, ["a", "b"].flatMap((name) => [...Array.from({ length: 12 }, (_, index) => `${name}${index.toString().padStart(2, "0")}`), `end ${name}`]));
  });
}

test("of huge blocks there is one at a time", async (t) => {
  const value = Buffer.alloc(HUGE_BLOCK);
  const huge = await sampleDump([{ name: "a", entries: ["a", "b", "c"].map((key) => [key, value] as const) }], { entriesPerBlock: 1 });
  let pending = 0;
  const add = async (raw: Uint8Array): Promise<void> => {
    pending += 1;
    t.true(raw.length > HUGE_BLOCK);
    t.is(pending, 1);
    await sleep(200);
    pending -= 1;
  };
  await passOver({ atOnce: 3, add }, { input: Readable.from([huge]) });
  t.is(pending, 0);
});

test("what takes blocks and fails ends the pass, also with one that nobody waits for at that moment", async (t) => {
  for (const failing of [1, 2, 12, 24]) {
    let count = 0;
    const add = async (): Promise<void> => {
      const number = ++count;
      await sleep(2);
      if (number >= failing) throw new Error(`block ${number.toString()}`);
    };
    await t.throwsAsync(passOver({ atOnce: 3, add }, { input: Readable.from([dump]) }), { message: `block ${failing.toString()}` });
    t.true(count <= failing + 3);
  }
});
