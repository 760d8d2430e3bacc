import test from "ava";
import { ROCKSDB } from "#src/engines/rocksdb/engine.js";

test("the version that a store was last opened with stands in the OPTIONS with the highest number, however long that is", (t) => {
  t.is(ROCKSDB.versionIn(["OPTIONS-999998", "OPTIONS-1000003", "OPTIONS-000007", "OPTIONS-2000000.dbtmp"])?.file, "OPTIONS-1000003");
  t.is(ROCKSDB.versionIn(["CURRENT", "OPTIONS-new"]), undefined);
});
