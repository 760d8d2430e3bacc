/** A service's path may be a symbolic link: what is known of its store, and the way back, are those of the store that it leads to. */
import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { occupantOf } from "#src/operations/disk/places.js";
import { previewRollback } from "#src/operations/migrate/back/preview.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { cleanUp } from "#src/operations/migrate/cleanup/cleanup.js";
import { compactStore } from "#src/operations/migrate/compact/compact.js";
import { journalPath, placeOf } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

/** Links of all kinds to data/graph in a directory. */
async function linksTo(directory: string): Promise<Record<string, string>> {
  await mkdir(join(directory, "etc", "deep"), { recursive: true });
  await symlink(join(directory, "etc", "deep"), join(directory, "short"));
  const links = { absolute: join(directory, "data", "graph"), relative: "data/graph", "to a link": "relative", "short/up": "../../data/graph", "etc/odd": ".././data//graph/" };
  for (const [name, to] of Object.entries(links)) await symlink(to, join(directory, name));
  return Object.fromEntries(Object.keys(links).map((name) => [name, join(directory, name)]));
}

test("status, rollback and cleanup follow a link, whatever it is like, at each step", async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, "data"));
  const path = await makeStore(join(directory, "data"), "graph", { default: { a: "1" } });
  const links = await linksTo(directory);
  const same = async (step: string): Promise<void> => {
    const looks = [async (target: string) => ({ ...(await migrationStatus(target)), path }), (target: string) => cleanUp({ target, dryRun: true }), (target: string) => previewRollback({ target }).catch((error: unknown) => String(error))];
    for (const look of looks) {
      const wanted = await look(path);
      for (const [name, link] of Object.entries(links)) t.deepEqual(await look(link), wanted, `${step}: ${name}`);
    }
  };
  await same("before");
  await migrateStore({ source: path });
  t.like(await migrationStatus(links.relative ?? ""), { path: links.relative, state: "migrated", backup: { state: "there" } });
  await same("migrated");
  await compactStore({ store: path });
  await same("compacted");
  // The store is away: the link leads nowhere.
  await rename(path, `${path}.away`);
  for (const link of Object.values(links)) t.like(await migrationStatus(link), { path: link, found: "absent", journal: { step: "done" } });
  await same("away");
  await rename(`${path}.away`, path);
  const undone = await rollbackStore({ target: links["short/up"] ?? "" });
  t.like(undone, { status: "rolled-back", undone: "compaction", source: path });
  await same("the compaction undone");
  t.like(await rollbackStore({ target: links["to a link"] ?? "" }), { status: "rolled-back", undone: "migration", source: path });
  t.is(await occupantOf(path), "rocksdb");
  await same("rolled back");
  await cleanUp({ target: links["etc/odd"] ?? "" });
  t.deepEqual(await readdir(join(directory, "data")), ["graph"]);
  await same("cleaned up");
});

test("what is no link is left as it is written, and links that lead round end", async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, "real"));
  await symlink("real", join(directory, "through"));
  for (const path of [join(directory, "real"), join(directory, "through", "not there"), join(directory, "nowhere", "at all")]) t.is(await placeOf(path), path);
  // What was put in the place of a store that was migrated is no way to another one.
  const [place, other] = [join(directory, "migrated"), join(directory, "other")];
  for (const to of ["real", "nowhere"]) {
    await symlink(to, place);
    t.is(await placeOf(place), join(directory, to));
    await writeFile(journalPath(place), "{}");
    await symlink("migrated", other);
    t.deepEqual([await placeOf(place), await placeOf(other)], [place, place]);
    for (const path of [place, other, journalPath(place)]) await rm(path);
  }
  await symlink("round", join(directory, "round"));
  t.is(await placeOf(join(directory, "round")), join(directory, "round"));
  t.is(await placeOf("package.json"), join(process.cwd(), "package.json"));
});
