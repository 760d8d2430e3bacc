import { mkdtemp } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { ROCKSDB } from "#src/engines/rocksdb/engine.js";
import { openRocksdbLoader } from "#src/engines/rocksdb/loader.js";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { engineSuite } from "../suite.js";

engineSuite({
  engine: ROCKSDB,
  openLoader: async (path, keyspaces) => {
    const tableDirectory = join(await mkdtemp(join(dirname(path), "tables-")), "tables");
    return openRocksdbLoader(path, { tableDirectory, families: keyspaces.map(({ name, order }) => ({ name, comparator: order })) });
  },
  openSink: (path) => createRocksdbSink(path),
  names: fc.oneof(fc.constant(Buffer.from("default")), fc.uint8Array({ minLength: 1, maxLength: 12 }).filter((name) => !name.includes(0))),
  keepsReverse: true,
  scansBothWays: false,
});
