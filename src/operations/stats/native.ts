/** The part of the addon for blocks that counts what is in them, as native/blocks/src/stats exports it; lint compares the two. */
import { addonIfAny, asBuffer, fromAddon, loadAddon } from "../../addon.js";
import type { ValueKind } from "./results.js";

/** What is asked for. */
interface NativeSettings {
  /** What parts of keys end with; found when there is none. */
  readonly separator?: Buffer | undefined;
  readonly schema: boolean;
  /** Entries that are named as the largest of each keyspace. */
  readonly largest: number;
  /** Entries that are chosen by chance. */
  readonly sample: number;
  readonly seed: number;
  readonly grep?: string | undefined;
  readonly grepKeys: boolean;
  readonly grepValues: boolean;
}

interface NativeStats {
  add(raw: Buffer, stored: number): Promise<void>;
  finishKeyspace(): Promise<string>;
  samples(): string;
}

interface StatsAddon {
  readonly StatsBuilder: new (settings: NativeSettings) => NativeStats;
  valueKind(value: Buffer): ValueKind;
}

/** What a value looks like. @returns null where there is no addon that could tell */
export function kindOf(value: Uint8Array): ValueKind | null {
  return (addonIfAny("blocks") as StatsAddon | null)?.valueKind(asBuffer(value)) ?? null;
}

/** Settings of a count. */
export interface CountSettings extends Omit<NativeSettings, "separator"> {
  readonly separator?: Uint8Array | undefined;
}

/** Counts what is in blocks, keyspace by keyspace; all that it tells is JSON. */
export class Counter {
  readonly #native: NativeStats;

  /** @throws {KgdumpError} ADDON_MISSING, USAGE for a regular expression that is none */
  static async start({ separator, ...settings }: CountSettings): Promise<Counter> {
    const native = await fromAddon(() => new (loadAddon("blocks") as StatsAddon).StatsBuilder({ ...settings, separator: separator === undefined ? undefined : asBuffer(separator) }));
    return new Counter(native);
  }

  private constructor(native: NativeStats) {
    this.#native = native;
  }

  /**
   * Takes in a block of the keyspace that is worked on, in its order; its bytes may be used again when this has settled.
   * @param stored bytes that it takes where it comes from
   */
  async add(raw: Uint8Array, stored: number): Promise<void> {
    await fromAddon(() => this.#native.add(asBuffer(raw), stored));
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
