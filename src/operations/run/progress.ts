/** Progress of a long operation, reported at a bounded rate. */

/** What an operation is doing: reading a store, writing a target, reading a dump, comparing, writing what was salvaged, or waiting until nobody has the store open. */
export type Phase = "export" | "load" | "verify" | "read" | "recover" | "wait";

/** How far an operation is. Totals are estimates and may be exceeded. */
export interface Progress {
  readonly phase: Phase;
  /** Entries done in this phase. */
  readonly entries: number;
  /** Encoded, uncompressed bytes done in this phase. */
  readonly bytes: number;
  /** Bytes of the dump that were written or read in this phase; 0 where no dump is involved. */
  readonly dumpBytes: number;
  /** Entries expected, or null when nobody knows. */
  readonly totalEntries: number | null;
  /** Encoded, uncompressed bytes expected, or null when nobody knows. */
  readonly totalBytes: number | null;
  /** Keyspace that is being worked on, or null. */
  readonly keyspace: Uint8Array | null;
}

/** Called a few times a second, and once more when a phase ends. Must not throw. */
export type OnProgress = (progress: Progress) => void;

/** Who wants to know how far an operation is, and who may stop it: it ends with the signal's reason then. */
export interface WithProgress {
  /** Is told how far it is. */
  readonly onProgress?: OnProgress | undefined;
  /** Ends it, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Who wants to know at once what else is among the warnings of a result. */
export interface WithWarnings {
  /** Is told what a user should know before long work begins. Must not throw. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** What a phase is expected to do; null when nobody knows. */
export interface ExpectedTotals {
  readonly entries: number | null;
  readonly bytes: number | null;
}

/** What the estimates of keyspaces, of a store or in a header, let expect; a sum of 0 says nothing. */
export function estimatedTotals(
  keyspaces: readonly { readonly estimatedEntries: number; readonly estimatedBytes: number }[],
): ExpectedTotals {
  return {
    entries: keyspaces.reduce((total, keyspace) => total + keyspace.estimatedEntries, 0) || null,
    bytes: keyspaces.reduce((total, keyspace) => total + keyspace.estimatedBytes, 0) || null,
  };
}

const INTERVAL_MS = 100;

/** Counts one phase and reports it at most ten times a second. */
export class ProgressMeter {
  #entries = 0;
  #bytes = 0;
  #dumpBytes = 0;
  #keyspace: Uint8Array | null = null;
  #reportedAt = 0;
  readonly #phase: Phase;
  readonly #report: OnProgress | undefined;
  readonly #totals: ExpectedTotals;

  /**
   * @param phase what is being done
   * @param report who wants to know; nobody when undefined
   * @param totals what is expected, null when unknown
   */
  constructor(phase: Phase, report: OnProgress | undefined, totals: ExpectedTotals) {
    this.#phase = phase;
    this.#report = report;
    this.#totals = totals;
  }

  /** Names the keyspace that is worked on from now. */
  enter(keyspace: Uint8Array): void {
    this.#keyspace = keyspace;
    this.#tick();
  }

  /** Adds what was done since the last call. */
  add(entries: number, bytes: number, dumpBytes = 0): void {
    this.#entries += entries;
    this.#bytes += bytes;
    this.#dumpBytes += dumpBytes;
    this.#tick();
  }

  /** Reports the end of the phase. */
  end(): void {
    this.#send();
  }

  #tick(): void {
    if (this.#report === undefined) return;
    const now = performance.now();
    if (now - this.#reportedAt < INTERVAL_MS) return;
    this.#reportedAt = now;
    this.#send();
  }

  #send(): void {
    this.#report?.({
      phase: this.#phase,
      entries: this.#entries,
      bytes: this.#bytes,
      dumpBytes: this.#dumpBytes,
      totalEntries: this.#totals.entries,
      totalBytes: this.#totals.bytes,
      keyspace: this.#keyspace,
    });
  }
}
