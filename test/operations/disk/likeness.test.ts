/** Owners and modes: what is new is nobody else's, and what stands in for a store is as open as that was, and no more. */
import { execFile } from "node:child_process";
import { chmod, chown, cp, lstat, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { makeLike } from "#src/operations/disk/likeness.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { compactStore } from "#src/operations/migrate/compact/compact.js";
import type { MigrationEvent } from "#src/operations/migrate/events.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { attributeWarnings } from "#src/operations/migrate/plan/lost-attributes.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const CONTENT = { default: numbered("k", 30) };
const GROUP = 23_456;
const USER = 65_534;

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

/** A list that lets user 1234 do something, and the group no more than `mask`. */
function listOf(user: number, mask: number): string {
  const entries = [[1, 6, -1], [2, user, 1234], [4, mask, -1], [16, mask, -1], [32, 0, -1]] as const;
  const bytes = Buffer.alloc(4 + entries.length * 8);
  bytes.writeUInt32LE(2, 0);
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + index * 8);
    bytes.writeUInt16LE(permissions, 6 + index * 8);
    bytes.writeInt32LE(id, 8 + index * 8);
  }
  return bytes.toString("hex");
}

/** Sets attributes, or lists those of a directory (under "") and of each member, by another program than kgdump. */
async function python(script: string, ...words: string[]): Promise<Record<string, Record<string, string>>> {
  const { stdout } = await promisify(execFile)("python3", ["-c", `import os, sys, json\n${script}`, ...words]);
  return stdout === "" ? {} : (JSON.parse(stdout) as Record<string, Record<string, string>>);
}
const SET = "for name, value in json.loads(sys.argv[2]).items(): os.setxattr(sys.argv[1], name, bytes.fromhex(value))";
const LIST = `
root = sys.argv[1]
of = lambda path: {name: os.getxattr(path, name).hex() for name in sorted(os.listxattr(path)) if not name.startswith("security.") or name == "security.SMACK64"}
print(json.dumps({name: of(os.path.join(root, name)) for name in ["", *os.listdir(root)]}))`;

const DIRECTORY = { "system.posix_acl_access": listOf(7, 5), "system.posix_acl_default": listOf(6, 4), "user.note": "6d617961" };
const FILE = { "system.posix_acl_access": listOf(4, 4) };

/** Whether lists can be set here; when not, the test says so and passes. */
async function listsAreMissing(t: ExecutionContext, directory: string): Promise<boolean> {
  const works = await python(SET, directory, JSON.stringify({ "user.kgdump": "31" })).then(() => python(SET, directory, JSON.stringify(FILE)), () => null).catch(() => null);
  if (works !== null) {
    await python("for name in os.listxattr(sys.argv[1]): os.removexattr(sys.argv[1], name)", directory);
    return false;
  }
  t.log("SKIPPED: this needs a file system with access control lists, and python3");
  t.pass();
  return true;
}

async function giveLists(store: string): Promise<void> {
  await python(SET, store, JSON.stringify(DIRECTORY));
  for (const name of await readdir(store)) await python(SET, join(store, name), JSON.stringify(FILE));
}

async function hasLists(t: ExecutionContext, store: string, what: string): Promise<void> {
  const { "": directory, ...members } = await python(LIST, store);
  t.deepEqual(directory, DIRECTORY, what);
  t.true(Object.keys(members).length > 1, what);
  for (const [name, attributes] of Object.entries(members)) {
    const isFile = (await lstat(join(store, name))).isFile();
    t.deepEqual(attributes, isFile ? FILE : { "system.posix_acl_access": DIRECTORY["system.posix_acl_access"], "system.posix_acl_default": DIRECTORY["system.posix_acl_default"] }, `${what}: ${name}`);
  }
}

test("access control lists and notes stay: migrations and their ways back, compactions, deltas and merges", async (t) => {
  const { directory, store, dump } = await ground(t);
  if (await listsAreMissing(t, directory)) return;
  await giveLists(store);
  const backups = await mkdir(join("/dev/shm", `kgdump-lists-${process.pid.toString()}`), { recursive: true });
  t.teardown(() => (backups === undefined ? undefined : rm(backups, { recursive: true, force: true })));
  for (const way of [{}, { stream: true }, { live: true }, ...(backups === undefined ? [] : [{ backupDirectory: backups }])]) {
    const what = JSON.stringify(way);
    const { backup } = await migrateStore({ source: store, ...way });
    await hasLists(t, store, what);
    if (!("backupDirectory" in way)) await hasLists(t, backup ?? "", `the backup of ${what}`);
    const carryBack = "stream" in way;
    if (carryBack) {
      await importDump({ target: store, input: dump, merge: true, map: new Map([["default", "more"]]) });
      await hasLists(t, store, "after a merge");
    }
    await rollbackStore({ target: store, carryBack });
    await hasLists(t, store, `back from ${what}`);
    for (const name of await readdir(directory)) if (/\.sled-\d|\.kgd$|backup-/.test(name) && name !== "graph.kgd") await rm(join(directory, name), { recursive: true });
  }
  await compactStore({ store });
  await hasLists(t, store, "after a compaction");
});

test("a list that a directory gives to what is made in it lets nobody into a store that had none", async (t) => {
  const { directory, store } = await ground(t);
  if (await listsAreMissing(t, directory)) return;
  await python(SET, directory, JSON.stringify({ "system.posix_acl_default": listOf(7, 7) }));
  await migrateStore({ source: store });
  for (const attributes of Object.values(await python(LIST, store))) t.deepEqual(attributes, {});
  t.deepEqual(await modes(store), SHARED);
});

test("what the file system of a new place does not keep is told before", async (t) => {
  const { directory, store } = await ground(t);
  if (await listsAreMissing(t, directory)) return;
  const warnings = (): string[] => attributeWarnings({ source: store, target: store, backup: "/proc/self/backup" }, "rocksdb");
  t.deepEqual(warnings(), []);
  await giveLists(store);
  t.deepEqual(warnings(), ["/proc/self/backup will not keep system.posix_acl_access and system.posix_acl_default of the store: its file system does not support them"]);
});

test("a backup on a file system without lists lacks them: that is told before, and all else goes on", async (t) => {
  const { directory, store } = await ground(t);
  if (await listsAreMissing(t, directory)) return;
  const backups = join(directory, "backups");
  await mkdir(backups);
  const mounted = await promisify(execFile)("mount", ["-t", "ramfs", "none", backups]).then(() => true, () => false);
  if (!mounted) {
    t.log("SKIPPED: this needs root, who mounts a file system");
    t.pass();
    return;
  }
  try {
    await giveLists(store);
    const events: MigrationEvent[] = [];
    await migrateStore({ source: store, backupDirectory: backups, force: true, onEvent: (event) => events.push(event) });
    t.true(events.some(({ phase, message }) => phase === "preflight" && /backups.* will not keep system\.posix_acl_access and system\.posix_acl_default/.test(message)), JSON.stringify(events));
    await hasLists(t, store, "the new store");
    t.is((await rollbackStore({ target: store })).status, "rolled-back");
  } finally {
    await promisify(execFile)("umount", [backups]);
  }
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

test("what another user owns can't be given by a user: that is told; a group that can't be given is left out with its rights", async (t) => {
  if (process.geteuid?.() !== 0) {
    t.log("SKIPPED: this needs root, who makes things for two users");
    t.pass();
    return;
  }
  const directory = await temporaryDirectory(t);
  await chmod(directory, 0o755);
  const program = `
    import { makeLike } from ${JSON.stringify(import.meta.resolve("#src/operations/disk/likeness.js"))};
    process.setgroups([]);
    process.setgid(${String(USER)});
    process.setuid(${String(USER)});
    console.log(await makeLike(process.argv[1], process.argv[2], "rocksdb").then(() => "done", ({ code }) => code));`;
  const places = async (name: string, uid: number, gid: number): Promise<string> => {
    const path = join(directory, name);
    await mkdir(path);
    await writeFile(join(path, "CURRENT"), "");
    await setModes(path, 0o755, 0o664);
    for (const place of [path, join(path, "CURRENT")]) await chown(place, uid, gid);
    return path;
  };
  for (const [name, uid, gid, wanted, directories, files] of [
    ["own", USER, USER, "done", `${String(USER)}:${String(USER)} 755`, `${String(USER)}:${String(USER)} 664`],
    ["group", USER, GROUP, "done", `${String(USER)}:${String(USER)} 705`, `${String(USER)}:${String(USER)} 604`],
    ["owner", GROUP, USER, "PERMISSION_DENIED", `${String(USER)}:${String(USER)} 755`, `${String(USER)}:${String(USER)} 664`],
    ["both", GROUP, GROUP, "PERMISSION_DENIED", `${String(USER)}:${String(USER)} 755`, `${String(USER)}:${String(USER)} 664`],
  ] as const) {
    const [like, made] = [await places(`${name}-like`, uid, gid), await places(name, USER, USER)];
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program, made, like]);
    t.is(stdout.trim(), wanted, name);
    t.deepEqual(await modes(made), { directories: [directories], files: [files] }, name);
  }
});
