/** Work that overlaps, with results in the order in which it was begun. */

/**
 * A first-in, first-out queue of running promises, bounded in number. Compressing a block, say, runs on other threads
 * while the next one is read; the results come out in order all the same.
 */
export class OrderedQueue<T> {
  readonly #running: Promise<T>[] = [];
  readonly #depth: number;

  /** @param depth results that may be outstanding before one has to be taken */
  constructor(depth: number) {
    this.#depth = depth;
  }

  /** Whether `take` has to be called before the next `push`. */
  get full(): boolean {
    return this.#running.length >= this.#depth;
  }

  get empty(): boolean {
    return this.#running.length === 0;
  }

  /** Adds work that has begun. */
  push(work: Promise<T>): void {
    // Its failure is thrown by `take`; until then it must not count as unhandled.
    work.catch(() => undefined);
    this.#running.push(work);
  }

  /** The oldest result; throws what that work threw. */
  async take(): Promise<T> {
    const oldest = this.#running.shift();
    if (oldest === undefined) throw new TypeError("the queue is empty");
    return oldest;
  }

  /** Waits until nothing runs any more, whatever the results. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#running.splice(0));
  }
}
