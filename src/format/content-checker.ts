/** What the decoded entries of a dump must be: checked block by block, in order. */

import { KgdumpError } from "../errors.js";
import { EntryDigest } from "./checksum.js";
import { type Codec, unpackBlock } from "./codec.js";
import { checkEntries } from "./entries.js";
import { itemAt } from "./item-at.js";
import type { KeyOrder } from "./key-order.js";
import type { Limits } from "./limits.js";
import type { BlockFacts, BlockInfo, DumpHeader, KeyspaceTotals } from "./types.js";

/** What the entries of a keyspace must be. */
export interface KeyspaceShape {
  readonly order: KeyOrder;
  /** Whether a value may be nil, as in a delta. */
  readonly deletions: boolean;
}

/** What a block's entries turned out to be: each in its shortest form, in strict order, and of the keyspace's shape. */
export interface CheckedFacts extends BlockFacts {
  /** Lengths. */
  readonly longestKey: number;
  readonly longestValue: number;
}

/** A decoded block. */
export interface UnpackedBlock {
  /** Encoded entries. */
  readonly raw: Uint8Array;
  /** As they were found elsewhere; null when they are to be looked at here, as they are not what they should be or nobody did. */
  readonly facts: CheckedFacts | null;
}

/** Decodes, checks and hashes the blocks of one keyspace elsewhere, so that this thread has time for others. */
export interface BlockUnpacker {
  /**
   * Unpacks the next block; it may be called again at once. Nothing refers to the data any more when the promise has settled.
   * @throws {KgdumpError} DUMP_BLOCK_DAMAGED when it can't be decoded
   * @throws what loading the codec throws
   */
  unpack(codec: Promise<Codec>, data: Uint8Array, rawLength: number): Promise<UnpackedBlock>;
  /** SHA-256 of all blocks that were sound, in the order of the calls, once every `unpack` has settled. */
  digest(): Uint8Array;
}

/** Checks entries, and adds up one keyspace after the other. */
export class ContentChecker {
  readonly #header: DumpHeader;
  readonly #limits: Limits;
  #keyBytes = 0;
  #valueBytes = 0;
  #digest = new EntryDigest();
  readonly #unpackerOf: ((shape: KeyspaceShape) => BlockUnpacker) | undefined;
  #unpacker: BlockUnpacker | undefined;

  /** @param unpackerOf makes what unpacks a keyspace's blocks; without it they are checked here */
  constructor(header: DumpHeader, limits: Limits, unpackerOf?: (shape: KeyspaceShape) => BlockUnpacker) {
    this.#header = header;
    this.#limits = limits;
    this.#unpackerOf = unpackerOf;
  }

  /** A keyspace begins: all sums start over. */
  start(keyspace: number): void {
    this.#keyBytes = 0;
    this.#valueBytes = 0;
    this.#digest = new EntryDigest();
    this.#unpacker = this.#unpackerOf?.(this.#shapeOf(keyspace));
  }

  /** Decodes the keyspace's next block, for `block`; as BlockUnpacker says. */
  async unpack(codec: Promise<Codec>, data: Uint8Array, rawLength: number): Promise<UnpackedBlock> {
    return this.#unpacker?.unpack(codec, data, rawLength) ?? { raw: await unpackBlock(await codec, data, rawLength), facts: null };
  }

  /**
   * Checks the entries of the keyspace's next block and adds them up.
   * @param facts what `unpack` found
   * @throws {KgdumpError} DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN, DUMP_LIMIT_EXCEEDED
   */
  block(info: Pick<BlockInfo, "keyspace" | "entries" | "firstKey" | "lastKey">, raw: Uint8Array, facts: CheckedFacts | null = null): { keyBytes: number; valueBytes: number } {
    const sums = facts !== null && this.#areSound(facts, info) ? facts : this.#look(info, raw);
    this.#keyBytes += sums.keyBytes;
    this.#valueBytes += sums.valueBytes;
    return sums;
  }

  #areSound(facts: CheckedFacts, { entries, firstKey, lastKey }: Pick<BlockInfo, "entries" | "firstKey" | "lastKey">): boolean {
    const fits = facts.longestKey <= this.#limits.key && facts.longestValue <= this.#limits.value;
    return fits && facts.entries === entries && Buffer.compare(facts.firstKey, firstKey) === 0 && Buffer.compare(facts.lastKey, lastKey) === 0;
  }

  #look({ keyspace, entries, firstKey, lastKey }: Pick<BlockInfo, "keyspace" | "entries" | "firstKey" | "lastKey">, raw: Uint8Array): { keyBytes: number; valueBytes: number } {
    const sums = checkEntries(raw, { ...this.#shapeOf(keyspace), entries, firstKey, lastKey }, this.#limits);
    if (this.#unpacker !== undefined) throw new Error("a block that was refused elsewhere is sound");
    this.#digest.update(raw);
    return sums;
  }

  #shapeOf(keyspace: number): KeyspaceShape {
    return { order: itemAt(this.#header.keyspaces, keyspace, "keyspace").comparator, deletions: this.#header.kind === "delta" };
  }

  /** Digest of the keyspace so far. */
  digest(): Uint8Array {
    return this.#unpacker?.digest() ?? this.#digest.value();
  }

  /**
   * Compares what a keyspace's end says with what its blocks held.
   * @throws {KgdumpError} DUMP_TOTALS_MISMATCH, DUMP_DIGEST_MISMATCH
   */
  end(totals: KeyspaceTotals): void {
    if (totals.keyBytes !== this.#keyBytes) throw new KgdumpError("DUMP_TOTALS_MISMATCH", "the keyspace's keyBytes is not what its blocks add up to");
    if (totals.valueBytes !== this.#valueBytes) throw new KgdumpError("DUMP_TOTALS_MISMATCH", "the keyspace's valueBytes is not what its blocks add up to");
    if (Buffer.compare(totals.digest, this.digest()) !== 0) {
      throw new KgdumpError("DUMP_DIGEST_MISMATCH", "the digest of the keyspace's entries is not the one that its end says");
    }
  }
}
