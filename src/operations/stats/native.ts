/** Counting what is in blocks. */
import { asBuffer, fromAddon } from "../../addon.js";
import type { NativeSearch, NativeStats, StatsSettings } from "../../looking/addon.js";
import { looking, lookingIfAny } from "../../looking/looking.js";
import type { ValueKind } from "./results.js";

/** What a value looks like. @returns null where there is nothing that could tell */
export function kindOf(value: Uint8Array): ValueKind | null {
  return (lookingIfAny()?.valueKind(asBuffer(value)) as ValueKind | undefined) ?? null;
}

/** Settings of a count. */
export interface CountSettings extends Omit<StatsSettings, "separator"> {
  readonly separator?: Uint8Array | undefined;
}

/** Counts what is in blocks, keyspace by keyspace; all that it tells is JSON. */
export class Counter {
  readonly #native: NativeStats;
  /** The block that was taken in last, or is. */
  #last: Promise<void> = Promise.resolve();

  /** @throws {KgdumpError} ADDON_MISSING, USAGE for a regular expression that is none */
  static async start({ separator, ...settings }: CountSettings): Promise<Counter> {
    const native = await fromAddon(() => new (looking().StatsBuilder)({ ...settings, separator: separator === undefined ? undefined : asBuffer(separator) }));
    return new Counter(native);
  }

  private constructor(native: NativeStats) {
    this.#native = native;
  }

  /**
   * Takes in a block of the keyspace that is worked on, in its order; its bytes may be used again when this has settled, and the next one may be given before.
   * @param stored bytes that it takes where it comes from
   */
  add(raw: Uint8Array, stored: number): Promise<void> {
    this.#last = this.#last.then(() => fromAddon(() => this.#native.add(asBuffer(raw), stored)));
    return this.#last;
  }

  /** Ends the keyspace that is worked on. */
  async finishKeyspace(): Promise<unknown> {
    return JSON.parse(await fromAddon(() => this.#native.finishKeyspace())) as unknown;
  }

  /** Entries that were chosen by chance, in their order. */
  samples(): unknown {
    return JSON.parse(this.#native.samples()) as unknown;
  }
}

/** Looks for entries in which a regular expression is found, block by block. */
export class EntrySearch {
  readonly #native: NativeSearch;

  /** @throws {KgdumpError} ADDON_MISSING, USAGE for what is no regular expression */
  static async start(expression: string): Promise<EntrySearch> {
    return new EntrySearch(await fromAddon(() => new (looking().EntrySearch)(expression)));
  }

  private constructor(native: NativeSearch) {
    this.#native = native;
  }

  /** The places of the entries of a block whose key or value matches, from 0: at most so many. */
  async find(raw: Uint8Array, most: number): Promise<readonly number[]> {
    return fromAddon(() => this.#native.find(asBuffer(raw), most));
  }
}
