import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink, openRocksdbSource, type RocksdbOperation, type RocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { openSledSink, type SledSink } from "#src/engines/sled/sled.js";
import { encodeEntries } from "#src/format/index.js";
import { exportStore, type ExportResult } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import type { JournalKeyspace } from "#src/operations/migrate/journal.js";
import { CopyFollower, type FollowOptions } from "#src/operations/migrate/live/follow.js";
import type { ChangeCounts } from "#src/operations/migrate/options.js";
import { journalNames, Trees } from "#src/operations/migrate/trees.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";
import { instead } from "../../guards-support.js";

const DEFAULT = Buffer.from("default");

interface Pair {
  readonly original: string;
  readonly copy: string;
  readonly follower: CopyFollower;
}

const keyspacesOf = ({ keyspaces }: ExportResult): JournalKeyspace[] =>
  keyspaces.map(({ name, entries, digest }) => ({ name: Buffer.from(name).toString("hex"), comparator: "bytewise", entries, digest }));

async function copied(t: ExecutionContext, directory: string): Promise<Pair> {
  const original = await makeStore(directory, "graph", { default: numbered("k", 500) });
  const [dump, copy] = [join(directory, "graph.kgd"), join(directory, "sled")];
  const exported = await exportStore({ store: original, output: dump });
  await importDump({ target: copy, input: dump });
  const follower = await CopyFollower.open(copy, {}, keyspacesOf(exported), {});
  t.teardown(() => follower.close());
  return { original, copy, follower };
}

async function change(path: string, operations: readonly RocksdbOperation[]): Promise<void> {
  await using sink = await createRocksdbSink(path, {});
  await sink.operate("default", operations);
}

const bins = (...keys: string[]): Buffer => Buffer.concat(keys.map((key) => Buffer.from([0xc4, key.length, ...Buffer.from(key)])));
const put = (key: string, value: string): RocksdbOperation => ({ kind: "put", key: Buffer.from(key), value: Buffer.from(value) });

test("a key that is not told although it changed is found when all is read", async (t) => {
  const { original, follower } = await copied(t, await temporaryDirectory(t));
  await change(original, [put("k0000100", "one"), put("k0000400", "two"), { kind: "delete", key: Buffer.from("k0000101") }]);
  await using source = await openRocksdbSource(original);
  t.deepEqual(await follower.followChanged(source, [bins("k0000100", "k0000101")], {}), { added: 0, changed: 1, removed: 1 });
  await follower.close();
  await follower.verify({});
  await t.throwsAsync(follower.confirm(source, {}), { code: "VERIFY_DIFFERENCE", message: /more of "default" had changed/ });
});

test("one beside a key that was told is found already when what was carried over is read again", async (t) => {
  const { original, follower } = await copied(t, await temporaryDirectory(t));
  await change(original, [put("k0000100", "one"), put("k0000101", "two")]);
  await using source = await openRocksdbSource(original);
  await follower.followChanged(source, [bins("k0000100")], {});
  await follower.close();
  await t.throwsAsync(follower.verify({}), { code: "VERIFY_DIFFERENCE", message: /what was carried over is not in it/ });
});

test("when all are told, the original is confirmed, and its digest is that of an export", async (t) => {
  const directory = await temporaryDirectory(t);
  const { original, copy, follower } = await copied(t, directory);
  await change(original, [put("k0000100", "one"), put("", "empty"), { kind: "delete", key: Buffer.from("k0000499") }]);
  await using source = await openRocksdbSource(original);
  t.deepEqual(await follower.followChanged(source, [bins("", "k0000100", "k0000499", "zzz")], {}), { added: 1, changed: 1, removed: 1 });
  await follower.close();
  await follower.verify({});
  const keyspaces = await follower.confirm(source, {});
  for (const store of [original, copy]) t.deepEqual(keyspacesOf(await exportStore({ store, output: join(directory, "again.kgd"), force: true })), keyspaces);
});

for (const [what, key, value] of [["was put", "k0000100", "one"], ["stands beside it", "k0000099", "one"], ["was put as it was", "k0000100", "value 100"]] as const) {
  test(`an entry that ${what} and is lost in the copy is found`, async (t) => {
    const { original, copy, follower } = await copied(t, await temporaryDirectory(t));
    await change(original, [put("k0000100", value)]);
    await using source = await openRocksdbSource(original);
    t.deepEqual(await follower.followChanged(source, [bins("k0000100")], {}), { added: 0, changed: value === "one" ? 1 : 0, removed: 0 });
    await follower.close();
    const sink = await openSledSink(copy, { create: false });
    await sink.apply(DEFAULT, encodeEntries([{ key: Buffer.from(key), value: Buffer.from("lost") }]), "overwrite");
    await sink.close();
    await t.throwsAsync(follower.verify({}), { code: "VERIFY_DIFFERENCE" });
  });
}

/** A copy of a store with a family that is going to be dropped, and what the store is then. */
async function withFamilies(t: ExecutionContext, options: FollowOptions = {}): Promise<Pair & { readonly later: string; readonly keyspaces: readonly JournalKeyspace[]; readonly directory: string }> {
  const directory = await temporaryDirectory(t);
  const original = await makeStore(directory, "graph", { default: numbered("k", 500), gone: { a: "1", b: "2", c: "3" } });
  const later = await makeStore(directory, "later", { default: numbered("k", 501), fresh: { x: "1" } });
  const [dump, copy] = [join(directory, "graph.kgd"), join(directory, "sled")];
  const keyspaces = keyspacesOf(await exportStore({ store: original, output: dump }));
  await importDump({ target: copy, input: dump });
  const follower = await CopyFollower.open(copy, {}, keyspaces, options);
  t.teardown(() => follower.close());
  return { original, copy, follower, later, keyspaces, directory };
}

test("a family that is dropped goes from the copy, one that is new comes, and all is counted", async (t) => {
  const { copy, follower, later, directory } = await withFamilies(t);
  await using source = await openRocksdbSource(later);
  const { counts, keyspaces } = await follower.follow(source, {});
  t.deepEqual(counts, { added: 2, changed: 0, removed: 3 });
  await follower.close();
  await follower.verify({});
  t.deepEqual(keyspacesOf(await exportStore({ store: copy, output: join(directory, "copy.kgd") })), [...keyspaces]);
});

const SINKS: Readonly<Record<string, (real: SledSink) => SledSink>> = {
  "does not drop a tree": (real) => instead<SledSink>(real, { dropKeyspace: () => Promise.resolve() }),
  "counts an entry too many": (real) => instead<SledSink>(real, { carryOver: async (tree, block) => { const counts = await real.carryOver(tree, block); return { ...counts, added: counts.added + 1 }; } }),
};
for (const [what, sink] of Object.entries(SINKS)) {
  test(`a sink that ${what} is noticed`, async (t) => {
    const { follower, later } = await withFamilies(t, { seams: { sink } });
    await using source = await openRocksdbSource(later);
    const followed = async (): Promise<void> => {
      await follower.follow(source, {});
      await follower.close();
      await follower.verify({});
    };
    await t.throwsAsync(followed(), { code: "VERIFY_DIFFERENCE" });
  });
}

test("a copy that is not what was made, and a family in another order, are refused", async (t) => {
  const { copy, follower, keyspaces, directory } = await withFamilies(t);
  const turned = await makeStore(directory, "turned", { default: numbered("k", 500), gone: { c: "3" } }, [{ name: Buffer.from("gone"), comparator: "reverse-bytewise" }]);
  await using source = await openRocksdbSource(turned);
  await t.throwsAsync(follower.follow(source, {}), { message: /order/ });
  await follower.close();
  for (const other of [{ digest: "0".repeat(64) }, { entries: 7 }]) await t.throwsAsync(CopyFollower.open(copy, {}, keyspaces.map((one) => ({ ...one, ...other })), {}), { code: "VERIFY_DIFFERENCE" });
});

test("wherever what was carried over is lost, it is found, and a look that fails is told", async (t) => {
  const directory = await temporaryDirectory(t);
  const [family, groups, size] = ["nodes", 2003, 16];
  const original = await makeStore(directory, "graph", { [family]: numbered("k", groups * size) });
  const [dump, copy] = [join(directory, "graph.kgd"), join(directory, "sled")];
  const keyspaces = keyspacesOf(await exportStore({ store: original, output: dump }));
  await importDump({ target: copy, input: dump });
  const follower = await CopyFollower.open(copy, {}, keyspaces, {});
  t.teardown(() => follower.close());
  const keys = Array.from({ length: groups }, (_, group) => `k${String(group * size).padStart(7, "0")}`);
  {
    await using sink = await createRocksdbSink(original, {});
    await sink.operate(family, keys.map((key) => put(key, "new")));
  }
  await using source = await openRocksdbSource(original);
  t.like(await followAll(follower, source, { [family]: keys }), { changed: groups });
  await follower.verify({});
  const write = async (key: string, value: string): Promise<void> => {
    await using sink = await openSledSink(copy, { create: false });
    await sink.apply(Buffer.from(family), encodeEntries([{ key: Buffer.from(key), value: Buffer.from(value) }]), "overwrite");
  };
  // The first and the last of each call, of each round, and of all.
  for (const group of [0, 999, 1000, 1999, 2000, groups - 1]) {
    await write(keys[group] ?? "", "lost");
    await t.throwsAsync(follower.verify({}), { code: "VERIFY_DIFFERENCE", message: /in 1 of 2003 places/ }, String(group));
    await write(keys[group] ?? "", "new");
  }
  await follower.verify({});
  {
    await using sink = await openSledSink(copy, { create: false });
    await sink.dropKeyspace(Buffer.from(family));
  }
  await t.throwsAsync(follower.verify({}), { code: "KEYSPACE_UNKNOWN" });
});

/** Follows the keys that changed in each family, and closes the copy. */
async function followAll(follower: CopyFollower, source: RocksdbSource, keys: Readonly<Record<string, readonly string[]>>): Promise<ChangeCounts> {
  const counts = await follower.followChanged(source, source.info.keyspaces.map(({ name }) => bins(...(keys[Buffer.from(name).toString()] ?? []))), {});
  await follower.close();
  return counts;
}

/** What happens to the family whose tree another one became, how it is met, and what comes of it. */
const GIVEN_AWAY = [
  ["stays without entries", false, "follow"],
  ["stays without entries", false, "followChanged"],
  ["gets an entry", true, "follow"],
  ["gets an entry", true, "followChanged"],
  ["gets an entry that nobody tells of", true, "confirm"],
] as const;
for (const [what, fills, way] of GIVEN_AWAY) {
  test(`a family whose tree --map gave to another one ${what}: ${way}`, async (t) => {
    const directory = await temporaryDirectory(t);
    const original = await makeStore(directory, "graph", { default: { a: "1" }, full: numbered("k", 40), given: {} });
    const [dump, copy] = [join(directory, "graph.kgd"), join(directory, "sled")];
    const map = new Map([["full", "given"]]);
    const keyspaces = keyspacesOf(await exportStore({ store: original, output: dump }));
    await importDump({ target: copy, input: dump, map });
    const follower = await CopyFollower.open(copy, {}, keyspaces, {}, new Trees(journalNames(map, undefined)));
    t.teardown(() => follower.close());
    if (fills) {
      await using sink = await createRocksdbSink(original, {});
      await sink.operate("given", [put("x", "1")]);
    }
    await using source = await openRocksdbSource(original);
    const run = async (): Promise<readonly JournalKeyspace[]> => {
      if (way === "follow") {
        const followed = await follower.follow(source, {});
        await follower.close();
        await follower.verify({});
        t.deepEqual(followed.counts, { added: 0, changed: 0, removed: 0 });
        return followed.keyspaces;
      }
      const isTold = fills && way === "followChanged";
      t.deepEqual(await followAll(follower, source, isTold ? { given: ["x"] } : {}), { added: 0, changed: 0, removed: 0 });
      // The confirmation would find it, too.
      if (isTold) return [];
      await follower.verify({});
      return follower.confirm(source, {});
    };
    if (fills) await t.throwsAsync(run(), { code: "USAGE", message: /"given", which had no entries, has some now/ });
    else t.deepEqual([...(await run())].sort((a, b) => a.name.localeCompare(b.name)), [...keyspaces].sort((a, b) => a.name.localeCompare(b.name)));
  });
}
