/**
 * A keyspace's blocks on their way into a dump, off the main thread: each is checked as a reader would, compressed, summed
 * and hashed while it is in memory anyway. Blocks are compressed side by side, but hashed one after the other.
 */
import { asBuffer, fromAddon, type NativeFacts } from "../addon.js";
import { KgdumpError } from "../errors.js";
import { crcOf } from "../format/checksum.js";
import { type Codec, packBlock } from "../format/codec.js";
import type { KeyspaceShape } from "../format/content-checker.js";
import type { CheckedBlock } from "../format/dump-writer.js";
import type { Block } from "../format/types.js";
import { blocksAddon, type NativePacker } from "./blocks-addon.js";

const NO_MEMORY = Buffer.alloc(0);

/** Packs the blocks of one keyspace. */
export class KeyspacePacker {
  readonly #codec: Codec;
  readonly #native: NativePacker;

  /** @throws {KgdumpError} ADDON_MISSING */
  constructor(codec: Codec, { order, deletions }: KeyspaceShape) {
    this.#codec = codec;
    this.#native = new (blocksAddon().BlockPacker)(order === "reverse-bytewise", deletions);
  }

  /** Bytes of memory that `pack` can use for a block of so many bytes. */
  memoryFor(rawLength: number): number {
    return this.#codec.mostCompressed?.(rawLength) ?? 0;
  }

  /**
   * Packs the next block; it may be called again at once. Nothing refers to the block any more when the promise has settled,
   * but what it resolves to does, and to `memory`.
   * @param block encoded entries, and what their engine says of them; they must stay as they are until then
   * @param memory for the result, used when it has `memoryFor(block.data.length)` bytes
   * @throws {KgdumpError} DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN when the entries are not what they should be
   */
  async pack(block: Block, memory: Uint8Array): Promise<CheckedBlock> {
    const raw = asBuffer(block.data);
    const inAddon = this.#codec.name === "lz4";
    const output = inAddon ? this.#output(raw.length, memory) : NO_MEMORY;
    const { facts: found, compressed, crc } = await fromAddon(() => this.#native.pack(raw, output));
    const facts = factsOf(block, found);
    if (compressed > 0) return { ...facts, codec: "lz4", data: output.subarray(0, compressed), dataCrc: crc };
    const plain = { ...facts, codec: "none", data: raw, dataCrc: crc } as const;
    if (inAddon) return plain;
    const { codec, data } = await packBlock(this.#codec, raw, memory);
    return codec === "none" ? plain : { ...facts, codec, data, dataCrc: crcOf(data) };
  }

  /** SHA-256 of all blocks, once every `pack` has settled. */
  digest(): Uint8Array {
    return new Uint8Array(this.#native.digest());
  }

  #output(rawLength: number, memory: Uint8Array): Buffer {
    const needed = this.memoryFor(rawLength);
    return memory.length < needed ? Buffer.allocUnsafeSlow(needed) : asBuffer(memory);
  }
}

/** What was found in a block, which must be what its engine says: else entries were lost on the way, or none were meant. */
function factsOf(block: Block, found: NativeFacts): Omit<CheckedBlock, "codec" | "data" | "dataCrc"> {
  const { entries, keyBytes, valueBytes, firstKey, lastKey, data } = block;
  const isKey = (key: Uint8Array, start: number, end: number): boolean => Buffer.compare(key, data.subarray(start, end)) === 0;
  const same =
    entries > 0 &&
    found.entries === entries &&
    found.keyBytes === keyBytes &&
    found.valueBytes === valueBytes &&
    isKey(firstKey, found.firstKeyStart, found.firstKeyEnd) &&
    isKey(lastKey, found.lastKeyStart, found.lastKeyEnd);
  if (!same) throw new KgdumpError("DUMP_ENTRIES_MALFORMED", `the block has ${String(found.entries)} entries, not the ${String(entries)} that it says`);
  return { entries, keyBytes, valueBytes, firstKey, lastKey, rawLength: data.length };
}
