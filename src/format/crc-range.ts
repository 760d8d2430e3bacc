/**
 * CRC-32 of a range from the CRCs up to its two ends, so that one pass over a file can check frames that lie within one
 * another; and of two parts from the CRC of each, so that either can be computed alone. CRC-32 is linear over GF(2):
 * appending n bytes multiplies the CRC so far by x^(8n), modulo the polynomial.
 */

import { itemAt } from "./item-at.js";

/** x^32 + x^26 + … + 1 with its bits reflected, as zlib has it; bit 31 stands for x^0. */
const POLYNOMIAL = 0xedb8_8320;

/** x^8: what one appended byte multiplies by. */
const ONE_BYTE = 0x0080_0000;

/** x^(8 * 2^i) for i from 0: what 2^i appended bytes multiply by. */
const POWERS: readonly number[] = squares(ONE_BYTE, 53);

/** A polynomial, its square, the square of that, and so on: so many of them. */
function squares(first: number, count: number): number[] {
  const found: number[] = [];
  for (let power = first; found.length < count; power = product(power, power)) found.push(power);
  return found;
}

/** Product of two polynomials over GF(2) modulo POLYNOMIAL. */
function product(a: number, b: number): number {
  let sum = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit -= 1) {
    if (((a >>> bit) & 1) === 1) sum ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return sum >>> 0;
}

/**
 * CRC-32 of a range of bytes.
 * @param upToStart CRC-32 of all bytes before the range, from any beginning
 * @param upToEnd CRC-32 from the same beginning to the range's end
 * @param length bytes of the range
 */
export function crcOfRange(upToStart: number, upToEnd: number, length: number): number {
  let crc = upToStart;
  for (let left = length, power = 0; left > 0; left = Math.floor(left / 2), power += 1) {
    if (left % 2 === 1) crc = product(itemAt(POWERS, power, "power"), crc);
  }
  return (crc ^ upToEnd) >>> 0;
}

/**
 * CRC-32 of two parts, one after the other.
 * @param first CRC-32 of the first part
 * @param second CRC-32 of the second part
 * @param length bytes of the second part
 */
export function crcOfBoth(first: number, second: number, length: number): number {
  // A range's CRC is what is left of the whole's without the part before it, and adding is subtracting here.
  return crcOfRange(first, second, length);
}
