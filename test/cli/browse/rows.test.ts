/** What the browser reads of dumps and stores is what was written, from wherever it is read. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { between, lastBefore } from "#src/cli/browse/rows/last-before.js";
import { openDumpRows } from "#src/cli/browse/rows/dump-rows.js";
import type { Row, Rows } from "#src/cli/browse/rows/rows.js";
import { openStoreRows } from "#src/cli/browse/rows/store-rows.js";
import { MAYA_LAYOUT } from "#src/settings/graph-layout.js";
import { randomNumbers } from "../../faults/support.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { stateOf } from "../../support/store-state.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { sampleDump } from "../support/dumps.js";
import { keysOf, sources } from "./support.js";

interface Random { below(limit: number): number }

function makeRandom(seed: number): Random {
  const next = randomNumbers(seed);
  return { below: (limit) => Math.floor(next() * limit) };
}

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");
const WORDS = ["node:", "edge:", "node_edges:", "", "\xff\xff", "a", "a/b/"];

function randomKeys(seed: number, count: number): string[] {
  const random = makeRandom(seed);
  const keys = new Set<string>();
  while (keys.size < count) keys.add(`${WORDS[random.below(WORDS.length)] ?? ""}${Array.from({ length: random.below(6) }, () => String.fromCharCode(random.below(4) === 0 ? 255 : 97 + random.below(3))).join("")}`);
  return [...keys].sort();
}

test("each page holds the entries that come there, forward and back, whatever the prefix", async (t) => {
  const seed = loggedSeed(t);
  const keys = randomKeys(seed, 300);
  const entries = keys.map((key) => [latin1(key), `v${key.length.toString()}`] as const);
  const reversed = { name: "reversed", comparator: "reverse-bytewise" as const, entries: entries.toReversed() };
  for (const keyspaces of [[{ name: "default", entries }], [{ name: "default", entries: [] }, reversed]]) {
    for (const { name, path, open } of await sources(t, keyspaces)) {
      const before = await stateOf(path).catch(() => null);
      await using rows = await open();
      const order = name === "sled" || name.endsWith("/sled") ? keys : keyspaces.length === 1 ? keys : keys.toReversed();
      const keyspace = rows.keyspaces.findIndex((one) => Buffer.from(one.name).toString() === (keyspaces.length === 1 ? "default" : "reversed"));
      const random = makeRandom(seed + 1);
      for (let turn = 0; turn < 120; turn += 1) {
        const prefix = WORDS[random.below(WORDS.length)] ?? "";
        const part = order.filter((key) => key.startsWith(prefix));
        const key = random.below(4) === 0 ? undefined : random.below(2) === 0 ? order[random.below(order.length)] : `${prefix}${String.fromCharCode(97 + random.below(4))}`;
        const [back, limit] = [random.below(2) === 0, 1 + random.below(12)];
        const compare = (one: string, other: string): number => (order === keys ? Buffer.compare(latin1(one), latin1(other)) : Buffer.compare(latin1(other), latin1(one)));
        const wanted = back ? part.filter((one) => key === undefined || compare(one, key) < 0).slice(-limit) : part.filter((one) => key === undefined || compare(one, key) >= 0).slice(0, limit);
        const page = await rows.page({ keyspace, prefix: latin1(prefix), key: key === undefined ? undefined : latin1(key), back, limit });
        t.deepEqual(keysOf(page), wanted, `${name}: ${JSON.stringify({ prefix, key, back, limit })}`);
      }
      for (const key of keys.slice(0, 40)) t.is(Buffer.from((await rows.value(keyspace, latin1(key))) ?? []).toString(), `v${key.length.toString()}`);
      t.is(await rows.value(keyspace, latin1("zzz none")), undefined);
      t.deepEqual(await stateOf(path).catch(() => null), before);
    }
  }
});

test("the size of each value is told, also of an empty one, by pages in both directions and by a search", async (t) => {
  const wanted = [0, 1, 0, 255, 256, 0].map((size, at) => [`k${String(at)}`, size] as const);
  const sizes = (rows: readonly Row[]): (readonly [string, number | null])[] => rows.map(({ key, size }) => [Buffer.from(key).toString(), size] as const);
  for (const { name, open } of await sources(t, [{ name: "default", entries: wanted.map(([key, size]) => [key, "x".repeat(size)] as const) }])) {
    await using rows = await open();
    for (const back of [false, true]) t.deepEqual(sizes(await rows.page({ keyspace: 0, prefix: latin1(""), key: undefined, back, limit: 10 })), wanted, `${name} ${String(back)}`);
    const matches: Row[] = [];
    for await (const row of rows.matches({ keyspace: 0, prefix: latin1(""), pattern: "^k", signal: new AbortController().signal, onLooked: () => undefined })) matches.push(row);
    t.deepEqual(sizes(matches), wanted, name);
  }
});

const SOME = { name: "default", entries: [["a", "1"], ["edge:1", "x"], ["edge:2", "x"], ["node:1", "x"], ["node:2", "yes"], ["node:3", "x"], ["user/a/1", "no"], ["user/b/1", "x"]] } as const;

test("prefixes are those of the keys, with their shares where the index has them", async (t) => {
  for (const { name, open } of await sources(t, [SOME, { name: "empty", entries: [] }])) {
    await using rows = await open();
    const at = (keyspace: string): number => rows.keyspaces.findIndex((one) => Buffer.from(one.name).toString() === keyspace);
    const told = async (keyspace: number, prefix: string): Promise<string[]> => (await rows.prefixes({ keyspace, prefix: latin1(prefix) })).prefixes.map((one) => `${Buffer.from(one.prefix).toString()} ${String(one.entries)}`);
    const figures = (...lines: readonly string[]): string[] => lines.map((line) => (name === "dump" ? line : line.replace(/\d+$/, "null")));
    t.deepEqual(await told(at("default"), ""), figures("edge: 2", "node: 3", "user/ 2"), name);
    t.deepEqual(await told(at("default"), "user/"), figures("user/a/ 1", "user/b/ 1"), name);
    t.deepEqual(await told(at("default"), "node:"), [], name);
    t.deepEqual(await told(at("empty"), ""), [], name);
  }
});

async function found(rows: Rows, pattern: string, prefix = ""): Promise<string[]> {
  const all: Row[] = [];
  let looked = 0;
  for await (const row of rows.matches({ keyspace: 0, prefix: latin1(prefix), pattern, signal: new AbortController().signal, onLooked: (entries) => { looked = entries; } })) all.push(row);
  return [...keysOf(all), String(looked > 0)];
}

test("a search finds what matches, in keys and values, within its part; what is no expression is refused", async (t) => {
  for (const { name, open } of await sources(t, [SOME])) {
    await using rows = await open();
    t.deepEqual(await found(rows, "^node:[12]$|^no$"), ["node:1", "node:2", "user/a/1", "true"], name);
    t.deepEqual(await found(rows, "(?-u:.)", "user/"), ["user/a/1", "user/b/1", "true"], name);
    t.deepEqual(await found(rows, "none"), ["true"], name);
    await t.throwsAsync(found(rows, "("), { code: "USAGE", message: /is no regular expression/ });
    const ended = new AbortController();
    ended.abort(new Error("enough"));
    await t.throwsAsync((async () => { for await (const _ of rows.matches({ keyspace: 0, prefix: latin1(""), pattern: "x", signal: ended.signal, onLooked: () => undefined })); })(), { message: "enough" });
  }
});

test("what matches before a part hides nothing in it", async (t) => {
  const entries = [...Array.from({ length: 1500 }, (_, n) => `a:${n.toString().padStart(4, "0")}`), "b:1", "b:2"].map((key) => [latin1(key), "match"] as const);
  for (const { name, open } of await sources(t, [{ name: "default", entries }])) {
    await using rows = await open();
    t.deepEqual(await found(rows, "match", "b:"), ["b:1", "b:2", "true"], name);
    t.is((await found(rows, "match")).length, 1503, name);
  }
});

test("an empty source, long keys, and a block for each entry", async (t) => {
  const long = (n: number): string => `${"k".repeat(3000)}${n.toString().padStart(3, "0")}`;
  const keys = Array.from({ length: 20 }, (_, n) => long(n));
  for (const { name, open } of await sources(t, [{ name: "default", entries: keys.map((key) => [key, key] as const) }], 1)) {
    await using rows = await open();
    t.deepEqual(keysOf(await rows.page({ keyspace: 0, prefix: latin1(""), key: latin1(long(10)), back: true, limit: 3 })), keys.slice(7, 10), name);
    t.deepEqual(keysOf(await rows.page({ keyspace: 0, prefix: latin1("k"), key: undefined, back: true, limit: 2 })), keys.slice(-2), name);
    t.deepEqual(keysOf(await rows.page({ keyspace: 0, prefix: latin1("x"), key: undefined, back: true, limit: 2 })), [], name);
    t.is(Buffer.from((await rows.value(0, latin1(long(7)))) ?? []).toString(), long(7), name);
  }
  const path = join(await temporaryDirectory(t), "none.kgd");
  await writeFile(path, await sampleDump([]));
  await using rows = await openDumpRows({ path, layout: MAYA_LAYOUT });
  t.deepEqual(rows.keyspaces, []);
});

test("the last entries before a key are found by scans forward, each of a bounded length", async (t) => {
  const random = makeRandom(7);
  const keys = [...new Set(Array.from({ length: 30_000 }, () => Buffer.from(Array.from({ length: 1 + random.below(5) }, () => random.below(256))).toString("latin1")))].sort();
  const prefixed = Array.from({ length: 20_000 }, (_, n) => `same words in front of each of them/${n.toString().padStart(8, "0")}`);
  for (const all of [keys, prefixed, [...keys, ...prefixed].sort()]) {
    for (let turn = 0; turn < 60; turn += 1) {
      const key = turn === 0 ? undefined : all[random.below(all.length)];
      let longest = 0;
      const scan = async (from: Uint8Array | undefined, most: number): Promise<Row[]> => {
        const start = from === undefined ? 0 : all.findIndex((one) => Buffer.compare(latin1(one), from) >= 0);
        const end = key === undefined ? all.length : all.indexOf(key);
        const part = start === -1 ? [] : all.slice(start, Math.min(end, start + most));
        longest = Math.max(longest, part.length);
        return part.map((one) => ({ key: latin1(one), size: 0 }));
      };
      const rows = await lastBefore(scan, { prefix: latin1(""), order: "bytewise", key: key === undefined ? undefined : latin1(key), limit: 10 });
      const end = key === undefined ? all.length : all.indexOf(key);
      t.deepEqual(keysOf(rows), all.slice(Math.max(0, end - 10), end), key);
      t.true(longest <= 511);
    }
  }
  // Between these and the key behind them there is no middle.
  const dense = Array.from({ length: 2000 }, (_, n) => Buffer.concat([Buffer.from("00ffffffffffffff", "hex"), Buffer.from(n.toString().padStart(6, "0"))]));
  const scan = async (from: Uint8Array | undefined, most: number): Promise<Row[]> => dense.filter((one) => from === undefined || Buffer.compare(one, from) >= 0).slice(0, most).map((key) => ({ key, size: 0 }));
  t.deepEqual((await lastBefore(scan, { prefix: latin1(""), order: "bytewise", key: Buffer.of(1), limit: 7 })).map(({ key }) => key), dense.slice(-7));
  t.is(between(latin1("a"), latin1("a")), null);
  t.deepEqual(between(latin1("ab"), latin1("ad")), Buffer.from("ac00000000000000".replace("ac", "6163"), "hex"));
});

test("a damaged block, a cut dump, and options of stores are told as elsewhere", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = await sampleDump([SOME], { codec: "none", entriesPerBlock: 8 });
  const cut = join(directory, "cut.kgd");
  await writeFile(cut, dump.subarray(0, dump.length - 10));
  await t.throwsAsync(openDumpRows({ path: cut, layout: MAYA_LAYOUT }), { code: "DUMP_TRUNCATED" });
  const damaged = join(directory, "damaged.kgd");
  const at = dump.indexOf("yes");
  dump.writeUInt8(dump.readUInt8(at) ^ 1, at);
  await writeFile(damaged, dump);
  await using rows = await openDumpRows({ path: damaged, layout: MAYA_LAYOUT });
  await t.throwsAsync(rows.page({ keyspace: 0, prefix: latin1(""), key: undefined, back: false, limit: 3 }), { code: "DUMP_CHECKSUM_MISMATCH" });
  await t.throwsAsync(rows.value(0, latin1("a")), { code: "DUMP_CHECKSUM_MISMATCH" });
  await t.throwsAsync(openDumpRows({ path: damaged, maxBlockSize: 4096, keyspaces: ["none"], layout: MAYA_LAYOUT }), { code: "KEYSPACE_UNKNOWN" });
  const ttl = await unpackStore(t, "odd-ttl");
  const open = { path: ttl, layout: MAYA_LAYOUT, onWarning: () => undefined };
  await t.throwsAsync(openStoreRows(open), { code: "STORE_TTL" });
  for (const paranoid of [true, false]) {
    await using stripped = await openStoreRows({ ...open, ttl: "strip", paranoid });
    t.true((await stripped.page({ keyspace: 0, prefix: latin1(""), key: undefined, back: false, limit: 3 })).length > 0);
  }
});
