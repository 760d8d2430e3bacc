/** The blocks of a dump by its index, for adding up prefixes: those whose first and last key tell too little are looked into. */
import type { BlockInfo } from "../../format/index.js";
import { PrefixTree } from "../entries/prefixes.js";

/** Decoded bytes of blocks with several prefixes that are looked into, so that a small dump has no estimates. */
const MIXED_BYTES = 4 * 1024 * 1024;

/** Yields each block with its encoded entries, or with null where it was not looked into, or is damaged: what is damaged is told where it is looked for. */
export async function* withMixed(blocks: AsyncIterable<BlockInfo>, readBlock: (block: BlockInfo) => Promise<Uint8Array>): AsyncGenerator<{ readonly block: BlockInfo; readonly raw: Uint8Array | null }, void, undefined> {
  let decoded = 0;
  for await (const block of blocks) {
    const looks = PrefixTree.isMixed(block) && decoded + block.rawLength <= MIXED_BYTES;
    if (looks) decoded += block.rawLength;
    yield { block, raw: looks ? await readBlock(block).catch(() => null) : null };
  }
}
