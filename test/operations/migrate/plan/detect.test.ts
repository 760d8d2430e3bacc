/** What a migration says of a sled store that is to go elsewhere. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { openSledSink } from "#src/engines/sled/sled.js";
import type { KgdumpError } from "#src/errors.js";
import { occupantOf } from "#src/operations/disk/places.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { previewMigration } from "#src/operations/migrate/plan/preview.js";
import { kgdump } from "../../../cli/support/run.js";
import { unpackStore } from "../../../fixtures/unpack.js";
import { makeStore } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

async function sledStore(path: string): Promise<string> {
  await using sink = await openSledSink(path, { create: true });
  await sink.flush();
  return path;
}

test("a sled store and a path where nothing is: it is not done, and becomes no sled store; without a word of the engine it becomes a RocksDB store", async (t) => {
  const directory = await temporaryDirectory(t);
  const [source, target] = [await sledStore(join(directory, "sled")), join(directory, "new")];
  const rocksdb = await makeStore(directory, "rocksdb", { default: { a: "1" } });
  for (const [to, there] of [[target, "nothing is"], [rocksdb, "no sled store is"]] as const) {
    const expected = { code: "USAGE", message: new RegExp(`is a sled store already, and ${there} at .*: this migration makes a sled store of a RocksDB store`) };
    await t.throwsAsync(migrateStore({ source, target: to, engine: "sled" }), expected);
    await t.throwsAsync(previewMigration({ source, target: to, engine: "sled" }), expected);
  }
  await t.throwsAsync(migrateStore({ source, target: rocksdb }), { code: "TARGET_EXISTS" });
  await t.throwsAsync(migrateStore({ source: rocksdb, target, engine: "rocksdb" }), { code: "USAGE", message: /is a RocksDB store already, and nothing is at/ });
  t.false(existsSync(target));
  const ended = await kgdump(["migrate", "--from", source, "--to", target, "--engine", "sled"]);
  t.is(ended.code, 2);
  t.regex(ended.stderr, /--engine rocksdb; .*kgdump export STORE \| kgdump import NEW/);
  t.is((await kgdump(["migrate", "--from", source, "--to", target, "-q"])).code, 0);
  t.is(await occupantOf(target), "rocksdb");
  t.is((await kgdump(["migrate", "--from", source, "--engine", "rocksdb", "--segment-size", "1MiB"])).code, 2);
});

test("where sled stores are on both sides, or one in place, there is nothing to do", async (t) => {
  const directory = await temporaryDirectory(t);
  const [source, target] = [await sledStore(join(directory, "sled")), await sledStore(join(directory, "other"))];
  t.is((await migrateStore({ source })).status, "already");
  t.is((await migrateStore({ source, target })).status, "already");
});

for (const version of ["0.32", "0.33"]) {
  test(`a store of sled ${version} in place is not what the service could open`, async (t) => {
    const source = await unpackStore(t, `words-sled-${version}`);
    await t.throwsAsync(migrateStore({ source }), { code: "STORE_UNSUPPORTED" });
    await t.throwsAsync(migrateStore({ source: join(source, "..", "nothing"), target: source }), { code: "STORE_UNSUPPORTED" });
  });
}

test("where nothing is, the name of a store beside it is said, and what is empty is not taken for its own neighbour", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "knowledge_graph", { default: { a: "1" } });
  const source = join(directory, "knowlege_graph");
  const said: string[] = [];
  const onEvent = ({ message }: { readonly message: string }): void => void said.push(message);
  t.is((await migrateStore({ source, onEvent })).status, "nothing");
  t.true(said.some((line) => line === `there is nothing at ${source}: did you mean ${store}?`), said.join("\n"));
  const missing = await t.throwsAsync<KgdumpError>(migrateStore({ source, mustExist: true }), { code: "STORE_NOT_FOUND" });
  t.is(missing.hint, `did you mean ${store}?`);
  const empty = join(directory, "empty");
  await mkdir(empty);
  await t.throwsAsync(migrateStore({ source: empty, mustExist: true }), { code: "STORE_NOT_FOUND", message: /is an empty directory/ });
  const { stderr } = await kgdump(["migrate", "--must-exist", "--from", empty]);
  t.regex(stderr, /hint: check the path/);
});
