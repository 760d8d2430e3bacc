/**
 * Exports that are killed while they hold a store that is in use: the next run takes away what is left, and never what a running one holds.
 * KGDUMP_LIVE_KILLS is how many are killed.
 */
import type { ChildProcess } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { type Ended, gather, start } from "../../cli/support/run.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { dumpEntries, judge, LiveWriter } from "./live-run.js";
import { randomNumbers } from "./live-support.js";

const KILLS = Number(process.env.KGDUMP_LIVE_KILLS ?? 12);

const startExport = (store: string, output: string): ChildProcess => start(["export", store, "-o", output, "--force"]);

/** The directories in which a store is held. */
const pinsIn = async (directory: string): Promise<string[]> => (await readdir(directory)).filter((name) => name.startsWith(".store.kgdump-pin-"));

test("nothing of killed exports is left after the next run", async (t) => {
  t.timeout(60_000 + KILLS * 5000);
  const seed = loggedSeed(t);
  const random = randomNumbers(seed);
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, "stores"));
  await mkdir(join(directory, "dumps"));
  const store = join(directory, "stores", "store");
  const writer = new LiveWriter(store, "fast", seed);
  let left = 0;
  try {
    await writer.begun();
    for (let round = 0; round < KILLS; round++) {
      const victim = startExport(store, join(directory, "dumps", "killed.kgd"));
      const ended = gather(victim);
      while (victim.exitCode === null && (await pinsIn(join(directory, "stores"))).length === 0) await sleep(1);
      await sleep(random(30));
      victim.kill("SIGKILL");
      await ended;
      left += (await pinsIn(join(directory, "stores"))).length;
      const output = join(directory, "dumps", "whole.kgd");
      await exportStore({ store, output, force: true });
      t.deepEqual(judge(await dumpEntries(output)).faults, []);
      t.deepEqual(await readdir(join(directory, "stores")), ["store"]);
    }
  } finally {
    await writer.stop();
  }
  t.log(`${KILLS} exports killed, ${left} of them left something`);
  t.true(left > 0);
});

/** Those that hold something already, and so are locked: before that, another export may clear one away, and it is made again. */
async function heldIn(stores: string): Promise<string[]> {
  const pins = await pinsIn(stores);
  const held = await Promise.all(pins.map(async (name) => (await readdir(join(stores, name)).catch(() => [])).length > 1));
  return pins.filter((_, index) => held[index]);
}

/** Whether a signal to stop has reached the whole process: its threads go on for a moment after it was sent. */
async function isStopped({ pid }: ChildProcess): Promise<boolean> {
  const states = await readdir(`/proc/${String(pid)}/task`).then((tasks) => Promise.all(tasks.map((task) => readFile(`/proc/${String(pid)}/task/${task}/stat`, "utf8"))), () => []);
  return states.length > 0 && states.every((line) => line.slice(line.lastIndexOf(")")).startsWith(") T"));
}

/** Starts an export and stops it while it holds the store. On a busy machine one may be over before that is seen. */
async function stoppedExport(store: string, output: string, stores: string): Promise<{ slow: ChildProcess; ended: Promise<Ended>; pins: string[] }> {
  for (;;) {
    const slow = startExport(store, output);
    const ended = gather(slow);
    while (slow.exitCode === null && (await heldIn(stores)).length === 0) await sleep(1);
    slow.kill("SIGSTOP");
    while (slow.exitCode === null && slow.signalCode === null && !(await isStopped(slow))) await sleep(1);
    const pins = await heldIn(stores);
    if (pins.length > 0) return { slow, ended, pins };
    slow.kill("SIGCONT");
    await ended;
  }
}

test("what a running export holds stays, whatever else is run, and it ends well", async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, "stores"));
  await mkdir(join(directory, "dumps"));
  const store = join(directory, "stores", "store");
  const writer = new LiveWriter(store, "blobs", 1);
  try {
    await writer.begun();
    const { slow, ended, pins } = await stoppedExport(store, join(directory, "dumps", "slow.kgd"), join(directory, "stores"));
    // One that stays stopped would keep the tests from ending.
    t.teardown(() => slow.kill("SIGKILL"));
    t.is(pins.length, 1);
    for (let round = 0; round < 5; round++) await exportStore({ store, output: join(directory, "dumps", "other.kgd"), force: true });
    t.deepEqual(await pinsIn(join(directory, "stores")), pins);
    slow.kill("SIGCONT");
    const { code, stderr } = await ended;
    t.is(code, 0, stderr);
    t.deepEqual(judge(await dumpEntries(join(directory, "dumps", "slow.kgd"))).faults, []);
    t.deepEqual(await readdir(join(directory, "stores")), ["store"]);
  } finally {
    await writer.stop();
  }
});
