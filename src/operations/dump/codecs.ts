/** Codecs, and what packs and unpacks with them, loaded when they are needed. */
import type { KeyspacePacker } from "../../codecs/packer.js";
import type { BlockUnpacker, Codec, CodecName, KeyspaceShape } from "../../format/index.js";

/** Loads a codec. @throws {KgdumpError} USAGE for a level that it does not have */
export async function loadCodec(name: CodecName, options: { level?: number | undefined } = {}): Promise<Codec> {
  const codecs = await import("../../codecs/index.js");
  return codecs.loadCodec(name, options);
}

/** Makes what packs the blocks of a keyspace. */
export type PackerOf = (shape: KeyspaceShape) => KeyspacePacker;

/** Loads what packs blocks with a codec. @throws {KgdumpError} ADDON_MISSING */
export async function loadPacker(codec: Codec): Promise<PackerOf> {
  const { KeyspacePacker } = await import("../../codecs/packer.js");
  return (shape) => new KeyspacePacker(codec, shape);
}

/** Makes what unpacks the blocks of each keyspace off the main thread; undefined where that can't be. */
export async function loadUnpackers(): Promise<((shape: KeyspaceShape) => BlockUnpacker) | undefined> {
  const { unpackers } = await import("../../codecs/unpacker.js");
  return unpackers();
}
