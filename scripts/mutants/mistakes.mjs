// @ts-check
/** The kept list of mistakes. */
import { readdir, readFile } from "node:fs/promises";
import { inProject } from "../setup/paths.mjs";
import { SetupError } from "../setup/setup-error.mjs";

/**
 * @typedef {object} Mistake
 * @property {string} file source, relative to the project
 * @property {string} what what is wrong then, in words
 * @property {string} from text that is in the file once
 * @property {string} to what stands there instead
 * @property {readonly string[]} tests files below test/, without their ending, or crates (`native/NAME`: its unit tests) or files of their tests
 * (`native/NAME/tests/FILE.rs`); one of them must fail
 * @property {string} [match] only tests whose title matches this pattern of AVA's, or whose name has this in it when they are a crate's
 * @property {Record<string, string>} [env] added to the environment of the tests
 */

/**
 * All mistakes of test/mutants/*.jsonl.
 * @returns {Promise<Mistake[]>}
 * @throws {SetupError} when a line is not one
 */
export async function readMistakes() {
  const directory = inProject("test", "mutants");
  const names = (await readdir(directory)).filter((name) => name.endsWith(".jsonl")).sort();
  return (await Promise.all(names.map((name) => mistakesIn(`${directory}/${name}`)))).flat();
}

/**
 * All mistakes of a file.
 * @param {string} path
 * @returns {Promise<Mistake[]>}
 * @throws {SetupError} when it can't be read, or a line is not one
 */
export async function mistakesIn(path) {
  const text = await readFile(path, "utf8").catch((error) => {
    throw new SetupError(`${path} can't be read: ${error.message}`);
  });
  return text.split("\n").flatMap((line, index) => (line === "" ? [] : [parse(line, `${path}:${String(index + 1)}`)]));
}

/**
 * @param {string} line
 * @param {string} place
 * @returns {Mistake}
 */
function parse(line, place) {
  try {
    const mistake = JSON.parse(line);
    const texts = [mistake.file, mistake.what, mistake.from, mistake.to, ...mistake.tests];
    if (mistake.tests.length > 0 && texts.every((text) => typeof text === "string") && mistake.from !== mistake.to) return mistake;
  } catch {
    // It is told below.
  }
  throw new SetupError(`${place} is not a mistake: file, what, from, to, tests`);
}

/**
 * The file's text with the mistake in it.
 * @param {string} text
 * @param {Mistake} mistake
 * @returns {string | null} null when its place is not there, or not the only one
 */
export function withMistake(text, { from, to }) {
  const at = text.indexOf(from);
  if (at < 0 || text.indexOf(from, at + 1) >= 0) return null;
  return text.slice(0, at) + to + text.slice(at + from.length);
}

/**
 * `count` of them, drawn by a seed (Fisher and Yates; the numbers are those of mulberry32).
 * @template T
 * @param {readonly T[]} all
 * @param {number} count
 * @param {number} seed
 * @returns {T[]}
 */
export function some(all, count, seed) {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const rest = [...all];
  return Array.from({ length: Math.min(count, rest.length) }, () => rest.splice(Math.floor(random() * rest.length), 1)).flat();
}
