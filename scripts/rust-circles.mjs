// @ts-check
/**
 * No circles between the Rust files of an addon: what two files take from each other can only be read, tested or moved as one.
 *
 * A file uses another when a path in it (`crate::a::b`, `super::b`, or from a module declared in it on) leads there; `mod` alone is no use.
 * Comments, texts and what is only for tests (`#[cfg(test)] mod`, also within `all(…)`) don't count. Not seen are: methods whose `impl` stands in
 * another file than their type; what macros make of names; where an item comes from that a module has by `pub use` (it counts as the module's own);
 * and what a path reaches through a name that a `use` brought (it counts as far as the `use` goes). In a module within a file `super` is taken
 * for what is above the file.
 */
import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { exists } from "./setup/cache.mjs";

/** What is no code: comments, texts (plain and raw) and characters. */
const NO_CODE = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\bb?r(#*)"[\s\S]*?"\1|"(?:\\[\s\S]|[^"\\])*"|'(?:\\.[^'\n]*|[^'\\\n])'/g;
const DECLARED = /(#\[cfg\((?:all\()?test\b[^\]]*\]\s*)?(?:pub(?:\([^)]*\))?\s+)?\bmod\s+(\w+)\s*;/g;
const TEST_BLOCK = /#\[cfg\((?:all\()?test\b[^\]]*\]\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*\{/;

/** @typedef {{ file: string, code: string, children: ReadonlySet<string> }} Module */

/**
 * Circles of each crate: a line for each, which names its files and what they take from one another.
 * @param {readonly string[]} crates directories
 * @param {string} [base] names of files are taken relative to it
 * @returns {Promise<string[]>}
 */
export async function rustCircles(crates, base = ".") {
  const complaints = [];
  for (const crate of crates) {
    /** @type {Map<string, Module>} */
    const modules = new Map();
    for (const root of ["lib.rs", "main.rs"]) if (await exists(join(crate, "src", root))) await readModule(join(crate, "src", root), "crate", modules);
    for (const circle of circlesOf(usesOf(modules))) {
      const name = (/** @type {string} */ module) => relative(base, modules.get(module)?.file ?? module);
      complaints.push(`a circle: ${circle.map(({ from, to, as }) => `${name(from)} takes ${as} of ${name(to)}`).join(", ")}`);
    }
  }
  return complaints;
}

/**
 * Reads a file and those of the modules that it declares.
 * @param {string} file
 * @param {string} module its path
 * @param {Map<string, Module>} modules
 */
async function readModule(file, module, modules) {
  const code = withoutTests((await readFile(file, "utf8")).replaceAll(NO_CODE, " "));
  const children = [...code.matchAll(DECLARED)].flatMap(([, test, name = ""]) => (test === undefined ? [name] : []));
  modules.set(module, { file, code, children: new Set(children) });
  const below = /^(lib|main|mod)\.rs$/.test(basename(file)) ? dirname(file) : file.replace(/\.rs$/, "");
  for (const child of children) {
    const [flat, folder] = [join(below, `${child}.rs`), join(below, child, "mod.rs")];
    await readModule((await exists(flat)) ? flat : folder, `${module}::${child}`, modules);
  }
}

/** @param {string} code */
function withoutTests(code) {
  for (let block = TEST_BLOCK.exec(code); block !== null; block = TEST_BLOCK.exec(code)) {
    let end = block.index + block[0].length;
    for (let depth = 1; depth > 0 && end < code.length; end += 1) depth += code[end] === "{" ? 1 : code[end] === "}" ? -1 : 0;
    code = code.slice(0, block.index) + code.slice(end);
  }
  return code;
}

/**
 * What each module uses: for each other one a path that leads there.
 * @param {ReadonlyMap<string, Module>} modules
 */
function usesOf(modules) {
  /** @type {Map<string, Map<string, string>>} */
  const uses = new Map();
  for (const [module, { code, children }] of modules) {
    /** @type {Map<string, string>} */
    const used = new Map();
    for (const path of pathsIn(code)) {
      const parts = absolute(path.split("::"), module, children);
      while (parts.length > 0 && !modules.has(parts.join("::"))) parts.pop();
      const target = parts.join("::");
      if (target !== "" && target !== module && !used.has(target)) used.set(target, path);
    }
    uses.set(module, used);
  }
  return uses;
}

/**
 * All paths of some code, those of `use` with braces one by one.
 * @param {string} code
 * @returns {string[]}
 */
function pathsIn(code) {
  const plain = code.replaceAll(/\buse\s[^;]*;/g, " ");
  const imported = [...code.matchAll(/\buse\s+([^;]*);/g)].flatMap(([, tree = ""]) => spread(tree.replaceAll(/\s+as\s+\w+|\s/g, "")));
  return [...imported, ...[...plain.matchAll(/(?<![\w:>])\w+(?:::\w+)+/g)].map(([path]) => path)];
}

/**
 * @param {string} tree as in `a::{b, c::{d, e}}`, without spaces
 * @returns {string[]}
 */
function spread(tree) {
  const open = tree.indexOf("{");
  if (open < 0) return [tree];
  const parts = [""];
  let depth = 0;
  for (const character of tree.slice(open + 1, tree.lastIndexOf("}"))) {
    if (character === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
    depth += character === "{" ? 1 : character === "}" ? -1 : 0;
  }
  return parts.filter((part) => part !== "").flatMap(spread).map((part) => tree.slice(0, open) + part);
}

/**
 * The path from the crate's root on; empty when it leads out of the crate.
 * @param {readonly string[]} path
 * @param {string} module
 * @param {ReadonlySet<string>} children
 * @returns {string[]}
 */
function absolute([first = "", ...rest], module, children) {
  if (first === "crate") return [first, ...rest];
  const own = module.split("::");
  if (children.has(first)) return [...own, first, ...rest];
  if (first === "self") return [...own, ...rest];
  if (first !== "super") return [];
  const above = rest.findIndex((part) => part !== "super");
  return [...own.slice(0, -1 - above), ...rest.slice(above)];
}

/**
 * For each module that is in a circle, and in none of those before, a shortest one.
 * @param {ReadonlyMap<string, ReadonlyMap<string, string>>} uses
 */
function circlesOf(uses) {
  /** @type {{ from: string, to: string, as: string }[][]} */
  const circles = [];
  const told = new Set();
  for (const start of uses.keys()) {
    if (told.has(start)) continue;
    const circle = circleFrom(start, uses);
    if (circle.length === 0) continue;
    for (const { from } of circle) told.add(from);
    circles.push(circle);
  }
  return circles;
}

/**
 * The shortest way from a module back to itself; empty when there is none.
 * @param {string} start
 * @param {ReadonlyMap<string, ReadonlyMap<string, string>>} uses
 */
function circleFrom(start, uses) {
  /** @type {{ from: string, to: string, as: string }[][]} */
  const ways = [[]];
  const seen = new Set();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const from = way.at(-1)?.to ?? start;
    for (const [to, as] of uses.get(from) ?? []) {
      if (to === start) return [...way, { from, to, as }];
      if (!seen.has(to)) ways.push([...way, { from, to, as }]);
      seen.add(to);
    }
  }
  return [];
}
