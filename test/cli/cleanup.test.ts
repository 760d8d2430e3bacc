/** What migrations and compactions have left is listed, and removed when it is safe, or when that is asked for; what is something else stays. */
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump } from "./support/run.js";

interface Place {
  readonly directory: string;
  readonly path: string;
  run(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Kinds and states of what was left, by what a run with --json says. */
  states(...args: readonly string[]): Promise<string[]>;
  names(): Promise<string[]>;
}

async function place(t: ExecutionContext): Promise<Place> {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", { default: numbered("k", 500), nodes: { a: "1" } });
  const run: Place["run"] = async (...args) => {
    const ended = await kgdump(args);
    return { ...ended, stdout: ended.stdout.toString() };
  };
  return {
    directory,
    path,
    run,
    states: async (...args) => {
      const { stdout, stderr } = await run("cleanup", path, "--json", ...args);
      t.not(stdout, "", stderr);
      return (JSON.parse(stdout) as { cleanup: { remains: { kind: string; state: string }[] } }).cleanup.remains.map(({ kind, state }) => `${kind} ${state}`).sort();
    },
    names: async () => (await readdir(directory)).sort(),
  };
}

/** Writes one entry more into a sled store, as its service would. */
async function write(t: ExecutionContext, { directory, path, run }: Place): Promise<void> {
  const more = join(directory, "more");
  await mkdir(more);
  const dump = join(more, "more.kgd");
  t.is((await run("export", await makeStore(more, "store", { default: { later: "written" } }), "-o", dump, "-q")).code, 0);
  t.is((await run("import", "--merge", path, "-i", dump, "-q")).code, 0);
  await rm(more, { recursive: true });
}

test("what the store in place holds, too, goes with the journal", async (t) => {
  const here = await place(t);
  t.is((await here.run("migrate", "--from", here.path, "-q")).code, 0);
  const before = await here.names();
  t.is(before.length, 4);
  const listed = await here.run("cleanup", here.path, "--dry-run");
  t.is(listed.code, 0, listed.stderr);
  t.regex(listed.stdout, /3 things are left [^]*the store from before a migration[^]*a dump of a migration[^]*the journal of the last migration/);
  t.deepEqual(await here.names(), before);
  t.regex((await here.run("status", here.path)).stdout, /cleanup: +kgdump cleanup \S+ removes what is left/);
  t.deepEqual(await here.states(), ["dump removed", "journal removed", "original removed"]);
  t.deepEqual(await here.names(), ["graph"]);
  t.regex((await here.run("cleanup", here.path)).stdout, /nothing is left/);
  // The service's start finds nothing to do.
  t.is((await here.run("migrate", "--from", here.path)).code, 0);
});

test("what it does not hold any more is kept, until it is told that all may go", async (t) => {
  const here = await place(t);
  t.is((await here.run("migrate", "--from", here.path, "-q")).code, 0);
  await write(t, here);
  const before = await here.names();
  const kept = await here.run("cleanup", here.path);
  t.is(kept.code, 4);
  t.regex(kept.stderr, /2 things were kept[^]*cleanup \S+ --force/);
  t.deepEqual(await here.states(), ["dump different", "journal left", "original different"]);
  t.deepEqual(await here.names(), before);
  t.is((await here.run("rollback", here.path, "--discard-new", "-q")).code, 0);
  t.deepEqual(await here.states("--dry-run"), ["aside left", "dump left", "journal left"]);
  // The dump is equal to the store that is back; what was written since is in the other alone.
  t.deepEqual(await here.states(), ["aside different", "dump removed", "journal left"]);
  t.deepEqual(await here.states("--force"), ["aside removed", "journal removed"]);
  t.deepEqual(await here.names(), ["graph"]);
});

test("what can't be read is kept, and the exit status says that something was", async (t) => {
  const at = await place(t);
  t.is((await at.run("migrate", "--from", at.path, "-q")).code, 0);
  const [dump = ""] = (await at.names()).filter((name) => name.endsWith(".kgd"));
  const bytes = await readFile(join(at.directory, dump));
  const { stdout: blocks } = await at.run("inspect", join(at.directory, dump), "--blocks", "--json");
  const within = Number(/"offset": ?(\d+)/.exec(blocks)?.[1]) + 200;
  bytes.writeUInt8(bytes.readUInt8(within) ^ 0xff, within);
  await writeFile(join(at.directory, dump), bytes);
  const { code, stdout, stderr } = await at.run("cleanup", at.path, "--json");
  t.regex(stdout, /"state": ?"unreadable"/);
  t.is(code, 4, stderr);
  t.regex(stderr, /1 thing was kept/);
  t.true((await at.names()).includes(dump));
});

test("several migrations and a compaction: all of it is known", async (t) => {
  const here = await place(t);
  for (const engine of ["sled", "rocksdb", "sled"]) t.is((await here.run("migrate", "--from", here.path, "--engine", engine, "-q")).code, 0);
  t.is((await here.run("compact", here.path, "-q")).code, 0);
  t.deepEqual(await here.states(), ["before-compact removed", "dump removed", "dump removed", "dump removed", "journal removed", "original removed", "original removed", "original removed"]);
  t.deepEqual(await here.names(), ["graph"]);
});

test("nothing goes that is something else, or that may be all there is", async (t) => {
  const here = await place(t);
  const { directory, path } = here;
  t.is((await here.run("migrate", "--from", path, "-q", "--dump", join(directory, "mine.kgd"))).code, 0);
  // Names that migrations give, of what is something else: a directory of files, a link to a store, a text, another dump in the place of the first.
  await mkdir(`${path}.rocksdb-backup-20200101T000000Z`);
  await writeFile(join(`${path}.rocksdb-backup-20200101T000000Z`, "notes"), "mine");
  await cp(`${path}.rocksdb-backup-20200101T000000Z`, `${path}.before-compact-20200101T000000Z`, { recursive: true });
  await cp(path, join(directory, "elsewhere"), { recursive: true });
  await symlink(join(directory, "elsewhere"), `${path}.sled-20200101T000000Z`);
  await writeFile(`${path}.20200101T000000Z.kgd`, "no dump");
  t.is((await here.run("export", join(directory, "elsewhere"), "-o", join(directory, "mine.kgd"), "--force", "-q")).code, 0);
  // Names that begin as these do.
  await cp(path, `${path}-2.sled-20200101T000000Z`, { recursive: true });
  const states = await here.states("--force");
  t.deepEqual(states, ["aside unknown", "before-compact unknown", "dump unknown", "dump unknown", "journal removed", "original removed", "original unknown"]);
  t.deepEqual(await here.names(), ["elsewhere", "graph", "graph-2.sled-20200101T000000Z", "graph.20200101T000000Z.kgd", "graph.before-compact-20200101T000000Z", "graph.rocksdb-backup-20200101T000000Z", "graph.sled-20200101T000000Z", "mine.kgd"]);
  // Without a store in place nothing goes.
  await cp(path, `${path}.sled-20210101T000000Z`, { recursive: true });
  await rm(path, { recursive: true });
  const gone = await here.run("cleanup", path, "--force");
  t.is(gone.code, 1);
  t.regex(gone.stderr, /no store is at .* what is left may be all there is/);
  t.true((await here.names()).includes("graph.sled-20210101T000000Z"));
});

test("a store in place that can't be read, and a migration that is not finished, keep everything", async (t) => {
  const here = await place(t);
  t.is((await here.run("migrate", "--from", here.path, "-q")).code, 0);
  const { directory, path } = here;
  const journal = `${path}.kgdump-migration.json`;
  const text = await readFile(journal, "utf8");
  await writeFile(journal, text.replace('"step": "done"', '"step": "switching"'));
  const unfinished = await here.run("cleanup", path, "--force");
  t.is(unfinished.code, 1);
  t.regex(unfinished.stderr, /is not finished \(switching\)/);
  await writeFile(journal, text);
  const before = await here.names();
  await cp(path, join(directory, "sound"), { recursive: true });
  await writeFile(join(path, "db"), "");
  for (const args of [[], ["--force"]]) t.is((await here.run("cleanup", path, ...args)).code, 7);
  t.deepEqual((await here.names()).filter((name) => name !== "sound"), before);
});
