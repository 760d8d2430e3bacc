/**
 * The grammar of a dump, frame by frame:
 *   magic header (keyspace-start (block | index | gap)* keyspace-end)* footer tail
 * Says what each frame means, and refuses one that stands where it must not or contradicts those before it.
 */

import { KgdumpError } from "../errors.js";
import { FOOTER_KEY_BYTES, FORMAT_MINOR, FRAME_HEAD_LENGTH, Kind, SKIPPABLE_BIT } from "./constants.js";
import type { Frame, Surroundings } from "./frame-reader.js";
import { kindName } from "./frame.js";
import { itemAt } from "./item-at.js";
import { compareKeys } from "./key-order.js";
import type { Limits } from "./limits.js";
import { IndexBuilder } from "./payload/block-index.js";
import { blockInfo, decodeBlock } from "./payload/block.js";
import { decodeGap } from "./payload/gap.js";
import { decodeHeader } from "./payload/header.js";
import { checkKeyspaceStart, decodeAbort, decodeFooter, decodeKeyspaceEnd, sameResult, totalsDifference } from "./payload/totals.js";
import { at } from "./place.js";
import type { BlockInfo, DumpFooter, DumpHeader, FormatVersion, Gap, HeaderKeyspace, IndexLocation, KeyspaceTotals } from "./types.js";

/** What a frame means. */
export type Step =
  | { readonly type: "header"; readonly header: DumpHeader }
  | { readonly type: "keyspace-start"; readonly keyspace: number }
  | { readonly type: "block"; readonly block: BlockInfo; readonly data: Uint8Array }
  | { readonly type: "gap"; readonly gap: Gap }
  | { readonly type: "keyspace-end"; readonly keyspace: number; readonly totals: KeyspaceTotals; readonly offset: number }
  | { readonly type: "footer"; readonly footer: DumpFooter; readonly offset: number }
  /** An index frame, or one that is skipped. */
  | { readonly type: "nothing" };

/** What the blocks of one keyspace say of themselves, added up. */
interface Sums {
  entries: number;
  blocks: number;
  rawBytes: number;
  storedBytes: number;
  gaps: number;
}

const NOTHING: Sums = { entries: 0, blocks: 0, rawBytes: 0, storedBytes: 0, gaps: 0 };

/** Follows one dump through its grammar. */
export class StreamChecker implements Surroundings {
  readonly #version: FormatVersion;
  readonly #lenient: boolean;
  readonly #limits: Limits;
  readonly #index = new IndexBuilder();
  readonly #indexes: IndexLocation[] = [];
  readonly #ended: KeyspaceTotals[] = [];
  #header: DumpHeader | undefined;
  /** The keyspace that frames now belong to. */
  #inside: HeaderKeyspace | undefined;
  #sums: Sums = { ...NOTHING };
  /** The gap that the next block or the keyspace's end must fit. */
  #gap: Gap | undefined;
  #lastKey: Uint8Array | undefined;
  #blocks = 0;

  /** @param version from the magic */
  constructor(version: FormatVersion, limits: Limits) {
    this.#version = version;
    this.#lenient = version.minor > FORMAT_MINOR;
    this.#limits = limits;
  }

  /** What of the dump is complete, for the error of one that is cut. */
  get progress(): string {
    if (this.#header === undefined) return "not even its header is complete";
    return `complete are ${String(this.#ended.length)} of ${String(this.#header.keyspaces.length)} keyspaces and ${String(this.#blocks)} blocks`;
  }

  /** Number of the block that comes next, within a keyspace. */
  get nextBlock(): number | undefined {
    return this.#inside === undefined ? undefined : this.#blocks;
  }

  /**
   * Takes the next frame.
   * @throws {KgdumpError} with the code for what is wrong with it, and its place
   */
  accept(frame: Frame): Step {
    const block = frame.kind === Kind.block ? this.#blocks : undefined;
    return at({ offset: frame.offset, block, keyspace: this.#inside?.name }, () => this.#accept(frame));
  }

  #accept(frame: Frame): Step {
    const { kind, payload } = frame;
    if (this.#header === undefined) {
      if (kind !== Kind.header) throw misplaced(kind, "before the header");
      this.#header = decodeHeader(payload, this.#version, this.#limits);
      return { type: "header", header: this.#header };
    }
    switch (kind) {
      case Kind.keyspaceStart:
        return this.#start(this.#header, payload);
      case Kind.block:
        return this.#block(this.#header, frame);
      case Kind.gap:
        return this.#missing(this.#header, payload);
      case Kind.index:
        return this.#listed(frame);
      case Kind.keyspaceEnd:
        return this.#end(this.#header, frame);
      case Kind.footer:
        return this.#footer(this.#header, frame);
      case Kind.abort: {
        const hint = "what came before it is sound but not all: solve the producer's problem and export again";
        throw new KgdumpError("DUMP_ABORTED", `the dump's producer gave up: ${decodeAbort(payload, this.#lenient)}`, { hint });
      }
      case Kind.header:
        throw misplaced(kind, "for the second time");
      default:
        return this.#unknown(kind);
    }
  }

  #unknown(kind: number): Step {
    const lowerCase = kind >= 0x61 && kind <= 0x7a && (kind & SKIPPABLE_BIT) !== 0;
    if (this.#lenient && lowerCase) return { type: "nothing" };
    const { major, minor } = this.#version;
    const hint = this.#lenient ? "read it with a newer kgdump" : "what wrote it is not a correct writer of that version";
    throw new KgdumpError("DUMP_FRAME_UNKNOWN", `a frame of kind ${kindName(kind)} is in a dump of version ${String(major)}.${String(minor)}`, { hint });
  }

  #start(header: DumpHeader, payload: Uint8Array): Step {
    if (this.#inside !== undefined) throw misplaced(Kind.keyspaceStart, "before the last keyspace has ended");
    const keyspace = this.#ended.length;
    checkKeyspaceStart(payload, header, keyspace, this.#lenient);
    this.#inside = header.keyspaces[keyspace];
    this.#sums = { ...NOTHING };
    this.#lastKey = undefined;
    return { type: "keyspace-start", keyspace };
  }

  #block(header: DumpHeader, { payload, offset }: Frame): Step {
    if (this.#inside === undefined) throw misplaced(Kind.block, "outside of a keyspace");
    if (this.#index.full) throw new KgdumpError("DUMP_INDEX_WRONG", "a block stands where an index frame must");
    const block = decodeBlock(payload, header, this.#limits);
    if (block.keyspace !== this.#ended.length) {
      throw new KgdumpError("DUMP_FRAME_MISPLACED", `a block of keyspace ${String(block.keyspace)} stands in keyspace ${String(this.#ended.length)}`);
    }
    if (this.#lastKey !== undefined && compareKeys(this.#inside.comparator, this.#lastKey, block.firstKey) >= 0) {
      throw new KgdumpError("DUMP_ORDER_BROKEN", "its first key does not come after the last key of the block before it");
    }
    this.#closeGap(block.firstKey);
    const info = blockInfo(block, this.#blocks, offset, payload.length);
    this.#index.add(info);
    this.#blocks += 1;
    this.#lastKey = info.lastKey;
    this.#sums.entries += block.entries;
    this.#sums.blocks += 1;
    this.#sums.rawBytes += block.rawLength;
    this.#sums.storedBytes += block.data.length;
    return { type: "block", block: info, data: block.data };
  }

  #missing(header: DumpHeader, payload: Uint8Array): Step {
    if (this.#inside === undefined) throw misplaced(Kind.gap, "outside of a keyspace");
    if (header.salvaged === null) throw misplaced(Kind.gap, "in a dump that was not salvaged");
    const gap = decodeGap(payload, this.#limits, this.#lenient);
    if (gap.keyspace !== this.#ended.length) {
      throw new KgdumpError("DUMP_FRAME_MISPLACED", `a gap of keyspace ${String(gap.keyspace)} stands in keyspace ${String(this.#ended.length)}`);
    }
    if (this.#gap !== undefined) throw new KgdumpError("DUMP_GAP_WRONG", "a gap follows another one, with no block between them");
    if (!isSameKey(gap.after, this.#lastKey ?? null)) throw new KgdumpError("DUMP_GAP_WRONG", "the gap does not begin after the last key of the block before it");
    this.#gap = gap;
    this.#sums.gaps += 1;
    return { type: "gap", gap };
  }

  /** @param next first key of the block that follows; null at the keyspace's end */
  #closeGap(next: Uint8Array | null): void {
    if (this.#gap !== undefined && !isSameKey(this.#gap.before, next)) {
      throw new KgdumpError("DUMP_GAP_WRONG", "the gap before it does not end where it says");
    }
    this.#gap = undefined;
  }

  #listed({ payload, offset }: Frame): Step {
    const { first, blocks } = this.#index;
    if (first === undefined) throw misplaced(Kind.index, "without a block before it");
    const { indexFrames } = this.#limits;
    if (this.#indexes.length >= indexFrames) throw new KgdumpError("DUMP_LIMIT_EXCEEDED", `the dump has more index frames than the limit of ${String(indexFrames)}`);
    if (Buffer.compare(payload, this.#index.take()) !== 0) throw new KgdumpError("DUMP_INDEX_WRONG", "the index frame does not list the blocks before it");
    const firstKey = first.firstKey.length > FOOTER_KEY_BYTES ? null : first.firstKey;
    const frameLength = FRAME_HEAD_LENGTH + payload.length;
    this.#indexes.push({ offset, frameLength, keyspace: first.keyspace, firstBlock: first.number, blocks, firstKey });
    return { type: "nothing" };
  }

  #end(header: DumpHeader, { payload, offset }: Frame): Step {
    if (this.#inside === undefined) throw misplaced(Kind.keyspaceEnd, "outside of a keyspace");
    if (this.#index.blocks > 0) throw new KgdumpError("DUMP_INDEX_WRONG", "the keyspace ends without an index of its last blocks");
    this.#closeGap(null);
    const { keyspace, ...totals } = decodeKeyspaceEnd(payload, header, this.#lenient);
    if (keyspace !== this.#ended.length) {
      throw new KgdumpError("DUMP_FRAME_MISPLACED", `keyspace ${String(keyspace)} ends in keyspace ${String(this.#ended.length)}`);
    }
    const wrong = totalsDifference(totals, { ...totals, ...this.#sums });
    if (wrong !== undefined) throw new KgdumpError("DUMP_TOTALS_MISMATCH", `the keyspace's ${wrong} is not what its blocks add up to`);
    this.#ended.push(totals);
    this.#inside = undefined;
    return { type: "keyspace-end", keyspace, totals, offset };
  }

  #footer(header: DumpHeader, { payload, offset }: Frame): Step {
    if (this.#inside !== undefined || this.#ended.length < header.keyspaces.length) throw misplaced(Kind.footer, "before all keyspaces have ended");
    const footer = decodeFooter(payload, header, this.#lenient, { offset, indexFrames: this.#limits.indexFrames });
    footer.keyspaces.forEach((said, place) => {
      const real = itemAt(this.#ended, place, "keyspace");
      const wrong = totalsDifference(said, real);
      if (wrong !== undefined) throw new KgdumpError("DUMP_TOTALS_MISMATCH", `the footer's ${wrong} of keyspace ${String(place)} is not what its end says`);
      if (Buffer.compare(said.digest, real.digest) !== 0 || !sameResult(said.result, real.result)) {
        throw new KgdumpError("DUMP_DIGEST_MISMATCH", `the footer's digest of keyspace ${String(place)} is not what its end says`);
      }
    });
    const same = footer.indexes.length === this.#indexes.length && footer.indexes.every((said, place) => isSameLocation(said, this.#indexes[place]));
    if (!same) throw new KgdumpError("DUMP_INDEX_WRONG", "the footer's list of index frames is not where they are");
    return { type: "footer", footer, offset };
  }
}

function isSameKey(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}

function isSameLocation(a: IndexLocation, b: IndexLocation | undefined): boolean {
  return (
    b !== undefined &&
    isSameKey(a.firstKey, b.firstKey) &&
    a.offset === b.offset &&
    a.frameLength === b.frameLength &&
    a.keyspace === b.keyspace &&
    a.firstBlock === b.firstBlock &&
    a.blocks === b.blocks
  );
}

function misplaced(kind: number, where: string): KgdumpError {
  return new KgdumpError("DUMP_FRAME_MISPLACED", `the ${kindName(kind)} frame stands ${where}`);
}
