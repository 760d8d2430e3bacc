/** What the header of an export says. */
import { randomUUID } from "node:crypto";
import type { KeyspaceInfo, StoreInfo } from "../../engines/store.js";
import type { CodecName } from "../../format/codec.js";
import { FORMAT_VERSION } from "../../format/constants.js";
import type { DumpBase, DumpHeader } from "../../format/types.js";
import { PRODUCER } from "../../version.js";
import { describeFilter, type EntryFilter } from "../entries/filter.js";
import { estimatedTotals, type ExpectedTotals } from "../run/progress.js";
import { sourceDateEpoch } from "../run/source-date.js";

/** What the header depends on besides the store. */
export interface HeaderOptions extends EntryFilter {
  readonly codec: CodecName;
  readonly blockSize: number;
  /** What a delta builds on; null for a full dump. */
  readonly base: DumpBase | null;
  readonly createdAt?: Date | undefined;
  readonly dumpId?: string | undefined;
}

/**
 * Makes the header of an export.
 * @param keyspaces those of the store that are exported
 * @throws {KgdumpError} USAGE for a SOURCE_DATE_EPOCH that is no number
 */
export function makeHeader(info: StoreInfo, keyspaces: readonly KeyspaceInfo[], options: HeaderOptions): DumpHeader {
  const unknown = isPartial(options) || options.base !== null;
  return {
    formatVersion: FORMAT_VERSION,
    dumpId: options.dumpId ?? randomUUID(),
    createdAt: options.createdAt ?? sourceDateEpoch() ?? new Date(),
    producer: PRODUCER,
    kind: options.base === null ? "full" : "delta",
    base: options.base,
    salvaged: null,
    source: {
      engine: info.engine,
      version: info.version,
      databaseId: info.databaseId,
      sequenceNumber: info.sequenceNumber,
      options: info.options,
    },
    codec: options.codec,
    blockSize: options.blockSize,
    keyspaces: keyspaces.map((keyspace) => ({
      name: keyspace.name,
      comparator: keyspace.comparator,
      estimatedEntries: unknown ? 0 : keyspace.estimatedEntries,
      estimatedBytes: unknown ? 0 : keyspace.estimatedBytes,
      sourceOptions: keyspace.settings,
    })),
    filter: describeFilter(options, keyspaces.length < info.keyspaces.length),
  };
}

/** What is going to be read of the store, for progress. */
export function expectedTotals(keyspaces: readonly KeyspaceInfo[], filter: EntryFilter): ExpectedTotals {
  return isPartial(filter) ? { entries: filter.limit ?? null, bytes: null } : estimatedTotals(keyspaces);
}

/** Whether only a part of each keyspace is exported, so that the store's estimates say nothing. */
export function isPartial(filter: EntryFilter): boolean {
  return [filter.prefix, filter.from, filter.to, filter.limit].some((bound) => bound !== undefined);
}
