/** What a sound frame of a damaged dump means, and where in the grammar it may stand. */

import { KgdumpError } from "../../errors.js";
import { FORMAT_MINOR, Kind, SKIPPABLE_BIT } from "../constants.js";
import { kindName } from "../frame.js";
import type { Limits } from "../limits.js";
import { type BlockPayload, decodeBlock } from "../payload/block.js";
import { decodeGap } from "../payload/gap.js";
import { checkKeyspaceStart, decodeAbort, decodeFooter, decodeKeyspaceEnd } from "../payload/totals.js";
import type { DumpFooter, DumpHeader, Gap, KeyspaceTotals } from "../types.js";
import { decodeKeyspaceStart, outOfPlace, type Position } from "./grammar.js";
import type { IndexList } from "./lists.js";
import type { KnownFrame } from "./scan.js";

/** What a frame means; `before` and `after` are the places around it, null when it may stand anywhere. */
export type Meaning = { readonly before: Position; readonly after: Position } & (
  | { readonly type: "start" | "index" }
  | { readonly type: "block"; readonly block: BlockPayload }
  | { readonly type: "gap"; readonly gap: Gap }
  | { readonly type: "end"; readonly keyspace: number; readonly totals: KeyspaceTotals }
  | { readonly type: "footer"; readonly footer: DumpFooter }
)
  | { readonly before: null; readonly type: "abort"; readonly reason: string }
  | { readonly before: null; readonly type: "nothing" };

/**
 * Reads a frame.
 * @param payload its payload, whose checksum is right
 * @param list the next index frame from this one on
 * @throws {KgdumpError} DUMP_ codes for a payload that is not as it should be
 */
export function meaningOf(frame: KnownFrame, payload: Uint8Array, header: DumpHeader, limits: Limits, list: IndexList | null): Meaning {
  const lenient = header.formatVersion.minor > FORMAT_MINOR;
  const { kind } = frame;
  switch (kind) {
    case Kind.keyspaceStart: {
      const { keyspace } = decodeKeyspaceStart(payload, limits);
      checkKeyspaceStart(payload, header, keyspace, lenient);
      return { type: "start", before: { keyspace, inside: false }, after: { keyspace, inside: true, pending: false } };
    }
    case Kind.block: {
      const block = decodeBlock(payload, header, limits);
      const { keyspace } = block;
      return { type: "block", block, before: { keyspace, inside: true }, after: { keyspace, inside: true, pending: true } };
    }
    case Kind.index: {
      if (list?.sequence !== frame.sequence) throw outOfPlace("the index is out of place, or not as it should be");
      const { keyspace } = list;
      return { type: "index", before: { keyspace, inside: true }, after: { keyspace, inside: true, pending: false } };
    }
    case Kind.gap: {
      if (header.salvaged === null) throw outOfPlace("the dump was not salvaged");
      const gap = decodeGap(payload, limits, lenient);
      const { keyspace } = gap;
      if (keyspace >= header.keyspaces.length) throw outOfPlace("there is no such keyspace");
      return { type: "gap", gap, before: { keyspace, inside: true }, after: { keyspace, inside: true } };
    }
    case Kind.keyspaceEnd: {
      const { keyspace, ...totals } = decodeKeyspaceEnd(payload, header, lenient);
      if (keyspace >= header.keyspaces.length) throw outOfPlace("there is no such keyspace");
      return { type: "end", keyspace, totals, before: { keyspace, inside: true, pending: false }, after: { keyspace: keyspace + 1, inside: false } };
    }
    case Kind.footer: {
      const place = { keyspace: header.keyspaces.length, inside: false };
      return { type: "footer", footer: decodeFooter(payload, header, lenient), before: place, after: place };
    }
    case Kind.abort:
      return { type: "abort", before: null, reason: decodeAbort(payload, lenient) };
    default:
      if (lenient && (kind & SKIPPABLE_BIT) !== 0) return { type: "nothing", before: null };
      throw new KgdumpError("DUMP_FRAME_UNKNOWN", `a frame of the kind ${kindName(kind)}`);
  }
}
