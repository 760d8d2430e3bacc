/** The codec "zstd": one Zstandard frame (RFC 8878) without a dictionary, whose output is bounded before it is decoded. */

import { createRequire } from "node:module";
import { KgdumpError } from "../errors.js";
import type { Codec } from "../format/codec.js";
import { CODEC_IDS } from "../format/codec.js";
import { zstdProblem } from "./zstd-frame.js";

/** Level when none is given. */
export const DEFAULT_ZSTD_LEVEL = 3;

// The package's own entry (1.2.2) forgets the level on its way to the bindings, so the bindings are called themselves.
const bindings = createRequire(import.meta.url)("@mongodb-js/zstd/bindings.js") as typeof import("@mongodb-js/zstd");

/**
 * Makes the codec.
 * @param level compression level from 1 to 22; more is smaller and slower
 */
export function zstdCodec(level = DEFAULT_ZSTD_LEVEL): Codec {
  return {
    name: "zstd",
    id: CODEC_IDS.zstd,
    compress: async (raw) => {
      const data = await bindings.compress(asBuffer(raw), level);
      // A frame that our own reader would refuse must not be written: given back as it is, the block is stored plain.
      return zstdProblem(data, raw.length) === undefined ? data : raw;
    },
    decompress: async (data, rawLength) => {
      const problem = zstdProblem(data, rawLength);
      if (problem !== undefined) throw damaged(problem);
      let raw: Buffer;
      try {
        raw = await bindings.decompress(asBuffer(data));
      } catch (cause) {
        throw damaged(cause instanceof Error ? cause.message : String(cause), cause);
      }
      if (raw.length !== rawLength) throw damaged(`it decodes to ${String(raw.length)} bytes, not ${String(rawLength)}`);
      return raw;
    },
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(problem: string, cause?: unknown): KgdumpError {
  return new KgdumpError("DUMP_BLOCK_DAMAGED", `the zstd data is damaged: ${problem}`, { cause });
}
