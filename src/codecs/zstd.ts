/** The codec "zstd": one Zstandard frame (RFC 8878) without a dictionary, whose output is bounded before it is decoded. */

import { asBuffer } from "../addon.js";
import { KgdumpError } from "../errors.js";
import { type Codec, CODEC_IDS } from "../format/codec.js";
import { loadZstd, type ZstdBinding } from "./zstd-binding.js";
import { decodeZstd } from "./zstd-decoder.js";
import { withContentSize, zstdProblem } from "./zstd-frame.js";

/** The highest level at which no block but the last decodes to less than 128 KiB (zstd splits blocks from its strategy btopt on). */
const UNSPLIT_LEVEL = 12;

/** Level when none is given. */
export const DEFAULT_ZSTD_LEVEL = 3;

/**
 * Makes the codec.
 * @param binding null to decode without native code; compressing ends with ADDON_MISSING where it is missing
 * @param level compression level from 1 to 22; more is smaller and slower
 */
export function zstdCodec(binding: ZstdBinding | null, level = DEFAULT_ZSTD_LEVEL): Codec {
  return {
    name: "zstd",
    id: CODEC_IDS.zstd,
    compress: async (raw) => {
      const compressor = binding ?? (await loadZstd());
      return boundedFrame(raw, level, async (all, at) => withContentSize(await compressor.compress(asBuffer(all), at), all.length));
    },
    decompress: async (data, rawLength) => {
      const problem = zstdProblem(data, rawLength);
      if (problem !== undefined) throw damaged(problem);
      let raw: Uint8Array;
      try {
        raw = await (binding === null ? decodeZstd(data, rawLength) : binding.decompress(asBuffer(data)));
      } catch (cause) {
        if (cause instanceof KgdumpError) throw cause;
        throw damaged(cause instanceof Error ? cause.message : String(cause), cause);
      }
      if (raw.length !== rawLength) throw damaged(`it decodes to ${String(raw.length)} bytes, not ${String(rawLength)}`);
      return raw;
    },
  };
}

/**
 * Compresses at a level, and at a lower one when the frame has so many small blocks, as high levels may make, that
 * readers could not bound it.
 * @param encode makes one frame
 */
export async function boundedFrame(raw: Uint8Array, level: number, encode: (raw: Uint8Array, level: number) => Promise<Uint8Array>): Promise<Uint8Array> {
  const data = await encode(raw, level);
  return level > UNSPLIT_LEVEL && zstdProblem(data, raw.length) !== undefined ? encode(raw, UNSPLIT_LEVEL) : data;
}

function damaged(problem: string, cause?: unknown): KgdumpError {
  return new KgdumpError("DUMP_BLOCK_DAMAGED", `the zstd data is damaged: ${problem}`, { cause });
}
