import { join } from "node:path";
import test from "ava";
import fc from "../../support/properties.js";
import { openSledSource } from "#src/engines/sled/reader.js";
import type { EntrySource } from "#src/engines/store.js";
import { scanSideBySide, type SideBySideOptions } from "#src/operations/entries/side-by-side.js";
import { instead } from "../guards-support.js";
import { anyBytes, anyRecords, makeStore, readRecords } from "../../engines/sled/support.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";

const TREE = Buffer.from("tree");

async function read(source: EntrySource, options: Pick<SideBySideOptions, "splits" | "jobs" | "order">): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const block of scanSideBySide(source, TREE, { blockSize: 300, ...options })) {
    parts.push(Buffer.from(block.data));
    block.release();
  }
  return Buffer.concat(parts);
}

test("divided anywhere, it is what one scan reads", async (t) => {
  const directory = await temporaryDirectory(t);
  let number = 0;
  const property = fc.asyncProperty(
    anyRecords(150),
    fc.array(anyBytes(), { maxLength: 6 }),
    fc.array(fc.nat(), { maxLength: 6 }),
    fc.integer({ min: 1, max: 5 }),
    fc.boolean(),
    async (records, strange, known, jobs, reverse) => {
      const path = join(directory, (number++).toString());
      await makeStore(path, [{ name: TREE, records }]);
      await using source = await openSledSource(path);
      const keys = known.flatMap((index) => records[index % Math.max(1, records.length)]?.key ?? []);
      const splits = [...strange, ...keys].sort((a, b) => Buffer.compare(a, b));
      const order = reverse ? "reverse-bytewise" : "bytewise";
      const expected = await read(source, { splits: [], jobs: 1, order });
      t.true((await read(source, { splits: reverse ? splits.reverse() : splits, jobs, order })).equals(expected));
      t.is((await readRecords(source, TREE)).length, records.length);
    },
  );
  await fc.assert(property, { seed: loggedSeed(t), numRuns: 40 });
});

test("splits in a wrong order never leave an entry out", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const records = Array.from({ length: 500 }, (_, i) => ({ key: Buffer.from(i.toString().padStart(4, "0")), value: Buffer.from("v") }));
  await makeStore(path, [{ name: TREE, records }]);
  await using source = await openSledSource(path);
  const expected = await read(source, { splits: [], jobs: 1, order: "bytewise" });
  const splits = ["0300", "0100", "0400", "0200"].map((key) => Buffer.from(key));
  const found = await read(source, { splits, jobs: 3, order: "bytewise" });
  // Some come twice, and all of them come.
  t.true(found.length > expected.length);
  for (const { key } of records) t.true(found.includes(key));
});

test("stopping early ends all scans, and a failure is thrown", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const records = Array.from({ length: 2000 }, (_, i) => ({ key: Buffer.from(i.toString().padStart(4, "0")), value: Buffer.alloc(50) }));
  await makeStore(path, [{ name: TREE, records }]);
  const source = await openSledSource(path);
  const splits = ["0500", "1000", "1500"].map((key) => Buffer.from(key));
  for await (const block of scanSideBySide(source, TREE, { blockSize: 1000, splits, jobs: 4 })) {
    t.is(block.firstKey.toString(), "0000");
    break;
  }
  const blocks = scanSideBySide(source, TREE, { blockSize: 1000, splits, jobs: 4 });
  t.false((await blocks.next()).done);
  await source.close();
  await t.throwsAsync(async () => {
    for await (const block of blocks) block.release();
  }, { code: "STORE_FAILED" });
});

test("of a keyspace that is read in parts the account is asked once, after the last entry, for all that was shown", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const records = Array.from({ length: 500 }, (_, i) => ({ key: Buffer.from(i.toString().padStart(4, "0")), value: Buffer.from("v") }));
  await makeStore(path, [{ name: TREE, records }]);
  await using real = await openSledSource(path);
  const asked: unknown[] = [];
  const source = instead<EntrySource>(real, {
    account: async (keyspace, shown) => {
      asked.push([Buffer.from(keyspace).toString(), shown]);
      await Promise.resolve();
      if (shown !== 499) throw new Error("one too many");
    },
  });
  for (const splits of [["0250"], ["0100", "0499"], ["", "0100", "9"]]) {
    for (const jobs of [1, 3]) {
      asked.length = 0;
      let entries = 0;
      await t.throwsAsync(async () => {
        for await (const block of scanSideBySide(source, TREE, { blockSize: 300, splits: splits.map((key) => Buffer.from(key)), jobs })) {
          t.deepEqual(asked, []);
          entries += block.entries;
          block.release();
        }
      }, { message: "one too many" });
      t.deepEqual([entries, asked], [500, [["tree", 500]]], splits.join());
    }
  }
  // One scan asks for itself.
  asked.length = 0;
  await read(source, { splits: [], jobs: 1, order: "bytewise" });
  t.deepEqual(asked, []);
});
