/** One simulation: a random store, one fault or none, and whether what kgdump makes of it is right. */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT_CODE_OF } from "#src/errors.js";
import { Random } from "../fuzz/random.js";
import { differences } from "../maker/exported.js";
import type { Made, Maker } from "../maker/run.js";
import { age } from "./aged.js";
import type { Exporter } from "./exporter.js";
import { FAULTS } from "./faults.js";
import { type Inborn, type LogKind, randomScenario, type Scenario } from "./random-plan.js";
import type { Done } from "./victim.js";
import type { Answer } from "./worker.js";

/** Stores are made in memory where the system has a place for that: RocksDB syncs a lot. */
export const SIMULATION_DIRECTORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** What was done and what came of it. */
export interface Simulated {
  readonly fault: string;
  readonly done: Done;
  readonly outcome: "whole" | "refused" | "told" | "unseen";
  /** What is not as it must be; null when all is. */
  readonly wrong: string | null;
  readonly plan: readonly string[];
}

const INBORN: readonly Inborn[] = ["key out of order", "tables in another order", "prepared"];
const ALL = ["none", "none", "none", ...INBORN.filter((name) => name !== null), ...Object.keys(FAULTS)];
const ALL_LOGS: readonly LogKind[] = ["plain", "plain", "recycled", "compressed", "tracked", "verified", "two-phase", "two-phase", "buffered", "write-prepared"];
/** KGDUMP_FAULT=name,name takes these faults only. */
const ASKED = process.env.KGDUMP_FAULT;
const NAMES = ASKED === undefined || ASKED === "all" ? ALL : ASKED.split(",");

/** What the simulation of this number is about. */
export function draw(seed: number, turn: number): { fault: string; scenario: Scenario } {
  const random = new Random(seed, turn);
  const fault = random.pick(NAMES);
  const inborn = INBORN.find((name) => name === fault) ?? null;
  return { fault, scenario: randomScenario(random, { inborn, changeable: fault === "key rewritten", kinds: ALL_LOGS }) };
}

/** RocksDB itself hangs in some transactions that are written before they are committed (its process has an alarm), and after some crashes opens no store of several families. */
export const MAKES_NO_STORE = /ended by signal 14|Column family inconsistency/;

/** Makes a store at `path`, an old one now and then: where it ended up, and what it must hold. `shorter` stands in for its plan. */
export async function makeScenario(maker: Maker, path: string, scenario: Scenario, random: Random, shorter?: readonly string[]): Promise<Made & { store: string; copied: boolean }> {
  await age(maker, path, scenario.plan, random);
  const model = await maker.make(path, (shorter ?? scenario.plan).map((line) => line.replaceAll("$STORE", path).replaceAll("$LOGS", `${path}.logs`)));
  const copied = scenario.end === "checkpoint" || scenario.end === "restored";
  return { ...model, store: copied ? `${path}.copy` : path, copied };
}

/** Removes what was made at `path`, and beside it. */
export async function removeScenario(path: string): Promise<void> {
  for (const ending of ["", ".logs", ".copy", ".backups", ".model", ".ingested.sst"]) await rm(`${path}${ending}`, { recursive: true, force: true });
}

/** Makes the store of this number below `directory`, with its fault: the same for the same seed and turn. `shorter` stands in for its plan. */
export async function makeVictim(maker: Maker, directory: string, seed: number, turn: number, shorter?: readonly string[]): Promise<Made & { store: string; fault: string; done: Done; scenario: Scenario; plan: readonly string[] }> {
  const { fault, scenario } = draw(seed, turn);
  const path = join(directory, `store-${String(turn)}`);
  const { store, copied, ...model } = await makeScenario(maker, path, scenario, new Random(seed, turn + 2 ** 30), shorter);
  const logs = scenario.logsElsewhere && !copied ? `${path}.logs` : store;
  const done = await spoil(fault, { store, logs, scenario, random: new Random(seed, turn + 2 ** 31) });
  return { ...model, store, fault, done, scenario, plan: shorter ?? scenario.plan };
}

/** What a simulation works with. */
export interface Tools {
  readonly maker: Maker;
  readonly exporter: Exporter;
  /** A directory for the stores. */
  readonly directory: string;
}

/** Runs one simulation; see makeVictim. */
export async function simulate({ maker, exporter, directory }: Tools, seed: number, turn: number, shorter?: readonly string[]): Promise<Simulated> {
  try {
    const { store, fault, done, scenario, plan, ...model } = await makeVictim(maker, directory, seed, turn, shorter);
    const answer = await exporter.ask({ store, ttl: scenario.ttl });
    return { fault: done.what === fault ? "none" : fault, done, plan, ...judge(answer, model, scenario, done) };
  } finally {
    await removeScenario(join(directory, `store-${String(turn)}`));
  }
}

async function spoil(fault: string, victim: Parameters<(typeof FAULTS)[string]>[0]): Promise<Done> {
  const { disorder } = victim.scenario;
  // RocksDB itself may drop all that it takes for older versions when it compacts in a wrong order: of what is gone nothing tells.
  if (disorder !== null) return { what: disorder, sight: (await readdir(victim.store)).some((name) => name.endsWith(".sst")) ? "seen" : "unseen" };
  const done = await FAULTS[fault]?.(victim);
  return done ?? { what: fault, sight: "harmless" };
}

/** Whether kgdump's answer is what it owes. */
export function judge(answer: Answer, model: Made, scenario: Scenario, done: Done): Pick<Simulated, "outcome" | "wrong"> {
  if ("code" in answer) {
    const isError = answer.code in EXIT_CODE_OF && answer.code !== "INTERNAL";
    const mayRefuse: readonly string[] = scenario.mayRefuse;
    // What was written without a log and lost with a crash can't be told from a log that is missing, and is called so.
    const isUnlogged = scenario.unlogged && answer.code === "STORE_LOG_DAMAGED" && answer.message.includes("are in no file");
    const right = isError && (done.sight !== "harmless" || isUnlogged || mayRefuse.includes(answer.code));
    return { outcome: "refused", wrong: right ? null : `${isError ? "a sound store is refused" : "no error of kgdump's"}: ${answer.code}: ${answer.message}` };
  }
  const exported = new Map(answer.exported.map(([name, entries]) => [name, entries.map(([key, value]) => [Buffer.from(key, "hex"), Buffer.from(value, "hex")] as const)]));
  const wrong = differences(model, exported);
  if (wrong.length === 0) return { outcome: "whole", wrong: wrongWords(answer.warnings, model, scenario, done) };
  const told = answer.warnings.length > 0;
  if (done.sight === "unseen" || (done.sight === "told" && told)) return { outcome: told ? "told" : "unseen", wrong: null };
  return { outcome: told ? "told" : "unseen", wrong: `exit 0 with other than the model${told ? `, warnings: ${answer.warnings.join("; ")}` : " and without a word"}: ${wrong.join("; ")}` };
}

/** Whether MANIFEST is begun again, by an opening, when a table that was ingested has been compacted, so that its number stands nowhere. */
function forgetsIngested(plan: readonly string[]): boolean {
  const ingests = plan.findIndex((line) => line.startsWith("ingest "));
  const compacts = plan.findIndex((line, at) => ingests !== -1 && at > ingests && line.startsWith("compact "));
  return compacts !== -1 && plan.slice(compacts).some((line) => line.startsWith("open"));
}

/** A whole content needs a word about a transaction that waits, and none where there is nothing to say. */
function wrongWords(warnings: readonly string[], model: Made, scenario: Scenario, { what, sight }: Done): string | null {
  // What is missing unseen may be the transaction itself.
  if (model.prepared.length > 0 && sight !== "unseen") return warnings.some((warning) => warning.includes("prepared")) ? null : `no word about a prepared transaction; warnings: ${warnings.join("; ")}`;
  // A copy has no log that is empty, and nobody can tell it from one that was lost.
  const isCopy = scenario.end === "checkpoint" || scenario.end === "restored";
  // Where MANIFEST is begun again and again, it tells no more which numbers were ingested, and which log an opening began.
  const isShort = scenario.plan.some((line) => line.includes("max_manifest_file_size")) || forgetsIngested(scenario.plan);
  const may: readonly (readonly [boolean, string])[] = [
    [isCopy, "which leave out empty logs"],
    [isShort, " are in no "],
    // Fewer bytes than a header has may be anything where files are used again.
    [scenario.plan.some((line) => line.includes("recycle_log_file_num")), "an earlier log left them in its file"],
    // Behind a log's last commit, of which all is in tables, there may have been more.
    [scenario.plan.includes("mode transactions committed"), "a transaction whose prepare is in no log took them"],
  ];
  const untrue = warnings.filter((warning) => !may.some(([is, words]) => is && warning.includes(words)));
  if (what !== "none" || scenario.unlogged || untrue.length === 0) return null;
  return `a warning about a sound store: ${untrue.join("; ")}`;
}
