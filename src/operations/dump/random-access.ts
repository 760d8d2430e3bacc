/** A dump's file for random access, with a window that reads ahead where small parts are asked for one behind another. */
import { KgdumpError, systemError } from "../../errors.js";
import type { RandomAccess } from "../../format/index.js";
import type { OpenFile } from "./input.js";

/** Bytes read ahead. */
const WINDOW = 64 * 1024;
/** Bytes that are worth a read of their own. */
const LARGE = WINDOW / 4;

/** Random access to an open file of known size; what is read may be part of a larger array. */
export function randomAccess(file: OpenFile, path: string): RandomAccess {
  const { size } = file;
  if (size === null) throw new TypeError("a device has no random access");
  let window: { readonly offset: number; readonly bytes: Uint8Array } | undefined;
  let lastEnd = Number.POSITIVE_INFINITY;
  return {
    size,
    read: async (offset, length) => {
      const before = lastEnd;
      lastEnd = offset + length;
      if (window !== undefined && offset >= window.offset && lastEnd <= window.offset + window.bytes.length) {
        return window.bytes.subarray(offset - window.offset, lastEnd - window.offset);
      }
      if (length >= LARGE || offset < before || offset - before >= LARGE) return readAt(file, path, offset, length);
      // What lies ahead may be what can't be read: then only what was asked for counts.
      const ahead = await readAt(file, path, offset, Math.max(length, Math.min(WINDOW, size - offset))).catch(() => null);
      if (ahead === null) return readAt(file, path, offset, length);
      window = { offset, bytes: ahead };
      return ahead.subarray(0, length);
    },
  };
}

async function readAt({ handle }: OpenFile, path: string, offset: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    let bytesRead: number;
    try {
      ({ bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled));
    } catch (error) {
      throw systemError(error, `reading ${path}`, { path });
    }
    if (bytesRead === 0) {
      throw new KgdumpError("DUMP_TRUNCATED", `${path} became shorter while it was read`, { path, offset: offset + filled });
    }
    filled += bytesRead;
  }
  return buffer;
}
