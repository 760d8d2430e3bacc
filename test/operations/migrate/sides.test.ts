import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import type { MigrationEvent } from "#src/operations/migrate/events.js";
import { migrateStore, type MigrateOptions, type MigrateResult } from "#src/operations/migrate/migrate.js";
import { kgdump } from "../../cli/support/run.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { blockOf, graphOf, keys } from "../graph/support.js";
import { REVERSE } from "./live-service.js";
import { serve } from "./service.js";

async function migrate(t: ExecutionContext, path: string, options: Partial<MigrateOptions> = {}): Promise<{ result: MigrateResult; events: MigrationEvent[] }> {
  const events: MigrationEvent[] = [];
  const result = await migrateStore({ source: path, ...options, onEvent: (event) => events.push(event) });
  t.is(result.status, "migrated");
  return { result, events };
}

for (const options of [{}, { stream: true }, { checkGraph: true }, { live: true }, { live: true, checkGraph: true }]) {
  test(`a migration with ${JSON.stringify(options)} tells what each side holds`, async (t) => {
    const directory = await temporaryDirectory(t);
    const path = await makeStore(directory, "graph", { default: numbered("k", 700), nodes: { a: "1" }, empty: {} });
    const { result, events } = await migrate(t, path, options);
    t.deepEqual(
      result.keyspaces?.map(({ name, source }) => [Buffer.from(name).toString(), source.entries]).sort(),
      [["default", 700], ["empty", 0], ["nodes", 1]],
    );
    for (const { source, dump, target } of result.keyspaces ?? []) {
      t.regex(source.digest ?? "", /^[0-9a-f]{64}$/);
      t.deepEqual(dump, "stream" in options ? null : source);
      t.deepEqual(target, source);
    }
    t.is(events.filter(({ phase, message }) => phase === "verify" && message.endsWith("is the same on all sides")).length, 3);
    t.is(result.graph?.layout, "checkGraph" in options ? "none" : undefined);
  });
}

test("what was wrong in the graph is told as such, and hinders nothing", async (t) => {
  const path = join(await temporaryDirectory(t), "graph");
  const entries = graphOf(3, [[0, 1], [1, 2]]);
  entries.delete(keys.node(2));
  {
    await using sink = await createRocksdbSink(path, {});
    await sink.apply(Buffer.from("default"), blockOf(entries), "overwrite");
    await sink.flush();
  }
  const { result, events } = await migrate(t, path, { checkGraph: true });
  t.like(result.graph, { layout: "maya", nodes: 2, edges: 2, problems: 3, newProblems: 0 });
  t.regex(result.warnings.join(), /the graph had problems before the migration.*1 target-missing, 2 list-without-node/);
  t.like(events.find(({ message }) => message.startsWith("the graph has problems"))?.facts, { problems: 3, "target-missing": 1 });
  const again = await migrateStore({ source: path, checkGraph: true });
  t.like(again, { status: "already", keyspaces: null, graph: null });
});

test("the command prints the sides, and the graph when it is checked", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "graph");
  {
    await using sink = await createRocksdbSink(path, {});
    await sink.apply(Buffer.from("default"), blockOf(graphOf(3, [[0, 1], [1, 2]])), "overwrite");
    await sink.flush();
  }
  const ended = await kgdump(["migrate", "--from", path, "--check-graph"]);
  t.is(ended.code, 0, ended.stderr);
  t.regex(ended.stderr, /default +A RocksDB +12 +([0-9a-f]{12})\n +B dump +12 +\1 +equal\n +C sled +12 +\1 +equal\n/);
  t.regex(ended.stderr, /graph of all sides: 3 nodes, 2 edges, 6 lists, 1 other entry\n {2}whole/);
  t.regex(ended.stderr, /migration \w+ verify: "default" is the same on all sides entries=12 source=[0-9a-f]{64} dump=[0-9a-f]{64} target=[0-9a-f]{64}\n/);

  const other = await makeStore(directory, "other", { default: { a: "1" } });
  const { stdout } = await kgdump(["migrate", "--from", other, "--json", "--stream"]);
  const { migration } = JSON.parse(stdout.toString().trimEnd().split("\n").at(-1) ?? "") as { migration: { keyspaces: object[]; graph: unknown } };
  t.like(migration.keyspaces[0], { name: { text: "default" }, dump: null, source: { entries: 1 } });
  t.is(migration.graph, null);
});

for (const checkGraph of [false, true]) {
  test(`what changed while a service ran has a digest in the new store only ${checkGraph ? "as it is read once more" : "when it is read once more"}`, async (t) => {
    const path = await makeStore(await temporaryDirectory(t), "graph", { default: numbered("k", 700), nodes: { a: "1" }, empty: {}, same: { b: "2" }, back: {} }, REVERSE);
    const service = await serve(t, path);
    const put = { kind: "put", key: Buffer.from("a").toString("hex"), value: Buffer.from("2").toString("hex") } as const;
    const onEvent = ({ phase }: MigrationEvent): void => { if (phase === "stop") void service.stop([["nodes", [put]], ["empty", [put]], ["fresh", [put]]]); };
    const { keyspaces } = await migrateStore({ source: path, live: true, checkGraph, onEvent });
    const sides = (keyspaces ?? []).map(({ name, source, target }) => [Buffer.from(name).toString(), source, target] as const).sort(([a], [b]) => (a < b ? -1 : 1));
    t.deepEqual(sides.map(([name, { entries }]) => [name, entries]), [["back", 0], ["default", 700], ["empty", 1], ["fresh", 1], ["nodes", 1], ["same", 1]]);
    for (const [name, source, target] of sides) {
      t.regex(source.digest ?? "", /^[0-9a-f]{64}$/);
      const changed = ["empty", "fresh", "nodes"].includes(name);
      t.deepEqual(target, { entries: source.entries, digest: checkGraph || !changed ? source.digest : null }, name);
    }
  });
}
