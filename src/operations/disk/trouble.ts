/** What keeps a store from being opened, told by a quick look at its files. */
import { engineNamed } from "../../engines/registry.js";
import type { EngineName } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { refuseOddMembers } from "./members.js";

/**
 * What keeps a store from being opened.
 * @returns null when nothing is known
 * @throws {KgdumpError} ADDON_MISSING
 */
export async function troubleOf(engine: EngineName, path: string): Promise<KgdumpError | null> {
  try {
    return await lookAt(engine, path);
  } catch (error) {
    if (error instanceof KgdumpError && error.code !== "ADDON_MISSING") return error;
    throw error;
  }
}

/**
 * What to do about a store that its engine does not open because another version wrote it; null for others.
 * @throws {KgdumpError} STORE_DAMAGED for a store with a member that is no file; ADDON_MISSING
 */
export async function otherVersionAt(engine: EngineName, path: string): Promise<KgdumpError | null> {
  const trouble = await lookAt(engine, path);
  return trouble?.code === "STORE_UNSUPPORTED" ? trouble : null;
}

/**
 * Refuses a store that its engine does not open because another version wrote it, before anything is done.
 * @throws {KgdumpError} STORE_UNSUPPORTED; as otherVersionAt
 */
export async function refuseOtherVersion(engine: EngineName, path: string): Promise<void> {
  const other = await otherVersionAt(engine, path);
  if (other !== null) throw other;
}

async function lookAt(name: EngineName, path: string): Promise<KgdumpError | null> {
  const engine = engineNamed(name);
  if (engine.troubleOf === undefined) return null;
  // A FIFO would be waited for.
  await refuseOddMembers(path);
  return engine.troubleOf(path);
}
