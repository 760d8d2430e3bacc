import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink, openRocksdbSource, type RocksdbOperation } from "#src/engines/rocksdb/rocksdb.js";
import { openSledSink, type SledSink } from "#src/engines/sled/sled.js";
import { encodeEntries } from "#src/format/index.js";
import { exportStore, type ExportResult } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import type { JournalKeyspace } from "#src/operations/migrate/journal.js";
import { CopyFollower, type FollowOptions } from "#src/operations/migrate/live/follow.js";
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

for (const [what, key] of [["was put", "k0000100"], ["stands beside it", "k0000099"]] as const) {
  test(`an entry that ${what} and is lost in the copy is found`, async (t) => {
    const { original, copy, follower } = await copied(t, await temporaryDirectory(t));
    await change(original, [put("k0000100", "one")]);
    await using source = await openRocksdbSource(original);
    await follower.followChanged(source, [bins("k0000100")], {});
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
