/** What an operation tells while it runs, and of itself at the end: each phase counts what it did, once, names where it is, and ends with all of it; seconds are seconds. */
import { join } from "node:path";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { recoverStore } from "#src/operations/recover/recover-store.js";
import type { OnProgress, Phase, Progress } from "#src/operations/run/progress.js";
import { verifyDump, verifyStore } from "#src/operations/verify/verify.js";
import { type Carried, carried, ENTRIES } from "./carried-support.js";

const OPERATIONS: Readonly<Record<string, readonly [phases: readonly Phase[], run: (at: Carried, onProgress: OnProgress) => Promise<{ readonly seconds: number }>]>> = {
  export: [["export"], ({ directory, store }, onProgress) => exportStore({ store, output: join(directory, "x.kgd"), onProgress })],
  "export of sled": [["export"], ({ directory, sled }, onProgress) => exportStore({ store: sled, output: join(directory, "x.kgd"), onProgress })],
  "export of changes": [["export"], ({ directory, store, dump }, onProgress) => exportStore({ store, output: join(directory, "x.kgd"), base: [dump], onProgress })],
  import: [["load", "verify"], ({ directory, dump }, onProgress) => importDump({ target: join(directory, "t"), input: dump, onProgress })],
  "import into a store that has it all": [["load", "verify"], ({ sled, dump }, onProgress) => importDump({ target: sled, input: dump, ifExists: "keep", onProgress })],
  restore: [["load", "verify"], ({ directory, dump }, onProgress) => restoreDump({ target: join(directory, "t"), input: dump, onProgress })],
  "verify of a dump": [["verify"], ({ dump, sled }, onProgress) => verifyDump({ input: dump, against: sled, onProgress })],
  "verify of a store": [["verify"], ({ store, sled }, onProgress) => verifyStore({ store, against: sled, onProgress })],
  "recover of a dump": [["read", "recover", "verify"], ({ directory, dump }, onProgress) => recoverDump({ input: dump, output: join(directory, "x.kgd"), onProgress })],
  "recover of a store": [["recover", "verify"], ({ directory, store }, onProgress) => recoverStore({ store, output: join(directory, "x.kgd"), onProgress })],
};

for (const [name, [phases, run]] of Object.entries(OPERATIONS)) {
  test(`${name} tells how far it is`, async (t) => {
    const at = await carried(t);
    const told: Progress[] = [];
    const started = performance.now();
    const { seconds } = await run(at, (progress) => told.push(progress));
    const passed = (performance.now() - started) / 1000;
    t.true(seconds > 0 && seconds <= passed, `${String(seconds)} of ${String(passed)}`);
    const lasts = told.filter(({ phase }, index) => told[index + 1]?.phase !== phase);
    t.deepEqual(lasts.map(({ phase, entries }) => [phase, entries]), phases.map((phase) => [phase, ENTRIES]));
    t.true(told.every(({ phase, entries }, index) => phase !== told[index - 1]?.phase || entries >= (told[index - 1]?.entries ?? 0)), "nothing is counted back");
    for (const { phase, bytes, keyspace } of lasts) {
      t.true(bytes > 0, phase);
      if (phase === "export" || phase === "load") t.is(Buffer.from(keyspace ?? []).toString(), "nodes", phase);
    }
    if (name.startsWith("verify")) t.is(Buffer.from(lasts[0]?.keyspace ?? []).toString(), "nodes");
  });
}
