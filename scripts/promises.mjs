// @ts-check
/** The promises of docs/security.md: each names a test that there is. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { inProject } from "./setup/paths.mjs";

/**
 * What is wrong with the promises of a page: the rows of tables whose head is `promise | test`.
 * @param {string} page
 * @param {(name: string) => boolean} isTest
 * @returns {{ promises: number, wrong: string[] }}
 */
export function wrongPromises(page, isTest = (name) => [".test.ts", ".test.mjs"].some((end) => existsSync(inProject("test", ...`${name}${end}`.split("/"))))) {
  /** @type {string[]} */
  const wrong = [];
  let promises = 0;
  let isTable = false;
  for (const line of page.split("\n")) {
    if (!line.startsWith("|")) isTable = false;
    else if (/^\| promise \| test \|$/.test(line)) isTable = true;
    else if (isTable && !line.startsWith("| ---")) {
      promises += 1;
      const names = [...line.slice(line.slice(0, -1).lastIndexOf("|")).matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
      if (names.length === 0) wrong.push(`docs/security.md: no test is named of: ${line}`);
      for (const name of names) if (!isTest(name)) wrong.push(`docs/security.md: ${name} is no test, named of: ${line}`);
    }
  }
  return { promises, wrong };
}

/** What is wrong with docs/security.md, as text; empty when all is right. */
export async function checkPromises() {
  const { promises, wrong } = wrongPromises(await readFile(inProject("docs", "security.md"), "utf8"));
  return promises === 0 ? "docs/security.md has no promises" : wrong.join("\n");
}
