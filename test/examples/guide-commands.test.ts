/** The commands of the guide, run as they stand there, in a directory in place of /var/lib/maya. */
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { openSledSource } from "#src/engines/sled/reader.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { encodeEntries } from "#src/format/index.js";
import { sledCheck, sledWrite } from "../checker/run.js";
import { shell } from "../cli/support/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

/** The commands of a section, each with what its placeholders stand for here. */
async function commandsOf(title: string, directory: string): Promise<string[]> {
  const guide = await readFile("docs/guide.md", "utf8");
  const section = guide.split(`\n## ${title}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").flatMap((line) => (/^ {4,}(?:kgdump|mv) /.test(line) ? [line.trim()] : []));
  return lines.map((line) =>
    line.replaceAll("/var/lib/maya", directory).replaceAll("/var/log/maya-learn", directory).replaceAll("/etc/maya", directory).replaceAll("TIME", "*"),
  );
}

async function machine(t: ExecutionContext, name: string): Promise<string> {
  const directory = join(await temporaryDirectory(t), "maya");
  await mkdir(directory);
  await makeStore(directory, name, { default: numbered("k", 400), nodes: { a: "1", b: "2" } });
  await writeFile(join(directory, "storage.toml"), `[storage]\nengine = "sled"\npath = ${JSON.stringify(join(directory, "knowledge_graph"))}\n`);
  return directory;
}

async function succeeds(t: ExecutionContext, script: string, cwd: string, code = 0): Promise<void> {
  const ended = await shell(script, { cwd });
  t.is(ended.code, code, `${script}\n${ended.stderr}`);
}

async function putIntoSled(path: string): Promise<void> {
  await using sink = await openSledSink(path, { create: false });
  await sink.apply(Buffer.from("nodes"), encodeEntries([{ key: Buffer.from("new"), value: Buffer.from("1") }]), "overwrite");
  await sink.flush();
}

test("the steps, checking, and all ways back", async (t) => {
  const directory = await machine(t, "knowledge_graph");
  const store = join(directory, "knowledge_graph");
  const steps = await commandsOf("The steps", directory);
  const [dry = "", migrate = "", ...cleanups] = steps;
  t.is(cleanups.length, 2);
  for (const script of [dry, migrate]) await succeeds(t, script, directory);
  const [stats = "", browse = "", report = "", graph = "", ...checks] = await commandsOf("Checking", directory);
  t.true(stats.startsWith("kgdump stats") && browse.startsWith("kgdump browse") && report.startsWith("kgdump report") && graph.startsWith("kgdump graph") && checks.length === 3);
  for (const script of [stats, report, graph]) await succeeds(t, script, directory);
  // Here is no terminal.
  await succeeds(t, browse, directory, 2);
  for (const script of checks) await succeeds(t, script, directory);
  await putIntoSled(store);
  for (const script of checks) await succeeds(t, script, directory, 4);

  const [plain = "", carry = "", discard = "", ...byHand] = await commandsOf("Rolling back", directory);
  await succeeds(t, plain, directory, 4);
  t.true(carry.endsWith("--carry-back") && discard.endsWith("--discard-new"));
  await succeeds(t, carry, directory);
  t.true((await readdir(store)).includes("CURRENT"));
  // The original is the backup still: by hand it comes back as well, whatever is in place.
  t.is(byHand.length, 2);
  for (const script of byHand) await succeeds(t, script, directory);
  await succeeds(t, `kgdump export ${store} --dry-run`, directory);
  await rename(`${store}.kgdump-migration.json`, join(directory, "old journal"));
  await succeeds(t, migrate, directory);
  await succeeds(t, discard, directory);
  t.true((await readdir(store)).includes("CURRENT"));
  for (const script of cleanups) await succeeds(t, script, directory);
  // What was moved by hand has a name that no migration gives.
  t.deepEqual((await readdir(directory)).filter((name) => name.startsWith("knowledge_graph.")), ["knowledge_graph.sled"]);
});

test("a short stop: it goes on at once when nobody has the store open", async (t) => {
  const directory = await machine(t, "knowledge_graph");
  const scripts = await commandsOf("A short stop", directory);
  t.is(scripts.length, 1);
  for (const script of scripts) await succeeds(t, script, directory);
  t.true((await readdir(join(directory, "knowledge_graph"))).includes("conf"));
  t.is((await readdir(directory)).filter((name) => name.endsWith(".kgd")).length, 2);
});

test("by hand: a full dump, a delta, and the way back", async (t) => {
  const directory = await machine(t, "rocksdb");
  const scripts = await commandsOf("Moving by hand: dump files and deltas", directory);
  t.is(scripts.length, 8);
  for (const script of scripts) {
    await succeeds(t, script, directory);
    if (!script.includes("-i first.kgd")) continue;
    // The service writes on until it is stopped.
    await using sink = await createRocksdbSink(join(directory, "rocksdb"));
    await sink.operate("nodes", [{ kind: "delete", key: Buffer.from("a") }, { kind: "put", key: Buffer.from("c"), value: Buffer.from("3") }]);
    await sink.flush();
  }
  await succeeds(t, `kgdump export ${join(directory, "rocksdb")} | kgdump verify --against ${join(directory, "knowledge_graph")}`, directory);
  await succeeds(t, `kgdump export ${join(directory, "rocksdb")} | kgdump verify --against ${join(directory, "rocksdb-again")}`, directory);
});

test("room back: a sled store of many overwrites becomes small, with its trees, settings and counter", async (t) => {
  const directory = join(await temporaryDirectory(t), "maya");
  await mkdir(directory);
  const path = join(directory, "knowledge_graph");
  const made = { config: { segment_size: "131072" } };
  const fills = (bytes: number): string[] => Array.from({ length: 300 }, (_, index) => `fill ${String(1000 + index)} ${String(bytes)} 7`);
  // Trees called "default" and with a zero byte have other names in a dump, or could not go elsewhere.
  await sledWrite(path, ["random 5 300", ...fills(20_000), "flush", ...fills(10), "flush", "tree 64656661756c74", "put 01 02", "tree 6100ff", "put - 03", "tree 656d707479"], made);
  const [before, size, ids] = [await sledCheck(path, made), await sizeOf(path), await nextId(path)];
  const [plan = "", compact = "", undo = "", ...others] = await commandsOf("Room back", directory);
  t.deepEqual(others, []);
  await succeeds(t, plan, directory);
  t.is(await sizeOf(path), size);
  await succeeds(t, compact, directory);
  const after = await sizeOf(path);
  t.true(after * 4 < size, `${String(after)} of ${String(size)} bytes`);
  t.true((await nextId(path)) >= ids);
  t.deepEqual(await sledCheck(path, made), before);
  await succeeds(t, undo, directory);
  t.is(await sizeOf(path), size);
  t.deepEqual(await sledCheck(path, made), before);
  const [aside = ""] = (await readdir(dirname(path))).filter((name) => name.startsWith(`${basename(path)}.after-compact-`));
  t.deepEqual(await sledCheck(join(dirname(path), aside), made), before);
});

async function sizeOf(store: string): Promise<number> {
  return (await stat(join(store, "db"))).size;
}

async function nextId(store: string): Promise<number> {
  await using source = await openSledSource(store);
  return Number(source.info.options?.get("sled.nextId"));
}
