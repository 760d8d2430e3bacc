/**
 * `block_align`: data blocks that do not cross more pages of the disk than they must. RocksDB refuses it together with compression in two places, and looks at different
 * options in each: so there are two rules.
 */
import { TABLE_PREFIX } from "./option-lines.js";
import { COMPRESSION_NAMES, type RocksdbCompression } from "./sink.js";

/**
 * The rule of a store: it is opened only when a family whose blocks are aligned is without compression, and the size of the blocks is a power of two. Alignment that
 * fits no more, because of what was asked for or of an option that is not kept, is turned off for good.
 * @param values options of a family, which are changed
 * @param compression that was asked for
 * @returns what is not kept, a sentence each
 */
export function dropRefusedAlignment(values: Map<string, string>, compression: RocksdbCompression | undefined): string[] {
  const name = `${TABLE_PREFIX}block_align`;
  const isPlain = compression === undefined ? values.get("compression") === COMPRESSION_NAMES.none : compression === "none";
  const size = BigInt(values.get(`${TABLE_PREFIX}block_size`) ?? 4096);
  if (values.get(name) !== "true" || (isPlain && (size & (size - 1n)) === 0n)) return [];
  values.set(name, "false");
  return [`${name} is false and not true: RocksDB aligns only blocks without compression whose size is a power of two`];
}

/**
 * The rule of a table: it is not written aligned when its own level is compressed. What is loaded goes to the bottommost level, which may be compressed although the family is
 * not; then these tables are not aligned, and the options of the store stay as they are.
 * @param family options with which tables are loaded @param table those of their format, which are changed
 */
export function loadUnaligned(family: ReadonlyMap<string, string>, table: Map<string, string>): void {
  const compressed = ["compression", "bottommost_compression"].some((name) => (family.get(name) ?? "kNoCompression") !== "kNoCompression") || family.has("compression_per_level");
  if (table.get("block_align") === "true" && compressed) table.delete("block_align");
}
