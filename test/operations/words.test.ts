/**
 * What people name that is no store, or none that can be read, through every operation that takes a path: each is told what it is and
 * what to do, and nothing is called damaged that is only something else.
 */
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { KgdumpError } from "#src/errors.js";
import { exportStore } from "#src/operations/export/export.js";
import { planExport } from "#src/operations/export/plan.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { findVersions } from "#src/operations/inspect/find.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { previewMigration } from "#src/operations/migrate/plan/preview.js";
import { type MigrationStatus, migrationStatus } from "#src/operations/migrate/status.js";
import { recoverStore } from "#src/operations/recover/index.js";
import { verifyStore } from "#src/operations/verify/verify.js";
import { kgdump } from "../cli/support/run.js";
import { unpackStore } from "../fixtures/unpack.js";
import { makeStore } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

interface Place {
  /** What is named. */
  readonly path: string;
  /** A directory for what is written. */
  readonly work: string;
  /** A sound store, and a dump of it. */
  readonly sound: string;
  readonly dump: string;
}

const OPERATIONS: Readonly<Record<string, (place: Place) => Promise<unknown>>> = {
  export: ({ path, work }) => exportStore({ store: path, output: join(work, "out.kgd") }),
  "export --dry-run": ({ path }) => planExport({ store: path }),
  migrate: ({ path }) => previewMigration({ source: path, mustExist: true }),
  verify: ({ path, sound }) => verifyStore({ store: path, against: sound }),
  inspect: ({ path }) => inspectDump({ input: path }),
  import: ({ path, work }) => importDump({ target: join(work, "sled"), input: path }),
  recover: ({ path }) => recoverStore({ store: path }),
  find: ({ path }) => findVersions(path, Buffer.from("key")),
  "restore --options-from": ({ path, work, dump }) => restoreDump({ target: join(work, "restored"), input: dump, optionsFrom: path }),
  rollback: ({ path }) => rollbackStore({ target: path }),
};

interface Kind {
  readonly make: (home: string, t: ExecutionContext) => Promise<string>;
  /** What every operation says that takes a store. */
  readonly says: RegExp;
  /** What those say that take something else, or do without what can't be read; null for those that succeed. */
  readonly other: Readonly<Record<string, RegExp | null>>;
}

/** Makes files by path; a path that ends with a slash is an empty directory. */
const tree = (files: Readonly<Record<string, string>>) => async (home: string): Promise<string> => {
  const root = join(home, "named");
  await mkdir(root);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path.endsWith("/") ? path : join(path, "..")), { recursive: true });
    if (!path.endsWith("/")) await writeFile(join(root, path), content, "latin1");
  }
  return root;
};

const NO_MIGRATION = { rollback: /no migration to .* is known/ };
const AS_DUMP = (what: RegExp): Kind["other"] => ({ ...NO_MIGRATION, inspect: what, import: what });
const NO_DUMP = AS_DUMP(/is a directory, not a dump: it is/);
const A_STORE = AS_DUMP(/is a directory with a RocksDB store, not a dump/);
const UNREAD = { ...A_STORE, recover: null, find: null };

const A_SLED = AS_DUMP(/is a directory with a sled store, not a dump/);

/** A store that this version of sled wrote: one that is read, or not even that. */
function ofSled(version: string): Kind {
  if (version === "0.32" || version === "0.33") {
    const says = new RegExp(`a store of sled ${version.replace(".", "\\.")}, which can be read, but sled 0\\.34 does not open it`);
    const read = { export: null, "export --dry-run": null, verify: null, recover: null };
    return { make: (_, t) => unpackStore(t, `words-sled-${version}`), says, other: { ...A_SLED, ...read, find: /sled/, "restore --options-from": null } };
  }
  const says = new RegExp(`a store of sled ${version.replace(".", "\\.")}; only those of sled 0\\.32 to 0\\.34`);
  return { make: (_, t) => unpackStore(t, `words-sled-${version}`), says, other: { ...A_SLED, find: /sled/, "restore --options-from": /sled/ } };
}

const KINDS: Readonly<Record<string, Kind>> = {
  "nothing at all": { make: (home) => Promise.resolve(join(home, "graph")), says: /there is no store at/, other: { ...AS_DUMP(/there is no file/), "restore --options-from": /there is no file/ } },
  "an empty directory": { make: tree({}), says: /an empty directory/, other: NO_DUMP },
  "a backup": { make: tree({ "meta/1": "", "private/1/CURRENT": "", "shared_checksum/000009_1_2.sst": "" }), says: /backup of RocksDB's BackupEngine/, other: NO_DUMP },
  "a secondary": { make: tree({ LOG: "" }), says: /a secondary instance/, other: NO_DUMP },
  "a parent of a store": {
    make: async (home) => {
      await mkdir(join(home, "named"));
      await makeStore(join(home, "named"), "data", { default: { a: "1" } });
      return join(home, "named");
    },
    says: /a RocksDB store lies below/, other: NO_DUMP,
  },
  Badger: { make: tree({ MANIFEST: "", KEYREGISTRY: "", "000001.vlog": "", "000002.sst": "" }), says: /store of Badger/, other: NO_DUMP },
  Pebble: { make: tree({ "marker.format-version.000013.014": "", "marker.manifest.000001.MANIFEST-000001": "", "MANIFEST-000001": "", "000004.sst": "" }), says: /store of Pebble/, other: NO_DUMP },
  LMDB: { make: tree({ "data.mdb": "" }), says: /LMDB/, other: NO_DUMP },
  SQLite: { make: tree({ "main.sqlite": "SQLite format 3\0rest" }), says: /an SQLite database/, other: NO_DUMP },
  "sled 1.0": { make: tree({ DO_NOT_PUT_YOUR_FILES_HERE: "", "slabs/": "", "metadata/": "" }), says: /sled 1\.0/, other: NO_DUMP },
  SurrealKV: { make: tree({ "manifest/": "", "sstables/": "", "wal/": "" }), says: /store of SurrealKV/, other: NO_DUMP },
  "an older SurrealKV": { make: tree({ "manifest/": "", "clog/": "" }), says: /store of SurrealKV/, other: NO_DUMP },
  "Flink's checkpoint": { make: tree({ _metadata: "" }), says: /checkpoint or savepoint of Flink/, other: NO_DUMP },
  "Flink's checkpoints": { make: tree({ "shared/": "", "taskowned/": "", "chk-7/_metadata": "" }), says: /checkpoint or savepoint of Flink/, other: NO_DUMP },
  WiredTiger: { make: tree({ "WiredTiger.wt": "", "WiredTiger.turtle": "" }), says: /WiredTiger/, other: NO_DUMP },
  redb: { make: tree({ "graph.redb": "redb\x1a\n\xa9\r\n" }), says: /a database of redb/, other: NO_DUMP },
  bbolt: { make: tree({ "meta.db": "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xed\xda\x0c\xed" }), says: /a database of bbolt/, other: NO_DUMP },
  MyRocks: { make: tree({ ibdata1: "", "#rocksdb/CURRENT": "" }), says: /a RocksDB store lies below/, other: NO_DUMP },
  ...Object.fromEntries(["0.30", "0.31", "0.32", "0.33"].map((version) => [`sled ${version}`, ofSled(version)])),
  "an archive": {
    make: async (home) => {
      await writeFile(join(home, "store.tgz"), "\x1f\x8b\x08\0rest", "latin1");
      return join(home, "store.tgz");
    },
    says: /gzip format, not the directory/,
    other: { ...AS_DUMP(/is not a dump/), "restore --options-from": /neither a dump nor the directory of a store/ },
  },
  "a store's file": {
    make: async (home) => join(await makeStore(home, "store", { default: { a: "1" } }), "CURRENT"),
    says: /is a file of the RocksDB store/,
    other: { ...AS_DUMP(/is not a dump/), "restore --options-from": /neither a dump nor the directory of a store/ },
  },
  "a dump in a directory": {
    make: tree({ "graph.kgd": "\xc7\x0eKKGDUMP\r\n\x1a\n\0\x01" }),
    says: /in it is a dump \(graph\.kgd\)/, other: AS_DUMP(/a directory that holds a dump, not a dump/),
  },
  LevelDB: { make: (_, t) => unpackStore(t, "leveldb"), says: /differ|never/, other: { ...A_STORE, export: null, "export --dry-run": null, migrate: null, verify: null, recover: null, find: null, "restore --options-from": null } },
  Titan: { make: (_, t) => unpackStore(t, "words-titan"), says: /Titan/, other: { ...UNREAD, "restore --options-from": null } },
  "a newer RocksDB": { make: (_, t) => unpackStore(t, "words-newer"), says: /written by RocksDB 11\.8\.1/, other: { ...UNREAD, "restore --options-from": null } },
  "plain tables": { make: (_, t) => unpackStore(t, "words-plain-table"), says: /PlainTable/, other: UNREAD },
  "a write policy": { make: (_, t) => unpackStore(t, "words-write-prepared"), says: /WRITE_PREPARED/, other: UNREAD },
};

/** Kinds that `status`, which opens no store, takes for one of RocksDB. */
const ENGINES = new Set(["LevelDB", "Titan", "a newer RocksDB", "plain tables", "a write policy"]);
const NOTHING = new Set(["nothing at all", "an empty directory"]);
/** What holds no program's data in a form of its own. All others are stores that kgdump does not read. */
const UNKNOWN = new Set(["a secondary", "a parent of a store", "MyRocks", "an archive", "a store's file", "a dump in a directory"]);

async function tellsStatus(t: ExecutionContext, name: string, path: string, says: RegExp): Promise<void> {
  const { code, stdout } = await kgdump(["status", path, "--json"]);
  const { status } = JSON.parse(stdout.toString()) as { status: Pick<MigrationStatus, "state" | "trouble"> };
  const [state, wanted] = ENGINES.has(name) ? ["to-migrate", 10] : NOTHING.has(name) ? ["nothing", 12] : UNKNOWN.has(name) ? ["unknown", 13] : ["unsupported", 7];
  t.deepEqual([status.state, code], [state, wanted], "status");
  if (code === 10 || code === 12) {
    t.is(status.trouble, null);
    return;
  }
  t.regex(status.trouble?.message ?? "", says, "status");
  t.true((status.trouble?.hint ?? "").length > 0, "status has no hint");
  const shown = await kgdump(["status", path]);
  t.regex(shown.stdout.toString(), says, "status");
  t.is(shown.code, wanted);
}

for (const [name, { make, says, other }] of Object.entries(KINDS)) {
  test(`every operation tells what it is: ${name}`, async (t) => {
    const work = await temporaryDirectory(t);
    const home = join(work, "home");
    await mkdir(home);
    const dump = join(work, "sound.kgd");
    const sound = await makeStore(work, "sound", { default: { a: "1" } });
    await exportStore({ store: sound, output: dump });
    const path = await make(home, t);
    await tellsStatus(t, name, path, says);
    for (const [operation, run] of Object.entries(OPERATIONS)) {
      const wanted = other[operation] === undefined ? says : other[operation];
      let error: unknown = null;
      try {
        await run({ path, work, sound, dump });
      } catch (thrown) {
        error = thrown;
      }
      if (wanted === null) {
        t.is(error, null, operation);
        continue;
      }
      if (!(error instanceof KgdumpError)) {
        t.fail(`${operation}: ${String(error)}`);
        continue;
      }
      t.regex(error.message, wanted, operation);
      t.true((error.hint ?? "").length > 0, `${operation} has no hint: ${error.message}`);
      t.notRegex(`${error.code} ${error.message} ${error.hint ?? ""}`, /DAMAGED|damaged:|is damaged|INTERNAL/, operation);
    }
  });
}

test("a path that is misspelt leads to the one beside it, and a second argument to its option", async (t) => {
  const work = await temporaryDirectory(t);
  const store = await makeStore(work, "graph", { default: { a: "1" } });
  await cp(store, join(work, "other"), { recursive: true });
  const wrong = await t.throwsAsync(exportStore({ store: join(work, "grpah"), output: join(work, "x.kgd") }), { instanceOf: KgdumpError, code: "STORE_NOT_FOUND" });
  t.is(wrong.hint, `did you mean ${store}?`);
  const below = await t.throwsAsync(inspectDump({ input: join(work, "grahp", "a", "b.kgd") }), { instanceOf: KgdumpError, code: "NOT_FOUND" });
  t.is(below.hint, `did you mean ${join(store, "a", "b.kgd")}?`);
  await writeFile(join(work, "kg.kgdump-migration.json"), "{}");
  const rolled = await t.throwsAsync(rollbackStore({ target: join(work, "kgx") }), { instanceOf: KgdumpError, code: "NOT_FOUND" });
  t.regex(rolled.hint ?? "", /beside it these were: .*kg$/);
});

test("a store that another version of sled wrote is no damaged one, also where a migration had put one of the right version", async (t) => {
  const work = await temporaryDirectory(t);
  const store = await makeStore(work, "graph", { default: { a: "1" } });
  await migrateStore({ source: store });
  const [confOf, older] = [join(store, "conf"), await unpackStore(t, "words-sled-0.31")];
  await cp(join(older, "conf"), confOf);
  const { state, trouble } = await migrationStatus(store);
  t.is(state, "unsupported");
  t.is(trouble?.code, "STORE_UNSUPPORTED");
  t.regex(trouble?.hint ?? "", /kgdump rollback .* --discard-new/);
});

test("a directory with the names of sled's files, of which none is sled's, is no damaged store", async (t) => {
  const path = await tree({ conf: "port = 80\n".repeat(10), db: "none of sled's" })(await temporaryDirectory(t));
  const { state, trouble } = await migrationStatus(path);
  t.is(state, "unknown");
  t.is(trouble?.code, "STORE_NOT_RECOGNIZED");
});
