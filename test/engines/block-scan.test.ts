/** The loop that all scans share, fed by fills written here: any iterator in any language is such a function. */
import test from "ava";
import { scanBlocks, type Fill, type FillResult } from "#src/engines/block-scan.js";
import { KgdumpError } from "#src/errors.js";
import { HUGE_BLOCK } from "#src/memory.js";

const NO_FACTS = { entries: 0, keyBytes: 0, valueBytes: 0, firstKeyStart: 0, firstKeyEnd: 0, lastKeyStart: 0, lastKeyEnd: 0 };
const NOTHING: FillResult = { bytes: 0, facts: NO_FACTS, done: false, needed: 0 };

/** An iterator over entries of these lengths; each is its number over and over, as if it were all key. */
function lengths(list: readonly number[], seen: Buffer[] = []): Fill {
  let next = 0;
  let busy = false;
  return async (buffer, target, maxEntries) => {
    if (busy) throw new Error("fills overlap");
    busy = true;
    seen.push(buffer);
    await new Promise((resolve) => setImmediate(resolve));
    busy = false;
    const facts = { ...NO_FACTS };
    const result = { ...NOTHING, facts };
    for (; next < list.length && facts.entries < maxEntries; next++) {
      const length = list[next] ?? 0;
      if (result.bytes + length > Math.min(target, buffer.length) && (facts.entries > 0 || length > buffer.length)) {
        return { ...result, needed: facts.entries === 0 ? length : 0 };
      }
      buffer.fill(next, result.bytes, result.bytes + length);
      const span = { start: result.bytes, end: result.bytes + length };
      if (facts.entries === 0) Object.assign(facts, { firstKeyStart: span.start, firstKeyEnd: span.end });
      Object.assign(facts, { lastKeyStart: span.start, lastKeyEnd: span.end, entries: facts.entries + 1 });
      Object.assign(result, { bytes: span.end });
    }
    return { ...result, done: next === list.length };
  };
}

/** Counts how often it was closed. */
function closing(): { readonly close: () => Promise<void>; count: number } {
  const counter = { count: 0, close: async (): Promise<void> => { counter.count++; } };
  return counter;
}

test("blocks are cut at the block size; one entry may be bigger", async (t) => {
  const closed = closing();
  const sizes: number[] = [];
  for await (const block of scanBlocks(lengths([4, 4, 4, 25, 4, 10]), closed.close, { blockSize: 10 })) {
    sizes.push(block.data.length);
    t.is(block.firstKey[0], block.data[0]);
    t.is(block.lastKey.at(-1), block.data.at(-1));
    block.release();
  }
  t.deepEqual(sizes, [8, 4, 25, 4, 10]);
  t.is(closed.count, 1);
});

test("buffers that were given back are used again, others never", async (t) => {
  const all = Array.from({ length: 200 }, () => 10);
  const seen: Buffer[] = [];
  for await (const block of scanBlocks(lengths(all, seen), closing().close, { blockSize: 10 })) {
    block.release();
    block.release();
  }
  t.true(new Set(seen).size <= 4, `${new Set(seen).size} buffers`);

  const held: Uint8Array[] = [];
  for await (const block of scanBlocks(lengths(all), closing().close, { blockSize: 10 })) {
    if (block.data[0] !== 0) held.push(block.data);
    else for (let time = 0; time < 2; time++) block.release();
  }
  t.true(held.every((data, i) => data.every((byte) => byte === i + 1)), "what was given back twice is used by one only");

  const kept = [];
  for await (const block of scanBlocks(lengths(all), closing().close, { blockSize: 10 })) kept.push(block);
  t.true(kept.every((block, i) => block.data.every((byte) => byte === i)));
});

test("the limit holds over all blocks", async (t) => {
  for (const limit of [0, 1, 2, 3, 5, 6, 7]) {
    let entries = 0;
    const closed = closing();
    for await (const block of scanBlocks(lengths([4, 4, 4, 4, 4, 4]), closed.close, { blockSize: 8, limit })) entries += block.entries;
    t.is(entries, Math.min(limit, 6));
    t.is(closed.count, 1);
  }
});

test("an error of a fill comes after the blocks before it, and the scan is closed", async (t) => {
  const fill = lengths([8, 8, 8, 8]);
  let calls = 0;
  const closed = closing();
  const failing: Fill = async (...parameters) => {
    if (++calls === 3) throw new Error("no more");
    return fill(...parameters);
  };
  let blocks = 0;
  const error = await t.throwsAsync(async () => {
    for await (const block of scanBlocks(failing, closed.close, { blockSize: 8 })) blocks += block.entries;
  });
  t.deepEqual([error.message, blocks, calls, closed.count], ["no more", 2, 3, 1]);
});

test("an error of closing is thrown, unless another one ended the scan", async (t) => {
  const close = (): Promise<void> => Promise.reject(new Error("closing"));
  const drain = async (fill: Fill): Promise<void> => {
    for await (const block of scanBlocks(fill, close, { blockSize: 8 })) block.release();
  };
  t.is((await t.throwsAsync(() => drain(lengths([8])))).message, "closing");
  t.is((await t.throwsAsync(() => drain(() => Promise.reject(new Error("filling"))))).message, "filling");
});

test("stopping early waits for the fill under way and closes once", async (t) => {
  const closed = closing();
  const scan = scanBlocks(lengths([8, 8, 8, 8]), closed.close, { blockSize: 8 });
  await scan.next();
  await scan.return();
  await scan.return();
  t.is(closed.count, 1);
  const reason = new Error("stop");
  await t.throwsAsync(() => scanBlocks(lengths([8]), closed.close, { blockSize: 8, signal: AbortSignal.abort(reason) }).next(), { is: reason });
  t.is(closed.count, 2);
});

test("results that cannot be true end the scan", async (t) => {
  const facts = { ...NO_FACTS, entries: 1, firstKeyEnd: 4, lastKeyEnd: 4 };
  const block = { ...NOTHING, bytes: 4, facts };
  const wrong: Partial<FillResult>[] = [
    NOTHING,
    { ...NOTHING, done: true, bytes: 1 },
    { ...block, bytes: 9 },
    { ...block, facts: { ...facts, entries: 3 } },
    { ...block, facts: { ...facts, lastKeyEnd: 5 } },
    { ...block, facts: { ...facts, firstKeyStart: 5 } },
    { ...block, facts: { ...facts, lastKeyStart: 5 } },
  ];
  for (const result of wrong) {
    const closed = closing();
    const scan = scanBlocks(() => Promise.resolve({ ...NOTHING, ...result }), closed.close, { blockSize: 8, limit: 2 });
    const error = await t.throwsAsync(() => scan.next(), { instanceOf: KgdumpError });
    t.deepEqual([error.code, closed.count], ["INTERNAL", 1], JSON.stringify(result));
  }
  for (const options of [{ blockSize: 0 }, { blockSize: 1.5 }, { blockSize: 8, limit: -1 }]) {
    await t.throwsAsync(() => scanBlocks(lengths([]), closing().close, options).next(), { instanceOf: TypeError });
  }
});

test("an entry that no buffer can hold", async (t) => {
  const scan = scanBlocks(() => Promise.resolve({ ...NOTHING, needed: 2 ** 53 - 1 }), closing().close, { blockSize: 8 });
  const error = await t.throwsAsync(() => scan.next(), { instanceOf: KgdumpError });
  t.is(error.code, "STORE_UNSUPPORTED");
});

test("huge entries are in memory one at a time: none is read ahead, and what is released is given back at once", async (t) => {
  const huge = HUGE_BLOCK + 1;
  const seen: Buffer[] = [];
  const held = (): number => seen.filter((buffer) => buffer.length > HUGE_BLOCK).length;
  const sizes: number[] = [];
  for await (const block of scanBlocks(lengths([4, huge, huge, 4, 4, huge], seen), closing().close, { blockSize: 10 })) {
    // Whatever could be read ahead had the time for it.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    sizes.push(block.data.length);
    t.is(held(), block.data.length > HUGE_BLOCK ? 1 : 0);
    t.is(block.data[0], block.firstKey[0]);
    block.release();
    t.is(held(), 0);
  }
  t.deepEqual(sizes, [4, huge, huge, 8, huge]);

  // Who leaves while a huge entry waits for its turn is not kept.
  const closed = closing();
  for await (const block of scanBlocks(lengths([4, huge]), closed.close, { blockSize: 10 })) {
    await new Promise((resolve) => setImmediate(resolve));
    block.release();
    break;
  }
  t.is(closed.count, 1);
});
