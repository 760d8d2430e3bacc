/** Two works with a pipe between them: whichever fails, the other one ends, and what failed first is told. */
import { join } from "node:path";
import { setImmediate as tick } from "node:timers/promises";
import test from "ava";
import { KgdumpError } from "#src/errors.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { throughPipe } from "#src/operations/run/pipe.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

/** More than waits in the pipe. */
const LARGE = { default: Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`k${String(index)}`, String(index).repeat(2 * 1024 * 1024)])) };

test("what one writes, the other one reads", async (t) => {
  const directory = await temporaryDirectory(t);
  const [store, target] = [await makeStore(directory, "store", LARGE), join(directory, "sled")];
  const { written, read } = await throughPipe((output) => exportStore({ store, output, codec: "none" }), (input) => importDump({ target, input }));
  t.deepEqual(read.keyspaces.map(({ entries }) => entries), written.keyspaces.map(({ entries }) => entries));
  const dump = join(directory, "a.kgd");
  await exportStore({ store, output: dump });
  t.true((await verifyDump({ input: dump, against: target })).against?.equal);
});

test("a writer does not wait for a reader that has failed, and the reader's error is told", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", LARGE);
  for (const when of ["at once", "later"]) {
    const fails = async (): Promise<never> => {
      if (when === "later") for (let turn = 0; turn < 50; turn += 1) await tick();
      throw new Error(`the reader failed ${when}`);
    };
    await t.throwsAsync(throughPipe((output) => exportStore({ store, output, codec: "none" }), fails), { message: `the reader failed ${when}` });
  }
});

test("a reader does not wait for a writer that has failed, and the writer's error is told", async (t) => {
  const directory = await temporaryDirectory(t);
  const fails = async (): Promise<never> => {
    await tick();
    throw new KgdumpError("STORE_DAMAGED", "the writer failed");
  };
  await t.throwsAsync(throughPipe(fails, (input) => importDump({ target: join(directory, "sled"), input })), { code: "STORE_DAMAGED", message: "the writer failed" });
});

test("a pipe that is said to be broken is told when nobody else failed", async (t) => {
  const broken = new KgdumpError("BROKEN_PIPE", "the pipe broke");
  await t.throwsAsync(throughPipe(() => Promise.reject(broken), () => Promise.resolve(1)), { is: broken });
});
