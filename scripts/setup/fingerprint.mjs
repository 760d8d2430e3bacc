// @ts-check
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/**
 * All files below a directory, sorted; an absent directory has none.
 * @param {string} directory
 * @param {(path: string) => boolean} [skip] whether to leave out a file or directory, by its path relative to `directory`
 * @returns {Promise<string[]>} absolute paths
 */
export async function filesBelow(directory, skip = () => false) {
  /** @type {string[]} */
  const found = [];
  /** @param {string} current */
  const walk = async (current) => {
    const entries = await readdir(current, { withFileTypes: true }).catch(ignoreAbsent);
    for (const entry of entries ?? []) {
      const path = join(current, entry.name);
      if (skip(relative(directory, path))) continue;
      if (entry.isDirectory()) await walk(path);
      else found.push(path);
    }
  };
  await walk(directory);
  return found.sort();
}

/**
 * SHA-256 over the names and contents of files and over further texts.
 * @param {string} base names are taken relative to it, so that clones at different places agree
 * @param {readonly string[]} files absolute paths; an absent one counts as such
 * @param {readonly string[]} [texts]
 * @returns {Promise<string>} 32 hexadecimal digits
 */
export async function fingerprint(base, files, texts = []) {
  const hash = createHash("sha256");
  const contents = await Promise.all(files.map((file) => readFile(file).catch(ignoreAbsent)));
  for (const [i, file] of files.entries()) {
    const content = contents[i];
    hash.update(`${relative(base, file)}\0${content === undefined ? "absent" : String(content.length)}\0`);
    if (content !== undefined) hash.update(content);
  }
  for (const text of texts) hash.update(`${String(text.length)}\0${text}`);
  return hash.digest("hex").slice(0, 32);
}

/**
 * The text of a small file, or "" when it is not there.
 * @param {string} path
 */
export async function textOf(path) {
  return (await readFile(path, "utf8").catch(ignoreAbsent)) ?? "";
}

/**
 * @param {unknown} error
 * @returns {undefined}
 */
export function ignoreAbsent(error) {
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "ENOENT" || code === "ENOTDIR") return undefined;
  throw error;
}
