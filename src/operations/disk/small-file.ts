/** Reading the beginning of a file that somebody else may have put there: never one that waits for a writer, and never more than asked for. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";

/**
 * The first bytes of a regular file.
 * @param most how many are read
 * @returns empty when there is no such file, it can't be read, or it is none
 */
export async function startOfFile(path: string, most: number): Promise<Buffer> {
  try {
    // Without O_NONBLOCK, opening a FIFO waits for its writer.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = await file.stat();
    if (!status.isFile()) return Buffer.alloc(0);
    const buffer = Buffer.alloc(Math.min(most, status.size));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } catch {
    return Buffer.alloc(0);
  }
}
