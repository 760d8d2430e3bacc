/**
 * What may stand between an operation and the stores that it writes and reads back: the places at which tests lose or change something, to see
 * that the operation notices.
 */
import type { SledSink } from "../../engines/sled/sled.js";
import type { EntryLoader, EntrySource } from "../../engines/store.js";

/** Each takes what the operation opened, and gives what it uses instead. */
export interface Seams {
  /** How a new store is loaded. */
  readonly loader?: (real: EntryLoader) => EntryLoader;
  /** How a sled store is changed: merged into, brought up to date. */
  readonly sink?: (real: SledSink) => SledSink;
  /** What is exported. */
  readonly exporting?: (real: EntrySource) => EntrySource;
  /** How the original is read once more after a switch. */
  readonly confirming?: (real: EntrySource) => EntrySource;
}

/** What an operation can be given for tests. */
export interface WithSeams {
  /** Only for tests. */
  readonly seams?: Seams | undefined;
}

/** What is used instead of what was opened. */
export function through<T>(seam: ((real: T) => T) | undefined, real: T): T {
  return seam === undefined ? real : seam(real);
}
