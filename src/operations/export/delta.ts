/** Exporting what changed since a dump: the store is read once, in order, beside the dump. */
import { createHash, type Hash } from "node:crypto";
import type { EntryBlock, KeyspaceInfo } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import type { DeltaResult } from "../../format/index.js";
import type { ChainKeyspace, DumpChain } from "../dump/chain.js";
import { changesBetween } from "../entries/changes.js";
import { nothing } from "../entries/entry-run.js";
import { nameText } from "../entries/keyspaces.js";

/** One keyspace of a store against the dumps that a delta builds on. */
export class KeyspaceDelta {
  readonly #chain: DumpChain;
  readonly #before: ChainKeyspace | undefined;
  readonly #keyspace: KeyspaceInfo;
  readonly #hash: Hash = createHash("sha256");
  #entries = 0;

  /** @throws {KgdumpError} STORE_UNSUPPORTED when the keyspace is in another order than in the dump */
  constructor(chain: DumpChain, keyspace: KeyspaceInfo) {
    this.#chain = chain;
    this.#keyspace = keyspace;
    this.#before = chain.find(keyspace.name);
    const order = this.#before?.described.comparator ?? keyspace.comparator;
    if (order === keyspace.comparator) return;
    throw new KgdumpError("STORE_UNSUPPORTED", `"${nameText(keyspace.name)}" now has a different key order than in the dump`, {
      keyspace: keyspace.name,
      hint: "it was recreated: export the whole store again, without --base",
    });
  }

  /**
   * Yields the changes, in blocks as they are in a delta.
   * @param scan all entries of the keyspace
   * @param onRead told of each block that was read of the store
   * @throws what the scan and the dump throw
   */
  async *changes(scan: AsyncIterable<EntryBlock>, blockSize: number, onRead: (block: EntryBlock) => void): AsyncGenerator<EntryBlock> {
    const first = this.#before === undefined ? nothing() : this.#chain.entries(this.#before);
    const second = this.#hashed(scan, onRead);
    for await (const built of changesBetween({ order: this.#keyspace.comparator, first, second, blockSize })) {
      yield { ...built, release: () => undefined };
    }
  }

  /** What the keyspace holds, once `changes` has come to its end. */
  result(): DeltaResult {
    return { entries: this.#entries, digest: new Uint8Array(this.#hash.copy().digest()) };
  }

  async *#hashed(scan: AsyncIterable<EntryBlock>, onRead: (block: EntryBlock) => void): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const block of scan) {
      this.#hash.update(block.data);
      this.#entries += block.entries;
      onRead(block);
      yield block.data;
      block.release();
    }
  }
}
