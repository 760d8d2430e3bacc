/** The lock of a place: one holder at a time, who is named; it ends with the process, and leaves nothing. */
import { execFile, spawnSync } from "node:child_process";
import { mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { ownProcess } from "#src/operations/disk/owner.js";
import { lockPlace } from "#src/operations/disk/place-lock.js";
import { kgdump } from "../../cli/support/run.js";
import { smallFileSystem } from "../../cli/support/stores.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("one holds a place, whatever path leads there, and is named; another place is free", async (t) => {
  const directory = await temporaryDirectory(t);
  const place = join(directory, "graph");
  await mkdir(place);
  await symlink(place, join(directory, "link"));
  {
    using _ = await lockPlace(place, "compact");
    const named = { code: "STORE_IN_USE", message: `process ${process.pid.toString()} (kgdump compact) is working on ${place}` };
    for (const path of [place, `${place}/`, join(directory, "link"), join(place, "..", "graph")]) await t.throwsAsync(lockPlace(path, "migrate"), named, path);
    using _other = await lockPlace(join(directory, "other"), "import");
    t.deepEqual((await readdir(directory)).sort(), [".graph.kgdump-lock", ".other.kgdump-lock", "graph", "link"]);
  }
  t.deepEqual((await readdir(directory)).sort(), ["graph", "link"]);
  using _again = await lockPlace(place, "migrate");
  t.pass();
});

test("what was let go has no file open", async (t) => {
  const directory = await temporaryDirectory(t);
  const count = async (): Promise<number> => (await readdir("/dev/fd")).length;
  const before = await count();
  for (let round = 0; round < 400; round++) {
    using lock = await lockPlace(join(directory, "graph"), "import");
    t.truthy(lock);
  }
  t.true((await count()) < before + 200);
});

test("of many at once, one holds it at any time", async (t) => {
  const directory = await temporaryDirectory(t);
  let [holders, most, times] = [0, 0, 0];
  await Promise.all(
    Array.from({ length: 20 }, async (_, worker) => {
      for (let round = 0; round < 50; round++) {
        try {
          using _lock = await lockPlace(join(directory, "graph"), "import");
          holders += 1;
          times += 1;
          most = Math.max(most, holders);
          await new Promise((done) => { setTimeout(done, worker % 3); });
          holders -= 1;
        } catch {
          await new Promise((done) => { setTimeout(done, 1); });
        }
      }
    }),
  );
  t.is(most, 1);
  t.true(times >= 20, times.toString());
  t.deepEqual(await readdir(directory), []);
});

test("of processes that take it and let it go all the time, one holds it: a lock whose file was removed meanwhile is none", async (t) => {
  const directory = await temporaryDirectory(t);
  const held = join(directory, "held");
  const script = `
    import { closeSync, openSync, readdirSync, readlinkSync, rmSync } from "node:fs";
    import { lockPlace } from ${JSON.stringify(import.meta.resolve("#src/operations/disk/place-lock.js"))};
    const isOpen = (file) => readdirSync("/proc/self/fd").some((fd) => { try { return readlinkSync("/proc/self/fd/" + fd) === file; } catch { return false; } });
    let [times, shared, bare] = [0, 0, 0];
    for (const until = Date.now() + 2000; Date.now() < until;) {
      const lock = await lockPlace(${JSON.stringify(join(directory, "graph"))}, "import").catch((error) => { if (error.code !== "STORE_IN_USE") throw error; });
      if (lock === undefined) continue;
      // Of a file that has its name no more, the system says that it is deleted.
      if (!isOpen(${JSON.stringify(join(directory, ".graph.kgdump-lock"))})) bare += 1;
      try {
        closeSync(openSync(${JSON.stringify(held)}, "wx"));
        times += 1;
        rmSync(${JSON.stringify(held)});
      } catch {
        shared += 1;
      }
      lock[Symbol.dispose]();
    }
    console.log(times, shared, bare);`;
  const run = promisify(execFile);
  const counts = await Promise.all(Array.from({ length: 4 }, async () => (await run(process.execPath, ["--input-type=module", "-e", script])).stdout.trim().split(" ").map(Number)));
  t.deepEqual(counts.map(([, ...wrong]) => wrong), [[0, 0], [0, 0], [0, 0], [0, 0]]);
  t.true(counts.every(([times = 0]) => times > 0), JSON.stringify(counts));
  t.deepEqual(await readdir(directory), []);
});

test("what a killed one left is taken over; where no file can be made, the command says why itself", async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, ".graph.kgdump-lock"), '{"pid":1,"command":"migrate"}');
  {
    using _ = await lockPlace(join(directory, "graph"), "import");
    await t.throwsAsync(lockPlace(join(directory, "graph"), "import"), { message: /process \d+ \(kgdump import\)/ });
  }
  t.deepEqual(await readdir(directory), []);
  using nothing = await lockPlace(join(directory, "none", "graph"), "import");
  t.truthy(nothing);
  for (const text of ["", "{", "null", '{"pid":1,"command":"\\u001b[31m"}', "x".repeat(10_000)]) {
    using _held = await lockPlace(join(directory, "graph"), "import");
    await writeFile(join(directory, ".graph.kgdump-lock"), text);
    await t.throwsAsync(lockPlace(join(directory, "graph"), "import"), { message: /^another kgdump is working on/ }, text);
  }
  // A FIFO, a directory, a link in its place are told, and not waited for.
  await mkdir(join(directory, ".graph.kgdump-lock"));
  await t.throwsAsync(lockPlace(join(directory, "graph"), "import"), { code: "IO_FAILED" });
  await rm(join(directory, ".graph.kgdump-lock"), { recursive: true });
  await symlink(join(directory, "elsewhere"), join(directory, ".graph.kgdump-lock"));
  await t.throwsAsync(lockPlace(join(directory, "graph"), "import"), { code: "IO_FAILED" });
  t.deepEqual(await readdir(directory), [".graph.kgdump-lock"]);
});

test("where there is no room for a lock, and where nothing can be written, work goes on without one", async (t) => {
  const directory = await temporaryDirectory(t);
  // Its root, and three names.
  const small = await smallFileSystem(t, directory, "size=1m,nr_inodes=4");
  if (small === null) return;
  for (const name of ["graph", "a", "b"]) await writeFile(join(small, name), "");
  await t.throwsAsync(writeFile(join(small, "c"), ""), { code: "ENOSPC" });
  using nothing = await lockPlace(join(small, "graph"), "rollback");
  t.truthy(nothing);
  using other = await lockPlace("/proc/self/graph", "rollback");
  t.truthy(other);
});

test("each command that changes a place takes its lock before it looks at anything", async (t) => {
  const directory = await temporaryDirectory(t);
  await makeStore(directory, "graph", { default: numbered("k", 10) });
  using _ = await lockPlace(join(directory, "graph"), "migrate");
  for (const words of [["migrate", "--from", "graph"], ["migrate", "--from", "elsewhere", "--to", "graph"], ["migrate", "--from", "graph", "--to", "elsewhere"], ["rollback", "graph"], ["compact", "graph"], ["compact", "graph", "--undo"], ["cleanup", "graph"], ["import", "graph", "-i", "none.kgd"], ["restore", "graph", "-i", "none.kgd"]]) {
    const { code, stderr } = await kgdump(words, { cwd: directory });
    t.is(code, 6, `${words.join(" ")}: ${stderr}`);
    t.regex(stderr, /kgdump migrate\) is working on .*STORE_IN_USE/s);
  }
  for (const words of [["status", "graph"], ["verify", "graph"], ["migrate", "--from", "graph", "--dry-run"]]) t.not((await kgdump(words, { cwd: directory })).code, 6, words.join(" "));
});

test("what a killed command was building goes with the next one at that place, also when that is refused; what another builds stays", async (t) => {
  const directory = await temporaryDirectory(t);
  const graph = await makeStore(directory, "graph", { default: numbered("k", 5) });
  const refused = [["import", graph, "-i", "none.kgd"], ["restore", graph, "-i", "none.kgd"], ["rollback", graph], ["migrate", "--from", graph, "--to", directory], ["compact", graph, "--undo"]];
  const [dead, alive] = [join(directory, ".graph.kgdump-0123456789abcdef"), join(directory, ".graph.kgdump-fedcba9876543210")];
  const owned = async (path: string, pid: number | undefined, started: string): Promise<void> => {
    await mkdir(path, { mode: 0o700 });
    await writeFile(join(path, "owner.json"), JSON.stringify({ pid, started, host: hostname() }));
  };
  await mkdir(alive);
  await writeFile(join(alive, "owner.json"), JSON.stringify(ownProcess()));
  for (const words of refused) {
    // One was killed before it could say whose this is.
    if (words[0] === "restore") await mkdir(dead, { mode: 0o700 });
    else await owned(dead, spawnSync("true").pid, "1");
    t.not((await kgdump(words, { cwd: directory })).code, 0, words.join(" "));
    t.deepEqual((await readdir(directory)).filter((name) => name.startsWith(".graph.kgdump-")), [basename(alive)], words.join(" "));
  }
});
