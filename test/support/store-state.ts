/** What a store's files are, to be compared later. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/** Names, modes, sizes, times and content of all files, a line each, which begins with the name. */
export async function stateOf(path: string): Promise<string[]> {
  const names = (await readdir(path, { recursive: true })).sort();
  return Promise.all(
    [".", ...names].map(async (name) => {
      const { mode, size, mtimeMs, ctimeMs, ino, nlink } = await stat(join(path, name));
      const content = (mode & 0o170000) === 0o100000 ? crc32(await readFile(join(path, name))) : 0;
      return [name, mode, size, mtimeMs, ctimeMs, ino, nlink, content].join(" ");
    }),
  );
}
