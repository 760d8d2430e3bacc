// @ts-check
/** What a shared library needs of the system it runs on, as objdump tells. */
import { run } from "../setup/run.mjs";

/**
 * The newest version of each library's symbols that a file needs, such as GLIBC 2.28.
 * @param {string} file
 * @param {string} tools what the name of objdump for its platform begins with
 * @returns {Promise<Map<string, string>>}
 */
export async function neededVersions(file, tools = "") {
  const text = await run(`${tools}objdump`, ["-T", file], { failure: `objdump can't read ${file}` });
  /** @type {Map<string, string>} */
  const newest = new Map();
  for (const line of text.split("\n")) {
    // What a file defines itself is no need.
    if (!line.includes("*UND*")) continue;
    const found = /\(?(GLIBC|GLIBCXX|CXXABI|GCC)_([0-9.]+)\)?/.exec(line);
    const [, name = "", version = ""] = found ?? [];
    if (name !== "" && isNewer(version, newest.get(name) ?? "0")) newest.set(name, version);
  }
  return newest;
}

/**
 * Whether a version is newer than another.
 * @param {string} a
 * @param {string} b
 */
export function isNewer(a, b) {
  const [left, right] = [a, b].map((text) => text.split(".").map(Number));
  for (let place = 0; place < Math.max(left?.length ?? 0, right?.length ?? 0); place += 1) {
    const difference = (left?.[place] ?? 0) - (right?.[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
