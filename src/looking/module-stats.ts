/** Counting what is in blocks by the module of WebAssembly. */
import { tmpdir } from "node:os";
import { setImmediate } from "node:timers/promises";
import { MsgpackWriter } from "../format/msgpack/writer.js";
import type { NativeStats, StatsSettings } from "./addon.js";
import { Module } from "./module.js";

/** Bits of flags, as native/looking-wasm has them. */
const [SCHEMA, GREP, GREP_KEYS, GREP_VALUES] = [1, 2, 4, 8] as const;

/** Counts what is in blocks, as the addon does. */
export class ModuleStats implements NativeStats {
  readonly #module = new Module(tmpdir());
  readonly #builder: number;

  /** @throws {KgdumpError} USAGE for a regular expression that is none */
  constructor({ separator, schema, largest, sample, seed, grep, grepKeys, grepValues }: StatsSettings) {
    const given = new MsgpackWriter().bin(separator ?? new Uint8Array(0)).bin(Buffer.from(grep ?? "")).bytes();
    const flags = (schema ? SCHEMA : 0) | (grep === undefined ? 0 : GREP) | (grepKeys ? GREP_KEYS : 0) | (grepValues ? GREP_VALUES : 0);
    const length = this.#module.give(given);
    this.#builder = this.#module.call((module) => module.stats_start(length, flags, largest, sample, seed), false);
  }

  /** Takes in a block. */
  async add(raw: Buffer, stored: number): Promise<void> {
    await otherTurns();
    const length = this.#module.give(raw);
    this.#module.call((module) => module.stats_add(this.#builder, length, stored));
  }

  /** Ends a keyspace. */
  async finishKeyspace(): Promise<string> {
    await otherTurns();
    return this.#module.text((module) => module.stats_finish_keyspace(this.#builder));
  }

  /** The entries that were chosen by chance. */
  samples(): string {
    return this.#module.text((module) => module.stats_samples(this.#builder));
  }
}

let forKinds: Module | null = null;

/** The kind of a value. */
export function moduleValueKind(value: Buffer): string {
  if (forKinds === null || forKinds.isBroken) forKinds = new Module(tmpdir());
  const module = forKinds;
  const length = module.give(value);
  return module.text((called) => called.value_kind(length));
}

/** Lets signals, timers and other work have their turns: blocks that are in memory already would leave them none. */
export async function otherTurns(): Promise<void> {
  await setImmediate();
}
