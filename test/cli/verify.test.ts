import { cp } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { hex, sledWrite } from "../checker/run.js";
import { unpackStore } from "../fixtures/unpack.js";
import { blockOf, type Entries, graphOf, keys, values } from "../operations/graph/support.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { assertOneError, kgdump } from "./support/run.js";

interface Graph {
  readonly layout: string;
  readonly problems: number;
  readonly made: number;
  readonly kinds: readonly { readonly kind: string; readonly count: number; readonly made: number; readonly examples: readonly { readonly key: unknown }[] }[];
}

interface Verified {
  readonly dump: object | null;
  readonly equal: boolean | null;
  readonly reference: { readonly kind: string; readonly graph: Graph | null; readonly keyspaces: readonly { readonly entries: number; readonly digest: string }[] };
  readonly stores: readonly { readonly engine: string; readonly equal: boolean; readonly graph: Graph | null; readonly keyspaces: readonly Record<string, unknown>[] }[];
  readonly samples: readonly { readonly key: unknown; readonly equal: boolean; readonly values: readonly ({ readonly bytes: number } | null)[] }[];
  readonly seed: number;
  readonly warnings: readonly string[];
}

async function verify(args: readonly string[]): Promise<{ code: number | null; verified: Verified; stderr: string }> {
  const { code, stdout, stderr } = await kgdump(["verify", "--json", ...args]);
  return { code, verified: (JSON.parse(stdout.toString()) as { verified: Verified }).verified, stderr };
}

/** A source, its dump, and the sled store that was made of it. */
async function threeSides(t: ExecutionContext, source: string): Promise<{ dump: string; target: string }> {
  const directory = await temporaryDirectory(t);
  const [dump, target] = [join(directory, "graph.kgd"), join(directory, "sled")];
  t.is((await kgdump(["export", source, "-o", dump])).code, 0);
  t.is((await kgdump(["import", target, "-i", dump])).code, 0);
  return { dump, target };
}

/** A RocksDB store with these entries. */
async function graphStore(t: ExecutionContext, entries: Entries): Promise<string> {
  const path = join(await temporaryDirectory(t), "rocksdb");
  await using sink = await createRocksdbSink(path, {});
  await sink.apply(Buffer.from("default"), blockOf(entries), "overwrite");
  await sink.flush();
  return path;
}

for (const name of ["maya-lz4", "maya-families", "maya-unflushed"]) {
  test(`source, dump and target of ${name} stand side by side, and their graph is whole`, async (t) => {
    const source = await unpackStore(t, name);
    const { dump, target } = await threeSides(t, source);
    const { code, verified, stderr } = await verify([dump, "--against", source, "--against", target, "--graph", "--seed", "7"]);
    t.is(code, 0, stderr);
    t.like(verified, { equal: true, seed: 7, warnings: [] });
    t.deepEqual(verified.stores.map(({ engine }) => engine), ["rocksdb", "sled"]);
    for (const [index, { entries, digest }] of verified.reference.keyspaces.entries()) {
      for (const store of verified.stores) t.like(store.keyspaces[index], { entries, digest, storeEntries: entries, storeDigest: digest, equal: true });
    }
    t.like(verified.reference.graph, { layout: "maya", nodes: 300, edges: 600, others: 6, problems: 0 });
    t.true(verified.samples.length >= 3 && verified.samples.every(({ equal, values: all }) => equal && all.length === 3));
    const again = await verify([dump, "--against", source, "--against", target, "--seed", "7"]);
    t.deepEqual(again.verified.samples, verified.samples);

    const text = (await kgdump(["verify", dump, "--against", source, "--against", target, "--graph"])).stdout.toString();
    t.regex(text, /default +A dump +[\d,]+ +[0-9a-f]{12}\n +B RocksDB +[\d,]+ +[0-9a-f]{12} +equal\n +C sled +[\d,]+ +[0-9a-f]{12} +equal\n/);
    t.regex(text, /graph of A dump: 300 nodes, 600 edges[^]*whole:[^]*graph of C sled: the same entries/);
    // Without a dump.
    t.is((await kgdump(["verify", source, "--against", target])).code, 0);
    t.is((await verify([target, "--against", source])).verified.dump, null);
  });
}

test("a key that is missing, added or changed in one of the stores is told of that one", async (t) => {
  const directory = await temporaryDirectory(t);
  const source = await makeStore(directory, "source", { default: { a: "1", b: "2", c: "3" }, nodes: numbered("n", 300) });
  const { dump, target } = await threeSides(t, source);
  const other = join(directory, "other");
  await cp(target, other, { recursive: true });
  await sledWrite(other, [`delete ${hex(Buffer.from("a"))}`, `put ${hex(Buffer.from("b"))} 00`, `put ${hex(Buffer.from("\x1b[2J"))} 00`]);
  const { code, verified, stderr } = await verify([dump, "--against", source, "--against", other, "--against", target]);
  t.is(code, 4);
  t.regex(stderr, /VERIFY_DIFFERENCE/);
  t.deepEqual(verified.stores.map(({ equal }) => equal), [true, false, true]);
  t.false(verified.equal);
  t.like(verified.stores[1]?.keyspaces[0], { missing: 1, added: 1, changed: 1, entries: 3, storeEntries: 3, equal: false });
  t.like(verified.stores[1]?.keyspaces[1], { equal: true });
  const samples = await verify([dump, "--against", other, "--samples", "1000"]);
  t.deepEqual(samples.verified.samples.filter(({ equal }) => !equal).map(({ values: all }) => all.map((value) => value?.bytes ?? null)), [[1, null], [1, 1]]);
  t.is(samples.verified.samples.length, 303);
  const text = (await kgdump(["verify", source, "--against", other, "--samples", "1000"])).stdout.toString();
  t.regex(text, /DIFFERENT: 1 missing, 1 added, 1 changed/);
  t.regex(text, /\(not there\)/);
  t.false(text.includes("\x1b[2J"));
});

test("families under other names in the target, and under their own in the source", async (t) => {
  const directory = await temporaryDirectory(t);
  const source = await makeStore(directory, "source", { default: { a: "1" }, nodes: numbered("n", 10) });
  const [dump, target] = [join(directory, "graph.kgd"), join(directory, "sled")];
  await kgdump(["export", source, "-o", dump]);
  await kgdump(["import", target, "-i", dump, "--map", "nodes=vertices"]);
  t.is((await kgdump(["verify", dump, "--against", source, "--against", target, "--map", "nodes=vertices"])).code, 0);
  t.is((await kgdump(["verify", dump, "--against", source, "--against", target])).code, 4);
});

test("problems that the source has are warnings; those that only the target has are differences", async (t) => {
  const entries = graphOf(3, [[0, 1], [1, 2]]);
  entries.delete(keys.node(2));
  const source = await graphStore(t, entries);
  const { dump, target } = await threeSides(t, source);
  const known = await verify([dump, "--against", source, "--against", target, "--graph"]);
  t.is(known.code, 0);
  t.deepEqual(known.verified.reference.graph?.kinds.map(({ kind, count }) => [kind, count]), [["target-missing", 1], ["list-without-node", 2]]);
  t.regex(known.verified.warnings.join(), /the graph has problems of its own.*1 target-missing/);
  const alone = await kgdump(["verify", target, "--graph"]);
  t.is(alone.code, 0);
  t.regex(alone.stderr, /problems of its own/);

  const bad = new Map(entries);
  bad.set(keys.list(0, "outgoing"), values.list([]));
  const { code, verified } = await verify([dump, "--against", await graphStore(t, bad), "--graph"]);
  t.is(code, 4);
  t.like(verified.stores[0]?.graph, { problems: 4, made: 1 });
  t.deepEqual(verified.stores[0]?.graph?.kinds.filter(({ made }) => made > 0).map(({ kind }) => kind), ["list-lacks-edge"]);
  const text = await kgdump(["verify", source, "--against", await graphStore(t, bad), "--graph"]);
  t.is(text.code, 4);
  t.regex(text.stdout.toString(), /graph of B RocksDB:[^]*4 problems, 1 of them not in A[^]*list-lacks-edge +1 +1/);
  t.regex(text.stderr, /1 new problems of the graph/);
});

test("no graph is said to be none", async (t) => {
  const source = await makeStore(await temporaryDirectory(t), "source", { default: { a: "1" } });
  const { code, verified } = await verify([source, "--graph"]);
  t.is(code, 0);
  t.is(verified.reference.graph?.layout, "none");
  t.is(verified.equal, null);
  t.regex(verified.warnings.join(), /no graph to check/);
});

test("a delta is compared with nothing; options without their sense are refused", async (t) => {
  const directory = await temporaryDirectory(t);
  const source = await makeStore(directory, "source", { default: { a: "1" } });
  const [dump, delta] = [join(directory, "a.kgd"), join(directory, "b.kgd")];
  await kgdump(["export", source, "-o", dump]);
  await kgdump(["export", source, "--base", dump, "-o", delta]);
  t.is((await kgdump(["verify", delta])).code, 0);
  assertOneError(t, await kgdump(["verify", delta, "--against", source]), 4, "DELTA_BASE_DIFFERENT");
  assertOneError(t, await kgdump(["verify", delta, "--graph"]), 4, "DELTA_BASE_DIFFERENT");
  for (const args of [[dump, "--samples", "3"], [dump, "--seed", "3"], [source, "--max-block-size", "1MiB"], [dump, "--ttl", "keep"], [dump, "--paranoid"], [dump, "--against", source, "--samples", "-1"]]) {
    t.is((await kgdump(["verify", ...args])).code, 2, args.join(" "));
  }
  assertOneError(t, await kgdump(["verify", directory]), 7, "STORE_NOT_RECOGNIZED");
});
