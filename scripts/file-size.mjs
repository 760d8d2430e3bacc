// @ts-check
/** One concept a file: a file of more than MAX_LINES lines surely holds several. */
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { filesBelow } from "./setup/fingerprint.mjs";
import { inProject, ROOT } from "./setup/paths.mjs";

const MAX_LINES = 320;
const CHECKED = ["src", "bin", "scripts", "native", "bench"];

/** @returns {Promise<string[]>} a line for each file that is too long */
export async function filesTooLong() {
  const skip = (/** @type {string} */ path) => /(^|\/)(target|build|node_modules|sled-copy[^/]*)$/.test(path);
  const complaints = [];
  for (const directory of CHECKED) {
    for (const file of await filesBelow(inProject(directory), skip)) {
      if (!/\.(ts|mts|js|mjs|cjs|rs|cc|h)$/.test(file)) continue;
      const lines = (await readFile(file, "utf8")).split("\n").length - 1;
      if (lines > MAX_LINES) complaints.push(`${relative(ROOT, file)}: ${String(lines)} lines, more than ${String(MAX_LINES)}: split it`);
    }
  }
  return complaints;
}
