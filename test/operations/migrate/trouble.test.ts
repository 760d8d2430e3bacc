/** A store that a migration made and that can't be opened any more: the service's next start, and status, say so, and what to do. */
import { mkdir, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { troubleOf } from "#src/engines/sled/lock.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { previewMigration } from "#src/operations/migrate/plan/preview.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { sledCheck, sledChurn, sledHold } from "../../checker/run.js";
import { kgdump } from "../../cli/support/run.js";
import { fingerprint } from "../../faults/support.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

async function migrated(t: ExecutionContext): Promise<string> {
  const path = await makeStore(await temporaryDirectory(t), "graph", { default: numbered("k", 500) });
  await migrateStore({ source: path });
  return path;
}

const snapshotOf = async (path: string): Promise<string> => join(path, (await readdir(path)).find((name) => /^snap\.[0-9A-F]{16}$/.test(name)) ?? "none");

const STATES: Record<string, (path: string) => Promise<unknown>> = {
  "db is empty": (path) => truncate(join(path, "db")),
  "db is gone": (path) => rm(join(path, "db")),
  "db is zeros": async (path) => writeFile(join(path, "db"), Buffer.alloc((await readFile(join(path, "db"))).length)),
  "db is a directory": async (path) => {
    await rm(join(path, "db"));
    await mkdir(join(path, "db"));
  },
  "the snapshot is cut": async (path) => truncate(await snapshotOf(path), 20),
  "the snapshot is empty": async (path) => truncate(await snapshotOf(path)),
  "a snapshot was not finished": (path) => writeFile(join(path, "snap.7FFFFFFFFFFFFFFF.generating"), "half"),
  "conf is nobody's": (path) => writeFile(join(path, "conf"), "nothing of sled's, and long"),
  "the directory is gone": (path) => rm(path, { recursive: true }),
  "the directory is empty": async (path) => {
    await rm(path, { recursive: true });
    await mkdir(path);
  },
  "something else is there": async (path) => {
    await rm(path, { recursive: true });
    await mkdir(path);
    await writeFile(join(path, "notes.txt"), "mine");
  },
};

test("what can't be opened any more is told before the service starts, with the way back", async (t) => {
  for (const [what, spoil] of Object.entries(STATES)) {
    const path = await migrated(t);
    t.is((await migrateStore({ source: path })).status, "already");
    t.is((await migrationStatus(path)).trouble, null);
    // Sled writes a snapshot when it opens a store.
    await sledCheck(path);
    await spoil(path);
    const before = await fingerprint(join(path, ".."));
    const error = await t.throwsAsync(migrateStore({ source: path }), { message: /sled store that the migration made/ }, what);
    await t.throwsAsync(previewMigration({ source: path }), { message: error.message }, what);
    const { code, stdout } = await kgdump(["status", path, "--json"]);
    t.is(code, 14, what);
    const { status } = JSON.parse(stdout.toString()) as { status: { state: string; trouble: { message: string; hint: string } } };
    t.is(status.state, "damaged");
    t.is(status.trouble.message, error.message);
    t.regex(status.trouble.hint, /`kgdump rollback \S+ --discard-new` puts the original with its 500 entries back/, what);
    t.is(await fingerprint(join(path, "..")), before, what);
    await rollbackStore({ target: path, discardNew: true });
    t.is((await migrationStatus(path)).state, "to-migrate", what);
  }
});

test("a store without a migration is looked at, too; nothing is said of one that a program has open, or of one that was killed", async (t) => {
  const path = await migrated(t);
  const journal = `${path}.kgdump-migration.json`;
  await rename(journal, `${journal}.elsewhere`);
  for (let round = 0; round < 6; round++) {
    await sledChurn(path, round, 40 * round);
    t.is(await troubleOf(path), null, `killed, round ${String(round)}`);
    t.is((await migrationStatus(path)).state, "migrated");
    await sledCheck(path);
  }
  const holder = await sledHold(path);
  await writeFile(join(path, "snap.7FFFFFFFFFFFFFFF.generating"), "half");
  t.is((await migrationStatus(path)).trouble, null);
  await holder.release();
  t.like((await migrationStatus(path)).trouble, { code: "STORE_DAMAGED" });
  await rm(join(path, "snap.7FFFFFFFFFFFFFFF.generating"));
  {
    await using _open = await openSledSink(path, { create: false });
    t.is((await migrationStatus(path)).trouble, null);
  }
});
