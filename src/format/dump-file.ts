/** Random access to a complete dump through its index: a look-up touches the tail, the footer, one index frame and one block. */

import { KgdumpError } from "../errors.js";
import { type CodecLoader, unpackBlock } from "./codec.js";
import { FOOTER_KEY_BYTES, FRAME_HEAD_LENGTH, Kind, MAGIC_LENGTH } from "./constants.js";
import { checkEntries, findEntry } from "./entries.js";
import { itemAt } from "./item-at.js";
import { compareKeys, type KeyOrder, lastUpTo } from "./key-order.js";
import { type Limits, resolveLimits } from "./limits.js";
import { decodeIndex } from "./payload/block-index.js";
import { decodeBlock } from "./payload/block.js";
import { at, placed, withBlock } from "./place.js";
import { checkMember, openFooter, openHead, type OpenedHead, type RandomAccess, readFrame } from "./single-frames.js";
import type { BlockInfo, DumpFooter, DumpHeader, IndexLocation, Totals } from "./types.js";

/** How to open a dump for random access. */
export interface DumpFileOptions {
  readonly loadCodec: CodecLoader;
  readonly limits?: Partial<Limits> | undefined;
}

/** Index frames that are kept, as look-ups side by side need now one and now another. */
const KEPT_FRAMES = 8;

/** An index frame, and where the one before it ends. */
interface Listed {
  readonly location: IndexLocation;
  readonly start: number;
}

/** Encoded entries, and where some of them start. */
interface Searchable {
  readonly raw: Uint8Array;
  readonly marks: readonly number[];
}

/** What footer and header say of one keyspace. */
interface Described {
  readonly order: KeyOrder;
  readonly totals: Totals;
  readonly frames: readonly Listed[];
}

/** A complete dump, open for random access. It checks each frame that it touches; only `readDump` checks all of them. */
export class DumpFile {
  readonly header: DumpHeader;
  readonly footer: DumpFooter;
  readonly #access: RandomAccess;
  readonly #loadCodec: CodecLoader;
  readonly #limits: Limits;
  readonly #marker: Uint8Array;
  readonly #keyspaces: readonly Described[];
  /** Blocks that are being read, by their numbers. */
  readonly #reading = new Map<number, Promise<Searchable>>();
  /** What index frames list, or will when they are read; the one that was asked for last is at the end. */
  readonly #indexes = new Map<IndexLocation, Promise<readonly BlockInfo[]>>();

  /** @internal use `DumpFile.open` */
  private constructor(access: RandomAccess, loadCodec: CodecLoader, limits: Limits, head: OpenedHead, footer: DumpFooter) {
    this.#access = access;
    this.#loadCodec = loadCodec;
    this.#limits = limits;
    this.#marker = head.marker;
    this.header = head.header;
    this.footer = footer;
    const listed = head.header.keyspaces.map((): Listed[] => []);
    let start = MAGIC_LENGTH;
    for (const location of footer.indexes) {
      itemAt(listed, location.keyspace, "keyspace").push({ location, start });
      start = location.offset + location.frameLength;
    }
    const { keyspaces } = head.header;
    this.#keyspaces = listed.map((frames, place) => ({
      order: itemAt(keyspaces, place, "keyspace").comparator,
      totals: itemAt(footer.keyspaces, place, "keyspace"),
      frames,
    }));
  }

  /**
   * Opens a dump: reads its header, tail and footer.
   * @throws {KgdumpError} DUMP_TRUNCATED when it has no tail, and any code for what is wrong with the parts that are read
   */
  static async open(access: RandomAccess, options: DumpFileOptions): Promise<DumpFile> {
    const limits = resolveLimits(options.limits);
    const head = await openHead(access, limits);
    const footer = await openFooter(access, limits, head);
    return new DumpFile(access, options.loadCodec, limits, head, footer);
  }

  /**
   * All blocks in order, or those of one keyspace, from the index; no block is read. At the end of a keyspace, what the
   * index says of them has been compared with the footer.
   * @param reverse from the last to the first
   * @throws {KgdumpError} DUMP_INDEX_WRONG and the codes of a damaged frame
   */
  async *blocks(keyspace?: number, reverse = false): AsyncGenerator<BlockInfo, void, undefined> {
    const all = keyspace === undefined ? [...this.header.keyspaces.keys()] : [keyspace];
    for (const index of reverse ? all.toReversed() : all) yield* this.#blocksOf(index, reverse);
  }

  async *#blocksOf(keyspace: number, reverse: boolean): AsyncGenerator<BlockInfo, void, undefined> {
    const { order, totals, frames } = itemAt(this.#keyspaces, keyspace, "keyspace");
    const sums = { entries: 0, rawBytes: 0, storedBytes: 0 };
    let last: BlockInfo | undefined;
    for (const listed of reverse ? frames.toReversed() : frames) {
      const blocks = await this.#index(listed);
      for (const block of reverse ? blocks.toReversed() : blocks) {
        if (last !== undefined) {
          const [before, after] = reverse ? [block, last] : [last, block];
          if (compareKeys(order, before.lastKey, after.firstKey) >= 0) throw outOfOrder(after, frames);
        }
        last = block;
        sums.entries += block.entries;
        sums.rawBytes += block.rawLength;
        sums.storedBytes += block.storedLength;
        yield block;
      }
    }
    if (last === undefined) return;
    if (sums.entries === totals.entries && sums.rawBytes === totals.rawBytes && sums.storedBytes === totals.storedBytes) return;
    throw new KgdumpError("DUMP_INDEX_WRONG", "the blocks that the index lists do not add up to what the footer says", { offset: last.offset });
  }

  /**
   * Blocks of one keyspace from a place on, as the index lists them. Only the index frames that are needed are read, and no block.
   * @param key the first block is the one that may hold it, else the next one in this direction; undefined: from the end that it begins at
   * @param back from there towards the first block
   * @throws {KgdumpError} DUMP_INDEX_WRONG and the codes of a damaged frame
   */
  async *blocksFrom(keyspace: number, key: Uint8Array | undefined, back: boolean): AsyncGenerator<BlockInfo, void, undefined> {
    const { order, frames } = itemAt(this.#keyspaces, keyspace, "keyspace");
    let start = back ? frames.length - 1 : 0;
    if (key !== undefined) {
      start = frames.length - 1;
      while (start >= 0 && compareKeys(order, await this.#firstKeyOf(itemAt(frames, start, "index frame")), key) > 0) start -= 1;
    }
    const rest = back ? frames.slice(0, start + 1).reverse() : frames.slice(Math.max(0, start));
    for (const listed of rest) {
      const blocks = await this.#index(listed);
      for (const block of back ? blocks.toReversed() : blocks) {
        const passed = key !== undefined && (back ? compareKeys(order, block.firstKey, key) > 0 : compareKeys(order, block.lastKey, key) < 0);
        if (!passed) yield block;
      }
    }
  }

  async #firstKeyOf(listed: Listed): Promise<Uint8Array> {
    return listed.location.firstKey ?? itemAt(await this.#index(listed), 0, "block").firstKey;
  }

  /**
   * Decodes one block and checks it wholly.
   * @param info from `blocks` of this dump
   * @returns encoded entries
   * @throws {KgdumpError} DUMP_INDEX_WRONG when another block is there, and the codes of a damaged one
   */
  async readBlock(info: BlockInfo): Promise<Uint8Array> {
    return this.#checkedBlock(info);
  }

  async #checkedBlock(info: BlockInfo, marks?: number[]): Promise<Uint8Array> {
    const { name: keyspace, comparator: order } = itemAt(this.header.keyspaces, info.keyspace, "keyspace");
    try {
      const payload = await this.#frame(Kind.block, info.offset, info.frameLength);
      const block = decodeBlock(payload, this.header, this.#limits);
      if (!isListed(block, info)) throw new KgdumpError("DUMP_INDEX_WRONG", "the block is not the one that the index lists");
      const raw = await unpackBlock(await this.#loadCodec(block.codec), block.data, block.rawLength);
      checkEntries(raw, { ...info, order, deletions: this.header.kind === "delta" }, this.#limits, marks);
      return raw;
    } catch (error) {
      throw withBlock(placed(error, { offset: info.offset, block: info.number, keyspace }), info.number);
    }
  }

  /**
   * Looks up one key.
   * @returns its value as an array of its own, null when a delta dump deletes the key, undefined when the dump does not have it
   * @throws as `readBlock`
   */
  async get(keyspace: number, key: Uint8Array): Promise<Uint8Array | null | undefined> {
    const { order, frames } = itemAt(this.#keyspaces, keyspace, "keyspace");
    for (const listed of frames.toReversed()) {
      const { firstKey } = listed.location;
      if (firstKey !== null && compareKeys(order, firstKey, key) > 0) continue;
      const blocks = await this.#index(listed);
      const block = blocks[lastUpTo(order, blocks, ({ firstKey }) => firstKey, key)];
      if (block === undefined) continue;
      if (compareKeys(order, block.lastKey, key) < 0) return undefined;
      const { raw, marks } = await this.#block(block);
      const entry = findEntry(raw, marks, order, key);
      if (entry === undefined) return undefined;
      return entry.value === null ? null : new Uint8Array(entry.value);
    }
    return undefined;
  }

  /** A block's entries; those who ask while it is read share it. */
  async #block(info: BlockInfo): Promise<Searchable> {
    const reading = this.#reading.get(info.number) ?? this.#searchable(info).finally(() => this.#reading.delete(info.number));
    this.#reading.set(info.number, reading);
    return reading;
  }

  async #searchable(info: BlockInfo): Promise<Searchable> {
    const marks: number[] = [];
    return { raw: await this.#checkedBlock(info, marks), marks };
  }

  async #index(listed: Listed): Promise<readonly BlockInfo[]> {
    const { location } = listed;
    const blocks = this.#indexes.get(location) ?? this.#readIndex(listed);
    this.#indexes.delete(location);
    this.#indexes.set(location, blocks);
    for (const oldest of this.#indexes.keys()) {
      if (this.#indexes.size <= KEPT_FRAMES) break;
      this.#indexes.delete(oldest);
    }
    return blocks.catch((error: unknown) => {
      // It may be read the next time.
      this.#indexes.delete(location);
      throw error;
    });
  }

  async #readIndex({ location, start }: Listed): Promise<readonly BlockInfo[]> {
    const { offset, keyspace, firstBlock } = location;
    const payload = await this.#frame(Kind.index, offset, location.frameLength);
    return at({ offset }, () => {
      const found = decodeIndex(payload, this.header, this.#limits, offset, start);
      const first = found[0];
      if (found.length !== location.blocks || first?.keyspace !== keyspace || first.number !== firstBlock || !isFirstKey(location.firstKey, first.firstKey)) {
        throw new KgdumpError("DUMP_INDEX_WRONG", "the index frame is not the one that the footer lists");
      }
      return found;
    });
  }

  async #frame(kind: number, offset: number, frameLength: number): Promise<Uint8Array> {
    if (offset + frameLength > this.#access.size || frameLength < FRAME_HEAD_LENGTH) {
      throw new KgdumpError("DUMP_INDEX_WRONG", `the index points to byte ${String(offset)}, where no whole frame can be`, { offset });
    }
    const { head, payload } = await readFrame(this.#access, this.#limits, offset);
    checkMember(head, this.#marker, kind, offset);
    if (FRAME_HEAD_LENGTH + payload.length !== frameLength) {
      throw new KgdumpError("DUMP_INDEX_WRONG", `the frame at byte ${String(offset)} has another length than the index says`, { offset });
    }
    return payload;
  }
}

function isListed(block: Omit<BlockInfo, "number" | "offset" | "frameLength" | "storedLength"> & { data: Uint8Array }, info: BlockInfo): boolean {
  return (
    block.keyspace === info.keyspace &&
    block.codec === info.codec &&
    block.rawLength === info.rawLength &&
    block.entries === info.entries &&
    block.data.length === info.storedLength &&
    Buffer.compare(block.firstKey, info.firstKey) === 0 &&
    Buffer.compare(block.lastKey, info.lastKey) === 0
  );
}

function outOfOrder({ number }: BlockInfo, frames: readonly Listed[]): KgdumpError {
  const offset = frames.findLast(({ location }) => location.firstBlock <= number)?.location.offset;
  return new KgdumpError("DUMP_INDEX_WRONG", "the index frame's first block does not come after the last one of the frame before it", { offset, block: number });
}

/** Whether the footer has a frame's first key as it must: nil when it is long. */
function isFirstKey(said: Uint8Array | null, key: Uint8Array): boolean {
  return said === null ? key.length > FOOTER_KEY_BYTES : Buffer.compare(said, key) === 0;
}
