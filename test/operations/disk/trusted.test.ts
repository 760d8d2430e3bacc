/** Files where others may have put something: only a short regular file is read, and nothing is waited for. */
import { execFileSync } from "node:child_process";
import { chmod, chown, lstat, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { ownDirectory, readSmallFile } from "#src/operations/disk/trusted.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("a small file is a file itself, and no longer than it may be", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  await writeFile(at("file"), "1234");
  await symlink("file", at("link"));
  await mkdir(at("directory"));
  execFileSync("mkfifo", [at("fifo")]);
  t.is((await readSmallFile(at("file"), 4)).text, "1234");
  await t.throwsAsync(readSmallFile(at("file"), 3), { code: "IO_FAILED", message: /has 4 bytes, and may have 3/ });
  for (const name of ["link", "directory", "fifo"]) await t.throwsAsync(readSmallFile(at(name), 4), { code: "IO_FAILED", message: /should be a file, but is a / }, name);
});

test("a directory is one's own, or of the user to whom what one makes belongs, and no link to one", async (t) => {
  const directory = await temporaryDirectory(t);
  const [place, link] = [join(directory, "place"), join(directory, "link")];
  await mkdir(place, { mode: 0o700 });
  await symlink("place", link);
  const { dev, ino } = await lstat(place, { bigint: true });
  t.deepEqual(await ownDirectory(place), { dev, ino });
  t.is(await ownDirectory(link), null);
  t.is(await ownDirectory(join(directory, "nothing")), null);
  if (process.geteuid?.() !== 0) {
    t.log("SKIPPED: only root can give a directory to another user");
    return;
  }
  const OTHER = 54_321;
  await chown(place, OTHER, OTHER);
  t.is(await ownDirectory(place), null);
  t.is(await ownDirectory(place, OTHER + 1), null);
  t.deepEqual(await ownDirectory(place, OTHER), { dev, ino });
  // Others may have put in what they like.
  await chmod(place, 0o770);
  t.is(await ownDirectory(place, OTHER), null);
});
