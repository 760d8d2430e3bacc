/** Entries that are larger than readers of the dump take: refused, or told when that is wanted, where they are met and not hours later. */
import type { Engine } from "../../engines/engine.js";
import { engineNamed } from "../../engines/registry.js";
import type { EngineName, EntryBlock } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
// Not by the index: all that reads and salvages dumps would be loaded too.
import { EntryCursor } from "../../format/entries.js";
import { DEFAULT_LIMITS, resolveLimits, type Limits } from "../../format/limits.js";
import { nameText } from "./keyspaces.js";

/** What is asked of the engine of a dump's target. */
export type Holding = Pick<Engine, "title" | "largest">;

const SHOWN = 64;

/** Looks at the blocks of an export. */
export class HugeEntries {
  readonly #target: Holding | undefined;
  readonly #limits: Limits;
  readonly #warnings: string[] = [];
  #more = 0;

  /**
   * @param target the engine that the dump is meant for, when that is known
   * @param maxBlockSize bytes of a block that its readers are going to be told to take; default: the format's limit
   */
  constructor(target: EngineName | undefined, maxBlockSize?: number) {
    this.#target = target === undefined ? undefined : engineNamed(target);
    this.#limits = resolveLimits(maxBlockSize === undefined ? {} : { rawBlock: maxBlockSize });
  }

  /**
   * Looks at a block.
   * @throws {KgdumpError} STORE_UNSUPPORTED for an entry that the target can't hold, or that readers would refuse
   */
  look(keyspace: Uint8Array, block: Pick<EntryBlock, "data" | "entries" | "keyBytes" | "valueBytes" | "firstKey">): void {
    const { data, entries, keyBytes, valueBytes, firstKey } = block;
    const { key, value, rawBlock } = this.#limits;
    if (entries === 1) {
      this.#lookAt(keyspace, firstKey, keyBytes, valueBytes, data.length);
      return;
    }
    const most = this.#target?.largest ?? { key, value };
    if (keyBytes <= Math.min(key, most.key, DEFAULT_LIMITS.key) && valueBytes <= Math.min(value, most.value) && data.length <= rawBlock) return;
    const cursor = new EntryCursor(data);
    while (cursor.next()) {
      this.#lookAt(keyspace, data.subarray(cursor.keyStart, cursor.keyEnd), cursor.keyEnd - cursor.keyStart, cursor.valueEnd - cursor.valueStart, cursor.end - cursor.start);
    }
  }

  #lookAt(keyspace: Uint8Array, firstKey: Uint8Array, keyBytes: number, valueBytes: number, rawBytes: number): void {
    if (this.#target !== undefined && isTooLarge(this.#target, keyBytes, valueBytes)) throw tooLarge(this.#target, keyspace, firstKey, keyBytes, valueBytes);
    const { key, value, rawBlock } = this.#limits;
    if (keyBytes > key || valueBytes > value || rawBytes > rawBlock) throw unreadable(keyspace, firstKey, keyBytes, valueBytes, this.#limits);
    if (keyBytes <= DEFAULT_LIMITS.key && valueBytes <= DEFAULT_LIMITS.value) return;
    if (this.#warnings.length >= 3) this.#more += 1;
    else this.#warnings.push(`${entryText(keyspace, firstKey)} has ${sizeText(keyBytes, valueBytes)}, more than readers of dumps accept by default: read the dump with --max-block-size 4GiB`);
  }

  /** What was met, a sentence each. */
  warnings(): string[] {
    if (this.#more === 0) return this.#warnings;
    return [...this.#warnings, this.#more === 1 ? "1 more entry is as large" : `${String(this.#more)} more entries are as large`];
  }
}

/** Whether a store of an engine can't hold an entry. */
function isTooLarge({ largest }: Holding, keyBytes: number, valueBytes: number): boolean {
  return largest !== null && (keyBytes > largest.key || valueBytes > largest.value);
}

/** The error for an entry that a store of an engine can't hold. */
export function tooLarge({ title, largest }: Holding, keyspace: Uint8Array, key: Uint8Array, keyBytes: number, valueBytes: number): KgdumpError {
  return new KgdumpError("STORE_UNSUPPORTED", `${entryText(keyspace, key)} has ${sizeText(keyBytes, valueBytes)}; a ${title} store holds keys up to ${mebibytes(largest?.key)} and values up to ${mebibytes(largest?.value)}`, {
    keyspace,
    hint: "leave it out (--exclude-keyspace, or --prefix and key ranges of the export), or let the program that owns the store divide it",
  });
}

function unreadable(keyspace: Uint8Array, key: Uint8Array, keyBytes: number, valueBytes: number, limits: Limits): KgdumpError {
  const { key: mostKey, value: mostValue, rawBlock } = limits;
  const most = rawBlock === DEFAULT_LIMITS.rawBlock ? "keys up to 16 MiB and values up to 1 GiB" : `keys up to ${String(mostKey)}, values up to ${String(mostValue)} and blocks up to ${String(rawBlock)} bytes`;
  return new KgdumpError("STORE_UNSUPPORTED", `${entryText(keyspace, key)} has ${sizeText(keyBytes, valueBytes)}; readers of the dump would accept ${most}`, {
    keyspace,
    hint: "write it with --max-block-size 4GiB, and read the dump with the same; or leave it out (--exclude-keyspace, or --prefix and key ranges)",
  });
}

function mebibytes(bytes = 0): string {
  return `${String(bytes / 2 ** 20)} MiB`;
}

function entryText(keyspace: Uint8Array, key: Uint8Array): string {
  return `the entry "${nameText(key.subarray(0, SHOWN))}${key.length > SHOWN ? "…" : ""}" of "${nameText(keyspace)}"`;
}

function sizeText(keyBytes: number, valueBytes: number): string {
  return `a key of ${String(keyBytes)} and a value of ${String(valueBytes)} bytes`;
}
