/** An open dump file, for programs that look things up in it. */
import { resolve } from "node:path";
import { KgdumpError } from "../../errors.js";
import { type BlockInfo, type DumpFile, type DumpFooter, type DumpHeader, iterateEntries, rangeMayHoldPrefix } from "../../format/index.js";
import { startsWith } from "../entries/filter.js";
import { ByName, type KeyspaceName, nameBytes, unknownKeyspace } from "../entries/keyspaces.js";
import { type IndexedDump, openIndexed } from "./read.js";

/** One entry of a dump. */
export interface DumpEntry {
  readonly keyspace: Uint8Array;
  readonly key: Uint8Array;
  /** null in a delta dump: the key is deleted. */
  readonly value: Uint8Array | null;
}

/** A complete dump file that is open for random access. Close it with `close` or `await using`. */
export class Dump implements AsyncDisposable {
  /** Absolute path. */
  readonly path: string;
  readonly #indexed: IndexedDump;
  /** By name; made when it is asked for. */
  #numbers: ByName<number> | undefined;

  /** @internal Use `openDump`. */
  constructor(path: string, indexed: IndexedDump) {
    this.path = path;
    this.#indexed = indexed;
  }

  get #file(): DumpFile {
    return this.#indexed.dump;
  }

  /** What is known of the dump before its entries: id, time, source, keyspaces. */
  get header(): DumpHeader {
    return this.#file.header;
  }

  /** Totals and digests of the keyspaces. */
  get footer(): DumpFooter {
    return this.#file.footer;
  }

  /** Length of the file in bytes. */
  get bytes(): number {
    return this.#indexed.bytes;
  }

  /**
   * Gets one value. Reads one index frame and one block.
   * @returns undefined when the keyspace does not have the key; null when a delta dump deletes it
   * @throws {KgdumpError} KEYSPACE_UNKNOWN, DUMP_* for damage that is met, IO_FAILED
   */
  async get(keyspace: KeyspaceName, key: Uint8Array): Promise<Uint8Array | null | undefined> {
    return this.#file.get(this.#keyspace(keyspace), key);
  }

  /**
   * Yields the entries of one keyspace in its order; keys and values are views that stay valid.
   * @param options prefix: only keys that start with it; only blocks that may hold it are read
   * @throws {KgdumpError} KEYSPACE_UNKNOWN, DUMP_* for damage that is met, IO_FAILED
   */
  async *entries(keyspace: KeyspaceName, options: { prefix?: Uint8Array; signal?: AbortSignal } = {}): AsyncGenerator<DumpEntry> {
    const index = this.#keyspace(keyspace);
    const { prefix } = options;
    const described = this.header.keyspaces[index];
    if (described === undefined) return;
    for await (const block of this.#file.blocks(index)) {
      options.signal?.throwIfAborted();
      if (prefix !== undefined && !rangeMayHoldPrefix(described.comparator, block.firstKey, block.lastKey, prefix)) continue;
      for (const { key, value } of iterateEntries(await this.#file.readBlock(block))) {
        if (prefix === undefined || startsWith(key, prefix)) yield { keyspace: described.name, key, value };
      }
    }
  }

  /**
   * Yields what the index says of the blocks of one keyspace, in order; no block is read.
   * @throws {KgdumpError} KEYSPACE_UNKNOWN, DUMP_* for damage that is met, IO_FAILED
   */
  blocks(keyspace: KeyspaceName): AsyncGenerator<BlockInfo, void, undefined> {
    return this.#file.blocks(this.#keyspace(keyspace));
  }

  /**
   * Decodes one block and checks it wholly.
   * @returns its encoded entries
   * @throws {KgdumpError} DUMP_* for damage, IO_FAILED
   */
  readBlock(block: BlockInfo): Promise<Uint8Array> {
    return this.#file.readBlock(block);
  }

  /** Closes the file; a second call does nothing. */
  async close(): Promise<void> {
    await this.#indexed[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #keyspace(name: KeyspaceName): number {
    const wanted = nameBytes(name);
    this.#numbers ??= new ByName(this.header.keyspaces.map((keyspace, index) => [keyspace.name, index]));
    const index = this.#numbers.get(wanted);
    if (index !== undefined) return index;
    throw unknownKeyspace(wanted, this.header.keyspaces.map((keyspace) => keyspace.name));
  }
}

/**
 * Opens a complete dump file for random access: its header, footer and index are checked, its blocks when they are
 * read.
 * @param path the dump's file
 * @param options maxBlockSize: decoded bytes that a block may have
 * @throws {KgdumpError} DUMP_* when it is cut short or its index is damaged, NOT_FOUND, PERMISSION_DENIED, IO_FAILED;
 * USAGE when it is no regular file
 */
export async function openDump(path: string, options: { maxBlockSize?: number } = {}): Promise<Dump> {
  const indexed = await openIndexed(path, options.maxBlockSize);
  if (indexed !== null) return new Dump(resolve(path), indexed);
  throw new KgdumpError("USAGE", `${path} is no regular file, so it has no random access`, {
    path,
    hint: "write it to a file first, and name that",
  });
}
