import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, realpath, rename, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Staging, targetState } from "#src/operations/disk/staging.js";
import { straceIsMissing } from "../../faults/series.js";
import { temporaryDirectory } from "../../support/temporary.js";

/** Of a path, without the zero that ends it. */
const MOST_PATH = 4095;

async function build(staging: Staging, content: string): Promise<void> {
  await mkdir(join(staging.storePath, "blobs"), { recursive: true });
  await writeFile(join(staging.storePath, "db"), content);
}

test("a target is absent, empty or occupied", async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, "empty"));
  await writeFile(join(directory, "file"), "");
  t.is(await targetState(join(directory, "no")), "absent");
  t.is(await targetState(join(directory, "empty")), "empty");
  t.is(await targetState(join(directory, "file")), "occupied");
  t.is(await targetState(directory), "occupied");
});

test("a store appears at the target when it is published, and nothing else stays", async (t) => {
  const directory = await temporaryDirectory(t);
  const staging = await Staging.create(join(directory, "target"));
  await build(staging, "data");
  t.is(await targetState(join(directory, "target")), "absent");
  await staging.publish();
  t.deepEqual(await readdir(directory), ["target"]);
  t.is(await readFile(join(directory, "target", "db"), "utf8"), "data");
});

test("an empty directory may be the target", async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, "target"));
  const staging = await Staging.create(join(directory, "target"));
  await build(staging, "data");
  await staging.publish();
  t.deepEqual(await readdir(join(directory, "target")), ["blobs", "db"]);
});

test("a discarded store leaves nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const staging = await Staging.create(join(directory, "target"));
  await build(staging, "data");
  await staging.discard();
  t.deepEqual(await readdir(directory), []);
});

test("what can't be prepared leaves nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  // So long that the directory can be made, and the file in it which says whose it is can't.
  const name = ".target.kgdump-0123456789abcdef";
  let parent = directory;
  for (let left = MOST_PATH - parent.length - name.length - 1; left > 0; left = MOST_PATH - parent.length - name.length - 1) {
    if (left === 1) break;
    parent = join(parent, "d".repeat(Math.min(200, left - 1)));
  }
  await mkdir(parent, { recursive: true });
  await t.throwsAsync(Staging.create(join(parent, "target")), { code: "IO_FAILED", message: /ENAMETOOLONG/ });
  t.deepEqual(await readdir(parent), []);
});

test("a target that came into being meanwhile is not replaced", async (t) => {
  const directory = await temporaryDirectory(t);
  const staging = await Staging.create(join(directory, "target"));
  await build(staging, "mine");
  await mkdir(join(directory, "target"));
  await writeFile(join(directory, "target", "db"), "precious");
  await t.throwsAsync(staging.publish(), { code: "TARGET_EXISTS" });
  await staging.discard();
  t.deepEqual(await readdir(directory), ["target"]);
  t.is(await readFile(join(directory, "target", "db"), "utf8"), "precious");
});

test("what a dead import left is cleared, what a running one builds is not", async (t) => {
  const directory = await temporaryDirectory(t);
  const { pid } = spawnSync("true");
  const stale = join(directory, ".target.kgdump-0123456789abcdef");
  const foreign = join(directory, ".target.kgdump-fedcba9876543210");
  // Names that are not those of a staging directory, whoever made what is there.
  const others = [".target.kgdump-mine", ".target.kgdump-", ".target.kgdump-0123456789abcde", ".target.kgdump-0123456789abcdef0", ".target.kgdump-0123456789ABCDEF", ".target.kgdump-new-1"];
  const unrelated = others.map((name) => join(directory, name));
  for (const path of [stale, foreign, ...unrelated]) await mkdir(path);
  for (const path of [stale, ...unrelated]) await writeFile(join(path, "owner.json"), JSON.stringify({ pid, started: "1", host: hostname() }));
  await writeFile(join(foreign, "owner.json"), JSON.stringify({ pid, started: "1", host: "another-host" }));
  const running = await Staging.create(join(directory, "target"));
  const second = await Staging.create(join(directory, "target"));
  const names = await readdir(directory);
  t.false(names.includes(".target.kgdump-0123456789abcdef"));
  t.true(names.includes(".target.kgdump-fedcba9876543210"));
  for (const name of others) t.true(names.includes(name), name);
  await build(running, "still here");
  t.is(await readFile(join(running.storePath, "db"), "utf8"), "still here");
  await running.discard();
  await second.discard();
});

test("a staging directory in which others may write is not cleared, nor one that took the place of another", async (t) => {
  const directory = await temporaryDirectory(t);
  const open = join(directory, ".target.kgdump-0123456789abcdef");
  await mkdir(open);
  await writeFile(join(open, "owner.json"), JSON.stringify({ pid: spawnSync("true").pid, started: "1", host: hostname() }));
  await chmod(open, 0o775);
  const staging = await Staging.create(join(directory, "target"));
  t.true((await readdir(directory)).includes(".target.kgdump-0123456789abcdef"));
  await rename(staging.directory, join(directory, "moved"));
  await mkdir(staging.directory);
  await writeFile(join(staging.directory, "precious"), "");
  await staging.discard();
  t.deepEqual(await readdir(staging.directory), ["precious"]);
});

test("a link that leads nowhere is no place for a store", async (t) => {
  const directory = await temporaryDirectory(t);
  await symlink(join(directory, "nowhere"), join(directory, "target"));
  await t.throwsAsync(Staging.create(join(directory, "target")), { code: "TARGET_EXISTS", message: /symbolic link/ });
  t.deepEqual(await readdir(directory), ["target"]);
});

test("a process id that is in use again does not keep a stale directory", async (t) => {
  const directory = await temporaryDirectory(t);
  const stale = join(directory, ".target.kgdump-0123456789abcdef");
  await mkdir(stale);
  await writeFile(join(stale, "owner.json"), JSON.stringify({ pid: process.pid, started: "1", host: hostname() }));
  const staging = await Staging.create(join(directory, "target"));
  t.false((await readdir(directory)).includes(".target.kgdump-0123456789abcdef"));
  await staging.discard();
});

test("a stale directory that all may write to is cleared only where that is so of all, as on file systems without modes", async (t) => {
  for (const [around, stale, isCleared] of [[0o777, 0o777, true], [0o755, 0o777, false], [0o1777, 0o777, false], [0o777, 0o770, false], [0o777, 0o755, true]] as const) {
    const directory = await temporaryDirectory(t);
    const path = join(directory, ".target.kgdump-0123456789abcdef");
    await mkdir(path);
    await writeFile(join(path, "owner.json"), JSON.stringify({ pid: process.pid, started: "1", host: hostname() }));
    await chmod(path, stale);
    await chmod(directory, around);
    await (await Staging.create(join(directory, "target"))).discard();
    t.deepEqual(await readdir(directory), isCleared ? [] : [".target.kgdump-0123456789abcdef"], [around, stale].map((mode) => mode.toString(8)).join(" "));
  }
});

test("a missing parent is an error that says so", async (t) => {
  const directory = await temporaryDirectory(t);
  await t.throwsAsync(Staging.create(join(directory, "no", "target")), { code: "NOT_FOUND" });
});

test("where directories can't be exchanged, the old store stays beside its place when the new one can't be put there", async (t) => {
  const directory = await temporaryDirectory(t);
  const [target, aside] = [join(directory, "graph"), join(directory, "graph.aside")];
  await mkdir(target);
  await writeFile(join(target, "old"), "1");
  const cannot = (): Promise<boolean> => Promise.resolve(false);
  const missing = await Staging.create(target);
  const never = (): void => { t.fail("the old store is not let go"); };
  await t.throwsAsync(missing.replace(cannot, aside, never), { code: "NOT_FOUND" });
  t.deepEqual(await readdir(aside), ["old"]);
  await missing.discard();
  await rename(aside, target);
  const made = await Staging.create(target);
  await mkdir(made.storePath);
  await writeFile(join(made.storePath, "new"), "1");
  await made.replace(cannot, aside, () => { t.deepEqual([target, aside].map((path) => readdirSync(path)), [["new"], ["old"]]); });
  t.deepEqual(await readdir(target), ["new"]);
  t.deepEqual(await readdir(directory), ["graph"]);
});

test("whose a staging directory is can be told until all else of it is gone", async (t) => {
  if (straceIsMissing(t)) return;
  const directory = await realpath(await temporaryDirectory(t));
  const log = join(directory, "strace.log");
  const script = `import { mkdir, writeFile } from "node:fs/promises"; import { Staging } from "#src/operations/disk/staging.js";
    const staging = await Staging.create(process.argv[1]); await mkdir(staging.storePath); await writeFile(staging.storePath + "/db", "");
    for (let index = 0; index < 30; index++) await writeFile(staging.directory + "/" + (index * 7919).toString(36), ""); await staging.discard();`;
  const { status, stderr } = spawnSync("strace", ["-f", "-o", log, "-etrace=unlink,rmdir", process.execPath, "--input-type=module", "-e", script, join(directory, "target")], { encoding: "utf8" });
  t.is(status, 0, stderr);
  const removed = [...(await readFile(log, "utf8")).matchAll(/(?:unlink|rmdir)\("([^"]+)"\) = 0/g)].map(([, path = ""]) => path).filter((path) => path.includes(".target.kgdump-"));
  t.true(removed.length > 30, removed.join("\n"));
  t.deepEqual(removed.slice(-2).map((path) => path.replace(/.*kgdump-[0-9a-f]{16}/, "")), ["/owner.json", ""]);
});
