/** What another user puts where root's kgdump works: nothing of root's is read, written, moved or removed by it, and nothing waits for it. */
import { execFile } from "node:child_process";
import { chmod, chown, cp, lstat, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { importDump } from "#src/operations/import/import.js";
import { journalPath } from "#src/operations/migrate/journal.js";
import { kgdump, shell } from "../cli/support/run.js";
import { asMaya, give, MAYA, stickyDirectory, testAsRoot } from "./other-users.js";

const run = promisify(execFile);
const DEAD = JSON.stringify({ pid: 999_999_999, started: "1", host: hostname() });
const STAGED = ".new.kgdump-0123456789abcdef";
/** Root, who says that it may be: the guards of each file are tried without the one that stands before them all. */
const AS_ROOT = ["--as-root"];

testAsRoot("a staging directory that is a link: what it leads to stays", async (t, { secret, home, dump }) => {
  await writeFile(join(secret, "owner.json"), DEAD);
  await asMaya(`ln -s ${secret} ${home}/${STAGED}`);
  const { code, stderr } = await kgdump(["import", join(home, "new"), "-i", dump, ...AS_ROOT]);
  t.is(code, 0, stderr);
  t.is(await readFile(join(secret, "file"), "utf8"), "secret\n");
});

testAsRoot("a staging directory of another user, with a FIFO for its owner's file, is neither waited for nor removed", async (t, { home, dump }) => {
  await asMaya(`mkdir -m 700 ${home}/${STAGED}; mkfifo ${home}/${STAGED}/owner.json`);
  const { code, stderr } = await kgdump(["import", join(home, "new"), "-i", dump, ...AS_ROOT]);
  t.is(code, 0, stderr);
  t.true((await readdir(home)).includes(STAGED));
});

/** A journal of the other user's, as it might come from a migration. */
function journal(target: string, changes: object): string {
  const now = new Date().toISOString();
  const nothing = { dump: null, delta: null, deltaId: null, settings: {}, snapshot: null, keyspaces: null, verifiedAt: null, rollback: null };
  return JSON.stringify({
    version: 1, id: "0123abcd", step: "importing", startedAt: now, updatedAt: now, source: target, target, building: `${target}.kgdump-new-0123abcd`, dumpId: "x",
    backup: `${target}.rocksdb-backup-20261122T191034Z`, owner: { pid: 999_999_999, started: null, host: "elsewhere" }, ...nothing, ...changes,
  });
}

testAsRoot("a journal that names other places moves and removes nothing", async (t, { secret, home, store }) => {
  await asMaya(`mkdir ${store}.kgdump-new-0123abcd`);
  const aside = `${store}.sled-20261122T191034Z`;
  const rolling = { step: "rolling-back", rollback: { incoming: `${store}.kgdump-back-0123abcd`, aside } };
  const wrong = [
    { building: `${store}.kgdump-new-0123abcd/../../secret` },
    { building: secret },
    { target: secret, source: secret },
    { backup: secret },
    { backup: join(secret, "graph") },
    { ...rolling, rollback: { ...rolling.rollback, incoming: join(secret, "graph") } },
    { ...rolling, rollback: { ...rolling.rollback, aside: join(secret, "graph.sled-1") } },
    { ...rolling, rollback: { ...rolling.rollback, aside: `${store}.sled-/../../../secret/new` } },
    { ...rolling, rollback: { ...rolling.rollback, original: join(secret, "new") } },
  ];
  for (const changes of wrong) {
    await writeFile(journalPath(store), journal(store, changes));
    await give(home);
    for (const words of [["rollback", store], ["rollback", store, "--discard-new"], ["migrate", "--from", store]]) {
      const { code, stderr } = await kgdump([...words, ...AS_ROOT]);
      t.is(code, 1, `${words.join(" ")} ${JSON.stringify(changes)}: ${stderr}`);
      t.regex(stderr, /MIGRATION_JOURNAL_DAMAGED/);
    }
    t.deepEqual((await readdir(secret)).sort(), ["file", "graph", "graph.kgd"]);
  }
});

testAsRoot("the journal goes on where its directory was moved to", async (t, { common, secret }) => {
  const store = join(secret, "graph");
  t.is((await kgdump(["migrate", "--from", store])).code, 0);
  await rename(secret, join(common, "moved"));
  const moved = join(common, "moved", "graph");
  t.regex((await kgdump(["status", moved])).stdout.toString(), /backup: {4}.*moved\/graph\.rocksdb-backup/);
  t.is((await kgdump(["rollback", moved])).code, 0);
  t.regex((await kgdump(["status", moved])).stdout.toString(), /rocksdb/i);
});

testAsRoot("a journal of another user, beside a store in a directory like /tmp, is not followed", async (t, meeting) => {
  const store = join(await stickyDirectory(meeting), "graph");
  await cp(meeting.own, store, { recursive: true });
  await asMaya(`cat > ${journalPath(store)} <<'END'\n${journal(store, {})}\nEND`);
  for (const words of [["rollback", store], ["migrate", "--from", store], ["compact", store]]) {
    const { code, stderr } = await kgdump(words);
    t.is(code, 1, stderr);
    t.regex(stderr, /belongs to another user.*PERMISSION_DENIED/s);
  }
});

testAsRoot("a store that another user put where an import puts one aside is not taken for it", async (t, meeting) => {
  const directory = await stickyDirectory(meeting);
  const [target, aside] = [join(directory, "new"), join(directory, "new.kgdump-before")];
  await importDump({ target: aside, input: meeting.dump });
  await give(aside);
  const { code, stderr } = await kgdump(["import", target, "-i", meeting.dump, "--merge"]);
  t.is(code, 1, stderr);
  t.regex(stderr, /new\.kgdump-before.*another user's.*TARGET_EXISTS/s);
  t.false((await readdir(directory)).includes("new"));
});

testAsRoot("a FIFO of another user gets no dump, one's own does", async (t, meeting) => {
  const directory = await stickyDirectory(meeting);
  for (const [name, make] of [["hers", (path: string) => asMaya(`mkfifo -m 666 ${path}`)], ["own", (path: string) => run("mkfifo", [path])]] as const) {
    const path = join(directory, name);
    await make(path);
    const got = run("timeout", ["20", "cat", path], { encoding: "buffer", maxBuffer: 1e8 });
    const { code, stderr } = await kgdump(["export", meeting.own, "-o", path, ...AS_ROOT]);
    const { length } = (await got).stdout;
    if (name === "own") t.true(code === 0 && length > 1000, stderr);
    else t.true(code === 1 && length === 0 && /a FIFO of another user.*OUTPUT_EXISTS/s.test(stderr), stderr);
  }
  // Whoever has opened it has decided so.
  const opened = join(meeting.home, "opened");
  await asMaya(`mkfifo -m 666 ${opened}`);
  const got = run("timeout", ["20", "cat", opened], { encoding: "buffer", maxBuffer: 1e8 });
  const { code, stderr } = await shell(`kgdump export ${meeting.own} -o /dev/fd/3 ${AS_ROOT.join(" ")} 3> ${opened}`);
  t.true(code === 0 && (await got).stdout.length > 1000, stderr);
});

testAsRoot("a link to a block device is not written over", async (t, { home, secret, own }) => {
  const device = join(secret, "device");
  // 7:255 is a loop device that is bound to nothing.
  if (!(await run("mknod", [device, "b", "7", "255"]).then(() => true, () => false))) {
    t.log("SKIPPED: no device can be made here");
    t.pass();
    return;
  }
  await asMaya(`ln -s ${device} ${home}/out.kgd`);
  const { code, stderr } = await kgdump(["export", own, "-o", join(home, "out.kgd"), ...AS_ROOT]);
  t.is(code, 1, stderr);
  t.true((await lstat(device)).isBlockDevice());
});

testAsRoot("a log that is a link is not written through, one that is a FIFO is not waited for", async (t, { home, secret, own }) => {
  await asMaya(`ln -s ${secret}/file ${home}/link; ln -s ${secret}/made ${home}/dangling; mkfifo ${home}/fifo`);
  for (const name of ["link", "dangling", "fifo"]) {
    for (const words of [["migrate", "--from", own], ["rollback", own], ["migrate", "--from", own, "--dry-run"]]) {
      const { code, stderr } = await kgdump([...words, "--log", join(home, name), ...AS_ROOT]);
      t.is(code, 1, `${name}: ${stderr}`);
      t.regex(stderr, /log .* must be a file.*IO_FAILED/s);
    }
  }
  t.deepEqual((await readdir(secret)).sort(), ["file", "graph", "graph.kgd"]);
  t.is(await readFile(join(secret, "file"), "utf8"), "secret\n");
});

testAsRoot("a LOCK that is a link makes nothing where it leads", async (t, { secret, store }) => {
  await asMaya(`rm ${store}/LOCK; ln -s ${secret}/made ${store}/LOCK`);
  for (const words of [["migrate", "--from", store], ["compact", store], ["export", store, "-o", join(secret, "x.kgd")]]) {
    const { code, stderr } = await kgdump([...words, ...AS_ROOT]);
    t.not(code, words[0] === "export" ? null : 0, stderr);
    t.false((await readdir(secret)).includes("made"), words.join(" "));
  }
});

testAsRoot("a lock of another user's, in a directory like /tmp, is told and not waited for", async (t, meeting) => {
  const directory = await stickyDirectory(meeting);
  await asMaya(`touch ${directory}/.new.kgdump-lock; mkfifo ${directory}/.other.kgdump-lock`);
  for (const [name, told] of [["new", "PERMISSION_DENIED"], ["other", "PERMISSION_DENIED"]] as const) {
    const { code, stderr } = await kgdump(["import", join(directory, name), "-i", meeting.dump]);
    t.is(code, 1, stderr);
    t.regex(stderr, new RegExp(`belongs to another user.*${told}`, "s"));
  }
});

/** Exit code and words of a command that the other user runs. */
async function ofMaya(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await kgdump(args, { user: MAYA });
  return `${String(code)}\n${stdout.toString()}${stderr}`;
}

testAsRoot("what that user can't read: a store that only others may open is not damaged, and a file that can't be copied is told before the switch", async (t, { home, store, dump }) => {
  const sled = join(home, "sled");
  await importDump({ target: sled, input: dump });
  for (const directory of [sled, join(sled, "blobs")]) await chmod(directory, 0o755);
  t.regex(await ofMaya("status", sled), /^0\n/);
  const elsewhere = await mkdtemp("/dev/shm/kgdump-test-").catch(() => null);
  if (elsewhere !== null) t.teardown(() => rm(elsewhere, { recursive: true, force: true }));
  if (elsewhere === null || (await lstat(elsewhere)).dev === (await lstat(home)).dev) return;
  await give(elsewhere);
  await writeFile(join(store, "notes"), "of root's", { mode: 0o600 });
  t.regex(await ofMaya("migrate", store, "--backup-dir", elsewhere), /^1\n[^]*notes[^]*--backup-dir/);
  t.deepEqual((await readdir(home)).sort(), ["graph", "sled"]);
});

testAsRoot("a place where that user may not write is told before anything is written, whatever is to be put there", async (t, { common, home, store }) => {
  const beside = [["--dry-run"], ["--stream"], ["--live", "--stream"]];
  for (const [option, place, ways] of [["--backup-dir", common, beside], ["--to", join(common, "sled"), beside], ["--dump", join(common, "graph.kgd"), [["--dry-run"], [], ["--live"]]]] as const) {
    for (const way of ways) {
      const told = await ofMaya("migrate", store, option, place, ...way);
      t.regex(told, new RegExp(`^1\\n[^]*${common}[^]*PERMISSION_DENIED`), `${option} ${way.join(" ")}`);
      t.deepEqual(await readdir(home), ["graph"], told);
    }
  }
});

testAsRoot("a store of which that user can't tell whether it is in use is not put aside", async (t, { store }) => {
  t.regex(await ofMaya("migrate", store), /^0\n/);
  await chown(join(store, "db"), 0, 0);
  await chmod(join(store, "db"), 0o600);
  t.regex(await ofMaya("rollback", store, "--discard-new"), /it is unknown whether a program has .* open.*PERMISSION_DENIED/s);
  t.true((await readdir(store)).includes("db"));
});
