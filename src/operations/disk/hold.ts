/** Holding a store so that no program can open it for writing. */
import { engineNamed } from "../../engines/registry.js";
import type { EngineName, EntrySource, StoreLock } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { nameIsTaken } from "./names.js";
import type { Occupant } from "./places.js";
import { openSource } from "./stores.js";

/** A store that no program can open for writing until it is released. */
export interface Held {
  /** The store, when holding it is reading it, as one lock is for both. Null for one that is opened beside the lock. */
  readonly source: EntrySource | null;
  readonly release: () => Promise<void>;
}

/**
 * Holds a store. Its directory may change its name meanwhile.
 * @throws {KgdumpError} STORE_IN_USE, STORE_*, PERMISSION_DENIED, IO_FAILED
 */
export async function holdStore(path: string, engine: EngineName): Promise<Held> {
  const held = engineNamed(engine);
  if (held.readingLocks) {
    const source = await openSource(path, {});
    return { source, release: () => source.close() };
  }
  const lock = await held.lock(path);
  return {
    source: null,
    release: () => {
      lock.release();
      return Promise.resolve();
    },
  };
}

/**
 * The lock of what is at a path; null when there is nothing that could be locked.
 * @param kind of the store that is, or was, there
 * @throws {KgdumpError} STORE_IN_USE; PERMISSION_DENIED when it can't be told whether it is
 */
export async function lockOf(path: string, at: Occupant, kind: EngineName): Promise<StoreLock | null> {
  if (at === "absent" || at === "empty" || !(await nameIsTaken(path))) return null;
  try {
    return await engineNamed(kind).lock(path);
  } catch (error) {
    if (!(error instanceof KgdumpError) || error.code === "STORE_IN_USE" || error.code === "ADDON_MISSING") throw error;
    if (error.code !== "PERMISSION_DENIED") return null;
    throw new KgdumpError("PERMISSION_DENIED", `it is unknown whether a program has ${path} open: ${error.message}`, {
      cause: error,
      path,
      hint: "run this as the user that the service runs as, or as root",
    });
  }
}
