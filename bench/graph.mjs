#!/usr/bin/env node
// @ts-check
/**
 * Makes a RocksDB store with a sample graph, in the way MAYA makes its own: four families, all records in `default`,
 * LZ4, blocks of 16 KiB, bloom filters, write-ahead log flushed by hand.
 *
 *     node bench/graph.mjs --records 1M --out DIRECTORY [--seed 1]
 */
import "../scripts/setup/node-version.mjs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { runScript, setUp } from "../scripts/setup.mjs";
import { SetupError } from "../scripts/setup/setup-error.mjs";
import { sampleRecords } from "./graph-records.mjs";

const FAMILIES = ["default", "nodes", "edges", "indices"];

/** Encoded bytes of one batch. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** @typedef {{ records: number, bytes: number }} Made records, and the bytes of their keys and values */
/** @typedef {import("./graph-records.mjs").SampleRecord} SampleRecord */

/**
 * @param {string} path where the store is made; nothing may be there yet
 * @param {{ records: number, seed?: number, onProgress?: (made: Made) => void }} options about how many records
 * @returns {Promise<Made>}
 */
export async function makeSampleStore(path, { records, seed = 1, onProgress }) {
  const [{ createRocksdbSink }, { encodeEntries }] = await Promise.all([
    import("../dist/engines/rocksdb/rocksdb.js"),
    import("../dist/format/entries.js"),
  ]);
  const made = { records: 0, bytes: 0 };
  const sink = await createRocksdbSink(path, {
    families: FAMILIES,
    compression: "lz4",
    // Tables as RocksDB 8, which MAYA uses, writes them: RocksDB 7 reads them too.
    options: "block_based_table_factory={format_version=5;block_size=16384;filter_policy=bloomfilter:10:false}",
    manualWalFlush: true,
  });
  try {
    for (const batch of batches(sampleRecords(records, seed), made)) {
      await sink.apply(Buffer.from("default"), encodeEntries(batch), "overwrite");
      onProgress?.(made);
    }
    await sink.flush();
  } finally {
    await sink.close();
  }
  return made;
}

/**
 * @param {Iterable<SampleRecord>} records
 * @param {Made} made counts what went by
 * @returns {Generator<SampleRecord[]>}
 */
function* batches(records, made) {
  /** @type {SampleRecord[]} */
  let batch = [];
  let end = made.bytes + BATCH_BYTES;
  for (const record of records) {
    batch.push(record);
    made.records++;
    made.bytes += record.key.length + record.value.length;
    if (made.bytes < end) continue;
    yield batch;
    batch = [];
    end = made.bytes + BATCH_BYTES;
  }
  if (batch.length > 0) yield batch;
}

/**
 * @param {string | undefined} text such as 100000, 250K, 1.5M
 * @returns {number}
 */
export function parseCount(text) {
  const match = /^(\d+(?:\.\d+)?)([KM]?)$/i.exec(text ?? "");
  if (match === null) throw new SetupError(`--records ${text ?? ""}: give a number such as 100000, 250K or 1.5M`);
  const unit = { "": 1, K: 1_000, M: 1_000_000 }[(match[2] ?? "").toUpperCase()] ?? 1;
  return Math.round(Number(match[1]) * unit);
}

/** What the command line asks for. */
function parseCommandLine() {
  const options = /** @type {const} */ ({ records: { type: "string" }, out: { type: "string" }, seed: { type: "string", default: "1" } });
  try {
    const { records, out, seed } = parseArgs({ options }).values;
    if (out === undefined) throw new Error("--out is missing: the directory of the store to make");
    return { records: parseCount(records), out: resolve(out), seed: Number(seed) };
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : String(error)} (node bench/graph.mjs --records 1M --out DIRECTORY [--seed 1])`);
  }
}

async function main() {
  const { records, out, seed } = parseCommandLine();
  await setUp();
  const start = performance.now();
  const made = await makeSampleStore(out, { records, seed });
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(`${out}: ${String(made.records)} records, ${(made.bytes / 1e6).toFixed(1)} MB, in ${seconds.toFixed(1)} s\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await runScript("graph", main);
