/** What a caller leaves out is what keeps data safe: each operation that makes something reads it back without being asked to. */
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import type { OnProgress, Phase } from "#src/operations/run/progress.js";
import { sledWrite } from "../checker/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

interface Given {
  readonly directory: string;
  readonly store: string;
  readonly dump: string;
  readonly delta: string;
}

async function given(t: ExecutionContext): Promise<Given> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 300) });
  const later = await makeStore(directory, "later", { default: { ...numbered("k", 300), new: "1" } });
  const [dump, delta] = [join(directory, "dump.kgd"), join(directory, "delta.kgd")];
  await exportStore({ store, output: dump });
  await exportStore({ store: later, output: delta, base: [dump] });
  return { directory, store, dump, delta };
}

const MAKING: Readonly<Record<string, (at: Given, onProgress: OnProgress) => Promise<unknown>>> = {
  import: ({ directory, dump }, onProgress) => importDump({ target: join(directory, "t"), input: dump, onProgress }),
  "import of several files": ({ directory, dump, delta }, onProgress) => importDump({ target: join(directory, "t"), input: [dump, delta], onProgress }),
  "import into a store": async ({ directory, dump }, onProgress) => {
    await importDump({ target: join(directory, "t"), input: dump });
    await importDump({ target: join(directory, "t"), input: dump, merge: true, onProgress });
  },
  "import of a delta": async ({ directory, dump, delta }, onProgress) => {
    await importDump({ target: join(directory, "t"), input: dump });
    await importDump({ target: join(directory, "t"), input: [delta], onProgress });
  },
  restore: ({ directory, dump }, onProgress) => restoreDump({ target: join(directory, "r"), input: dump, onProgress }),
  migrate: ({ store }, onProgress) => migrateStore({ source: store, onProgress }),
  "migrate as a stream": ({ store }, onProgress) => migrateStore({ source: store, stream: true, onProgress }),
  "migrate in use": ({ store }, onProgress) => migrateStore({ source: store, live: true, onProgress }),
  "carry back": async ({ store }, onProgress) => {
    await migrateStore({ source: store });
    await sledWrite(store, [`put ${Buffer.from("new").toString("hex")} 01`]);
    await rollbackStore({ target: store, carryBack: true, onProgress });
  },
};

for (const [name, make] of Object.entries(MAKING)) {
  test(`${name} reads back what it made without being asked to`, async (t) => {
    const phases: (readonly [phase: Phase, entries: number])[] = [];
    const at = await given(t);
    await make(at, ({ phase, entries }) => phases.push([phase, entries]));
    const loaded = phases.findLastIndex(([phase]) => phase === "load");
    const after = phases.slice(loaded + 1).filter(([phase]) => phase === "verify");
    t.true(loaded >= 0 && after.length > 0, phases.map(([phase]) => phase).join());
    t.true(Math.max(...after.map(([, entries]) => entries)) >= 300, "and all of it");
  });
}
