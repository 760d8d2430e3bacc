/** Making a family again as a dump's header says that it was kept. */
import { KgdumpError } from "../errors.js";
import type { KeyOrder } from "./engine.js";
import { rocksdbAddon } from "./rocksdb-addon.js";
import type { RocksdbFamily } from "./rocksdb-sink.js";

/** A family as it is to be made, and what of its settings can't be had again. */
export interface RestoredFamily {
  readonly family: RocksdbFamily;
  /** Settings that this RocksDB does not take, as `name=value`. */
  readonly refused: readonly string[];
}

const TABLE_PREFIX = "table.";
/** RocksDB's files do not say how many bits a filter has for each key; this many are usual. */
const FILTER_BITS = "bloomfilter:10:false";
/**
 * How to make a family with the settings that a dump has of it.
 * @param settings by name, as the header has them; those of tables begin with `table.`
 * @param order of its keys
 * @throws {KgdumpError} ADDON_MISSING
 */
export function restoredFamily(name: Uint8Array, order: KeyOrder, settings: ReadonlyMap<string, string>): RestoredFamily {
  const refused: string[] = [];
  const taken: string[] = [];
  const table: string[] = [];
  for (const [key, value] of settings) {
    // The comparator is said by the order.
    if (key === "comparator" || value === "nullptr") continue;
    const inTable = key.startsWith(TABLE_PREFIX);
    const setting = inTable ? `${key.slice(TABLE_PREFIX.length)}=${value === "bloomfilter" ? FILTER_BITS : value}` : `${key}=${value}`;
    if (!isTaken(inTable ? `block_based_table_factory={${setting}}` : setting)) refused.push(`${key}=${value}`);
    else (inTable ? table : taken).push(setting);
  }
  if (table.length > 0) taken.push(`block_based_table_factory={${table.join(";")}}`);
  return { family: { name, comparator: order, options: taken.join(";") }, refused };
}

function isTaken(options: string): boolean {
  try {
    rocksdbAddon().checkOptions(options);
    return true;
  } catch (error) {
    if (error instanceof KgdumpError && error.code === "ADDON_MISSING") throw error;
    return false;
  }
}
