/** What else lies in a store's directory, and is none of its engine's: it is the program's own, and has to be there as before. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { engineNamed } from "../../../engines/registry.js";
import type { EngineName } from "../../../engines/store.js";
import { systemError } from "../../../errors.js";
import { copyTree } from "../../disk/copy-tree.js";
import { copyOwner } from "../../disk/likeness.js";
import { compareFiles } from "../../disk/places.js";
import { syncDirectory } from "../../disk/sync.js";

/**
 * Copies what is none of the engine's from a store's directory into another one, with its owners, modes and times; links stay what they are. Each file is
 * compared with its original, and made durable.
 * @throws {KgdumpError} VERIFY_DIFFERENCE, NO_SPACE, PERMISSION_DENIED, IO_FAILED
 */
export async function copyCompanions(from: string, to: string, engine: EngineName): Promise<void> {
  try {
    const names = (await readdir(from)).filter((name) => !engineNamed(engine).ownNames.test(name));
    for (const name of names) {
      await copyTree(join(from, name), join(to, name));
      await finish(join(from, name), join(to, name));
    }
    if (names.length > 0) await syncDirectory(to);
  } catch (error) {
    throw systemError(error, `copying the other files of ${from}`, { path: from });
  }
}

async function finish(original: string, copy: string): Promise<void> {
  const like = await lstat(original);
  await copyOwner(original, copy);
  if (like.isFile()) await compareFiles(original, copy);
  if (!like.isDirectory()) return;
  for (const name of await readdir(original)) await finish(join(original, name), join(copy, name));
  await syncDirectory(copy);
}
