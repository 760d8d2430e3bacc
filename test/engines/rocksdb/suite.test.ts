import fc from "../../support/properties.js";
import { ROCKSDB } from "#src/engines/rocksdb/engine.js";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { engineSuite } from "../suite.js";

engineSuite({
  engine: ROCKSDB,
  openSink: (path) => createRocksdbSink(path),
  names: fc.oneof(fc.constant(Buffer.from("default")), fc.uint8Array({ minLength: 1, maxLength: 12 }).filter((name) => !name.includes(0))),
  keepsReverse: true,
  scansBothWays: false,
});
