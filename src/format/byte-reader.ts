/** Reading exact numbers of bytes from chunks of any size, each byte copied once. */
import { borrow, giveBack } from "../memory.js";

/** A payload's buffer starts at most this big and grows only with what really arrives. */
const FIRST_ALLOCATION = 16 * 1024 * 1024;
/** It gets so many times as big; by then the old one is small beside it, both of which are there for a moment. */
const GROWTH = 4;

/** Reads an input front to back. */
export class ByteReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  #chunk: Uint8Array = new Uint8Array(0);
  #position = 0;
  #offset = 0;
  /** The input said that it is done, or failed, or was closed. */
  #ended = false;
  #asking = false;

  /**
   * @param input chunks of any size, empty ones too; a chunk may be reused by its owner once the next is asked for
   * @param signal ends a wait for input
   */
  constructor(input: AsyncIterable<Uint8Array>, signal?: AbortSignal) {
    this.#iterator = input[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  /** Offset of the next byte. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * The next `length` bytes as an array of their own, which may be given back (memory.ts); fewer only when the input ends before.
   * @throws what the input throws; the signal's reason when it is aborted; TypeError when a chunk is not a Uint8Array
   */
  async read(length: number): Promise<Uint8Array> {
    let result = memory(Math.min(length, FIRST_ALLOCATION));
    let filled = 0;
    while (filled < length) {
      if (this.#position === this.#chunk.length && !(await this.#more())) break;
      if (filled === result.length) {
        const bigger = memory(nextSize(filled, length));
        bigger.set(result);
        giveBack(result);
        result = bigger;
      }
      const size = Math.min(result.length - filled, this.#chunk.length - this.#position);
      result.set(this.#chunk.subarray(this.#position, this.#position + size), filled);
      filled += size;
      this.#position += size;
      this.#offset += size;
    }
    return filled === length ? result : result.slice(0, filled);
  }

  /** What of the current chunk is not yet read, at most `length` bytes, without reading it; to show what an input looks like. */
  peek(length: number): Uint8Array {
    return this.#chunk.subarray(this.#position, this.#position + length);
  }

  /**
   * Whether no byte follows.
   * @throws as `read`
   */
  async atEnd(): Promise<boolean> {
    return this.#position === this.#chunk.length && !(await this.#more());
  }

  /** Tells the input that no more is wanted. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const closing = this.#iterator.return?.();
    // An input that was asked and has not answered cannot be waited for: it may never do.
    if (this.#asking) closing?.catch(() => undefined);
    else await closing;
  }

  /** Gets the next chunk that is not empty. */
  async #more(): Promise<boolean> {
    while (!this.#ended) {
      const { done, value } = await this.#ask();
      if (done === true) {
        this.#ended = true;
        break;
      }
      if (!(value instanceof Uint8Array)) throw new TypeError("the input must yield Uint8Arrays");
      if (value.length === 0) continue;
      this.#chunk = value;
      this.#position = 0;
      return true;
    }
    return false;
  }

  async #ask(): Promise<IteratorResult<Uint8Array, unknown>> {
    this.#signal?.throwIfAborted();
    this.#asking = true;
    const answer = this.#iterator.next().then(
      (result) => {
        this.#asking = false;
        return result;
      },
      (error: unknown) => {
        this.#asking = false;
        this.#ended = true;
        throw error;
      },
    );
    const signal = this.#signal;
    if (signal === undefined) return answer;
    let onAbort = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => {
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await Promise.race([answer, aborted]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/** Size of the buffer for `length` bytes when `filled` are there and no more have room. The last step goes all the way. */
function nextSize(filled: number, length: number): number {
  const grown = GROWTH * filled;
  return 2 * grown >= length ? length : grown;
}

/** Not a Buffer, whose `slice` makes no copy. */
function memory(length: number): Uint8Array {
  return new Uint8Array(borrow(length).buffer, 0, length);
}
