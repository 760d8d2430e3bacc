// @ts-check
/**
 * The service of bench/downtime.mjs: has a store open until its standard input ends, then changes some of it and closes.
 *
 *     node bench/downtime-service.mjs STORE PERCENT
 */
import { once } from "node:events";
import { createRocksdbSink, openRocksdbSource } from "../dist/engines/rocksdb/rocksdb.js";
import { iterateEntries } from "../dist/format/index.js";

const [path = "", percent = "1"] = process.argv.slice(2);
const FAMILY = Buffer.from("default");

/** Keys spread over all of the store. */
async function someKeys() {
  const keys = [];
  const source = await openRocksdbSource(path);
  const step = 100 / Number(percent);
  let number = 0;
  for await (const block of source.scan(FAMILY, { blockSize: 1024 * 1024 })) {
    for (const { key } of iterateEntries(block.data)) {
      if (number++ % step < 1) keys.push(Buffer.from(key));
    }
    block.release();
  }
  await source.close();
  return keys;
}

const keys = await someKeys();
const sink = await createRocksdbSink(path, { manualWalFlush: true });
process.stdout.write("open\n");
process.stdin.resume();
await once(process.stdin, "end");
for (let at = 0; at < keys.length; at += 1000) {
  const operations = keys.slice(at, at + 1000).map((key, index) => {
    const value = Buffer.alloc(250, 65 + (index % 26));
    if (index % 3 === 0) return { kind: /** @type {const} */ ("delete"), key };
    return { kind: /** @type {const} */ ("put"), key: index % 3 === 1 ? key : Buffer.concat([key, Buffer.from("+")]), value };
  });
  await sink.operate(FAMILY, operations);
}
await sink.close();
