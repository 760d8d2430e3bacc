/** Reads the default family of a RocksDB store and tells how many bytes the process read for it. Arguments: store, paranoid (0 or 1), splits (JSON). */
import { readFileSync } from "node:fs";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { scanSideBySide } from "#src/operations/entries/side-by-side.js";

const [, , store = "", paranoid, splits = "[]"] = process.argv;
const keys = (JSON.parse(splits) as string[]).map((key) => Buffer.from(key));
const bytesRead = (): number => Number(/rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
const source = await openRocksdbSource(store, { paranoid: paranoid === "1" });
const before = bytesRead();
let entries = 0;
for await (const block of scanSideBySide(source, Buffer.from("default"), { blockSize: 65_536, splits: keys, jobs: 2 })) {
  entries += block.entries;
  block.release();
}
const after = bytesRead();
await source.close();
console.log(JSON.stringify({ entries, read: after - before }));
