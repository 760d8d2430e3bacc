import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { occupantOf } from "#src/operations/disk/places.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import type { MigrationEvent } from "#src/operations/migrate/events.js";
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

test("what can't be copied to another file system is told before the switch; a switch whose copy fails later is rolled back", async (t) => {
  const directory = await temporaryDirectory(t);
  const backups = join("/dev/shm", `kgdump-movable-${process.pid.toString()}`);
  if (!(await mkdir(backups).then(() => true, () => false)) || (await lstat(backups)).dev === (await lstat(directory)).dev) {
    t.log(`SKIPPED: ${backups} is no other file system`);
    t.pass();
    return;
  }
  t.teardown(() => rm(backups, { recursive: true, force: true }));
  const path = await makeStore(directory, "graph", { default: { a: "1" } });
  await mkdir(join(path, "inner"));
  const fifo = join(path, "inner", "fifo");
  await run("mkfifo", [fifo]);
  for (const attempt of [previewMigration({ source: path, backupDirectory: backups }), migrateStore({ source: path, backupDirectory: backups })]) {
    const error = await t.throwsAsync(attempt, { code: "STORE_UNSUPPORTED" });
    t.regex(error.message, /inner\/fifo is a FIFO, which can't be copied/);
  }
  t.deepEqual(await readdir(directory), ["graph"]);
  await rm(fifo);
  // It comes when everything was looked at.
  const onEvent = ({ phase, kind }: MigrationEvent): void => { if (phase === "verify" && kind === "happened" && !existsSync(fifo)) execFileSync("mkfifo", [fifo]); };
  await t.throwsAsync(migrateStore({ source: path, backupDirectory: backups, stream: true, onEvent }), { code: "IO_FAILED" });
  t.is(await occupantOf(path), "sled");
  t.is((await rollbackStore({ target: path })).status, "rolled-back");
  t.is(await occupantOf(path), "rocksdb");
  t.deepEqual(await readdir(backups), []);
  await rm(fifo);
  t.is((await migrateStore({ source: path, backupDirectory: backups })).status, "migrated");
  // From there it is copied back.
  t.is((await rollbackStore({ target: path })).status, "rolled-back");
  t.is(await occupantOf(path), "rocksdb");
});
