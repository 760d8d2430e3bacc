/** What a result says of entries in many blocks of several keyspaces is their sum, as counted here from the entries themselves. */
import { join } from "node:path";
import { Readable } from "node:stream";
import { readFile } from "node:fs/promises";
import test from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { planCompact } from "#src/operations/migrate/compact/compact.js";
import { recoverStore } from "#src/operations/recover/recover-store.js";
import type { Progress } from "#src/operations/run/progress.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { smallFileSystem } from "../cli/support/stores.js";
import { encoded, makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

type Family = Readonly<Record<string, string>>;

/** Blocks are much smaller than a keyspace, also those whose size can't be chosen. */
const CONTENT: Readonly<Record<string, Family>> = { default: numbered("k", 900, "v".repeat(4000)), nodes: numbered("n", 500, "w".repeat(6000)) };
const CHANGED: Readonly<Record<string, Family>> = Object.fromEntries(Object.entries(CONTENT).map(([name, family]) => [name, Object.fromEntries(Object.entries(family).filter((_, index) => index % 2 === 0).map(([key, value]) => [key, `new ${value}`]))]));

/** A byte string in MessagePack: a type, its length in one, two or four bytes, and the bytes. */
const binOf = (text: string): number => text.length + (text.length < 256 ? 2 : text.length < 65_536 ? 3 : 5);

interface Sums {
  readonly entries: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly rawBytes: number;
}

function sumsOf(family: Family): Sums {
  const entries = Object.entries(family);
  const sum = (of: (key: string, value: string) => number): number => entries.reduce((all, [key, value]) => all + of(key, value), 0);
  return { entries: entries.length, keyBytes: sum((key) => key.length), valueBytes: sum((_, value) => value.length), rawBytes: sum((key, value) => binOf(key) + binOf(value)) };
}

function sumsOfAll(content: Readonly<Record<string, Family>>): Sums {
  const [first, ...rest] = Object.values(content).map(sumsOf);
  const add = (a: Sums, b: Sums): Sums => ({ entries: a.entries + b.entries, keyBytes: a.keyBytes + b.keyBytes, valueBytes: a.valueBytes + b.valueBytes, rawBytes: a.rawBytes + b.rawBytes });
  return rest.reduce(add, first ?? { entries: 0, keyBytes: 0, valueBytes: 0, rawBytes: 0 });
}

test("of an export, its dump, an import, a restore, a delta, a recovery and a compaction", async (t) => {
  const directory = await temporaryDirectory(t);
  const [dump, delta, sled] = ["dump.kgd", "delta.kgd", "sled"].map((name) => join(directory, name)) as [string, string, string];
  const store = await makeStore(directory, "graph", CONTENT);
  const all = sumsOfAll(CONTENT);
  const named = Object.entries(CONTENT).map(([name, family]) => ({ name, ...sumsOf(family) }));
  const { entries, rawBytes } = all;
  const counts = { entries, rawBytes };
  const perKeyspace = (found: readonly { readonly name: Uint8Array }[], pick: readonly (keyof Sums)[]): void => {
    for (const { name, ...sums } of named) t.like(found.find((keyspace) => Buffer.from(keyspace.name).equals(Buffer.from(name))), Object.fromEntries(pick.map((what) => [what, sums[what]])), name);
  };
  const last = (reports: readonly Progress[], phase: string): Progress | undefined => reports.filter((report) => report.phase === phase).at(-1);

  const reports: Progress[] = [];
  const exported = await exportStore({ store, output: dump, blockSize: 32_768, onProgress: (report) => reports.push(report) });
  t.like(exported, all);
  perKeyspace(exported.keyspaces, ["entries", "keyBytes", "valueBytes", "rawBytes"]);
  t.like(last(reports, "export"), { entries, bytes: rawBytes });

  for (const input of [dump, Readable.from([await readFile(dump)])]) {
    const { keyspaces } = await inspectDump({ input, check: true });
    perKeyspace(keyspaces, ["entries", "keyBytes", "valueBytes", "rawBytes"]);
    for (const { blocks, codecs, entries: held, storedBytes } of keyspaces) {
      t.is(Object.values(codecs).reduce((sum, count) => sum + count), blocks);
      t.true(blocks > 20 && held > blocks && storedBytes > 0);
    }
    const stored = keyspaces.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
    t.true(stored < exported.dumpBytes && stored > exported.dumpBytes * 0.5, `${stored.toString()} of ${exported.dumpBytes.toString()}`);
  }
  perKeyspace((await verifyDump({ input: dump, against: [store] })).dump.keyspaces, ["entries", "keyBytes", "valueBytes", "rawBytes"]);

  const imported = await importDump({ input: dump, target: sled, onProgress: (report) => reports.push(report) });
  t.like(imported, counts);
  t.like(last(reports, "load"), { entries, bytes: rawBytes });
  for (const { name, entries: held } of named) t.like(imported.keyspaces.find((keyspace) => Buffer.from(keyspace.name).toString() === name), { entries: held, written: held, kept: 0 });
  const merged = await importDump({ input: dump, target: sled, ifExists: "overwrite" });
  for (const { name, entries: held } of named) t.like(merged.keyspaces.find((keyspace) => Buffer.from(keyspace.name).toString() === name), { entries: held, written: held, kept: 0 });
  const kept = await importDump({ input: dump, target: sled, ifExists: "keep" });
  for (const { name, entries: held } of named) t.like(kept.keyspaces.find((keyspace) => Buffer.from(keyspace.name).toString() === name), { entries: held, written: 0, kept: held });
  t.like(await restoreDump({ input: dump, target: join(directory, "restored") }), counts);

  for (const path of [store, sled]) {
    const recovered = await recoverStore({ store: path });
    t.like(recovered, { ...counts, gaps: 0, doubtful: 0 });
    perKeyspace(recovered.keyspaces, ["entries", "rawBytes"]);
    const plan = await planCompact({ store: path });
    t.is(plan.entries, entries);
    // A sled store takes what it holds, and little besides.
    if (path === sled) t.true((plan.newBytes ?? 0) > all.valueBytes && (plan.newBytes ?? 0) < 1.5 * rawBytes, JSON.stringify(plan.newBytes));
  }

  {
    await using sink = await createRocksdbSink(store);
    for (const [name, family] of Object.entries(CHANGED)) await sink.apply(Buffer.from(name), encoded(family), "overwrite");
    await sink.flush();
  }
  const changed = sumsOfAll(CHANGED);
  t.like(await exportStore({ store, output: delta, base: [dump], blockSize: 32_768 }), changed);
  const applied = await importDump({ input: delta, target: sled });
  t.like(applied, { delta: "applied", rawBytes: changed.rawBytes });
  for (const [name, family] of Object.entries(CHANGED)) t.is(applied.keyspaces.find((keyspace) => Buffer.from(keyspace.name).toString() === name)?.written, Object.keys(family).length);
});

test("the room that an import needs is that of all keyspaces", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = join(directory, "dump.kgd");
  // Keys are as long as values.
  const family = (prefix: string): Family => numbered(prefix.repeat(1000), 800, "v".repeat(1000));
  const store = await makeStore(directory, "graph", { default: family("a"), nodes: family("b") });
  await exportStore({ store, output: dump });
  const small = await smallFileSystem(t, directory, "size=1200k");
  if (small === null) return;
  const reports: Progress[] = [];
  await t.throwsAsync(importDump({ input: dump, target: join(small, "sled"), onProgress: (report) => reports.push(report) }), { code: "NO_SPACE" });
  t.deepEqual(reports, [], "that is known before anything is written");
  const wider = await smallFileSystem(t, directory, "size=2500k");
  if (wider === null) return;
  const warnings: string[] = [];
  await importDump({ input: dump, target: join(wider, "sled"), onWarning: (warning) => warnings.push(warning) }).catch(() => undefined);
  t.regex(warnings.join("\n"), /bytes free, and the import may take up to/);
});
