import { execFileSync } from "node:child_process";
import { chmod, lstat, mkdir, readFile, readlink, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { copyTree } from "#src/operations/disk/copy-tree.js";
import { temporaryDirectory } from "../../support/temporary.js";

const LONG_AGO = new Date("2001-02-03T04:05:06Z");

test("all that is in a directory is copied, with its times, and links stay what they are", async (t) => {
  const directory = await temporaryDirectory(t);
  const [from, to] = [join(directory, "from"), join(directory, "to")];
  await mkdir(join(from, "inner", "empty"), { recursive: true });
  const large = Buffer.alloc(3_000_001, "content ");
  await writeFile(join(from, "inner", "large"), large, { mode: 0o640 });
  await writeFile(join(from, "empty"), "");
  await symlink("nowhere/at all", join(from, "link"));
  for (const name of ["inner/large", "inner/empty", "inner"]) await utimes(join(from, name), LONG_AGO, LONG_AGO);
  await copyTree(from, to);
  t.deepEqual(await readFile(join(to, "inner", "large")), large);
  t.is((await lstat(join(to, "empty"))).size, 0);
  t.is(await readlink(join(to, "link")), "nowhere/at all");
  for (const name of ["inner/large", "inner/empty", "inner"]) t.deepEqual((await lstat(join(to, name))).mtime, LONG_AGO, name);
  t.is((await lstat(join(to, "inner", "large"))).mode & 0o777, 0o640);
  t.is((await lstat(to)).mode & 0o777, 0o700);
});

test("nothing is replaced, but a directory may be there", async (t) => {
  const directory = await temporaryDirectory(t);
  const [from, to] = [join(directory, "from"), join(directory, "to")];
  for (const place of [from, to]) await mkdir(place);
  await writeFile(join(from, "file"), "new");
  await copyTree(from, to);
  t.is(await readFile(join(to, "file"), "utf8"), "new");
  await writeFile(join(from, "file"), "newer");
  await t.throwsAsync(copyTree(from, to), { code: "EEXIST" });
  await symlink("x", join(from, "link"));
  await t.throwsAsync(copyTree(join(from, "link"), join(to, "file")), { code: "EEXIST" });
  t.is(await readFile(join(to, "file"), "utf8"), "new");
});

test("what is waited for, and what may not be read, is no copy", async (t) => {
  const directory = await temporaryDirectory(t);
  execFileSync("mkfifo", [join(directory, "fifo")]);
  await t.throwsAsync(copyTree(join(directory, "fifo"), join(directory, "copy")), { code: "IO_FAILED", message: /fifo is a FIFO/ });
  await t.throwsAsync(copyTree(join(directory, "nothing"), join(directory, "copy")), { code: "ENOENT" });
  if (process.geteuid?.() === 0) return;
  await writeFile(join(directory, "secret"), "1");
  await chmod(join(directory, "secret"), 0);
  await t.throwsAsync(copyTree(join(directory, "secret"), join(directory, "copy")), { code: "EACCES" });
});
