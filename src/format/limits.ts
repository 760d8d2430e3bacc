/** The limits that a caller may set, and what they are otherwise. */

import {
  LIMIT_EXPANSION,
  LIMIT_FOOTER,
  LIMIT_HEADER,
  LIMIT_INDEX_FRAMES,
  LIMIT_KEY,
  LIMIT_KEYSPACES,
  LIMIT_PAYLOAD,
  LIMIT_RAW_BLOCK,
  LIMIT_VALUE,
  MAX_PAYLOAD_LENGTH,
} from "./constants.js";

/** What a reader accepts. Raising `rawBlock` over its default raises `key`, `value` and `payload` with it unless they are given too. */
export interface Limits {
  /** Bytes of one key. */
  readonly key: number;
  /** Bytes of one value. */
  readonly value: number;
  /** Bytes of one decoded block. */
  readonly rawBlock: number;
  /** Bytes of one frame's payload. */
  readonly payload: number;
  /** Number of keyspaces. */
  readonly keyspaces: number;
  /** Bytes of the header's payload. */
  readonly header: number;
  /** Bytes of the footer's payload. */
  readonly footer: number;
  /** Number of index frames. */
  readonly indexFrames: number;
  /** Raw bytes for each stored byte of a block larger than FREE_EXPANSION. */
  readonly expansion: number;
}

/** What a reader accepts unless told otherwise. */
export const DEFAULT_LIMITS: Limits = {
  key: LIMIT_KEY,
  value: LIMIT_VALUE,
  rawBlock: LIMIT_RAW_BLOCK,
  payload: LIMIT_PAYLOAD,
  keyspaces: LIMIT_KEYSPACES,
  header: LIMIT_HEADER,
  footer: LIMIT_FOOTER,
  indexFrames: LIMIT_INDEX_FRAMES,
  expansion: LIMIT_EXPANSION,
};

/**
 * Fills in the limits that were not given.
 * @param given limits to set, each a whole number from 1 to 2^32 - 1
 * @throws {TypeError} for any other number
 */
export function resolveLimits(given: Partial<Limits> = {}): Limits {
  for (const [name, limit] of Object.entries(given)) {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAYLOAD_LENGTH) {
      throw new TypeError(`limit ${name} must be a whole number from 1 to 2^32 - 1, not ${String(limit)}`);
    }
  }
  const limits = { ...DEFAULT_LIMITS, ...given };
  if (given.rawBlock === undefined) return limits;
  const key = given.key ?? (limits.rawBlock > LIMIT_RAW_BLOCK ? Math.max(LIMIT_KEY, limits.rawBlock) : LIMIT_KEY);
  const payload = Math.min(limits.rawBlock + 2 * key + 64, MAX_PAYLOAD_LENGTH);
  return {
    ...limits,
    key,
    value: given.value ?? Math.max(LIMIT_VALUE, limits.rawBlock),
    payload: given.payload ?? Math.max(LIMIT_PAYLOAD, payload),
  };
}
