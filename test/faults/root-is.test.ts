/** Who root is while it works on another user's places: in every command, in every thread, and for what lies in directories of several users. */
import { chmod, chown, copyFile, cp, lchown, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import { lockPlace } from "#src/operations/disk/place-lock.js";
import { gather, kgdump, start } from "../cli/support/run.js";
import { asMaya, give, MAYA, type Meeting, owners, stickyDirectory, testAsRoot } from "./other-users.js";

/** A directory of root's, such as /var/lib, with a sled store of the other user's in it. */
async function library(t: ExecutionContext, { common, dump }: Meeting): Promise<string> {
  const path = join(common, "lib");
  await mkdir(path, { mode: 0o755 });
  const { code, stderr } = await kgdump(["import", join(path, "graph"), "-i", dump, "--owner", `${MAYA.toString()}:${MAYA.toString()}`]);
  t.is(code, 0, stderr);
  return path;
}

/** What the system says of a process, in each of its threads: users, groups, and further groups. */
async function identities(pid: number): Promise<{ uid: string; gid: string; groups: string }[]> {
  const tasks = await readdir(`/proc/${pid.toString()}/task`);
  const read = async (task: string): Promise<{ uid: string; gid: string; groups: string }> => {
    const text = await readFile(`/proc/${pid.toString()}/task/${task}/status`, "utf8");
    const line = (name: string): string => new RegExp(`^${name}:\\s*(.*?)\\s*$`, "m").exec(text)?.[1]?.replaceAll("\t", " ") ?? "";
    return { uid: line("Uid"), gid: line("Gid"), groups: line("Groups") };
  };
  return Promise.all(tasks.map(read));
}

/** Who kgdump is while it waits for its dump, when its lock is there. */
async function whileWaiting(t: ExecutionContext, directory: string, name: string): Promise<{ uid: string; gid: string; groups: string }[]> {
  const child = start(["import", join(directory, name), "--merge", "-i", "-"], { input: "" });
  const ended = gather(child);
  let found: { uid: string; gid: string; groups: string }[] = [];
  while (child.exitCode === null && found.length === 0) {
    if ((await readdir(directory)).includes(`.${name}.kgdump-lock`)) found = await identities(child.pid ?? 0);
    else await sleep(50);
  }
  child.stdin?.end();
  const { code, stderr } = await ended;
  t.not(code, 0, stderr);
  return found;
}

testAsRoot("it is that user in each thread, with that user's groups and no way back, and in a directory of root's it comes back to nothing but names", async (t, meeting) => {
  if (process.platform !== "linux") {
    t.log("SKIPPED: only Linux tells who a thread is");
    t.pass();
    return;
  }
  const [path, daemons] = [await library(t, meeting), join(meeting.common, "daemon")];
  const [, uid = "", gid = ""] = /^daemon:[^:]*:(\d+):(\d+)/m.exec(await readFile("/etc/passwd", "utf8")) ?? [];
  await mkdir(daemons);
  await chown(daemons, Number(uid), Number(gid));
  const user = MAYA.toString();
  const all = (id: string): string => `${id} ${id} ${id} ${id}`;
  const of = async (directory: string, name: string): Promise<string[]> => [...new Set((await whileWaiting(t, directory, name)).map((each) => JSON.stringify(each)))];
  t.deepEqual(await of(meeting.home, "new"), [JSON.stringify({ uid: all(user), gid: all(user), groups: user })]);
  t.deepEqual(await of(daemons, "new"), [JSON.stringify({ uid: all(uid), gid: all(gid), groups: gid })]);
  t.deepEqual(await of(path, "graph"), [JSON.stringify({ uid: `0 ${user} 0 ${user}`, gid: `0 ${user} 0 ${user}`, groups: user })]);
});

testAsRoot("each command works as the user who may change a place of it, whichever that is", async (t, meeting) => {
  const { common, home, own, secret, store, dump } = meeting;
  const hers = (name: string): string => join(home, name);
  const damaged = join(secret, "damaged.kgd");
  await copyFile(dump, damaged);
  const ways: Readonly<Record<string, readonly string[]>> = {
    status: ["status", store],
    cleanup: ["cleanup", store, "--dry-run"],
    compact: ["compact", store, "--dry-run"],
    "compact --undo": ["compact", store, "--undo"],
    stats: ["stats", store],
    report: ["report", store, "-o", join(secret, "x.html")],
    "report there": ["report", own, "-o", hers("x.html")],
    graph: ["graph", store],
    browse: ["browse", store],
    find: ["find", store, "k0000001"],
    "inspect of a store": ["inspect", store],
    verify: ["verify", dump, "--against", store],
    "verify with several": ["verify", dump, "--against", own, "--against", store],
    "verify of a store": ["verify", store, "--against", own],
    "verify of a store with another": ["verify", own, "--against", store],
    export: ["export", store, "-o", join(secret, "x.kgd")],
    "export there": ["export", own, "-o", hers("x.kgd")],
    import: ["import", hers("sled"), "-i", dump],
    restore: ["restore", hers("rocksdb"), "-i", dump],
    recover: ["recover", store, "-o", join(secret, "y.kgd")],
    "recover there": ["recover", damaged, "-o", hers("y.kgd")],
    "recover --to": ["recover", own, "--to", hers("z")],
    "migrate --log": ["migrate", "--from", own, "--log", hers("log"), "--dry-run"],
    "migrate --dump": ["migrate", "--from", own, "--dump", hers("dump.kgd"), "--dry-run"],
    "migrate --to": ["migrate", "--from", own, "--to", hers("new"), "--dry-run"],
    "migrate --backup-dir": ["migrate", "--from", own, "--backup-dir", home, "--dry-run"],
    migrate: ["migrate", "--from", store, "--dry-run"],
    rollback: ["rollback", store],
    "rollback --dry-run": ["rollback", store, "--dry-run"],
    "rollback --log": ["rollback", own, "--log", hers("log")],
  };
  for (const [what, words] of Object.entries(ways)) {
    const { stderr } = await kgdump([...words, "-v"]);
    t.regex(stderr, new RegExp(`works as user ${MAYA.toString()}, who could change ${home}`), `${what}: ${stderr}`);
  }
  const alone = await kgdump(["status", join(common, "none"), "-v"]);
  t.notRegex(alone.stderr, /works as/);
});

testAsRoot("where a group may write, root does not work; a link into another user's directory is in that user's hands", async (t, { common, own, home, secret }) => {
  const open = join(common, "group");
  await mkdir(open);
  await chmod(open, 0o775);
  await cp(own, join(open, "graph"), { recursive: true });
  const group = await kgdump(["migrate", "--from", join(open, "graph"), "--dry-run"]);
  t.is(group.code, 1, group.stderr);
  t.regex(group.stderr, /anyone who may write to .*group.*PERMISSION_DENIED/s);
  // The store is root's, and its path leads through a directory of the other user's, who may put another one there.
  const [within, links] = [join(home, "roots"), join(common, "links")];
  await cp(own, within, { recursive: true });
  await mkdir(links, { mode: 0o755 });
  await symlink(within, join(links, "graph"));
  const led = await kgdump(["export", join(links, "graph"), "-o", join(secret, "x.kgd"), "-v"]);
  t.regex(led.stderr, /works as user 54321/, led.stderr);
});

testAsRoot("a link of another user's in a directory like /tmp is in that user's hands, wherever it leads; root's own, and one that can't be replaced, are not", async (t, meeting) => {
  const [directory, { own, common, dump }] = [await stickyDirectory(meeting), meeting];
  t.is((await kgdump(["migrate", "--from", own])).code, 0);
  const before = await owners(join(common, "secret"));
  const into = join(common, "secret", "empty");
  await mkdir(into);
  await asMaya(`ln -s ${own} ${directory}/hers; ln -s ${into} ${directory}/new`);
  for (const words of [["status", "hers"], ["rollback", "hers"], ["cleanup", "hers"], ["compact", "hers"], ["export", "hers", "-o", join(common, "secret", "x.kgd")], ["import", "new", "-i", dump]]) {
    const [command = "", name = "", ...more] = words;
    const { code, stderr } = await kgdump([command, join(directory, name), ...more, "-v"]);
    t.regex(stderr, new RegExp(`works as user ${MAYA.toString()}, who could change ${directory}/${name}`), `${command}: ${stderr}`);
    t.not(code, 0, command);
  }
  await rm(into, { recursive: true });
  t.deepEqual(await owners(join(common, "secret")), before);
  await symlink(own, join(directory, "roots"));
  const kept = join(common, "kept");
  await mkdir(kept, { mode: 0o755 });
  await symlink(own, join(kept, "hers"));
  await lchown(join(kept, "hers"), MAYA, MAYA);
  for (const link of [join(directory, "roots"), join(kept, "hers")]) {
    const { code, stdout, stderr } = await kgdump(["status", link, "-v"]);
    t.is(code, 0, stderr);
    t.notRegex(stderr, /works as/);
    t.regex(stdout.toString(), /migration: \w+, done/);
  }
});

testAsRoot("in a directory like /tmp, names of other users' files stay", async (t, meeting) => {
  const directory = await stickyDirectory(meeting);
  const store = join(directory, "graph");
  await cp(meeting.own, store, { recursive: true });
  await give(store);
  const file = join(directory, ".graph.kgdump-migration.json.tmp");
  await writeFile(file, "of a third user");
  await give(file, MAYA + 1);
  const { code, stderr } = await kgdump(["migrate", "--from", store]);
  t.is(code, 1, stderr);
  t.regex(stderr, /PERMISSION_DENIED/);
  t.is(await readFile(file, "utf8"), "of a third user");
});

testAsRoot("a place that root works on is told to its owner as in use; a lock that may not be opened is no free one", async (t, meeting) => {
  const { home, store } = meeting;
  {
    using _ = await lockPlace(store, "migrate");
    const { code, stderr } = await kgdump(["compact", store], { user: MAYA });
    t.is(code, 6, stderr);
    t.regex(stderr, /process \d+ \(kgdump migrate\) is working on .*STORE_IN_USE/s);
  }
  const directory = await stickyDirectory(meeting);
  const dump = join(home, "hers.kgd");
  await copyFile(meeting.dump, dump);
  await give(dump);
  using _ = await lockPlace(join(directory, "new"), "import");
  const { code, stderr } = await kgdump(["import", join(directory, "new"), "-i", dump], { user: MAYA });
  t.is(code, 1, stderr);
  t.regex(stderr, /PERMISSION_DENIED/);
  t.false((await readdir(directory)).includes("new"));
});

testAsRoot("what can't be given to the owner of a store takes no store's place", async (t, { common }) => {
  const directory = join(common, "shared");
  await mkdir(directory);
  const from = await kgdump(["export", join(common, "home", "graph"), "-o", "-"]);
  t.is(from.code, 0, from.stderr);
  const store = join(directory, "graph");
  const made = await kgdump(["restore", store, "-i", "-"], { input: from.stdout });
  t.is(made.code, 0, made.stderr);
  // Hers is the directory, and a third user's the store, which anybody may read and lock.
  for (const name of await readdir(store)) await chmod(join(store, name), 0o666);
  await chmod(store, 0o777);
  await give(store, MAYA + 1);
  await chown(directory, MAYA, MAYA);
  const before = (await owners(store)).filter((line) => !line.startsWith("LOCK"));
  for (const words of [["compact", store], ["migrate", "--from", store, "--stream"]]) {
    const { code, stderr } = await kgdump(words, { user: MAYA });
    t.is(code, 1, `${words.join(" ")}: ${stderr}`);
    t.regex(stderr, /PERMISSION_DENIED/);
    t.deepEqual((await owners(store)).filter((line) => !line.startsWith("LOCK")), before);
    t.is((await lstat(store)).uid, MAYA + 1);
  }
});

testAsRoot("what cleanup may not remove, or look at, is told and not counted as gone", async (t, { common, dump, store }) => {
  t.is((await kgdump(["export", store, "-o", join(common, "x.kgd"), "--as-root"])).code, 0);
  t.is((await kgdump(["migrate", "--from", store, "--dump", join(common, "hers.kgd"), "--as-root"])).code, 0);
  await chmod(join(common, "hers.kgd"), 0o644);
  const kept = await kgdump(["cleanup", store, "--force"], { user: MAYA });
  t.is(kept.code, 1, kept.stderr);
  t.regex(kept.stderr, /removing .*hers\.kgd.*PERMISSION_DENIED/s);
  t.true((await readdir(common)).includes("hers.kgd"));
  t.true((await lstat(dump)).isFile());
  await chmod(join(store, ".."), 0o311);
  const hidden = await kgdump(["cleanup", store, "--dry-run"], { user: MAYA });
  t.is(hidden.code, 1, hidden.stderr);
  t.regex(hidden.stderr, /PERMISSION_DENIED/);
});
