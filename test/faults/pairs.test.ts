/**
 * Two commands at one place within milliseconds: one has it to itself, the other one comes after it, or ends with STORE_IN_USE; a sound store is there then.
 * In every third pair one of them is killed: the same commands again do what is left.
 *
 * KGDUMP_PAIRS=n tries so many, SEED=n repeats them.
 */
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { type Ended, kgdump } from "../cli/support/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { loggedSeed } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";
import { run } from "./kills.js";
import { randomNumbers } from "./support.js";

const PAIRS = Number(process.env.KGDUMP_PAIRS ?? 12);
/** A kill comes so late at most: many commands have ended by then. */
const LONGEST_MS = 500;

/** Commands by the state of the place that they are for. */
const STATES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  rocksdb: [["migrate", "--from", "graph"], ["migrate", "--from", "graph", "--stream"], ["compact", "graph"], ["rollback", "graph"]],
  migrated: [["rollback", "graph"], ["rollback", "graph", "--discard-new"], ["compact", "graph"], ["migrate", "--from", "graph"], ["import", "graph", "-i", "delta.kgd"], ["migrate", "--from", "graph", "--engine", "rocksdb"]],
  nothing: [["import", "graph", "-i", "graph.kgd"], ["restore", "graph", "-i", "graph.kgd"]],
};

/** What a command may end with when the other one was faster: it is in use, or what it was to do was done or undone before it began. */
function isClear({ code, signal, stderr }: Ended): boolean {
  if (code === 0) return true;
  return signal === null && !/ENOENT|EEXIST|INTERNAL|MIGRATION_UNCLEAR|IO_FAILED/.test(stderr) && /\[(?:STORE_IN_USE|TARGET_EXISTS|NOT_FOUND|STORE_NOT_FOUND|USAGE|ROLLBACK_LOSES_DATA|DELTA_BASE_DIFFERENT)\]/.test(stderr);
}

/** Whether it refuses to touch what the other one, which was killed, has not finished. */
const waits = ({ stderr }: Ended): boolean => /a migration of .* is not finished (?:\(\S+\) )?\[MIGRATION_UNCLEAR\]/.test(stderr);

test("of two commands at one place, one wins at least, and the other one ends clearly", async (t) => {
  t.timeout(24 * 60 * 60_000);
  const random = randomNumbers(loggedSeed(t));
  const ground = await temporaryDirectory(t);
  const [rocksdb, migrated, nothing] = ["rocksdb", "migrated", "nothing"].map((name) => join(ground, name)) as [string, string, string];
  for (const directory of [rocksdb, migrated, nothing]) await mkdir(directory);
  const store = await makeStore(rocksdb, "graph", { default: numbered("k", 200), nodes: numbered("n", 100) });
  await exportStore({ store, output: join(ground, "graph.kgd") });
  const newer = await makeStore(ground, "newer", { default: numbered("k", 210), nodes: numbered("n", 100) });
  await exportStore({ store: newer, output: join(ground, "delta.kgd"), base: [join(ground, "graph.kgd")] });
  for (const directory of [rocksdb, migrated, nothing]) for (const dump of ["graph.kgd", "delta.kgd"]) await cp(join(ground, dump), join(directory, dump));
  const tally = new Map<number, number>();
  for (let pair = 0; pair < PAIRS; pair++) {
    const state = pick(random, Object.keys(STATES));
    const commands = [pick(random, STATES[state] ?? []), pick(random, STATES[state] ?? [])];
    const place = join(ground, "place");
    if (state === "migrated") {
      await cp(rocksdb, place, { recursive: true });
      await migrateStore({ source: join(place, "graph"), stream: true });
    } else await cp(join(ground, state), place, { recursive: true });
    const [pause, victim, patience] = [Math.floor(random() * (pair % 2 === 0 ? 3 : 300)), Math.floor(random() * 6), random() * LONGEST_MS];
    const ended = await Promise.all(commands.map(async (words, index) => {
      if (index === 1) await delay(pause);
      return index === victim ? killed(place, words, patience) : kgdump(words, { cwd: place });
    }));
    const what = `pair ${pair.toString()}: ${commands.map((words) => words.join(" ")).join(" | ")} after ${pause.toString()} ms${victim < 2 ? `, number ${victim.toString()} killed after ${patience.toFixed(0)} ms` : ""}\n${ended.map(told).join("\n")}`;
    const kills = ended.filter(({ signal }) => signal === "SIGKILL").length;
    tally.set(kills, (tally.get(kills) ?? 0) + 1);
    // One has the place to itself; what it does there may be refused, as there is nothing to undo.
    t.true(ended.some(({ code }) => code !== 6), what);
    t.true(ended.every((one) => one.signal === "SIGKILL" || isClear(one) || (kills > 0 && waits(one))), what);
    const after = kills === 0 ? "" : await again(t, place, commands, what);
    const { code, stderr } = await kgdump(["verify", "graph"], { cwd: place });
    t.is(code, 0, `${what}\nafterwards: ${after}${stderr}`);
    t.deepEqual((await readdir(place)).filter((name) => /^\.|kgdump-(?:new|removed|before|compacting|undoing|back)/.test(name)), [], `${what}\n${after}`);
    await rm(place, { recursive: true });
    if (PAIRS > 1000 && (pair + 1) % 100 === 0) process.stderr.write(`${String(pair + 1)} pairs\n`);
  }
  t.log(`${String(tally.get(0) ?? 0)} pairs without a kill, ${String(tally.get(1) ?? 0)} in which one was killed`);
});

/** Runs a command, and kills it after so many milliseconds. */
async function killed(cwd: string, words: readonly string[], milliseconds: number): Promise<Ended> {
  const running = run(cwd, words);
  const timer = setTimeout(() => { running.kill([0]); }, milliseconds);
  const ended = await running.end;
  clearTimeout(timer);
  return ended;
}

/** After a kill: status shows what is there, and the same commands, one after the other, do what is left and clear it away. */
async function again(t: ExecutionContext, place: string, commands: readonly (readonly string[])[], what: string): Promise<string> {
  let said = "";
  const status = await kgdump(["status", "graph"], { cwd: place });
  t.true(status.code !== null && [0, 10, 11, 12].includes(status.code), `${what}\nstatus: ${told(status)}`);
  // One that refused what the other one had not finished comes to its turn after it.
  for (const words of [...commands, ...commands]) {
    const ended = await kgdump(words, { cwd: place });
    said += `${words.join(" ")} again: ${told(ended)}\n`;
    t.true(ended.code !== 6 && (isClear(ended) || waits(ended)), `${what}\n${said}`);
  }
  const settled = await kgdump(["status", "graph"], { cwd: place });
  t.true(settled.code === 0 || settled.code === 10, `${what}\n${said}then: ${told(settled)}`);
  return said;
}

const told = ({ code, signal, stderr }: Ended): string => `${String(signal ?? code)} ${stderr}`;

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}
