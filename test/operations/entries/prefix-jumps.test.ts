import { join } from "node:path";
import test from "ava";
import fc from "../../support/properties.js";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { openSledSource } from "#src/engines/sled/reader.js";
import type { EntrySource } from "#src/engines/store.js";
import { type PrefixRequest, prefixSamples } from "#src/operations/entries/prefix-jumps.js";
import { prefixLengths } from "#src/operations/entries/prefixes.js";
import { makeStore } from "../../engines/sled/support.js";
import { putEntries } from "../../engines/rocksdb/support.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** What jumping should find, by going through all keys. @param keys in the order of the keyspace */
function expected(keys: readonly string[], within: string, most: number, mostKeys: number): { prefixes: string[]; more: boolean } {
  const left = keys.filter((key) => key.startsWith(within));
  const prefixes = new Map<string, string>();
  const shown = (): string[] => [...prefixes].map((one) => one.join(" < "));
  let passedOver = false;
  for (let looked = 0; looked < mostKeys; looked += 1) {
    const [key, other] = left;
    if (key === undefined) return { prefixes: shown(), more: passedOver };
    const prefix = key.slice(0, prefixLengths(latin1(key)).find((length) => length > within.length) ?? within.length);
    if (!prefixes.has(prefix) && prefixes.size === most) return { prefixes: shown(), more: true };
    if (!prefixes.has(prefix)) prefixes.set(prefix, key);
    const first = key.slice(0, within.length + 1);
    if (prefix === within && key !== within && other?.startsWith(first) === true) passedOver = true;
    const passed = prefix === within ? first : prefix;
    // All that begins so, but for a key that is no longer than what was asked about.
    while (left[0]?.startsWith(passed) === true && (key !== within || left[0] === key)) left.shift();
  }
  return { prefixes: shown(), more: passedOver || left.length > 0 };
}

const PARTS = ["", "a", "b", "ab:", "node:", "n", "user/", "x_", "\xff", "\xff\xff", "\0", "7", "edge:"];
const anyKey = fc.array(fc.constantFrom(...PARTS), { maxLength: 4 }).map((parts) => parts.join(""));
const anyKeys = fc.uniqueArray(anyKey, { maxLength: 120, size: "max" });
const anyRequest = fc.record({ within: fc.constantFrom("", "", "node:", "a", "user/", "\xff"), most: fc.integer({ min: 1, max: 8 }), mostKeys: fc.integer({ min: 1, max: 40 }) });

async function samplesIn(source: EntrySource, name: string, request: { within: string } & Pick<PrefixRequest, "most" | "mostKeys">): Promise<ReturnType<typeof expected>> {
  const keyspace = source.info.keyspaces.find((one) => textOf(one.name) === name);
  if (keyspace === undefined) throw new Error(name);
  const { prefixes, more } = await prefixSamples(source, keyspace, { ...request, within: latin1(request.within) });
  return { prefixes: prefixes.map(({ prefix, example }) => `${textOf(prefix)} < ${textOf(example)}`), more };
}

/** Some values are larger than what is read at once; or all are small, so that many keys are. */
const valueFor = (key: string, at: number, small: boolean): Buffer => Buffer.alloc(small ? 1 : at % 7 === 0 ? 5000 : key.length * 40);

test("jumping finds what going through all keys does", async (t) => {
  const directory = await temporaryDirectory(t);
  let number = 0;
  await fc.assert(fc.asyncProperty(anyKeys, fc.array(anyRequest, { minLength: 1, maxLength: 6 }), fc.boolean(), async (keys, requests, small) => {
    const path = join(directory, (number++).toString());
    const sorted = keys.toSorted((a, b) => Buffer.compare(latin1(a), latin1(b)));
    await makeStore(path, [{ name: latin1("tree"), records: sorted.map((key, at) => ({ key: latin1(key), value: valueFor(key, at, small) })) }]);
    await using source = await openSledSource(path);
    for (const request of requests) t.deepEqual(await samplesIn(source, "tree", request), expected(sorted, request.within, request.most, request.mostKeys), JSON.stringify(request));
  }), { seed: loggedSeed(t), numRuns: 60 });
});

test("and in the reverse order", async (t) => {
  const directory = await temporaryDirectory(t);
  let number = 0;
  await fc.assert(fc.asyncProperty(anyKeys, fc.array(anyRequest, { minLength: 1, maxLength: 6 }), fc.boolean(), async (keys, requests, small) => {
    const path = join(directory, (number++).toString());
    await putEntries(path, keys.map((key, at) => [key, textOf(valueFor(key, at, small))] as const), { comparator: "reverse-bytewise" });
    await using source = await openRocksdbSource(path);
    const name = textOf(source.info.keyspaces.find(({ comparator }) => comparator === "reverse-bytewise")?.name ?? new Uint8Array());
    const sorted = keys.toSorted((a, b) => Buffer.compare(latin1(b), latin1(a)));
    for (const request of requests) t.deepEqual(await samplesIn(source, name, request), expected(sorted, request.within, request.most, request.mostKeys), JSON.stringify({ keys, request }));
  }), { seed: loggedSeed(t), numRuns: 30 });
});

test("of large entries one is read for each jump", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const keys = Array.from({ length: 40 }, (_, n) => `${String.fromCharCode(97 + Math.floor(n / 10))}word:${String(n)}`);
  await makeStore(path, [{ name: latin1("tree"), records: keys.map((key) => ({ key: latin1(key), value: Buffer.alloc(20_000) })) }]);
  await using source = await openSledSource(path);
  let entries = 0;
  const counting = {
    async *scan(...of: Parameters<EntrySource["scan"]>) {
      for await (const block of source.scan(...of)) {
        entries += block.entries;
        yield block;
      }
    },
  };
  const { prefixes } = await prefixSamples(counting, { name: latin1("tree"), comparator: "bytewise" }, { within: latin1(""), most: 10, mostKeys: 64 });
  t.deepEqual([prefixes.length, entries], [4, 4]);
});

test("small keyspaces cost one scan each", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  await makeStore(path, [{ name: latin1("tree"), records: ["a", "b", "node:1", "user/1"].map((key) => ({ key: latin1(key), value: latin1("v") })) }]);
  await using source = await openSledSource(path);
  let scans = 0;
  const counting = { scan: (...of: Parameters<EntrySource["scan"]>) => { scans += 1; return source.scan(...of); } };
  const { prefixes } = await prefixSamples(counting, { name: latin1("tree"), comparator: "bytewise" }, { within: latin1(""), most: 10, mostKeys: 64 });
  t.deepEqual([prefixes.length, scans], [3, 1]);
});
