import { execFile } from "node:child_process";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { occupantOf } from "#src/operations/disk/places.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { previewMigration } from "#src/operations/migrate/plan/preview.js";
import { makeStore } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

const run = promisify(execFile);

test("a symbolic link to a store is refused before anything is done, and what it leads to is migrated", async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, "data"));
  const real = await makeStore(join(directory, "data"), "graph", { default: { a: "1" } });
  const link = join(directory, "graph");
  await symlink("data/graph", link);
  for (const attempt of [previewMigration({ source: link }), migrateStore({ source: link })]) {
    const error = await t.throwsAsync(attempt, { code: "USAGE" });
    t.regex(error.message, /is a symbolic link to data\/graph/);
  }
  t.deepEqual((await readdir(directory)).sort(), ["data", "graph"]);
  t.deepEqual(await readdir(join(directory, "data")), ["graph"]);
  t.is((await migrateStore({ source: real })).status, "migrated");
  t.is(await occupantOf(link), "sled");
  // To another path the store is only read, and a link will do.
  const other = await makeStore(join(directory, "data"), "other", { default: { a: "1" } });
  await symlink(other, join(directory, "other"));
  t.is((await migrateStore({ source: join(directory, "other"), target: join(directory, "sled") })).status, "migrated");
});

test("a store that is a mount point is refused before anything is done", async (t) => {
  const directory = await temporaryDirectory(t);
  const name = "mounted here";
  const path = await makeStore(directory, name, { default: { a: "1" } });
  try {
    await run("mount", ["--bind", path, path]);
  } catch (error) {
    t.log(`SKIPPED: nothing can be mounted here: ${error instanceof Error ? error.message : String(error)}`);
    t.pass();
    return;
  }
  t.teardown(async () => run("umount", ["-l", path]));
  await t.throwsAsync(migrateStore({ source: path }), { code: "TARGET_EXISTS", message: /mount point/ });
  t.deepEqual(await readdir(directory), [name]);
  t.is((await migrateStore({ source: path, target: join(directory, "sled") })).status, "migrated");
});
