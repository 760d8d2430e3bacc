/** A block's payload: array [keyspace, codec, raw length, entries, first key, last key, data]. */

import { KgdumpError } from "../../errors.js";
import { CODEC_IDS, expandsTooFar } from "../codec.js";
import { FRAME_HEAD_LENGTH, MAX_PAYLOAD_LENGTH } from "../constants.js";
import { compareKeys } from "../key-order.js";
import type { Limits } from "../limits.js";
import { MsgpackReader } from "../msgpack/reader.js";
import { binHead, MsgpackWriter } from "../msgpack/writer.js";
import type { BlockInfo, CodecName, DumpHeader } from "../types.js";
import { codecName } from "./header.js";

/** An entry takes at least a key of no bytes (2) and a nil (1). */
const LEAST_ENTRY = 3;

/** What a block says of itself. */
export interface BlockPayload {
  readonly keyspace: number;
  readonly codec: CodecName;
  readonly rawLength: number;
  readonly entries: number;
  readonly firstKey: Uint8Array;
  readonly lastKey: Uint8Array;
  readonly data: Uint8Array;
}

/** Encodes a block; the data itself is the last part and not copied. */
export function encodeBlock(block: BlockPayload): [head: Uint8Array, data: Uint8Array] {
  const writer = new MsgpackWriter().array(7).uint(block.keyspace).uint(CODEC_IDS[block.codec]).uint(block.rawLength).uint(block.entries);
  writer.bin(block.firstKey).bin(block.lastKey).raw(binHead(block.data.length));
  return [writer.bytes(), block.data];
}

/**
 * Decodes a block's payload and checks all that can be checked before its data is decoded.
 * @returns views of the payload
 * @throws {KgdumpError} DUMP_MALFORMED, DUMP_LIMIT_EXCEEDED, DUMP_CODEC_UNKNOWN, DUMP_ORDER_BROKEN
 */
export function decodeBlock(payload: Uint8Array, header: DumpHeader, limits: Limits): BlockPayload {
  const reader = new MsgpackReader(payload, "block");
  reader.tuple("block", 7);
  const keyspace = reader.uint("keyspace");
  const order = header.keyspaces[keyspace]?.comparator;
  if (order === undefined) throw reader.malformed("keyspace", `is ${String(keyspace)}, but the header has ${String(header.keyspaces.length)}`);
  const codec = codecName(reader.uint("codec"));
  const rawLength = reader.uint("raw length", MAX_PAYLOAD_LENGTH);
  const entries = reader.uint("entries");
  const firstKey = reader.bin("first key", limits.key);
  const lastKey = reader.bin("last key", limits.key);
  const data = reader.bin("data", limits.payload);
  reader.end();

  if (codec !== "none" && codec !== header.codec) throw reader.malformed("codec", `is ${codec}, but the header says ${header.codec}`);
  if (rawLength > limits.rawBlock) throw limit(`decodes to ${String(rawLength)} bytes, more than the limit of ${String(limits.rawBlock)}`);
  if (expandsTooFar(rawLength, data.length, limits.expansion)) {
    throw limit(`says that ${String(data.length)} bytes decode to ${String(rawLength)}, more than ${String(limits.expansion)} times as many`);
  }
  if (codec === "none" ? data.length !== rawLength : data.length >= rawLength) {
    throw reader.malformed("data", `has ${String(data.length)} bytes, which does not fit ${String(rawLength)} raw bytes with codec ${codec}`);
  }
  if (entries < 1 || entries > rawLength / LEAST_ENTRY) throw reader.malformed("entries", `is ${String(entries)} in ${String(rawLength)} bytes`);
  const direction = compareKeys(order, firstKey, lastKey);
  if (entries === 1 && direction !== 0) throw reader.malformed("last key", "is not the first key although there is one entry");
  if (entries > 1 && direction >= 0) throw new KgdumpError("DUMP_ORDER_BROKEN", "the block's last key does not come after its first");
  return { keyspace, codec, rawLength, entries, firstKey, lastKey, data };
}

/** What is known of a block, its keys copied so that they keep nothing else alive. */
export function blockInfo(block: BlockPayload, number: number, offset: number, payloadLength: number): BlockInfo {
  // Copies, because the block's buffer is going to be used again. Not `slice`: a Buffer's gives a view.
  return {
    number,
    keyspace: block.keyspace,
    codec: block.codec,
    rawLength: block.rawLength,
    storedLength: block.data.length,
    entries: block.entries,
    firstKey: new Uint8Array(block.firstKey),
    lastKey: new Uint8Array(block.lastKey),
    offset,
    frameLength: FRAME_HEAD_LENGTH + payloadLength,
  };
}

function limit(problem: string): KgdumpError {
  return new KgdumpError("DUMP_LIMIT_EXCEEDED", `the block ${problem}`, { hint: "if you trust the dump, accept larger blocks: --max-block-size 4GiB (limits.rawBlock of the library)" });
}
