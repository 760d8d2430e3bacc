/** What of sled 0.34's `Config` an import can set, within which limits, and what sled itself takes for it. */
import { KgdumpError } from "../errors.js";

/** Settings of a sled store; what is undefined is left to sled, or to how an existing store was made. */
export interface SledSettings {
  /** Bytes of sled's page cache while the store is written and read back; at least 256. Default 64 MiB. */
  readonly cacheCapacity?: number | undefined;
  /** Whether a new store is compressed (zstd); default false. An existing one must have been made so. */
  readonly compression?: boolean | undefined;
  /** Zstd's level, 1 to 22 (sled: `compression_factor`); default sled's own, 5. */
  readonly compressionLevel?: number | undefined;
  /**
   * Milliseconds between flushes of sled's own thread while entries are merged into an existing store; default none. A new
   * store is always written without that thread and flushed whole at the end: an unfinished one is thrown away anyway.
   */
  readonly flushEveryMs?: number | undefined;
  /** Bytes of a segment of sled's log: a power of two from 256 to 16 MiB; default 512 KiB. An existing store's must be the same. */
  readonly segmentSize?: number | undefined;
}

/** The settings that are numbers. */
export type SledNumber = "cacheCapacity" | "compressionLevel" | "flushEveryMs" | "segmentSize";

/** What sled 0.34's own `Config` has when nothing is set. */
export const SLED_DEFAULT_SEGMENT_SIZE = 512 * 1024;

/** Segments below this make pages of a few KiB files of their own. */
const SENSIBLE_SEGMENT_SIZE = 64 * 1024;

interface Range {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

const RANGES: Readonly<Record<SledNumber, Range>> = {
  cacheCapacity: { min: 256, max: Number.MAX_SAFE_INTEGER, unit: " bytes" },
  compressionLevel: { min: 1, max: 22, unit: "" },
  flushEveryMs: { min: 1, max: 2 ** 32 - 1, unit: " milliseconds" },
  segmentSize: { min: 256, max: 16 * 1024 * 1024, unit: " bytes" },
};

/** What sled 0.34 would refuse about a number, as in "must be …"; null when it takes it. */
export function wrongNumber(name: SledNumber, value: number): string | null {
  const { min, max, unit } = RANGES[name];
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    const most = max === Number.MAX_SAFE_INTEGER ? `of at least ${min.toString()}` : `from ${min.toString()} to ${max.toString()}`;
    return `must be a whole number ${most}${unit}`;
  }
  if (name === "segmentSize" && !Number.isInteger(Math.log2(value))) return "must be a power of two, such as 512KiB or 1MiB";
  return null;
}

/**
 * Checks settings that a program gave.
 * @throws {KgdumpError} USAGE
 */
export function checkSledSettings(settings: SledSettings): void {
  for (const name of ["cacheCapacity", "compressionLevel", "flushEveryMs", "segmentSize"] as const) {
    const value = settings[name];
    const wrong = value === undefined ? null : wrongNumber(name, value);
    if (wrong !== null) throw new KgdumpError("USAGE", `${name} ${wrong}, not ${String(value)}`, { hint: "see the limits of SledSettings" });
  }
}

/** What to know about settings that sled takes, and that hardly anybody wants. */
export function adviceOn(settings: SledSettings): string[] {
  const { segmentSize } = settings;
  if (segmentSize === undefined || segmentSize >= SENSIBLE_SEGMENT_SIZE) return [];
  return [
    `segments of ${segmentSize.toString()} bytes make sled slow: a page or value bigger than a quarter of a segment becomes a file of its own; ` +
      `${SLED_DEFAULT_SEGMENT_SIZE.toString()} (512KiB) is sled's own choice`,
  ];
}
