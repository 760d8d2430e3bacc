/** A rollback that is only looked at says what the rollback then does, and changes nothing: in every state that a migration, a compaction or an interruption leaves. */
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "ava";
import { openSledSink } from "#src/engines/sled/sled.js";
import { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/index.js";
import { diskUseOf } from "#src/operations/disk/places.js";
import { previewRollback } from "#src/operations/migrate/back/preview.js";
import type { RollbackOptions } from "#src/operations/migrate/back/rollback-options.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { compactStore } from "#src/operations/migrate/compact/compact.js";
import { keptOf } from "#src/operations/migrate/compact/places.js";
import { undoCompact } from "#src/operations/migrate/compact/undo.js";
import { type Journal, journalPath, readJournal } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { kgdump } from "../../../cli/support/run.js";
import { inParallel } from "../../../faults/support.js";
import { stateOf } from "../../../support/store-state.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

type Prepare = (path: string) => Promise<unknown>;

async function change(path: string): Promise<void> {
  await using sink = await openSledSink(path, { create: false });
  await sink.apply(Buffer.from("nodes"), encodeEntries([{ key: Buffer.from("new"), value: Buffer.from("1") }]), "overwrite");
  await sink.flush();
}

const migrate: Prepare = (path) => migrateStore({ source: path, keepDump: false });

async function rewrite(path: string, changed: (journal: Journal) => Partial<Journal>): Promise<Journal> {
  const journal = await readJournal(path);
  if (journal === null) throw new Error("no journal");
  // Whoever wrote it is gone.
  await writeFile(journalPath(path), JSON.stringify({ ...journal, owner: { ...journal.owner, started: "1" }, ...changed(journal) }));
  return journal;
}

/** Each state, the same for every option. */
const STATES: Readonly<Record<string, Prepare>> = {
  nothing: async (path) => { await rm(path, { recursive: true }); },
  "a store that was never migrated": () => Promise.resolve(),
  migrated: migrate,
  "written to since": async (path) => { await migrate(path); await change(path); },
  "rolled back": async (path) => { await migrate(path); await rollbackStore({ target: path }); },
  "rolled back, and the journal lost its last words": async (path) => { await migrate(path); await rollbackStore({ target: path }); await rewrite(path, () => ({ step: "done" })); },
  gone: async (path) => { await migrate(path); await rm(path, { recursive: true }); },
  "replaced by what is no store": async (path) => { await migrate(path); await rm(path, { recursive: true }); await mkdir(path); await writeFile(join(path, "x"), ""); },
  damaged: async (path) => { await migrate(path); await writeFile(join(path, "db"), Buffer.alloc(5000, 7)); },
  "without its backup": async (path) => { await migrate(path); await rm((await readJournal(path))?.backup ?? "", { recursive: true }); },
  "written to since, and without its backup": async (path) => { await migrate(path); await change(path); await rm((await readJournal(path))?.backup ?? "", { recursive: true }); },
  "imported, and not exchanged": async (path) => {
    await migrate(path);
    const { building, backup } = await rewrite(path, () => ({ step: "imported" }));
    await rename(path, building);
    await rename(backup ?? "", path);
  },
  "exchanged, and not told": async (path) => { await migrate(path); await rewrite(path, () => ({ step: "imported" })); },
  "exchanged by half": async (path) => {
    await migrate(path);
    const { building, backup } = await rewrite(path, () => ({ step: "switching" }));
    await rename(backup ?? "", building);
  },
  "about to be exchanged": async (path) => {
    await migrate(path);
    const { building, backup } = await rewrite(path, () => ({ step: "switching" }));
    await rename(path, building);
    await rename(backup ?? "", path);
  },
  "to be confirmed": async (path) => { await migrate(path); await rewrite(path, () => ({ step: "confirming" })); },
  "rolled back by half": async (path) => {
    await migrate(path);
    await rewrite(path, ({ backup, target }) => ({ step: "rolling-back", rollback: { incoming: backup ?? "", aside: `${target}.sled-20260101T000000Z`, original: null } }));
  },
  "with a journal that is none": async (path) => { await migrate(path); await writeFile(journalPath(path), "{}"); },
  compacted: async (path) => { await compactStore({ store: path }); },
  "compacted, undone": async (path) => { await compactStore({ store: path }); await undoCompact({ store: path }); },
  "migrated, then compacted": async (path) => { await migrate(path); await compactStore({ store: path }); },
  "migrated, then compacted, then written to": async (path) => { await migrate(path); await compactStore({ store: path }); await change(path); },
  "compacted by half": async (path) => {
    await compactStore({ store: path });
    const [kept = ""] = await keptOf(path);
    await rename(kept, `${path}.kgdump-compacting-20260101T000000Z-aside`);
  },
};

const WAYS: Readonly<Record<string, Partial<RollbackOptions>>> = { "": {}, "--discard-new": { discardNew: true }, "--carry-back": { carryBack: true } };

/** What a rollback ends with for what its preview says. */
const ENDS = { "to-roll-back": ["rolled-back"], "to-clear": ["rolled-back", "already"], unfinished: ["rolled-back", "already"], already: ["already"] } as const;

const outcome = async <T>(run: Promise<T>): Promise<T | string> => run.catch((error: unknown) => (error instanceof KgdumpError ? error.code : Promise.reject(error as Error)));

test("what a preview says is what the rollback does, by the same code, and a preview changes nothing", async (t) => {
  const cases = Object.entries(STATES).flatMap(([state, prepare]) => Object.entries(WAYS).map(([way, options]) => ({ what: `${state} ${way}`, prepare, options })));
  const seen = new Set<string>();
  await inParallel(cases, 3, async ({ what, prepare, options }) => {
    const path = await makeStore(await temporaryDirectory(t), "graph", { default: numbered("k", 50), nodes: { a: "1" } });
    await prepare(path);
    const before = await stateOf(dirname(path));
    const preview = await outcome(previewRollback({ target: path, ...options }));
    t.deepEqual(await stateOf(dirname(path)), before, what);
    seen.add(typeof preview === "string" ? preview : preview.status);
    const ended = await outcome(rollbackStore({ target: path, ...options }));
    if (typeof preview === "string" || typeof ended === "string") {
      // What was interrupted comes to its end first, and what is there is read then.
      if (typeof preview === "string" || preview.status !== "unfinished") t.is<unknown, unknown>(preview, ended, what);
      return;
    }
    t.true((ENDS[preview.status] as readonly string[]).includes(ended.status), `${what}: ${preview.status}, ${ended.status}`);
    t.deepEqual([preview.undone, preview.source], [ended.undone, ended.source], what);
    if (preview.status === "unfinished") return;
    t.deepEqual([preview.engine, preview.carried], [ended.engine, ended.carried], what);
    if (preview.original !== null && preview.original !== path) t.true(before.length > 0 && preview.original.startsWith(path), what);
    t.is(preview.changed, preview.carried ? "nodes" : null, what);
    t.is(preview.spaces.length, preview.carried ? 1 : 0, what);
  });
  for (const status of [...Object.keys(ENDS), "NOT_FOUND", "ROLLBACK_LOSES_DATA", "MIGRATION_UNCLEAR", "MIGRATION_JOURNAL_DAMAGED", "STORE_DAMAGED", "USAGE"]) t.true(seen.has(status), status);
});

test("a store that is in use is refused by a preview, too, and one with a backup elsewhere asks for room", async (t) => {
  const path = await makeStore(await temporaryDirectory(t), "graph", { default: numbered("k", 50), nodes: { a: "1" } });
  const other = await mkdtemp("/dev/shm/kgdump-test-").catch(() => null);
  if (other === null || (await stat(other)).dev === (await stat(path)).dev) {
    t.log("SKIPPED: /dev/shm is no other file system");
    t.pass();
    return;
  }
  t.teardown(() => rm(other, { recursive: true, force: true }));
  const { backup } = await migrateStore({ source: path, keepDump: false, backupDirectory: other });
  {
    await using _ = await openSledSink(path, { create: false });
    for (const options of Object.values(WAYS)) await t.throwsAsync(previewRollback({ target: path, ...options }), { code: "STORE_IN_USE" });
  }
  const { original, spaces } = await previewRollback({ target: path });
  t.is(original, backup);
  t.deepEqual(spaces.map((space) => [space.path, space.neededBytes]), [[dirname(path), await diskUseOf(backup ?? "")]]);
});

test("a preview is told in words, and its log is not begun", async (t) => {
  const path = await makeStore(await temporaryDirectory(t), "graph", { default: numbered("k", 50), nodes: { a: "1" } });
  const told = async (...args: string[]): Promise<string> => (await kgdump(["rollback", path, "--dry-run", "--log", join(dirname(path), "log"), ...args])).stdout.toString();
  await migrate(path);
  t.regex(await told(), /would be the RocksDB store from before the migration again\n {2}written: {3}nothing since; what is there would be kept aside\n {2}original: {2}\S+backup-\S+\nnothing was changed\n$/);
  await change(path);
  t.regex(await told("--discard-new"), /written: {3}not looked for, with --discard-new; what is there would be kept aside/);
  t.regex(await told("--carry-back"), /would be a new RocksDB store with all that the store there holds\n {2}written: {3}in "nodes" since, which would be carried back\n {2}space: {5}up to \S+ \S+ are needed in/);
  t.like(JSON.parse(await told("--carry-back", "--json")), { status: "to-roll-back", undone: "migration", engine: "rocksdb", changed: "nodes", carried: true });
  await rewrite(path, ({ backup, target }) => ({ step: "rolling-back", rollback: { incoming: backup ?? "", aside: `${target}.sled-20260101T000000Z`, original: null } }));
  t.regex(await told(), /what was interrupted would be brought to its end/);
  await rollbackStore({ target: path });
  t.regex(await told(), /the migration was rolled back already: there would be nothing to do/);
  t.deepEqual((await readdir(dirname(path))).filter((name) => name === "log"), []);
});

test("a look at what --discard-new would do lets the new store go", async (t) => {
  const path = await makeStore(await temporaryDirectory(t), "graph", { default: numbered("k", 10) });
  await migrate(path);
  t.is((await previewRollback({ target: path, discardNew: true })).status, "to-roll-back");
  await t.notThrowsAsync(change(path));
});
