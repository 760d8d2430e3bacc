/**
 * LZ4 blocks (github.com/lz4/lz4, doc/lz4_Block_format.md) in JavaScript, for where the addon is missing. The rules are those of `native/blocks/src/lz4.rs`.
 *
 * Contract: nothing is written outside of the output whatever the input is, nothing is allocated, and every rule of the format is held.
 */

/** Literals that end a block behind a match, at least. */
const LAST_LITERALS = 5;
/** So many bytes before the end of what a block decodes to its last match begins, at least. */
const LAST_MATCH = 12;
/** Bytes of the shortest match. */
const LEAST_MATCH = 4;
/** A length of which a token has all four bits goes on behind it. */
const GOES_ON = 15;
/** Bytes that are copied at a time; what is too many is overwritten. */
const WORD = 4;
/** From so many bytes on, one call copies sooner than a loop. */
const MANY = 256;

const WITHIN_A_LENGTH = "it ends within a length";

/**
 * Decodes a block so that it fills `output`.
 * @returns the rule of the format that is broken; undefined when all is well
 */
export function decodeLz4(input: Uint8Array, output: Uint8Array): string | undefined {
  const from = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const to = new DataView(output.buffer, output.byteOffset, output.byteLength);
  const { length: stop } = input;
  const { length: room } = output;
  let at = 0;
  let end = 0;
  let lastMatch = -1;
  for (;;) {
    if (at === stop) return "it ends behind a match, or has no sequence";
    const token = from.getUint8(at);
    at += 1;
    let literals = token >>> 4;
    if (literals === GOES_ON) {
      literals = longLength(from, at);
      if (literals < 0) return WITHIN_A_LENGTH;
      at += bytesOf(literals);
    }
    if (literals > stop - at || literals > room - end) return "it has literals beyond its end";
    if (literals < MANY && stop - at >= literals + WORD && room - end >= literals + WORD) {
      for (let place = 0; place < literals; place += WORD) to.setUint32(end + place, from.getUint32(at + place));
    } else output.set(input.subarray(at, at + literals), end);
    at += literals;
    end += literals;
    if (at === stop) return problemAtEnd(lastMatch, literals, end, room);
    if (stop - at < 2) return "it ends within an offset";
    const offset = from.getUint16(at, true);
    at += 2;
    if (offset === 0 || offset > end) return "a match begins before its first byte, or at its own";
    lastMatch = end;
    let more = token & 15;
    if (more === GOES_ON) {
      more = longLength(from, at);
      if (more < 0) return WITHIN_A_LENGTH;
      at += bytesOf(more);
    }
    more += LEAST_MATCH;
    if (more > room - end) return "it decodes to more than it should";
    repeat(output, to, end - offset, end, more);
    end += more;
  }
}

/** What is wrong with a block that ends behind literals. */
function problemAtEnd(lastMatch: number, literals: number, end: number, room: number): string | undefined {
  if (lastMatch >= 0 && literals < LAST_LITERALS) return "fewer than five literals follow its last match";
  if (lastMatch >= 0 && end - lastMatch < LAST_MATCH) return "its last match begins less than twelve bytes before its end";
  return end === room ? undefined : `it decodes to ${String(end)} bytes, not ${String(room)}`;
}

/** A length that goes on at `at`: bytes of 255, and one that is less. Negative when it is cut off. */
function longLength(from: DataView, at: number): number {
  const stop = from.byteLength;
  let sum = GOES_ON;
  for (let place = at; place < stop; place += 1) {
    const byte = from.getUint8(place);
    sum += byte;
    if (byte !== 255) return sum;
  }
  return -1;
}

/** Bytes that such a length takes behind its token. */
function bytesOf(length: number): number {
  return Math.floor((length - GOES_ON) / 255) + 1;
}

/** Writes `more` bytes at `end`, each as the one as far before it as `start` is: what was written is copied, too, when the match is longer than that. */
function repeat(output: Uint8Array, to: DataView, start: number, end: number, more: number): void {
  const stop = end + more;
  const offset = end - start;
  if (more >= MANY && offset >= more) output.copyWithin(end, start, start + more);
  else if (offset >= WORD && stop + WORD <= output.length) {
    for (let place = end; place < stop; place += WORD) to.setUint32(place, to.getUint32(place - offset));
  } else for (let place = end; place < stop; place += 1) to.setUint8(place, to.getUint8(place - offset));
}
