/** The interface of the addon for blocks, as native/blocks/src exports it; lint compares the two. */
import { addonIfAny, loadAddon, type NativeFacts } from "../addon.js";

/** What was found in a block. */
export interface NativeUnpacked {
  readonly facts: NativeFacts;
  /** Lengths. */
  readonly longestKey: number;
  readonly longestValue: number;
}

/** What was found in a block, and what was made of it. */
export interface NativePacked {
  readonly facts: NativeFacts;
  /** Bytes of the compressed block in the output; 0 when it is to be stored as it is. */
  readonly compressed: number;
  /** CRC-32 of the block as it is to be stored. */
  readonly crc: number;
}

/** Packs the blocks of one keyspace. */
export interface NativePacker {
  /** Checks a block, compresses it if `output` holds `mostCompressed(raw.length)` bytes, and hashes it, in the order of the calls. */
  pack(raw: Buffer, output: Buffer): Promise<NativePacked>;
  /** SHA-256 of all that was packed. */
  digest(): Buffer;
}

/** Unpacks the blocks of one keyspace. */
export interface NativeUnpacker {
  /** Decompresses `data` (LZ4) so that it fills `raw`, or takes `raw` as it is when there is no data; checks it, and hashes it, in the order of the calls. */
  unpack(data: Buffer, raw: Buffer): Promise<NativeUnpacked>;
  /** SHA-256 of all that was unpacked. */
  digest(): Buffer;
}

/** The addon. No buffer may be touched until the promise has settled. */
export interface BlocksAddon {
  readonly BlockPacker: new (reverse: boolean, deletions: boolean) => NativePacker;
  readonly BlockUnpacker: new (reverse: boolean, deletions: boolean) => NativeUnpacker;
  /** 0 when so much can't be compressed. */
  mostCompressed(length: number): number;
  compress(input: Buffer, output: Buffer): Promise<number>;
  /** Fills `output`, or rejects. */
  decompress(input: Buffer, output: Buffer): Promise<void>;
}

/**
 * The addon for blocks.
 * @throws {KgdumpError} ADDON_MISSING
 */
export function blocksAddon(): BlocksAddon {
  return loadAddon("blocks") as BlocksAddon;
}

/** The addon for blocks; null where it is missing. */
export function blocksAddonIfAny(): BlocksAddon | null {
  return addonIfAny("blocks") as BlocksAddon | null;
}
