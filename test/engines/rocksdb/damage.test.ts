/** Damaged stores: an error with the file's name, never fewer entries with a good end. */
import { readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink, openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { type ErrorCode, KgdumpError } from "#src/errors.js";
import { iterateEntries } from "#src/format/entries.js";
import { encodeEntries } from "#src/format/index.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { assertCode, bytes, numbered, putEntries, readStore, type TextEntry } from "./support.js";

/** A store with two families, several tables, a range deletion and a log; small blocks, so that each file has many parts. */
async function variedStore(t: ExecutionContext): Promise<string> {
  const path = join(await temporaryDirectory(t), "store");
  const sink = await createRocksdbSink(path, { families: ["nodes"], blockSize: 512 });
  const put = (family: string, entries: TextEntry[]): Promise<void> =>
    sink.operate(family, entries.map(([key, value]) => ({ kind: "put", key: bytes(key), value: bytes(value) })));
  await put("default", numbered(100));
  await put("nodes", numbered(50));
  await sink.flush();
  await sink.operate("default", [{ kind: "deleteRange", from: bytes("key00010"), to: bytes("key00020") }]);
  await put("default", numbered(50, 100));
  await sink.flush();
  for (let start = 200; start < 260; start += 10) await put(start % 20 === 0 ? "default" : "nodes", numbered(10, start));
  await sink.close();
  return path;
}

async function fileOf(path: string, pattern: RegExp): Promise<string> {
  const names = (await readdir(path)).filter((name) => pattern.test(name)).sort();
  return join(path, names.at(-1) ?? "");
}

/** Flips one bit of a file. */
async function flip(file: string, at: number, bit = 0): Promise<void> {
  const content = await readFile(file);
  content.writeUInt8((content[at] ?? 0) ^ (1 << bit), at);
  await writeFile(file, content);
}

test("a flipped bit in a table is an error, or changes nothing, wherever some ranges begin and end", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await putEntries(path, numbered(200), { blockSize: 256, compression: "none" });
  const file = await fileOf(path, /\.sst$/);
  const content = await readFile(file);
  const keys = numbered(200).map(([key]) => key);
  const bound = (key: string | undefined): Uint8Array => (key === undefined ? Uint8Array.of(0xc0) : encodeEntries([{ key: bytes(key), value: null }]).subarray(0, -1));
  let errors = 0;
  for (let at = 0; at < content.length; at += 61) {
    await flip(file, at, at % 8);
    // Four ranges, which begin and end elsewhere each time.
    const places = [0, 1, 2, 3].map((part) => [part * 50 + (at % 17), part * 50 + 18 + (at % 31)] as const);
    const run = Buffer.concat(places.flatMap(([from, to]) => [bound(keys[from]), bound(keys[to])]));
    const found: string[] = [];
    try {
      await using source = await openRocksdbSource(path);
      for await (const block of source.scanRanges(bytes("default"), run, { blockSize: 4096 })) {
        for (const { key } of iterateEntries(block.data)) found.push(Buffer.from(key).toString("latin1"));
        block.release();
      }
      t.deepEqual(found, places.flatMap(([from, to]) => keys.slice(from, to)), `byte ${at}`);
    } catch (error) {
      t.is(error instanceof KgdumpError ? error.code : String(error), "STORE_DAMAGED", `byte ${at}`);
      errors += 1;
    }
    await writeFile(file, content);
  }
  t.true(errors > 20, String(errors));
});

for (const [name, pattern, code, step] of [
  ["a table", /\.sst$/, "STORE_DAMAGED", 23],
  ["MANIFEST", /^MANIFEST/, "STORE_DAMAGED", 5],
  ["the log", /\.log$/, "STORE_LOG_DAMAGED", 17],
  ["CURRENT", /^CURRENT$/, "STORE_DAMAGED", 1],
] as const) {
  test(`a flipped bit anywhere in ${name} is an error or changes nothing`, async (t) => {
    const path = await variedStore(t);
    const wanted = (await readStore(path)).entries;
    const file = await fileOf(path, pattern);
    const content = await readFile(file);
    let [errors, named] = [0, 0];
    for (let at = 0; at < content.length; at += step) {
      await flip(file, at, at % 8);
      try {
        t.deepEqual((await readStore(path)).entries, wanted, `byte ${at}`);
      } catch {
        const error = await assertCode(t, code, () => readStore(path));
        // CURRENT may name another MANIFEST then; and RocksDB does not name a table whose properties it can't read.
        t.true(error.path === file || error.path === path || (name === "CURRENT" && error.path?.includes("MANIFEST-")), `byte ${at}: ${error.message}`);
        if (error.path === file) named++;
        errors++;
      }
      await writeFile(file, content);
    }
    t.true(errors > 0 && named > errors / 3, `${named} of ${errors} errors name the file`);
    t.deepEqual((await readStore(path)).entries, wanted);
  });
}

test("a bit flipped in the middle of a log is refused although RocksDB would stop there", async (t) => {
  const path = await unpackStore(t, "maya-unflushed");
  const log = await fileOf(path, /\.log$/);
  await flip(log, Math.floor((await stat(log)).size / 2));
  const error = await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(path));
  t.is(error.path, log);
});

test("a log that ends within a write is read up to it, with a warning", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const sink = await createRocksdbSink(path);
  for (const [key, value] of numbered(20)) await sink.operate("default", [{ kind: "put", key: bytes(key), value: bytes(value) }]);
  await sink.close();
  const log = await fileOf(path, /\.log$/);
  for (const cut of [3, 20]) {
    await truncate(log, (await stat(log)).size - cut);
    const { entries, warnings } = await readStore(path);
    t.deepEqual(entries.get("default"), numbered(19));
    t.is(warnings.length, 1);
    t.regex(warnings[0] ?? "", /never completed/);
  }
});

test("a hole of zeros in a log is damage", async (t) => {
  const path = await unpackStore(t, "maya-unflushed");
  const log = await fileOf(path, /\.log$/);
  const content = await readFile(log);
  content.fill(0, 65_536, 65_536 + 4096);
  await writeFile(log, content);
  await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(path));
});

test("a missing, shorter or longer table is named", async (t) => {
  const path = await variedStore(t);
  const table = await fileOf(path, /\.sst$/);
  const content = await readFile(table);
  for (const damage of [() => rm(table), () => truncate(table, content.length - 1), () => writeFile(table, Buffer.concat([content, content]))]) {
    await damage();
    const error = await assertCode(t, "STORE_DAMAGED", () => openRocksdbSource(path));
    t.is(error.path, table);
    await writeFile(table, content);
  }
});

test("a cut MANIFEST is never taken as an older state", async (t) => {
  const path = await variedStore(t);
  const wanted = (await readStore(path)).entries;
  const manifest = await fileOf(path, /^MANIFEST/);
  const content = await readFile(manifest);
  for (let length = 0; length < content.length; length += 3) {
    await writeFile(manifest, content.subarray(0, length));
    try {
      t.deepEqual((await readStore(path)).entries, wanted);
    } catch {
      await assertCode(t, ["STORE_DAMAGED", "STORE_LOG_DAMAGED"], () => readStore(path));
    }
  }
  await rm(manifest);
  const error = await assertCode(t, "STORE_DAMAGED", () => openRocksdbSource(path));
  t.is(error.path, manifest);
});

test("a log missing between others is noticed by its sequence numbers", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  // Each opening leaves a log of its own.
  const options = { databaseOptions: "avoid_flush_during_recovery=true", flush: false };
  for (let round = 0; round < 3; round++) await putEntries(path, numbered(10, round * 10), options);
  t.deepEqual((await readStore(path)).entries.get("default"), numbered(30));
  const logs = (await readdir(path)).filter((name) => name.endsWith(".log")).sort();
  t.true(logs.length >= 3);
  for (const name of logs.slice(0, 2)) {
    const log = join(path, name);
    const content = await readFile(log);
    if (content.length === 0) continue;
    await rm(log);
    await assertCode(t, "STORE_LOG_DAMAGED", () => openRocksdbSource(path));
    await writeFile(log, content);
  }
});

const CURRENT: readonly (readonly [what: string, content: Buffer | null, code: ErrorCode])[] = [
  ["missing", null, "STORE_DAMAGED"],
  ["empty", Buffer.alloc(0), "STORE_DAMAGED"],
  ["cut", Buffer.from("MANIFEST-00"), "STORE_DAMAGED"],
  ["zeros", Buffer.alloc(16), "STORE_DAMAGED"],
  ["pointing nowhere", Buffer.from("MANIFEST-999999\n"), "STORE_DAMAGED"],
  ["another path", Buffer.from("../../x/MANIFEST-000005\n"), "STORE_DAMAGED"],
  ["encrypted", Buffer.alloc(4112, "k7#\x90\xfe"), "STORE_ENCRYPTED"],
];
for (const [what, content, code] of CURRENT) {
  test(`CURRENT that is ${what}`, async (t) => {
    const path = await unpackStore(t, "maya-lz4");
    if (content === null) await rm(join(path, "CURRENT"));
    else await writeFile(join(path, "CURRENT"), content);
    await assertCode(t, code, () => openRocksdbSource(path));
  });
}

test("a MANIFEST and OPTIONS of no meaning are taken as encrypted", async (t) => {
  const path = await unpackStore(t, "maya-lz4");
  const noise = Buffer.from(Array.from({ length: 6000 }, (_, index) => (index * 7919 + (index >> 3) * 104_729) & 0xff));
  for (const pattern of [/^MANIFEST/, /^OPTIONS/]) await writeFile(await fileOf(path, pattern), noise);
  await assertCode(t, "STORE_ENCRYPTED", () => openRocksdbSource(path));
});
