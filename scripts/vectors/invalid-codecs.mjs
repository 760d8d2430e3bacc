// @ts-check
/** Invalid vectors of compressed data: it does not decode to what the block says, or it is a bomb. */
import { lz4Sequence, zstd } from "./codecs.mjs";
import { block, coded, entry, LONG, LONG_RAW, longBlocks, packLz4, packZstd } from "./samples.mjs";

/** @typedef {import("./expect.mjs").Invalid} Invalid */

/** @param {number} codec @param {string} name @param {string} description @param {string} breaks @param {Buffer} data @returns {Invalid} */
const damaged = (codec, name, description, breaks, data) => ({
  name, description, breaks: [breaks], code: "DUMP_BLOCK_DAMAGED", at: 2,
  model: coded(codec, block(LONG, { pack: () => data })),
});

/** @param {string} name @param {string} description @param {Buffer} data @param {string} [breaks] */
const lz4 = (name, description, data, breaks = "R32") => damaged(1, `lz4-${name}`, description, breaks, data);
/** @param {string} name @param {string} description @param {Buffer} data @param {string} [breaks] */
const frame = (name, description, data, breaks = "R33") => damaged(2, `zstd-${name}`, description, breaks, data);

const GOOD_LZ4 = packLz4(LONG_RAW);
const GOOD = packZstd(LONG_RAW);
const blocks = longBlocks(LONG_RAW);
const content = LONG_RAW.length;
const skippable = Buffer.from("502a4d180300000061626300".slice(0, 22), "hex");

/** The entries of LONG with other ends: the second run is matched up to so many bytes before the end. @param {number} left @param {...Buffer} ends */
const ending = (left, ...ends) => Buffer.concat([runs(left), ...ends]);
/** @param {number} left */
const runs = (left) => Buffer.concat([lz4Sequence(LONG_RAW.subarray(0, 7), { offset: 1, length: 199 }), lz4Sequence(LONG_RAW.subarray(206, 213), { offset: 1, length: 99 - left })]);
/** @param {number} left */
const literals = (left) => lz4Sequence(LONG_RAW.subarray(content - left));

const LZ4 = [
  lz4("empty", "no data at all", Buffer.alloc(0)),
  lz4("garbage", "bytes that are no LZ4", Buffer.alloc(40, 0xff)),
  lz4("zstd", "a zstd frame where LZ4 should be", GOOD),
  lz4("frame", "an LZ4 frame, with its magic, where a block should be", Buffer.concat([Buffer.from("04224d18604082", "hex"), GOOD_LZ4])),
  lz4("sized", "a block with its length before it", Buffer.concat([Buffer.from("38010000", "hex"), GOOD_LZ4])),
  lz4("cut", "a block whose last byte is missing", GOOD_LZ4.subarray(0, -1)),
  lz4("cut-in-match", "a block that ends within a match's offset", GOOD_LZ4.subarray(0, 8)),
  lz4("trailing", "a byte behind the block", Buffer.concat([GOOD_LZ4, Buffer.of(0)])),
  lz4("short", "it decodes to one byte less", packLz4(LONG_RAW.subarray(0, -1))),
  lz4("long", "it decodes to one byte more", packLz4(Buffer.concat([LONG_RAW, Buffer.of(0)]))),
  lz4("offset-before-start", "a match before the first byte", Buffer.concat([lz4Sequence(LONG_RAW.subarray(0, 8), { offset: 9, length: 200 }), lz4Sequence(LONG_RAW.subarray(208, 240))])),
  lz4("cut-in-length", "a block that ends within the length of a match", GOOD_LZ4.subarray(0, 10)),
  lz4("ends-behind-match", "a block without a last sequence of literals", ending(0), "R54"),
  lz4("literals-0", "no literals behind the last match", ending(0, literals(0)), "R54"),
  lz4("literals-4", "four literals behind the last match", ending(4, literals(4)), "R54"),
  lz4("last-match-11", "a last match that begins eleven bytes before the end", ending(11, lz4Sequence("", { offset: 1, length: 6 }), literals(5)), "R54"),
  lz4("offset-0", "a match with the offset 0", ending(5, literals(5)).fill(0, 8, 10), "R54"),
  lz4("bomb", "a block that decodes to 2 MiB", Buffer.concat([Buffer.of(0x1f, 0x78, 1, 0), Buffer.alloc(130, 255), Buffer.of(0), lz4Sequence("abcde")])),
  {
    ...lz4("too-small", "a raw length that so few bytes never decode to", GOOD_LZ4, "R34"),
    model: { ...coded(1, block(LONG, { pack: () => GOOD_LZ4 })), parts: { B: (/** @type {Buffer[]} */ parts) => parts.map((part, place) => (place === 2 ? Buffer.from("ce00100000", "hex") : part)) } },
  },
];

const ZSTD = [
  frame("empty", "no data at all", Buffer.alloc(0), "R32"),
  frame("garbage", "bytes that are no zstd", Buffer.alloc(40, 0xff), "R32"),
  frame("magic", "a flipped bit in zstd's magic", Buffer.concat([Buffer.of(0x29), GOOD.subarray(1)]), "R32"),
  frame("lz4", "LZ4 where a zstd frame should be", GOOD_LZ4, "R32"),
  frame("cut", "a frame whose last byte is missing", GOOD.subarray(0, -1), "R32"),
  frame("cut-header", "a frame that ends within its header", GOOD.subarray(0, 5), "R32"),
  frame("cut-block", "a frame that ends behind a block that is not the last", GOOD.subarray(0, 20), "R32"),
  frame("trailing", "a byte behind the frame", Buffer.concat([GOOD, Buffer.of(0)])),
  frame("two", "two frames that decode to the raw bytes together", Buffer.concat([zstd(blocks.slice(0, 2), { content: 204, contentBytes: 4 }), zstd(blocks.slice(2), { content: content - 204 })])),
  frame("empty-second", "an empty frame behind the frame", Buffer.concat([GOOD, zstd([{ raw: "" }], { content: 0 })])),
  frame("skippable-first", "a skippable frame before the frame", Buffer.concat([skippable, GOOD])),
  frame("skippable-last", "a skippable frame behind the frame", Buffer.concat([GOOD, skippable])),
  frame("no-content-size", "a frame that does not say its content size", zstd(blocks, { content: undefined, window: 0 })),
  frame("content-less", "a content size of one less", zstd(blocks, { content: content - 1 })),
  frame("content-more", "a content size of one more", zstd(blocks, { content: content + 1 })),
  frame("content-2-32-1", "a content size of 2^32 - 1", zstd(blocks, { content: 2 ** 32 - 1, contentBytes: 4 })),
  frame("content-2-53", "a content size of 2^53", zstd(blocks, { content: 2 ** 53, contentBytes: 8 })),
  frame("window-9-mib", "a window of 9 MiB for a small block", zstd(blocks, { content, window: (13 << 3) | 1 })),
  frame("window-largest", "the largest window that there is", zstd(blocks, { content, window: 255 })),
  frame("dictionary", "a frame that needs a dictionary", dictionary()),
  frame("reserved-bit", "a reserved bit in the frame's header", zstd(blocks, { content, descriptor: 8 })),
  frame("reserved-block", "a block of a reserved type", zstd([{ type: 3, size: 4, bytes: Buffer.from("abcd") }], { content })),
  frame("block-too-large", "a block of more bytes than the window", zstd([{ repeat: 0x78, times: content + 1 }], { content })),
  bomb("bomb", "blocks that repeat a byte until there are more than 16 MiB besides the raw length", { repeat: 0, times: 131_072 }),
  bomb("bomb-compressed", "compressed blocks that may decode to more than 16 MiB besides the raw length", { type: 2, size: 0, bytes: Buffer.alloc(0) }),
  frame("short", "blocks that decode to one byte less than the content size", zstd([...blocks.slice(0, 3), { repeat: 0x79, times: 99 }], { content }), "R32"),
  frame("long", "blocks that decode to one byte more than the content size", zstd([...blocks.slice(0, 3), { repeat: 0x79, times: 101 }], { content }), "R32"),
  frame("checksum", "a wrong checksum of zstd's own", zstd(blocks, { content, checksum: Buffer.from("00000000", "hex") }), "R32"),
  frame("compressed-garbage", "a compressed block that is none", zstd([...blocks.slice(0, 3), { type: 2, size: 8, bytes: Buffer.alloc(8, 0xff) }], { content }), "R32"),
];

/** 130 blocks in a frame for 1,000 raw bytes. @param {string} name @param {string} description @param {import("./codecs.mjs").ZstdBlock} each @returns {Invalid} */
function bomb(name, description, each) {
  const data = zstd(Array.from({ length: 130 }, () => each), { content: 1000, window: 7 << 3 });
  return { ...frame(name, description, data), model: coded(2, block([entry("k", "z".repeat(994))], { pack: () => data })) };
}

/** The good frame with the id of a dictionary in its header. */
function dictionary() {
  const made = zstd(blocks, { content, descriptor: 1 });
  return Buffer.concat([made.subarray(0, 5), Buffer.of(7), made.subarray(5)]);
}

/** @type {Invalid[]} */
export const INVALID_CODECS = [...LZ4, ...ZSTD];
