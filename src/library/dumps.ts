/** An open dump, as programs look things up in it. */
import type { BlockInfo as InnerBlock, DumpFooter as InnerFooter } from "../format/index.js";
import type { DumpEntry as InnerEntry, EntrySelection } from "../operations/dump/entries.js";
import type { DumpInput } from "../operations/dump/input.js";
import { type Dump as InnerDump, openInput } from "../operations/dump/open-dump.js";
import { nameText } from "../name-text.js";
import { argumentsOf, checkOptions } from "./call.js";
import { bytes, flag, input, isRecord, keyspace, keyspaces, optional, signal, wrong } from "./checks.js";
import { blockBytes, RANGE } from "./common.js";
import { asBuffer, type Bytes, type DeltaHeader, type DumpHeader, type FullHeader, type Options, type Public, publish } from "./public.js";

/** The last part of a dump: totals and digests of its keyspaces, and where its index is. */
export type DumpFooter = Public<InnerFooter>;

/** One block of a dump without its data, as the index tells it. */
export type BlockInfo = Public<InnerBlock>;

/** Which entries: those of some keyspaces, with a prefix, from a key to another, how many, and from which end. Bounds are in each keyspace's own order, also with `reverse`. */
export type EntryRange = Options<EntrySelection>;

/** One entry of a dump. Its bytes are views of a whole block, which stays in memory as long as one of them is kept: copy what you keep long. */
export interface DumpEntry<Value extends Buffer | null = Buffer | null> {
  /** Name of its keyspace. */
  readonly keyspace: Buffer;
  /** The same as text. */
  readonly keyspaceText: string;
  readonly key: Buffer;
  /** In a delta null: the key is deleted. */
  readonly value: Value;
}

/** An open dump of either kind. It yields all of its entries: `for await (const { keyspace, key, value } of dump)`. */
export interface OpenDump<Value extends Buffer | null> extends AsyncIterable<DumpEntry<Value>>, AsyncDisposable {
  /** Absolute path; null for a stream. */
  readonly path: string | null;
  /** Totals and digests of the keyspaces. */
  readonly footer: DumpFooter;
  /** Length of the dump in bytes. */
  readonly bytes: number;
  /**
   * Gets one value. Reads one index frame and one block.
   * @returns undefined when the keyspace does not have the key
   * @throws {KgdumpError} KEYSPACE_UNKNOWN, USAGE, DUMP_* for damage that is met, IO_FAILED
   */
  get(keyspace: Bytes, key: Bytes): Promise<Value | undefined>;
  /**
   * Yields entries, keyspace by keyspace, each in its order; only blocks that may hold them are read. It can be called as often as you like.
   * @param range only these; all without it
   * @throws {KgdumpError} KEYSPACE_UNKNOWN, USAGE, DUMP_* for damage that is met, IO_FAILED
   */
  entries(range?: EntryRange): AsyncGenerator<DumpEntry<Value>, void, undefined>;
  /**
   * Yields what the index says of the blocks of one keyspace, in order; no block is read.
   * @throws {KgdumpError} KEYSPACE_UNKNOWN, USAGE, DUMP_* for damage that is met, IO_FAILED
   */
  blocks(keyspace: Bytes): AsyncGenerator<BlockInfo, void, undefined>;
  /**
   * Reads one block of `blocks`, decodes it and checks it wholly.
   * @returns its entries as they are encoded
   * @throws {KgdumpError} DUMP_* for damage, IO_FAILED
   */
  readBlock(block: BlockInfo): Promise<Buffer>;
  /** Closes the dump; a second call does nothing. */
  close(): Promise<void>;
}

/** An open dump of all entries of a store, or of a part of it: each has a value. */
export interface FullDump extends OpenDump<Buffer> {
  readonly kind: "full";
  /** All that is known before the first entry: id, time, source, keyspaces. */
  readonly header: FullHeader;
}

/** An open dump of what changed since another one: a value of null deletes the key. */
export interface DeltaDump extends OpenDump<Buffer | null> {
  readonly kind: "delta";
  /** All that is known before the first entry: id, time, source, keyspaces, and the dump that it builds on. */
  readonly header: DeltaHeader;
}

/** An open dump; `kind` tells the two apart. */
export type Dump = FullDump | DeltaDump;

interface Opening {
  readonly input: DumpInput;
  /** Decoded bytes that a block may have; default: the format's limit. */
  readonly maxBlockSize?: number | undefined;
  /** Ends the reading of a stream. */
  readonly signal?: AbortSignal | undefined;
}

/** How `openDump` opens a dump. */
export type OpenOptions = Options<Opening, "input">;

const openArguments = argumentsOf<Opening>("openDump", "input", { input, maxBlockSize: blockBytes, signal: optional(signal) });

/**
 * Opens a complete dump, to look things up in it: its header, footer and index are checked now, its blocks when they are read. A stream is read to its
 * end first, into a temporary file in TMPDIR: `listEntries` reads one as it comes.
 * @param input path of a dump, or a stream of its bytes
 * @throws {KgdumpError} DUMP_* when it is cut short or its index is damaged, NOT_FOUND, PERMISSION_DENIED, NO_SPACE, IO_FAILED;
 * USAGE for a path that is no regular file
 * @throws the signal's reason when it aborts
 */
export async function openDump(input: DumpInput, options?: OpenOptions): Promise<Dump> {
  const { input: given, ...how } = openArguments(input, options);
  return new Opened(await openInput(given, how)) as OpenDump<Buffer | null> as Dump;
}

class Opened implements OpenDump<Buffer | null> {
  readonly #dump: InnerDump;
  readonly kind: "full" | "delta";
  readonly path: string | null;
  readonly header: DumpHeader;
  readonly footer: DumpFooter;
  readonly bytes: number;

  constructor(dump: InnerDump) {
    this.#dump = dump;
    this.kind = dump.header.kind;
    this.path = dump.path === "" ? null : dump.path;
    this.header = publish(dump.header);
    this.footer = publish(dump.footer);
    this.bytes = dump.bytes;
  }

  async get(name: Bytes, key: Bytes): Promise<Buffer | null | undefined> {
    const value = await this.#dump.get(keyspace(name, "get: keyspace"), bytes(key, "get: key"));
    return value instanceof Uint8Array ? asBuffer(value) : value;
  }

  entries(range: EntryRange = {}): AsyncGenerator<DumpEntry, void, undefined> {
    return publishEntries(this.#dump.entries(checkOptions<EntrySelection>(range, "entries", SELECTION)));
  }

  async *blocks(name: Bytes): AsyncGenerator<BlockInfo, void, undefined> {
    for await (const block of this.#dump.blocks(keyspace(name, "blocks: keyspace"))) yield publish(block);
  }

  async readBlock(block: BlockInfo): Promise<Buffer> {
    const { keyspaces } = this.header;
    if (!isBlock(block) || keyspaces[block.keyspace] === undefined) throw wrong("readBlock: block", "one that blocks yields", block);
    return asBuffer(await this.#dump.readBlock(block));
  }

  close(): Promise<void> {
    return this.#dump.close();
  }

  [Symbol.asyncIterator](): AsyncGenerator<DumpEntry, void, undefined> {
    return this.entries();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function isBlock(value: unknown): value is InnerBlock {
  if (!isRecord(value)) return false;
  const { keyspace, number, offset, frameLength, firstKey, lastKey } = value;
  return [keyspace, number, offset, frameLength].every((one) => Number.isSafeInteger(one) && Number(one) >= 0) && [firstKey, lastKey].every((one) => one instanceof Uint8Array);
}

/** What selects entries. */
export const SELECTION = { ...RANGE, keyspace: optional(keyspace), keyspaces: optional(keyspaces), reverse: optional(flag), signal: optional(signal) };

/** Entries as the library gives them. */
export async function* publishEntries(entries: AsyncIterable<InnerEntry>): AsyncGenerator<DumpEntry, void, undefined> {
  let keyspace: Buffer = Buffer.alloc(0);
  let keyspaceText = "";
  let last: Uint8Array | undefined;
  for await (const { keyspace: name, key, value } of entries) {
    // All entries of a keyspace come with the same name.
    if (last !== name) {
      [last, keyspace] = [name, asBuffer(name)];
      keyspaceText = nameText(name);
    }
    yield { keyspace, keyspaceText, key: asBuffer(key), value: value === null ? null : asBuffer(value) };
  }
}
