// @ts-check
/** Reads one file out of a ZIP archive held in memory (PKWARE APPNOTE 6.3.10, without ZIP64 and encryption). */
import zlib from "node:zlib";

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const END_LENGTH = 22;
const STORED = 0;
const DEFLATED = 8;

/**
 * @param {Buffer} archive
 * @param {string} name full name of the file in the archive
 * @returns {Buffer | undefined} its content, its CRC-32 checked; undefined when there is no such file
 * @throws {Error} when the archive is not a ZIP archive or is damaged
 */
export function readFromZip(archive, name) {
  const end = endOfDirectory(archive);
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error("the directory of the ZIP archive is damaged");
    const nameLength = archive.readUInt16LE(at + 28);
    if (archive.toString("utf8", at + 46, at + 46 + nameLength) === name) return extract(archive, at);
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return undefined;
}

/** @param {Buffer} archive */
function endOfDirectory(archive) {
  // The record is the last one, before a comment of at most 64 KiB.
  const lowest = Math.max(0, archive.length - END_LENGTH - 0xffff);
  for (let at = archive.length - END_LENGTH; at >= lowest; at--) {
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  }
  throw new Error("not a ZIP archive");
}

/**
 * @param {Buffer} archive
 * @param {number} entry offset of the file's entry in the directory
 */
function extract(archive, entry) {
  const method = archive.readUInt16LE(entry + 10);
  const checksum = archive.readUInt32LE(entry + 16);
  const packedLength = archive.readUInt32LE(entry + 20);
  const length = archive.readUInt32LE(entry + 24);
  const local = archive.readUInt32LE(entry + 42);
  if (archive.readUInt32LE(local) !== LOCAL_HEADER) throw new Error("a file header of the ZIP archive is damaged");
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packed = archive.subarray(start, start + packedLength);
  if (method !== STORED && method !== DEFLATED) throw new Error(`ZIP method ${String(method)} is not supported`);
  const content = method === STORED ? packed : zlib.inflateRawSync(packed, { maxOutputLength: length });
  if (content.length !== length || zlib.crc32(content) !== checksum) throw new Error("a file of the ZIP archive is damaged");
  return content;
}
