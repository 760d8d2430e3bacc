/** Stores of earlier versions of sled, which are read, and never written. */
import type { KgdumpError } from "../../errors.js";
import { refuseOddMembers } from "./members.js";

/**
 * What to do about a store that sled does not open because another version wrote it, told by a quick look; null for others.
 * @throws {KgdumpError} STORE_DAMAGED for a store with a member that is no file; ADDON_MISSING
 */
export async function otherSledAt(path: string): Promise<KgdumpError | null> {
  // A FIFO would be waited for.
  await refuseOddMembers(path);
  const { troubleOf } = await import("../../engines/sled/lock.js");
  const trouble = await troubleOf(path);
  return trouble?.code === "STORE_UNSUPPORTED" ? trouble : null;
}

/**
 * Refuses a store that sled does not open because another version wrote it, before anything is done.
 * @throws {KgdumpError} STORE_UNSUPPORTED; as otherSledAt
 */
export async function refuseOtherSled(path: string): Promise<void> {
  const other = await otherSledAt(path);
  if (other !== null) throw other;
}
