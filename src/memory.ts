/** Memory of blocks: lent again once it was given back, and given back to the system at once where each copy counts. */
import { MessageChannel } from "node:worker_threads";

/** A block with more bytes has one entry, and there should be one such block at a time. */
export const HUGE_BLOCK = 64 * 1024 * 1024;

/** Memory for a block is a multiple of so many bytes, so that it fits the next block, too, which is a little longer or shorter; less is not worth lending. */
const GRAIN = 64 * 1024;
/** Bytes that wait to be lent again, at most. */
const MOST_WAITING = HUGE_BLOCK;

/** What was given back, newest last. */
const waiting: ArrayBuffer[] = [];
let waitingBytes = 0;
/** What is lent, and how much of it was asked for. */
const lent = new WeakMap<ArrayBufferLike, number>();

/**
 * Lends memory for a block: what was given back, when it fits. Memory that is never given back is collected like any other.
 * @param length bytes
 * @returns an array of that length, of which nothing is known
 */
export function borrow(length: number): Buffer {
  const needed = Math.ceil(length / GRAIN) * GRAIN;
  if (length < GRAIN || needed > HUGE_BLOCK) return Buffer.allocUnsafeSlow(length);
  const place = waiting.findLastIndex(({ byteLength }) => byteLength >= needed && byteLength <= 2 * needed);
  const [found] = place < 0 ? [] : waiting.splice(place, 1);
  waitingBytes -= found?.byteLength ?? 0;
  const memory = found ?? Buffer.allocUnsafeSlow(needed).buffer;
  lent.set(memory, length);
  return Buffer.from(memory, 0, length);
}

/**
 * Takes memory back that was lent, and gives that of a huge array back to the system at once: JavaScript's collector would do so some
 * gigabytes later, as it sees the small object and not what is behind it. Other arrays, and memory that can't be given away, stay as they are.
 * @param bytes which nobody looks at any more, nor at what else its memory holds: it has other bytes afterwards, or none
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (!(buffer instanceof ArrayBuffer)) return;
  if (bytes.length > HUGE_BLOCK) {
    giveAway(buffer);
    return;
  }
  // A part of what was lent, or what was given back already, is somebody else's.
  if (lent.get(buffer) !== bytes.length || bytes.byteOffset !== 0) return;
  lent.delete(buffer);
  if (waitingBytes + buffer.byteLength > MOST_WAITING) return;
  waiting.push(buffer);
  waitingBytes += buffer.byteLength;
}

function giveAway(buffer: ArrayBuffer): void {
  const { port1, port2 } = new MessageChannel();
  // Who gets it is gone, and it goes too.
  port2.close();
  try {
    port1.postMessage(null, [buffer]);
  } catch {
    // It belongs to somebody else, who gives it back.
  } finally {
    port1.close();
  }
}
