/**
 * SIGINT, SIGTERM and SIGHUP: the first asks the running operation to stop and clean up, the second, or five seconds, ends at once.
 */

/** The signals that are handled and the exit code of a command that one of them ended. */
export const SIGNAL_EXIT_CODE = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Name of a handled signal. */
export type SignalName = keyof typeof SIGNAL_EXIT_CODE;

/** Why an operation was aborted: the reason of the AbortSignal. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly signal: SignalName;

  /** @param signal the signal that came */
  constructor(signal: SignalName) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }

  /** Exit code of the command. */
  get exitCode(): number {
    return SIGNAL_EXIT_CODE[this.signal];
  }
}

/** One key press can come twice, once more through a parent such as npx, which must not count as the second. */
const SAME_PRESS_MS = 100;

/** How long an operation may take to stop and clean up; one that waits in the system, for a FIFO without a writer, would never end. */
const PATIENCE_MS = 5_000;

/** Listens for the signals for as long as a command runs. */
export class SignalWatch {
  readonly #controller = new AbortController();
  readonly #listeners = new Map<SignalName, () => void>();
  #first: Interrupted | null = null;
  #firstAt = 0;
  #limit: NodeJS.Timeout | undefined;

  /** @param atOnce called before a second signal ends the process: what must be undone on the terminal */
  constructor(atOnce: () => void) {
    for (const signal of Object.keys(SIGNAL_EXIT_CODE) as SignalName[]) {
      const listener = (): void => {
        this.#receive(signal, atOnce);
      };
      this.#listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  /** Aborts, with an `Interrupted` as its reason, when the first signal comes. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What interrupted the command, or null. */
  get interrupted(): Interrupted | null {
    return this.#first;
  }

  #receive(signal: SignalName, atOnce: () => void): void {
    if (this.#first === null) {
      this.#first = new Interrupted(signal);
      this.#firstAt = performance.now();
      this.#limit = setTimeout(() => {
        this.#end(signal, atOnce);
      }, PATIENCE_MS);
      this.#controller.abort(this.#first);
      return;
    }
    if (performance.now() - this.#firstAt < SAME_PRESS_MS) return;
    this.#end(signal, atOnce);
  }

  #end(signal: SignalName, atOnce: () => void): void {
    atOnce();
    this.stop();
    // With no listener left, the signal does what it does by default.
    process.kill(process.pid, signal);
  }

  /** Stops the operation because of a fault of the program. */
  abort(fault: unknown): void {
    this.#controller.abort(fault);
  }

  /** Stops listening. */
  stop(): void {
    for (const [signal, listener] of this.#listeners) process.removeListener(signal, listener);
    this.#listeners.clear();
    clearTimeout(this.#limit);
  }
}
