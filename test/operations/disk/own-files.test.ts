/** A changed copy that takes a store's place shares nothing with it: links and mounts within a store are refused by name, and hard links are copied. */
import { spawnSync } from "node:child_process";
import { cp, link, mkdir, readdir, readFile, readlink, realpath, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openSledSink } from "#src/engines/sled/sled.js";
import { encodeEntries } from "#src/format/index.js";
import { refuseFilesElsewhere } from "#src/operations/disk/own-files.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { sledCheck, sledWrite } from "../../checker/run.js";
import { kgdump, KGDUMP } from "../../cli/support/run.js";
import { killAt, moments, must, run } from "../../faults/kills.js";
import { fingerprint, inParallel } from "../../faults/support.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";

/** Interruptions of imports into stores with links. */
const INTERRUPTIONS = Number(process.env.KGDUMP_KILLS ?? 20);

interface Ground {
  readonly directory: string;
  /** A store with value files, and what it is to become. */
  readonly store: string;
  readonly delta: string;
  readonly before: string;
  readonly after: string;
}

async function ground(t: ExecutionContext): Promise<Ground> {
  const directory = await realpath(await temporaryDirectory(t));
  const [store, changed, before, after, delta] = ["store", "changed", "before.kgd", "after.kgd", "delta.kgd"].map((name) => join(directory, name)) as [string, string, string, string, string];
  await sledWrite(store, ["random 7 1500", ...Array.from({ length: 6 }, (_, index) => `fill 6b0${String(index)} 700000 ${String(index + 1)}`)]);
  // Sled writes a snapshot when it opens a store.
  await sledCheck(store);
  await exportStore({ store, output: before });
  await cp(store, changed, { recursive: true });
  {
    await using sink = await openSledSink(changed, { create: false });
    const entries = Array.from({ length: 6 }, (_, index) => ({ key: Buffer.from([0x6b, index]), value: Buffer.alloc(650_000, 100 + index) }));
    await sink.apply(Buffer.from("default"), encodeEntries(entries), "overwrite");
    await sink.flush();
  }
  await exportStore({ store: changed, base: [before], output: delta });
  await exportStore({ store: changed, output: after });
  return { directory, store, delta, before, after };
}

async function isAs(dump: string, store: string): Promise<boolean> {
  return (await verifyDump({ input: dump, against: store })).against?.equal === true;
}

/** Moves a part of a store to another directory, and leaves a link to it. */
async function linkOut({ directory, store }: Ground, name: string): Promise<string> {
  const elsewhere = join(directory, "elsewhere");
  await mkdir(elsewhere, { recursive: true });
  await rename(join(store, name), join(elsewhere, name));
  await symlink(join(elsewhere, name), join(store, name));
  return elsewhere;
}

const snapshotOf = async (store: string): Promise<string> => (await readdir(store)).find((name) => name.startsWith("snap.")) ?? "none";

test("links within a store are refused by name before anything is written", async (t) => {
  for (const part of ["blobs", "db", "conf", "snap", "value"]) {
    const here = await ground(t);
    const values = await readdir(join(here.store, "blobs"));
    const name = part === "snap" ? await snapshotOf(here.store) : part === "value" ? join("blobs", values[0] ?? "") : part;
    if (part === "value") await mkdir(join(here.directory, "elsewhere", "blobs"), { recursive: true });
    await linkOut(here, name);
    const before = await fingerprint(here.directory);
    await t.throwsAsync(importDump({ target: here.store, input: here.delta }), { code: "STORE_UNSUPPORTED", message: new RegExp(`${name}.* is a symbolic link to `) }, part);
    t.is(await fingerprint(here.directory), before, part);
    t.true(await isAs(here.before, here.store), part);
    // What writes into the store itself needs no copy.
    if (part !== "blobs") continue;
    await importDump({ target: here.store, input: here.after, merge: true });
    t.true(await isAs(here.after, here.store));
    t.deepEqual((await readdir(join(here.directory, "elsewhere"))), ["blobs"]);
  }
});

test("a pipe is refused by name; what others put into a store goes with it", async (t) => {
  const here = await ground(t);
  await symlink("../nowhere", join(here.store, "notes"));
  await mkdir(join(here.store, "lost+found"));
  spawnSync("mkfifo", [join(here.store, "pipe")]);
  await t.throwsAsync(importDump({ target: here.store, input: here.delta }), { code: "STORE_UNSUPPORTED", message: /pipe is no file/ });
  await rm(join(here.store, "pipe"));
  t.is((await importDump({ target: here.store, input: here.delta })).delta, "applied");
  t.true(await isAs(here.after, here.store));
  t.is(await readlink(join(here.store, "notes")), "../nowhere");
});

test("files that have other names elsewhere are not changed there", async (t) => {
  const here = await ground(t);
  const other = join(here.directory, "other");
  await mkdir(join(other, "blobs"), { recursive: true });
  for (const name of await readdir(here.store, { recursive: true, withFileTypes: true })) {
    const path = join(name.parentPath, name.name);
    if (name.isFile()) await link(path, path.replace(here.store, other));
  }
  const before = await readFile(join(other, "db"));
  t.is((await importDump({ target: here.store, input: here.delta })).delta, "applied");
  t.true(await isAs(here.after, here.store));
  t.deepEqual(await readFile(join(other, "db")), before);
  t.true(await isAs(here.before, other));
});

test("mounts within a store, and a store that is one, are refused by name", async (t) => {
  const here = await ground(t);
  const blobs = join(here.directory, "blobs");
  await mkdir(blobs);
  await cp(join(here.store, "blobs"), blobs, { recursive: true });
  const inside = (mounts: string): ReturnType<typeof spawnSync> =>
    spawnSync("unshare", ["-Urm", "sh", "-c", `${mounts} && exec "$0" "$@"`, process.execPath, KGDUMP, "import", here.store, "-i", here.delta], { encoding: "utf8" });
  const [S, B] = [here.store, blobs];
  const possible = spawnSync("unshare", ["-Urm", "mount", "--bind", B, join(S, "blobs")]).status === 0;
  if (!possible) t.log("this system lets nobody mount");
  const mounts: readonly (readonly [string, RegExp])[] = [
    [`mount --bind ${B} ${join(S, "blobs")}`, /blobs is mounted there from another place/],
    [`mount --bind ${join(S, "db")} ${join(S, "db")}`, /db is mounted there/],
    [`mount -t tmpfs none ${join(S, "blobs")}`, /blobs is mounted there|value's file is missing/],
    [`mount --bind ${S} ${S}`, /is a mount point/],
  ];
  const before = await fingerprint(here.directory);
  for (const [mount, message] of possible ? mounts : []) {
    const { status, stderr } = inside(mount);
    t.not(status, 0, mount);
    t.regex(String(stderr), message);
    t.is(await fingerprint(here.directory), before, mount);
  }
  await t.notThrowsAsync(refuseFilesElsewhere(here.store, "sled"));
  t.true(await isAs(here.before, here.store));
});

test("whatever moment a kill or Ctrl-C hits an import of a delta, the store is old or new, whole, with links and without", async (t) => {
  t.timeout(60 * 60_000);
  const here = await ground(t);
  const again = await ground(t);
  const linked = { ...again };
  const elsewhere = await linkOut(linked, "blobs");
  const started = performance.now();
  {
    const trial = join(here.directory, "trial");
    await cp(here.store, trial, { recursive: true });
    t.is((await kgdump(["import", trial, "-i", here.delta, "-q"])).code, 0);
  }
  const whole = performance.now() - started;
  const outcomes = new Map<string, number>();
  const faults: string[] = [];
  await inParallel(moments(INTERRUPTIONS, whole, loggedSeed(t)), 2, async (moment, index) => {
    const isLinked = index % 3 === 0;
    const cwd = join(here.directory, `run-${String(index)}`);
    await mkdir(cwd);
    const store = join(cwd, "store");
    await cp(isLinked ? linked.store : here.store, store, { recursive: true, verbatimSymlinks: true });
    if (isLinked) {
      await cp(elsewhere, join(cwd, "elsewhere"), { recursive: true });
      await rm(join(store, "blobs"));
      await symlink(join(cwd, "elsewhere", "blobs"), join(store, "blobs"));
    }
    try {
      const { code } = await killAt(cwd, () => run(cwd, ["import", store, "-i", here.delta, "-q"], index % 2 === 0 ? "SIGKILL" : "SIGINT"), moment);
      const outcome = (await isAs(here.after, store)) ? "new" : (await isAs(here.before, store)) ? "old" : "neither";
      outcomes.set(`${outcome}${isLinked ? ", linked" : ""}`, (outcomes.get(`${outcome}${isLinked ? ", linked" : ""}`) ?? 0) + 1);
      must(outcome !== "neither", `it is neither old nor new (exit ${String(code)})`);
      must(!isLinked || outcome === "old", "a store with links was changed");
      // The crate as it is published can open it.
      await sledCheck(store);
      if (!isLinked) {
        must((await kgdump(["import", store, "-i", here.delta, "-q"])).code === 0, "another import fails");
        must(await isAs(here.after, store), "another import did not do it");
        // A directory that was made a moment ago may get its owner's name yet: an empty one stays for a minute.
        for (const name of await readdir(cwd)) must(name === "store" || (await readdir(join(cwd, name))).every((one) => one === "owner.json"), `${name} is left beside it`);
      }
    } catch (error) {
      faults.push(`${String(index)} at ${JSON.stringify(moment)}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await rm(cwd, { recursive: true, force: true });
  });
  t.log([...outcomes].map(([what, times]) => `${String(times)} ${what}`).join(", "));
  t.deepEqual(faults, []);
});
