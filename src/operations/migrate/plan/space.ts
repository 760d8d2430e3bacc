/** How much room a migration takes on each file system that it writes to, and what is free there. */
import { dirname } from "node:path";
import { type SledSettings, SLED_DEFAULT_SEGMENT_SIZE } from "../../../settings/sled-settings.js";
import { diskUseOf } from "../../disk/places.js";
import { deviceOf, type Space, spacesFor } from "../../disk/space.js";
import type { MigrationPaths } from "../options.js";

/** What is known about the store that is to be migrated, and how it is migrated. */
export interface SpaceFacts {
  readonly estimatedEntries: number;
  readonly estimatedBytes: number;
  readonly live: boolean;
  readonly settings?: SledSettings | undefined;
}

/** What a new store takes for each byte of entries, at most. */
const STORE_FACTOR = 1.15;
/** What a changed byte adds to a sled store, at most: measured with shares of 0.1 % to 300 % of small and large values. */
const CHANGE_FACTOR = 2;
/** What the encoding adds to each entry of a dump, at most mostly: the lengths of its key and value. */
const ENTRY_OVERHEAD = 5;

/**
 * The share of a store's bytes for whose change there is room while it is copied and waited for. Nobody knows it before: what changes
 * beyond that may meet a full disk, and then the old store stays in place.
 */
export const CHANGED_SHARE = 0.1;

/**
 * Room for the new store, the dump, with `live` the delta, and for a backup that has to be copied, as it goes to another file system.
 * @returns one for each file system; that of the new store comes first
 * @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED, IO_FAILED for a directory that is not there or can't be looked at
 */
export async function spacesOf(paths: MigrationPaths, { estimatedEntries, estimatedBytes, live, settings = {} }: SpaceFacts): Promise<Space[]> {
  const parent = dirname(paths.target);
  const changed = live ? estimatedBytes * CHANGED_SHARE : 0;
  const dumpBytes = estimatedBytes + ENTRY_OVERHEAD * estimatedEntries;
  const needs = [{ at: parent, bytes: 2 * (settings.segmentSize ?? SLED_DEFAULT_SEGMENT_SIZE) + estimatedBytes * STORE_FACTOR + changed * CHANGE_FACTOR }];
  // The delta lies beside the dump.
  if (paths.dump !== null) needs.push({ at: dirname(paths.dump), bytes: dumpBytes * (live ? 1 + CHANGED_SHARE : 1) });
  if (paths.backup !== null) {
    const at = dirname(paths.backup);
    // On the same one it is renamed.
    if ((await deviceOf(at)) !== (await deviceOf(parent))) needs.push({ at, bytes: (await diskUseOf(paths.source)) ?? 0 });
  }
  return spacesFor(needs);
}
