/** Memory of entries that are so large that each copy counts. */
import { MessageChannel } from "node:worker_threads";

/** A block with more bytes has one entry, and there should be one such block at a time. */
export const HUGE_BLOCK = 64 * 1024 * 1024;

/**
 * Gives the memory of a huge array back at once. JavaScript's collector would do so some gigabytes later, as it sees the small object and
 * not what is behind it. Smaller arrays, and memory that can't be given away, stay as they are.
 * @param bytes which nobody looks at any more, nor at what else its memory holds: it has no bytes afterwards
 */
export function giveBack(bytes: Uint8Array): void {
  if (bytes.length <= HUGE_BLOCK || !(bytes.buffer instanceof ArrayBuffer)) return;
  const { port1, port2 } = new MessageChannel();
  // Who gets it is gone, and it goes too.
  port2.close();
  try {
    port1.postMessage(null, [bytes.buffer]);
  } catch {
    // It belongs to somebody else, who gives it back.
  } finally {
    port1.close();
  }
}
