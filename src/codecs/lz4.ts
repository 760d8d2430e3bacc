/**
 * The codec "lz4": one LZ4 block (github.com/lz4/lz4, doc/lz4_Block_format.md), by our addon: LZ4's own library compresses,
 * and a decoder in Rust holds every rule of the format. Without the addon it is decoded in JavaScript, by the same rules.
 *
 * An addon of our own, because it works off the main thread in memory that is used again: lz4-napi makes memory anew for each
 * block, and its allocator keeps some 100 MB of it for each of libuv's threads.
 */
import { asBuffer, fromAddon } from "../addon.js";
import { KgdumpError } from "../errors.js";
import { type Codec, CODEC_IDS } from "../format/codec.js";
import { borrow } from "../memory.js";
import { blocksAddon, type BlocksAddon } from "./blocks-addon.js";
import { decodeLz4 } from "./lz4-decoder.js";

/** A byte of LZ4 stands for 255 bytes at most; the constant covers the first sequences of a short block. */
const MOST_EXPANSION = 255;

/**
 * Makes the codec.
 * @param addon null to decode in JavaScript; compressing ends with ADDON_MISSING where it is missing
 */
export function lz4Codec(addon: BlocksAddon | null): Codec {
  return {
    name: "lz4",
    id: CODEC_IDS.lz4,
    mostCompressed: (rawLength) => addon?.mostCompressed(rawLength) ?? 0,
    compress: async (raw, into) => {
      const compressor = addon ?? blocksAddon();
      const most = compressor.mostCompressed(raw.length);
      // More than LZ4 can compress stays as it is.
      if (most === 0) return raw;
      const output = into === undefined || into.length < most ? Buffer.allocUnsafeSlow(most) : asBuffer(into);
      return output.subarray(0, await fromAddon(() => compressor.compress(asBuffer(raw), output)));
    },
    decompress: async (data, rawLength) => {
      const raw = lz4Memory(data, rawLength);
      if (addon === null) {
        const problem = decodeLz4(data, raw);
        if (problem !== undefined) throw damaged(problem);
        return raw;
      }
      try {
        await fromAddon(() => addon.decompress(asBuffer(data), raw));
      } catch (error) {
        throw lz4Damage(error);
      }
      return raw;
    },
  };
}

/**
 * Memory for what a block decodes to.
 * @throws {KgdumpError} DUMP_BLOCK_DAMAGED when it can't be so much
 */
export function lz4Memory(data: Uint8Array, rawLength: number): Buffer {
  if (data.length > 0 && rawLength <= (data.length + 1) * MOST_EXPANSION) return borrow(rawLength);
  throw damaged(`${String(data.length)} bytes cannot hold ${String(rawLength)}`);
}

/** The error for a block that the addon could not decode; another error of it stays as it is. */
export function lz4Damage(error: unknown): unknown {
  return error instanceof KgdumpError && error.code === "DUMP_BLOCK_DAMAGED" ? damaged(error.message, error) : error;
}

function damaged(problem: string, cause?: unknown): KgdumpError {
  return new KgdumpError("DUMP_BLOCK_DAMAGED", `the lz4 data is damaged: ${problem}`, { cause });
}
