/**
 * A program that holds a store open and writes to it until its standard input ends: value after value, numbered, the even
 * ones into `default` and the odd ones into `nodes`, each over the one 2,000 before it, with tables so small that it
 * flushes and compacts all the time. At each moment the store holds the last 2,000 numbers (fewer in the beginning).
 *
 *   node rocksdb-writer.js STORE [manual]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";

const [path, mode] = process.argv.slice(2);
if (path === undefined) throw new TypeError("usage: rocksdb-writer STORE [manual]");
const sink = await createRocksdbSink(path, {
  families: ["nodes"],
  manualWalFlush: mode === "manual",
  options: "write_buffer_size=65536;level0_file_num_compaction_trigger=2;target_file_size_base=65536",
  databaseOptions: "max_background_jobs=2",
});
const state = { stopped: false };
process.stdin.on("end", () => (state.stopped = true)).resume();
for (let number = 0; !state.stopped; number++) {
  const key = Buffer.from(String(number % 2000).padStart(4, "0"));
  const value = Buffer.from(String(number).padStart(100 + (number % 300), "0"));
  await sink.operate(number % 2 === 0 ? "default" : "nodes", [{ kind: "put", key, value }]);
  if (number % 100 === 99) {
    if (mode === "manual") await sink.flushLog();
    process.stdout.write(`${String(number + 1)}\n`);
    // Tests must leave the machine to others, too.
    await sleep(1);
  }
}
await sink.close();
