/** RocksDict and SpeedDict: raw stores are moved; the others are refused with a way, and that way is gone. */
import { join } from "node:path";
import test from "ava";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { assertCode } from "../engines/rocksdb/support.js";
import { temporaryDirectory } from "../support/temporary.js";
import { copyOf, pythonRunner, thereAndBack } from "./real-support.js";

for (const library of ["rocksdict", "speedict"]) {
  test(`${library}'s stores in raw mode are read, others after they were copied into one`, async (t) => {
    const python = await pythonRunner(t);
    if (python === null) return;
    const directory = await temporaryDirectory(t);
    const [raw, other, copied] = [join(directory, "raw"), join(directory, "other"), join(directory, "copied")];
    await python.run(["python_dicts.py", "make", library, "raw", raw]);
    await python.run(["python_dicts.py", "make", library, "default", other]);
    const error = await assertCode(t, "STORE_COMPARATOR_UNSUPPORTED", () => openRocksdbSource(other));
    t.regex(error.message, new RegExp(library));
    t.regex(error.hint ?? "", /raw_mode=True/);
    await python.run(["python_dicts.py", "copy", library, other, copied]);
    for (const store of [raw, copied]) {
      const wanted = await python.run(["python_dicts.py", "read", library, await copyOf(store)]);
      const { rocksdb } = await thereAndBack(t, store, `${store}.moved`);
      t.is(await python.run(["python_dicts.py", "read", library, rocksdb]), wanted);
    }
  });
}
