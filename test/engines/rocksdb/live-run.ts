/** Running the writer of the live tests, and judging what was read beside it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openDump } from "#src/operations/dump/open-dump.js";
import { BATCH, FAMILIES, keyOf, valueOf, WINDOW } from "./live-support.js";
import type { TextEntry } from "./support.js";

const WRITER = fileURLToPath(new URL("./live-writer.js", import.meta.url));

/** A writer in a process of its own. */
export class LiveWriter {
  /** How many numbers the log has for certain. */
  acknowledged = 0;
  readonly #process;
  readonly #ended: Promise<unknown>;

  /** @param mode one of MODES */
  constructor(store: string, mode: string, seed: number) {
    this.#process = spawn(process.execPath, [WRITER, store, mode, String(seed)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#ended = once(this.#process, "close");
    createInterface(this.#process.stdout).on("line", (line) => (this.acknowledged = Number(line)));
  }

  /** Null while it runs. */
  get exitCode(): number | null {
    return this.#process.exitCode;
  }

  /** Waits until it has written something. */
  async begun(): Promise<void> {
    while (this.acknowledged === 0 && this.exitCode === null) await sleep(5);
  }

  /** Lets it close its store, and waits for its end. */
  async stop(): Promise<void> {
    this.#process.stdin.end();
    await this.#ended;
  }
}

/** Entries by family. */
export type Entries = ReadonlyMap<string, readonly TextEntry[]>;

/** All entries that a dump of the store has, by family. */
export async function dumpEntries(output: string): Promise<Entries> {
  await using dump = await openDump(output);
  const entries = new Map<string, TextEntry[]>();
  for (const family of FAMILIES) {
    const found: TextEntry[] = [];
    for await (const { key, value } of dump.entries({ keyspace: family })) {
      found.push([Buffer.from(key).toString("latin1"), Buffer.from(value ?? []).toString("latin1")]);
    }
    entries.set(family, found);
  }
  return entries;
}

/** What is wrong with the entries as the state at one moment, and one more than the newest number. */
export function judge(entries: Entries): { faults: string[]; end: number } {
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
