/** With which `sled::Config` a finished store is opened, by the service that it is for. */
import { SLED_DEFAULT_SEGMENT_SIZE, type SledSettings } from "./sled-settings.js";

/** The settings to open a store with. */
export interface ReopenSettings {
  /** These three must match what the store was made with, or sled refuses to open it. */
  readonly useCompression: boolean;
  readonly segmentSize: number;
  /** Of sled's files, as in `sled = "0.34"`. */
  readonly version: string;
  /** These are free; here are the values that were asked for, or null. */
  readonly cacheCapacity: number | null;
  readonly compressionFactor: number | null;
  readonly flushEveryMs: number | null;
  /** All of it as an expression of Rust: what differs from sled's defaults, and what was asked for. */
  readonly rust: string;
}

/**
 * The settings to open a store with.
 * @param path the store's directory, absolute
 * @param made what the store was made with
 * @param wanted what was asked for
 */
export function reopenSettings(
  path: string,
  made: { readonly compression: boolean; readonly segmentSize: number },
  wanted: SledSettings,
): ReopenSettings {
  const { cacheCapacity, compressionLevel, flushEveryMs } = wanted;
  const calls = [
    `path(${rustString(path)})`,
    ...(made.compression ? ["use_compression(true)"] : []),
    ...(made.compression && compressionLevel !== undefined ? [`compression_factor(${compressionLevel.toString()})`] : []),
    ...(made.segmentSize === SLED_DEFAULT_SEGMENT_SIZE ? [] : [`segment_size(${made.segmentSize.toString()})`]),
    ...(cacheCapacity === undefined ? [] : [`cache_capacity(${cacheCapacity.toString()})`]),
    ...(flushEveryMs === undefined ? [] : [`flush_every_ms(Some(${flushEveryMs.toString()}))`]),
  ];
  return {
    useCompression: made.compression,
    segmentSize: made.segmentSize,
    version: "0.34",
    cacheCapacity: cacheCapacity ?? null,
    compressionFactor: made.compression ? (compressionLevel ?? null) : null,
    flushEveryMs: flushEveryMs ?? null,
    rust: `sled::Config::new().${calls.join(".")}.open()?`,
  };
}

/** A string literal of Rust: no character in it that does not print. */
function rustString(text: string): string {
  const escaped = text.replace(/["\\]|[^ -~\p{L}\p{N}]/gu, (character) =>
    character === '"' || character === "\\" ? `\\${character}` : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return `"${escaped}"`;
}
