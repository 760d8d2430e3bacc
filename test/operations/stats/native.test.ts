import test from "ava";
import { encodeEntries } from "#src/format/index.js";
import { Counter, type CountSettings } from "#src/operations/stats/native.js";

const SETTINGS: CountSettings = { schema: true, largest: 20, sample: 20, seed: 1, grepKeys: true, grepValues: true };

/** Blocks of entries that are all as large as one another, so that those that come first are named. */
const blocks = Array.from({ length: 400 }, (_, block) => encodeEntries(Array.from({ length: 50 }, (_, index) => ({ key: Buffer.from(`k${block.toString().padStart(4, "0")}/${index.toString().padStart(2, "0")}`), value: Buffer.from(`{"at":${block.toString()}}`) }))));

async function counted(add: (counter: Counter) => Promise<void>): Promise<unknown> {
  const counter = await Counter.start(SETTINGS);
  await add(counter);
  return { keyspace: await counter.finishKeyspace(), samples: counter.samples() };
}

test("blocks that are given before those before them were taken in are taken in in their order", async (t) => {
  const oneByOne = await counted(async (counter) => { for (const block of blocks) await counter.add(block, block.length); });
  t.deepEqual(await counted(async (counter) => { await Promise.all(blocks.map((block) => counter.add(block, block.length))); }), oneByOne);
});

test("what is given behind a block that is none is not counted", async (t) => {
  const counter = await Counter.start(SETTINGS);
  const broken = Buffer.from([0xc1]);
  const added = [blocks[0] ?? broken, broken, blocks[1] ?? broken].map((block) => counter.add(block, block.length));
  t.deepEqual((await Promise.allSettled(added)).map(({ status }) => status), ["fulfilled", "rejected", "rejected"]);
  t.like(await counter.finishKeyspace(), { seen: 50 });
});
