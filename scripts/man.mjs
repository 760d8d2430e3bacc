#!/usr/bin/env node
// @ts-check
/** Writes the manual pages into a directory: `node scripts/man.mjs [DIRECTORY]`, build/man by default. */
import "./setup/node-version.mjs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runScript, setUp } from "./setup.mjs";
import { inProject } from "./setup/paths.mjs";
import { manualPages } from "./man/pages.mjs";

/**
 * Writes the pages.
 * @param {string} directory
 * @returns {Promise<string[]>} their files' names
 */
export async function writePages(directory) {
  const { SOURCE_DATE_EPOCH: epoch } = process.env;
  const pages = await manualPages(epoch === undefined ? new Date() : new Date(Number(epoch) * 1000));
  await mkdir(directory, { recursive: true });
  for (const [name, text] of pages) await writeFile(join(directory, name), text);
  return [...pages.keys()];
}

if (process.argv[1] === import.meta.filename) {
  const directory = process.argv[2] ?? inProject("build", "man");
  await runScript("man", async () => {
    await setUp();
    const names = await writePages(directory);
    process.stderr.write(`man: ${String(names.length)} pages in ${directory}\n`);
  });
}
