/** Files where others may have put something: only a short regular file is read, and nothing is waited for. */
import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { readSmallFile } from "#src/operations/disk/trusted.js";
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
