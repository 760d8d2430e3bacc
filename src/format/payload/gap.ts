/** A gap frame's payload: a map that says between which keys of a salvaged dump something is missing. */

import type { Limits } from "../limits.js";
import { MsgpackReader } from "../msgpack/reader.js";
import { MsgpackWriter } from "../msgpack/writer.js";
import type { Gap } from "../types.js";

/** Encodes a gap. */
export function encodeGap(gap: Gap): Uint8Array {
  const writer = new MsgpackWriter().map(6).str("keyspace").uint(gap.keyspace);
  for (const name of ["after", "before"] as const) {
    const key = gap[name];
    if (key === null) writer.str(name).nil();
    else writer.str(name).bin(key);
  }
  for (const name of ["blocks", "entries", "bytes"] as const) {
    const count = gap[name];
    if (count === null) writer.str(name).nil();
    else writer.str(name).uint(count);
  }
  return writer.bytes();
}

/**
 * Decodes a gap.
 * @throws {KgdumpError} DUMP_MALFORMED, DUMP_LIMIT_EXCEEDED
 */
export function decodeGap(payload: Uint8Array, limits: Limits, lenient: boolean): Gap {
  const reader = new MsgpackReader(payload, "gap");
  const key = (r: MsgpackReader, field: string): Uint8Array | null => r.nullable(() => new Uint8Array(r.bin(field, limits.key)));
  const count = (r: MsgpackReader, field: string): number | null => r.nullable(() => r.uint(field));
  const shape = { keyspace: (r: MsgpackReader, field: string) => r.uint(field), after: key, before: key, blocks: count, entries: count, bytes: count };
  const gap = reader.fields<Gap>("", shape, lenient);
  reader.end();
  return gap;
}
