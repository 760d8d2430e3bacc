/** Where a salvaged dump lacks something. */
import type { DumpHeader, Gap } from "../../format/index.js";
import { readEvents, type ReadOptions } from "../dump/read.js";

/** A gap, with the name of its keyspace. */
export interface DumpGap extends Gap {
  readonly keyspaceName: Uint8Array;
}

/**
 * Yields the gaps of a dump, in its order; a dump that was not salvaged has none. Reads the dump front to back, with every
 * checksum checked but no block decoded.
 * @throws {KgdumpError} DUMP_* for damage that is met, NOT_FOUND, PERMISSION_DENIED, IO_FAILED
 */
export async function* listGaps(options: Pick<ReadOptions, "input" | "maxBlockSize" | "signal">): AsyncGenerator<DumpGap> {
  let header: DumpHeader | null = null;
  for await (const event of readEvents(options, false)) {
    if (event.type === "header") ({ header } = event);
    else if (event.type === "gap") yield { ...event.gap, keyspaceName: header?.keyspaces[event.gap.keyspace]?.name ?? new Uint8Array(0) };
  }
}
