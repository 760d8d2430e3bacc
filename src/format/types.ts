/** What a dump is made of, as TypeScript sees it. Sizes are bytes; counts are safe integers. */

import type { CodecName } from "./codec.js";
import type { KeyOrder } from "./key-order.js";

export type { CodecName } from "./codec.js";
export type { KeyOrder } from "./key-order.js";

/** Version of the dump format. */
export interface FormatVersion {
  readonly major: number;
  readonly minor: number;
}

/** "full": all entries of a store or of a part of it. "delta": what changed since the dump `base`; a null value deletes. */
export type DumpKind = "full" | "delta";

/** A keyspace as it is after the dump that a delta builds on. */
export interface BaseKeyspace {
  readonly name: Uint8Array;
  readonly entries: number;
  /** SHA-256 of its encoded entries, 32 bytes. */
  readonly digest: Uint8Array;
}

/** What a delta builds on. */
export interface DumpBase {
  readonly dumpId: string;
  /** All of them; one that the delta's own header does not have is dropped by it. */
  readonly keyspaces: readonly BaseKeyspace[];
}

/** Where the entries came from. */
export interface DumpSource {
  /** Name of the engine, such as "rocksdb" or "sled". */
  readonly engine: string;
  /** Version of the library that read the store. */
  readonly version: string;
  /** The store's own id, or null. */
  readonly databaseId: string | null;
  /** The store's sequence number at the snapshot (unsigned, 64 bits), or null. */
  readonly sequenceNumber: bigint | null;
  /** Settings and facts of the store as a whole, as text by name (see the registry in format-spec/); none in a dump of version 1.0. */
  readonly options?: ReadonlyMap<string, string> | undefined;
}

/** One keyspace as the header announces it. */
export interface HeaderKeyspace {
  /** Name as bytes; any bytes are possible. */
  readonly name: Uint8Array;
  /** Order of its keys, and of its entries in the dump. */
  readonly comparator: KeyOrder;
  /** Roughly how many entries follow; 0 when unknown. */
  readonly estimatedEntries: number;
  /** Roughly how many bytes of keys and values follow; 0 when unknown. */
  readonly estimatedBytes: number;
  /** Settings of the source's keyspace that `restore` may want, as text; nothing here changes how a dump is read. */
  readonly sourceOptions?: ReadonlyMap<string, string> | undefined;
}

/** The header: all that is known before the first entry. */
export interface DumpHeader {
  /** Version of the format that the dump is written in; a writer always writes its own. */
  readonly formatVersion: FormatVersion;
  /** UUID in lower case. */
  readonly dumpId: string;
  /** When the snapshot was taken, to the millisecond. */
  readonly createdAt: Date;
  /** Program and version that wrote it, such as "kgdump 0.1.0". */
  readonly producer: string;
  readonly kind: DumpKind;
  /** What a delta builds on; null in a full dump. */
  readonly base: DumpBase | null;
  /** Set in a dump that was salvaged from a damaged one: that one's dump id, null when that was lost. */
  readonly salvaged: { readonly dumpId: string | null } | null;
  readonly source: DumpSource;
  /** Codec of the blocks; a block that does not shrink is stored with "none". */
  readonly codec: CodecName;
  /** Raw bytes of a block that the writer aims at. */
  readonly blockSize: number;
  /** All keyspaces, in the order in which they follow. */
  readonly keyspaces: readonly HeaderKeyspace[];
  /** What a person should know when the dump is a part of the store, such as "prefix=node:"; null for the whole store. */
  readonly filter: string | null;
}

/** What is known of a run of entries of one keyspace, in its order. */
export interface BlockFacts {
  readonly entries: number;
  /** Sums of the lengths of keys and of values. */
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** First and last key, as views of the encoded entries. */
  readonly firstKey: Uint8Array;
  readonly lastKey: Uint8Array;
}

/** Encoded entries, and what is known of them: what travels from an engine to a dump, and back. */
export interface Block extends BlockFacts {
  readonly data: Uint8Array;
}

/** Sums over entries and blocks. */
export interface Totals {
  readonly entries: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly blocks: number;
  /** Blocks decoded. */
  readonly rawBytes: number;
  /** Blocks as stored, without their frames. */
  readonly storedBytes: number;
  /** Places where something is missing; always 0 unless the dump was salvaged. */
  readonly gaps: number;
}

/** What a keyspace holds when a delta was applied to its base. */
export interface DeltaResult {
  readonly entries: number;
  /** SHA-256 of all its encoded entries, 32 bytes. */
  readonly digest: Uint8Array;
}

/** A place in a salvaged dump where entries may be missing. */
export interface Gap {
  /** Index into the header's keyspaces. */
  readonly keyspace: number;
  /** Last key before it, null when nothing of the keyspace is before it. */
  readonly after: Uint8Array | null;
  /** First key behind it, null when nothing of the keyspace is behind it. */
  readonly before: Uint8Array | null;
  /** How many blocks are missing, or null when nobody can tell. */
  readonly blocks: number | null;
  /** How many entries are missing, or null when nobody can tell. */
  readonly entries: number | null;
  /** Bytes of the damaged dump that could not be used there, or null when nobody can tell. */
  readonly bytes: number | null;
}

/** Sums of one keyspace, and the digest of its entries. */
export interface KeyspaceTotals extends Totals {
  /** SHA-256 of the keyspace's encoded entries in order, 32 bytes: the same whatever the codec and block size. */
  readonly digest: Uint8Array;
  /** Of a delta: what the keyspace then holds; null in a full dump. */
  readonly result: DeltaResult | null;
}

/** Where an index frame is, and which blocks it lists. */
export interface IndexLocation {
  /** Offset of its frame in the dump. */
  readonly offset: number;
  /** Length of its whole frame. */
  readonly frameLength: number;
  /** The keyspace (index into the header's) that all its blocks belong to. */
  readonly keyspace: number;
  /** Number of its first block, over the whole dump. */
  readonly firstBlock: number;
  /** How many blocks it lists. */
  readonly blocks: number;
  /** First key of its first block; null when that is longer than FOOTER_KEY_BYTES. */
  readonly firstKey: Uint8Array | null;
}

/** The footer: sums of all, and where the index is. */
export interface DumpFooter extends Totals {
  /** In the header's order. */
  readonly keyspaces: readonly (KeyspaceTotals & { readonly name: Uint8Array })[];
  readonly indexes: readonly IndexLocation[];
}

/** One block without its data. */
export interface BlockInfo {
  /** Number of the block over the whole dump, from 0. */
  readonly number: number;
  /** Index into the header's keyspaces. */
  readonly keyspace: number;
  readonly codec: CodecName;
  readonly rawLength: number;
  /** Length of the data as stored. */
  readonly storedLength: number;
  readonly entries: number;
  readonly firstKey: Uint8Array;
  readonly lastKey: Uint8Array;
  /** Offset of its frame in the dump. */
  readonly offset: number;
  /** Length of its whole frame. */
  readonly frameLength: number;
}

/** What reading a dump yields, in the order of the dump. */
export type DumpEvent =
  | { readonly type: "header"; readonly header: DumpHeader }
  | { readonly type: "keyspace-start"; readonly keyspace: number }
  /** `raw` are the encoded entries; null when the reader was told not to decode. */
  | { readonly type: "block"; readonly block: BlockInfo; readonly raw: Uint8Array | null }
  | { readonly type: "gap"; readonly gap: Gap }
  | { readonly type: "keyspace-end"; readonly keyspace: number; readonly totals: KeyspaceTotals }
  /** The dump is complete and nothing follows it; `bytes` is its length. */
  | { readonly type: "footer"; readonly footer: DumpFooter; readonly bytes: number };
