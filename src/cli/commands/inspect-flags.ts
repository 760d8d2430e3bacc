/** Options of `kgdump inspect`, as they were given. */
import type { ReadingFlags } from "../options.js";

/** Options of `kgdump inspect`. */
export interface InspectFlags extends ReadingFlags {
  readonly blocks?: boolean;
  readonly entries?: boolean;
  readonly keys?: boolean;
  readonly gaps?: boolean;
  readonly check?: boolean;
  readonly get?: Uint8Array;
  readonly raw?: boolean;
  readonly hex?: boolean;
  readonly prefix?: Uint8Array;
  readonly columnFamily?: Uint8Array[];
  readonly limit?: number;
  readonly reverse?: boolean;
  readonly width?: number;
  readonly layout?: string;
  readonly maxBlockSize?: number;
}
