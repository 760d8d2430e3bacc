/** Stores whose program keeps their logs in a directory of their own: what is carried back or restored must not be opened with the logs of another store. */
import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import type { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { previewMigration } from "#src/operations/migrate/plan/preview.js";
import { readStore } from "../../engines/rocksdb/support.js";
import { temporaryDirectory } from "../../support/temporary.js";

/** What the service does: it opens the store with its logs elsewhere, and leaves what it wrote in a log. */
async function serve(path: string, logs: string, key: string, value: string): Promise<void> {
  await using sink = await createRocksdbSink(path, { databaseOptions: `wal_dir=${logs};avoid_flush_during_shutdown=true` });
  await sink.operate("default", [{ kind: "put", key: Buffer.from(key), value: Buffer.from(value) }]);
}

async function ground(t: ExecutionContext): Promise<{ directory: string; path: string; logs: string }> {
  const directory = await temporaryDirectory(t);
  const [path, logs] = [join(directory, "graph"), join(directory, "logs")];
  await mkdir(logs);
  for (const key of ["a", "b", "c", "d"]) await serve(path, logs, key, "old");
  t.true((await readdir(logs)).length > 0);
  return { directory, path, logs };
}

test("nothing is carried back into the reach of the original's logs; with them in the original it is, and stays", async (t) => {
  const { path, logs } = await ground(t);
  const { plan } = await previewMigration({ source: path });
  t.true(plan?.warnings.some((warning) => warning.includes(`in ${logs} and stay there`)), plan?.warnings.join("\n"));
  const told: string[] = [];
  const { backup, warnings } = await migrateStore({ source: path, onEvent: ({ message }) => told.push(message) });
  // Before anything is done, and in the result.
  for (const texts of [told, warnings]) t.true(texts.some((text) => text.includes(`in ${logs} and stay there`)), texts.join("\n"));
  {
    await using sink = await openSledSink(path, { create: false });
    await sink.apply(Buffer.from("default"), encodeEntries([{ key: Buffer.from("d"), value: Buffer.from("new") }]), "overwrite");
    await sink.flush();
  }
  const refused = await t.throwsAsync<KgdumpError>(rollbackStore({ target: path, carryBack: true }), { code: "STORE_UNSUPPORTED", message: /logs of the original are in/ });
  t.is(refused.hint, `put them into the original, then run this again: \`mv ${logs}/*.log ${backup ?? ""}/\``);
  for (const name of await readdir(logs)) await rename(join(logs, name), join(backup ?? "", name));
  t.true((await rollbackStore({ target: path, carryBack: true })).carried);
  await serve(path, logs, "e", "later");
  const { entries } = await readStore(path);
  t.deepEqual(entries.get("default"), [["a", "old"], ["b", "old"], ["c", "old"], ["d", "new"], ["e", "later"]]);
});

test("a plain rollback leaves the logs where they are, and the original is whole", async (t) => {
  const { path } = await ground(t);
  const before = (await readStore(path)).entries;
  await migrateStore({ source: path });
  await rollbackStore({ target: path });
  t.deepEqual((await readStore(path)).entries, before);
});

test("a restore warns of logs that are where its program kept them, and only then", async (t) => {
  const { directory, path, logs } = await ground(t);
  const dump = join(directory, "dump.kgd");
  await exportStore({ store: path, output: dump });
  const warned = async (name: string): Promise<boolean> => (await restoreDump({ target: join(directory, name), input: dump })).warnings.some((warning) => warning.startsWith(`${logs}, in which`));
  t.true(await warned("one"));
  for (const name of await readdir(logs)) await rename(join(logs, name), join(path, name));
  t.false(await warned("two"));
});
