// @ts-check
/**
 * MessagePack for the vectors, by hand: shortest forms, and longer ones on purpose. It shares nothing with src/format, so that
 * a mistake there is not repeated here.
 */

/** @param {number | bigint} value @param {number} size */
export function bigEndian(value, size) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.subarray(8 - size);
}

export const nil = Buffer.of(0xc0);
export const yes = Buffer.of(0xc3);

/**
 * An unsigned integer.
 * @param {number | bigint} value
 * @param {number} [size] bytes behind the type byte; the fewest when left out
 */
export function uint(value, size) {
  if (size === undefined && value < 128) return Buffer.of(Number(value));
  const bytes = size ?? (value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x1_0000_0000 ? 4 : 8);
  return Buffer.concat([Buffer.of(0xcc + Math.log2(bytes)), bigEndian(value, bytes)]);
}

/**
 * The head of a bin, whatever follows.
 * @param {number} length
 * @param {number} [size] bytes of the length; the fewest when left out
 */
export function binHead(length, size) {
  const bytes = size ?? (length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 4);
  return Buffer.concat([Buffer.of(0xc4 + Math.log2(bytes)), bigEndian(length, bytes)]);
}

/** @param {Buffer | string} bytes @param {number} [size] */
export function bin(bytes, size) {
  const body = Buffer.from(bytes);
  return Buffer.concat([binHead(body.length, size), body]);
}

/**
 * The head of a str, whatever follows.
 * @param {number} length
 * @param {number} [size] bytes of the length; the fewest when left out
 */
export function strHead(length, size) {
  if (size === undefined && length < 32) return Buffer.of(0xa0 | length);
  const bytes = size ?? (length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 4);
  return Buffer.concat([Buffer.of(0xd9 + Math.log2(bytes)), bigEndian(length, bytes)]);
}

/** @param {Buffer | string} text @param {number} [size] */
export function str(text, size) {
  const body = Buffer.from(text);
  return Buffer.concat([strHead(body.length, size), body]);
}

/** @param {number} length @param {number} [size] */
export function arrayHead(length, size) {
  if (size === undefined && length < 16) return Buffer.of(0x90 | length);
  const bytes = size ?? (length < 0x1_0000 ? 2 : 4);
  return Buffer.concat([Buffer.of(bytes === 2 ? 0xdc : 0xdd), bigEndian(length, bytes)]);
}

/** @param {readonly Buffer[]} items */
export const array = (items) => Buffer.concat([arrayHead(items.length), ...items]);

/** @param {number} length @param {number} [size] */
export function mapHead(length, size) {
  if (size === undefined && length < 16) return Buffer.of(0x80 | length);
  const bytes = size ?? (length < 0x1_0000 ? 2 : 4);
  return Buffer.concat([Buffer.of(bytes === 2 ? 0xde : 0xdf), bigEndian(length, bytes)]);
}

/** @typedef {[name: string, value: Buffer]} Field */

/** @param {readonly Field[]} fields */
export const map = (fields) => Buffer.concat([mapHead(fields.length), ...fields.flatMap(([name, value]) => [str(name), value])]);

/**
 * The fields with one exchanged.
 * @param {readonly Field[]} fields
 * @param {string} name
 * @param {Buffer} value
 * @returns {Field[]}
 */
export function set(fields, name, value) {
  if (!fields.some(([own]) => own === name)) throw new TypeError(`no field ${name}`);
  return fields.map(([own, old]) => [own, own === name ? value : old]);
}

/**
 * The fields without one.
 * @param {readonly Field[]} fields
 * @param {string} name
 * @returns {Field[]}
 */
export const without = (fields, name) => fields.filter(([own]) => own !== name);

/**
 * The parts with one exchanged.
 * @param {readonly Buffer[]} parts
 * @param {number} place
 * @param {Buffer} value
 */
export const at = (parts, place, value) => parts.map((old, own) => (own === place ? value : old));
