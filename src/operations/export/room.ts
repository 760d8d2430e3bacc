/** Whether there is room for the dump of a store. */
import { dirname } from "node:path";
import type { CodecName } from "../../format/codec.js";
import { checkRoom, roomIn } from "../disk/space.js";
import type { DumpOutput } from "../output/dump-output.js";

/** Where a rehearsal ends: so much is written in about a second. A disk that has more free is only warned of. */
const REHEARSED = 64 * 1024 * 1024;

/** Thrown by an output that has no more room. */
class Full extends Error {}

/** An output that keeps nothing, and counts what it is given. */
class Measure implements DumpOutput {
  readonly path = null;
  bytes = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const { length } of chunks) this.bytes += length;
    return this.bytes > this.#most ? Promise.reject(new Full("there is no more room")) : Promise.resolve();
  }

  commit(): Promise<void> {
    return Promise.resolve();
  }

  discard(): Promise<void> {
    return Promise.resolve();
  }
}

/** What is exported, as far as it says how large the dump becomes. */
export interface Exporting {
  readonly codec: CodecName;
  readonly level?: number | undefined;
  /** Bytes of keys and values, by the store's own estimate, which counts what was overwritten too; null when nobody knows. */
  readonly bytes: number | null;
}

/**
 * Looks whether a dump's file has room. How large it becomes depends on the entries alone: where little is free, they are written to nowhere first, until they
 * take more than that.
 * @param path of the dump
 * @param rehearse writes the dump, as far as the output takes it
 * @returns a warning, when there may be too little
 * @throws {KgdumpError} NO_SPACE, and what `rehearse` throws
 */
export async function checkRoomForDump(path: string, { codec, level, bytes }: Exporting, rehearse: (output: DumpOutput) => Promise<void>): Promise<string[]> {
  const directory = dirname(path);
  const { free, sure } = await roomIn(directory);
  if (bytes !== null && free >= bytes) return [];
  // The higher levels take minutes for as much.
  const quick = codec !== "zstd" || level === undefined || level <= 3;
  if (!quick || sure > REHEARSED) return checkRoom(directory, "the export", { least: 0, likely: bytes ?? 0 });
  const measure = new Measure(sure);
  try {
    await rehearse(measure);
    return [];
  } catch (error) {
    if (!(error instanceof Full)) throw error;
    return checkRoom(directory, "the export", { least: measure.bytes, likely: bytes ?? 0 });
  }
}
