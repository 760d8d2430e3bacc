/**
 * What is told when the code of an engine ends the process: RocksDB's is not proof against every hostile table, nor is memory against faults.
 *
 * Only the program uses it; a library that is part of another process leaves its signals alone.
 */
import { loadAddon } from "./addon.js";
import { EXIT_CODE_OF, KgdumpError } from "./errors.js";

/** Makes the text that is written to stderr for an error. */
export type RenderCrash = (error: KgdumpError) => string;

interface CrashAddon {
  /** Has a crash of another thread than the main one told before the process ends. */
  tellCrash(text: Buffer, exitCode: number): void;
}

/** A store that an engine has open. */
interface Opened {
  readonly engine: string;
  readonly isMade: boolean;
}

let render: RenderCrash | null = null;
const opened = new Map<string, Opened>();

/** Has every crash told from now on. */
export function tellCrashes(how: RenderCrash): void {
  render = how;
}

/**
 * Notes that an engine is about to open a store, which a crash is told of from now on.
 * @param engine as it is called in messages
 * @param path absolute
 * @param isMade whether kgdump makes the store: then the fault is not in its files
 */
export function watchCrash(engine: string, path: string, isMade = false): void {
  if (render === null) return;
  opened.set(path, opened.get(path) ?? { engine, isMade });
  const error = crashOf(opened);
  (loadAddon("blocks") as CrashAddon).tellCrash(Buffer.from(render(error)), EXIT_CODE_OF[error.code]);
}

const LEFT = "What was being written is not complete, and is cleared away by the next run";

/** The error of a crash. @param stores one at least, by their paths */
export function crashOf(stores: ReadonlyMap<string, Opened>): KgdumpError {
  const places = [...stores].map(([path, { engine }]) => `${engine}'s code crashed on the store at ${path}`);
  const read = [...stores].find(([, { isMade }]) => !isMade);
  const [first = ""] = stores.keys();
  if (read === undefined) {
    const hint = `the options that the dump has for its keyspaces may be the reason: \`kgdump restore --options-from STORE\` takes those of a store that works. ${LEFT}`;
    return new KgdumpError("STORE_UNSUPPORTED", places.join(", or "), { path: first, hint });
  }
  const hint = `a file of the store is not as ${read[1].engine} writes it, or this machine's memory is faulty; kgdump recover reads a store without ${read[1].engine}. ${LEFT}`;
  return new KgdumpError("STORE_DAMAGED", places.join(", or "), { path: read[0], hint });
}
