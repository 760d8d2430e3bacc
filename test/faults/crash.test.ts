/**
 * An engine's code crashes: RocksDB's does on some tables that were changed and have no checksums. Whatever the signal, and whatever the command: that ends with
 * an error that names the engine and the store, exit code 7, and nothing half done.
 */
import { execFile, spawn, spawnSync } from "node:child_process";
import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { crashOf } from "#src/crash.js";
import type { MigratedEngine } from "#src/operations/migrate/direction.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { type Ended, gather, kgdump, KGDUMP } from "../cli/support/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { straceIsMissing } from "./series.js";
import { treeDigest } from "./watchdog.js";

test("a crash of RocksDB's library is an error that names the store, and recover reads it", async (t) => {
  const directory = await temporaryDirectory(t);
  await promisify(execFile)("tar", ["-xzf", "test/fixtures/hostile/crashing.tar.gz", "-C", directory]);
  const store = join(directory, "crashing");
  for (const words of [["export", store, "-o", join(directory, "out.kgd")], ["verify", store, "--against", store], ["migrate", "--dry-run", "--from", store]]) {
    const { code, signal, stderr } = await kgdump(words);
    t.is(signal, null, words[0]);
    t.is(code, 7, stderr);
    t.true(stderr.includes(store) && /\[STORE_DAMAGED\]\n {2}hint: .*kgdump recover/.test(stderr), stderr);
  }
  const { stderr } = await kgdump(["export", store, "--json", "-o", join(directory, "out.kgd")]);
  t.is((JSON.parse(stderr) as { error: { code: string } }).error.code, "STORE_DAMAGED");
  const recovered = await kgdump(["recover", store, "--dry-run"]);
  t.is(recovered.code, 3, recovered.stderr);
  t.false((await readdir(directory)).includes("out.kgd"));
});

/** The signals of a crash. */
const SIGNALS = ["SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE"] as const;
/** The file of a store that nobody but its engine reads. */
const ENGINES_OWN: Readonly<Record<MigratedEngine, RegExp>> = { rocksdb: /\.sst$/, sled: /^db$/ };
/** All that open a store of an engine; PATH is that, and those that change it get a copy. */
const COMMANDS: Readonly<Record<MigratedEngine, readonly (readonly string[])[]>> = {
  rocksdb: [["export", "PATH", "-o", "new.kgd"], ["verify", "PATH", "--against", "PATH"], ["recover", "PATH", "-o", "new.kgd"], ["find", "PATH", "k0000001"], ["stats", "PATH"], ["report", "PATH", "-o", "new.html"], ["graph", "PATH"], ["compact", "PATH"], ["migrate", "--from", "PATH"], ["migrate", "--from", "PATH", "--stream"]],
  sled: [["export", "PATH", "-o", "new.kgd"], ["verify", "PATH", "--against", "PATH"], ["recover", "PATH", "-o", "new.kgd"], ["compact", "PATH"], ["migrate", "--from", "PATH", "--engine", "rocksdb"], ["import", "PATH", "-i", "graph.kgd", "--merge", "--if-exists", "overwrite"]],
};

/** Runs kgdump under strace, by which the thread that opens one of these files for the first time gets a signal, as if its code had crashed. */
async function crashing(cwd: string, words: readonly string[], files: readonly string[], signal: string): Promise<Ended> {
  const args = ["-f", "-o", "/dev/null", "-etrace=openat", `-einject=openat:signal=${signal}:when=1`, ...files.flatMap((file) => ["-P", file])];
  return gather(spawn("strace", [...args, process.execPath, KGDUMP, ...words], { cwd, stdio: ["ignore", "pipe", "pipe"] }));
}

async function crash(t: ExecutionContext, engine: MigratedEngine, store: string): Promise<void> {
  const dump = join(store, "..", "graph.kgd");
  for (const [index, command] of (COMMANDS[engine]).entries()) {
    const signal = SIGNALS[index % SIGNALS.length] ?? "SIGSEGV";
    const place = join(await temporaryDirectory(t), "place");
    await mkdir(place);
    await cp(store, join(place, "graph"), { recursive: true });
    await cp(dump, join(place, "graph.kgd"));
    const before = await treeDigest(join(place, "graph"));
    const words = command.map((word) => word.replace("PATH", "graph"));
    const files = (await readdir(store)).filter((name) => ENGINES_OWN[engine].test(name)).map((name) => join(place, "graph", name));
    const { code, signal: by, stderr } = await crashing(place, words, files, signal);
    const what = `${words.join(" ")} with ${signal}: ${String(code)} ${String(by)} ${stderr}`;
    t.is(code, 7, what);
    t.regex(stderr, new RegExp(`kgdump: ${engine === "sled" ? "sled" : "RocksDB"}'s code crashed on the store at ${join(place, "graph")}.*\\[STORE_DAMAGED\\]\n {2}hint: `), what);
    t.is(await treeDigest(join(place, "graph")), before, what);
    t.false((await readdir(place)).includes("new.kgd"), what);
    const again = await kgdump(words, { cwd: place });
    t.is(again.code, 0, `${what}\nagain: ${again.stderr}`);
    t.deepEqual((await readdir(place)).filter((name) => name.startsWith(".")), [], what);
  }
}

for (const engine of ["rocksdb", "sled"] as const) {
  test(`a signal in the code of ${engine} ends every command that opens a store with an error`, async (t) => {
    t.timeout(10 * 60_000);
    if (straceIsMissing(t)) return;
    const directory = await temporaryDirectory(t);
    const store = join(directory, "graph");
    const dump = join(directory, "graph.kgd");
    await exportStore({ store: await makeStore(directory, engine === "rocksdb" ? "graph" : "source", { default: numbered("k", 300) }), output: dump });
    if (engine === "sled") await importDump({ target: store, input: dump });
    await crash(t, engine, store);
  });
}

test("a crash while a rollback reads the new store is told of that store", async (t) => {
  if (straceIsMissing(t)) return;
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "graph", { default: numbered("k", 300) });
  await migrateStore({ source: store });
  const ended = await crashing(directory, ["rollback", store], [join(store, "db")], "SIGSEGV");
  t.is(ended.code, 7, ended.stderr);
  t.regex(ended.stderr, /sled's code crashed on the store at \/.*graph \[STORE_DAMAGED\]/);
  t.is((await kgdump(["rollback", store])).code, 0);
});

test("what a store is, is what it was opened for first: one that was made and is read back is no user's, and one that is read and then changed is", (t) => {
  // Whoever watches a process for crashes takes over its signals.
  const program = `
    import { tellCrashes, watchCrash } from ${JSON.stringify(import.meta.resolve("#src/crash.js"))};
    let told = "";
    tellCrashes(({ code, path }) => (told = code + " " + path));
    for (const [path, isMade] of JSON.parse(process.argv[1])) watchCrash("sled", path, isMade);
    console.log(told);`;
  for (const [opened, wanted] of [
    [[["/new", true], ["/new", false]], "STORE_UNSUPPORTED /new"],
    [[["/new", true], ["/new", false], ["/old", false]], "STORE_DAMAGED /old"],
    [[["/old", false], ["/old", true]], "STORE_DAMAGED /old"],
    [[["/old", false], ["/new", true], ["/new", false]], "STORE_DAMAGED /old"],
  ] as const) {
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program, JSON.stringify(opened)], { encoding: "utf8" });
    t.is(stdout.trimEnd(), wanted, `${JSON.stringify(opened)} ${stderr}`);
  }
});

test("of stores that are open the read ones are at fault, and one that is made only when there is no other", (t) => {
  const [made, read] = [{ engine: "sled", isMade: true }, { engine: "RocksDB", isMade: false }];
  const both = crashOf(new Map([["/new", made], ["/old", read]]));
  t.deepEqual([both.code, both.path, both.message], ["STORE_DAMAGED", "/old", "sled's code crashed on the store at /new, or RocksDB's code crashed on the store at /old"]);
  const alone = crashOf(new Map([["/new", made]]));
  t.deepEqual([alone.code, alone.path], ["STORE_UNSUPPORTED", "/new"]);
});
