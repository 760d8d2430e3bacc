/**
 * Writing a dump: gives the bytes to write, chunk by chunk, in the order of the calls. Synchronous and pure; the data of
 * a block is handed on as it is, never copied. The same calls give the same bytes.
 */

import { KgdumpError } from "../errors.js";
import { crcOf, markerOf } from "./checksum.js";
import type { CodecName } from "./codec.js";
import {
  FOOTER_KEY_BYTES,
  FORMAT_VERSION,
  FRAME_HEAD_LENGTH,
  Kind,
  LIMIT_EXPANSION,
  LIMIT_FOOTER,
  LIMIT_HEADER,
  LIMIT_INDEX_FRAMES,
  LIMIT_KEYSPACES,
  MAX_PAYLOAD_LENGTH,
  MAX_SEQUENCE,
} from "./constants.js";
import { ContentChecker } from "./content-checker.js";
import { crcOfBoth } from "./crc-range.js";
import { encodeFrameHead, encodeMagic, encodeTail } from "./frame.js";
import { itemAt } from "./item-at.js";
import { compareKeys } from "./key-order.js";
import type { Limits } from "./limits.js";
import { IndexBuilder } from "./payload/block-index.js";
import { blockInfo, encodeBlock } from "./payload/block.js";
import { encodeGap } from "./payload/gap.js";
import { encodeHeader } from "./payload/header.js";
import { encodeAbort, encodeFooter, encodeKeyspaceEnd, encodeKeyspaceStart, sumTotals } from "./payload/totals.js";
import type { BlockFacts, DeltaResult, DumpHeader, Gap, IndexLocation, KeyspaceTotals } from "./types.js";

/** What a writer holds to: as much as the format can say, so that a value beyond a reader's default can still be saved. */
const WRITER_LIMITS: Limits = {
  key: MAX_PAYLOAD_LENGTH,
  value: MAX_PAYLOAD_LENGTH,
  rawBlock: MAX_PAYLOAD_LENGTH,
  payload: MAX_PAYLOAD_LENGTH,
  keyspaces: LIMIT_KEYSPACES,
  header: LIMIT_HEADER,
  footer: LIMIT_FOOTER,
  indexFrames: LIMIT_INDEX_FRAMES,
  expansion: LIMIT_EXPANSION,
};

/** A block to write, as it was packed. */
interface PackedFacts extends BlockFacts {
  /** Codec of `data`: "none" (`data` is the encoded entries) or the header's. */
  readonly codec: CodecName;
  /** What `packBlock` made of the encoded entries. */
  readonly data: Uint8Array;
}

/** One block to write: encoded entries, as the engine gave them and as packed. */
export interface BlockToWrite extends PackedFacts {
  /** Encoded entries. */
  readonly raw: Uint8Array;
}

/** One block to write whose entries were checked, summed and hashed elsewhere. */
export interface CheckedBlock extends PackedFacts {
  /** Bytes of the encoded entries. */
  readonly rawLength: number;
  /** CRC-32 of `data`. */
  readonly dataCrc: number;
}

interface Sums extends Omit<KeyspaceTotals, "digest"> {
  digest: Uint8Array | undefined;
}

/** Makes the bytes of one dump. */
export class DumpWriter {
  readonly #header: DumpHeader;
  /** Made of the header's payload when that is written, before any other frame. */
  #marker: Uint8Array = new Uint8Array(0);
  readonly #content: ContentChecker;
  readonly #limits: Limits;
  readonly #index = new IndexBuilder();
  readonly #indexes: IndexLocation[] = [];
  readonly #sums: Sums[] = [];
  #state: "new" | "between" | "inside" | "closed" = "new";
  #lastKey: Uint8Array | undefined;
  /** Where the keyspace's entries are hashed, once it has any. */
  #hashed: "here" | "elsewhere" | null = null;
  #blocks = 0;
  #sequence = 0;
  #bytesWritten = 0;

  /**
   * @param header its format version is not looked at: the writer writes its own
   * @param limits to write what a reader with lower limits accepts, too
   */
  constructor(header: DumpHeader, limits: Partial<Limits> = {}) {
    this.#limits = { ...WRITER_LIMITS, ...limits };
    this.#header = { ...header, formatVersion: FORMAT_VERSION };
    this.#content = new ContentChecker(this.#header, this.#limits);
  }

  /** Bytes given out so far. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** Sums and digests of the keyspaces that were begun, so far. */
  get totals(): KeyspaceTotals[] {
    return this.#sums.map((sums) => ({ ...sums, digest: sums.digest ?? this.#content.digest() }));
  }

  /**
   * Magic and header.
   * @throws {KgdumpError} DUMP_MALFORMED, DUMP_LIMIT_EXCEEDED when readers would refuse the header
   */
  start(): Uint8Array[] {
    this.#mustBe("new");
    const payload = encodeHeader(this.#header, this.#limits);
    this.#marker = markerOf(payload);
    const magic = encodeMagic(this.#header.formatVersion);
    this.#bytesWritten += magic.length;
    this.#state = "between";
    return [magic, ...this.#frame(Kind.header, [payload])];
  }

  /** Begins a keyspace: each of the header's, in its order, empty ones too. */
  startKeyspace(index: number): Uint8Array[] {
    this.#mustBe("between");
    if (index !== this.#sums.length) throw new TypeError(`keyspace ${String(index)} begins where ${String(this.#sums.length)} should`);
    const payload = encodeKeyspaceStart(this.#header, index);
    this.#sums.push({ ...sumTotals([]), digest: undefined, result: null });
    this.#content.start(index);
    this.#lastKey = undefined;
    this.#hashed = null;
    this.#state = "inside";
    return this.#frame(Kind.keyspaceStart, [payload]);
  }

  /**
   * A block of the keyspace, and the index of the last ones when it is due. Its entries are checked as a reader would.
   * `raw` is needed only during the call, `data` until the returned chunks are written.
   * @throws {KgdumpError} DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN when the entries are not what they should be;
   * DUMP_LIMIT_EXCEEDED when the block is larger than a frame can be
   */
  block(block: BlockToWrite): Uint8Array[] {
    const { entries, firstKey, lastKey, raw, data } = block;
    this.#mayFollow(block, raw.length, "here");
    const sums = this.#content.block({ keyspace: this.#sums.length - 1, entries, firstKey, lastKey }, raw);
    if (sums.keyBytes !== block.keyBytes || sums.valueBytes !== block.valueBytes) throw new TypeError("keyBytes and valueBytes are not those of the entries");
    return this.#block({ ...block, rawLength: raw.length, dataCrc: crcOf(data) });
  }

  /**
   * As `block`, of a block whose entries were checked elsewhere, as were all of its keyspace. Their digest must be given to
   * `endKeyspace`.
   * @throws {KgdumpError} DUMP_ORDER_BROKEN when it does not come after the block before it; DUMP_LIMIT_EXCEEDED
   */
  checkedBlock(block: CheckedBlock): Uint8Array[] {
    this.#mayFollow(block, block.rawLength, "elsewhere");
    return this.#block(block);
  }

  #mayFollow({ firstKey, codec, data }: PackedFacts, rawLength: number, hashed: "here" | "elsewhere"): void {
    this.#inside();
    this.#hashed ??= hashed;
    if (this.#hashed !== hashed) throw new TypeError(`the keyspace's entries are hashed ${this.#hashed}`);
    if (codec === "none" ? data.length !== rawLength : codec !== this.#header.codec || data.length >= rawLength) {
      throw new TypeError(`a block of ${String(rawLength)} bytes cannot be ${String(data.length)} bytes of ${codec} in this dump`);
    }
    const { comparator } = itemAt(this.#header.keyspaces, this.#sums.length - 1, "keyspace");
    if (this.#lastKey !== undefined && compareKeys(comparator, this.#lastKey, firstKey) >= 0) {
      throw new KgdumpError("DUMP_ORDER_BROKEN", "the block's first key does not come after the last key of the block before it", { block: this.#blocks });
    }
  }

  #block({ entries, keyBytes, valueBytes, firstKey, lastKey, rawLength, codec, data, dataCrc }: CheckedBlock): Uint8Array[] {
    const before = this.#inside();
    const keyspace = this.#sums.length - 1;
    const payload = { keyspace, codec, rawLength, entries, firstKey, lastKey, data };
    const [head, body] = encodeBlock(payload);
    const offset = this.#bytesWritten;
    const chunks = this.#frame(Kind.block, [head, body], crcOfBoth(crcOf(head), dataCrc, body.length));
    const info = blockInfo(payload, this.#blocks, offset, this.#bytesWritten - offset - FRAME_HEAD_LENGTH);
    this.#index.add(info);
    this.#blocks += 1;
    this.#lastKey = info.lastKey;
    const own = { entries, keyBytes, valueBytes, blocks: 1, rawBytes: rawLength, storedBytes: data.length, gaps: 0 };
    this.#sums[keyspace] = { ...before, ...sumTotals([before, own]) };
    return this.#index.full ? [...chunks, ...this.#indexFrame()] : chunks;
  }

  /**
   * Says that something is missing here, in a salvaged dump.
   * @param gap its `after` is the last key of the block before it, its `before` the first key of the next block
   */
  gap(gap: Omit<Gap, "keyspace">): Uint8Array[] {
    const sums = this.#inside();
    if (this.#header.salvaged === null) throw new TypeError("only a salvaged dump has gaps");
    const keyspace = this.#sums.length - 1;
    this.#sums[keyspace] = { ...sums, gaps: sums.gaps + 1 };
    return this.#frame(Kind.gap, [encodeGap({ ...gap, keyspace })]);
  }

  /**
   * Ends the keyspace.
   * @param result of a delta, and only of one: what the keyspace then holds
   * @param digest of all its entries, when its blocks were checked elsewhere, and not when they were checked here
   */
  endKeyspace(result: DeltaResult | null = null, digest?: Uint8Array): Uint8Array[] {
    const sums = this.#inside();
    const keyspace = this.#sums.length - 1;
    if (this.#hashed !== null && (this.#hashed === "elsewhere") !== (digest !== undefined)) throw new TypeError(`the keyspace's entries were hashed ${this.#hashed}`);
    if ((result !== null) !== (this.#header.kind === "delta")) throw new TypeError(`a result does not fit a ${this.#header.kind} dump`);
    const totals = { ...sums, digest: digest ?? this.#content.digest(), result };
    this.#sums[keyspace] = totals;
    const chunks = this.#index.blocks > 0 ? this.#indexFrame() : [];
    this.#state = "between";
    return [...chunks, ...this.#frame(Kind.keyspaceEnd, [encodeKeyspaceEnd(keyspace, totals)])];
  }

  /**
   * Footer and tail: the dump is complete.
   * @throws {KgdumpError} DUMP_LIMIT_EXCEEDED when there are so many blocks that readers would refuse the footer
   */
  finish(): Uint8Array[] {
    this.#mustBe("between");
    const { keyspaces } = this.#header;
    if (this.#sums.length < keyspaces.length) throw new TypeError(`keyspace ${String(this.#sums.length)} was not written`);
    const named = this.totals.map((totals, index) => ({ ...totals, name: itemAt(keyspaces, index, "keyspace").name }));
    const payload = encodeFooter({ ...sumTotals(named), keyspaces: named, indexes: this.#indexes });
    if (payload.length > this.#limits.footer) {
      throw new KgdumpError("DUMP_LIMIT_EXCEEDED", `the footer would take ${String(payload.length)} bytes, more than the limit of ${String(this.#limits.footer)}`, { hint: "use a larger block size" });
    }
    const footerOffset = this.#bytesWritten;
    const chunks = this.#frame(Kind.footer, [payload]);
    const tail = encodeTail(footerOffset, this.#bytesWritten);
    this.#bytesWritten += tail.length;
    this.#state = "closed";
    return [...chunks, tail];
  }

  /**
   * Ends a dump that cannot be completed, so that no reader takes it for a good one; nothing may follow.
   * @param reason what went wrong, for the person who reads it
   */
  abort(reason: string): Uint8Array[] {
    if (this.#state === "closed") throw new TypeError("the dump has ended already");
    const start = this.#state === "new" ? this.start() : [];
    this.#state = "closed";
    return [...start, ...this.#frame(Kind.abort, [encodeAbort(reason)])];
  }

  /** What was written of the keyspace so far. */
  #inside(): Sums {
    this.#mustBe("inside");
    return itemAt(this.#sums, this.#sums.length - 1, "keyspace");
  }

  #indexFrame(): Uint8Array[] {
    const { first, blocks } = this.#index;
    const offset = this.#bytesWritten;
    if (this.#indexes.length >= this.#limits.indexFrames) {
      throw new KgdumpError("DUMP_LIMIT_EXCEEDED", `the dump has more blocks than ${String(this.#limits.indexFrames)} index frames can list`, { hint: "use a larger block size" });
    }
    const chunks = this.#frame(Kind.index, [this.#index.take()]);
    if (first !== undefined) {
      const firstKey = first.firstKey.length > FOOTER_KEY_BYTES ? null : first.firstKey;
      this.#indexes.push({ offset, frameLength: this.#bytesWritten - offset, keyspace: first.keyspace, firstBlock: first.number, blocks, firstKey });
    }
    return chunks;
  }

  #frame(kind: number, parts: readonly Uint8Array[], crc?: number): Uint8Array[] {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length > this.#limits.payload || this.#sequence > MAX_SEQUENCE) {
      const problem = `frame ${String(this.#sequence)} has ${String(length)} bytes, more than the format allows`;
      throw new KgdumpError("DUMP_LIMIT_EXCEEDED", problem, { block: this.#blocks, hint: "use a block size that makes fewer frames, and none so large" });
    }
    const head = encodeFrameHead(kind, this.#marker, this.#sequence, parts, crc);
    this.#sequence += 1;
    this.#bytesWritten += FRAME_HEAD_LENGTH + length;
    return [head, ...parts];
  }

  #mustBe(state: "new" | "between" | "inside"): void {
    if (this.#state !== state) throw new TypeError(`called out of order: the dump is ${this.#state}, not ${state}`);
  }
}
