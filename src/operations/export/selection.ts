/** Which part of a store is exported. */
import type { KeyspaceInfo, SourceOptions, StoreInfo } from "../../engines/store.js";
import type { ReadingOptions } from "../disk/stores.js";
import { type EntryFilter, refuseEmptyRange } from "../entries/filter.js";
import { type KeyspaceName, nameBytes, selectKeyspaces } from "../entries/keyspaces.js";

/** Which part of a store to export, and how it is read. */
export interface ExportSelection extends EntryFilter, ReadingOptions {
  /** Directory of the store. */
  readonly store: string;
  /** Only these keyspaces; all when undefined. */
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  /** All but these. */
  readonly excludeKeyspaces?: readonly KeyspaceName[] | undefined;
  /** Ends it, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Which keyspaces are to be exported. */
export function selectionOf(options: Pick<ExportSelection, "keyspaces" | "excludeKeyspaces">): Pick<SourceOptions, "only" | "except"> {
  return { only: options.keyspaces?.map(nameBytes), except: options.excludeKeyspaces?.map(nameBytes) };
}

/** What is selected of a store. @throws {KgdumpError} KEYSPACE_UNKNOWN, USAGE when no key can be in the range that was asked for */
export function selectedKeyspaces(info: StoreInfo, options: ExportSelection): KeyspaceInfo[] {
  const names = info.keyspaces.map((keyspace) => keyspace.name);
  const selected = selectKeyspaces(names, selectionOf(options));
  const keyspaces = info.keyspaces.filter((_, index) => selected[index]);
  refuseEmptyRange(options, keyspaces);
  return keyspaces;
}
