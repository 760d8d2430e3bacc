/**
 * Finding every sound frame of a damaged dump in one pass: time linear in the file's size, whatever it holds.
 *
 * Wherever the bytes look like the head of a frame and its checksum is right, the head is followed up; its payload is
 * judged by the CRC up to its end and up to its start, so that no byte is read twice, however many heads claim it.
 * A frame within a sound frame's payload (a dump kept as a value) is never taken; one within a damaged frame is, because
 * bytes may be missing from that.
 */

import { KgdumpError } from "../../errors.js";
import { crcOf, crcOn } from "../checksum.js";
import { FRAME_HEAD_LENGTH, Kind } from "../constants.js";
import type { RandomAccess } from "../single-frames.js";
import { decodeFrameHead, FRAME_START } from "../frame.js";
import { itemAt } from "../item-at.js";
import { type PendingFrame, PendingFrames } from "./pending.js";

/** Bytes read at once. */
const WINDOW = 1024 * 1024;

/**
 * Runs that a file may be in and frames other than blocks that it may have, both together and of all dumps in it, so that a
 * hostile one does not fill the memory: several times what the limits allow a sound dump.
 */
const MOST_PIECES = 1024 * 1024;

/** Damaged frames that are remembered. */
const MOST_DAMAGED = 64 * 1024;

/** Sound frames of one dump that follow one another without a break, in the file and in number. */
export interface Run {
  readonly offset: number;
  end: number;
  /** Sequence of its first frame. */
  readonly first: number;
  frames: number;
  /** The marker as text of eight characters, a byte each. */
  readonly marker: string;
}

/** A frame that a salvaging reader knows of. */
export interface KnownFrame {
  readonly kind: number;
  readonly sequence: number;
  readonly offset: number;
  readonly end: number;
  readonly marker: string;
}

/** What a file holds. All lists are in the order of the file; nothing in them lies within a sound frame. */
export interface Scan {
  readonly runs: readonly Run[];
  /** Sound frames that are no blocks. */
  readonly landmarks: readonly KnownFrame[];
  /** Frames with a sound head whose payload is wrong or cut off, in the order of their claimed ends. */
  readonly damaged: readonly KnownFrame[];
}

/** Follows heads through one file. */
class Scanner {
  readonly runs: Run[] = [];
  readonly landmarks: KnownFrame[] = [];
  readonly damaged: KnownFrame[] = [];
  readonly #size: number;
  readonly #pending = new PendingFrames((frame) => this.isWithin(frame.offset));
  #crc = 0;
  /** Where `#crc` ends. */
  #position = 0;
  #marker: Uint8Array = new Uint8Array(0);
  #text = "";

  constructor(size: number) {
    this.#size = size;
  }

  /**
   * Takes the next part of the file.
   * @param bytes the part, and behind it as much as a head takes, unless the file ends before
   * @param offset where it begins
   * @param length of the part itself
   */
  window(bytes: Buffer, offset: number, length: number): void {
    let at = bytes.indexOf(FRAME_START);
    for (;;) {
      const head = at >= 0 && at < length ? offset + at : offset + length;
      for (let end = this.#pending.nextEnd; end <= head; end = this.#pending.nextEnd) {
        this.#advance(bytes, offset, end);
        this.#complete(this.#pending.take());
      }
      if (head === offset + length) break;
      this.#head(bytes, offset, at);
      at = bytes.indexOf(FRAME_START, at + 1);
    }
    this.#advance(bytes, offset, offset + length);
  }

  #advance(bytes: Buffer, offset: number, to: number): void {
    if (to > this.#position) this.#crc = crcOn(this.#crc, bytes.subarray(this.#position - offset, to - offset));
    this.#position = to;
  }

  #head(bytes: Buffer, offset: number, at: number): void {
    const start = at + FRAME_HEAD_LENGTH;
    // What fails for nearly all that is no head comes first.
    if (start > bytes.length || bytes[at + 28] !== 0xc6 || bytes.readUInt32BE(at + 16) !== bytes.readUInt32BE(at + 29)) return;
    if (crcOf(bytes.subarray(at + 3, at + 24)) !== bytes.readUInt32BE(at + 24)) return;
    const head = decodeFrameHead(bytes.subarray(at, start), offset + at);
    this.#advance(bytes, offset, offset + at);
    const payload = offset + start;
    const { kind, sequence, payloadLength: length, payloadCrc } = head;
    const marker = this.#markerText(head.marker);
    const frame = { kind, sequence, marker, offset: offset + at, end: payload + length, length, payloadCrc, crcBefore: crcOn(this.#crc, bytes.subarray(at, start)) };
    if (frame.end > this.#size) this.#broken(frame);
    else this.#pending.add(frame);
  }

  /** Nearly all frames have the marker of the one before: its text is made once. */
  #markerText(marker: Uint8Array): string {
    if (Buffer.compare(marker, this.#marker) !== 0) [this.#marker, this.#text] = [marker, Buffer.from(marker).toString("latin1")];
    return this.#text;
  }

  #complete(frame: PendingFrame): void {
    if (this.isWithin(frame.offset)) return;
    if (!this.#pending.isSound(frame, this.#crc)) {
      this.#broken(frame);
      return;
    }
    const { offset } = frame;
    for (const list of [this.runs, this.landmarks]) while ((list.at(-1)?.offset ?? -1) > offset) list.pop();
    while ((this.damaged.at(-1)?.offset ?? -1) > offset) this.damaged.pop();
    const { kind, sequence, end, marker } = frame;
    if (kind !== Kind.block) this.landmarks.push({ kind, sequence, offset, end, marker });
    const last = this.runs.at(-1);
    if (last?.end === offset && last.marker === marker && last.first + last.frames === sequence) {
      last.end = end;
      last.frames += 1;
    } else this.runs.push({ offset, end, first: sequence, frames: 1, marker });
    if (this.runs.length + this.landmarks.length > MOST_PIECES) {
      throw new KgdumpError("DUMP_LIMIT_EXCEEDED", "the file is in more pieces than can be put together", { offset });
    }
  }

  #broken({ kind, sequence, offset, end, marker }: PendingFrame): void {
    if (this.damaged.length < MOST_DAMAGED) this.damaged.push({ kind, sequence, offset, end, marker });
  }

  /** Whether an offset lies within a sound frame. */
  isWithin(offset: number): boolean {
    const before = lastBefore(this.runs, offset);
    return before !== undefined && offset < before.end;
  }
}

/** The last of a list in the order of offsets that begins before an offset. */
export function lastBefore<T extends { readonly offset: number }>(list: readonly T[], offset: number): T | undefined {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (itemAt(list, middle, "place").offset < offset) low = middle + 1;
    else high = middle;
  }
  return list[low - 1];
}

/**
 * Finds all sound frames of a file.
 * @param access the file
 * @param onWindow told how many bytes were just read; may throw to end the scan
 * @throws {KgdumpError} DUMP_LIMIT_EXCEEDED when the file is in more pieces than memory is taken for
 * @throws what reading throws
 */
export async function scanFrames(access: RandomAccess, onWindow: (bytes: number) => void): Promise<Scan> {
  const scanner = new Scanner(access.size);
  for (let offset = 0; offset < access.size; offset += WINDOW) {
    const length = Math.min(WINDOW, access.size - offset);
    const bytes = await access.read(offset, Math.min(length + FRAME_HEAD_LENGTH - 1, access.size - offset));
    scanner.window(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset, length);
    onWindow(length);
  }
  const { runs, landmarks } = scanner;
  return { runs, landmarks, damaged: scanner.damaged.filter(({ offset }) => !scanner.isWithin(offset)) };
}
