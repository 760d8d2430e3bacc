/** Words and manners at the edges: odd places for input and output, and what is left when something dies. */
import { execFile, spawn } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { lstat, mkdir, readdir, readFile, readlink, rm, rmdir, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { systemError } from "#src/errors.js";
import { encodeEntries } from "#src/format/index.js";
import { ownerText } from "#src/operations/disk/owner.js";
import { exportStore } from "#src/operations/export/export.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { assertOneError, gather, kgdump, KGDUMP, shell } from "./support/run.js";
import { namesIn, waitForName } from "./support/stores.js";

/** A small store and its dump. */
async function ground(t: ExecutionContext): Promise<{ directory: string; store: string; dump: string }> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 50) });
  const dump = join(directory, "a.kgd");
  await exportStore({ store, output: dump });
  return { directory, store, dump };
}

test("a target that is a link", async (t) => {
  const { directory, dump } = await ground(t);
  await symlink("nowhere", join(directory, "dangling"));
  const ended = await kgdump(["import", "dangling", "-i", dump], { cwd: directory });
  assertOneError(t, ended, 1, "TARGET_EXISTS");
  t.regex(ended.stderr, /is a symbolic link to nowhere, where nothing is/);
  await mkdir(join(directory, "real"));
  await symlink("real", join(directory, "link"));
  for (const command of ["import", "restore"]) {
    const through = await kgdump([command, "link", "-i", dump, "-q"], { cwd: directory });
    t.is(through.code, 0, through.stderr);
    t.is(await readlink(join(directory, "link")), "real");
    t.is((await kgdump(["verify", dump, "--against", "real"], { cwd: directory })).code, 0);
    await rm(join(directory, "real"), { recursive: true });
    await mkdir(join(directory, "real"));
  }
  t.deepEqual(await namesIn(directory), ["a.kgd", "dangling", "link", "real", "store"]);
});

test("export -f through a link replaces the file and not the link", async (t) => {
  const { directory } = await ground(t);
  await mkdir(join(directory, "disk"));
  await writeFile(join(directory, "disk", "old.kgd"), "old");
  for (const [link, to] of [["link.kgd", "disk/old.kgd"], ["two.kgd", "link.kgd"], ["new.kgd", "disk/fresh.kgd"]] as const) {
    await symlink(to, join(directory, link));
    assertOneError(t, await kgdump(["export", "store", "-o", link], { cwd: directory }), 1, "OUTPUT_EXISTS");
    const ended = await kgdump(["export", "store", "-f", "-q", "-o", link], { cwd: directory });
    t.is(ended.code, 0, ended.stderr);
    t.is(await readlink(join(directory, link)), to);
    t.is((await kgdump(["verify", link, "-q"], { cwd: directory })).code, 0);
    await writeFile(join(directory, "disk", "old.kgd"), "old");
  }
  t.deepEqual(await namesIn(join(directory, "disk")), ["fresh.kgd", "old.kgd"]);
  await symlink("b.kgd", join(directory, "c.kgd"));
  await symlink("c.kgd", join(directory, "b.kgd"));
  assertOneError(t, await kgdump(["export", "store", "-f", "-o", "b.kgd"], { cwd: directory }), 1, "IO_FAILED");
});

test("a working directory that was removed", async (t) => {
  const { directory, store } = await ground(t);
  const gone = join(directory, "gone");
  await mkdir(gone);
  const ended = await shell(`rmdir "$PWD"; kgdump export x -o y`, { cwd: gone });
  assertOneError(t, ended, 1, "NOT_FOUND");
  t.regex(ended.stderr, /working directory is not there any more/);
  t.notRegex(ended.stderr, /uv_cwd/);
  await mkdir(gone);
  // Whole paths need none.
  t.is((await shell(`rmdir "$PWD"; kgdump export ${store} -q -o ${join(directory, "b.kgd")}`, { cwd: gone })).code, 0);
  await rmdir(gone).catch(() => undefined);
});

test("standard input is a directory", async (t) => {
  const { directory } = await ground(t);
  for (const command of ["verify", "import target"]) {
    const ended = await shell(`kgdump ${command} < .`, { cwd: directory });
    assertOneError(t, ended, 3, "DUMP_NOT_A_DUMP");
    t.regex(ended.stderr, /standard input is a directory/);
  }
});

test("empty paths, and files in the middle of one", async (t) => {
  const { directory, dump } = await ground(t);
  assertOneError(t, await kgdump(["export", "", "-o", "x"], { cwd: directory }), 2, "USAGE");
  for (const args of [["inspect", ""], ["verify", ""], ["import", "t", "-i", ""]]) assertOneError(t, await kgdump(args, { cwd: directory }), 2, "USAGE");
  const ended = await kgdump(["export", `${dump}/store`, "-o", "x"], { cwd: directory });
  assertOneError(t, ended, 1, "STORE_NOT_FOUND");
  t.regex(ended.stderr, /part of that path is a file/);
  assertOneError(t, await kgdump(["inspect", `${dump}/x`], { cwd: directory }), 1, "NOT_FOUND");
});

test("status says what lies there", async (t) => {
  const { directory } = await ground(t);
  const ended = await kgdump(["status", directory]);
  t.is(ended.code, 13);
  t.regex(ended.stdout.toString(), /is not a store itself, but a RocksDB store lies below it[^]*name that: .*\/store/);
});

for (const [name, text, says] of [
  ["another program's error", "bash: kgdump: command not found\n", /"bash: kgdump: command not found"/],
  ["a terminal in between", "\xc7\x0eKKGDUMP\r\r\n\x1a\r\n\0\x01", /put CR before each LF/],
] as const) {
  test(`what comes through the pipe is ${name}`, async (t) => {
    const ended = await kgdump(["verify"], { input: Buffer.from(text, "latin1") });
    assertOneError(t, ended, 3, "DUMP_NOT_A_DUMP");
    t.regex(ended.stderr, says);
  });
}

test("a terminal that goes away ends nothing with an assertion", async (t) => {
  const { directory } = await ground(t);
  await exportStore({ store: await makeStore(directory, "large", { default: numbered("k", 20_000) }), output: join(directory, "large.kgd"), codec: "none" });
  const dump = await readFile(join(directory, "large.kgd"));
  t.true(dump.length > 300_000);
  const [log, fifo, done] = ["log", "fifo", "done"].map((name) => join(directory, name)) as [string, string, string];
  await promisify(execFile)("mkfifo", [fifo]);
  // In a session of its own, as otherwise a signal would come too. It waits for its input.
  const script = `setsid -w bash -c '"${process.execPath}" "${KGDUMP}" verify < "${fifo}" 2> "${log}"; echo $? > "${done}"'`;
  const child = spawn("script", ["-qec", script, "/dev/null"], { stdio: ["ignore", "ignore", "ignore"] });
  const input = createWriteStream(fifo);
  await once(input, "open");
  // Node remembers the terminal's settings when it starts: it has started when it reads.
  input.write(dump.subarray(0, -100));
  await once(input, "drain");
  child.kill("SIGKILL");
  await gather(child);
  input.end();
  await waitForName(directory, /^done$/, () => false);
  while ((await readFile(done, "utf8")) === "") await new Promise((wait) => setTimeout(wait, 10));
  const said = await readFile(log, "utf8");
  t.regex(said, /\[DUMP_TRUNCATED\]/);
  t.notRegex(said, /Assertion|ResetStdio/);
  t.is((await readFile(done, "utf8")).trim(), "3");
});

test("Ctrl-C does not wait for a block that is being compressed", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "big");
  const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16, 7), Buffer.alloc(16));
  {
    await using sink = await createRocksdbSink(path, { compression: "none" });
    for (let index = 0; index < 62; index++) {
      const value = Buffer.from(noise.update(Buffer.alloc(512 * 1024)).toString("hex"));
      await sink.apply(Buffer.from("default"), encodeEntries([{ key: Buffer.from(index.toString().padStart(4, "0")), value }]), "overwrite");
    }
  }
  const child = spawn(process.execPath, [KGDUMP, "export", path, "-o", "out.kgd", "--codec", "zstd", "--level", "22", "--block-size", "64MiB"], { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
  await waitForName(directory, /^\.out\.kgd\.kgdump-.*\.tmp$/, () => child.exitCode !== null);
  await new Promise((done) => setTimeout(done, 500));
  child.kill("SIGINT");
  const ended = await gather(child);
  assertOneError(t, ended, 130, "INTERRUPTED");
  t.deepEqual(await namesIn(directory), ["big"]);
});

/** Waits until all threads of a process sleep, at several looks: it waits for something then. */
async function waits(pid: number): Promise<void> {
  for (let looks = 0; looks < 6;) {
    const tasks = await readdir(`/proc/${String(pid)}/task`);
    const stats = await Promise.all(tasks.map((task) => readFile(`/proc/${String(pid)}/task/${task}/stat`, "utf8").catch(() => "")));
    looks = stats.every((stat) => /^\d+ \(.*\) S/s.test(stat)) ? looks + 1 : 0;
    await new Promise((done) => setTimeout(done, 60));
  }
}

test("SIGTERM ends a command that waits in the system for good", async (t) => {
  const directory = await temporaryDirectory(t);
  const fifo = join(directory, "fifo");
  await promisify(execFile)("mkfifo", [fifo]);
  const [out, made] = [join(directory, "x.kgd"), join(directory, "new")];
  // The settings are waited for whatever else happens, so that only patience ends that.
  const commands = [["inspect", fifo], ["verify", fifo], ["recover", fifo, "-o", out], ["import", made, "-i", fifo], ["import", made, "-i", "none.kgd", "--config", fifo]];
  await Promise.all(commands.map(async (words) => {
    const child = spawn(process.execPath, [KGDUMP, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    const ended = gather(child);
    // Before it waits for the FIFO a signal finds nothing to end.
    await waits(child.pid ?? 0);
    child.kill("SIGTERM");
    const { code, signal } = await ended;
    t.true(code === 143 || signal === "SIGTERM", `${words.join(" ")}: ${String(code)} ${String(signal)}`);
  }));
  t.deepEqual(await namesIn(directory), ["fifo"]);
});

test("what a killed export left is removed by the next one to the same file, and what another one writes is not", async (t) => {
  const { directory } = await ground(t);
  const left = (owner: string, name = "out.kgd"): string => `.${name}.kgdump-${owner}-0123456789abcdef.tmp`;
  const [, started] = /^.*\) (?:\S+ ){19}(\d+)/s.exec(await readFile(`/proc/${process.pid.toString()}/stat`, "utf8")) ?? [];
  const dead = left(ownerText({ pid: 4_194_300, started: "1", host: hostname() }));
  const reused = left(ownerText({ pid: process.pid, started: "1", host: hostname() }));
  const kept = [
    left(ownerText({ pid: process.pid, started: started ?? null, host: hostname() })),
    left(ownerText({ pid: 4_194_300, started: "1", host: "another.host" })),
    left(ownerText({ pid: 4_194_300, started: "1", host: hostname() }), "other.kgd"),
    ".out.kgd.kgdump-notes.tmp",
  ];
  for (const name of [dead, reused, ...kept]) await writeFile(join(directory, name), "");
  t.is((await kgdump(["export", "store", "-q", "-o", "out.kgd"], { cwd: directory })).code, 0);
  t.deepEqual(await namesIn(directory), [...kept, "a.kgd", "out.kgd", "store"].sort());
});

test("a dump whose name is as long as can be", async (t) => {
  const { directory } = await ground(t);
  for (const name of ["é".repeat(120), "x".repeat(255), "語".repeat(85)]) {
    const ended = await kgdump(["export", "store", "-q", "-o", name], { cwd: directory });
    t.is(ended.code, 0, ended.stderr);
    t.true((await lstat(join(directory, name))).isFile());
  }
});

for (const [raw, plain] of [
  ["EACCES: permission denied, open '/x, y'", "permission denied (EACCES)"],
  ["EISDIR: illegal operation on a directory, read", "illegal operation on a directory (EISDIR)"],
  ["ENOENT: no such file or directory, rename '/a' -> '/b'", "no such file or directory (ENOENT)"],
  ["Premature close", "Premature close"],
] as const) {
  test(`the system's words: ${raw}`, (t) => {
    t.is(systemError(new Error(raw), "reading /x").message, `reading /x: ${plain}`);
  });
}
