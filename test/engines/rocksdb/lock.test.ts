import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "ava";
import { lockRocksdb } from "#src/engines/rocksdb/lock.js";
import { createRocksdbSink, openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("a locked store can be read, and another process can't open it for writing", async (t) => {
  const store = await makeStore(await temporaryDirectory(t), "store", { default: { a: "1" } });
  const lock = await lockRocksdb(store);
  await (await openRocksdbSource(store)).close();
  const script = `
    import { createRocksdbSink } from "./dist/engines/rocksdb/rocksdb.js";
    const open = () => createRocksdbSink(${JSON.stringify(store)}).then((sink) => sink.close()).then(() => "opened", (error) => error.code);
    console.log(await open());
    process.stdin.once("data", async () => { console.log(await open()); process.exit(0); });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "inherit"] });
  const [first] = (await once(child.stdout, "data")) as [Buffer];
  t.is(first.toString(), "STORE_IN_USE\n");
  lock.release();
  lock.release();
  child.stdin.write("\n");
  const [second] = (await once(child.stdout, "data")) as [Buffer];
  t.is(second.toString(), "opened\n");
});

test("a store that is open can't be locked", async (t) => {
  const store = await makeStore(await temporaryDirectory(t), "store", { default: { a: "1" } });
  await using sink = await createRocksdbSink(store);
  await t.throwsAsync(lockRocksdb(store), { code: "STORE_IN_USE", message: new RegExp(String(process.pid)) });
  await sink.close();
  (await lockRocksdb(store)).release();
});
