/**
 * The last guards: whatever is lost or changed between an operation and the store that it writes is noticed, nothing new appears, and what was
 * there stays.
 */
import { createReadStream } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { SledSink } from "#src/engines/sled/sled.js";
import type { EntryLoader } from "#src/engines/store.js";
import { iterateEntries } from "#src/format/entries.js";
import { occupantOf } from "#src/operations/disk/places.js";
import { targetState } from "#src/operations/disk/staging.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { recoverInto } from "#src/operations/recover/index.js";
import type { Seams } from "#src/operations/run/seams.js";
import { sledCheck, sledWrite } from "../checker/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { alter, another, type Change, changed, instead, lose, more, swap, WRONG_LOADERS } from "./guards-support.js";

interface Ground {
  readonly directory: string;
  readonly store: string;
  readonly dump: string;
  readonly delta: string;
}

async function ground(t: ExecutionContext): Promise<Ground> {
  const directory = await temporaryDirectory(t);
  const content = { default: numbered("k", 50), nodes: numbered("n", 40), gone: numbered("g", 5) };
  const store = await makeStore(directory, "store", content);
  const later = await makeStore(directory, "later", { nodes: { ...numbered("n", 39), new: "1", n0000003: "other" }, made: numbered("m", 5) });
  const [dump, delta] = [join(directory, "dump.kgd"), join(directory, "delta.kgd")];
  await exportStore({ store, output: dump });
  await exportStore({ store: later, output: delta, base: [dump] });
  return { directory, store, dump, delta };
}

/** A sled store of the same content. */
async function sledStore({ directory, dump }: Ground): Promise<string> {
  const path = join(directory, "sled");
  if ((await targetState(path)) === "absent") await importDump({ target: path, input: dump });
  return path;
}

/** What makes something new; its path. */
const MAKING: Readonly<Record<string, (at: Ground, target: string, seams: Seams) => Promise<unknown>>> = {
  import: ({ dump }, target, seams) => importDump({ target, input: dump, seams }),
  "import of several files": ({ dump, delta }, target, seams) => importDump({ target, input: [dump, delta], seams }),
  restore: ({ dump }, target, seams) => restoreDump({ target, input: dump, seams }),
  recover: ({ store }, target, seams) => recoverInto({ store, target, seams }),
  migrate: ({ store }, target, seams) => migrateStore({ source: store, target, seams }),
  "migrate as a stream": ({ store }, target, seams) => migrateStore({ source: store, target, stream: true, seams }),
  "migrate from sled": async (at, target, seams) => migrateStore({ source: await sledStore(at), target, seams }),
  "migrate from sled as a stream": async (at, target, seams) => migrateStore({ source: await sledStore(at), target, stream: true, seams }),
  "migrate in use": ({ store }, target, seams) => migrateStore({ source: store, target, live: true, seams }),
};

for (const [name, make] of Object.entries(MAKING)) {
  for (const [fault, seams] of Object.entries(WRONG_LOADERS)) {
    test(`${name} notices a loader that ${fault}`, async (t) => {
      const at = await ground(t);
      const target = join(at.directory, "new");
      await t.throwsAsync(make(at, target, seams), { code: "VERIFY_DIFFERENCE" });
      t.is(await targetState(target), "absent");
      await t.notThrowsAsync(make(at, target, {}));
    });
  }
}

for (const [fault, by] of Object.entries({ fewer: -1, more: 1 })) {
  test(`a loader that says it has loaded ${fault} is not believed, also when nothing is read back`, async (t) => {
    const at = await ground(t);
    const seams: Seams = { loader: (real) => instead<EntryLoader>(real, { finishKeyspace: async () => (await real.finishKeyspace()) + by }) };
    const target = join(at.directory, "new");
    await t.throwsAsync(importDump({ target, input: at.dump, verify: false, seams }), { code: "VERIFY_DIFFERENCE" });
    await t.throwsAsync(restoreDump({ target, input: at.dump, verify: false, seams }), { code: "VERIFY_DIFFERENCE" });
    t.is(await targetState(target), "absent");
    for (const make of [importDump, restoreDump]) t.false((await make({ target: join(at.directory, make.name), input: at.dump, verify: false })).verified);
  });
}

test("carrying back notices a loader that loses or changes something, and the sled store stays in place", async (t) => {
  const { store } = await ground(t);
  await migrateStore({ source: store });
  await sledWrite(store, [`tree ${Buffer.from("nodes").toString("hex")}`, `put ${Buffer.from("new").toString("hex")} 01`]);
  const before = await sledCheck(store);
  for (const [fault, seams] of Object.entries(WRONG_LOADERS)) {
    await t.throwsAsync(rollbackStore({ target: store, carryBack: true, seams }), { code: "VERIFY_DIFFERENCE" }, fault);
    t.deepEqual(await sledCheck(store), before, fault);
  }
  t.like(await rollbackStore({ target: store, carryBack: true }), { status: "rolled-back" });
});

test("carrying back to sled notices the same, and the RocksDB store stays in place", async (t) => {
  const at = await ground(t);
  const store = await sledStore(at);
  await migrateStore({ source: store, engine: "rocksdb" });
  const later = await makeStore(at.directory, "sled", { nodes: { new: "1" } });
  t.is(later, store);
  for (const [fault, seams] of Object.entries(WRONG_LOADERS)) {
    await t.throwsAsync(rollbackStore({ target: store, carryBack: true, seams }), { code: "VERIFY_DIFFERENCE" }, fault);
    t.is(await occupantOf(store), "rocksdb", fault);
  }
  t.like(await rollbackStore({ target: store, carryBack: true }), { status: "rolled-back", engine: "sled" });
});

/** A sink that changes each block, and counts as if it had not. */
function sinkThat(change: Change): Seams {
  return {
    sink: (real) =>
      instead<SledSink>(real, {
        apply: async (keyspace, block, ifExists) => {
          const entries = [...iterateEntries(block)].length;
          await real.apply(keyspace, changed(block, change), ifExists);
          return { written: entries, kept: 0 };
        },
      }),
  };
}

const CHANGING: Readonly<Record<string, Seams>> = {
  "loses an entry": sinkThat(lose),
  "gives another value": sinkThat(another),
  "swaps values": sinkThat(swap),
};

for (const [fault, seams] of Object.entries(CHANGING)) {
  test(`a merge, from a file and as a stream, notices a sink that ${fault}`, async (t) => {
    const { directory, dump } = await ground(t);
    for (const [name, input] of [["file", dump], ["stream", createReadStream(dump)]] as const) {
      const target = join(directory, name);
      await sledWrite(target, [`put ${Buffer.from("other").toString("hex")} 01`]);
      await t.throwsAsync(importDump({ target, input, merge: true, seams }), { code: "VERIFY_DIFFERENCE" }, name);
      await t.notThrowsAsync(importDump({ target, input: dump, merge: true }), name);
    }
  });
}

const BRINGING: Readonly<Record<string, Seams>> = {
  ...CHANGING,
  "adds an entry": sinkThat(more),
  "keeps what was removed": sinkThat(alter),
  "does not drop a keyspace": { sink: (real) => instead<SledSink>(real, { dropKeyspace: () => Promise.resolve() }) },
  "makes no keyspace": { sink: (real) => instead<SledSink>(real, { createKeyspaces: () => Promise.resolve(), apply: (keyspace, block, ifExists) => (Buffer.from(keyspace).toString() === "made" ? Promise.resolve({ written: 5, kept: 0 }) : real.apply(keyspace, block, ifExists)) }) },
};

for (const [fault, seams] of Object.entries(BRINGING)) {
  test(`an import of a delta notices a sink that ${fault}, and the store is as it was`, async (t) => {
    const { directory, dump, delta } = await ground(t);
    const [target, copy] = [join(directory, "new"), join(directory, "copy")];
    await importDump({ target, input: dump });
    await cp(target, copy, { recursive: true });
    const before = await sledCheck(copy);
    await t.throwsAsync(importDump({ target, input: delta, seams }), { code: "VERIFY_DIFFERENCE" });
    t.deepEqual(await sledCheck(target), before);
    t.like(await importDump({ target, input: delta }), { delta: "applied" });
  });
}
