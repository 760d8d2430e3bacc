#!/usr/bin/env node
// @ts-check
/**
 * Puts mistakes into what is built, one at a time, and runs the test by which each must be noticed. A mistake that no test notices
 * fails, as does one whose text is not in its file any more: it must be renewed.
 *
 *     npm run mutants                           all of them
 *     npm run mutants -- --count 20 --seed 7    so many at random
 *     npm run mutants -- --only output          those whose file or words have this in them
 *     npm run mutants -- --language ts          without those that a compiler of Rust has to take in
 *     npm run mutants -- --passing              the tests are known to pass without a mistake, so that this is not tried
 *     npm run mutants -- --list FILE            those of a file of your own, to try them before they join the lists
 *
 * The mistakes are in test/mutants/*.jsonl, a line each.
 */
import "./setup/node-version.mjs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepareCrates } from "./mutants/crate.mjs";
import { makeGround } from "./mutants/ground.mjs";
import { mistakesIn, readMistakes, some } from "./mutants/mistakes.mjs";
import { runScript, setUp } from "./setup.mjs";
import { withLock } from "./setup/cache.mjs";
import { CACHE } from "./setup/paths.mjs";
import { SetupError } from "./setup/setup-error.mjs";

const { values } = parseArgs({
  options: { count: { type: "string" }, seed: { type: "string" }, only: { type: "string" }, language: { type: "string" }, verbose: { type: "boolean" }, passing: { type: "boolean" }, list: { type: "string" } },
});

await runScript("mutants", async () => {
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const all = values.list === undefined ? await readMistakes() : await mistakesIn(values.list);
  const meant = all.filter(({ file, what }) => `${file} ${what}`.includes(values.only ?? "") && (values.language === undefined || file.endsWith(`.${values.language}`)));
  const mistakes = values.count === undefined ? meant : some(meant, Number(values.count), seed);
  if (mistakes.length === 0) throw new SetupError("there is no such mistake");
  await setUp({ tests: true });
  process.stdout.write(`seed ${String(seed)}: ${String(mistakes.length)} of ${String(all.length)} mistakes\n`);
  // What crates are compiled with is in one place for all clones.
  if (mistakes.some(({ file }) => file.startsWith("native/"))) await withLock(join(CACHE, "locks", "mutants.lock"), () => prepareCrates().then(() => tryAll(mistakes)));
  else await tryAll(mistakes);
});

/**
 * Makes each mistake, and tells what became of it.
 * @param {readonly import("./mutants/mistakes.mjs").Mistake[]} mistakes
 */
async function tryAll(mistakes) {
  const ground = await makeGround(values.passing === true);
  let [failed, skipped] = [0, 0];
  try {
    for (const mistake of mistakes) {
      const { outcome, output } = await ground.try(mistake);
      process.stdout.write(`${outcome.padEnd(8)} ${mistake.file}: ${mistake.what} (${mistake.tests.join(", ")})\n`);
      if (outcome === "skipped") skipped += 1;
      else if (outcome !== "noticed") failed += 1;
      if (outcome === "unfit" || values.verbose === true) process.stdout.write(`${output}\n`);
    }
  } finally {
    await ground.remove();
  }
  process.stdout.write(`${String(mistakes.length - failed - skipped)} noticed, ${String(failed)} not, ${String(skipped)} skipped\n`);
  if (failed > 0) process.exitCode = 1;
}
