/** Which words the keys of a store begin with, found by jumping from one to the next: few keys are read, of whatever size the store is. */
import type { EntrySource, KeyOrder, KeyspaceInfo } from "../../engines/store.js";
import { compareKeys, iterateEntries } from "../../format/index.js";
import { prefixLengths } from "./prefixes.js";

/** What keys begin with. */
export interface PrefixSample {
  /** Bytes that the keys begin with, up to the end of a word. Of those that go on with no word: the bytes that were asked about. */
  readonly prefix: Uint8Array;
  /** The first of the keys. */
  readonly example: Uint8Array;
}

/** What was found by jumping. */
export interface PrefixSamples {
  /** In the order of the keyspace's keys. */
  readonly prefixes: readonly PrefixSample[];
  /** Whether there are more, or may be: keys without a word are passed over, and with them what begins with the same byte. */
  readonly more: boolean;
}

/** What is asked for. */
export interface PrefixRequest {
  /** Only keys that begin with these bytes, and the words directly behind them. */
  readonly within: Uint8Array;
  /** Prefixes at most. */
  readonly most: number;
  /** Keys that are looked at, at most. */
  readonly mostKeys: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Jumps from word to word.
 * @throws what the store's scan throws; the signal's reason when it aborts
 */
export async function prefixSamples(source: Pick<EntrySource, "scan">, keyspace: Pick<KeyspaceInfo, "name" | "comparator">, { within, most, mostKeys, signal }: PrefixRequest): Promise<PrefixSamples> {
  const { comparator: order } = keyspace;
  const reader = new KeyReader(source, keyspace, within, signal);
  const prefixes: PrefixSample[] = [];
  let from: Uint8Array | undefined;
  let passedOver = false;
  for (let keys = 0; keys < mostKeys; keys += 1) {
    const key = await reader.first(from);
    if (key === null) return { prefixes, more: passedOver };
    const prefix = key.subarray(0, prefixLengths(key).find((length) => length > within.length) ?? within.length);
    const isNew = !prefixes.some((known) => Buffer.compare(known.prefix, prefix) === 0);
    if (isNew && prefixes.length === most) return { prefixes, more: true };
    if (isNew) prefixes.push({ prefix, example: key });
    const isWordless = prefix.length === within.length;
    if (isWordless && key.length > within.length) passedOver ||= (await reader.behind(key))?.[within.length] === key[within.length];
    const next = isWordless ? behindWordless(key, within.length, order) : behindPrefix(prefix, order);
    if (next === null) return { prefixes, more: passedOver };
    from = next;
  }
  return { prefixes, more: passedOver || (await reader.first(from)) !== null };
}

/** Where to go on behind all keys that begin with these bytes; null when there is no such place, as behind none. */
export function behindPrefix(prefix: Uint8Array, order: KeyOrder): Uint8Array | null {
  if (prefix.length === 0) return null;
  if (order === "reverse-bytewise") return prefix;
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last === -1) return null;
  const next = Uint8Array.from(prefix.subarray(0, last + 1));
  next[last] = (next[last] ?? 0) + 1;
  return next;
}

/**
 * Where to go on behind a key that has no word behind its first `within` bytes: behind all that begin with its next byte, or behind the key itself where it has
 * none. Null when nothing comes there.
 */
function behindWordless(key: Uint8Array, within: number, order: KeyOrder): Uint8Array | null {
  if (key.length > within) return behindPrefix(key.subarray(0, within + 1), order);
  return order === "bytewise" ? Uint8Array.from([...key, 0]) : null;
}

/** Encoded bytes of a block, and keys that are read at once: small entries that lie behind one another cost one scan. */
const BLOCK_SIZE = 4096;
const AT_ONCE = 32;

/** The keys of one keyspace from any place on, forwards. */
class KeyReader {
  readonly #source: Pick<EntrySource, "scan">;
  readonly #keyspace: Pick<KeyspaceInfo, "name" | "comparator">;
  readonly #within: Uint8Array;
  readonly #signal: AbortSignal | undefined;
  /** What was read and is not passed over yet, and whether there is nothing behind it. */
  #keys: readonly Uint8Array[] = [];
  #isAll = false;

  constructor(source: Pick<EntrySource, "scan">, keyspace: Pick<KeyspaceInfo, "name" | "comparator">, within: Uint8Array, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#keyspace = keyspace;
    this.#within = within;
    this.#signal = signal;
  }

  /** The first key of all, or from a place on that lies behind the last one; null when there is none. */
  first(from: Uint8Array | undefined): Promise<Uint8Array | null> {
    const { comparator } = this.#keyspace;
    if (from === undefined) return this.#next(from, () => true);
    // In the reverse order, what begins with these bytes ends with the bytes themselves, which are passed over.
    const least = comparator === "bytewise" ? 0 : 1;
    return this.#next(from, (key) => compareKeys(comparator, key, from) >= least);
  }

  /** The key behind one; null when that is the last. */
  behind(key: Uint8Array): Promise<Uint8Array | null> {
    return this.#next(key, (other) => compareKeys(this.#keyspace.comparator, other, key) > 0);
  }

  async #next(from: Uint8Array | undefined, isWanted: (key: Uint8Array) => boolean): Promise<Uint8Array | null> {
    this.#keys = this.#keys.filter(isWanted);
    if (this.#keys.length === 0 && !this.#isAll) await this.#read(from, isWanted);
    return this.#keys[0] ?? null;
  }

  async #read(from: Uint8Array | undefined, isWanted: (key: Uint8Array) => boolean): Promise<void> {
    const keys: Uint8Array[] = [];
    let entries = 0;
    const options = { blockSize: BLOCK_SIZE, prefix: this.#within, from, limit: AT_ONCE, readAhead: 0, part: true, signal: this.#signal };
    this.#isAll = true;
    for await (const block of this.#source.scan(this.#keyspace.name, options)) {
      for (const { key } of iterateEntries(block.data)) if (isWanted(key)) keys.push(Uint8Array.from(key));
      entries += block.entries;
      // Behind a block that is not full comes nothing, or one large entry.
      this.#isAll = block.data.length < BLOCK_SIZE / 2;
      block.release();
      if (keys.length > 0 && !this.#isAll) break;
    }
    this.#isAll &&= entries < AT_ONCE;
    this.#keys = keys;
  }
}
