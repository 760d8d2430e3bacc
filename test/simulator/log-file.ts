/** The physical form that RocksDB's logs and MANIFEST share: records in fragments, within blocks of 32 KiB. */
import { crc32c, masked } from "./bytes.js";

const BLOCK = 32 * 1024;
const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4];
/** Types of recycled logs are those of plain ones and 4 more; their headers name the log, too. */
const RECYCLED = 4;

/** One record, and where the fragment ends that ends it. */
export interface LogRecord {
  readonly data: Buffer;
  readonly end: number;
}

/** The records of a file, up to the first place that is none. What isn't data (compression, the log before) is left out. */
export function readRecords(file: Buffer): LogRecord[] {
  const records: LogRecord[] = [];
  let parts: Buffer[] = [];
  for (let at = 0; at + 7 <= file.length;) {
    const left = BLOCK - (at % BLOCK);
    if (left < 7) {
      at += left;
      continue;
    }
    const [sum, length, type] = [file.readUInt32LE(at), file.readUInt16LE(at + 4), file.readUInt8(at + 6)];
    const recycled = type > RECYCLED && type <= 2 * RECYCLED;
    const header = recycled || type === 11 || type === 131 ? 11 : 7;
    const data = file.subarray(at + header, at + header + length);
    if (type === 0 || data.length < length || masked(crc32c(file.subarray(at + 6, at + header), data)) !== sum) break;
    at += header + length;
    const kind = recycled ? type - RECYCLED : type;
    if (kind === FULL || kind === FIRST) parts = [];
    if (kind <= LAST) parts.push(data);
    if (kind === FULL || kind === LAST) records.push({ data: Buffer.concat(parts), end: at });
  }
  return records;
}

/** A file of these records. */
export function writeRecords(records: readonly Uint8Array[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  const push = (bytes: Buffer): void => {
    parts.push(bytes);
    at += bytes.length;
  };
  for (const record of records) {
    let rest = Buffer.from(record);
    for (let begin = true; begin || rest.length > 0; begin = false) {
      if (BLOCK - (at % BLOCK) < 7) push(Buffer.alloc(BLOCK - (at % BLOCK)));
      const data = rest.subarray(0, BLOCK - (at % BLOCK) - 7);
      rest = rest.subarray(data.length);
      const type = begin ? (rest.length === 0 ? FULL : FIRST) : rest.length === 0 ? LAST : MIDDLE;
      const header = Buffer.alloc(7);
      header.writeUInt32LE(masked(crc32c(Uint8Array.of(type), data)), 0);
      header.writeUInt16LE(data.length, 4);
      header.writeUInt8(type, 6);
      push(Buffer.concat([header, data]));
    }
  }
  return Buffer.concat(parts);
}
