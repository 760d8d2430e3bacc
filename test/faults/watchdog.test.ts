/** Nothing that lies in a store ends or stops the program: every command with every store, each in a process that is watched. */
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import test from "ava";
import { unpackStore } from "../fixtures/unpack.js";
import { Maker } from "../maker/run.js";
import { makeVictim } from "../simulator/simulation.js";
import { SEED } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";
import { verbs, watch } from "./watchdog.js";

/** Stores of the simulator, with and without faults; KGDUMP_WATCHED=n takes more. */
const SIMULATED = Number(process.env.KGDUMP_WATCHED ?? 4);
const FIXTURES = (await readdir("test/fixtures/stores")).filter((name) => name.endsWith(".tar.gz")).map((name) => basename(name, ".tar.gz"));

for (const name of FIXTURES) {
  test(`every command ends well with ${name}`, async (t) => {
    t.timeout(30 * 60_000);
    const store = await unpackStore(t, name);
    t.deepEqual(await watch(store, await temporaryDirectory(t), await verbs()), []);
  });
}

test(`every command ends well with stores of the simulator, SEED=${String(SEED)}`, async (t) => {
  t.timeout(24 * 60 * 60_000);
  const has = await verbs();
  await using maker = new Maker();
  const wrong: string[] = [];
  for (let turn = 0; turn < SIMULATED; turn += 1) {
    const home = await temporaryDirectory(t);
    const { store, done } = await makeVictim(maker, home, SEED, turn);
    const found = await watch(store, await temporaryDirectory(t), has);
    wrong.push(...found.map((line) => `SEED=${String(SEED)}, store ${String(turn)} (${done.what}): ${line}`));
  }
  t.deepEqual(wrong, []);
});

test("the commands that take a store are known here", async (t) => {
  const known = ["export", "import", "inspect", "verify", "recover", "restore", "migrate", "rollback", "status", "stats", "report", "graph", "browse", "find", "compact", "cleanup", "completion", "help"];
  t.deepEqual([...(await verbs())].filter((verb) => !known.includes(verb)), []);
  t.true((await verbs()).has("export"));
});
