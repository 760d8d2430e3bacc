/** Owners and modes: what is new is nobody else's, and what stands in for a store is as open as that was, and no more. */
import { chmod, chown, cp, lstat, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { makeLike } from "#src/operations/disk/likeness.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { compactStore } from "#src/operations/migrate/compact/compact.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const CONTENT = { default: numbered("k", 30) };
const GROUP = 23_456;

/** The modes of a directory and of all in it, each once. */
async function modes(path: string): Promise<{ directories: string[]; files: string[] }> {
  const [directories, files] = [new Set<string>(), new Set<string>()];
  const look = async (at: string): Promise<void> => {
    const found = await lstat(at);
    (found.isDirectory() ? directories : files).add(`${found.uid.toString()}:${found.gid.toString()} ${(found.mode & 0o777).toString(8)}`);
    if (found.isDirectory()) for (const name of await readdir(at)) await look(join(at, name));
  };
  await look(path);
  return { directories: [...directories], files: [...files] };
}

async function setModes(path: string, directory: number, file: number): Promise<void> {
  await chmod(path, directory);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await setModes(join(path, entry.name), directory, file);
    else await chmod(join(path, entry.name), file);
  }
}

const own = (mode: string): string => `${String(process.getuid?.())}:${String(process.getgid?.())} ${mode}`;
const PRIVATE = { directories: [own("700")], files: [own("600")] };
const SHARED = { directories: [own("750")], files: [own("640")] };

async function ground(t: ExecutionContext): Promise<{ directory: string; store: string; dump: string }> {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "graph", CONTENT);
  const dump = join(directory, "graph.kgd");
  await exportStore({ store, output: dump });
  await setModes(store, 0o750, 0o640);
  return { directory, store, dump };
}

test("a new store is nobody else's, whatever the umask", async (t) => {
  const { directory, dump } = await ground(t);
  const at = (name: string): string => join(directory, name);
  await importDump({ target: at("sled"), input: dump });
  await restoreDump({ target: at("rocksdb"), input: dump });
  t.deepEqual(await modes(at("sled")), PRIVATE);
  t.deepEqual(await modes(at("rocksdb")), PRIVATE);
});

test("a migration and its way back keep the modes of the store, in all forms", async (t) => {
  const { directory, store } = await ground(t);
  const backups = join(directory, "backups");
  await mkdir(backups);
  for (const way of [{}, { stream: true }, { live: true }, { backupDirectory: backups }]) {
    await migrateStore({ source: store, ...way });
    t.deepEqual(await modes(store), SHARED, JSON.stringify(way));
    const carried = "stream" in way;
    if (carried) await importDump({ target: store, input: join(directory, "graph.kgd"), merge: true, map: new Map([["default", "more"]]) });
    t.deepEqual(await modes(store), SHARED, JSON.stringify(way));
    t.is((await rollbackStore({ target: store, carryBack: carried })).carried, carried);
    t.deepEqual(await modes(store), SHARED, `back from ${JSON.stringify(way)}`);
    for (const name of await readdir(directory)) if (/\.sled-\d|\.kgd$|backup-/.test(name) && name !== "graph.kgd") await rm(join(directory, name), { recursive: true });
  }
  await migrateStore({ source: store, target: join(directory, "elsewhere") });
  t.deepEqual(await modes(join(directory, "elsewhere")), SHARED);
});

test("a backup that comes back from another file system is as it was", async (t) => {
  const { directory, store } = await ground(t);
  const backups = join("/dev/shm", `kgdump-likeness-${process.pid.toString()}`);
  if (!(await mkdir(backups).then(() => true, () => false)) || (await lstat(backups)).dev === (await lstat(directory)).dev) {
    t.log(`SKIPPED: ${backups} is no other file system`);
    t.pass();
    return;
  }
  t.teardown(() => rm(backups, { recursive: true, force: true }));
  await migrateStore({ source: store, backupDirectory: backups });
  await rollbackStore({ target: store });
  t.deepEqual(await modes(store), SHARED);
});

test("merges, deltas and compactions keep the modes of the store", async (t) => {
  const { directory, dump } = await ground(t);
  const at = (name: string): string => join(directory, name);
  const newer = await makeStore(directory, "newer", { default: numbered("k", 60, "new") });
  await exportStore({ store: newer, output: at("delta.kgd"), base: [dump] });
  await importDump({ target: at("sled"), input: dump });
  await setModes(at("sled"), 0o750, 0o640);
  await importDump({ target: at("sled"), input: at("delta.kgd") });
  t.deepEqual(await modes(at("sled")), SHARED);
  await importDump({ target: at("sled"), input: dump, merge: true });
  t.deepEqual(await modes(at("sled")), SHARED);
  await compactStore({ store: at("sled") });
  t.deepEqual(await modes(at("sled")), SHARED);
});

test("an owner and a group are given, by root", async (t) => {
  const { directory, store } = await ground(t);
  if (process.geteuid?.() !== 0) {
    t.log("SKIPPED: this needs root, who gives things away");
    t.pass();
    return;
  }
  const made = join(directory, "made");
  await cp(store, made, { recursive: true });
  for (const path of [store, ...(await readdir(store)).map((name) => join(store, name))]) await chown(path, 12_345, GROUP);
  await makeLike(made, store, "rocksdb");
  t.deepEqual(await modes(made), { directories: [`12345:${GROUP.toString()} 750`], files: [`12345:${GROUP.toString()} 640`] });
});
