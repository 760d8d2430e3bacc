/** Loading a codec when it is first needed, so that reading one kind of dump does not load the compressors of others. */

import { KgdumpError } from "../errors.js";
import type { Codec, CodecName } from "../format/codec.js";
import { blocksAddonIfAny } from "./blocks-addon.js";
import { nativeZstd } from "./zstd-binding.js";

/** How a codec compresses. */
export interface CodecOptions {
  /** Compression level; only zstd has one, from 1 to 22. */
  readonly level?: number | undefined;
  /** false: decoding takes no native code even where it is there. */
  readonly native?: boolean | undefined;
}

/** Levels that zstd has. */
export const ZSTD_LEVELS = { least: 1, most: 22 } as const;

/**
 * Loads a codec.
 * @throws {KgdumpError} USAGE for a level that the codec does not have
 */
export async function loadCodec(name: CodecName, options: CodecOptions = {}): Promise<Codec> {
  const { level, native = true } = options;
  if (level !== undefined) checkLevel(name, level);
  switch (name) {
    case "none":
      return (await import("./none.js")).noneCodec();
    case "lz4":
      return (await import("./lz4.js")).lz4Codec(native ? blocksAddonIfAny() : null);
    case "zstd":
      return (await import("./zstd.js")).zstdCodec(native ? await nativeZstd() : null, level);
  }
}

function checkLevel(name: CodecName, level: number): void {
  if (name !== "zstd") throw new KgdumpError("USAGE", `codec ${name} has no compression levels`, { hint: "leave the level out, or use codec zstd" });
  const { least, most } = ZSTD_LEVELS;
  if (Number.isInteger(level) && level >= least && level <= most) return;
  throw new KgdumpError("USAGE", `zstd has no level ${String(level)}`, { hint: `give a whole number from ${String(least)} to ${String(most)}` });
}
