/**
 * A program that writes numbered entries to a store until its standard input ends, while it flushes and compacts its
 * families as well, at random moments or without a pause, and at once with the writing. MODE is one of rocksdb-live-support.ts.
 *
 *   node rocksdb-live-writer.js STORE MODE SEED
 *
 * Ten numbers a batch, the batches in turn into three families. Each batch also deletes the ten numbers WINDOW before it, by
 * single deletions or by a range, so that at each moment the store holds the last WINDOW numbers without a hole
 * (fewer in the beginning), and always whole batches. What it prints is how many numbers the log has for certain.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createRocksdbSink, type RocksdbOperation } from "#src/engines/rocksdb/rocksdb.js";
import { BATCH, FAMILIES, keyOf, MODES, randomNumbers, valueOf, WINDOW } from "./live-support.js";

const [path, name, seed] = process.argv.slice(2);
const mode = MODES[name ?? ""];
if (path === undefined || mode === undefined || seed === undefined) throw new TypeError("usage: rocksdb-live-writer STORE MODE SEED");
const sink = await createRocksdbSink(path, {
  families: FAMILIES.slice(1),
  manualWalFlush: mode.manualWalFlush === true,
  options: `write_buffer_size=65536;level0_file_num_compaction_trigger=2;target_file_size_base=65536;${mode.options ?? ""}`,
  // A small MANIFEST, so that new ones take its place while it is read.
  databaseOptions: `max_background_jobs=2;max_manifest_file_size=65536;${mode.databaseOptions ?? ""}${mode.logsElsewhere === true ? `;wal_dir=${path}.logs` : ""}`,
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
    if (mode?.manualWalFlush === true) await sink.flushLog();
    process.stdout.write(`${String(number + BATCH)}\n`);
    if (mode?.pauses === true) await sleep(random(4));
  }
}

/** A family may be dropped while it is flushed. */
function unlessDropped(error: unknown): void {
  if (!(error instanceof Error) || !error.message.includes("Column family dropped")) throw error;
}

async function flushAndCompact(): Promise<void> {
  const random = randomNumbers(Number(seed) + 1);
  while (!state.stopped && mode?.onlyWrites !== true) {
    const work = random(3) === 0 ? sink.compact(FAMILIES[random(FAMILIES.length)] ?? "") : sink.flush();
    await work.catch(unlessDropped);
    if (mode?.pauses === true) await sleep(random(30));
  }
}

async function passFamilies(): Promise<void> {
  for (let number = 0; !state.stopped && mode?.passingFamilies === true; number++) {
    const family = `passing-${String(number)}`;
    await sink.createKeyspace(Buffer.from(family));
    await sink.operate(family, [{ kind: "put", key: keyOf(number), value: valueOf(number) }]);
    if (number >= 3) await sink.dropFamily(`passing-${String(number - 3)}`);
  }
}

await Promise.all([writeBatches(), flushAndCompact(), passFamilies()]);
await sink.close();
