/** GlueSQL keeps its tables in sled: they are moved to RocksDB and back to sled, and its answers are the same. */
import { join } from "node:path";
import test from "ava";
import { temporaryDirectory } from "../support/temporary.js";
import { copyOf, ok, pythonRunner } from "./real-support.js";

test("GlueSQL answers alike before and after, and goes on writing", async (t) => {
  const python = await pythonRunner(t);
  if (python === null) return;
  const directory = await temporaryDirectory(t);
  const [store, rocksdb, sled] = [join(directory, "gluesql"), join(directory, "rocksdb"), join(directory, "sled")];
  const [dump, back] = [join(directory, "a.kgd"), join(directory, "b.kgd")];
  await python.run(["gluesql_store.py", "make", store]);
  const before = await python.run(["gluesql_store.py", "ask", await copyOf(store)]);
  const more = await python.run(["gluesql_store.py", "ask", `${store}.copy`, "more"]);
  t.not(more, before);
  await ok(t, "export", store, "-o", dump);
  await ok(t, "restore", "-i", dump, rocksdb);
  await ok(t, "export", rocksdb, "-o", back);
  await ok(t, "import", "-i", back, sled);
  t.is(await python.run(["gluesql_store.py", "ask", sled]), before);
  t.is(await python.run(["gluesql_store.py", "ask", sled, "more"]), more);
});
