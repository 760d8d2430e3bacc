/** A store's new dump is made for its readers: no block of it is larger than they are going to be told to take. */
import { join } from "node:path";
import test from "ava";
import { recoverStore } from "#src/operations/recover/recover-store.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

test("blocks are no larger than the readers of the new dump take", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 3000) });
  const output = join(directory, "new.kgd");
  t.is((await recoverStore({ store, output, maxBlockSize: 16 * 1024 })).entries, 3000);
  t.is((await verifyDump({ input: output, maxBlockSize: 16 * 1024 })).dump.header.blockSize, 16 * 1024);
});
