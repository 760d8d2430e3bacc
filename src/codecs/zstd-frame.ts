/**
 * Zstandard frames (RFC 8878, section 3.1.1): bounding what one decodes to by walking its headers before it is decoded,
 * for the decoder itself would follow a hostile frame to any size; and giving one the header that lets readers do so.
 */

/** A compressed block decodes to this many bytes at most (RFC 8878, 3.1.1.2.4). */
const BLOCK_MAXIMUM = 128 * 1024;

/** Windows up to this size are always accepted, as the RFC recommends (3.1.1.1.2); larger ones up to the raw length. */
export const FREE_WINDOW = 8 * 1024 * 1024;

/** What a frame's blocks may promise beyond the raw length, because each compressed one counts as BLOCK_MAXIMUM. */
export const FREE_SLACK = 16 * 1024 * 1024;

const MAGIC = 0xfd2f_b528;
const SINGLE_SEGMENT = 0x20;
const CHECKSUM = 0x04;
const RESERVED = 0x08;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;

interface FrameHeader {
  /** Bytes of the header with the magic. */
  readonly length: number;
  readonly descriptor: number;
  /** The window's byte; undefined in a single segment, whose window is its content. */
  readonly windowByte: number | undefined;
  readonly dictionary: boolean;
  /** Content size; undefined when the header does not say. */
  readonly content: bigint | undefined;
}

/**
 * Says what is wrong with a frame, judged by its headers alone.
 * @param data exactly one frame
 * @param rawLength what it must decode to
 * @returns a phrase, or undefined when nothing is: then it decodes to `rawLength` plus the greater of that and FREE_SLACK at most
 */
export function zstdProblem(data: Uint8Array, rawLength: number): string | undefined {
  try {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (view.getUint32(0, true) !== MAGIC) return "it is not a zstd frame";
    const header = frameHeader(view);
    return headerProblem(header, rawLength) ?? blocksProblem(view, header, rawLength);
  } catch (error) {
    if (error instanceof RangeError) return "it is cut off";
    throw error;
  }
}

/**
 * Gives a frame a header that says its content size, and a window no larger than that. Encoders that are fed piece by
 * piece leave both out because they do not know the end.
 * @param data one frame as an encoder wrote it
 * @param rawLength what it decodes to, at least 1
 */
export function withContentSize(data: Uint8Array, rawLength: number): Uint8Array {
  const header = frameHeader(new DataView(data.buffer, data.byteOffset, data.byteLength));
  const single = header.windowByte === undefined || windowSize(header.windowByte) >= rawLength;
  const [flag, size] = rawLength < 256 ? [0, 1] : rawLength < 65_792 ? [1, 2] : [2, 4];
  const bytes = Buffer.alloc(6 + size);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes[4] = (flag << 6) | (single ? SINGLE_SEGMENT : 0) | (header.descriptor & CHECKSUM);
  const at = single ? 5 : bytes.writeUInt8(header.windowByte, 5);
  bytes.writeUIntLE(flag === 1 ? rawLength - 256 : rawLength, at, size);
  return Buffer.concat([bytes.subarray(0, at + size), data.subarray(header.length)]);
}

/** @throws {RangeError} when the header is cut off */
function frameHeader(view: DataView): FrameHeader {
  const descriptor = view.getUint8(4);
  const single = (descriptor & SINGLE_SEGMENT) !== 0;
  const windowByte = single ? undefined : view.getUint8(5);
  const idBytes = DICTIONARY_ID_BYTES[descriptor & 3] ?? 0;
  const at = (single ? 5 : 6) + idBytes;
  const [content, size] = contentSize(view, at, descriptor >>> 6, single);
  return { length: at + size, descriptor, windowByte, dictionary: idBytes > 0, content };
}

/** The content size and how many bytes it takes. */
function contentSize(view: DataView, at: number, flag: number, single: boolean): [bigint | undefined, number] {
  switch (flag) {
    case 0:
      return single ? [BigInt(view.getUint8(at)), 1] : [undefined, 0];
    case 1:
      return [BigInt(view.getUint16(at, true) + 256), 2];
    case 2:
      return [BigInt(view.getUint32(at, true)), 4];
    default:
      return [view.getBigUint64(at, true), 8];
  }
}

function windowSize(byte: number): number {
  return 2 ** (10 + (byte >>> 3)) * (1 + (byte & 7) / 8);
}

function headerProblem({ descriptor, windowByte, dictionary, content }: FrameHeader, rawLength: number): string | undefined {
  if ((descriptor & RESERVED) !== 0) return "a reserved bit is set";
  if (dictionary) return "it needs a dictionary";
  if (content === undefined) return "it does not say its content size";
  if (content !== BigInt(rawLength)) return `it says that it decodes to ${String(content)} bytes, not ${String(rawLength)}`;
  if (windowByte !== undefined && windowSize(windowByte) > Math.max(FREE_WINDOW, rawLength)) return "its window is too large";
  return undefined;
}

/** @throws {RangeError} when a block's header is cut off */
function blocksProblem(view: DataView, header: FrameHeader, rawLength: number): string | undefined {
  const window = header.windowByte === undefined ? rawLength : windowSize(header.windowByte);
  const largest = Math.min(window, BLOCK_MAXIMUM);
  const most = rawLength + Math.max(rawLength, FREE_SLACK);
  let position = header.length;
  let bound = 0;
  for (let last = false; !last;) {
    const block = view.getUint16(position, true) | (view.getUint8(position + 2) << 16);
    last = (block & 1) === 1;
    const type = (block >>> 1) & 3;
    const size = block >>> 3;
    if (type === 3) return "it has a block of a reserved type";
    if (size > largest) return "it has a block that is too large";
    bound += type === 2 ? largest : size;
    if (bound > most) return `its blocks may decode to more than ${String(most)} bytes`;
    position += 3 + (type === 1 ? 1 : size);
  }
  if ((header.descriptor & CHECKSUM) !== 0) position += 4;
  if (position > view.byteLength) return "it is cut off";
  if (position < view.byteLength) return "more follows the frame";
  return bound < rawLength ? `its blocks decode to ${String(bound)} bytes at most, not ${String(rawLength)}` : undefined;
}
