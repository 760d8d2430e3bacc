/** What a migration says of a sled store that is to go elsewhere. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { openSledSink } from "#src/engines/sled.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { previewMigration } from "#src/operations/migrate/preview.js";
import { kgdump } from "../cli/support/run.js";
import { makeStore } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

async function sledStore(path: string): Promise<string> {
  await using sink = await openSledSink(path, { create: true });
  await sink.flush();
  return path;
}

test("a sled store and a path where nothing is: no migration, and no word that all is done", async (t) => {
  const directory = await temporaryDirectory(t);
  const [source, target] = [await sledStore(join(directory, "sled")), join(directory, "new")];
  const rocksdb = await makeStore(directory, "rocksdb", { default: { a: "1" } });
  for (const [to, there] of [[target, "nothing is"], [rocksdb, "no sled store is"]] as const) {
    const expected = { code: "USAGE", message: new RegExp(`is a sled store already, and ${there} at .*: a migration makes a sled store of a RocksDB store`) };
    await t.throwsAsync(migrateStore({ source, target: to }), expected);
    await t.throwsAsync(previewMigration({ source, target: to }), expected);
  }
  t.false(existsSync(target));
  const ended = await kgdump(["migrate", "--from", source, "--to", target]);
  t.is(ended.code, 2);
  t.regex(ended.stderr, /kgdump export SLED \| kgdump restore NEW/);
});

test("where sled stores are on both sides, or one in place, there is nothing to do", async (t) => {
  const directory = await temporaryDirectory(t);
  const [source, target] = [await sledStore(join(directory, "sled")), await sledStore(join(directory, "other"))];
  t.is((await migrateStore({ source })).status, "already");
  t.is((await migrateStore({ source, target })).status, "already");
});
