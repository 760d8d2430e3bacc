/** Keyspaces get other names, by name or by pattern, in all that takes a map; one without entries is never in the way. */
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { TOPICS } from "#src/cli/help/topics.js";
import { mapOf, parseMapping } from "#src/cli/text/byte-text.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/index.js";
import { Naming, type NamePattern } from "#src/operations/entries/naming.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { kgdump } from "../../cli/support/run.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { serve } from "../migrate/service.js";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const map = (...typed: string[]): NonNullable<ReturnType<typeof mapOf>> => mapOf(typed.map(parseMapping)) ?? new Map();

const NAMES: readonly (readonly [typed: string[], name: string, becomes: string])[] = [
  [["a=b"], "a", "b"],
  [["a=b"], "c", "c"],
  [["vertices:*=v_*"], "vertices:v1", "v_v1"],
  [["vertices:*=v_*"], "vertices:", "v_"],
  [["vertices:*=v_*"], "vertices", "vertices"],
  [["*:v1=*"], "edges:v1", "edges"],
  [["a*a=x*"], "a", "a"],
  [["a*a=x*"], "aa", "x"],
  [["*=old_*"], "default", "old_default"],
  [["*=old_*", "a=b"], "a", "b"],
  [["a*=1*", "ab*=2*"], "abc", "1bc"],
  [["a\\x2a=b"], "a*", "b"],
  [["text:a*=b"], "a*", "b"],
  [["*=one"], "any", "one"],
];
for (const [typed, name, becomes] of NAMES) {
  test(`${typed.join(" ")}: ${name} becomes ${becomes}`, (t) => {
    t.is(text(new Naming(map(...typed)).nameOf(Buffer.from(name))), becomes);
  });
}

for (const typed of ["a", "=b", "a=", "a**=b", "a=b*c*"]) {
  test(`--map ${typed} is refused`, (t) => {
    t.is(t.throws(() => parseMapping(typed), { instanceOf: KgdumpError }).code, "USAGE");
  });
}

test("a pattern as the name of one keyspace is refused, and a name that is not there", (t) => {
  t.is(t.throws(() => new Naming(map("a=b*")), { instanceOf: KgdumpError }).code, "USAGE");
  const named = new Naming(map("a*=b*", "x=y"));
  t.is(t.throws(() => { named.check([Buffer.from("ab")]); }, { instanceOf: KgdumpError }).code, "KEYSPACE_UNKNOWN");
  t.is(t.throws(() => { named.check([Buffer.from("x")]); }, { instanceOf: KgdumpError }).message, 'no keyspace is called "a*"');
  t.notThrows(() => { named.check([Buffer.from("x"), Buffer.from("a")]); });
  t.regex(TOPICS.maps?.text ?? "", /\*/);
});

/** As IndraDB has it: the family `default` is there and empty. */
const CONTENT = { default: {}, "vertices:v1": { a: "1", b: "2" }, "edges:v1": { c: "3" }, "metadata:v1": { v: "1" } };
const MAP = map("vertices:*=v_*", "*s:v1=*", "metadata:v1=default");
/** vertices:v1 fits the first pattern; edges:v1 the second; metadata:v1 is named. */
const TREES = { default: ["v"], v_v1: ["a", "b"], edge: ["c"] };

async function dumped(t: ExecutionContext): Promise<{ directory: string; store: string; dump: string }> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", CONTENT);
  const dump = join(directory, "a.kgd");
  await exportStore({ store, output: dump });
  return { directory, store, dump };
}

async function contentOf(path: string, directory: string): Promise<Record<string, string[]>> {
  const output = join(directory, "content.kgd");
  await exportStore({ store: path, output, force: true });
  const { openDump } = await import("#src/operations/dump/open-dump.js");
  await using dump = await openDump(output);
  const found: Record<string, string[]> = {};
  for (const { name } of dump.header.keyspaces) {
    const keys: string[] = [];
    for await (const { key } of dump.entries({ keyspace: name })) keys.push(text(key));
    if (keys.length > 0) found[text(name)] = keys;
  }
  return found;
}

test("import, merge, restore and verify by pattern, beside an empty default", async (t) => {
  const { directory, store, dump } = await dumped(t);
  const target = join(directory, "sled");
  const imported = await importDump({ target, input: dump, map: MAP });
  t.deepEqual(imported.keyspaces.map(({ name, tree, entries }) => [text(name), text(tree), entries]), [
    ["default", "default", 0],
    ["edges:v1", "edge", 1],
    ["metadata:v1", "default", 1],
    ["vertices:v1", "v_v1", 2],
  ].sort((a, b) => imported.keyspaces.findIndex(({ name }) => text(name) === a[0]) - imported.keyspaces.findIndex(({ name }) => text(name) === b[0])));
  t.deepEqual(await contentOf(target, directory), TREES);
  t.deepEqual((await importDump({ target, input: dump, map: MAP, merge: true })).entries, 4);
  t.deepEqual(await contentOf(target, directory), TREES);
  const restored = join(directory, "rocksdb");
  await restoreDump({ target: restored, input: dump, map: MAP });
  t.deepEqual(await contentOf(restored, directory), TREES);
  for (const against of [target, restored]) {
    const { against: compared } = await verifyDump({ input: dump, against, map: MAP });
    t.true(compared?.equal, JSON.stringify(compared));
  }
  const { against: byStore } = await verifyDump({ input: dump, against: store, map: MAP });
  t.false(byStore?.equal, "the store itself has default, and another content in it");
});

test("what is wrong in a tree that took the name of an empty one is found", async (t) => {
  const { directory, dump } = await dumped(t);
  const target = join(directory, "sled");
  await importDump({ target, input: dump, map: MAP });
  {
    await using sink = await openSledSink(target, { create: false });
    await sink.apply(Buffer.from("default"), encodeEntries([{ key: Buffer.from("more"), value: Buffer.from("1") }]), "overwrite");
    await sink.flush();
  }
  const { against } = await verifyDump({ input: dump, against: target, map: MAP });
  t.false(against?.equal);
  t.deepEqual(against?.differences.map(({ key, kind }) => [text(key), kind]), [["more", "added"]]);
});

test("two keyspaces with entries never become one tree: from a file nothing is written, from a stream nothing is published", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: {}, a: { k: "1" }, b: { k: "2" } });
  const dump = join(directory, "a.kgd");
  await exportStore({ store, output: dump });
  for (const work of [
    () => importDump({ target: join(directory, "t"), input: dump, map: map("a=x", "b=x") }),
    () => restoreDump({ target: join(directory, "t"), input: dump, map: map("*=x") }),
  ]) {
    const error = await t.throwsAsync(work, { instanceOf: KgdumpError });
    t.is(error.code, "USAGE");
    t.regex(error.message, /"a" and "b" would both become tree "x", and both have entries/);
  }
  const { createReadStream } = await import("node:fs");
  t.is((await t.throwsAsync(() => importDump({ target: join(directory, "t"), input: createReadStream(dump), map: map("a=x", "b=x") }), { instanceOf: KgdumpError })).code, "USAGE");
  const { readdir } = await import("node:fs/promises");
  t.deepEqual((await readdir(directory)).sort(), ["a.kgd", "store"]);
  // Merging meets it when the first of them is in the tree.
  const merged = join(directory, "merged");
  await importDump({ target: merged, input: dump });
  for (const input of [createReadStream(dump), [dump]]) t.is((await t.throwsAsync(() => importDump({ target: merged, merge: true, input, map: map("a=x", "b=x") }), { instanceOf: KgdumpError })).code, "USAGE");
});

test("import and restore without some keyspaces", async (t) => {
  const { directory, dump } = await dumped(t);
  const excludeKeyspaces = ["default", "edges:v1"];
  await importDump({ target: join(directory, "sled"), input: dump, excludeKeyspaces });
  await restoreDump({ target: join(directory, "rocksdb"), input: dump, excludeKeyspaces });
  for (const path of ["sled", "rocksdb"]) t.deepEqual(Object.keys(await contentOf(join(directory, path), directory)).sort(), ["metadata:v1", "vertices:v1"]);
  const cli = await kgdump(["import", "t", "-i", dump, "--exclude-keyspace", "default", "--exclude-keyspace", "edges:v1", "--json"], { cwd: directory });
  t.is(cli.code, 0, cli.stderr);
  t.is((JSON.parse(cli.stdout.toString()) as { imported: { keyspaces: unknown[] } }).imported.keyspaces.length, 2);
  t.regex((await kgdump(["import", "u", "-i", dump, "--exclude-keyspace", "nope"], { cwd: directory })).stderr, /KEYSPACE_UNKNOWN/);
});

for (const live of [false, true]) {
  test(`migrate by pattern${live ? ", live" : ""}, and carry back by it`, async (t) => {
    const directory = await temporaryDirectory(t);
    const path = await makeStore(directory, "store", CONTENT);
    if (live) {
      const service = await serve(t, path);
      await migrateStore({
        source: path, map: MAP, live,
        onEvent: ({ phase }) => {
          if (phase === "stop") void service.stop([["vertices:v1", [{ kind: "put", key: Buffer.from("new").toString("hex"), value: "00" }]]]);
        },
      });
    } else {
      t.like(await migrateStore({ source: path, map: MAP, checkGraph: true }), { status: "migrated", entries: 4 });
    }
    const trees = { ...TREES, v_v1: live ? ["a", "b", "new"] : ["a", "b"] };
    t.deepEqual(await contentOf(path, directory), trees);
    const untouched = await rollbackStore({ target: path });
    t.like(untouched, { status: "rolled-back", carried: false });
    await migrateStore({ source: path, map: MAP });
    {
      await using sink = await openSledSink(path, { create: false });
      await sink.createKeyspace(Buffer.from("v_v2"));
      await sink.apply(Buffer.from("v_v2"), encodeEntries([{ key: Buffer.from("late"), value: Buffer.from("1") }]), "overwrite");
      await sink.flush();
    }
    // What is asked for goes before what the journal says, a pattern too.
    const [asked, prefix] = live ? [map("v_*=asked_*"), "asked_"] : [undefined, "vertices:"];
    t.like(await rollbackStore({ target: path, carryBack: true, map: asked }), { status: "rolled-back", carried: true });
    t.deepEqual(await contentOf(path, directory), { [`${prefix}v1`]: trees.v_v1, "edges:v1": ["c"], "metadata:v1": ["v"], [`${prefix}v2`]: ["late"] });
  });
}

test("an empty family that gets entries while it is copied, and has given its tree away, is told", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "store", CONTENT);
  const service = await serve(t, path);
  const error = await t.throwsAsync(
    () =>
      migrateStore({
        source: path, map: MAP, live: true,
        onEvent: ({ phase }) => {
          if (phase === "stop") void service.stop([["default", [{ kind: "put", key: Buffer.from("new").toString("hex"), value: "00" }]]]);
        },
      }),
    { instanceOf: KgdumpError },
  );
  t.is(error.code, "USAGE");
  t.regex(error.message, /had no entries, has some now/);
  t.deepEqual(Object.keys(await contentOf(path, directory)).sort(), ["default", "edges:v1", "metadata:v1", "vertices:v1"]);
});

test("migrate without a family, and not while its service runs", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "store", CONTENT);
  t.is((await t.throwsAsync(() => migrateStore({ source: path, excludeKeyspaces: ["edges:v1"], live: true }), { instanceOf: KgdumpError })).code, "USAGE");
  const ended = await kgdump(["migrate", "--from", path, "--exclude-keyspace", "edges:v1", "--map", "vertices:*=v_*", "-q"]);
  t.is(ended.code, 0, ended.stderr);
  t.deepEqual(await contentOf(path, directory), { v_v1: ["a", "b"], "metadata:v1": ["v"] });
  t.like(await rollbackStore({ target: path }), { status: "rolled-back", carried: false });
  t.regex((await kgdump(["migrate", "--from", path, "--map", "nope*=v_*"])).stderr, /KEYSPACE_UNKNOWN/);
});

test("a pattern's parts are bytes", (t) => {
  const pattern: NamePattern = { before: Buffer.from([0xff]), after: new Uint8Array() };
  t.deepEqual([...new Naming(new Map([[pattern, { before: new Uint8Array(), after: Buffer.from([0xfe]) }]])).nameOf(Buffer.from([0xff, 1]))], [1, 0xfe]);
});
