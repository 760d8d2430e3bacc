/** Stores that the loader makes, read and changed by the crate as it is published. */
import { createHash } from "node:crypto";
import { cp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { ExecutionContext } from "ava";
import fc from "../../support/properties.js";
import { openSledLoader, type SledLoaderOptions } from "#src/engines/sled/loader.js";
import { openSledSource } from "#src/engines/sled/reader.js";
import type { EntryLoader, KeyOrder } from "#src/engines/store.js";
import type { ErrorCode } from "#src/errors.js";
import { encodeEntries } from "#src/format/entries.js";
import { sledCheck, sledChurn, sledHammer, sledStill } from "../../checker/run.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { anyRecords, type Content, expectedTrees, failure, type Pair, readRecords, readStore } from "./support.js";

const DEFAULT = Buffer.from("default");

/** Loads `content` in blocks of up to `perBlock` records. */
async function loadStore(path: string, content: Content, options: SledLoaderOptions = {}, perBlock = 700): Promise<void> {
  await using loader = await openSledLoader(path, options);
  for (const { name, records } of content) {
    await loader.startKeyspace(name, "bytewise");
    await loadRecords(loader, records, perBlock);
    await loader.finishKeyspace();
  }
  await loader.finish();
}

async function loadRecords(loader: EntryLoader, records: readonly Pair[], perBlock = 700): Promise<void> {
  for (let at = 0; at < records.length; at += perBlock) {
    const block = encodeEntries(records.slice(at, at + perBlock));
    await loader.load(block);
    // Nothing may read it any more.
    block.fill(0);
  }
}

function numbered(count: number, valueLength = 40): Pair[] {
  return Array.from({ length: count }, (_, i) => ({
    key: Buffer.from(`node:${i.toString().padStart(9, "0")}`),
    value: Buffer.alloc(valueLength, `value ${i.toString()} `),
  }));
}

/** How many random updates a loaded store gets; KGDUMP_UPDATES changes it. With compression sled takes five times as long. */
function updates(compression: boolean): number {
  return Number(process.env.KGDUMP_UPDATES ?? (compression ? 60_000 : 300_000));
}

/** What lies in the store, but for what sled writes when it is opened. */
async function bytesOf(path: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of await readdir(path, { recursive: true })) {
    if (name !== "blobs") files[name] = (await readFile(join(path, name))).toString("latin1");
  }
  return files;
}

test("any keyspaces are what the plain crate and we read", async (t) => {
  const directory = await temporaryDirectory(t);
  let number = 0;
  const property = fc.asyncProperty(
    fc.uniqueArray(fc.record({ name: fc.oneof(fc.constant(DEFAULT), fc.uint8Array({ maxLength: 8 })), records: anyRecords(120) }), {
      maxLength: 4,
      selector: ({ name }) => Buffer.from(name).toString("latin1"),
    }),
    fc.boolean(),
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom(undefined, 4096, 65_536),
    async (content, compression, jobs, segmentSize) => {
      const path = join(directory, (number++).toString());
      await loadStore(path, content, { compression, jobs, ...(segmentSize === undefined ? {} : { segmentSize }) }, 17);
      const expected = expectedTrees(content);
      const found = await readStore(path);
      for (const { name, records, digest } of expected) {
        const seen = name.toString("latin1") === "__sled__default" ? "default" : name.toString("latin1");
        t.like(found.find((tree) => tree.name === seen), { records, digest });
      }
      // The checker opens stores with sled's own size of segments only.
      if (segmentSize === undefined) t.deepEqual(await sledCheck(path, { compression }), expected);
    },
  );
  await fc.assert(property, { seed: loggedSeed(t), numRuns: 40 });
});

for (const compression of [false, true]) {
  test(`a store of many pages survives random updates and kills${compression ? ", compressed" : ""}`, async (t) => {
    const path = join(await temporaryDirectory(t), "store");
    const content = [
      { name: DEFAULT, records: numbered(20_000) },
      { name: Buffer.from("big"), records: numbered(400, 5000) },
    ];
    await loadStore(path, content, { compression, jobs: 2 });
    const withoutSnapshot = `${path}-log`;
    await cp(path, withoutSnapshot, { recursive: true });
    const snapshots = (await readdir(withoutSnapshot)).filter((name) => name.startsWith("snap."));
    t.is(snapshots.length, 1);
    for (const name of snapshots) await rm(join(withoutSnapshot, name));
    t.deepEqual(await sledCheck(withoutSnapshot, { compression }), expectedTrees(content), "the log alone says the same");
    t.deepEqual(await sledCheck(path, { compression }), expectedTrees(content));
    const still = await sledStill(path, { compression });
    const number = loggedSeed(t);
    for (const [round, milliseconds] of [30, 100, 300].entries()) {
      await sledChurn(path, number + round, milliseconds, { compression });
      t.deepEqual(await sledStill(path, { compression }), still);
    }
    t.timeout(10 * 60_000);
    await t.notThrowsAsync(sledHammer(path, number, updates(compression), { compression }));
  });
}

/** Leaves have up to 16 entries, index pages up to 256 children: above 16 * 256 * 256 entries there is one level more. */
for (const extra of [-1, 0, 1, 5]) {
  const count = 16 * 256 * 256 + extra;
  test(`${count.toString()} entries, where the second level of index pages ends`, async (t) => {
    t.timeout(10 * 60_000);
    const path = join(await temporaryDirectory(t), "store");
    const digest = createHash("sha256");
    await using loader = await openSledLoader(path);
    await loader.startKeyspace(DEFAULT, "bytewise");
    for (let at = 0; at < count; at += 16_384) {
      const length = Math.min(16_384, count - at);
      const block = Buffer.alloc(length * 8, Buffer.of(0xc4, 4, 0, 0, 0, 0, 0xc4, 0));
      const hashed = Buffer.alloc(length * 12, Buffer.of(4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
      for (let i = 0; i < length; i++) {
        block.writeUInt32BE(at + i, i * 8 + 2);
        hashed.writeUInt32BE(at + i, i * 12 + 4);
      }
      digest.update(hashed);
      await loader.load(block);
    }
    t.is(await loader.finishKeyspace(), count);
    await loader.finish();
    t.like((await sledCheck(path))[0], { records: count, bytes: count * 4, digest: digest.digest("hex") });
  });
}

test("the number of jobs and the size of blocks change no byte", async (t) => {
  const directory = await temporaryDirectory(t);
  const content = [
    { name: Buffer.from("a"), records: numbered(15_000) },
    { name: DEFAULT, records: numbered(300, 3000) },
  ];
  for (const compression of [false, true]) {
    const stores: Record<string, string>[] = [];
    for (const [jobs, perBlock] of [[1, 700], [2, 700], [4, 33]] as const) {
      const path = join(directory, `${compression}-${jobs}`);
      await loadStore(path, content, { compression, jobs }, perBlock);
      stores.push(await bytesOf(path));
    }
    t.true((stores[0]?.db?.length ?? 0) > 100_000);
    t.true(stores.every((store) => JSON.stringify(store) === JSON.stringify(stores[0])));
  }
});

test("a keyspace in reverse order is inserted, and others are loaded around it", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const loader = await openSledLoader(path);
  const orders: [string, KeyOrder][] = [["a", "bytewise"], ["b", "reverse-bytewise"], ["c", "bytewise"], ["default", "reverse-bytewise"]];
  const records = numbered(3000);
  for (const [name, order] of orders) {
    await loader.startKeyspace(Buffer.from(name), order);
    await loadRecords(loader, order === "bytewise" ? records : [...records].reverse());
    t.is(await loader.finishKeyspace(), 3000);
  }
  await loader.finish();
  await loader.close();
  t.deepEqual(await sledCheck(path), expectedTrees(orders.map(([name]) => ({ name: Buffer.from(name), records }))));
  await t.notThrowsAsync(sledHammer(path, 3, 2000));
});

test("a keyspace without entries is a tree, in whatever order it would be", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const loader = await openSledLoader(path);
  for (const order of ["bytewise", "reverse-bytewise"] as const) {
    await loader.startKeyspace(Buffer.from(order), order);
    t.is(await loader.finishKeyspace(), 0);
  }
  await loader.finish();
  await loader.close();
  t.deepEqual((await sledCheck(path)).map(({ name, records }) => [name.toString(), records]).sort(), [["__sled__default", 0], ["bytewise", 0], ["reverse-bytewise", 0]]);
});

async function refused(t: ExecutionContext, blocks: readonly Uint8Array[], order: KeyOrder, code: ErrorCode): Promise<void> {
  const path = join(await temporaryDirectory(t), "store");
  const loader = await openSledLoader(path);
  await loader.startKeyspace(Buffer.from("t"), order);
  const error = await failure(t, async () => {
    for (const block of blocks) await loader.load(block);
    await loader.finishKeyspace();
    await loader.finish();
  });
  t.is(error.code, code);
  await loader.close();
  await using source = await openSledSource(path);
  const found = source.info.keyspaces.find(({ name }) => Buffer.from(name).toString() === "t");
  if (order === "bytewise") t.deepEqual(found === undefined ? [] : await readRecords(source, found.name), []);
}

test("what is out of order, there twice or malformed is told and makes no tree", async (t) => {
  const good = encodeEntries(numbered(5000));
  const again = encodeEntries(numbered(1));
  await refused(t, [good, again], "bytewise", "DUMP_ORDER_BROKEN");
  await refused(t, [again, again], "bytewise", "DUMP_ORDER_BROKEN");
  await refused(t, [again, again], "reverse-bytewise", "KEY_EXISTS");
  await refused(t, [good, good.subarray(0, 10)], "bytewise", "DUMP_ENTRIES_MALFORMED");
  await refused(t, [good.subarray(0, good.length - 3)], "bytewise", "DUMP_ENTRIES_MALFORMED");
  await refused(t, [Buffer.from([0xc4, 1, 0x61, 0xc0])], "bytewise", "DUMP_ENTRIES_MALFORMED");
});

test("a loader that is closed early leaves a store that opens", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const loader = await openSledLoader(path, { compression: true });
  await loader.startKeyspace(Buffer.from("t"), "bytewise");
  await loadRecords(loader, numbered(8000));
  await loader.close();
  await loader.close();
  t.is((await failure(t, () => loader.finishKeyspace())).code, "STORE_FAILED");
  t.deepEqual(await sledCheck(path, { compression: true }), expectedTrees([]));
});

test("a loader is no way into a store that is there", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await loadStore(path, [{ name: DEFAULT, records: numbered(10) }]);
  t.is((await failure(t, () => openSledLoader(path))).code, "TARGET_EXISTS");
});
