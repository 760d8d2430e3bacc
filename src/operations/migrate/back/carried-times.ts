/**
 * Whether a migration took the times off values that end with one, where its journal does not say it: older versions did not note it. What the
 * sled store got is compared with what the original gives in both ways.
 */
import { KgdumpError } from "../../../errors.js";
import { type TtlMode, openSource } from "../../disk/stores.js";
import { sameName } from "../../entries/keyspaces.js";
import { holdSame, StoreScan } from "../../entries/store-scan.js";
import type { Journal } from "../journal.js";

/**
 * What was done with the times.
 * @throws {KgdumpError} STORE_TTL when neither way, or each, gives what was migrated; what reading the original throws
 */
export async function ttlOf(journal: Journal, signal: AbortSignal | undefined): Promise<TtlMode> {
  const fits: TtlMode[] = [];
  for (const ttl of ["strip", "keep"] as const) if (await gives(journal, ttl, signal)) fits.push(ttl);
  const [first] = fits;
  if (first !== undefined && fits.length === 1) return first;
  const original = journal.backup ?? journal.source;
  throw new KgdumpError("STORE_TTL", `the original ${original} has a time to live, and nothing tells whether the values of the sled store end with their times`, {
    path: journal.target,
    hint:
      "make the store beside the others: `kgdump export` of the sled store, then `kgdump restore` with --options-from, which names the original, and --ttl strip when the values lack " +
      "their times, --ttl keep when they have them; `kgdump rollback --discard-new` puts the original back",
  });
}

/** Whether the original, read in this way, is what was migrated. */
async function gives({ backup, source, keyspaces }: Journal, ttl: TtlMode, signal: AbortSignal | undefined): Promise<boolean> {
  await using store = await openSource(backup ?? source, { ttl });
  for (const { name, digest, entries } of keyspaces ?? []) {
    const keyspace = store.info.keyspaces.find((one) => sameName(one.name, Buffer.from(name, "hex")));
    if (keyspace === undefined) return false;
    if (!holdSame({ entries, digest }, await new StoreScan(store, keyspace.name, undefined, signal).whole())) return false;
  }
  return true;
}
