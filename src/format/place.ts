/** Telling where in a dump an error is. */

import { KgdumpError } from "../errors.js";

/** A place in a dump. */
export interface Place {
  /** Offset of the frame. */
  readonly offset: number;
  /** Number of the block, when it is one. */
  readonly block?: number | undefined;
  /** Name of the keyspace, when it is in one. */
  readonly keyspace?: Uint8Array | undefined;
}

/**
 * Adds a place to an error of this folder that has none; any other is returned as it is.
 * @returns what to throw instead
 */
export function placed(error: unknown, place: Place): unknown {
  if (!(error instanceof KgdumpError) || error.offset !== undefined) return error;
  const { offset } = place;
  const block = error.block ?? place.block;
  const where = block === undefined ? `at byte ${String(offset)}` : `block ${String(block)} at byte ${String(offset)}`;
  return again(error, `${where}: ${error.message}`, { ...place, block });
}

/**
 * Adds the number of a block to an error that has an offset but no block; any other is returned as it is.
 * @returns what to throw instead
 */
export function withBlock(error: unknown, block: number | undefined): unknown {
  if (!(error instanceof KgdumpError) || error.block !== undefined || error.offset === undefined || block === undefined) return error;
  const { offset, keyspace } = error;
  return again(error, error.message, { offset, block, keyspace });
}

/** The same error with another message and place. */
function again({ code, cause, hint, path }: KgdumpError, message: string, place: Place): KgdumpError {
  const known = Object.entries({ cause, hint, path, ...place }).filter(([, value]) => value !== undefined);
  return new KgdumpError(code, message, Object.fromEntries(known));
}

/**
 * Runs a check; an error of it gets the place.
 * @throws what `check` throws
 */
export function at<T>(place: Place, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw placed(error, place);
  }
}
