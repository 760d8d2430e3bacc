/** The codec "none": a block's data is its encoded entries. */

import { KgdumpError } from "../errors.js";
import { type Codec, CODEC_IDS } from "../format/codec.js";

/** Makes the codec. Both ways give the very array that they are given. */
export function noneCodec(): Codec {
  return {
    name: "none",
    id: CODEC_IDS.none,
    compress: (raw) => Promise.resolve(raw),
    decompress: (data, rawLength) => {
      if (data.length === rawLength) return Promise.resolve(data);
      const problem = `${String(data.length)} plain bytes stand where ${String(rawLength)} should`;
      return Promise.reject(new KgdumpError("DUMP_BLOCK_DAMAGED", problem));
    },
  };
}
