/** Codecs as the format sees them: names, ids, and packing a block. The implementations are in src/codecs and are passed in. */

import { KgdumpError } from "../errors.js";
import { FREE_EXPANSION, LIMIT_EXPANSION } from "./constants.js";

/** All codecs, the id of each being its place. An id is never given to another codec. */
export const CODEC_NAMES = ["none", "lz4", "zstd"] as const;

/** How a block's data is stored. */
export type CodecName = (typeof CODEC_NAMES)[number];

/** Those that a user can choose among: the one that is taken without a word first, and none last. */
export const CODEC_CHOICES = [...CODEC_NAMES.filter((name) => name !== "none"), "none"] as const satisfies readonly CodecName[];

/** Something of each codec. */
export function forEachCodec<T>(make: (name: CodecName, id: number) => T): Record<CodecName, T> {
  return Object.fromEntries(CODEC_NAMES.map((name, id) => [name, make(name, id)])) as Record<CodecName, T>;
}

/** Id of each codec in a dump. */
export const CODEC_IDS: Readonly<Record<CodecName, number>> = forEachCodec((_, id) => id);

/** A codec that can compress and decompress one block. */
export interface Codec {
  readonly name: CodecName;
  /** Its id in a dump. */
  readonly id: number;
  /** Bytes of memory that `compress` can make use of for so many raw bytes; absent when it always makes its own. */
  readonly mostCompressed?: (rawLength: number) => number;
  /**
   * Compresses a block that decodes alone. The result may be longer than `raw`: see `packBlock`.
   * @param raw not changed; must stay as it is until the promise settles
   * @param into memory for the result, used when it has `mostCompressed(raw.length)` bytes or more; the result is then a
   * view into it
   */
  compress(raw: Uint8Array, into?: Uint8Array): Promise<Uint8Array>;
  /**
   * Decompresses a block, allocating no more than `rawLength` and a small constant.
   * @param data what `compress` gave, or hostile bytes
   * @param rawLength length of the result; the caller has checked it against its limits
   * @throws {KgdumpError} DUMP_BLOCK_DAMAGED unless `data` yields exactly `rawLength` bytes
   */
  decompress(data: Uint8Array, rawLength: number): Promise<Uint8Array>;
}

/** Loads a codec when it is first needed. */
export type CodecLoader = (name: CodecName) => Promise<Codec>;

/** A block's data as it is stored. */
export interface PackedBlock {
  readonly codec: CodecName;
  readonly data: Uint8Array;
}

/**
 * Compresses a block; one that does not shrink, or that readers would take for a bomb, is stored as it is.
 * @param codec codec of the dump
 * @param raw encoded entries; with codec "none" in the result, `data` is this very array
 * @param into memory that the result may use
 */
export async function packBlock(codec: Codec, raw: Uint8Array, into?: Uint8Array): Promise<PackedBlock> {
  if (codec.name === "none") return { codec: "none", data: raw };
  const data = await codec.compress(raw, into);
  const sound = data.length < raw.length && !expandsTooFar(raw.length, data.length, LIMIT_EXPANSION);
  return sound ? { codec: codec.name, data } : { codec: "none", data: raw };
}

/** Whether a block of these lengths is larger than FREE_EXPANSION and expands more than `limit` times. */
export function expandsTooFar(rawLength: number, storedLength: number, limit: number): boolean {
  return rawLength > FREE_EXPANSION && rawLength > storedLength * limit;
}

/**
 * Decodes a block's data.
 * @param codec codec of the block
 * @param data as stored
 * @param rawLength what the block says its entries take
 * @returns the encoded entries; `data` itself with codec "none"
 * @throws {KgdumpError} DUMP_BLOCK_DAMAGED when the data does not decode to exactly that length
 */
export async function unpackBlock(codec: Codec, data: Uint8Array, rawLength: number): Promise<Uint8Array> {
  const raw = await codec.decompress(data, rawLength);
  if (raw.length !== rawLength) {
    throw new KgdumpError("DUMP_BLOCK_DAMAGED", `${codec.name} data decodes to ${String(raw.length)} bytes, not ${String(rawLength)}`);
  }
  return raw;
}
