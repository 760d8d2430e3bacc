/** Directories that move: to the same file system or another, whole, and never over something else. */
import { spawnSync } from "node:child_process";
import { lchown, lstat, mkdir, readdir, readFile, readlink, realpath, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { compareFiles, copyDurably, diskUseOf, freeStamp, moveDurably, occupantOf, removeDirectory, renameDurably } from "#src/operations/disk/places.js";
import { Staging } from "#src/operations/disk/staging.js";
import { smallFileSystem } from "../../cli/support/stores.js";
import { straceIsMissing } from "../../faults/series.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("a copy is compared with its original to the last byte, and in its length", async (t) => {
  const directory = await temporaryDirectory(t);
  const [original, copy] = [join(directory, "original"), join(directory, "copy")];
  const bytes = Buffer.alloc(3 * 1024 * 1024 + 5, 7);
  await writeFile(original, bytes);
  await writeFile(copy, bytes);
  await compareFiles(original, copy);
  for (const at of [0, 1024 * 1024 - 1, 1024 * 1024, bytes.length - 1]) {
    await writeFile(copy, Buffer.from(bytes).fill(8, at, at + 1));
    await t.throwsAsync(compareFiles(original, copy), { code: "VERIFY_DIFFERENCE" }, at.toString());
  }
  for (const other of [bytes.subarray(1), Buffer.concat([bytes, Buffer.of(7)])]) {
    await writeFile(copy, other);
    await t.throwsAsync(compareFiles(original, copy), { code: "VERIFY_DIFFERENCE" });
  }
});

test("what moves to another file system is gone where it was; links in it lead where they led", async (t) => {
  const directory = await temporaryDirectory(t);
  const mounted = await smallFileSystem(t, await temporaryDirectory(t), "size=8m");
  if (mounted === null) return;
  const from = join(directory, "graph");
  await mkdir(join(from, "inner"), { recursive: true });
  await writeFile(join(from, "inner", "file"), "content", { mode: 0o640 });
  await symlink("file", join(from, "inner", "link"));
  const to = join(mounted, "graph");
  await moveDurably(from, to, `${to}.partial`);
  t.deepEqual([await readdir(directory), await readdir(mounted)], [[], ["graph"]]);
  t.is(await readFile(join(to, "inner", "file"), "utf8"), "content");
  t.is(await readlink(join(to, "inner", "link")), "file");
  t.is((await lstat(join(to, "inner", "file"))).mode & 0o777, 0o640);
  await moveDurably(to, join(directory, "back"), join(directory, "partial"));
  // No store can take a mount's place.
  await t.throwsAsync(Staging.create(mounted), { code: "TARGET_EXISTS", message: /mount point/ });
  t.deepEqual([await readdir(directory), await readdir(mounted)], [["back"], []]);
});

test("a copy has the owners of its original, at each of its members, and the times of its files, whatever half a copy of before left", async (t) => {
  const directory = await temporaryDirectory(t);
  const [from, to] = [join(directory, "graph"), join(directory, "copy")];
  await mkdir(join(from, "inner"), { recursive: true });
  await writeFile(join(from, "inner", "file"), "content");
  await symlink("file", join(from, "inner", "link"));
  const members = ["", "inner", "inner/file", "inner/link"];
  const asRoot = process.geteuid?.() === 0;
  if (!asRoot) t.log("SKIPPED: only root gives files to another user");
  const time = new Date("2020-02-02T02:02:02Z");
  for (const [index, name] of members.entries()) {
    if (asRoot) await lchown(join(from, name), 4001 + index, 5001 + index);
    if (name.endsWith("file")) await utimes(join(from, name), time, time);
  }
  await mkdir(join(`${to}.partial`, "inner"), { recursive: true });
  await writeFile(join(`${to}.partial`, "inner", "left"), "");
  await copyDurably(from, to, `${to}.partial`);
  t.deepEqual((await readdir(to, { recursive: true })).sort(), members.slice(1));
  for (const [index, name] of members.entries()) {
    const { uid, gid, mtime } = await lstat(join(to, name));
    if (asRoot) t.deepEqual([uid, gid], [4001 + index, 5001 + index], name);
    if (name.endsWith("file")) t.deepEqual(mtime, time, name);
  }
});

/** What is renamed and synced, in that order, and when the first is removed. */
async function callsOf(directory: string, script: string): Promise<string[]> {
  const log = join(directory, "strace.log");
  const all = `import { copyDurably, moveDurably, removeDirectory, renameDurably } from "#src/operations/disk/places.js"; const at = (name) => process.argv[1] + "/" + name; await ${script};`;
  const args = ["-f", "-y", "-o", log, "-etrace=fsync,rename,unlink,rmdir", process.execPath, "--input-type=module", "-e", all, directory];
  const { status, stderr } = spawnSync("strace", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const calls = [...(await readFile(log, "utf8")).matchAll(/(?:fsync\(\d+<|(?:rename|unlink|rmdir)\(")([^>"]+)[^\n]*= 0/g)];
  const found = calls.map(([call, path = ""]) => `${call.slice(0, call.indexOf("("))} ${path.slice(directory.length + 1)}`);
  return found.filter((call, index) => !/^(unlink|rmdir)/.test(call) || index === found.findIndex((other) => /^(unlink|rmdir)/.test(other))).map((call) => (/^(unlink|rmdir)/.test(call) ? "remove" : call));
}

test("all of a copy is on the disk before it gets its name", async (t) => {
  if (straceIsMissing(t)) return;
  const directory = await realpath(await temporaryDirectory(t));
  await mkdir(join(directory, "graph", "inner"), { recursive: true });
  for (const name of ["file", "inner/file"]) await writeFile(join(directory, "graph", name), "content");
  const calls = await callsOf(directory, 'copyDurably(at("graph"), at("copy"), at("copy.partial"))');
  const name = calls.indexOf("rename copy.partial");
  t.deepEqual([...new Set(calls.slice(0, name))].sort(), ["fsync copy.partial", "fsync copy.partial/file", "fsync copy.partial/inner", "fsync copy.partial/inner/file"]);
  t.deepEqual(calls.slice(name + 1), ["fsync "]);
});

for (const [what, script, expected] of [
  ["renamed within a directory", 'renameDurably(at("one/graph"), at("one/new"))', ["rename one/graph", "fsync one"]],
  ["renamed into another directory", 'renameDurably(at("one/graph"), at("other/graph"))', ["rename one/graph", "fsync other", "fsync one"]],
  ["moved into another directory", 'moveDurably(at("one/graph"), at("other/graph"), at("other/partial"))', ["rename one/graph", "fsync other", "fsync one"]],
  ["removed", 'removeDirectory(at("one/graph"))', ["rename one/graph", "fsync one", "remove"]],
] as const) {
  test(`what is ${what} is so for good, before anything else is done`, async (t) => {
    if (straceIsMissing(t)) return;
    const directory = await realpath(await temporaryDirectory(t));
    await mkdir(join(directory, "one", "graph"), { recursive: true });
    await writeFile(join(directory, "one", "graph", "file"), "content");
    await mkdir(join(directory, "other"));
    t.deepEqual(await callsOf(directory, script), expected);
  });
}

test("what an interrupted removal left is no hindrance to the next one, and goes with it", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const name of ["graph", "graph.kgdump-removed"]) {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, "file"), "");
  }
  await removeDirectory(join(directory, "graph"));
  t.deepEqual(await readdir(directory), []);
  await removeDirectory(join(directory, "graph"));
});

test("only an empty directory is empty, and only what takes room on the disk is counted", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  await mkdir(at("empty"));
  await mkdir(at("other"));
  await writeFile(join(at("other"), "file"), "");
  await writeFile(at("file"), "");
  await symlink("nowhere", at("link"));
  for (const [name, occupant] of [["none", "absent"], ["link", "absent"], ["empty", "empty"], ["other", "unknown"], ["file", "unknown"]] as const) t.is(await occupantOf(at(name)), occupant, name);
  await truncate(at("file"), 1 << 30);
  t.true(((await diskUseOf(directory)) ?? 0) < 1 << 20, "a hole takes nothing");
  await writeFile(at("file"), Buffer.alloc(3 << 20, 1));
  t.true(((await diskUseOf(directory)) ?? 0) >= 3 << 20);
});

test("nothing is moved over something else, and a name is free only when each of those it comes with is", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  for (const name of ["a", "b"]) {
    await mkdir(at(name));
    await writeFile(join(at(name), "file"), name);
  }
  await t.throwsAsync(renameDurably(at("a"), at("b")), { code: "TARGET_EXISTS" });
  t.is(await readFile(join(at("b"), "file"), "utf8"), "b");
  const now = new Date("2026-01-01T00:00:59Z");
  await mkdir(at("x20260101T000059Z"));
  await writeFile(at("y20260101T000100Z"), "");
  t.is(await freeStamp(now, (stamp) => [at(`x${stamp}`), at(`y${stamp}`)]), "20260101T000101Z");
  t.is(await freeStamp(now, (stamp) => [at(`y${stamp}`)]), "20260101T000059Z");
  t.is(await diskUseOf(at("none")), null);
});
