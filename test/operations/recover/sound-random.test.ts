/**
 * Random stores of every kind that are sound: recovered, they hold what their writer wrote, and nothing is called lost that recover can tell.
 *
 * `KGDUMP_SOUND=1000` tries so many, `SEED=n` repeats a run.
 */
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { recoverStore } from "#src/operations/recover/index.js";
import { Random } from "../../fuzz/random.js";
import { contentOfDump, differences } from "../../maker/exported.js";
import { Maker } from "../../maker/run.js";
import { type LogKind, randomScenario } from "../../simulator/random-plan.js";
import { makeScenario, MAKES_NO_STORE, removeScenario, SIMULATION_DIRECTORY } from "../../simulator/simulation.js";
import { SEED } from "../../support/seed.js";

const STORES = Number(process.env.KGDUMP_SOUND ?? 60);
/** Without transactions that are written before they are committed: those are refused. */
const KINDS: readonly LogKind[] = ["plain", "recycled", "compressed", "tracked", "verified", "two-phase", "two-phase", "buffered"];
test("sound stores of every kind", async (t) => {
  t.log(`SEED=${String(SEED)} KGDUMP_SOUND=${String(STORES)}`);
  const directory = await mkdtemp(join(SIMULATION_DIRECTORY, "kgdump-test-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  await using maker = new Maker();
  const counts = { whole: 0, none: 0 };
  for (let turn = 0; turn < STORES; turn += 1) {
    const scenario = randomScenario(new Random(SEED, turn), { inborn: null, changeable: false, kinds: KINDS });
    const path = join(directory, `store-${String(turn)}`);
    const made = await makeScenario(maker, path, scenario, new Random(SEED, turn + 2 ** 30)).catch((error: unknown) => {
      if (!MAKES_NO_STORE.test(String(error))) throw error;
      return null;
    });
    // Of operands, and of columns with names, recover may have to leave some out, and values keep their times: store.test has those.
    if (made === null || scenario.mayRefuse.length > 0 || scenario.ttl) counts.none += 1;
    else {
      const what = `SEED=${String(SEED)} store ${String(turn)}\n${scenario.plan.join("\n")}`;
      const output = join(directory, "recovered.kgd");
      const { lost, losses } = await recoverStore({ store: made.store, output, force: true });
      t.deepEqual(differences(made, await contentOfDump(createReadStream(output))), [], what);
      // Numbers that ingested tables took, or an empty log that no copy has, look to recover like those of a log that is missing.
      const mayMiss = scenario.unlogged || made.copied || scenario.plan.some((line) => line.startsWith("ingest "));
      t.false(lost && !mayMiss, `${what}\n${losses.map(({ reason }) => reason).join("\n")}`);
      counts.whole += 1;
    }
    await removeScenario(path);
  }
  t.log(counts);
  t.true(counts.whole * 2 > STORES);
});
