/**
 * What is told when an engine's library ends the process: RocksDB's code is not proof against every hostile table.
 *
 * Only the program uses it; a library that is part of another process leaves its signals alone.
 */
import { EXIT_CODE_OF, KgdumpError } from "./errors.js";

/** Makes the text that is written to stderr for an error. */
export type RenderCrash = (error: KgdumpError) => string;

let render: RenderCrash | null = null;
const opened = new Set<string>();

/** Has every crash told from now on. */
export function tellCrashes(how: RenderCrash): void {
  render = how;
}

/**
 * What to write, and the exit code, should the library crash now that a store is opened.
 * @returns null when crashes are not to be told
 */
export function crashNote(store: string): { readonly text: string; readonly exitCode: number } | null {
  if (render === null) return null;
  opened.add(store);
  const paths = [...opened].join(" or ");
  const error = new KgdumpError("STORE_FAILED", `RocksDB's library crashed on the store at ${paths}`, {
    path: store,
    hint: "a file of the store is not as RocksDB writes it; kgdump recover reads a store without RocksDB. What was being written is not complete, and is cleared away by the next run",
  });
  return { text: render(error), exitCode: EXIT_CODE_OF.STORE_FAILED };
}
