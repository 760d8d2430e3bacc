/** Every version of a key that a store has, in whichever file. */

/** One version of a key, or the removal of a range that it lies in. */
export interface KeyVersion {
  readonly keyspace: Uint8Array;
  readonly sequence: bigint;
  /** What it is, such as "value" or "deletion". */
  readonly kind: string;
  readonly file: string;
  /** Level of the table; null for a log, and where nothing tells. */
  readonly level: number | null;
  /** Where its block starts in the file; null in a log, and for the removal of a range. */
  readonly offset: number | null;
  /** Bytes of the value; in a blob file, as it is stored there. */
  readonly valueBytes: number;
  /** Number of the blob file that holds the value. */
  readonly blobFile: number | null;
  /** First key, and the key before which it ends, of the removal of a range. */
  readonly range: { readonly from: Uint8Array; readonly to: Uint8Array } | null;
  /** Whether its file is part of the store. */
  readonly live: boolean;
  /** Whether it decides what the store shows for the key. */
  readonly counts: boolean;
}

/** What was found of a key. */
export interface FoundKey {
  /** By keyspace, the newest first. */
  readonly versions: readonly KeyVersion[];
  /** What could not be looked into. */
  readonly problems: readonly { readonly file: string; readonly reason: string }[];
  readonly remarks: readonly string[];
}
