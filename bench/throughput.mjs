#!/usr/bin/env node
// @ts-check
/**
 * How fast an export is against its limits, all in one run, interleaved, median of several rounds:
 * the addon's bare scan of the same store, and the compressors alone on the same blocks in one thread.
 *
 *   node bench/graph.mjs --records 1M --out /tmp/store
 *   node bench/throughput.mjs /tmp/store [--rounds 5] [--json FILE]
 */
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadCodec } from "../dist/codecs/index.js";
import { openRocksdbSource } from "../dist/engines/rocksdb.js";
import { exportStore } from "../dist/index.js";

const BLOCK_SIZE = 1024 * 1024;

/**
 * Scans every keyspace, keeping nothing.
 * @param {string} store
 * @param {(data: Uint8Array) => Promise<void>} [each] what to do with each block
 */
async function scan(store, each) {
  const source = await openRocksdbSource(store, {});
  let bytes = 0;
  for (const keyspace of source.info.keyspaces) {
    for await (const block of source.scan(keyspace.name, { blockSize: BLOCK_SIZE })) {
      bytes += block.data.length;
      if (each) await each(block.data);
      block.release();
    }
  }
  await source.close();
  return bytes;
}

/** @param {() => Promise<unknown>} work */
async function seconds(work) {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "5" }, json: { type: "string" } },
});
const store = positionals[0];
if (store === undefined) {
  console.error("usage: node bench/throughput.mjs STORE [--rounds 5] [--json FILE]");
  process.exit(2);
}
const directory = await mkdtemp(join(tmpdir(), "kgdump-bench-"));
try {
  const bytes = await scan(store);
  const lz4 = await loadCodec("lz4");
  const zstd = await loadCodec("zstd", { level: 3 });
  const out = join(directory, "out.kgd");
  /** @type {Record<string, { run: () => Promise<unknown>, times: number[] }>} */
  const contenders = {
    "bare scan": { run: () => scan(store), times: [] },
    "export none": { run: () => exportStore({ store, output: out, codec: "none", force: true }), times: [] },
    "export lz4": { run: () => exportStore({ store, output: out, codec: "lz4", force: true }), times: [] },
    "export zstd 3": { run: () => exportStore({ store, output: out, codec: "zstd", level: 3, force: true }), times: [] },
    "scan + lz4 alone, one thread": { run: () => scan(store, async (data) => void (await lz4.compress(data))), times: [] },
    "scan + zstd 3 alone, one thread": { run: () => scan(store, async (data) => void (await zstd.compress(data))), times: [] },
  };
  /** @type {Record<string, number>} */
  const sizes = {};
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [name, contender] of Object.entries(contenders)) {
      contender.times.push(await seconds(contender.run));
      if (name.startsWith("export")) sizes[name] = (await stat(out)).size;
    }
  }
  const base = median(contenders["bare scan"]?.times ?? []);
  const rows = Object.entries(contenders).map(([name, { times }]) => ({
    name,
    seconds: median(times),
    megabytesPerSecond: bytes / 1e6 / median(times),
    speedAgainstBareScan: base / median(times),
    size: sizes[name] ?? null,
  }));
  console.log(`${store}: ${(bytes / 1e6).toFixed(0)} MB of encoded entries, ${values.rounds} rounds, median`);
  for (const row of rows) {
    const size = row.size === null ? "" : `  ${(row.size / 1e6).toFixed(0)} MB`;
    console.log(
      `${row.name.padEnd(32)} ${row.seconds.toFixed(2)} s  ${row.megabytesPerSecond.toFixed(0).padStart(5)} MB/s  ` +
        `${row.speedAgainstBareScan.toFixed(2)} of the bare scan${size}`,
    );
  }
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify({ store, bytes, rows }, null, 2));
} finally {
  await rm(directory, { recursive: true, force: true });
}
