/** The specification, its requirements and its vectors agree. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { EXIT_CODE_OF } from "#src/errors.js";
import { invalidVectors, ROOT, validVectors } from "./vector-files.js";

const read = (...path: string[]): string => readFileSync(join(ROOT, "format-spec", ...path), "utf8");
const spec = read("README.md");

/** Sentences, items and table cells of the specification, without its code blocks. */
const sentences = (): string[] => {
  const text = spec.replace(/^ {4}.*$/gm, "");
  const blocks = text.split(/\n(?=\n|\||- |\d+\. )/).map((block) => block.replace(/\s+/g, " ").trim());
  // What introduces a list goes with the list's first item.
  const whole = blocks.map((block, place) => (/[:,]$/.test(block) ? `${block} ${blocks.slice(place + 1).find((next) => next !== "") ?? ""}` : block));
  return whole.flatMap((block) => block.split(/(?<=\.) (?=[A-Z`*0-9])/));
};

test("each MUST has an id", (t) => {
  const untagged = sentences().filter((sentence) => /\bMUST\b/.test(sentence) && !/\[[RWP]\d+\]/.test(sentence));
  t.deepEqual(untagged.filter((sentence) => !sentence.startsWith("MUST, MUST NOT, SHOULD and MAY") && !sentence.startsWith("Each MUST has an id")), []);
  t.true(sentences().filter((sentence) => /\bMUST\b/.test(sentence)).length > 60);
});

test("each requirement that a reader can see has vectors that break it, and no vector breaks anything else", (t) => {
  const ids = new Set([...spec.matchAll(/\[(R\d+)\]/g)].map(([, id]) => id));
  const broken = new Set(invalidVectors().flatMap(({ json }) => json.breaks));
  const inOrder = (set: Set<string | undefined>): string[] => [...set].map(String).sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  t.deepEqual(inOrder(broken), inOrder(ids));
  t.true(ids.size >= 52);
});

test("each error code of the format has vectors", (t) => {
  const codes = new Set(invalidVectors().map(({ json }) => json.code));
  t.deepEqual([...codes].sort(), Object.keys(EXIT_CODE_OF).filter((code) => spec.includes(`| ${code} |`)).sort());
});

test("there are vectors enough, most of them small, none in two places", (t) => {
  const all = [...validVectors(), ...invalidVectors()];
  t.true(all.length >= 700);
  t.true(all.filter(({ bytes }) => bytes.length > 4096).length <= 12);
  // What waits takes 1 MiB in two of them, each with another copy of it.
  t.deepEqual(all.filter(({ bytes }) => bytes.length > 80_000).map(({ name }) => name), ["index-1-mib-less", "index-late-1-mib"]);
  // Some file systems take "A" for "a".
  t.is(new Set(invalidVectors().map(({ name }) => name.toLowerCase())).size, invalidVectors().length);
  const contents = invalidVectors().map(({ bytes }) => bytes.toString("latin1"));
  t.is(new Set(contents).size, contents.length, "two vectors are the same dump");
});

test("the generator gives exactly the committed files", async (t) => {
  await t.notThrowsAsync(promisify(execFile)(process.execPath, [join(ROOT, "scripts", "vectors", "generate.mjs"), "--check"]));
});

test("the vectors that the way to a reader names are there", (t) => {
  const names = [...read("write-a-reader.md").matchAll(/`([a-z-]+)\*`/g)].map(([, prefix]) => prefix ?? "");
  t.true(names.length > 20);
  t.deepEqual(names.filter((prefix) => !invalidVectors().some(({ name }) => name.startsWith(prefix))), []);
});

test("links within the specification lead somewhere", (t) => {
  for (const [directory, file] of [["", "README.md"], ["", "example.md"], ["", "write-a-reader.md"], ["vectors", "README.md"], ["reader", "README.md"], ["vectors", "requirements.md"]] as const) {
    for (const [, target] of read(directory, file).matchAll(/\]\((?!http)([^)#]+)\)/g)) {
      t.true(existsSync(join(ROOT, "format-spec", directory, target ?? "")), `${file}: ${String(target)}`);
    }
  }
});
