// @ts-check
import test from "ava";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { readMistakes, some, withMistake } from "../../scripts/mutants/mistakes.mjs";
import { inProject } from "../../scripts/setup/paths.mjs";
import { tryRun } from "../../scripts/setup/run.mjs";

const COUNT = process.env["KGDUMP_MUTANTS"] ?? "20";
/** Other mistakes are drawn as soon as a list changes. */
const SEED = process.env["SEED"] ?? String(Number.parseInt(createHash("sha256").update(JSON.stringify(await readMistakes())).digest("hex").slice(0, 8), 16));

test("each mistake of the list can still be made, and no two are the same", async (t) => {
  const mistakes = await readMistakes();
  for (const mistake of mistakes) t.not(withMistake(await readFile(inProject(mistake.file), "utf8"), mistake), null, `${mistake.file}: ${mistake.what}`);
  t.is(new Set(mistakes.map(({ file, from, to }) => JSON.stringify([file, from, to]))).size, mistakes.length);
});

test("what is drawn is the same for the same seed, and nothing is drawn twice", (t) => {
  const all = Array.from({ length: 50 }, (_, index) => index);
  t.deepEqual(some(all, 20, 7), some(all, 20, 7));
  t.notDeepEqual(some(all, 20, 7), some(all, 20, 8));
  t.deepEqual(some(all, 100, 7).sort((a, b) => a - b), all);
});

test("mistakes drawn at random are noticed by the tests that they name", async (t) => {
  t.timeout(30 * 60_000);
  // All of these tests are run beside this one.
  t.log(`SEED=${SEED} KGDUMP_MUTANTS=${COUNT}`);
  const { status, stdout, stderr } = await tryRun(process.execPath, [inProject("scripts", "mutants.mjs"), "--count", COUNT, "--seed", SEED, "--language", "ts", "--passing"]);
  t.is(status, 0, stdout + stderr);
  const [, noticed = "0", skipped = "0"] = /^(\d+) noticed, 0 not, (\d+) skipped$/m.exec(stdout) ?? [];
  if (skipped !== "0") t.log(`SKIPPED: ${skipped}, as this machine lacks what their tests need`);
  t.is(Number(noticed) + Number(skipped), Number(COUNT), stdout);
});
