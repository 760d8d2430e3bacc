/**
 * An index frame's payload: array [keyspace, first block, array of blocks], a block being the array
 * [offset, frame length, codec, raw length, stored length, entries, first key, last key].
 */

import { KgdumpError } from "../../errors.js";
import { CODEC_IDS } from "../codec.js";
import { FRAME_HEAD_LENGTH, INDEX_BLOCKS, INDEX_BYTES, MAGIC_LENGTH, MAX_PAYLOAD_LENGTH } from "../constants.js";
import { compareKeys } from "../key-order.js";
import type { Limits } from "../limits.js";
import { MsgpackReader } from "../msgpack/reader.js";
import { MsgpackWriter } from "../msgpack/writer.js";
import type { BlockInfo, DumpHeader } from "../types.js";
import { codecName } from "./header.js";

/** Collects the blocks since the last index frame: the writer to write the next one, the reader to compare it. */
export class IndexBuilder {
  readonly #entries = new MsgpackWriter();
  #first: BlockInfo | undefined;
  #blocks = 0;

  /** Blocks that wait for an index frame. */
  get blocks(): number {
    return this.#blocks;
  }

  /** The first block that waits. */
  get first(): BlockInfo | undefined {
    return this.#first;
  }

  /** Whether an index frame must come next. */
  get full(): boolean {
    return this.#blocks >= INDEX_BLOCKS || this.#entries.length >= INDEX_BYTES;
  }

  /** Adds the next block of the dump. */
  add(block: BlockInfo): void {
    this.#first ??= block;
    this.#blocks += 1;
    this.#entries.array(8).uint(block.offset).uint(block.frameLength).uint(CODEC_IDS[block.codec]);
    this.#entries.uint(block.rawLength).uint(block.storedLength).uint(block.entries).bin(block.firstKey).bin(block.lastKey);
  }

  /**
   * The payload that lists the waiting blocks, which then wait no more.
   * @throws {TypeError} when there are none
   */
  take(): Uint8Array {
    if (this.#first === undefined) throw new TypeError("no block waits for an index frame");
    const head = new MsgpackWriter().array(3).uint(this.#first.keyspace).uint(this.#first.number).array(this.#blocks);
    const payload = head.raw(this.#entries.bytes()).bytes();
    this.#entries.clear();
    this.#first = undefined;
    this.#blocks = 0;
    return payload;
  }
}

/**
 * Decodes an index frame and checks that its blocks could be where it says and are in order.
 * @param end offset of the index frame itself, before which its blocks must lie
 * @param start where the index frame before it ends, behind which its blocks must lie
 * @throws {KgdumpError} DUMP_MALFORMED, DUMP_LIMIT_EXCEEDED, DUMP_CODEC_UNKNOWN, DUMP_INDEX_WRONG
 */
export function decodeIndex(payload: Uint8Array, header: DumpHeader, limits: Limits, end: number, start = MAGIC_LENGTH): BlockInfo[] {
  const reader = new MsgpackReader(payload, "index");
  reader.tuple("index", 3);
  const keyspace = reader.uint("keyspace");
  const order = header.keyspaces[keyspace]?.comparator;
  if (order === undefined) throw reader.malformed("keyspace", `is ${String(keyspace)}, but the header has ${String(header.keyspaces.length)}`);
  const firstBlock = reader.uint("first block");
  const count = reader.array("blocks", 1, INDEX_BLOCKS);
  const blocks: BlockInfo[] = [];
  for (let index = 0; index < count; index += 1) {
    const block = decodeEntry(reader, keyspace, firstBlock + index, limits);
    const before = blocks.at(-1);
    const sound =
      block.offset + block.frameLength <= end &&
      block.frameLength > FRAME_HEAD_LENGTH + block.storedLength &&
      compareKeys(order, block.firstKey, block.lastKey) <= 0 &&
      (before === undefined
        ? block.offset >= start
        : before.offset + before.frameLength <= block.offset && compareKeys(order, before.lastKey, block.firstKey) < 0);
    if (!sound) throw new KgdumpError("DUMP_INDEX_WRONG", `the index places block ${String(block.number)} where it cannot be`, { block: block.number });
    blocks.push(block);
  }
  reader.end();
  return blocks;
}

function decodeEntry(reader: MsgpackReader, keyspace: number, number: number, limits: Limits): BlockInfo {
  reader.tuple("block", 8);
  return {
    number,
    keyspace,
    offset: reader.uint("offset"),
    frameLength: reader.uint("frame length", MAX_PAYLOAD_LENGTH + FRAME_HEAD_LENGTH),
    codec: codecName(reader.uint("codec")),
    rawLength: reader.uint("raw length", MAX_PAYLOAD_LENGTH),
    storedLength: reader.uint("stored length", MAX_PAYLOAD_LENGTH),
    entries: reader.uint("entries"),
    firstKey: new Uint8Array(reader.bin("first key", limits.key)),
    lastKey: new Uint8Array(reader.bin("last key", limits.key)),
  };
}
