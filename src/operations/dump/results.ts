/** What operations say about a keyspace of a dump. */
import type { KeyspaceTotals } from "../../format/index.js";

/** One keyspace as it is in a dump. */
export interface KeyspaceResult {
  readonly name: Uint8Array;
  readonly entries: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly blocks: number;
  /** Encoded, uncompressed bytes. */
  readonly rawBytes: number;
  /** Bytes of its blocks' data as stored. */
  readonly storedBytes: number;
  /** SHA-256 over its encoded entries in order, in hex. */
  readonly digest: string;
}

/** Joins a keyspace's name and totals. */
export function keyspaceResult(name: Uint8Array, totals: KeyspaceTotals | undefined): KeyspaceResult {
  if (totals === undefined) throw new TypeError("a keyspace without totals");
  const { entries, keyBytes, valueBytes, blocks, rawBytes, storedBytes, digest } = totals;
  return { name, entries, keyBytes, valueBytes, blocks, rawBytes, storedBytes, digest: Buffer.from(digest).toString("hex") };
}
