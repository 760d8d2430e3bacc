/**
 * Exports beside a writer that writes, flushes and compacts all the time: each shows the store as it was at one moment, and nothing is left
 * beside the store. KGDUMP_LIVE_EXPORTS is how many there are for each of the writer's modes.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { dumpEntries, type Entries, judge, LiveWriter } from "./live-run.js";
import { BATCH, FAMILIES, keyOf, MODES, randomNumbers, valueOf, WINDOW } from "./live-support.js";
import { readStore, type TextEntry } from "./support.js";

const EXPORTS = Number(process.env.KGDUMP_LIVE_EXPORTS ?? 25);

async function exportEntries(store: string, output: string): Promise<Entries> {
  await exportStore({ store, output, force: true });
  return dumpEntries(output);
}

test("what judges a state sees holes, halves of batches, leftovers and wrong values", (t) => {
  const state = (numbers: readonly number[]): Map<string, TextEntry[]> => {
    const entries = new Map<string, TextEntry[]>(FAMILIES.map((family) => [family, []]));
    for (const number of numbers) {
      entries.get(FAMILIES[Math.floor(number / BATCH) % FAMILIES.length] ?? "")?.push([String(keyOf(number)), String(valueOf(number))]);
    }
    return entries;
  };
  const whole = Array.from({ length: WINDOW }, (_, index) => 500 + index);
  t.deepEqual(judge(state([])), { faults: [], end: 0 });
  t.deepEqual(judge(state(whole)), { faults: [], end: 500 + WINDOW });
  t.is(judge(state(whole.filter((number) => number !== 777))).faults.length, 1);
  t.is(judge(state(whole.slice(1))).faults.length, 1);
  t.is(judge(state([490, ...whole])).faults.length, 1);
  t.true(judge(state(whole.slice(0, -1))).faults.length > 0);
  t.is(judge(state(whole).set("nodes", [])).faults.length, WINDOW / FAMILIES.length);
  t.true(judge(state(whole).set("edges", state(whole).get("nodes") ?? [])).faults.length > 0);
});

for (const mode of Object.keys(MODES)) {
  test.serial(`exports beside a live writer have no holes (${mode})`, async (t) => {
    t.timeout(60_000 + EXPORTS * 5000);
    const seed = loggedSeed(t);
    const random = randomNumbers(seed + 2);
    const directory = await temporaryDirectory(t);
    const store = join(directory, "store");
    const writer = new LiveWriter(store, mode, seed);
    let [end, moved, entriesRead] = [0, 0, 0];
    const times: number[] = [];
    try {
      await writer.begun();
      for (let round = 0; round < EXPORTS; round++) {
        const least = writer.acknowledged;
        const started = performance.now();
        const entries = round % 2 === 0 ? await exportEntries(store, join(directory, "dump.kgd")) : (await readStore(store)).entries;
        times.push(performance.now() - started);
        t.is(writer.exitCode, null, "the writer ended by itself");
        if (writer.acknowledged > least) moved++;
        const state = judge(entries);
        t.deepEqual(state.faults.slice(0, 5), [], `round ${round}: ${state.faults.length} faults`);
        t.true(state.end >= least && state.end >= end, `round ${round}: ${state.end} is older than ${least} or ${end}`);
        end = state.end;
        for (const { length } of entries.values()) entriesRead += length;
        t.deepEqual((await readdir(directory)).filter((name) => !["store", "store.logs", "dump.kgd"].includes(name)), []);
        await sleep(random(40));
      }
    } finally {
      await writer.stop();
    }
    t.log(`${EXPORTS} exports whole, ${entriesRead} entries, 0 holes; ${moved} while the log grew, ${writer.acknowledged} numbers written`);
    const longest = times.sort((a, b) => b - a).slice(0, 5).map((time) => time.toFixed());
    t.log(`the longest took ${longest.join(", ")} ms`);
    t.true(moved > 0, "the writer wrote nothing meanwhile");
    t.is(writer.exitCode, 0);
    const quiet = performance.now();
    const last = judge((await readStore(store)).entries);
    t.log(`without the writer, one takes ${(performance.now() - quiet).toFixed()} ms`);
    t.deepEqual(last.faults, []);
    t.true(last.end >= end && last.end >= writer.acknowledged);
  });
}
