/** Directories that move: to the same file system or another, whole, and never over something else. */
import { spawnSync } from "node:child_process";
import { lstat, mkdir, readdir, readFile, readlink, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { compareFiles, diskUseOf, freeStamp, moveDurably, renameDurably } from "#src/operations/disk/places.js";
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

test("all of a copy is on the disk before it gets its name", async (t) => {
  if (straceIsMissing(t)) return;
  const directory = await realpath(await temporaryDirectory(t));
  await mkdir(join(directory, "graph", "inner"), { recursive: true });
  for (const name of ["file", "inner/file"]) await writeFile(join(directory, "graph", name), "content");
  const script = 'import { copyDurably } from "#src/operations/disk/places.js"; const [from, to] = process.argv.slice(1); await copyDurably(from, to, `${to}.partial`);';
  const log = join(directory, "strace.log");
  const args = ["-f", "-y", "-o", log, "-etrace=fsync,rename", process.execPath, "--input-type=module", "-e", script, join(directory, "graph"), join(directory, "copy")];
  const { status, stderr } = spawnSync("strace", args, { encoding: "utf8" });
  t.is(status, 0, stderr);
  const calls = [...(await readFile(log, "utf8")).matchAll(/(?:fsync\(\d+<|rename\(")([^>"]+)/g)].map(([call, path = ""]) => `${call.slice(0, call.indexOf("("))} ${path.slice(directory.length + 1)}`);
  const name = calls.indexOf("rename copy.partial");
  t.deepEqual([...new Set(calls.slice(0, name))].sort(), ["fsync copy.partial", "fsync copy.partial/file", "fsync copy.partial/inner", "fsync copy.partial/inner/file"]);
  t.deepEqual(calls.slice(name + 1), ["fsync "]);
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
