export { loadCodec, ZSTD_LEVELS } from "./load-codec.js";
export type { CodecOptions } from "./load-codec.js";
