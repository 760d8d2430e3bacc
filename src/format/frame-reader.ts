/** Reading frames from a stream: lengths, checksums, marker and sequence are checked here; what frames mean is not. */

import { KgdumpError } from "../errors.js";
import type { ByteReader } from "./byte-reader.js";
import { FRAME_HEAD_LENGTH, Kind, MAGIC_LENGTH, TAIL_LENGTH } from "./constants.js";
import { checkHeaderMarker, checkPayload, checkPayloadLength, decodeFrameHead, decodeMagic, decodeTail, type FrameHead, kindName, startsLikeFrame, startsLikeMagic, startsLikeTail } from "./frame.js";
import type { Limits } from "./limits.js";
import { withBlock } from "./place.js";
import { guessFormat } from "./sniff.js";
import type { FormatVersion } from "./types.js";

/** A frame whose bytes are all sound. */
export interface Frame {
  readonly kind: number;
  readonly payload: Uint8Array;
  /** Where it begins in the dump. */
  readonly offset: number;
}

/** What is known of the dump around the next frame. */
export interface Surroundings {
  /** What of the dump is complete, in words. */
  readonly progress: string;
  /** Number of the block that comes next, within a keyspace. */
  readonly nextBlock: number | undefined;
}

/** Reads magic, frames and tail one after the other. */
export class FrameReader {
  readonly #bytes: ByteReader;
  readonly #limits: Limits;
  readonly #surroundings: () => Surroundings | undefined;
  #marker: Uint8Array | undefined;
  #sequence = 0;

  /** @param surroundings says, for errors, where in the dump the next frame is; undefined before the header */
  constructor(bytes: ByteReader, limits: Limits, surroundings: () => Surroundings | undefined) {
    this.#bytes = bytes;
    this.#limits = limits;
    this.#surroundings = surroundings;
  }

  /**
   * The first bytes of the dump.
   * @throws {KgdumpError} DUMP_NOT_A_DUMP, DUMP_VERSION_UNSUPPORTED, DUMP_TRUNCATED
   */
  async magic(): Promise<FormatVersion> {
    const bytes = await this.#bytes.read(MAGIC_LENGTH);
    if (bytes.length === 0) {
      throw new KgdumpError("DUMP_TRUNCATED", "the input is empty: its producer wrote nothing", { offset: 0, hint: "see what the producer said on its standard error" });
    }
    if (!startsLikeMagic(bytes)) {
      const hint = guessFormat(Buffer.concat([bytes, this.#bytes.peek(512)]));
      throw new KgdumpError("DUMP_NOT_A_DUMP", "the input is not a dump", { offset: 0, hint });
    }
    if (bytes.length < MAGIC_LENGTH) throw this.#truncated("within the dump's first bytes");
    return decodeMagic(bytes);
  }

  /**
   * The next frame. An error within a keyspace carries the number of the block that should come next.
   * @throws {KgdumpError} DUMP_TRUNCATED, DUMP_FRAME_DAMAGED, DUMP_FRAME_FOREIGN, DUMP_SEQUENCE_BROKEN, DUMP_LIMIT_EXCEEDED,
   * DUMP_CHECKSUM_MISMATCH; DUMP_FRAME_MISPLACED when a tail or another dump is there instead
   */
  async frame(): Promise<Frame> {
    try {
      return await this.#frame();
    } catch (error) {
      throw withBlock(error, this.#surroundings()?.nextBlock);
    }
  }

  async #frame(): Promise<Frame> {
    const { offset } = this.#bytes;
    const bytes = await this.#bytes.read(FRAME_HEAD_LENGTH);
    if (bytes.length > 0 && startsLikeTail(bytes)) throw new KgdumpError("DUMP_FRAME_MISPLACED", `the tail at byte ${String(offset)} follows no footer`, { offset });
    if (bytes.length > 0 && startsLikeMagic(bytes)) throw new KgdumpError("DUMP_FRAME_MISPLACED", `another dump begins at byte ${String(offset)}`, { offset });
    if (bytes.length < FRAME_HEAD_LENGTH && startsLikeFrame(bytes)) {
      throw this.#truncated(bytes.length === 0 ? "where a frame should begin" : "within the head of a frame");
    }
    const head = decodeFrameHead(bytes, offset);
    this.#checkMembership(head, offset);
    checkPayloadLength(head, this.#limits, offset);
    const payload = await this.#bytes.read(head.payloadLength);
    if (payload.length < head.payloadLength) throw this.#truncated(`within the ${kindName(head.kind)} frame that begins at byte ${String(offset)}`);
    checkPayload(head, payload, offset);
    // A header may stand only here, so that this is behind the check of its place; one elsewhere is misplaced.
    if (head.sequence === 0 && head.kind === Kind.header) checkHeaderMarker(head, payload, offset);
    return { kind: head.kind, payload, offset };
  }

  /**
   * The tail, and the end of the input behind it.
   * @param footerOffset where the footer really began
   * @returns length of the dump
   * @throws {KgdumpError} DUMP_TRUNCATED, DUMP_TAIL_DAMAGED, DUMP_TRAILING_DATA; DUMP_FRAME_MISPLACED when a frame follows the footer
   */
  async tail(footerOffset: number): Promise<number> {
    const { offset } = this.#bytes;
    const bytes = await this.#bytes.read(TAIL_LENGTH);
    if (bytes.length === 0) throw this.#truncated("where its tail should begin");
    if (startsLikeFrame(bytes)) throw new KgdumpError("DUMP_FRAME_MISPLACED", `another frame follows the footer at byte ${String(offset)}`, { offset });
    if (bytes.length < TAIL_LENGTH && startsLikeTail(bytes)) throw this.#truncated("within its tail");
    const said = decodeTail(bytes, offset);
    if (said !== footerOffset) {
      throw new KgdumpError("DUMP_TAIL_DAMAGED", `the dump's tail says that the footer is at ${String(said)}; it is at ${String(footerOffset)}`, { offset });
    }
    const end = this.#bytes.offset;
    if (!(await this.#bytes.atEnd())) {
      throw new KgdumpError("DUMP_TRAILING_DATA", `more data follows the dump's end at byte ${String(end)}`, { offset: end, hint: "the dump itself is complete: cut what follows, or see what wrote it" });
    }
    return end;
  }

  #checkMembership(head: FrameHead, offset: number): void {
    this.#marker ??= head.marker;
    if (Buffer.compare(head.marker, this.#marker) !== 0) {
      throw new KgdumpError("DUMP_FRAME_FOREIGN", `the ${kindName(head.kind)} frame at byte ${String(offset)} belongs to another dump`, { offset });
    }
    const expected = this.#sequence;
    this.#sequence += 1;
    if (head.sequence === expected) return;
    const [is, should] = [String(head.sequence), String(expected)];
    throw new KgdumpError("DUMP_SEQUENCE_BROKEN", `frame ${is} stands at byte ${String(offset)}, where frame ${should} should: frames are missing, doubled or swapped`, { offset });
  }

  #truncated(where: string): KgdumpError {
    const { offset } = this.#bytes;
    const hint = "its producer failed or the copy is incomplete: see what the producer said, and export or copy again";
    return new KgdumpError("DUMP_TRUNCATED", `the dump is cut off after ${String(offset)} bytes, ${where}; ${this.#surroundings()?.progress ?? "it has no header"}`, { offset, hint });
  }
}
