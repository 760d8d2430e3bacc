/**
 * The codec "lz4": one LZ4 block (github.com/lz4/lz4, doc/lz4_Block_format.md), without the length that lz4-napi puts before it.
 * The length that the decoder is told is our own, which was checked; it allocates that much and not more.
 */

import { compress, uncompress, uncompressSync } from "lz4-napi";
import { KgdumpError } from "../errors.js";
import type { Codec } from "../format/codec.js";
import { CODEC_IDS } from "../format/codec.js";

/** Bytes of lz4-napi's own length: u32, little-endian. */
const PREFIX = 4;

/** A byte of LZ4 stands for 255 bytes at most; the constant covers the first sequences of a short block. */
const MOST_EXPANSION = 255;

/**
 * Up to this many raw bytes a block is decoded on the calling thread, at some 1.5 GB/s. Decoding in the background is not
 * faster for such blocks, and the package's allocator then keeps about 120 MB for each of libuv's threads.
 */
const AT_ONCE = 16 * 1024 * 1024;

/** Makes the codec. */
export function lz4Codec(): Codec {
  return {
    name: "lz4",
    id: CODEC_IDS.lz4,
    compress: async (raw) => (await compress(raw)).subarray(PREFIX),
    decompress: async (data, rawLength) => {
      if (rawLength > (data.length + 1) * MOST_EXPANSION) throw damaged(`${String(data.length)} bytes cannot hold ${String(rawLength)}`);
      const prefixed = Buffer.allocUnsafe(PREFIX + data.length);
      prefixed.writeUInt32LE(rawLength, 0);
      prefixed.set(data, PREFIX);
      let raw: Buffer;
      try {
        raw = rawLength <= AT_ONCE ? uncompressSync(prefixed) : await uncompress(prefixed);
      } catch (cause) {
        throw damaged(cause instanceof Error ? cause.message : String(cause), cause);
      }
      if (raw.length !== rawLength) throw damaged(`it decodes to ${String(raw.length)} bytes, not ${String(rawLength)}`);
      return raw;
    },
  };
}

function damaged(problem: string, cause?: unknown): KgdumpError {
  return new KgdumpError("DUMP_BLOCK_DAMAGED", `the lz4 data is damaged: ${problem}`, { cause });
}
