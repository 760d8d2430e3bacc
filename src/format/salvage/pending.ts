/** Heads of frames whose payload is being read, the one that ends first at hand. */

import { crcOfRange } from "../crc-range.js";
import { itemAt } from "../item-at.js";

/** A frame whose head is sound. */
export interface PendingFrame {
  readonly kind: number;
  readonly sequence: number;
  readonly marker: string;
  readonly offset: number;
  readonly end: number;
  /** Bytes of its payload, and what their CRC should be. */
  readonly length: number;
  readonly payloadCrc: number;
  /** CRC-32 of all bytes before the payload. */
  readonly crcBefore: number;
}

/** Heads that are followed at the same time. More can only be made on purpose; then the first ones count. */
const MOST = 64 * 1024;

/** A binary heap by end. */
export class PendingFrames {
  readonly #isDead: (frame: PendingFrame) => boolean;
  #heap: PendingFrame[] = [];
  /** Frames that were added or refused since the dead were last removed. */
  #sinceSweep = 0;

  /** @param isDead whether a frame turned out to lie within a sound one, so that it needs no room */
  constructor(isDead: (frame: PendingFrame) => boolean) {
    this.#isDead = isDead;
  }

  /** Where the next frame ends; infinity when there is none. */
  get nextEnd(): number {
    return this.#heap[0]?.end ?? Infinity;
  }

  /** Adds a frame; one that there is no room for is left out. */
  add(frame: PendingFrame): void {
    this.#sinceSweep += 1;
    if (this.#heap.length >= MOST && this.#sinceSweep > MOST / 4) this.#sweep();
    if (this.#heap.length >= MOST) return;
    this.#heap.push(frame);
    this.#rise(this.#heap.length - 1);
  }

  /**
   * Takes the frame that ends first; of those that end together, the one that began first.
   * @throws {TypeError} when there is none
   */
  take(): PendingFrame {
    const first = itemAt(this.#heap, 0, "pending frame");
    this.#heap[0] = itemAt(this.#heap, this.#heap.length - 1, "pending frame");
    this.#heap.length -= 1;
    this.#sink();
    return first;
  }

  /** Whether a frame's payload is what its head says. @param crc CRC-32 of all bytes up to its end */
  isSound(frame: PendingFrame, crc: number): boolean {
    return crcOfRange(frame.crcBefore, crc, frame.length) === frame.payloadCrc;
  }

  #sweep(): void {
    this.#sinceSweep = 0;
    const alive = this.#heap.filter((frame) => !this.#isDead(frame));
    alive.sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#heap = alive;
  }

  #rise(index: number): void {
    for (let at = index; at > 0;) {
      const parent = (at - 1) >>> 1;
      if (!this.#swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  /** Moves the first frame down to where it belongs. */
  #sink(): void {
    for (let [at, child] = [0, this.#childOf(0)]; child !== 0 && this.#swapIfBefore(child, at);) [at, child] = [child, this.#childOf(child)];
  }

  /** The one of the two places below a place whose frame comes first; 0 when there is nothing. */
  #childOf(at: number): number {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    if (left >= this.#heap.length) return 0;
    return right < this.#heap.length && this.#isBefore(right, left) ? right : left;
  }

  /** Swaps two frames when the first belongs before the second. */
  #swapIfBefore(first: number, second: number): boolean {
    if (!this.#isBefore(first, second)) return false;
    const frame = itemAt(this.#heap, first, "pending frame");
    this.#heap[first] = itemAt(this.#heap, second, "pending frame");
    this.#heap[second] = frame;
    return true;
  }

  #isBefore(first: number, second: number): boolean {
    return isBefore(itemAt(this.#heap, first, "pending frame"), itemAt(this.#heap, second, "pending frame"));
  }
}

function isBefore(a: PendingFrame, b: PendingFrame): boolean {
  return a.end < b.end || (a.end === b.end && a.offset < b.offset);
}
