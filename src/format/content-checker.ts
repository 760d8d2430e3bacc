/** What the decoded entries of a dump must be: checked block by block, in order. */

import { KgdumpError } from "../errors.js";
import { EntryDigest } from "./checksum.js";
import { checkEntries } from "./entries.js";
import { itemAt } from "./item-at.js";
import type { Limits } from "./limits.js";
import type { BlockInfo, DumpHeader, KeyspaceTotals } from "./types.js";

/** Checks entries, and adds up one keyspace after the other. */
export class ContentChecker {
  readonly #header: DumpHeader;
  readonly #limits: Limits;
  #keyBytes = 0;
  #valueBytes = 0;
  #digest = new EntryDigest();

  constructor(header: DumpHeader, limits: Limits) {
    this.#header = header;
    this.#limits = limits;
  }

  /** A keyspace begins: all sums start over. */
  start(): void {
    this.#keyBytes = 0;
    this.#valueBytes = 0;
    this.#digest = new EntryDigest();
  }

  /**
   * Checks the entries of the keyspace's next block and adds them up.
   * @throws {KgdumpError} DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN, DUMP_LIMIT_EXCEEDED
   */
  block(info: Pick<BlockInfo, "keyspace" | "entries" | "firstKey" | "lastKey">, raw: Uint8Array): { keyBytes: number; valueBytes: number } {
    const order = itemAt(this.#header.keyspaces, info.keyspace, "keyspace").comparator;
    const { entries, firstKey, lastKey } = info;
    const sums = checkEntries(raw, { order, entries, firstKey, lastKey, deletions: this.#header.kind === "delta" }, this.#limits);
    this.#keyBytes += sums.keyBytes;
    this.#valueBytes += sums.valueBytes;
    this.#digest.update(raw);
    return sums;
  }

  /** Digest of the keyspace so far. */
  digest(): Uint8Array {
    return this.#digest.value();
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
