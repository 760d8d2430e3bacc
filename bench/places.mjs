// @ts-check
/** What a benchmark works on: a sample store, the same entries as plain bytes, and their dump. */
import { createWriteStream } from "node:fs";
import { lstat, readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { SetupError } from "../scripts/setup/setup-error.mjs";
import { makeSampleStore } from "./graph.mjs";
import { checkInterrupted } from "./interrupt.mjs";

/** Bytes of a block that the scan yields. */
const BLOCK_SIZE = 1024 * 1024;

/** Bytes that a record and what is made of it take on disk in the course of a benchmark, at most; with peers, and without. */
const DISK_PER_RECORD = { all: 3000, own: 1200 };

/**
 * @typedef {object} Places
 * @property {string} directory for what the commands write
 * @property {string} store the RocksDB store
 * @property {string} raw its entries, encoded: `bin key, bin value` over and over
 * @property {string} dump the same as a dump with LZ4
 * @property {string} sled the dump as a sled store, when that was asked for
 * @property {string} text the same as `ldb dump --hex` writes it, when that was asked for
 * @property {number} records
 * @property {number} contentBytes of keys and values
 * @property {number} rawBytes of the file `raw`; 0 when it is not there
 * @property {string} version of the RocksDB that made the store
 */

/**
 * Makes the store, and the raw file if it is wanted.
 * @param {string} directory an empty one
 * @param {number} records about how many
 * @param {{ raw: boolean }} options
 * @param {(line: string) => void} report
 * @returns {Promise<Places>}
 */
export async function makePlaces(directory, records, { raw }, report) {
  await checkRoom(directory, records * (raw ? DISK_PER_RECORD.all : DISK_PER_RECORD.own));
  const path = (/** @type {string} */ name) => join(directory, name);
  report(`making a RocksDB store of about ${records.toLocaleString("en")} records …`);
  const made = await makeSampleStore(path("rocksdb"), { records, onProgress: checkInterrupted });
  const { rawBytes, version } = await readStore(path("rocksdb"), raw ? path("entries.raw") : undefined);
  return {
    directory,
    store: path("rocksdb"),
    raw: path("entries.raw"),
    dump: path("graph.kgd"),
    sled: path("graph.sled"),
    text: path("entries.txt"),
    records: made.records,
    contentBytes: made.bytes,
    rawBytes,
    version,
  };
}

/**
 * @param {string} directory
 * @param {number} needed bytes
 */
async function checkRoom(directory, needed) {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= needed) return;
  const gigabytes = (/** @type {number} */ bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new SetupError(
    `${directory} has ${gigabytes(bavail * bsize)} left, and the benchmark may need ${gigabytes(needed)}: give another place with --directory`,
  );
}

/**
 * @param {string} store
 * @param {string | undefined} out where the entries of all keyspaces go to, one after the other, if anywhere
 * @returns {Promise<{ rawBytes: number, version: string }>}
 */
async function readStore(store, out) {
  const { openRocksdbSource } = await import("../dist/engines/rocksdb/rocksdb.js");
  const source = await openRocksdbSource(store, {});
  let rawBytes = 0;
  const blocks = async function* () {
    for (const { name } of source.info.keyspaces) {
      for await (const block of source.scan(name, { blockSize: BLOCK_SIZE })) {
        checkInterrupted();
        rawBytes += block.data.length;
        yield Buffer.from(block.data);
        block.release();
      }
    }
  };
  try {
    if (out !== undefined) await pipeline(blocks, createWriteStream(out));
    return { rawBytes, version: source.info.version };
  } finally {
    await source.close();
  }
}

/**
 * What `du` counts: the room on disk of a file or of a directory with all that is in it.
 * @param {string} path
 * @returns {Promise<number>} bytes
 */
export async function diskBytes(path) {
  const info = await lstat(path);
  let bytes = info.blocks * 512;
  if (info.isDirectory()) for (const name of await readdir(path)) bytes += await diskBytes(join(path, name));
  return bytes;
}
