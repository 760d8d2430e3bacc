// @ts-check
/** Compressed data by hand: the vectors must not change with the version of a compressor. */
import { bigEndian } from "./encode.mjs";

/** @param {number} value @param {number} size */
export const littleEndian = (value, size) => Buffer.from(bigEndian(value, size)).reverse();

/**
 * A sequence of an LZ4 block: literals, and unless it is the last a match.
 * @param {Buffer | string} literals
 * @param {{ offset: number, length: number }} [match]
 */
export function lz4Sequence(literals, match) {
  const body = Buffer.from(literals);
  const extra = (/** @type {number} */ length) => (length < 15 ? [] : [...Array(Math.floor((length - 15) / 255)).fill(255), (length - 15) % 255]);
  const matchLength = match === undefined ? 0 : match.length - 4;
  const token = (Math.min(body.length, 15) << 4) | Math.min(matchLength, 15);
  const tail = match === undefined ? [] : [littleEndian(match.offset, 2), Buffer.from(extra(matchLength))];
  return Buffer.concat([Buffer.of(token, ...extra(body.length)), body, ...tail]);
}

/**
 * One LZ4 block that packs runs of one byte and keeps everything else.
 * @param {Buffer} raw
 */
export function lz4(raw) {
  const parts = [];
  let from = 0;
  for (let place = 0; place < raw.length;) {
    let end = place;
    while (end < raw.length && raw[end] === raw[place]) end += 1;
    // The last match begins twelve bytes before the end at the latest, and the last five bytes are literals.
    const stop = Math.min(end, raw.length - 5);
    if (stop - place > 20 && place + 1 <= raw.length - 12) {
      parts.push(lz4Sequence(raw.subarray(from, place + 1), { offset: 1, length: stop - place - 1 }));
      from = stop;
    }
    place = Math.max(end, place + 1);
  }
  return Buffer.concat([...parts, lz4Sequence(raw.subarray(from))]);
}

/** @typedef {{ raw: Buffer | string } | { repeat: number, times: number } | { type: number, size: number, bytes: Buffer }} ZstdBlock */

/**
 * A block of a zstd frame: as it is, one byte repeated, or with any type and size.
 * @param {ZstdBlock} block
 * @param {boolean} last
 */
function zstdBlock(block, last) {
  const head = (/** @type {number} */ type, /** @type {number} */ size) => littleEndian((size << 3) | (type << 1) | (last ? 1 : 0), 3);
  if ("raw" in block) return Buffer.concat([head(0, Buffer.from(block.raw).length), Buffer.from(block.raw)]);
  if ("repeat" in block) return Buffer.concat([head(1, block.times), Buffer.of(block.repeat)]);
  return Buffer.concat([head(block.type, block.size), block.bytes]);
}

/**
 * One zstd frame (RFC 8878, 3.1.1).
 * @param {readonly ZstdBlock[]} blocks
 * @param {{ content?: number | undefined, contentBytes?: number, window?: number, descriptor?: number, checksum?: Buffer }} options
 *   `content` is the content size, undefined for none; `window` the window's byte, a single segment without it; `descriptor`
 *   bits to set besides
 */
export function zstd(blocks, { content, contentBytes, window, descriptor = 0, checksum = Buffer.alloc(0) }) {
  const size = content === undefined ? 0 : (contentBytes ?? (content < 256 && window === undefined ? 1 : content >= 256 && content < 65_792 ? 2 : 4));
  const flag = { 0: 0, 1: 0, 2: 1, 4: 2, 8: 3 }[size] ?? 0;
  const bits = (flag << 6) | (window === undefined ? 0x20 : 0) | (checksum.length > 0 ? 4 : 0) | descriptor;
  const number = content === undefined ? Buffer.alloc(0) : littleEndian(size === 2 ? content - 256 : content, size);
  const body = blocks.map((block, place) => zstdBlock(block, place === blocks.length - 1));
  return Buffer.concat([Buffer.from("28b52ffd", "hex"), Buffer.of(bits), Buffer.from(window === undefined ? [] : [window]), number, ...body, checksum]);
}

/** Bytes of one value, in blocks of no more than 128 KiB. @param {number} repeat @param {number} times @returns {ZstdBlock[]} */
export function repeated(repeat, times) {
  const blocks = [];
  for (let left = times; left > 0; left -= 131_072) blocks.push({ repeat, times: Math.min(left, 131_072) });
  return blocks;
}
