/**
 * The piece that every engine's scan shares: it asks a native iterator to fill buffers of ours and yields them as
 * EntryBlocks, reading ahead while the consumer works, and reusing the buffers that the consumer gives back.
 */

import { blockFacts, type NativeFacts } from "../addon.js";
import { KgdumpError } from "../errors.js";
import { giveBack, HUGE_BLOCK } from "../memory.js";
import type { EntryBlock } from "./store.js";

/** What a native iterator did with one buffer: what is known of its entries, and where it stands. */
export interface FillResult {
  readonly facts: NativeFacts;
  /** Bytes of encoded entries at the start of the buffer. */
  readonly bytes: number;
  /** Whether the iterator has nothing more: this block, if it has entries, is the last one. */
  readonly done: boolean;
  /** 0, or the buffer length that the next entry needs, when it is bigger than the whole buffer; then entries is 0. */
  readonly needed: number;
}

/**
 * Fills `buffer` with the next entries: an entry is added when the block is empty or when the block stays within
 * `target` bytes, and never more than `maxEntries`. An entry that does not fit the empty buffer is not consumed: its
 * encoded length comes back as `needed`. Never called again before the promise of the call before has settled.
 */
export type Fill = (buffer: Buffer, target: number, maxEntries: number) => Promise<FillResult>;

/** How blocks are cut and when the scan ends early. */
export interface BlockScanOptions {
  /** Encoded bytes that a block holds at most, unless one entry alone is bigger. */
  readonly blockSize: number;
  /** Number of entries at most over the whole scan. */
  readonly limit?: number | undefined;
  /** Its reason is thrown as soon as the fill under way has ended. */
  readonly signal?: AbortSignal | undefined;
  /** Blocks that are read before they are asked for; default 2. */
  readonly readAhead?: number | undefined;
  /** Buffers to use again, when scans share them; default: each scan keeps its own. */
  readonly pool?: Buffer[] | undefined;
  /** Called when the iterator has nothing more, before the scan ends: what it throws ends the scan. Not called when `limit` ends it. */
  readonly settle?: (() => Promise<void>) | undefined;
}

interface FilledBuffer {
  readonly buffer: Buffer;
  readonly result: FillResult;
}

const DEFAULT_READ_AHEAD = 2;
/** Buffers kept for reuse; a consumer that holds more blocks at once costs fresh allocations, not correctness. */
const POOL_LIMIT = 8;

/**
 * Yields what `fill` delivers, block by block, and calls `close` once at the end, however the scan ends.
 * The consumer may hold several blocks at a time; each block's bytes stay valid until its `release`.
 * @param fill reads the next entries into a buffer, off the main thread
 * @param close frees the native iterator; it is called when no fill is under way
 * @throws the signal's reason when it is aborted; what `fill` throws; KgdumpError STORE_UNSUPPORTED when one entry is
 *   more than this process can hold; TypeError for a block size or limit that is none
 */
export async function* scanBlocks(
  fill: Fill,
  close: () => Promise<void>,
  options: BlockScanOptions,
): AsyncGenerator<EntryBlock, void, undefined> {
  const pending: Promise<FilledBuffer | null>[] = [];
  let failed = false;
  const turns = new Turns();
  try {
    const reader = new BlockReader(fill, options, turns);
    const readAhead = Math.max(0, options.readAhead ?? DEFAULT_READ_AHEAD);
    let last: Promise<unknown> = Promise.resolve();
    for (;;) {
      while (pending.length <= readAhead) {
        const next = last.then(() => reader.next());
        // The consumer may still be busy with an earlier block when this one fails; it sees the error at its turn.
        next.catch(() => undefined);
        pending.push(next);
        last = next;
      }
      turns.ask();
      const filled = await pending.shift();
      options.signal?.throwIfAborted();
      if (filled === null || filled === undefined) {
        if (reader.exhausted) await options.settle?.();
        return;
      }
      yield reader.block(filled);
      options.signal?.throwIfAborted();
    }
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    turns.end();
    await Promise.allSettled(pending);
    // An error while closing must not hide the one that ended the scan.
    await close().catch((error: unknown) => {
      if (!failed) throw error;
    });
  }
}

/** Which block the consumer waits for, so that what must not be read ahead can wait for its turn. */
class Turns {
  #asked = 0;
  #ended = false;
  #wake: () => void = () => undefined;

  /** The consumer waits for the next block. */
  ask(): void {
    this.#asked += 1;
    this.#wake();
  }

  /** Nobody waits any more. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Waits until the block with this number, counted from 1, is asked for; false when it will not be. One may wait at a time. */
  async of(number: number): Promise<boolean> {
    while (this.#asked < number && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return !this.#ended;
  }
}

/** Runs the fills of one scan one after another, and keeps its pool of buffers. */
class BlockReader {
  readonly #fill: Fill;
  readonly #blockSize: number;
  readonly #signal: AbortSignal | undefined;
  readonly #pool: Buffer[];
  readonly #turns: Turns;
  #number = 0;
  #left: number;
  #done = false;
  #exhausted = false;

  constructor(fill: Fill, options: BlockScanOptions, turns: Turns) {
    const { blockSize, limit = Number.MAX_SAFE_INTEGER } = options;
    if (!Number.isSafeInteger(blockSize) || blockSize < 1) throw new TypeError("blockSize must be a positive integer");
    if (!Number.isSafeInteger(limit) || limit < 0) throw new TypeError("limit must be a non-negative integer");
    this.#fill = fill;
    this.#blockSize = blockSize;
    this.#signal = options.signal;
    this.#pool = options.pool ?? [];
    this.#turns = turns;
    this.#left = limit;
  }

  /** Whether the iterator said that it has nothing more. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** Reads the next block; null when there is none. Calls must not overlap. */
  async next(): Promise<FilledBuffer | null> {
    this.#number += 1;
    if (this.#done || this.#left === 0 || this.#signal?.aborted === true) return null;
    let buffer = this.#take() ?? Buffer.allocUnsafeSlow(this.#blockSize);
    try {
      let result = await this.#fill(buffer, this.#blockSize, this.#left);
      if (result.facts.entries === 0 && result.needed > 0) {
        this.#recycle(buffer);
        // Several would be in memory at once.
        if (result.needed > HUGE_BLOCK && !(await this.#turns.of(this.#number))) return null;
        buffer = allocateBig(result.needed);
        result = await this.#fill(buffer, this.#blockSize, this.#left);
      }
      this.#check(result, buffer.length);
      this.#left -= result.facts.entries;
      this.#done = result.done;
      this.#exhausted = result.done;
      if (result.facts.entries > 0) return { buffer, result };
      this.#recycle(buffer);
      return null;
    } catch (error) {
      this.#done = true;
      throw error;
    }
  }

  /** The block that a filled buffer holds; its `release` gives the buffer back to the pool. */
  block({ buffer, result }: FilledBuffer): EntryBlock {
    let released = false;
    return {
      data: buffer.subarray(0, result.bytes),
      ...blockFacts(buffer, result.facts),
      release: () => {
        // A second call must not put the buffer into the pool twice: two blocks would share it.
        if (released) return;
        released = true;
        if (buffer.length > HUGE_BLOCK && buffer.length !== this.#blockSize) giveBack(buffer);
        else this.#recycle(buffer);
      },
    };
  }

  /** A buffer of the pool; one that a scan with another block size left there is let go. */
  #take(): Buffer | undefined {
    const buffer = this.#pool.pop();
    return buffer?.length === this.#blockSize ? buffer : undefined;
  }

  #recycle(buffer: Buffer): void {
    if (buffer.length === this.#blockSize && this.#pool.length < POOL_LIMIT) this.#pool.push(buffer);
  }

  /** A result that cannot be true would become silent loss or endless waiting: it ends the scan instead. */
  #check(result: FillResult, capacity: number): void {
    const { bytes, facts: { entries, firstKeyStart, firstKeyEnd, lastKeyStart, lastKeyEnd } } = result;
    const plausible =
      entries === 0
        ? result.done && bytes === 0
        : entries <= this.#left &&
          bytes <= capacity &&
          firstKeyStart <= firstKeyEnd &&
          firstKeyEnd <= lastKeyEnd &&
          lastKeyStart <= lastKeyEnd &&
          lastKeyEnd <= bytes;
    if (!plausible) throw new KgdumpError("INTERNAL", `native scan returned ${JSON.stringify(result)} for ${capacity} bytes`);
  }
}

/** A buffer for one entry that is bigger than a block. */
function allocateBig(length: number): Buffer {
  try {
    return Buffer.allocUnsafeSlow(length);
  } catch (cause) {
    throw new KgdumpError("STORE_UNSUPPORTED", `one entry takes ${length} bytes, more than this process can hold`, {
      cause,
      hint: "Run it with more memory available; entries of this size cannot travel in a dump",
    });
  }
}
