/**
 * What an engine offers of a damaged store: all that is sound of it, in order, and what is missing where.
 *
 * As with EntrySource, entries cross in blocks, encoded as in a dump. The store is only read.
 */
import type { Block } from "../format/types.js";
import type { SledSettings } from "./sled/sled.js";
import type { KeyspaceInfo, StoreInfo } from "./store.js";

/** Something that is lost, or may be. */
export interface StoreLoss {
  /** Name of the keyspace; null when it may be any. */
  readonly keyspace: Uint8Array | null;
  /**
   * "entries": entries, deletions among them; "deletions": removals of whole ranges; "value": the value of one key that is known to
   * have been there; "odd": what was found may not be what was written.
   */
  readonly what: "entries" | "deletions" | "value" | "odd";
  /** Name of the file that it was in. */
  readonly file: string;
  /** Where in the file; null when that is not known. */
  readonly offset: number | null;
  /** Keys between which it lies, both inclusive; null when it may be any. */
  readonly from: Uint8Array | null;
  readonly to: Uint8Array | null;
  /** Whether `from` itself is there. */
  readonly after: boolean;
  /** How many entries, older versions among them; null when nobody can tell. */
  readonly entries: number | null;
  /** Why, in words. */
  readonly reason: string;
}

/** Entries that are left of a keyspace; their bytes are valid until the next piece is asked for. */
export interface SalvagedEntries extends Block {
  /** How many of them may be older than what the store held, as a newer version or a deletion may be among what is lost. */
  readonly doubtful: number;
}

/** What a scan yields: entries, and places between them where something may be missing; never two such places in a row. */
export type SalvagePiece = { readonly type: "entries"; readonly block: SalvagedEntries } | { readonly type: "gap" };

/** A damaged store that was looked at. */
export interface StoreSalvage extends AsyncDisposable {
  readonly info: Omit<StoreInfo, "keyspaces" | "warnings"> & { readonly keyspaces: readonly KeyspaceInfo[] };
  /** With which settings a sled store was made, which its program opens it with; undefined for RocksDB. */
  readonly settings?: SledSettings | undefined;
  /** What is lost, as far as it is known; scanning may find more. */
  readonly losses: readonly StoreLoss[];
  /** What else is odd, in words. */
  readonly remarks: readonly string[];
  /** Whether nobody can tell which files belong to the store's last state, so that any entry may be an older one. */
  readonly unsure: boolean;
  /** Yields what is left of a keyspace, in its order. @throws {KgdumpError} IO_FAILED, STORE_UNSUPPORTED */
  scan(keyspace: Uint8Array, options: { readonly blockSize: number; readonly signal?: AbortSignal | undefined }): AsyncIterable<SalvagePiece>;
  close(): Promise<void>;
}

/** How a damaged store is looked at. */
export interface SalvageOptions {
  /** Read tables, too, that the store's own list of them does not name; default false. */
  readonly unknownTables?: boolean | undefined;
}
