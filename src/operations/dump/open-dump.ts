/** An open dump file, for programs that look things up in it. */
import { resolve } from "node:path";
import { KgdumpError } from "../../errors.js";
import type { BlockInfo, DumpFile, DumpFooter, DumpHeader } from "../../format/index.js";
import { ByName, type KeyspaceName, nameBytes, unknownKeyspace } from "../entries/keyspaces.js";
import { type DumpEntry, entriesOf, type EntrySelection, indexedBlocks } from "./entries.js";
import type { DumpInput } from "./input.js";
import { type IndexedDump, indexedIn, openIndexed } from "./read.js";
import { spool } from "./spool.js";

/** A complete dump file that is open for random access. Close it with `close` or `await using`. */
export class Dump implements AsyncDisposable {
  /** Absolute path; empty for what came as a stream. */
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
   * Yields entries, keyspace by keyspace in their order; keys and values are views that stay valid.
   * @param selection only these; only blocks that may hold them are read
   * @throws {KgdumpError} KEYSPACE_UNKNOWN, USAGE for a range that is empty, DUMP_* for damage that is met, IO_FAILED; while iterating
   */
  entries(selection: EntrySelection = {}): AsyncGenerator<DumpEntry, void, undefined> {
    return entriesOf(indexedBlocks(this.#file, selection), selection);
  }

  /**
   * Yields what the index says of the blocks of one keyspace, in order; no block is read.
   * @throws {KgdumpError} KEYSPACE_UNKNOWN, DUMP_* for damage that is met, IO_FAILED
   */
  blocks(keyspace: KeyspaceName): AsyncGenerator<BlockInfo, void, undefined> {
    return this.#file.blocks(this.#keyspace(keyspace));
  }

  /**
   * Yields what the index says of blocks from a key on, or back from it; no block is read, and no more of the index than that.
   * @param key undefined: from the first one, or from the last
   * @throws {KgdumpError} KEYSPACE_UNKNOWN, DUMP_* for damage that is met, IO_FAILED
   */
  blocksFrom(keyspace: KeyspaceName, key: Uint8Array | undefined, back: boolean): AsyncGenerator<BlockInfo, void, undefined> {
    return this.#file.blocksFrom(this.#keyspace(keyspace), key, back);
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
export async function openDump(path: string, options: { maxBlockSize?: number | undefined } = {}): Promise<Dump> {
  const indexed = await openIndexed(path, options.maxBlockSize);
  if (indexed !== null) return new Dump(resolve(path), indexed);
  throw new KgdumpError("USAGE", `${path} is not a regular file, so it has no random access`, {
    path,
    hint: "write it to a file first, and name that",
  });
}

/**
 * Opens a dump for random access that is a file, or comes as a stream: that is kept in a temporary file until the dump is closed.
 * @param input path or stream
 * @throws {KgdumpError} as openDump, and NO_SPACE for a stream
 * @throws the signal's reason when it aborts
 */
export async function openInput(input: DumpInput, options: { maxBlockSize?: number | undefined; signal?: AbortSignal | undefined } = {}): Promise<Dump> {
  if (typeof input === "string") return openDump(input, options);
  return new Dump("", await indexedIn(await spool(input, options.signal), "the stream", options.maxBlockSize));
}
