/**
 * Random stores with one random fault each: kgdump ends well with exactly what the writer wrote, or says what is wrong, and refuses
 * no sound store. KGDUMP_SIMULATIONS=n makes more; SEED=n chooses others; KGDUMP_FAULT=name,name takes these faults only; SEED=n
 * KGDUMP_SIMULATION=m, with the same KGDUMP_FAULT, repeats one.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { Maker } from "../maker/run.js";
import { Exporter } from "./exporter.js";
import { shrink } from "./shrink.js";
import { MAKES_NO_STORE, simulate, SIMULATION_DIRECTORY, type Simulated } from "./simulation.js";
import { REPEATED, SEED } from "../support/seed.js";

const FIRST = REPEATED ? SEED : 13;
const ONE = process.env.KGDUMP_SIMULATION;
const RUNS = ONE === undefined ? Number(process.env.KGDUMP_SIMULATIONS ?? 300) : 1;
const LANES = 2;
const FAILED = "RocksDB made no store";
/** So many are told and made minimal. */
const TOLD = 3;

test(`stores with random faults, SEED=${String(FIRST)}`, async (t) => {
  t.timeout(24 * 60 * 60_000);
  t.log(`SEED=${String(FIRST)}, ${String(RUNS)} stores`);
  const directory = await mkdtemp(join(SIMULATION_DIRECTORY, "kgdump-test-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  let next = ONE === undefined ? 0 : Number(ONE);
  const end = next + RUNS;
  const lane = async (): Promise<void> => {
    const exporter = new Exporter();
    await using maker = new Maker();
    const tools = { maker, exporter, directory };
    for (let turn = next++; turn < end; turn = next++) {
      const simulated = await simulate(tools, FIRST, turn).catch((error: unknown) => {
        if (MAKES_NO_STORE.test(String(error))) counts.set(FAILED, (counts.get(FAILED) ?? 0) + 1);
        else wrong.push(`SEED=${String(FIRST)} KGDUMP_SIMULATION=${String(turn)}: ${String(error)}`);
      });
      if (simulated === undefined) continue;
      const name = `${simulated.fault}: ${simulated.outcome}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (simulated.wrong !== null) wrong.push(wrong.length < TOLD ? report(turn, await shrink(tools, FIRST, turn, simulated)) : brief(turn, simulated));
    }
    await exporter.close();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const [name, count] of [...counts].sort()) t.log(`${String(count).padStart(6)} ${name}`);
  if (process.env.KGDUMP_SIMULATIONS !== undefined && wrong.length > 0) await writeFile("build/simulations.txt", wrong.join("\n\n"));
  t.deepEqual(wrong.length, 0, wrong.join("\n\n"));
  t.true((counts.get(FAILED) ?? 0) <= Math.max(1, RUNS / 1000), "so many plans make no store");
});

const FAULT = process.env.KGDUMP_FAULT === undefined ? "" : `KGDUMP_FAULT=${JSON.stringify(process.env.KGDUMP_FAULT)} `;

const brief = (turn: number, { fault, done, wrong }: Simulated): string =>
  `${FAULT}SEED=${String(FIRST)} KGDUMP_SIMULATION=${String(turn)} (${fault}: ${done.what}): ${wrong ?? ""}`;

const report = (turn: number, simulated: Simulated): string => [brief(turn, simulated), "its plan, made shorter:", ...simulated.plan.map((line) => (line.length > 300 ? `${line.slice(0, 300)}…` : line))].join("\n    ");
