// @ts-check
/** The page of what is trusted: each promise names tests that there are, and SECURITY.md leads to it. */
import { readFile } from "node:fs/promises";
import test from "ava";
import { wrongPromises } from "../../scripts/promises.mjs";
import { inProject } from "../../scripts/setup/paths.mjs";

const page = await readFile(inProject("docs", "security.md"), "utf8");

test("each promise of docs/security.md names tests that there are", (t) => {
  const { promises, wrong } = wrongPromises(page);
  t.true(promises >= 20, String(promises));
  t.deepEqual(wrong, []);
});

test("a promise without a test is told, and one whose test is gone", (t) => {
  const table = "| promise | test |\n| --- | --- |\n";
  t.deepEqual(wrongPromises(`${table}| nothing is lost | |\n`).wrong, ["docs/security.md: no test is named of: | nothing is lost | |"]);
  t.is(wrongPromises(`${table}| \`this\` is kept | \`faults/crash\`, \`faults\`, \`faults/gone\` |\n`).wrong.length, 2);
  for (const [, name = ""] of page.matchAll(/`(faults\/[\w-]+)`/g)) t.true(wrongPromises(page, (other) => other !== name).wrong.length > 0, name);
});

test("SECURITY.md leads to it", async (t) => {
  t.true((await readFile(inProject("SECURITY.md"), "utf8")).includes("(docs/security.md)"));
});
