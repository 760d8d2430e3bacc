/** `--owner` and `--mode`: whose a new store is, and who else may open it. */
import { copyFile, link, lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { kgdump } from "../cli/support/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { give, MAYA, owners, testAsRoot } from "./other-users.js";

const GROUP = 23_456;

/** Owner and mode of a store and of all in it, each once. */
async function about(store: string): Promise<string[]> {
  return [...new Set((await owners(store)).map((line) => line.slice(line.lastIndexOf(" ", line.lastIndexOf(" ") - 1) + 1)))].sort();
}

testAsRoot("a new store is whose root says, and as open: that user's service opens it", async (t, { common, own, dump }) => {
  const library = join(common, "lib");
  await mkdir(library, { mode: 0o755 });
  const makers = { sled: ["import"], rocksdb: ["restore"], recovered: ["recover", own, "--to"] };
  for (const [name, words] of Object.entries(makers)) {
    const store = join(library, name);
    const input = words[0] === "recover" ? [] : ["-i", dump];
    const made = await kgdump([...words, store, ...input, "--owner", `${MAYA.toString()}:${GROUP.toString()}`, "--mode", "750"]);
    t.is(made.code, 0, made.stderr);
    t.deepEqual(await about(store), [`${MAYA.toString()}:${GROUP.toString()} 640`, `${MAYA.toString()}:${GROUP.toString()} 750`], name);
    const read = await kgdump(["export", store, "-o", "-"], { user: MAYA });
    t.is(read.code, 0, read.stderr);
  }
  t.deepEqual((await readdir(library)).filter((name) => name.startsWith(".")), []);
});

testAsRoot("names are looked up; a user's group is the one that the system knows", async (t, { common, dump }) => {
  const [, uid = "", gid = ""] = /^daemon:[^:]*:(\d+):(\d+)/m.exec(await readFile("/etc/passwd", "utf8")) ?? [];
  for (const [index, owner] of ["daemon", "daemon:daemon", uid, `daemon:${gid}`].entries()) {
    const store = join(common, `of-daemon-${index.toString()}`);
    const made = await kgdump(["import", store, "-i", dump, "--owner", owner]);
    t.is(made.code, 0, made.stderr);
    t.deepEqual(await about(store), [`${uid}:${gid} 600`, `${uid}:${gid} 700`], owner);
  }
  const wrong = {
    "no-such-user": /knows no user no-such-user.*USAGE.*getent passwd/s,
    "daemon:no-such-group": /knows no group no-such-group.*USAGE.*getent group/s,
    [MAYA.toString()]: /names no group.*USAGE.*--owner 54321:GROUP/s,
    "daemon:4294967295": /knows no group 4294967295.*USAGE/s,
    "daemon:": /'daemon:' is not USER or USER:GROUP.*USAGE/s,
    4294967295: /knows no user 4294967295.*USAGE/s,
  };
  for (const [owner, pattern] of Object.entries(wrong)) {
    const { code, stderr } = await kgdump(["import", join(common, "new"), "-i", dump, "--owner", owner]);
    t.is(code, 2, stderr);
    t.regex(stderr, pattern);
  }
  t.false((await readdir(common)).includes("new"));
});

testAsRoot("in another user's directory a store can be that user's only", async (t, { home, ...meeting }) => {
  const dump = join(home, "hers.kgd");
  await copyFile(meeting.dump, dump);
  await give(dump);
  const same = await kgdump(["import", join(home, "same"), "-i", dump, "--owner", `${MAYA.toString()}:${MAYA.toString()}`, "--mode", "755"]);
  t.is(same.code, 0, same.stderr);
  t.deepEqual(await about(join(home, "same")), [`${MAYA.toString()}:${MAYA.toString()} 644`, `${MAYA.toString()}:${MAYA.toString()} 755`]);
  for (const owner of ["daemon", `${MAYA.toString()}:${GROUP.toString()}`]) {
    const { code, stderr } = await kgdump(["import", join(home, "new"), "-i", dump, "--owner", owner]);
    t.is(code, 1, stderr);
    t.regex(stderr, /works as user 54321 here.*can't give a store to.*PERMISSION_DENIED.*--as-root/s);
  }
  t.false((await readdir(home)).some((name) => name.includes("new")));
  const asRoot = await kgdump(["import", join(home, "new"), "-i", dump, "--owner", "daemon", "--as-root"]);
  t.is(asRoot.code, 0, asRoot.stderr);
});

testAsRoot("a link to a file of root's among the files of a store does not give that file away", async (t, { common, store, dump }) => {
  const [library, file] = [join(common, "lib"), join(common, "root's")];
  await mkdir(library, { mode: 0o755 });
  const sled = join(library, "sled");
  const imported = await kgdump(["import", sled, "-i", dump, "--owner", `${MAYA.toString()}:${MAYA.toString()}`]);
  t.is(imported.code, 0, imported.stderr);
  await writeFile(file, "root's", { mode: 0o644 });
  for (const [path, words] of Object.entries({ [sled]: ["import", sled, "-i", dump, "--merge"], [store]: ["migrate", "--from", store] })) {
    await link(file, join(path, "linked"));
    const { stderr } = await kgdump(words);
    t.is((await lstat(file)).uid, 0, `${words.join(" ")}: ${stderr}`);
  }
});

testAsRoot("only root gives a store away", async (t, { home, store }) => {
  const dump = join(home, "hers.kgd");
  await kgdump(["export", store, "-o", dump], { user: MAYA });
  const { code, stderr } = await kgdump(["import", join(home, "new"), "-i", dump, "--owner", MAYA.toString()], { user: MAYA });
  t.is(code, 1, stderr);
  t.regex(stderr, /only root may give.*PERMISSION_DENIED.*leave --owner out/s);
});

test("a new store has the mode that is given, and one that exists keeps its own", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "graph", { default: numbered("k", 20) });
  const dump = join(directory, "graph.kgd");
  await exportStore({ store, output: dump });
  const sled = join(directory, "sled");
  for (const words of [["import", sled], ["restore", join(directory, "rocksdb")]]) {
    const { code, stderr } = await kgdump([...words, "-i", dump, "--mode", "0750"]);
    t.is(code, 0, stderr);
    t.deepEqual((await about(words[1] ?? "")).map((line) => line.split(" ")[1]), ["640", "750"]);
  }
  const merged = await kgdump(["import", sled, "-i", dump, "--merge", "--mode", "700"]);
  t.is(merged.code, 2, merged.stderr);
  t.regex(merged.stderr, /--mode is for a new store.*USAGE.*chmod/s);
  t.is((await lstat(sled)).mode & 0o777, 0o750);
  for (const mode of ["600", "1777", "u=rwx", "0o750", "788", ""]) t.is((await kgdump(["import", join(directory, "new"), "-i", dump, "--mode", mode])).code, 2, mode);
  t.is((await kgdump(["recover", store, "-o", join(directory, "x.kgd"), "--mode", "750"])).code, 2);
});
