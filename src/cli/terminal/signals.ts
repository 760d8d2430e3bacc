/**
 * SIGINT, SIGTERM and SIGHUP: the first asks the running operation to stop and clean up; the second, or the end of its time for that, ends at once.
 *
 * They are listened for until the process has ended: one that comes when all is done and told must not end it otherwise than was told.
 */

/** The signals that are handled and the exit code of a command that one of them ended. */
export const SIGNAL_EXIT_CODE = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Name of a handled signal. */
export type SignalName = keyof typeof SIGNAL_EXIT_CODE;

/** Why an operation was aborted: the reason of the AbortSignal. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly signal: SignalName;

  /** @param signal the signal that came; command: which command it met, when that is known */
  constructor(signal: SignalName, command?: string) {
    super(`${command === undefined ? "" : `${command} was `}interrupted by ${signal}`);
    this.signal = signal;
  }

  /** Exit code of the command. */
  get exitCode(): number {
    return SIGNAL_EXIT_CODE[this.signal];
  }
}

/** One key press can come twice, once more through a parent such as npx, which must not count as the second. */
const SAME_PRESS_MS = 100;

/**
 * How long a command takes to end at most: one that waits in the system, for a FIFO without a writer, would never end, and a large block at the highest
 * level is compressed for minutes. What is not cleaned up then is cleared by the next run.
 */
const PATIENCE_MS = 1_500;

/** What is done when signals come. */
export interface OnSignal {
  /** At the first one: the operation was asked to stop. */
  readonly stopping: (interrupted: Interrupted) => void;
  /** Before the process ends by a signal, at once. Not called when all was told. */
  readonly ending: (interrupted: Interrupted) => void;
}

/** Listens for the signals until the process has ended. */
export class SignalWatch {
  /** The command that runs, once it is known. */
  command: string | undefined;
  /** Whether Ctrl-C is for somebody else, such as a pager, whose end ends the command. */
  isPaged: () => boolean = () => false;
  readonly #controller = new AbortController();
  readonly #listeners = new Map<SignalName, () => void>();
  #first: Interrupted | null = null;
  #firstAt = 0;
  #limit: NodeJS.Timeout | undefined;
  /** Of a command that has ended: what its process ends with whatever comes; null for one that a signal ended. */
  #settled: { readonly code: number | null } | null = null;
  readonly #on: OnSignal;

  constructor(on: OnSignal) {
    this.#on = on;
    for (const signal of Object.keys(SIGNAL_EXIT_CODE) as SignalName[]) {
      const listener = (): void => {
        this.#receive(signal);
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

  #receive(signal: SignalName): void {
    if (signal === "SIGINT" && this.isPaged()) return;
    const first = this.#first;
    if (first === null) {
      const interrupted = new Interrupted(signal, this.command);
      this.#first = interrupted;
      this.#firstAt = performance.now();
      this.#limit = setTimeout(() => {
        this.#end(signal, interrupted);
      }, PATIENCE_MS);
      if (this.#settled !== null) {
        this.#limit.unref();
        return;
      }
      this.#on.stopping(interrupted);
      this.#controller.abort(interrupted);
      return;
    }
    if (performance.now() - this.#firstAt < SAME_PRESS_MS) return;
    this.#end(signal, first);
  }

  #end(signal: SignalName, first: Interrupted): void {
    const settled = this.#settled;
    if (settled === null) this.#on.ending(first);
    else if (settled.code !== null) process.exit(settled.code);
    for (const [name, listener] of this.#listeners) process.removeListener(name, listener);
    clearTimeout(this.#limit);
    // With no listener left, the signal does what it does by default.
    process.kill(process.pid, signal);
  }

  /** Stops the operation because of a fault of the program. */
  abort(fault: unknown): void {
    this.#controller.abort(fault);
  }

  /**
   * Takes note that the command has ended, and all was told. What still keeps the process running, such as a thread that compresses a large block for a
   * command that was interrupted, keeps it no longer than a command that is asked to stop may take, once a signal has come.
   * @param code what the process ends with; null when a signal ended the command, so that it is to end by a signal, which makes the same exit status
   */
  settle(code: number | null): void {
    this.#settled = { code };
    this.#limit?.unref();
    // Without an end of its own, Node takes its listeners away some milliseconds before the process is gone.
    if (code !== null) process.once("beforeExit", () => process.exit());
  }
}
