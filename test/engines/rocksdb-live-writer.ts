/**
 * A program that writes numbered entries to a store until its standard input ends, while it flushes and compacts its
 * families as well, at random moments and at once with the writing.
 *
 *   node rocksdb-live-writer.js STORE automatic|manual SEED
 *
 * Ten numbers a batch, the batches in turn into three families. Each batch also deletes the ten numbers WINDOW before it, by
 * single deletions or by a range, so that at each moment the store holds the last WINDOW numbers without a hole
 * (fewer in the beginning), and always whole batches. What it prints is how many numbers the log has for certain.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createRocksdbSink, type RocksdbOperation } from "#src/engines/rocksdb.js";
import { BATCH, FAMILIES, keyOf, randomNumbers, valueOf, WINDOW } from "./rocksdb-live-support.js";

const [path, mode, seed] = process.argv.slice(2);
if (path === undefined || seed === undefined) throw new TypeError("usage: rocksdb-live-writer STORE automatic|manual SEED");
const sink = await createRocksdbSink(path, {
  families: FAMILIES.slice(1),
  manualWalFlush: mode === "manual",
  options: "write_buffer_size=65536;level0_file_num_compaction_trigger=2;target_file_size_base=65536",
  // A small MANIFEST, so that new ones take its place while it is read.
  databaseOptions: "max_background_jobs=2;max_manifest_file_size=65536",
});
const state = { stopped: false };
process.stdin.on("end", () => (state.stopped = true)).resume();

async function writeBatches(): Promise<void> {
  const random = randomNumbers(Number(seed));
  for (let number = 0; !state.stopped; number += BATCH) {
    const operations: RocksdbOperation[] = [];
    const old = number - WINDOW;
    if (old >= 0 && random(2) === 0) operations.push({ kind: "deleteRange", from: keyOf(old), to: keyOf(old + BATCH) });
    for (let index = 0; index < BATCH; index++) {
      operations.push({ kind: "put", key: keyOf(number + index), value: valueOf(number + index) });
      if (old >= 0 && operations[0]?.kind !== "deleteRange") operations.push({ kind: "delete", key: keyOf(old + index) });
    }
    await sink.operate(FAMILIES[(number / BATCH) % FAMILIES.length] ?? "", operations);
    if (random(10) > 0) continue;
    if (mode === "manual") await sink.flushLog();
    process.stdout.write(`${String(number + BATCH)}\n`);
    // Tests must leave the machine to others, too.
    await sleep(random(4));
  }
}

async function flushAndCompact(): Promise<void> {
  const random = randomNumbers(Number(seed) + 1);
  while (!state.stopped) {
    if (random(3) === 0) await sink.compact(FAMILIES[random(FAMILIES.length)] ?? "");
    else await sink.flush();
    await sleep(random(30));
  }
}

await Promise.all([writeBatches(), flushAndCompact()]);
await sink.close();
