/** Sled stores: what goes in comes out, for kgdump and for the unmodified crate. */
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import fc from "../../support/properties.js";
import { openSledSource } from "#src/engines/sled/reader.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { encodeEntries } from "#src/format/entries.js";
import { sledCheck, sledWrite } from "../../checker/run.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { anyBytes, anyRecords, digestOf, expectedTrees, failure, makeStore, type Pair, readRecords, take } from "./support.js";

const DEFAULT = Buffer.from("default");

/** `count` records with keys in order and values of some 100 bytes. */
function series(count: number): Pair[] {
  return Array.from({ length: count }, (_, i) => ({ key: Buffer.from(`key:${String(i).padStart(8, "0")}`), value: Buffer.alloc(100, i) }));
}

test("random stores come back, and the unmodified crate finds the same in them", async (t) => {
  const root = await temporaryDirectory(t);
  const names = fc.uniqueArray(fc.oneof(anyBytes(), fc.constantFrom("default", "", "__proto__").map((name) => Buffer.from(name))), {
    maxLength: 5,
    selector: (name) => Buffer.from(name).toString("latin1"),
  });
  const stores = names.chain((list) => fc.tuple(...list.map((name) => fc.record({ name: fc.constant(name), records: anyRecords(60) }))));
  let number = 0;
  await fc.assert(
    fc.asyncProperty(stores, fc.boolean(), fc.constantFrom(undefined, 4096, 65_536), fc.integer({ min: 1, max: 30 }), async (content, compression, segmentSize, perBlock) => {
      const path = join(root, String(number++));
      await makeStore(path, content, { compression, segmentSize }, perBlock);
      {
        await using source = await openSledSource(path);
        const found = source.info.keyspaces.map(({ name }) => Buffer.from(name).toString("latin1"));
        const expected = new Set(["default", ...content.map(({ name }) => Buffer.from(name).toString("latin1"))]);
        if (found.length !== expected.size || !found.every((name) => expected.has(name))) throw new Error(`keyspaces: ${found.join()}`);
        for (const { name, records } of content) {
          const read = await readRecords(source, name);
          if (digestOf(read) !== digestOf(records)) throw new Error("content differs");
          const down = await readRecords(source, name, { order: "reverse-bytewise" });
          if (digestOf(down.reverse()) !== digestOf(records)) throw new Error("content differs downwards");
        }
      }
      if (segmentSize === undefined) {
        const found = await sledCheck(path, { compression });
        const expected = expectedTrees(content);
        if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`the crate finds ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
      }
      await rm(path, { recursive: true });
    }),
    { numRuns: 60, seed: loggedSeed(t) },
  );
  t.true(number >= 60);
});

test("stores that the unmodified crate wrote are read whole", async (t) => {
  const root = await temporaryDirectory(t);
  for (const compression of [false, true]) {
    const path = join(root, String(compression));
    await sledWrite(path, ["random 7 3000", "tree 00ff", "random 8 2000", "fill 6b 3000000 7", "overwrite 8 500", "delete 6b", "fill 6c 200000 8", "tree"], { compression });
    const trees = await sledCheck(path, { compression });
    await using source = await openSledSource(path);
    t.is(source.settings.compression, compression);
    for (const tree of trees) {
      const name = tree.name.toString() === "__sled__default" ? DEFAULT : tree.name;
      const records = await readRecords(source, name);
      t.deepEqual([records.length, digestOf(records)], [tree.records, tree.digest]);
    }
    t.is(trees.length, 2);
  }
});

test("big keys and values, and ones around sled's limit for its log", async (t) => {
  const root = await temporaryDirectory(t);
  const path = join(root, "store");
  const limit = 524_288 / 4 - 20 - 32;
  const sizes = [0, 1, limit - 60, limit - 1, limit, limit + 1, 200_000, 64 << 20];
  const records = [
    { key: new Uint8Array(), value: Buffer.from("the empty key") },
    { key: new Uint8Array(1 << 20).fill(1), value: Buffer.from("a long key") },
    ...sizes.map((size, i) => ({ key: Buffer.from([2, i]), value: new Uint8Array(size).fill(i) })),
  ];
  await makeStore(path, [{ name: DEFAULT, records }]);
  t.true((await readdir(join(path, "blobs"))).length > 0);
  await using source = await openSledSource(path);
  const read = await readRecords(source, DEFAULT, { blockSize: 1 << 20 });
  t.is(digestOf(read), digestOf(records));
  await source.close();
  t.deepEqual(await sledCheck(path), expectedTrees([{ name: DEFAULT, records }]));
});

test("scans keep to from, to, prefix and limit, in both orders", async (t) => {
  const root = await temporaryDirectory(t);
  const some = anyBytes().map((bytes) => bytes.subarray(0, 3));
  const key = fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.array(fc.constantFrom(0, 1, 254, 255), { maxLength: 4 }).map((a) => Uint8Array.from(a)), some);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(key, { maxLength: 80, selector: (bytes) => Buffer.from(bytes).toString("hex") }),
      fc.array(fc.record({ from: fc.option(key, { nil: undefined }), to: fc.option(key, { nil: undefined }), prefix: fc.option(key.map((k) => k.subarray(0, 2)), { nil: undefined }), limit: fc.option(fc.nat(20), { nil: undefined }), down: fc.boolean() }), { minLength: 10, maxLength: 20 }),
      async (keys, scans) => {
        const records = keys.map((k) => ({ key: k, value: k })).sort((a, b) => Buffer.compare(a.key, b.key));
        const path = join(root, String(number++));
        await makeStore(path, [{ name: DEFAULT, records }]);
        await using source = await openSledSource(path);
        for (const { from, to, prefix, limit, down } of scans) {
          const order = (a: Uint8Array, b: Uint8Array): number => (down ? Buffer.compare(b, a) : Buffer.compare(a, b));
          const expected = (down ? records.toReversed() : records)
            .filter((r) => (from === undefined || order(r.key, from) >= 0) && (to === undefined || order(r.key, to) < 0))
            .filter((r) => prefix === undefined || Buffer.compare(r.key.subarray(0, prefix.length), prefix) === 0)
            .slice(0, limit);
          const read = await readRecords(source, DEFAULT, { from, to, prefix, limit, order: down ? "reverse-bytewise" : "bytewise", blockSize: 16 });
          if (digestOf(read) !== digestOf(expected)) throw new Error(`${read.length} records, not ${expected.length}`);
        }
      },
    ),
    { numRuns: 40, seed: loggedSeed(t) },
  );
  t.true(number >= 40);
});

test("blocks keep to their size, and hold one entry when it is bigger", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const records = [...series(500), { key: Buffer.from("l"), value: Buffer.alloc(5000) }, { key: Buffer.from("m"), value: Buffer.alloc(10) }];
  await makeStore(path, [{ name: DEFAULT, records }]);
  await using source = await openSledSource(path);
  const sizes: number[] = [];
  let held = 0;
  for await (const block of source.scan(DEFAULT, { blockSize: 1000 })) {
    sizes.push(block.data.length);
    held += block.entries;
    t.true(block.data.length <= 1000 || block.entries === 1);
    t.is(block.keyBytes + block.valueBytes, take(block).reduce((sum, { key, value }) => sum + key.length + value.length, 0));
  }
  t.is(held, records.length);
  t.is(sizes.filter((size) => size > 1000).length, 1);
});

test("a consumer may hold blocks, and they stay what they are until they are released", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const records = series(2000);
  await makeStore(path, [{ name: DEFAULT, records }]);
  await using source = await openSledSource(path);
  const blocks = [];
  for await (const block of source.scan(DEFAULT, { blockSize: 4096 })) blocks.push(block);
  t.true(blocks.length > 20);
  t.is(digestOf(blocks.flatMap(take)), digestOf(records));
});

test("stopping early, aborting and closing end a scan; the store can be closed and opened at once", async (t) => {
  const root = await temporaryDirectory(t);
  const path = join(root, "store");
  await makeStore(path, [{ name: DEFAULT, records: series(5000) }]);
  const source = await openSledSource(path);
  for (let i = 0; i < 20; i++) {
    for await (const block of source.scan(DEFAULT, { blockSize: 1000 })) {
      block.release();
      break;
    }
  }
  const reason = new Error("enough");
  const controller = new AbortController();
  const aborted = await t.throwsAsync(async () => {
    for await (const block of source.scan(DEFAULT, { blockSize: 1000, signal: controller.signal })) {
      block.release();
      controller.abort(reason);
    }
  });
  t.is(aborted, reason);
  t.is(await t.throwsAsync(() => readRecords(source, DEFAULT, { signal: AbortSignal.abort(reason) })), reason);

  const scan = source.scan(DEFAULT, { blockSize: 1000 })[Symbol.asyncIterator]();
  await scan.next();
  await source.close();
  await source.close();
  const after = await failure(t, async () => {
    for (;;) if ((await scan.next()).done === true) break;
  });
  t.is(after.code, "STORE_FAILED");
  await rename(path, join(root, "moved"));
  await using again = await openSledSource(join(root, "moved"));
  t.is((await readRecords(again, DEFAULT)).length, 5000);
});

test("a store is opened, filled, closed and moved a hundred times without waiting", async (t) => {
  const root = await temporaryDirectory(t);
  let path = join(root, "0");
  await makeStore(path, []);
  for (let i = 0; i < 100; i++) {
    const sink = await openSledSink(path, { create: false });
    await sink.apply(DEFAULT, encodeEntries([{ key: Buffer.from([i]), value: Buffer.alloc(i * 100, i) }]), "fail");
    await sink.close();
    const next = join(root, String(i + 1));
    await rename(path, next);
    path = next;
  }
  t.is((await sledCheck(path))[0]?.records, 100);
  const files = await readdir("/proc/self/fd").catch(() => []);
  t.true(files.length < 100, `${files.length} open files`);
});

test("nothing is added, changed or removed by reading", async (t) => {
  const root = await temporaryDirectory(t);
  const path = join(root, "store");
  await sledWrite(path, ["random 3 2000", "fill 6b 300000 7"]);
  const before = await sledCheck(path);
  for (let i = 0; i < 3; i++) {
    await using source = await openSledSource(path);
    await readRecords(source, DEFAULT);
    t.is((await failure(t, () => readRecords(source, Buffer.from("x")))).code, "KEYSPACE_UNKNOWN");
  }
  t.deepEqual(await sledCheck(path), before);
});

test("a tree called as a dump calls the default tree has a name of its own, and gets its tree back", async (t) => {
  const root = await temporaryDirectory(t);
  const path = join(root, "store");
  const sink = await openSledSink(path, { create: true });
  t.is((await failure(t, () => sink.createKeyspace(Buffer.from("__sled__default")))).code, "STORE_UNSUPPORTED");
  await sink.close();
  const odd = Buffer.from("__sled__tree:x");
  await sledWrite(path, ["put 01 01", `tree ${DEFAULT.toString("hex")}`, "put 01 02", `tree ${odd.toString("hex")}`, "put 01 03"]);
  const source = await openSledSource(path);
  const names = ["default", "__sled__tree:__sled__tree:x", "__sled__tree:default"];
  t.deepEqual(
    source.info.keyspaces.map(({ name }) => Buffer.from(name).toString()),
    names,
  );
  t.is(source.info.warnings.length, 2);
  const copy = join(root, "copy");
  const target = await openSledSink(copy, { create: true });
  for (const name of names) {
    await target.createKeyspace(Buffer.from(name));
    for await (const block of source.scan(Buffer.from(name), { blockSize: 4096 })) await target.apply(Buffer.from(name), block.data, "fail");
  }
  await target.close();
  await source.close();
  t.deepEqual(await sledCheck(copy), await sledCheck(path));
});
