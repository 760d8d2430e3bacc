/** What the screen needs of the program: it lies in a file of its own, which is loaded when somebody browses. */
import type { ViewLook } from "./view.js";
import type { Rows } from "./rows/rows.js";

/** Given to the screen. */
export interface Host {
  readonly rows: Rows;
  readonly look: ViewLook;
  /** Ends it, with its reason. */
  readonly signal: AbortSignal;
  /** Reads a key as it was typed. */
  readonly parseKey: (text: string) => Uint8Array;
  /** An error in a line, safe to print. */
  readonly describe: (error: unknown) => string;
  /** Is given what puts the terminal back at once, for errors that end the program. */
  readonly onScreen: (restore: () => void) => void;
}
