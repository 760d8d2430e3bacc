/** Runs of encoded blocks in key order, walked entry by entry: no object is made for an entry. */
import { type Block, EntryCursor, type KeyOrder } from "../../format/index.js";

const NIL = 0xc0;

/** Entries one after the other, over the borders of blocks. */
export class EntryRun {
  readonly #blocks: AsyncIterator<Uint8Array>;
  #cursor: EntryCursor | null = null;
  /** The block that the current entry is in. */
  raw: Buffer = Buffer.alloc(0);
  /** Places of the current entry in `raw`; null when the run has ended. */
  at: EntryCursor | null = null;

  /** @param blocks each must stay valid until the next is asked for */
  constructor(blocks: AsyncIterator<Uint8Array>) {
    this.#blocks = blocks;
  }

  /** Moves on within the block; false when its entries are used up, and `nextBlock` has to be awaited. */
  step(): boolean {
    return this.#cursor?.next() === true;
  }

  /** Moves to the first entry of the next block; `at` is null at the end. @throws what the blocks throw */
  async nextBlock(): Promise<void> {
    for (;;) {
      const next = await this.#blocks.next();
      if (next.done === true) {
        this.#cursor = this.at = null;
        return;
      }
      this.raw = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
      this.#cursor = new EntryCursor(next.value);
      this.at = this.#cursor;
      if (this.step()) return;
    }
  }

  /** Ends the run early. */
  async close(): Promise<void> {
    await this.#blocks.return?.();
  }
}

/** How the current keys of two runs compare in `order`; a run that has ended comes last. 0 when both have ended. */
export function compareRuns(order: KeyOrder, a: EntryRun, b: EntryRun): number {
  if (a.at === null || b.at === null) return Number(a.at === null) - Number(b.at === null);
  const compared = a.raw.compare(b.raw, b.at.keyStart, b.at.keyEnd, a.at.keyStart, a.at.keyEnd);
  return order === "bytewise" ? compared : -compared;
}

/** Whether the current entries of two runs are the same bytes, key and value. False when one has ended. */
export function sameEntry(a: EntryRun, b: EntryRun): boolean {
  if (a.at === null || b.at === null || a.at.end - a.at.start !== b.at.end - b.at.start) return false;
  return a.raw.compare(b.raw, b.at.start, b.at.end, a.at.start, a.at.end) === 0;
}

/** A run without blocks. */
export async function* nothing(): AsyncGenerator<never, void, undefined> {
  // There is none.
}

/** Puts blocks together from entries of runs. */
export class BlockBuilder {
  readonly #blockSize: number;
  #data: Buffer;
  #length = 0;
  #entries = 0;
  #keyBytes = 0;
  #valueBytes = 0;
  #firstKey: readonly [number, number] = [0, 0];
  #lastKey: readonly [number, number] = [0, 0];

  /** @param blockSize bytes that a block has at most, unless one entry alone is bigger */
  constructor(blockSize: number) {
    this.#blockSize = blockSize;
    this.#data = Buffer.allocUnsafeSlow(blockSize);
  }

  get empty(): boolean {
    return this.#entries === 0;
  }

  /** Whether the run's current entry, as it is, does not fit any more. */
  isFullFor({ at }: EntryRun): boolean {
    return at !== null && this.#entries > 0 && this.#length + (at.end - at.start) > this.#blockSize;
  }

  /** Adds the current entry of a run. @throws {TypeError} when the run has ended */
  put({ raw, at }: EntryRun): void {
    if (at === null) throw new TypeError("the run has ended");
    this.#add(raw, at.start, at.end, at.keyStart, at.keyEnd);
    this.#valueBytes += at.valueEnd - at.valueStart;
  }

  /** Adds the removal of the run's current key. @throws {TypeError} when the run has ended */
  remove({ raw, at }: EntryRun): void {
    if (at === null) throw new TypeError("the run has ended");
    this.#add(raw, at.start, at.keyEnd, at.keyStart, at.keyEnd);
    this.#reserve(1);
    this.#data[this.#length] = NIL;
    this.#length += 1;
  }

  /** The block so far; the builder is empty then. */
  take(): Block {
    const data = this.#data.subarray(0, this.#length);
    const key = ([start, end]: readonly [number, number]): Uint8Array => data.subarray(start, end);
    const built = {
      data,
      entries: this.#entries,
      keyBytes: this.#keyBytes,
      valueBytes: this.#valueBytes,
      firstKey: key(this.#firstKey),
      lastKey: key(this.#lastKey),
    };
    this.#data = Buffer.allocUnsafeSlow(this.#blockSize);
    this.#length = this.#entries = this.#keyBytes = this.#valueBytes = 0;
    return built;
  }

  #add(raw: Buffer, start: number, end: number, keyStart: number, keyEnd: number): void {
    this.#reserve(end - start);
    const shift = this.#length - start;
    raw.copy(this.#data, this.#length, start, end);
    this.#lastKey = [keyStart + shift, keyEnd + shift];
    if (this.#entries === 0) this.#firstKey = this.#lastKey;
    this.#length += end - start;
    this.#entries += 1;
    this.#keyBytes += keyEnd - keyStart;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#data.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#length + bytes, 2 * this.#data.length));
    this.#data.copy(larger, 0, 0, this.#length);
    this.#data = larger;
  }
}
