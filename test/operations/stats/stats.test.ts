/** Every number of `stats` against a second way of computing it, on graphs and on random keyspaces, of both engines, whole and piped. */
import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import fc from "../../support/properties.js";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { encodeEntries } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { listEntries } from "#src/operations/inspect/entries.js";
import { prefixRows } from "#src/cli/render/prefix-rows.js";
import { formatPattern } from "#src/cli/text/pattern.js";
import type { JsonPlace, KeyPart, PrefixStats, StatsResult } from "#src/operations/stats/results.js";
import { statsOf, type StatsOptions } from "#src/operations/stats/stats.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { makeStore, numbered } from "../../support/stores.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { type Entry, expressionOf, wrongSums } from "./model.js";

/** Entries of a dump by the name of their keyspace in hex. */
async function entriesIn(dump: string): Promise<Map<string, Entry[]>> {
  const found = new Map<string, Entry[]>();
  for await (const { keyspace, key, value } of listEntries({ input: dump })) {
    const name = Buffer.from(keyspace).toString("hex");
    const known = found.get(name);
    if (known === undefined) found.set(name, [{ key, value }]);
    else known.push({ key, value });
  }
  return found;
}

/** What does not depend on where it was read and when. */
function facts({ keyspaces, samples }: StatsResult): string {
  const bare = ({ below, storedBytes: _, ...prefix }: PrefixStats): unknown => ({ ...prefix, below: below.map(bare) });
  const hex = (value: unknown): unknown => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
    if (Array.isArray(value)) return value.map(hex);
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, hex(one)])) : value;
  };
  return JSON.stringify(hex({ samples, keyspaces: keyspaces.filter(({ read }) => read > 0).map(({ prefixes, ...keyspace }) => ({ ...keyspace, prefixes: bare(prefixes) })) }), null, 1);
}

/** Entries as they are compared. */
function shown({ keyspace, key, value }: StatsResult["samples"][number]): string {
  return [keyspace, key, value ?? []].map((bytes) => Buffer.from(bytes).toString("hex")).join(" ");
}

/** The leaves of a tree with their parts from the start of the key on. */
function leaves(prefix: PrefixStats, before: readonly KeyPart[] = []): { parts: KeyPart[]; prefix: PrefixStats }[] {
  const parts = [...before, ...prefix.parts];
  return prefix.below.length === 0 ? [{ parts, prefix }] : prefix.below.flatMap((below) => leaves(below, parts));
}

function isConsistent(t: ExecutionContext, prefix: PrefixStats): void {
  if (prefix.below.length === 0) return;
  for (const name of ["entries", "keyBytes", "valueBytes"] as const) t.is(prefix.below.reduce((sum, below) => sum + below[name], 0), prefix[name]);
  t.true(prefix.below.length > 1);
  for (const below of prefix.below) isConsistent(t, below);
}

test("the figures of a graph are those of its entries, whatever it is read from", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await unpackStore(t, "maya-families");
  const [dump, sled] = [join(directory, "x.kgd"), join(directory, "sled")];
  await exportStore({ store, output: dump });
  await importDump({ target: sled, input: dump });
  const options: Omit<StatsOptions, "input"> = { schema: true, samples: 20, seed: 7 };
  const found = await statsOf({ ...options, input: dump });
  for (const input of [store, createReadStream(dump)]) t.deepEqual(facts(await statsOf({ ...options, input })), facts(found));
  const entries = await entriesIn(dump);
  t.deepEqual(found.keyspaces.map(({ name }) => Buffer.from(name).toString()).sort(), ["default", "edges", "indices", "nodes"]);
  for (const { name, prefixes, largest, whole, read } of found.keyspaces) {
    const all = entries.get(Buffer.from(name).toString("hex")) ?? [];
    t.deepEqual(wrongSums(prefixes, all), []);
    t.deepEqual([whole, read], [true, all.length]);
    isConsistent(t, prefixes);
    for (const { parts, prefix } of leaves(prefixes)) {
      const fits = expressionOf(parts);
      t.deepEqual(wrongSums(prefix, all.filter(({ key }) => fits.test(Buffer.from(key).toString("latin1")))), [], formatPattern(parts));
    }
    const sizes = all.map(({ value }) => value?.length ?? 0).sort((a, b) => b - a);
    t.deepEqual(largest.map(({ valueBytes }) => valueBytes), sizes.slice(0, 10));
  }
  const patterns = found.keyspaces.flatMap(({ prefixes }) => leaves(prefixes).map(({ parts }) => formatPattern(parts)));
  for (const pattern of ["node:{uuid}", "edge:{uuid}", "node_edges:<uuid>:outgoing", "node_edges:<uuid>:incoming"]) t.true(patterns.includes(pattern), pattern);
  // A sled store has the same keyspaces in another order.
  const byName = (result: StatsResult): unknown => result.keyspaces.filter(({ read }) => read > 0).map(({ name, prefixes, read }) => [Buffer.from(name).toString(), read, prefixes.valueBytes, prefixes.distinct]).sort();
  t.deepEqual(byName(await statsOf({ input: sled })), byName(found));
  const stored = found.keyspaces.reduce((sum, { prefixes }) => sum + (prefixes.storedBytes ?? 0), 0);
  const inDump = found.dump?.keyspaces.reduce((sum, { storedBytes }) => sum + storedBytes, 0) ?? 0;
  t.true(Math.abs(stored - inDump) <= 4, `${String(stored)}, ${String(inDump)}`);
});

test("the figures of stores of other programs, in other orders, are those of their entries", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const name of ["leveldb", "odd-reverse", "odd-named", "maya-unflushed"]) {
    const [store, dump] = [await unpackStore(t, name), join(directory, `${name}.kgd`)];
    await exportStore({ store, output: dump });
    const entries = await entriesIn(dump);
    const found = await statsOf({ input: store });
    t.is(facts({ ...(await statsOf({ input: createReadStream(dump) })), samples: [] }), facts(found), name);
    for (const { name: keyspace, prefixes } of found.keyspaces) {
      t.deepEqual(wrongSums(prefixes, entries.get(Buffer.from(keyspace).toString("hex")) ?? []), [], name);
      isConsistent(t, prefixes);
    }
  }
});

const part = fc.oneof(fc.constantFrom("user", "log", "a", "7", "12", "node", "0f8fad5b-d9cb-469f-a165-70867728950e", "deadbeef01"), fc.string({ maxLength: 6 }), fc.nat(3000).map(String));
const textKey = fc.array(part, { minLength: 1, maxLength: 5 }).chain((parts) => fc.constantFrom(":", "/", "-", "\0", "_").map((end) => Buffer.from(parts.join(end))));
const key = fc.oneof(textKey, fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)), fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.concat([Buffer.from("n:"), bytes])), fc.bigInt({ min: 0n, max: 2n ** 40n }).map((number) => Buffer.from(number.toString(16).padStart(16, "0"), "hex")));
const value = fc.oneof(fc.json().map((text) => Buffer.from(text)), fc.string().map((text) => Buffer.from(text)), fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)), fc.constant(Buffer.alloc(0)));

/** A store of one family with these entries. */
async function storeOf(directory: string, name: string, entries: ReadonlyMap<string, Buffer>, reverse: boolean): Promise<string> {
  const path = join(directory, name);
  await using sink = await createRocksdbSink(path, { families: [{ name: Buffer.from("x"), comparator: reverse ? "reverse-bytewise" : "bytewise" }] });
  const sorted = [...entries].map(([hex, bytes]) => ({ key: Buffer.from(hex, "hex"), value: bytes })).sort((a, b) => Buffer.compare(a.key, b.key));
  await sink.createKeyspace(Buffer.from("x"));
  if (sorted.length > 0) await sink.apply(Buffer.from("x"), encodeEntries(reverse ? sorted.reverse() : sorted), "overwrite");
  await sink.flush();
  return path;
}

test("the figures of random entries are right, in both orders of keys, and a regular expression counts what it matches", async (t) => {
  t.timeout(10 * 60_000);
  const directory = await temporaryDirectory(t);
  const seed = loggedSeed(t);
  let turn = 0;
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(key, value), { maxLength: 300 }), fc.boolean(), async (pairs, reverse) => {
    turn += 1;
    const entries = new Map(pairs.map(([k, v]) => [k.toString("hex"), v]));
    const store = await storeOf(directory, `s${String(turn)}`, entries, reverse);
    const all = [...entries].map(([hex, bytes]): Entry => ({ key: Buffer.from(hex, "hex"), value: bytes }));
    all.sort((a, b) => (reverse ? -1 : 1) * Buffer.compare(a.key, b.key));
    const { keyspaces: [found] } = await statsOf({ input: store, keyspaces: ["x"], schema: turn % 2 === 0 });
    if (found === undefined) throw new Error("the family is not there");
    const wrong = wrongSums(found.prefixes, all);
    if (wrong.length > 0) throw new Error(wrong.join("; "));
    isConsistent(t, found.prefixes);
    for (const { parts } of leaves(found.prefixes)) {
      const fits = expressionOf(parts);
      if (all.length > 0 && !all.some((entry) => fits.test(Buffer.from(entry.key).toString("latin1")))) throw new Error(`no key is ${formatPattern(parts)}`);
    }
    const rows = prefixRows(found.prefixes, 20, undefined);
    if (rows.reduce((sum, { prefix }) => sum + prefix.entries, 0) !== all.length) throw new Error("the rows are not all");
    for (const grepIn of ["keys", "values", undefined] as const) {
      const matches = (bytes: Uint8Array | null): boolean => /7|a/.test(Buffer.from(bytes ?? []).toString("latin1"));
      const wanted = all.filter((entry) => (grepIn !== "values" && matches(entry.key)) || (grepIn !== "keys" && matches(entry.value)));
      const { keyspaces: [some] } = await statsOf({ input: store, keyspaces: ["x"], grep: "7|a", grepIn });
      const differ = some === undefined ? ["nothing"] : wrongSums(some.prefixes, wanted);
      if (differ.length > 0 || some?.read !== all.length) throw new Error(`${String(grepIn)}: ${differ.join("; ")}`);
    }
  }), { seed, numRuns: Number(process.env.KGDUMP_STATS ?? 25) });
});

test("of several keyspaces each has what was read in it, and what matched", async (t) => {
  const directory = await temporaryDirectory(t);
  const content = { a: numbered("k", 30), default: {}, few: numbered("n", 3), more: numbered("k", 400), none: { x: "y" } };
  const store = await makeStore(directory, "store", content);
  const output = join(directory, "d.kgd");
  await exportStore({ store, output });
  for (const input of [store, output]) {
    for (const grep of ["7", "^k", "nothing has this", undefined]) {
      const { keyspaces } = await statsOf({ input, grep });
      const found = Object.fromEntries(keyspaces.map(({ name, read, prefixes }) => [Buffer.from(name).toString(), [read, prefixes.entries]]));
      const wanted = Object.entries(content).map(([name, entries]) => {
        const all = Object.entries(entries as Record<string, string>);
        const matching = all.filter(([key, value]) => grep === undefined || new RegExp(grep).test(key) || new RegExp(grep).test(value));
        return [name, [all.length, matching.length]];
      });
      t.deepEqual(found, Object.fromEntries(wanted), grep);
    }
  }
});

test("fields of JSON values are those that JavaScript finds", async (t) => {
  const directory = await temporaryDirectory(t);
  const values = [{ id: "a", n: 1, tags: ["x", 2.5] }, { id: "bcd", n: -4, deep: { é: null } }, { n: true, tags: [] }];
  const store = await makeStore(directory, "s", { default: { ...Object.fromEntries(values.map((one, at) => [`k:${String(at)}`, JSON.stringify(one)])), other: "text" }, same: { z: "{}", a: JSON.stringify({ id: "a", n: 1, tags: ["x", 2.5] }) } });
  const { keyspaces } = await statsOf({ input: store, schema: true });
  const root = keyspaces[0]?.prefixes.shape?.root;
  t.deepEqual(root?.types, { object: 3 });
  const field = (name: string): JsonPlace | undefined => root?.fields.find((one) => one.name === name)?.value;
  t.deepEqual(root?.fields.map(({ name }) => name).sort(), ["deep", "id", "n", "tags"]);
  const settled = (place: JsonPlace | undefined): unknown => ({ ...place, examples: place?.examples.toSorted() });
  t.deepEqual(settled(field("id")), { types: { string: 2 }, range: null, lengths: [1, 3], examples: ['"a"', '"bcd"'], fields: [], items: null });
  t.deepEqual(settled(field("n")), { types: { boolean: 1, integer: 2 }, range: [-4, 1], lengths: null, examples: ["-4", "1"], fields: [], items: null });
  t.deepEqual(field("tags")?.items?.types, { number: 1, string: 1 });
  t.deepEqual(field("deep")?.fields.map(({ name, value: { types } }) => [name, types]), [["é", { null: 1 }]]);
  t.is((await statsOf({ input: store })).keyspaces[0]?.prefixes.shape, null);
});

test("shapes with the same fields are equal in whatever order the fields came, and others are not", async (t) => {
  const directory = await temporaryDirectory(t);
  const equal = ['{"a":1,"b":"x","c":{"d":null,"e":[true]}}', '{"c":{"e":[false],"d":null},"b":"y","a":2}', '{"b":"z","c":{"d":null,"e":[true,true]},"a":3}', '{"a":4,"c":{"e":[true],"d":null},"b":""}'];
  const others = ['{"a":1,"b":"x","c":{"d":null,"e":[1]}}', '{"a":1,"b":"x","c":{"d":null}}', '{"a":1,"b":"x","c":{"d":null,"f":[true]}}', '{"a":1,"b":null,"c":{"d":null,"e":[true]}}', '{"a":1,"b":"x","d":null,"c":{"e":[true]}}'];
  const store = await makeStore(directory, "s", Object.fromEntries([...equal, ...others].map((json, at) => [`k${String(at)}`, { one: json, two: json }])));
  const { keyspaces } = await statsOf({ input: store, schema: true });
  const signatures = Array.from({ length: equal.length + others.length }, (_, at) => keyspaces.find(({ name }) => Buffer.from(name).toString() === `k${String(at)}`)?.prefixes.shape?.signature);
  t.true(signatures.every((signature) => signature !== undefined));
  t.is(new Set(signatures.slice(0, equal.length)).size, 1);
  t.is(new Set(signatures).size, 1 + others.length);
});

test("samples are entries of the dump, and the same for the same seed", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("k", 2000), more: numbered("m", 500) });
  const run = async (seed?: number): Promise<StatsResult> => statsOf({ input: store, samples: 30, seed });
  const [one, two, other] = [await run(3), await run(3), await run(4)];
  t.deepEqual(one.samples.map(shown), two.samples.map(shown));
  t.notDeepEqual(one.samples.map(shown), other.samples.map(shown));
  t.is(one.samples.length, 30);
  for (const { keyspace, key: found, value: bytes } of one.samples) {
    const name = Buffer.from(keyspace).toString();
    const content = name === "more" ? numbered("m", 500) : numbered("k", 2000);
    t.is(content[Buffer.from(found).toString()], Buffer.from(bytes ?? []).toString());
  }
});

test("a damaged dump tells what comes before the damage, and a delta what it removes", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("k", 30_000), more: numbered("m", 30_000) });
  const dump = join(directory, "x.kgd");
  await exportStore({ store, output: dump, blockSize: 65_536 });
  const bytes = await readFile(dump);
  await writeFile(join(directory, "cut.kgd"), bytes.subarray(0, Math.floor(bytes.length * 0.7)));
  const cut = await statsOf({ input: join(directory, "cut.kgd") });
  t.is(cut.dump?.problem?.code, "DUMP_TRUNCATED");
  t.deepEqual(cut.keyspaces.map(({ whole }) => whole), [true, false]);
  t.is(cut.keyspaces[0]?.prefixes.entries, 30_000);
  t.is(cut.keyspaces[1]?.prefixes.entries, cut.dump?.keyspaces[1]?.entries);
  const { m0000001: _, ...others } = numbered("m", 30_000);
  const later = await makeStore(directory, "later", { default: numbered("k", 30_000), more: { ...others, new: "{}" } });
  await exportStore({ store: later, output: join(directory, "delta.kgd"), base: [dump] });
  const delta = await statsOf({ input: join(directory, "delta.kgd") });
  t.deepEqual(delta.keyspaces.map(({ prefixes: { entries, kinds, valueBytes } }) => ({ entries, kinds, valueBytes })), [{ entries: 0, kinds: {}, valueBytes: 0 }, { entries: 2, kinds: { deleted: 1, "json-object": 1 }, valueBytes: 2 }]);
  await t.throwsAsync(statsOf({ input: join(directory, "nothing.kgd") }), { code: "NOT_FOUND" });
  await t.throwsAsync(statsOf({ input: dump, grep: "(" }), { code: "USAGE", message: /no regular expression/ });
  await t.throwsAsync(statsOf({ input: dump, keyspaces: ["none"] }), { code: "KEYSPACE_UNKNOWN" });
  await t.throwsAsync(statsOf({ input: dump, signal: AbortSignal.abort(new Error("enough")) }), { message: "enough" });
});

test("a store is read as it was asked for: with its times or without, and paranoid", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("k", 100) });
  t.is(facts(await statsOf({ input: store, paranoid: true })), facts(await statsOf({ input: store })));
  const timed = await unpackStore(t, "odd-ttl");
  await t.throwsAsync(statsOf({ input: timed }), { code: "STORE_TTL" });
  const [stripped, kept] = [await statsOf({ input: timed, ttl: "strip" }), await statsOf({ input: timed, ttl: "keep" })];
  const sizes = ({ keyspaces }: StatsResult): number => keyspaces.reduce((sum, { prefixes }) => sum + prefixes.valueBytes, 0);
  const entries = kept.keyspaces.reduce((sum, { read }) => sum + read, 0);
  t.is(sizes(kept) - sizes(stripped), 4 * entries);
});

test("what is kept of a million prefixes is bounded, and no entry is lost", async (t) => {
  t.timeout(10 * 60_000);
  const directory = await temporaryDirectory(t);
  const path = join(directory, "s");
  const word = (number: number): string => Array.from(number.toString(26), (digit) => "abcdefghijklmnopqrstuvwxyz".charAt(Number.parseInt(digit, 26))).join("");
  // Four parts of words each, of which no two keys have all.
  const keys = Array.from({ length: 1_000_000 }, (_, at) => [at * 7919, at * 31, at, at * 101].map((number) => word(number % 1_000_003)).join(":")).sort();
  {
    await using sink = await createRocksdbSink(path, { families: [] });
    await sink.createKeyspace(Buffer.from("default"));
    for (let at = 0; at < keys.length; at += 50_000) await sink.apply(Buffer.from("default"), encodeEntries(keys.slice(at, at + 50_000).map((one) => ({ key: Buffer.from(one), value: Buffer.from("v") }))), "overwrite");
    await sink.flush();
  }
  // In a process of its own: those of other tests take memory, too.
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL("cost-reader.js", import.meta.url)), path]);
  const { memory, entries, nodes } = JSON.parse(stdout) as { memory: number; entries: number; nodes: number };
  t.log(`${String(Math.round(memory / 2 ** 20))} MiB more at the peak`);
  t.true(memory < 150 * 2 ** 20);
  t.is(entries, new Set(keys).size);
  t.true(nodes >= 1 && nodes < 10_100, String(nodes));
});
