/**
 * Encoded entries: `bin key, bin value` over and over, each `bin` in its shortest form; in a delta dump the value may be nil.
 * The walk is the hot path of reading: one loop, no allocation for an entry.
 */

import { KgdumpError } from "../errors.js";
import { compareKeys, type KeyOrder, lastUpTo } from "./key-order.js";
import type { Limits } from "./limits.js";
import { binHead } from "./msgpack/writer.js";

const NIL = 0xc0;

/** One entry; the value null deletes the key. */
export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** Walks encoded entries; after each `next`, the places of the key and the value are its fields. */
export class EntryCursor {
  /** Where the entry itself starts and ends, with its heads. */
  start = 0;
  end = 0;
  keyStart = 0;
  keyEnd = 0;
  /** Equal to `valueEnd` for an empty value and for nil. */
  valueStart = 0;
  valueEnd = 0;
  /** Whether the value is nil. */
  deleted = false;
  readonly #view: DataView;
  readonly #length: number;
  #next: number;

  /** @param from where an entry starts */
  constructor(raw: Uint8Array, from = 0) {
    this.#next = from;
    this.#view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    this.#length = raw.byteLength;
  }

  /**
   * Goes to the next entry.
   * @returns false at the end
   * @throws {KgdumpError} DUMP_ENTRIES_MALFORMED when the bytes there are not an entry in its shortest form
   */
  next(): boolean {
    if (this.#next === this.#length) return false;
    this.start = this.#next;
    this.keyEnd = this.#bin();
    this.keyStart = this.valueStart;
    this.deleted = this.#next < this.#length && this.#view.getUint8(this.#next) === NIL;
    if (this.deleted) {
      this.#next += 1;
      this.valueStart = this.valueEnd = this.#next;
    } else this.valueEnd = this.#bin();
    this.end = this.#next;
    return true;
  }

  /** How the current key compares in unsigned byte order with the one at `start` to `end` of the same bytes. */
  compareKey(start: number, end: number): number {
    const view = this.#view;
    const keyLength = this.keyEnd - this.keyStart;
    const otherLength = end - start;
    const common = keyLength < otherLength ? keyLength : otherLength;
    let a = this.keyStart;
    let b = start;
    const stop = a + common;
    for (; a + 4 <= stop; a += 4, b += 4) {
      const difference = view.getUint32(a) - view.getUint32(b);
      if (difference !== 0) return difference;
    }
    for (; a < stop; a += 1, b += 1) {
      const difference = view.getUint8(a) - view.getUint8(b);
      if (difference !== 0) return difference;
    }
    return keyLength - otherLength;
  }

  /** Passes over one bin: its start goes to `valueStart`, its end is returned. */
  #bin(): number {
    const view = this.#view;
    const at = this.#next;
    const left = this.#length - at;
    const type = left > 1 ? view.getUint8(at) : 0;
    let start = at + 2;
    let length: number;
    if (type === 0xc4) length = view.getUint8(at + 1);
    else if (type === 0xc5 && left > 2) {
      start = at + 3;
      length = view.getUint16(at + 1);
      if (length < 0x100) throw malformed(at, "has a length not in its shortest form");
    } else if (type === 0xc6 && left > 4) {
      start = at + 5;
      length = view.getUint32(at + 1);
      if (length < 0x1_0000) throw malformed(at, "has a length not in its shortest form");
    } else throw malformed(at, "is not a whole bin");
    if (length > this.#length - start) throw malformed(at, "is cut off by the block's end");
    this.valueStart = start;
    this.#next = start + length;
    return this.#next;
  }
}

/** What a block's entries must be. */
export interface ExpectedEntries {
  readonly order: KeyOrder;
  readonly entries: number;
  readonly firstKey: Uint8Array;
  readonly lastKey: Uint8Array;
  /** Whether a value may be nil. */
  readonly deletions: boolean;
}

/** A look-up goes through so many entries at most. */
const MARKED = 16;

/**
 * Checks a block's entries: each in its shortest form, as many as said, in strict order, the first and last key as said.
 * @param marks gets where each sixteenth entry starts, from the first on, for `findEntry`
 * @returns sums of the lengths of keys and values
 * @throws {KgdumpError} DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN, DUMP_LIMIT_EXCEEDED
 */
export function checkEntries(raw: Uint8Array, expected: ExpectedEntries, limits: Limits, marks?: number[]): { keyBytes: number; valueBytes: number } {
  const cursor = new EntryCursor(raw);
  const sign = expected.order === "bytewise" ? 1 : -1;
  let [entries, keyBytes, valueBytes, lastStart, lastEnd] = [0, 0, 0, 0, 0];
  while (cursor.next()) {
    const keyLength = cursor.keyEnd - cursor.keyStart;
    const valueLength = cursor.valueEnd - cursor.valueStart;
    if (keyLength > limits.key || valueLength > limits.value) throw tooLong(keyLength, valueLength, limits);
    if (cursor.deleted && !expected.deletions) throw malformed(cursor.valueEnd - 1, "is nil, which only a delta dump may have");
    if (entries === 0) checkKey(raw, cursor, expected.firstKey, "first");
    else if (cursor.compareKey(lastStart, lastEnd) * sign <= 0) {
      throw new KgdumpError("DUMP_ORDER_BROKEN", `the key of entry ${String(entries)} of the block does not come after the one before it`);
    }
    if (marks !== undefined && entries % MARKED === 0) marks.push(cursor.start);
    entries += 1;
    keyBytes += keyLength;
    valueBytes += valueLength;
    lastStart = cursor.keyStart;
    lastEnd = cursor.keyEnd;
  }
  if (entries !== expected.entries) {
    throw new KgdumpError("DUMP_ENTRIES_MALFORMED", `the block has ${String(entries)} entries, not ${String(expected.entries)}`);
  }
  checkKey(raw, cursor, expected.lastKey, "last");
  return { keyBytes, valueBytes };
}

/**
 * The entries of a block, one after the other.
 * @param raw encoded entries
 * @yields views of `raw`
 * @throws {KgdumpError} DUMP_ENTRIES_MALFORMED
 */
export function* iterateEntries(raw: Uint8Array): Generator<Entry, void, undefined> {
  const cursor = new EntryCursor(raw);
  while (cursor.next()) yield { key: raw.subarray(cursor.keyStart, cursor.keyEnd), value: valueAt(raw, cursor) };
}

/**
 * Looks one key up among a block's entries.
 * @param marks of `checkEntries`, which checked them
 * @returns the entry as views of `raw`, or undefined
 */
export function findEntry(raw: Uint8Array, marks: readonly number[], order: KeyOrder, key: Uint8Array): Entry | undefined {
  const from = marks[lastUpTo(order, marks, (mark) => firstKeyFrom(raw, mark), key)];
  if (from === undefined) return undefined;
  const cursor = new EntryCursor(raw, from);
  while (cursor.next()) {
    const found = raw.subarray(cursor.keyStart, cursor.keyEnd);
    const difference = compareKeys(order, found, key);
    if (difference === 0) return { key: found, value: valueAt(raw, cursor) };
    if (difference > 0) return undefined;
  }
  return undefined;
}

/** Encodes entries in the order given; for tests and small uses. */
export function encodeEntries(entries: Iterable<Entry>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { key, value } of entries) {
    parts.push(binHead(key.length), key);
    if (value === null) parts.push(Uint8Array.of(NIL));
    else parts.push(binHead(value.length), value);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function firstKeyFrom(raw: Uint8Array, from: number): Uint8Array {
  const cursor = new EntryCursor(raw, from);
  cursor.next();
  return raw.subarray(cursor.keyStart, cursor.keyEnd);
}

function valueAt(raw: Uint8Array, cursor: EntryCursor): Uint8Array | null {
  return cursor.deleted ? null : raw.subarray(cursor.valueStart, cursor.valueEnd);
}

function isKey(raw: Uint8Array, cursor: EntryCursor, key: Uint8Array): boolean {
  return cursor.keyEnd - cursor.keyStart === key.length && Buffer.compare(raw.subarray(cursor.keyStart, cursor.keyEnd), key) === 0;
}

function checkKey(raw: Uint8Array, cursor: EntryCursor, key: Uint8Array, which: string): void {
  if (!isKey(raw, cursor, key)) throw new KgdumpError("DUMP_ENTRIES_MALFORMED", `the block's ${which} key is not the one that it says`);
}

function tooLong(keyLength: number, valueLength: number, limits: Limits): KgdumpError {
  const [what, length, limit] = keyLength > limits.key ? ["key", keyLength, limits.key] : ["value", valueLength, limits.value];
  return new KgdumpError("DUMP_LIMIT_EXCEEDED", `the block has a ${what} of ${String(length)} bytes, more than the limit of ${String(limit)}`, { hint: "if you trust the dump, accept larger blocks: --max-block-size 4GiB (limits.rawBlock of the library)" });
}

function malformed(at: number, problem: string): KgdumpError {
  return new KgdumpError("DUMP_ENTRIES_MALFORMED", `the key or value at byte ${String(at)} of the decoded block ${problem}`);
}
