export { CODEC_IDS, CODEC_NAMES, forEachCodec, packBlock, unpackBlock } from "./codec.js";
export type { Codec, CodecLoader, CodecName, PackedBlock } from "./codec.js";
export { DEFAULT_BLOCK_SIZE, FORMAT_MAJOR, FORMAT_MINOR, FORMAT_VERSION, MAX_PAYLOAD_LENGTH } from "./constants.js";
export type { BlockUnpacker, CheckedFacts, KeyspaceShape, UnpackedBlock } from "./content-checker.js";
export { DumpFile } from "./dump-file.js";
export type { DumpFileOptions } from "./dump-file.js";
export { readDump } from "./dump-reader.js";
export type { ReadOptions } from "./dump-reader.js";
export { DumpWriter } from "./dump-writer.js";
export type { BlockToWrite, CheckedBlock } from "./dump-writer.js";
export { checkEntries, encodeEntries, EntryCursor, findEntry, iterateEntries } from "./entries.js";
export type { Entry, ExpectedEntries } from "./entries.js";
export { compareKeys, rangeMayHoldPrefix } from "./key-order.js";
export { DEFAULT_LIMITS, resolveLimits } from "./limits.js";
export type { Limits } from "./limits.js";
export { salvagedBlocks, surveyDump } from "./salvage/salvage.js";
export type { Salvage, SalvagedKeyspace, SalvageOptions, UnusedRange } from "./salvage/salvage.js";
export type { SalvagedGap } from "./salvage/holes.js";
export type { DroppedFrame } from "./salvage/survey.js";
export type { RandomAccess } from "./single-frames.js";
export type {
  BaseKeyspace,
  Block,
  BlockFacts,
  BlockInfo,
  DeltaResult,
  DumpBase,
  DumpEvent,
  DumpFooter,
  DumpHeader,
  DumpKind,
  DumpSource,
  FormatVersion,
  Gap,
  HeaderKeyspace,
  IndexLocation,
  KeyOrder,
  KeyspaceTotals,
  Totals,
} from "./types.js";
