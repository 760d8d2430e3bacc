/**
 * The last guards before stores change places: whatever is other than it was read, or comes in the way, ends a migration with the old store in its
 * place, open to its service, and nothing else left.
 */
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { lockRocksdb } from "#src/engines/rocksdb/lock.js";
import { occupantOf } from "#src/operations/disk/places.js";
import { lockPlace } from "#src/operations/disk/place-lock.js";
import { exportStore } from "#src/operations/export/export.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import type { MigrationEvent } from "#src/operations/migrate/events.js";
import { readJournal, writeJournal } from "#src/operations/migrate/journal.js";
import { migrateStore, type MigrateOptions } from "#src/operations/migrate/migrate.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { smallFileSystem } from "../../cli/support/stores.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { serve } from "./service.js";

const CONTENT = { default: numbered("k", 300), nodes: { a: "1", b: "2" } };

/** The old store is in its place, nobody holds it, and beside it are these and a journal. */
async function isAsBefore(t: ExecutionContext, directory: string, path: string, before: readonly string[], when: string): Promise<void> {
  t.is(await occupantOf(path), "rocksdb", when);
  t.deepEqual((await readdir(directory)).filter((name) => name !== "graph.kgdump-migration.json").sort(), [...before].sort(), when);
  (await lockRocksdb(path)).release();
}

const DIFFERENT = { "another value": { ...CONTENT, nodes: { a: "1", b: "3" } }, "an entry more": { ...CONTENT, nodes: { a: "1", b: "2", c: "" } }, "an entry less": { ...CONTENT, nodes: { a: "1" } }, "a keyspace more": { ...CONTENT, other: { a: "" } }, "an empty keyspace more": { ...CONTENT, other: {} }, "a keyspace less": { default: CONTENT.default } };

for (const [what, content] of Object.entries(DIFFERENT)) {
  for (const live of [false, true]) {
    test(`a dump that is replaced by one with ${what} before it is imported${live ? " beside the service" : ""} is a difference`, async (t) => {
      const directory = await temporaryDirectory(t);
      const other = join(directory, "other.kgd");
      await exportStore({ store: await makeStore(directory, "other", content), output: other });
      const path = await makeStore(directory, "graph", CONTENT);
      const dump = join(directory, "mine.kgd");
      const onEvent = ({ phase, message }: MigrationEvent): void => {
        if (phase === "import" && message.includes("is being imported")) copyFileSync(other, dump);
      };
      await t.throwsAsync(migrateStore({ source: path, dump, live, onEvent }), { code: "VERIFY_DIFFERENCE" });
      await rm(dump, { force: true });
      await isAsBefore(t, directory, path, ["graph", "other", "other.kgd"], what);
    });
  }
}

for (const options of [{}, { stream: true }, { live: true }, { live: true, stream: true, checkGraph: true }] satisfies Partial<MigrateOptions>[]) {
  test(`an interruption at any moment before the switch leaves all as it was: ${JSON.stringify(options)}`, async (t) => {
    const directory = await temporaryDirectory(t);
    const path = await makeStore(directory, "graph", CONTENT);
    let moments = 1;
    for (let moment = 0; moment < moments; moment++) {
      const controller = new AbortController();
      const events: MigrationEvent[] = [];
      const onEvent = (event: MigrationEvent): void => {
        if (events.push(event) === moment + 1) controller.abort(new Error("interrupted"));
      };
      const ended = await migrateStore({ source: path, ...options, onEvent, signal: controller.signal }).then(() => null, (error: unknown) => error);
      const last = events[moment]?.message ?? "none";
      const switched = events.findIndex(({ phase }) => phase === "backup" || phase === "switch");
      if (switched < 0) {
        t.is(ended instanceof Error ? ended.message : "it ended well", "interrupted", last);
        await isAsBefore(t, directory, path, ["graph"], last);
        moments = moment + 2;
      } else {
        // Nothing was between that moment and the switch, which goes to its end.
        t.true(switched <= moment + 1, `${last}: the switch was made`);
        t.true(moment > 3, `only ${String(moment)} moments before the switch`);
      }
    }
  });
}

test("what comes to the target while the service is waited for is told, and the copy goes", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  const target = join(directory, "sled");
  const service = await serve(t, path);
  const onEvent = ({ phase }: MigrationEvent): void => {
    if (phase !== "stop") return;
    mkdirSync(target);
    writeFileSync(join(target, "mine"), "");
    void service.stop();
  };
  await t.throwsAsync(migrateStore({ source: path, target, live: true, onEvent }), { code: "TARGET_EXISTS" });
  t.deepEqual(await readdir(target), ["mine"]);
  await isAsBefore(t, directory, path, ["graph", "sled", "sled.kgdump-migration.json"], "TARGET_EXISTS");
  await rm(target, { recursive: true });
  t.is((await migrateStore({ source: path, target, live: true })).status, "migrated");
});

test("transactions that wait when the service has stopped are told, unless they are to be left out", async (t) => {
  const source = await unpackStore(t, "log-two-phase-prepared");
  await t.throwsAsync(migrateStore({ source, live: true }), { code: "STORE_PREPARED", message: /"waiting" \(6 operations\)/ });
  t.is(await occupantOf(source), "rocksdb");
  t.is((await migrateStore({ source, live: true, discardPrepared: true })).entries, 510);
});

test("a live migration copies all families: that some are to be left out is refused", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  await t.throwsAsync(migrateStore({ source: path, live: true, excludeKeyspaces: ["nodes"] }), { code: "USAGE" });
  t.deepEqual(await readdir(directory), ["graph"]);
  t.is((await migrateStore({ source: path, excludeKeyspaces: ["nodes"] })).entries, 300);
});

test("a command that works at the place of a migration that is to be confirmed is told as such", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  await migrateStore({ source: path });
  const journal = await readJournal(path);
  if (journal === null) throw new Error("no journal");
  await writeJournal({ ...journal, step: "confirming" });
  using _ = await lockPlace(path, "rollback");
  await t.throwsAsync(migrateStore({ source: path }), { code: "STORE_IN_USE", message: /kgdump rollback/ });
});

test("a store of the same age with other entries is not the one that was copied, in its place or elsewhere", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT);
  await migrateStore({ source: path });
  await rollbackStore({ target: path });
  const journal = await readJournal(path);
  if (journal === null) throw new Error("no journal");
  // As it was when the new store was complete and waited; then another store came in the old one's place.
  await rename(journal.rollback?.aside ?? "", journal.building);
  await writeJournal({ ...journal, step: "imported", rollback: null });
  await rename(path, join(directory, "before"));
  await makeStore(directory, "graph", DIFFERENT["another value"]);
  const reference = join(directory, "reference.kgd");
  await exportStore({ store: path, output: reference });
  await migrateStore({ source: path });
  t.true((await verifyDump({ input: reference, against: path })).against?.equal);
  // With a target of its own: the same store is taken for migrated, any other one is not.
  const target = join(directory, "sled");
  await migrateStore({ source: join(directory, "before"), target });
  t.is((await migrateStore({ source: join(directory, "before"), target })).status, "already");
  const like = await makeStore(directory, "like", DIFFERENT["another value"]);
  await t.throwsAsync(migrateStore({ source: like, target }), { code: "TARGET_EXISTS" });
  const aside = join(directory, "aside");
  await rename(join(directory, "before"), aside);
  await rename(like, join(directory, "before"));
  await t.throwsAsync(migrateStore({ source: join(directory, "before"), target }), { code: "TARGET_EXISTS" });
});

test("each disk that would get too full is named before anything is written", async (t) => {
  const directory = await temporaryDirectory(t);
  // Nothing of it shrinks by much.
  const path = await makeStore(directory, "graph", { default: Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`k${String(index)}`, randomBytes(600).toString("base64")])) });
  const small = await smallFileSystem(t, await temporaryDirectory(t), "size=64k");
  if (small === null) return;
  for (const options of [{ dump: join(small, "graph.kgd") }, { backupDirectory: small, stream: true }, { dump: join(small, "graph.kgd"), live: true }, { target: join(small, "sled"), stream: true }]) {
    const error = await t.throwsAsync(migrateStore({ source: path, ...options }), { code: "NO_SPACE" }, JSON.stringify(options));
    t.true(error.message.startsWith(`${small} has`), error.message);
    t.deepEqual([await readdir(small), await readdir(directory)], [[], ["graph"]]);
  }
});
