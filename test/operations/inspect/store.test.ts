/** Looking into a store tells what reading all of it tells, for each engine, and changes nothing. */
import { readdir, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { DumpEntry } from "#src/operations/dump/entries.js";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { prefixLengths } from "#src/operations/entries/prefixes.js";
import { importDump } from "#src/operations/import/import.js";
import { exportStore } from "#src/operations/export/export.js";
import { getStoreEntry, inspectStore, isStore, listStoreEntries, type ListStoreOptions } from "#src/operations/inspect/store.js";
import { putEntries } from "../../engines/rocksdb/support.js";
import { stateOf } from "../../support/store-state.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const words = ["edge:", "node:", "user/", "plain", "\x01"];
const CONTENT = {
  default: Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`${words[n % words.length] ?? ""}${String(n).padStart(5, "0")}`, `value ${String(n)} ${"x".repeat(n % 1000)}`])),
  nodes: { "node:1": "a", "node:2": "b", "node:22": "", last: "c" },
  nothing: {},
};

async function bothEngines(t: ExecutionContext): Promise<readonly string[]> {
  const directory = await temporaryDirectory(t);
  const rocksdb = await makeStore(directory, "rocksdb", CONTENT);
  await exportStore({ store: rocksdb, output: join(directory, "all.kgd") });
  const sled = join(directory, "sled");
  await importDump({ input: join(directory, "all.kgd"), target: sled });
  return [rocksdb, sled];
}

async function listed(options: ListStoreOptions): Promise<string[]> {
  const found: DumpEntry[] = [];
  for await (const entry of listStoreEntries(options)) found.push(entry);
  // What was given stays as it is while others are read.
  return found.map(({ keyspace, key, value }) => [keyspace, key, value ?? new Uint8Array(0)].map((part) => Buffer.from(part).toString("latin1")).join("\t"));
}

/** The same of the writer's own words. */
function expected({ keyspaces, prefix, from, to, limit, reverse }: Omit<ListStoreOptions, "store">, names: readonly string[]): string[] {
  const text = (key: Uint8Array | undefined): string | undefined => (key === undefined ? undefined : Buffer.from(key).toString("latin1"));
  const [start, first, end] = [prefix, from, to].map(text);
  const chosen = names.filter((name) => keyspaces === undefined || keyspaces.some((one) => Buffer.from(one).toString() === name));
  const all = chosen.flatMap((name) =>
    Object.entries(CONTENT[name as keyof typeof CONTENT])
      .filter(([key]) => key.startsWith(start ?? "") && (first === undefined || key >= first) && (end === undefined || key < end))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, value]) => `${name}\t${key}\t${value}`));
  return (reverse === true ? all.reverse() : all).slice(0, limit);
}

const b = (text: string): Uint8Array => Buffer.from(text, "latin1");
const SELECTIONS: readonly Omit<ListStoreOptions, "store">[] = [
  {},
  { limit: 0 }, { limit: 1 }, { limit: 3001 },
  { prefix: b("node:") }, { prefix: b("node:2") }, { prefix: b("none") }, { prefix: b("node:"), limit: 7 },
  { from: b("node:00100"), to: b("node:00200") }, { from: b("user/"), limit: 3 }, { to: b("edge:00100") },
  { keyspaces: [b("nodes")] }, { keyspaces: [b("nothing")] }, { keyspaces: [b("default"), b("nodes")], prefix: b("node:2") },
];

test("entries are listed as they were written, whatever is asked for, and nothing changes", async (t) => {
  for (const store of await bothEngines(t)) {
    const before = await stateOf(dirname(store));
    const names = (await inspectStore({ store })).keyspaces.map(({ name }) => Buffer.from(name).toString());
    t.deepEqual(names.toSorted(), ["default", "nodes", "nothing"]);
    for (const selection of SELECTIONS) t.deepEqual(await listed({ store, ...selection }), expected(selection, names), `${store} ${JSON.stringify(selection)}`);
    t.deepEqual(await stateOf(dirname(store)), before, store);
  }
});

test("from the end, as far as an engine can; else it is said what to do", async (t) => {
  const [rocksdb = "", sled = ""] = await bothEngines(t);
  const names = (await inspectStore({ store: sled })).keyspaces.map(({ name }) => Buffer.from(name).toString());
  for (const selection of SELECTIONS) t.deepEqual(await listed({ store: sled, reverse: true, ...selection }), expected({ reverse: true, ...selection }, names), JSON.stringify(selection));
  await t.throwsAsync(listed({ store: rocksdb, reverse: true }), { code: "STORE_UNSUPPORTED", message: /can only be listed from its beginning/ });
});

test("each key is found, and no other", async (t) => {
  for (const store of await bothEngines(t)) {
    for (const key of ["edge:00000", "plain02998", "\x0102999"]) {
      const found = await getStoreEntry({ key: b(key), store });
      t.is(Buffer.from(found?.value ?? []).toString(), (CONTENT.default as Record<string, string>)[key] ?? "no such key", key);
      t.is(Buffer.from(found?.keyspace ?? []).toString(), "default");
    }
    t.is(Buffer.from((await getStoreEntry({ key: b("node:22"), store }))?.keyspace ?? []).toString(), "nodes");
    for (const key of ["node:", "edge:000000", "zzz", ""]) t.is(await getStoreEntry({ key: b(key), store }), undefined, key);
    t.is(await getStoreEntry({ key: b("edge:00000"), store, keyspaces: [b("nodes")] }), undefined);
    await t.throwsAsync(getStoreEntry({ key: b("a"), store, keyspaces: [b("nope")] }), { code: "KEYSPACE_UNKNOWN" });
  }
});

/** Whether a key without a word is followed by one that begins with the same byte. @param keys sorted */
const mayHide = (keys: readonly string[]): boolean => keys.some((key, index) => key !== "" && prefixLengths(b(key)).length === 0 && keys[index + 1]?.[0] === key[0]);

test("a summary has every keyspace, and each word that keys begin with, with the first key of it", async (t) => {
  for (const store of await bothEngines(t)) {
    const { keyspaces, bytes, changedAt, path } = await inspectStore({ store });
    t.is(path, store);
    t.true(bytes > 0 && (changedAt?.getTime() ?? 0) > Date.now() - 3_600_000);
    for (const { name, prefixes, morePrefixes } of keyspaces) {
      const keys = Object.keys(CONTENT[Buffer.from(name).toString() as keyof typeof CONTENT]).sort();
      const firsts = new Map<string, string>();
      for (const key of keys) {
        const prefix = key.slice(0, prefixLengths(b(key))[0] ?? 0);
        if (!firsts.has(prefix)) firsts.set(prefix, key);
      }
      t.deepEqual(prefixes.map(({ prefix, example }) => [prefix, example].map((part) => Buffer.from(part).toString("latin1"))).sort(), [...firsts].sort(), store);
      t.is(morePrefixes, mayHide(keys));
    }
  }
});

test("what is estimated is told, whatever it is; what an engine does not count is unknown, and a keyspace without a key is empty", async (t) => {
  const [rocksdb = "", sled = ""] = await bothEngines(t);
  const told = async (store: string): Promise<Record<string, (number | null)[]>> =>
    Object.fromEntries((await inspectStore({ store })).keyspaces.map(({ name, estimatedEntries, estimatedBytes }) => [Buffer.from(name).toString(), [estimatedEntries, estimatedBytes]]));
  const { default: [entries, bytes] = [], nodes: [some] = [], nothing } = await told(rocksdb);
  t.deepEqual([entries, some, nothing], [3000, 4, [0, 0]]);
  t.true((bytes ?? 0) > 1_000_000, String(bytes));
  t.deepEqual(await told(sled), { default: [null, null], nodes: [null, null], nothing: [0, 0] });
  // Deletions of what was never there hide as much as there is, by the estimate; and bytes are there.
  const store = join(await temporaryDirectory(t), "hidden");
  await putEntries(store, Array.from({ length: 50 }, (_, n) => [`key:${String(n)}`, "x".repeat(100)] as const));
  {
    await using sink = await createRocksdbSink(store, {});
    await sink.operate("default", Array.from({ length: 50 }, (_, n) => ({ kind: "delete", key: b(`none:${String(n)}`) })));
  }
  const hidden = (await told(store)).default;
  t.is(hidden?.[0], 0);
  t.true((hidden?.[1] ?? 0) >= 5000, String(hidden?.[1]));
});

test("of many words ten are told, and that there are more; keys without a word are passed over", async (t) => {
  const directory = await temporaryDirectory(t);
  const many = Object.fromEntries(Array.from({ length: 26 ** 2 }, (_, n) => [`${String.fromCharCode(97 + (n % 26), 97 + Math.floor(n / 26))}x:1`, "v"]));
  const bare = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`n${String(n)}`, "v"]));
  const store = await makeStore(directory, "store", { default: many, bare: { ...bare, "o:1": "v" } });
  const { keyspaces } = await inspectStore({ store });
  t.deepEqual(keyspaces.map(({ prefixes, morePrefixes }) => [prefixes.length, morePrefixes]), [[10, true], [2, true]]);
});

test("keys without a word hide nothing but what begins as they do, and that is said", async (t) => {
  const directory = await temporaryDirectory(t);
  const cases: readonly (readonly [keys: readonly string[], words: readonly string[], more: boolean])[] = [
    [["", "a:1", "b:1"], ["", "a:", "b:"], false],
    [["", "\0", "a:1"], ["", "a:"], false],
    [[""], [""], false],
    [["a:1", "ab", "b:1"], ["a:", "", "b:"], false],
    [["a1", "aword:1", "b:1"], ["", "b:"], true],
    [["a", "b", "c"], [""], false],
  ];
  for (const [keys, words, more] of cases) {
    const store = await makeStore(directory, `store-${String(cases.findIndex(([one]) => one === keys))}`, { default: Object.fromEntries(keys.map((key) => [key, "v"])) });
    const [found] = (await inspectStore({ store })).keyspaces;
    t.deepEqual(found?.prefixes.map(({ prefix }) => Buffer.from(prefix).toString()), [...words], keys.join());
    t.is(found?.morePrefixes, more, keys.join());
  }
});

test("stores in the reverse order are looked into in theirs", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await putEntries(store, ["a:1", "a:2", "b:", "b:1", "b:2", "c", "d:1", "e:f:1"].map((key) => [key, key] as const), { comparator: "reverse-bytewise" });
  const found: Uint8Array[] = [];
  for await (const { key } of listStoreEntries({ store })) found.push(key);
  t.true(found.length > 0);
  const { keyspaces } = await inspectStore({ store });
  const begun = new Set(found.map((key) => Buffer.from(key.subarray(0, prefixLengths(key)[0] ?? 0)).toString("hex")));
  t.deepEqual(new Set(keyspaces.flatMap(({ prefixes }) => prefixes.map(({ prefix }) => Buffer.from(prefix).toString("hex")))), begun);
  for (const key of found.slice(0, 50)) t.not(await getStoreEntry({ key, store }), undefined);
});

test("what is no store is none", async (t) => {
  const directory = await temporaryDirectory(t);
  t.false(await isStore(directory));
  t.false(await isStore(join(directory, "none")));
  await t.throwsAsync(inspectStore({ store: directory }), { code: "STORE_NOT_RECOGNIZED" });
});

test("a store was changed when the last of its files was; an empty range is refused in words of the library", async (t) => {
  const store = await makeStore(await temporaryDirectory(t), "store", { default: { a: "1" } });
  for (const [index, name] of (await readdir(store)).entries()) await utimes(join(store, name), 1_000_000 + index, 1_000_000 + index);
  const newest = (await readdir(store)).length - 1;
  t.is((await inspectStore({ store })).changedAt?.getTime(), (1_000_000 + newest) * 1000);
  const key = Buffer.from("a");
  const error = await t.throwsAsync(async () => { for await (const _ of listStoreEntries({ store, from: key, to: key })); }, { code: "USAGE", message: /^from and to are the same key/ });
  t.regex((error as { hint?: string }).hint ?? "", /^from is the first key/);
});
