/** Stores with transactions that wait for their commit or rollback: a migration must be told to leave them out. */
import { join } from "node:path";
import test from "ava";
import type { StoreInfo } from "#src/engines/store.js";
import { exportStore } from "#src/operations/export/export.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { refusePrepared } from "#src/operations/migrate/plan/prepared.js";
import { previewMigration } from "#src/operations/migrate/plan/preview.js";
import { assertCode } from "../../../engines/rocksdb/support.js";
import { unpackStore } from "../../../fixtures/unpack.js";

test("a store with a prepared transaction is refused by its name, and migrated without it when that is asked for", async (t) => {
  const source = await unpackStore(t, "log-two-phase-prepared");
  for (const work of [migrateStore, previewMigration]) {
    const error = await assertCode(t, "STORE_PREPARED", () => work({ source, settings: {} }));
    t.regex(error.message, /"waiting" \(6 operations\)/);
    t.regex(error.hint ?? "", /--discard-prepared/);
  }
  const told: string[] = [];
  const result = await migrateStore({ source, settings: {}, discardPrepared: true, onEvent: ({ message }) => told.push(message) });
  t.is(result.entries, 510);
  t.regex(told.join("\n"), /"waiting".*left out/);
});

test("a dump's header tells how many prepared transactions it leaves out", async (t) => {
  const store = await unpackStore(t, "log-two-phase-prepared");
  const output = join(store, "..", "store.kgd");
  const { warnings, store: info } = await exportStore({ store, output });
  t.regex(warnings.join("\n"), /"waiting" \(6 operations/);
  t.deepEqual(info.preparedTransactions?.map(({ name, operations }) => [Buffer.from(name).toString(), operations]), [["waiting", 6]]);
  const { header } = await inspectDump({ input: output });
  t.is(header.source.options?.get("rocksdb.prepared"), "1");
});

test("many prepared transactions are named in part, whatever bytes their names have", (t) => {
  const preparedTransactions = Array.from({ length: 7 }, (_, index) => ({ name: Uint8Array.of(index, 0x61), operations: index }));
  const info = { path: "/store", preparedTransactions } as unknown as StoreInfo;
  const error = t.throws(() => { refusePrepared(info, {}); }, { code: "STORE_PREPARED" });
  t.true(error.message.endsWith('"\\x00a" (0 operations), "\\x01a" (1 operations), "\\x02a" (2 operations), "\\x03a" (3 operations), "\\x04a" (4 operations), and 2 more'));
  t.notThrows(() => { refusePrepared(info, { discardPrepared: true }); });
  t.notThrows(() => { refusePrepared({ ...info, preparedTransactions: [] }, {}); });
});
