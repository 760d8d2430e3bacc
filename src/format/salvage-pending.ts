/** Heads of frames whose payload is being read, the one that ends first at hand. */

import { crcOfRange } from "./salvage-crc.js";

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

  /** Takes the frame that ends first; of those that end together, the one that began first. */
  take(): PendingFrame {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) throw new TypeError("no frame is pending");
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
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
    for (let at = index; at > 0; ) {
      const parent = (at - 1) >>> 1;
      if (!this.#swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  #sink(index: number): void {
    for (let at = index; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const [a, b] = [this.#heap[left], this.#heap[right]];
      if (a === undefined) return;
      const smaller = b !== undefined && isBefore(b, a) ? right : left;
      if (!this.#swapIfBefore(smaller, at)) return;
      at = smaller;
    }
  }

  /** Swaps two frames when the first belongs before the second. */
  #swapIfBefore(first: number, second: number): boolean {
    const [a, b] = [this.#heap[first], this.#heap[second]];
    if (a === undefined || b === undefined || !isBefore(a, b)) return false;
    this.#heap[first] = b;
    this.#heap[second] = a;
    return true;
  }
}

function isBefore(a: PendingFrame, b: PendingFrame): boolean {
  return a.end < b.end || (a.end === b.end && a.offset < b.offset);
}
