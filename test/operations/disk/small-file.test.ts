/** The beginning of a file that anybody may have put there. */
import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { startOfFile } from "#src/operations/disk/small-file.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("as much as is asked for is read of a file, and nothing of what is none: a FIFO without a writer is not waited for", async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, "file"), "0123456789");
  await writeFile(join(directory, "empty"), "");
  await symlink("file", join(directory, "link"));
  await symlink("nowhere", join(directory, "dangling"));
  await mkdir(join(directory, "directory"));
  execFileSync("mkfifo", [join(directory, "fifo")]);
  for (const [name, most, wanted] of [
    ["file", 4, "0123"], ["file", 10, "0123456789"], ["file", 1_000_000, "0123456789"], ["file", 0, ""], ["link", 4, "0123"],
    ["empty", 4, ""], ["missing", 4, ""], ["dangling", 4, ""], ["directory", 4, ""], ["fifo", 4, ""], ["/dev/zero", 4, ""],
  ] as const) t.is((await startOfFile(join(name.startsWith("/") ? "/" : directory, name), most)).toString(), wanted, `${name}, ${String(most)} bytes`);
});
