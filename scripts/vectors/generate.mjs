#!/usr/bin/env node
// @ts-check
/**
 * Writes format-spec/vectors: the same bytes each time.
 *
 *     node scripts/vectors/generate.mjs            writes what differs and removes what is no vector any more
 *     node scripts/vectors/generate.mjs --check    only says whether all is as it should be
 */
import { readdir, readFile, rm, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inProject } from "../setup/paths.mjs";
import { APPLIED, makeApplied } from "./apply.mjs";
import { makeInvalid, makeValid } from "./expect.mjs";
import { INVALID_BLOCKS } from "./invalid-blocks.mjs";
import { INVALID_CODECS } from "./invalid-codecs.mjs";
import { INVALID_ENDS } from "./invalid-ends.mjs";
import { INVALID_FIELDS } from "./invalid-fields.mjs";
import { INVALID_FRAMES } from "./invalid-frames.mjs";
import { INVALID_MARKERS } from "./invalid-markers.mjs";
import { VALID } from "./valid.mjs";

const PARTS = ["valid", "invalid", "apply"];

/** Where the vectors are. */
export const VECTORS = inProject("format-spec", "vectors");

/**
 * Which vectors break each requirement.
 * @param {readonly import("./expect.mjs").Invalid[]} vectors
 */
function requirements(vectors) {
  /** @type {Map<string, string[]>} */
  const broken = new Map();
  for (const { name, breaks } of vectors) for (const id of breaks) broken.set(id, [...(broken.get(id) ?? []), name]);
  const ids = [...broken.keys()].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  const rows = ids.map((id) => `| ${id} | ${String(broken.get(id)?.length)} | ${(broken.get(id) ?? []).sort().join(", ")} |`);
  const head = ["# Requirements and the vectors that break them", "", "Made by `scripts/vectors/generate.mjs`. The ids are those in [the specification](../README.md).", ""];
  return `${[...head, "| requirement | vectors | names, in `invalid/` |", "| --- | --- | --- |", ...rows].join("\n")}\n`;
}

/** @param {object} json */
const text = (json) => Buffer.from(`${JSON.stringify(json, null, 1).replaceAll(/\[\n\s+("[0-9a-f]*"),\n\s+("[0-9a-f]*"|null)\n\s+\]/g, "[$1, $2]")}\n`);

/** All files of the vectors. @returns {Map<string, Buffer>} by path below VECTORS */
export function makeVectors() {
  /** @type {Map<string, Buffer>} */
  const files = new Map();
  const add = (/** @type {string} */ path, /** @type {{ bytes: Buffer, json: object }} */ { bytes, json }) => {
    if (files.has(`${path}.kgd`)) throw new TypeError(`two vectors are named ${path}`);
    files.set(`${path}.kgd`, bytes);
    files.set(`${path}.json`, text(json));
  };
  for (const vector of VALID) add(`valid/${vector.name}`, makeValid(vector));
  const invalid = [...INVALID_FRAMES, ...INVALID_MARKERS, ...INVALID_FIELDS, ...INVALID_BLOCKS, ...INVALID_CODECS, ...INVALID_ENDS];
  for (const vector of invalid) add(`invalid/${vector.name}`, makeInvalid(vector));
  for (const set of APPLIED) {
    const { dumps, json } = makeApplied(set);
    dumps.forEach((bytes, place) => files.set(`apply/${set.name}.${String(place)}.kgd`, bytes));
    files.set(`apply/${set.name}.json`, text(json));
  }
  files.set("requirements.md", Buffer.from(requirements(invalid)));
  return files;
}

/**
 * Compares the files with what they should be.
 * @returns {Promise<{ wrong: string[], extra: string[] }>} paths below VECTORS
 */
export async function compareVectors(files = makeVectors()) {
  const wrong = [];
  for (const [path, bytes] of files) {
    const found = await readFile(join(VECTORS, path)).catch(() => undefined);
    if (found === undefined || !found.equals(bytes)) wrong.push(path);
  }
  const there = await Promise.all(PARTS.map(async (part) => (await readdir(join(VECTORS, part)).catch(() => [])).map((name) => `${part}/${name}`)));
  return { wrong, extra: there.flat().filter((path) => !files.has(path)) };
}

/** @param {boolean} check */
async function main(check) {
  const files = makeVectors();
  const { wrong, extra } = await compareVectors(files);
  if (check) {
    for (const path of [...wrong, ...extra]) process.stderr.write(`not as generated: ${path}\n`);
    if (wrong.length + extra.length > 0) process.exitCode = 1;
    return;
  }
  for (const part of PARTS) await mkdir(join(VECTORS, part), { recursive: true });
  for (const path of wrong) await writeFile(join(VECTORS, path), files.get(path) ?? "");
  for (const path of extra) await rm(join(VECTORS, path));
  process.stdout.write(`${String(files.size)} files, ${String(wrong.length)} written, ${String(extra.length)} removed\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(process.argv.includes("--check"));
