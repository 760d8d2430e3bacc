/** Changes one key within a table of uncompressed blocks, and mends the block's checksum: what faulty memory leaves. */
import { crc32c, Fields, masked } from "./bytes.js";

const TRAILER = 5;
/** Behind the footer's handles: version and magic number. */
const FOOTER = 53;

interface Handle {
  readonly at: number;
  readonly size: number;
}

const handle = (fields: Fields): Handle => ({ at: fields.number(), size: fields.number() });

/** The entries of a block whose values are whole: keys and where the key's own bytes and the value stand. */
function* entriesOf(block: Buffer): Generator<{ key: Buffer; keyAt: number; shared: number; value: Buffer }> {
  const restarts = block.readUInt32LE(block.length - 4);
  const fields = new Fields(block.subarray(0, block.length - 4 - 4 * restarts));
  let key = Buffer.alloc(0);
  while (!fields.ended) {
    const [shared, own, length] = [fields.number(), fields.number(), fields.number()];
    const keyAt = fields.at;
    key = Buffer.concat([key.subarray(0, shared), fields.bytes.subarray(keyAt, keyAt + own)]);
    fields.at += own + length;
    yield { key, keyAt, shared, value: fields.bytes.subarray(keyAt + own, keyAt + own + length) };
  }
}

/** Keys (without sequence number) that `changeKey` can change: those that stand whole in their blocks. */
export function changeableKeys(table: Buffer): { readonly key: Buffer; readonly at: number; readonly block: Handle }[] {
  const footer = new Fields(table, table.length - FOOTER + 1);
  handle(footer);
  const index = handle(footer);
  const found: { key: Buffer; at: number; block: Handle }[] = [];
  for (const { value } of entriesOf(table.subarray(index.at, index.at + index.size))) {
    const block = handle(new Fields(value));
    for (const { key, keyAt, shared } of entriesOf(table.subarray(block.at, block.at + block.size))) {
      if (shared === 0) found.push({ key: key.subarray(0, -8), at: block.at + keyAt, block });
    }
  }
  return found;
}

/**
 * Writes another key of the same length over one, in `table` itself. The table must have checksums of kind CRC32C without context, and an
 * index of whole values (format version 2 or 3).
 */
export function changeKey(table: Buffer, { at, block }: { at: number; block: Handle }, key: Buffer): void {
  key.copy(table, at);
  const end = block.at + block.size;
  table.writeUInt32LE(masked(crc32c(table.subarray(block.at, end + 1))), end + 1);
  if (table.length < end + TRAILER) throw new Error("the block has no trailer");
}
