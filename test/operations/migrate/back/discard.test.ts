/** Going back whatever became of the new store: the original comes back, and what is in its place is kept as it is. */
import { spawnSync } from "node:child_process";
import { lstat, mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { KgdumpError } from "#src/errors.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { encodeEntries } from "#src/format/index.js";
import { nameIsTaken } from "#src/operations/disk/names.js";
import { occupantOf } from "#src/operations/disk/places.js";
import { exportStore } from "#src/operations/export/export.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { readJournal, writeJournal } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { putBack } from "#src/operations/migrate/switch/put-back.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { sledHold } from "../../../checker/run.js";
import { KGDUMP, kgdump } from "../../../cli/support/run.js";
import { fingerprint } from "../../../faults/support.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

interface Ground {
  readonly directory: string;
  /** A store that was migrated, and written to since. */
  readonly path: string;
  /** A dump of the original. */
  readonly before: string;
}

async function migrated(t: ExecutionContext, target?: string): Promise<Ground> {
  const directory = await temporaryDirectory(t);
  const source = await makeStore(directory, "graph", { default: numbered("k", 500), nodes: { a: "1" } });
  const before = join(directory, "before.kgd");
  await exportStore({ store: source, output: before });
  const path = target === undefined ? source : join(directory, target);
  await migrateStore({ source, target: path, keepDump: false });
  {
    await using sink = await openSledSink(path, { create: false });
    await sink.apply(Buffer.from("nodes"), encodeEntries([{ key: Buffer.from("new"), value: Buffer.alloc(400_000, 7) }]), "overwrite");
    await sink.flush();
  }
  return { directory, path, before };
}

const first = async (path: string, name: RegExp): Promise<string> => join(path, (await readdir(path)).find((one) => name.test(one)) ?? "none");

async function flip(file: string, share: number): Promise<void> {
  const bytes = await readFile(file);
  const at = Math.min(bytes.length - 1, Math.floor(bytes.length * share));
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  await writeFile(file, bytes);
}

/** Puts something of somebody else's where the store was. */
const instead = (make: (path: string) => Promise<unknown>) => async (path: string): Promise<void> => {
  await rm(path, { recursive: true });
  await make(path);
};

/** What may become of a store. */
const STATES: Record<string, (path: string) => Promise<unknown>> = {
  ...Object.fromEntries([0, 0.1, 0.5, 0.9, 1].map((share) => [`a flipped byte at ${String(share)} of db`, (path: string) => flip(join(path, "db"), share)])),
  "a flipped byte in conf": (path) => flip(join(path, "conf"), 0.5),
  "a flipped byte in a value file": async (path) => flip(await first(join(path, "blobs"), /./), 0.5),
  "a flipped byte in the snapshot": async (path) => flip(await first(path, /^snap\./), 0.5),
  "db is empty": (path) => truncate(join(path, "db")),
  "db is cut": (path) => truncate(join(path, "db"), 700_000),
  "db is gone": (path) => rm(join(path, "db")),
  "db is a directory": async (path) => {
    await rm(join(path, "db"));
    await mkdir(join(path, "db"));
  },
  "db is a link that leads nowhere": async (path) => {
    await rm(join(path, "db"));
    await symlink("/nowhere/at/all", join(path, "db"));
  },
  "db is a pipe": async (path) => {
    await rm(join(path, "db"));
    spawnSync("mkfifo", [join(path, "db")]);
  },
  "conf is gone": (path) => rm(join(path, "conf")),
  "conf is empty": (path) => truncate(join(path, "conf")),
  "conf is nobody's": (path) => writeFile(join(path, "conf"), "nothing of sled's, and long"),
  "only conf is left": async (path) => {
    for (const name of ["db", "blobs"]) await rm(join(path, name), { recursive: true });
    await rm(await first(path, /^snap\./), { force: true });
  },
  "value files are gone": (path) => rm(join(path, "blobs"), { recursive: true }),
  "a snapshot is half written": (path) => writeFile(join(path, "snap.00000000FFFFFFFF.generating"), "half"),
  "the snapshot is empty": async (path) => truncate(await first(path, /^snap\./)),
  "another version of sled": (path) => writeFile(join(path, "conf"), "segment_size: 524288\nuse_compression: false\nversion: 0.31\n\0\0\0\0"),
  "trees of others": async (path) => {
    await using sink = await openSledSink(path, { create: false });
    for (const name of ["__sled__tree:default", "", "\0", "x".repeat(300)]) await sink.createKeyspace(Buffer.from(name));
  },
  "the directory is gone": instead(() => Promise.resolve()),
  "the directory is empty": instead((path) => mkdir(path)),
  "a file": instead((path) => writeFile(path, "what is this?")),
  "an empty file": instead((path) => writeFile(path, "")),
  "a link that leads nowhere": instead((path) => symlink("/nowhere/at/all", path)),
  "a link to a directory of others": instead((path) => symlink("/usr", path)),
  "a directory of others": instead(async (path) => {
    await mkdir(path);
    await writeFile(join(path, "notes.txt"), "mine");
  }),
  "a RocksDB store of others": instead(async (path) => makeStore(join(path, ".."), basename(path), { default: { other: "1" } })),
  "a link to the backup": async (path) => {
    const journal = await readJournal(path);
    await rm(path, { recursive: true });
    await symlink(journal?.backup ?? "", path);
  },
};

/** What is there, told by type, names and content; null for nothing. */
async function described(path: string): Promise<string | null> {
  if (!(await nameIsTaken(path))) return null;
  const info = await lstat(path);
  if (info.isSymbolicLink()) return "link";
  if (info.isFile()) return `file ${(await readFile(path)).toString("hex")}`;
  return (await readdir(path, { recursive: true })).sort().join("\n");
}

async function holds(t: ExecutionContext, path: string, dump: string, what: string): Promise<void> {
  t.is(await occupantOf(path), "rocksdb", what);
  t.true((await verifyDump({ input: dump, against: path })).against?.equal, what);
}

test("the original comes back whatever became of the sled store, which is kept as it is", async (t) => {
  for (const [what, ruin] of Object.entries(STATES)) {
    const { path, before } = await migrated(t);
    await ruin(path);
    const ruined = await described(path);
    const { status, aside } = await rollbackStore({ target: path, discardNew: true });
    t.is(status, "rolled-back", what);
    await holds(t, path, before, what);
    t.is(aside === null ? null : await described(aside), ruined, what);
    t.is((await rollbackStore({ target: path, discardNew: true })).status, "already", what);
  }
});

test("the same with a target of its own: the original stays, and what is at the target goes", async (t) => {
  for (const what of ["db is empty", "the directory is gone", "a file", "a link that leads nowhere", "conf is gone"]) {
    const { directory, path, before } = await migrated(t, "sled");
    await STATES[what]?.(path);
    const ruined = await described(path);
    const { aside, source } = await rollbackStore({ target: path, discardNew: true });
    t.is(source, join(directory, "graph"));
    await holds(t, source, before, what);
    t.false(await nameIsTaken(path), what);
    t.is(aside === null ? null : await described(aside), ruined, what);
  }
});

test("it is finished after a kill at each of its steps", async (t) => {
  for (const what of ["a file", "db is gone", "a RocksDB store of others"]) {
    for (const step of ["begun", "exchanged", "aside"] as const) {
      const { path, before } = await migrated(t);
      await STATES[what]?.(path);
      const ruined = await described(path);
      const journal = await readJournal(path);
      if (typeof journal?.backup !== "string") throw new Error("no journal");
      const aside = `${path}.sled-then`;
      await writeJournal({ ...journal, step: "rolling-back", rollback: { incoming: journal.backup, aside, original: null } });
      if (step === "exchanged" && what !== "a RocksDB store of others") {
        await rename(path, `${path}.x`);
        await rename(journal.backup, path);
        await rename(`${path}.x`, journal.backup);
      } else if (step === "aside") await rename(path, aside);
      t.like(await rollbackStore({ target: path }), { status: "rolled-back", aside }, `${what}, ${step}`);
      await holds(t, path, before, what);
      t.is(await described(aside), ruined);
    }
  }
});

test("a store that is in use is left alone, as is one of which that can't be told, and an original that is gone", async (t) => {
  const { path, before } = await migrated(t);
  const service = await sledHold(path);
  const inUse = await t.throwsAsync(rollbackStore({ target: path }), { code: "STORE_IN_USE" });
  // Nothing is wrong with it.
  t.notRegex(inUse.message, /that the migration made can't be/);
  await service.release();
  await rm(join(path, "conf"));
  await writeFile(join(path, "conf"), "");
  const holder = await sledHold(path);
  await t.throwsAsync(rollbackStore({ target: path, discardNew: true }), { code: "STORE_IN_USE" });
  t.is(await occupantOf(path), "sled");
  await holder.release();
  const backup = (await readJournal(path))?.backup ?? "";
  await rename(backup, `${backup}.elsewhere`);
  const state = await fingerprint(path);
  await t.throwsAsync(rollbackStore({ target: path, discardNew: true }), { code: "MIGRATION_UNCLEAR", message: /original is not there any more/ });
  t.is(await fingerprint(path), state);
  await rename(`${backup}.elsewhere`, backup);
  await rollbackStore({ target: path, discardNew: true });
  await holds(t, path, before, "at last");
});

test("what can be made of the dump is told when the original is gone, as long as the dump is there", async (t) => {
  const path = await makeStore(await temporaryDirectory(t), "graph", { default: { a: "1" } });
  const { backup, dump } = await migrateStore({ source: path });
  await rm(backup ?? "", { recursive: true });
  const hint = async (): Promise<string> => (await t.throwsAsync<KgdumpError>(rollbackStore({ target: path, discardNew: true }), { code: "MIGRATION_UNCLEAR" })).hint ?? "";
  const remade = /`kgdump restore \S+\.restored -i \S+` makes a RocksDB store of what was migrated/;
  t.regex(await hint(), remade);
  await rm(dump ?? "");
  t.notRegex(await hint(), remade);
});

test("a full disk does not keep the original from coming back", async (t) => {
  const { directory, path, before } = await migrated(t);
  // No file can be written to any more: what the system says then is kgdump's NO_SPACE, as for a full disk.
  const run = (command: string): ReturnType<typeof spawnSync> => spawnSync("sh", ["-c", `ulimit -f 0; trap '' XFSZ; exec "$0" "$@"`, process.execPath, KGDUMP, "rollback", path, command, "--json"], { encoding: "utf8" });
  const { status, stdout } = run("--discard-new");
  t.is(status, 0, String(stdout));
  await holds(t, path, before, "with a full disk");
  t.is((await readJournal(path))?.step, "done");
  t.is((await rollbackStore({ target: path, discardNew: true })).status, "already");
  t.is((await rollbackStore({ target: path })).status, "already");
  t.is((await readdir(directory)).filter((name) => name.startsWith("graph.sled-")).length, 1);
  t.is((await migrateStore({ source: path })).status, "migrated");
});

test("on a full disk, what an exchange left is moved aside by another call", async (t) => {
  const { path, before } = await migrated(t);
  const journal = await readJournal(path);
  if (typeof journal?.backup !== "string") throw new Error("no journal");
  await rename(path, `${path}.x`);
  await rename(journal.backup, path);
  await rename(`${path}.x`, journal.backup);
  const { status, aside } = await rollbackStore({ target: path, discardNew: true });
  t.is(status, "rolled-back");
  await holds(t, path, before, "after the exchange");
  t.is(await occupantOf(aside ?? ""), "sled");
});

test("a plain rollback that can't read the new store says what --discard-new would lose, in words and as JSON", async (t) => {
  const untouched = ["a flipped byte at 0.5 of db", "db is empty", "db is gone", "conf is nobody's", "value files are gone", "another version of sled", "the directory is gone", "the directory is empty", "a file", "a directory of others"];
  for (const what of untouched) {
    const { path, before } = await migrated(t);
    await STATES[what]?.(path);
    const ruined = await described(path);
    for (const flag of [[], ["--carry-back"]]) {
      const { code, stdout, stderr } = await kgdump(["rollback", path, ...flag, "--json"]);
      t.not(code, 0, what);
      const { error } = JSON.parse(`${stderr}\n${stdout.toString()}`.split("\n").find((line) => line.includes('"error"')) ?? "{}") as { error: { hint: string; loss: { since: string; original: string; entries: number } } };
      t.regex(error.hint, /kgdump rollback \S+ --discard-new.*501 entries.*written since 20/, what);
      t.like(error.loss, { entries: 501, original: (await readJournal(path))?.backup ?? "" }, what);
      t.is(await described(path), ruined, what);
    }
    t.is((await kgdump(["rollback", path, "--discard-new"])).code, 0, what);
    await holds(t, path, before, what);
  }
});

test("names that no family can have are carried back under others", async (t) => {
  const { path } = await migrated(t);
  {
    await using sink = await openSledSink(path, { create: false });
    await sink.createKeyspace(Buffer.from("a\0b"));
    await sink.apply(Buffer.from("a\0b"), encodeEntries([{ key: Buffer.from("z"), value: Buffer.from("1") }]), "overwrite");
    await sink.flush();
  }
  const newer = `${path}.newer.kgd`;
  await exportStore({ store: path, output: newer });
  await t.throwsAsync(rollbackStore({ target: path, carryBack: true, map: new Map([["nobody", "x"]]) }), { code: "KEYSPACE_UNKNOWN" });
  t.is(await occupantOf(path), "sled");
  const map = new Map([["a\0b", "a-b"], ["nodes", "points"]]);
  t.true((await rollbackStore({ target: path, carryBack: true, map })).carried);
  t.true((await verifyDump({ input: newer, against: path, map })).against?.equal);
});

test("what is kept aside never takes a name that is taken", async (t) => {
  const directory = await temporaryDirectory(t);
  const [target, incoming, aside] = ["graph", "original", "aside"].map((name) => join(directory, name)) as [string, string, string];
  await makeStore(directory, "original", { default: { a: "1" } });
  for (const taken of ["directory", "file", "link"]) {
    await mkdir(target);
    if (taken === "directory") await mkdir(aside);
    else if (taken === "file") await writeFile(aside, "");
    else await symlink(join(directory, "nowhere"), aside);
    await t.throwsAsync(putBack({ target, incoming, aside, engine: "rocksdb" }), { code: "TARGET_EXISTS" }, taken);
    t.is(await occupantOf(incoming), "rocksdb", taken);
    await rm(aside, { recursive: true });
    await rm(target, { recursive: true });
  }
  await putBack({ target, incoming, aside, engine: "rocksdb" });
  t.is(await occupantOf(target), "rocksdb");
});
