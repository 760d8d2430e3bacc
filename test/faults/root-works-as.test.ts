/** Root on another user's places: the work is done as that user, what comes of it is that user's, and what that user put there leads nowhere. */
import { chmod, chown, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ExecutionContext } from "ava";
import { kgdump, shell } from "../cli/support/run.js";
import { asMaya, give, MAYA, type Meeting, owners, testAsRoot } from "./other-users.js";

/** The usual case: the store is in a directory of root's, as /var/lib is. */
async function inRootsDirectory({ common, store }: Meeting): Promise<string> {
  const library = join(common, "lib");
  await mkdir(library, { mode: 0o755 });
  await rename(store, join(library, "graph"));
  return join(library, "graph");
}

const PLACES: Readonly<Record<string, (meeting: Meeting) => Promise<string>>> = {
  "in that user's directory": ({ store }) => Promise.resolve(store),
  "in a directory of root's": inRootsDirectory,
};

/** Everything below and beside a store belongs to the other user, and the store is no more open than it was. */
async function isMayas(t: ExecutionContext, store: string, what: string): Promise<void> {
  const all = (await owners(dirname(store))).slice(1);
  t.true(all.length > 3, what);
  for (const line of all) t.true(line.includes(` ${MAYA.toString()}:${MAYA.toString()} `), `${what}: ${line}`);
}

async function succeeds(t: ExecutionContext, words: readonly string[], user?: number): Promise<string> {
  const { code, stderr, stdout } = await kgdump(words, user === undefined ? {} : { user });
  t.is(code, 0, `${words.join(" ")}: ${stderr}`);
  return stdout.toString();
}

for (const [where, place] of Object.entries(PLACES)) {
  testAsRoot(`a migration, its journal and its way back: a store ${where}`, async (t, meeting) => {
    const store = await place(meeting);
    const before = (await owners(store)).filter((line) => !line.startsWith("LOCK "));
    for (const way of [["--stream"], ["--dump", `${store}.kgd`], ["--no-keep-dump"]]) {
      await succeeds(t, ["migrate", "--from", store, ...way]);
      await isMayas(t, store, `migrate ${way.join(" ")}`);
      await succeeds(t, ["status", store], MAYA);
      await succeeds(t, ["rollback", store]);
      await isMayas(t, store, "rollback");
      t.deepEqual((await owners(store)).filter((line) => !line.startsWith("LOCK ")), before);
      await rm(`${store}.kgd`, { force: true });
    }
    await succeeds(t, ["migrate", "--from", store, "--live"]);
    await isMayas(t, store, "migrate --live");
    await succeeds(t, ["compact", store, "--remove-original"]);
    await isMayas(t, store, "compact");
    await succeeds(t, ["rollback", store, "--carry-back"]);
    await isMayas(t, store, "rollback --carry-back");
    // Nothing else is left of it all.
    t.deepEqual((await readdir(dirname(store))).filter((name) => name.startsWith(".")), []);
  });

  testAsRoot(`the service itself goes on with what root did: a store ${where}`, async (t, meeting) => {
    const store = await place(meeting);
    await succeeds(t, ["migrate", "--from", store]);
    await succeeds(t, ["verify", join(meeting.secret, "graph.kgd"), "--against", store]);
    await succeeds(t, ["migrate", "--from", store, "--engine", "sled"], MAYA);
    await succeeds(t, ["export", store, "-o", "/dev/null"], MAYA);
    t.is((await kgdump(["status", store], { user: MAYA })).code, 0);
  });
}

testAsRoot("an interrupted migration is finished, whoever begins it again", async (t, meeting) => {
  const store = await inRootsDirectory(meeting);
  await succeeds(t, ["migrate", "--from", store]);
  const path = `${store}.kgdump-migration.json`;
  const journal = JSON.parse(await readFile(path, "utf8")) as { backup: string; building: string };
  await rename(store, journal.building);
  await rename(journal.backup, store);
  await writeFile(path, JSON.stringify({ ...journal, step: "imported" }));
  await succeeds(t, ["migrate", "--from", store]);
  await isMayas(t, store, "the second migration");
});

testAsRoot("a new store in another user's directory is that user's, from a dump that only root may read", async (t, { home, dump, secret }) => {
  for (const [name, words] of Object.entries({ sled: ["import"], rocksdb: ["restore"] })) {
    const target = join(home, "new", name);
    await asMaya(`mkdir -p ${join(home, "new")}`);
    await succeeds(t, [...words, target, "-i", dump]);
    await isMayas(t, target, name);
    await succeeds(t, ["import", join(home, "new", "sled"), "-i", dump, "--merge"]);
  }
  t.is((await lstat(join(secret, "graph.kgd"))).uid, 0);
});

testAsRoot("a dump of another user's store goes into a directory that only root may read", async (t, { secret, store }) => {
  const output = join(secret, "hers.kgd");
  await succeeds(t, ["export", store, "-o", output]);
  await succeeds(t, ["export", store, "-o", output, "--force"]);
  t.is((await kgdump(["export", store, "-o", output])).code, 1);
  await succeeds(t, ["verify", output, "--against", store]);
  t.deepEqual((await readdir(secret)).sort(), ["file", "graph", "graph.kgd", "hers.kgd"]);
  t.is((await lstat(output)).mode & 0o777, 0o600);
});

testAsRoot("a store whose members are links to a private one gives nothing of that", async (t, meeting) => {
  const { secret, own, home } = meeting;
  for (const [where, place] of Object.entries(PLACES)) {
    const store = await place(meeting);
    await rm(store, { recursive: true });
    await mkdir(store);
    for (const name of await readdir(own)) if (name !== "LOCK") await symlink(join(own, name), join(store, name));
    await give(store);
    for (const words of [["migrate", "--from", store], ["export", store, "-o", join(home, "x.kgd")], ["compact", store], ["recover", store, "-o", join(home, "y.kgd")]]) {
      const { code, stderr } = await kgdump(words);
      t.not(code, 0, `${words.join(" ")} ${where}: ${stderr}`);
      t.notRegex(stderr, /INTERNAL/);
    }
    const left = await readdir(home);
    t.false(left.includes("x.kgd") || left.includes("y.kgd"), where);
    await rm(store, { recursive: true });
    await cp(own, store, { recursive: true });
    await give(store);
  }
  t.is(await readFile(join(secret, "file"), "utf8"), "secret\n");
});

testAsRoot("root does not work where everybody writes, or where several users could put something else; --as-root does", async (t, meeting) => {
  const { common, own, dump, store } = meeting;
  const [open, hers] = [join(common, "open dir"), join(common, "other")];
  await mkdir(open);
  await mkdir(hers);
  await give(hers, MAYA + 1);
  await chmod(open, 0o777);
  await cp(own, join(open, "graph"), { recursive: true });
  const everybody = await kgdump(["migrate", "--from", join(open, "graph"), "--stream"]);
  t.is(everybody.code, 1, everybody.stderr);
  t.regex(everybody.stderr, /anyone who may write to .*open dir.*PERMISSION_DENIED/s);
  t.true(everybody.stderr.includes(`kgdump migrate --from '${join(open, "graph")}' --stream --as-root`), everybody.stderr);
  const several = await kgdump(["export", store, "-o", join(hers, "x.kgd")]);
  t.is(several.code, 1, several.stderr);
  t.regex(several.stderr, /belong to different users.*PERMISSION_DENIED.*sudo -u '#54321' kgdump export/s);
  t.deepEqual(await readdir(hers), []);
  await succeeds(t, ["migrate", "--from", join(open, "graph"), "--stream", "--as-root"]);
  await succeeds(t, ["export", store, "-o", join(hers, "x.kgd"), "--as-root"]);
  // A store that root alone may change needs no word.
  await succeeds(t, ["import", join(common, "new"), "-i", dump]);
  t.is((await lstat(join(common, "new"))).uid, 0);
});

testAsRoot("what that user may not read is told, with what to do", async (t, { store }) => {
  for (const name of await readdir(store)) await chown(join(store, name), 0, 0);
  await chmod(join(store, "CURRENT"), 0o600);
  const { code, stderr } = await kgdump(["export", store, "-o", "/dev/null"]);
  t.is(code, 1, stderr);
  t.regex(stderr, /PERMISSION_DENIED.*works as #54321 here.*chown.*--as-root/s);
});

testAsRoot("a group that is not that user's: root gives it on in its own directory, elsewhere it is left out with its rights", async (t, meeting) => {
  const group = 23_456;
  const give = async (store: string): Promise<void> => {
    for (const path of [store, ...(await readdir(store)).map((name) => join(store, name))]) await chown(path, MAYA, group);
    for (const name of await readdir(store)) await chmod(join(store, name), 0o640);
    await chmod(store, 0o750);
  };
  await give(meeting.store);
  const about = async (store: string): Promise<string[]> => [...new Set((await owners(store)).map((line) => line.slice(line.indexOf(" ") + 1)))];
  await succeeds(t, ["migrate", "--from", meeting.store, "--stream"], MAYA);
  t.deepEqual(await about(meeting.store), [`${MAYA.toString()}:${MAYA.toString()} 700`, `${MAYA.toString()}:${MAYA.toString()} 600`]);
  await succeeds(t, ["rollback", meeting.store]);
  const store = await inRootsDirectory(meeting);
  await succeeds(t, ["migrate", "--from", store, "--stream"]);
  t.deepEqual(await about(store), [`${MAYA.toString()}:${group.toString()} 750`, `${MAYA.toString()}:${group.toString()} 640`]);
});

testAsRoot("root that stays root gives the new store, its way back and what is merged to the owner of the store", async (t, meeting) => {
  const store = await inRootsDirectory(meeting);
  const before = await owners(store);
  await succeeds(t, ["migrate", "--from", store, "--as-root"]);
  t.true((await owners(store)).every((line) => line.includes(` ${MAYA.toString()}:`)));
  await succeeds(t, ["import", store, "-i", meeting.dump, "--merge", "--as-root"]);
  t.true((await owners(store)).every((line) => line.includes(` ${MAYA.toString()}:`)));
  await succeeds(t, ["status", store], MAYA);
  await succeeds(t, ["rollback", store, "--as-root"]);
  t.deepEqual(await owners(store), before);
});

testAsRoot("a log that root has begun stays root's, a new one is that user's", async (t, { common, home, store }) => {
  const [old, made] = [join(common, "old.log"), join(common, "new.log")];
  await writeFile(old, "begun\n", { mode: 0o600 });
  await succeeds(t, ["migrate", store, "--log", old]);
  await succeeds(t, ["rollback", store, "--log", made]);
  t.deepEqual(await Promise.all([old, made].map(async (path) => (await lstat(path)).uid)), [0, (await lstat(home)).uid]);
  t.regex(await readFile(old, "utf8"), /^begun\n.*migration/);
});

testAsRoot("who may change the settings file says what is worked on: root works as that user", async (t, { home, own, store }) => {
  const config = join(home, "storage.toml");
  for (const path of [own, store]) {
    await asMaya(`printf '[storage]\\npath = "%s"\\n' '${path}' > ${config}`);
    const { code, stderr } = await kgdump(["migrate", "--config", config, "--stream"]);
    if (path === store) t.is(code, 0, stderr);
    else t.true(code === 1 && stderr.includes("PERMISSION_DENIED"), stderr);
    t.true((await readdir(own)).includes("CURRENT"));
  }
  await isMayas(t, store, "by the settings file");
});

testAsRoot("pipes and files that root's shell opened are read and written, by any name", async (t, meeting) => {
  const { dump, home, store, secret } = meeting;
  const library = join(meeting.common, "lib");
  await mkdir(library, { mode: 0o755 });
  await cp(store, join(library, "graph"), { recursive: true });
  await give(join(library, "graph"));
  for (const [where, kept] of [[home, store], [library, join(library, "graph")]] as const) {
    const ways = [`import ${where}/a -i <(cat ${dump})`, `restore ${where}/b -i /dev/stdin < <(cat ${dump})`, `import ${where}/c -i /dev/fd/0 < ${dump}`, `import ${where}/c --merge -i /dev/stdin < ${dump}`, `verify /dev/stdin --against ${kept} < ${dump}`, `verify <(cat ${dump}) --against ${kept}`];
    // By its name a file is read from its beginning, wherever the shell has read it to.
    const behind = await shell(`{ head -c 100 > ${secret}/head; kgdump verify /dev/stdin --against ${kept}; } < ${dump}`);
    t.is(behind.code, 0, behind.stderr);
    for (const way of ways) {
      const { code, stderr } = await shell(`kgdump ${way}`);
      t.is(code, 0, `${way}: ${stderr}`);
    }
    for (const name of ["/dev/stdout", "/dev/fd/1", "-"]) {
      for (const to of [`| cat > ${secret}/piped`, `> ${secret}/piped`]) {
        const { code, stderr } = await shell(`kgdump export ${kept} -o ${name} ${to}`);
        t.is(code, 0, `${name} ${to}: ${stderr}`);
        await succeeds(t, ["verify", join(secret, "piped"), "--against", kept]);
      }
    }
    const other = await shell(`kgdump export ${kept} -o >(cat > /dev/null)`);
    t.is(other.code, 1, other.stderr);
    t.regex(other.stderr, /PERMISSION_DENIED.*can't open that anew: name the pipe with -/s);
  }
});
