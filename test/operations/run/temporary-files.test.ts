/** What ends a process at once removes the temporary files that it was writing, and nothing else. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { removeFileNow } from "#src/operations/disk/name-changes.js";
import { beginTemporary, endTemporary, removeTemporaries } from "#src/operations/run/temporary-files.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("only what is still temporary is removed, and what can't be removed is left", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  for (const name of ["writing", "done"]) await writeFile(at(name), "");
  await mkdir(at("directory"));
  for (const name of ["writing", "done", "directory", "gone"]) beginTemporary(at(name), removeFileNow);
  endTemporary(at("done"));
  removeTemporaries();
  t.deepEqual((await readdir(directory)).sort(), ["directory", "done"]);
});
