/** Zstandard without native code: its own library, compiled to WebAssembly, which can only reach its own memory. */
import { ZSTDDecoder } from "zstddec";
import { KgdumpError } from "../errors.js";

/** Bytes of its memory that frames and what they decode to may take: it has 2 GiB, and does not look whether it got what it asked for. */
const MOST = 2 ** 31 - 2 ** 26;

let loading: Promise<ZSTDDecoder> | undefined;

async function load(): Promise<ZSTDDecoder> {
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return decoder;
}

/**
 * Decodes a frame.
 * @param frame one whose headers were found to be sound, and to promise `rawLength` bytes
 * @returns what it decodes to; of another length when it is damaged
 * @throws {KgdumpError} ADDON_MISSING when it is too large for that
 */
export async function decodeZstd(frame: Uint8Array, rawLength: number): Promise<Uint8Array> {
  if (frame.length + rawLength > MOST) {
    throw new KgdumpError("ADDON_MISSING", `a zstd block of ${String(rawLength)} bytes is too large to be decoded without the package @mongodb-js/zstd`, { hint: "`npm install @mongodb-js/zstd@1.2.2` gets it" });
  }
  loading ??= load();
  return (await loading).decode(frame, rawLength);
}
