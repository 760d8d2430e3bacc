/** Which entries a scan yields, in which blocks: bounds, prefixes, limits, both orders, sizes at every border. */
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "../../support/properties.js";
import { openRocksdbSource, type RocksdbSinkOptions } from "#src/engines/rocksdb/rocksdb.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { assertCode, bytes, entriesOf, numbered, putEntries, type TextEntry } from "./support.js";

type Order = "bytewise" | "reverse-bytewise";

/** Keys over a small alphabet, so that prefixes and bounds meet; with the bytes at both ends. */
const anyKey = fc.array(fc.constantFrom("\0", "a", "b", "\xfe", "\xff"), { maxLength: 5 }).map((parts) => parts.join(""));

const anyValue = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: "binary-ascii", maxLength: 30 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 255, 256, 65_535, 65_536).map((length) => "v".repeat(length)) },
);

const anyContent = fc.uniqueArray(fc.tuple(anyKey, anyValue), { maxLength: 60, selector: ([key]) => key });

const anyRange = fc.record({
  from: fc.option(anyKey, { nil: undefined }),
  to: fc.option(anyKey, { nil: undefined }),
  prefix: fc.option(anyKey, { nil: undefined }),
  limit: fc.option(fc.nat(20), { nil: undefined }),
  blockSize: fc.constantFrom(1, 7, 64, 300, 4096, 1 << 20),
});

interface Range {
  from?: string | undefined;
  to?: string | undefined;
  prefix?: string | undefined;
  limit?: number | undefined;
}

/** What a scan must yield. */
function wanted(content: readonly TextEntry[], order: Order, { from, to, prefix, limit }: Range): TextEntry[] {
  const sign = order === "bytewise" ? 1 : -1;
  const compare = (a: string, b: string): number => sign * Buffer.compare(bytes(a), bytes(b));
  return content
    .filter(([key]) => (from === undefined || compare(key, from) >= 0) && (to === undefined || compare(key, to) < 0))
    .filter(([key]) => prefix === undefined || key.startsWith(prefix))
    .sort(([a], [b]) => compare(a, b))
    .slice(0, limit);
}

async function checkRandomStores(t: ExecutionContext, order: Order, options: RocksdbSinkOptions): Promise<void> {
  const directory = await temporaryDirectory(t);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(anyContent, fc.boolean(), fc.array(anyRange, { minLength: 1, maxLength: 6 }), async (content, flush, ranges) => {
      const path = join(directory, String(number++));
      await putEntries(path, content, { comparator: order, flush, ...options });
      await using source = await openRocksdbSource(path);
      t.is(source.info.keyspaces[0]?.comparator, order);
      for (const { blockSize, limit, ...range } of ranges) {
        const bound = (key: string | undefined): Buffer | undefined => (key === undefined ? undefined : bytes(key));
        const read = await entriesOf(source, "default", {
          blockSize,
          limit,
          from: bound(range.from),
          to: bound(range.to),
          prefix: bound(range.prefix),
        });
        t.deepEqual(read, wanted(content, order, { ...range, limit }));
      }
    }),
    { seed: loggedSeed(t), numRuns: 60 },
  );
}

test("random stores and ranges, bytewise", (t) => checkRandomStores(t, "bytewise", {}));
test("random stores and ranges, reverse", (t) => checkRandomStores(t, "reverse-bytewise", { compression: "none" }));
test("random stores and ranges, with a prefix extractor", (t) =>
  checkRandomStores(t, "bytewise", { options: "prefix_extractor=fixed:2;memtable_prefix_bloom_size_ratio=0.1" }));

test("keys and values at the borders of each length's form", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const lengths = [0, 1, 255, 256, 65_535, 65_536];
  const content = lengths.flatMap((key) => lengths.map((value): TextEntry => ["k".repeat(key) + String(value), "v".repeat(value)]));
  content.push(["", "the empty key"]);
  await putEntries(path, content);
  await using source = await openRocksdbSource(path);
  t.deepEqual(await entriesOf(source, "default", { blockSize: 70_000 }), wanted(content, "bytewise", {}));
});

test("an entry bigger than a block is a block of its own", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const content: TextEntry[] = [["a", "1"], ["b", "x".repeat(1 << 20)], ["c", "2"], ["d", "y".repeat(3 << 20)]];
  await putEntries(path, content);
  await using source = await openRocksdbSource(path);
  const sizes: number[] = [];
  for await (const block of source.scan(Buffer.from("default"), { blockSize: 4096 })) {
    t.true(block.data.length <= 4096 || block.entries === 1);
    sizes.push(block.entries);
    block.release();
  }
  t.deepEqual(sizes, [1, 1, 1, 1]);
  t.deepEqual(await entriesOf(source, "default", { blockSize: 4096 }), content);
});

test("blocks are as full as they can be, and tell what they hold", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const content = numbered(2000);
  await putEntries(path, content);
  await using source = await openRocksdbSource(path);
  const blocks = [];
  // All blocks are held at once: none may share its buffer with another.
  for await (const block of source.scan(Buffer.from("default"), { blockSize: 1000 })) blocks.push(block);
  t.true(blocks.length > 10);
  const keyAt = (index: number): string => content[index]?.[0] ?? "";
  let at = 0;
  for (const [index, block] of blocks.entries()) {
    t.true(block.data.length <= 1000);
    if (index < blocks.length - 1) t.true(block.data.length > 1000 - 80);
    t.is(Buffer.from(block.firstKey).toString(), keyAt(at));
    at += block.entries;
    t.is(Buffer.from(block.lastKey).toString(), keyAt(at - 1));
    t.is(block.keyBytes, block.entries * 8);
  }
  t.is(at, 2000);
});

test("an unknown family and another order are errors", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(1));
  await using source = await openRocksdbSource(path);
  await assertCode(t, "KEYSPACE_UNKNOWN", () => entriesOf(source, "no such"));
  await assertCode(t, "STORE_UNSUPPORTED", () => entriesOf(source, "default", { order: "reverse-bytewise" }));
});
