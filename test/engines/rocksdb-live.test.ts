/**
 * Exports beside a writer that writes, flushes and compacts all the time: each shows the store as it was at one moment, and nothing is left
 * beside the store. KGDUMP_LIVE_EXPORTS is how many there are for each of the writer's modes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { exportStore } from "#src/operations/export.js";
import { openDump } from "#src/operations/open-dump.js";
import { temporaryDirectory } from "../support/temporary.js";
import { BATCH, FAMILIES, keyOf, MODES, randomNumbers, valueOf, WINDOW } from "./rocksdb-live-support.js";
import { readStore, type TextEntry } from "./rocksdb-support.js";

const WRITER = fileURLToPath(new URL("./rocksdb-live-writer.js", import.meta.url));
const EXPORTS = Number(process.env.KGDUMP_LIVE_EXPORTS ?? 25);

/** All entries that a dump of the store has, by family. */
async function exportEntries(store: string, output: string): Promise<Map<string, TextEntry[]>> {
  await exportStore({ store, output, force: true });
  await using dump = await openDump(output);
  const entries = new Map<string, TextEntry[]>();
  for (const family of FAMILIES) {
    const found: TextEntry[] = [];
    for await (const { key, value } of dump.entries(family)) {
      found.push([Buffer.from(key).toString("latin1"), Buffer.from(value ?? []).toString("latin1")]);
    }
    entries.set(family, found);
  }
  return entries;
}

/** What is wrong with the entries as the state at one moment, and one more than the newest number. */
function judge(entries: ReadonlyMap<string, readonly TextEntry[]>): { faults: string[]; end: number } {
  const faults: string[] = [];
  const numbers = new Set<number>();
  for (const [turn, family] of FAMILIES.entries()) {
    for (const [key, value] of entries.get(family) ?? []) {
      const number = Number(key);
      numbers.add(number);
      const right = keyOf(number).toString() === key && valueOf(number).toString() === value;
      if (!right || Math.floor(number / BATCH) % FAMILIES.length !== turn) faults.push(`${family} has ${key} = ${value.slice(-20)}`);
    }
  }
  const end = Math.max(-1, ...numbers) + 1;
  const begin = Math.max(0, end - WINDOW);
  if (end % BATCH !== 0) faults.push(`half a batch: ends with ${end - 1}`);
  for (let number = begin; number < end; number++) if (!numbers.has(number)) faults.push(`hole: ${number} of ${begin} to ${end - 1}`);
  for (const number of numbers) if (number < begin) faults.push(`undeleted: ${number} of ${begin} to ${end - 1}`);
  return { faults, end };
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
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 0x7fff_ffff));
    t.log(`SEED=${seed}`);
    const random = randomNumbers(seed + 2);
    const directory = await temporaryDirectory(t);
    const store = join(directory, "store");
    const writer = spawn(process.execPath, [WRITER, store, mode, String(seed)], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(writer, "close");
    let acknowledged = 0;
    createInterface(writer.stdout).on("line", (line) => (acknowledged = Number(line)));
    let [end, moved, entriesRead, longest] = [0, 0, 0, 0];
    try {
      while (acknowledged === 0 && writer.exitCode === null) await sleep(5);
      for (let round = 0; round < EXPORTS; round++) {
        const least = acknowledged;
        const started = performance.now();
        const entries = round % 2 === 0 ? await exportEntries(store, join(directory, "dump.kgd")) : (await readStore(store)).entries;
        longest = Math.max(longest, performance.now() - started);
        t.is(writer.exitCode, null, "the writer ended by itself");
        if (acknowledged > least) moved++;
        const state = judge(entries);
        t.deepEqual(state.faults.slice(0, 5), [], `round ${round}: ${state.faults.length} faults`);
        t.true(state.end >= least && state.end >= end, `round ${round}: ${state.end} is older than ${least} or ${end}`);
        end = state.end;
        for (const { length } of entries.values()) entriesRead += length;
        t.deepEqual((await readdir(directory)).filter((name) => !["store", "store.logs", "dump.kgd"].includes(name)), []);
        await sleep(random(40));
      }
    } finally {
      writer.stdin.end();
      await ended;
    }
    t.log(`${EXPORTS} exports whole, ${entriesRead} entries, 0 holes; ${moved} while the log grew, ${acknowledged} numbers written; the longest took ${longest.toFixed()} ms`);
    t.true(moved > 0, "the writer wrote nothing meanwhile");
    t.is(writer.exitCode, 0);
    const last = judge((await readStore(store)).entries);
    t.deepEqual(last.faults, []);
    t.true(last.end >= end && last.end >= acknowledged);
  });
}
