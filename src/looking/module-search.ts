/** Searching for entries by the module of WebAssembly. */
import { tmpdir } from "node:os";
import { MsgpackWriter } from "../format/msgpack/writer.js";
import type { NativeSearch } from "./addon.js";
import { Module } from "./module.js";
import { otherTurns } from "./module-stats.js";

/** Looks for entries, as the addon does. */
export class ModuleSearch implements NativeSearch {
  readonly #module = new Module(tmpdir());

  /** @throws {KgdumpError} USAGE for a regular expression that is none */
  constructor(expression: string) {
    const length = this.#module.give(new MsgpackWriter().bin(Buffer.from(expression)).bytes());
    this.#module.call((module) => module.search_start(length));
  }

  /** The places of the entries of a block that match, from 0: at most so many. */
  async find(raw: Buffer, most: number): Promise<number[]> {
    await otherTurns();
    const length = this.#module.give(raw);
    return JSON.parse(this.#module.text((module) => module.search_find(length, most))) as number[];
  }
}
