/** Places in the grammar of a dump, and how many frames are needed at least to get from one to the next. */

import { KgdumpError } from "../../errors.js";
import { LIMIT_NAME, LIMIT_TEXT } from "../constants.js";
import type { Limits } from "../limits.js";
import { MsgpackReader } from "../msgpack/reader.js";

/** A place between two frames. */
export interface Position {
  /** The keyspace that it is in, or that comes next. */
  readonly keyspace: number;
  readonly inside: boolean;
  /** Whether blocks wait for an index frame; undefined when that does not matter. */
  readonly pending?: boolean | undefined;
}

/**
 * The least number of frames, none of them a block, that lead from one place to another.
 * @returns infinity when nothing leads there
 */
export function framesBetween(from: Position, to: Position): number {
  const keyspaces = to.keyspace - from.keyspace;
  if (keyspaces < 0 || (keyspaces === 0 && from.inside && !to.inside)) return Infinity;
  if (keyspaces === 0) {
    if (from.inside === to.inside) return from.pending === true && to.pending === false ? 1 : 0;
    return 1;
  }
  const rest = from.inside ? 1 + (from.pending === true ? 1 : 0) : 2;
  return rest + 2 * (keyspaces - 1) + (to.inside ? 1 : 0);
}

/** The keyspaces, first and last, that blocks between two places can belong to; none when the last is below the first. */
export function keyspacesBetween(from: Position, to: Position): { first: number; last: number } {
  return { first: from.keyspace, last: to.inside ? to.keyspace : to.keyspace - 1 };
}

/** What a keyspace-start frame says. */
export interface KeyspaceStart {
  readonly keyspace: number;
  readonly name: Uint8Array;
  readonly order: string;
}

/**
 * Decodes a keyspace-start frame without the header that it belongs to.
 * @throws {KgdumpError} DUMP_MALFORMED, DUMP_LIMIT_EXCEEDED
 */
export function decodeKeyspaceStart(payload: Uint8Array, limits: Limits): KeyspaceStart {
  const shape = {
    keyspace: (r: MsgpackReader, field: string) => r.uint(field, limits.keyspaces - 1),
    name: (r: MsgpackReader, field: string) => new Uint8Array(r.bin(field, LIMIT_NAME)),
    order: (r: MsgpackReader, field: string) => r.str(field, LIMIT_TEXT),
  };
  return new MsgpackReader(payload, "keyspace-start").fields("", shape, true);
}

/** The error for a frame that can't stand where its number puts it. */
export function outOfPlace(problem: string): KgdumpError {
  return new KgdumpError("DUMP_FRAME_MISPLACED", problem);
}
