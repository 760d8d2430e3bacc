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

/**
 * Waits for work, but not once the signal has aborted; the work goes on, and what becomes of it is not known.
 * @throws the signal's reason
 */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  work.catch(() => undefined);
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => { reject(signal.reason as Error); };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
