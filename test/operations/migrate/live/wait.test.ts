/** Waiting for a service to stop: it is asked once, told how long it takes, and the lock is had as soon as it is free. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { lockRocksdb } from "#src/engines/rocksdb/lock.js";
import { waitForLock } from "#src/operations/migrate/live/wait.js";
import type { Teller } from "#src/operations/migrate/events.js";
import type { Phase } from "#src/operations/run/progress.js";
import { makeStore } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

test("while a store is held it is waited for, which is progress; work goes on meanwhile", async (t) => {
  const store = await makeStore(await temporaryDirectory(t), "store", { default: { a: "1" } });
  const asked: string[] = [];
  const teller = { ask: (_: unknown, message: string) => { asked.push(message); }, wait: () => undefined } as unknown as Teller;
  const held = await lockRocksdb(store);
  const phases: Phase[] = [];
  await t.throwsAsync(waitForLock(store, teller, { waitSeconds: 0 }), { code: "STORE_IN_USE", message: /did not stop within 0 seconds/ });
  let turns = 0;
  const lock = await waitForLock(store, teller, {
    waitSeconds: 60,
    onProgress: ({ phase }) => { phases.push(phase); },
    meanwhile: () => {
      turns += 1;
      if (turns === 3) held.release();
      return Promise.resolve();
    },
  });
  lock.release();
  t.deepEqual([turns, phases, asked.length], [3, ["wait", "wait", "wait"], 2]);
});

test("what is wrong with a lock is told at once, and nobody is asked to stop anything", async (t) => {
  const directory = await temporaryDirectory(t);
  const none = (): void => t.fail("nothing is to be waited for");
  const teller = { ask: none, wait: none } as unknown as Teller;
  const [file, odd] = [join(directory, "file"), join(directory, "odd")];
  await writeFile(file, "");
  await mkdir(join(odd, "LOCK"), { recursive: true });
  for (const [path, code] of [[join(directory, "gone"), "NOT_FOUND"], [file, "NOT_FOUND"], [odd, "IO_FAILED"]] as const) {
    await t.throwsAsync(waitForLock(path, teller, { waitSeconds: 0, onProgress: none }), { code }, path);
  }
});
