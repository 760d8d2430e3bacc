/**
 * Bounding what a Zstandard frame decodes to, by walking its headers, before it is decoded (RFC 8878, sections 3.1.1.1
 * and 3.1.1.2). The decoder itself would follow a hostile frame to any size.
 */

/** A compressed block decodes to this many bytes at most (RFC 8878, 3.1.1.2.4). */
const BLOCK_MAXIMUM = 128 * 1024;

/** Windows up to this size are always accepted, as the RFC recommends (3.1.1.1.2); larger ones up to the raw length. */
export const FREE_WINDOW = 8 * 1024 * 1024;

/** What headers may promise beyond the raw length, because a compressed block counts as BLOCK_MAXIMUM. */
export const FREE_SLACK = 8 * 1024 * 1024;

const MAGIC = 0xfd2f_b528;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

/**
 * Says what is wrong with a frame, judged by its headers alone.
 * @param data exactly one frame
 * @param rawLength what it must decode to
 * @returns a sentence, or undefined when nothing is: then decoding it allocates `rawLength` plus the greater of that and FREE_SLACK at most
 */
export function zstdProblem(data: Uint8Array, rawLength: number): string | undefined {
  try {
    return walk(new DataView(data.buffer, data.byteOffset, data.byteLength), rawLength);
  } catch (error) {
    if (error instanceof RangeError) return "it is cut off";
    throw error;
  }
}

/** @throws {RangeError} when the frame ends early */
function walk(view: DataView, rawLength: number): string | undefined {
  if (view.getUint32(0, true) !== MAGIC) return "it is not a zstd frame";
  const descriptor = view.getUint8(4);
  if ((descriptor & 0x08) !== 0) return "a reserved bit is set";
  const single = (descriptor & 0x20) !== 0;
  const idBytes = DICTIONARY_ID_BYTES[descriptor & 3] ?? 0;
  let position = 5;
  let window = 0;
  if (!single) {
    const byte = view.getUint8(position);
    window = 2 ** (10 + (byte >>> 3)) * (1 + (byte & 7) / 8);
    position += 1;
  }
  if (idBytes > 0) return "it needs a dictionary";
  const sizeBytes = CONTENT_SIZE_BYTES[descriptor >>> 6] ?? 0;
  const contentBytes = sizeBytes === 0 && single ? 1 : sizeBytes;
  const content = contentSize(view, position, contentBytes);
  position += contentBytes;
  if (content !== undefined && content !== BigInt(rawLength)) return `it says that it decodes to ${String(content)} bytes, not ${String(rawLength)}`;
  if (single) window = rawLength;
  if (window > Math.max(FREE_WINDOW, rawLength)) return `it needs a window of ${String(window)} bytes`;
  return walkBlocks(view, position, Math.min(window, BLOCK_MAXIMUM), rawLength, (descriptor & 0x04) !== 0);
}

function contentSize(view: DataView, position: number, size: number): bigint | undefined {
  switch (size) {
    case 0:
      return undefined;
    case 1:
      return BigInt(view.getUint8(position));
    case 2:
      return BigInt(view.getUint16(position, true) + 256);
    case 4:
      return BigInt(view.getUint32(position, true));
    default:
      return view.getBigUint64(position, true);
  }
}

function walkBlocks(view: DataView, start: number, blockMaximum: number, rawLength: number, checksum: boolean): string | undefined {
  const most = rawLength + Math.max(rawLength, FREE_SLACK);
  let position = start;
  let bound = 0;
  for (let last = false; !last; ) {
    const header = view.getUint16(position, true) | (view.getUint8(position + 2) << 16);
    last = (header & 1) === 1;
    const type = (header >>> 1) & 3;
    const size = header >>> 3;
    if (type === 3) return "it has a block of a reserved type";
    if (size > blockMaximum) return "it has a block that is too large";
    bound += type === 2 ? blockMaximum : size;
    if (bound > most) return `its blocks may decode to more than ${String(most)} bytes`;
    position += 3 + (type === 1 ? 1 : size);
  }
  position += checksum ? 4 : 0;
  if (bound < rawLength) return `its blocks decode to ${String(bound)} bytes at most, not ${String(rawLength)}`;
  if (position > view.byteLength) return "it is cut off";
  return position < view.byteLength ? "more follows the frame" : undefined;
}
