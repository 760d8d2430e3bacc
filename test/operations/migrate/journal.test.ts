/** The journal is a file that anybody may damage: what is read is a sound journal, or a clear error, and never anything in between. */
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import fc from "../../support/properties.js";
import { KgdumpError } from "#src/errors.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { parseJournal } from "#src/operations/migrate/journal-form.js";
import { type Journal, journalPath, readJournal, refuseOtherOwner, writeJournal } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { sampleJournal } from "./journal-support.js";

/** Every place within a value: paths of names. */
function placesIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => placesIn(inner, [...path, name]))];
}

function replaced(value: unknown, [name, ...rest]: readonly string[], by: unknown): unknown {
  if (name === undefined) return by;
  if (Array.isArray(value)) return value.map((inner: unknown, index) => (String(index) === name ? replaced(inner, rest, by) : inner));
  return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, key === name ? replaced(inner, rest, by) : (inner as unknown)]));
}

test("a sound journal is read as it is, one of before there were deltas too", (t) => {
  const journal = sampleJournal("/srv/graph");
  t.deepEqual(parseJournal(JSON.stringify(journal), journal.target), journal);
  const { delta: _delta, deltaId: _deltaId, ...older } = journal;
  t.deepEqual(parseJournal(JSON.stringify(older), journal.target), journal);
});

test("another process that runs keeps a migration that is not at its end, and no other", async (t) => {
  const directory = await temporaryDirectory(t);
  const child = spawn("sleep", ["600"]);
  t.teardown(() => child.kill());
  const journal = await writeJournal(sampleJournal(join(directory, "graph")));
  const other = { ...journal.owner, pid: child.pid ?? 0, started: null };
  const ends = ["done", "rolled-back"];
  for (const step of ["copying", "waiting", "following", "exporting", "importing", "imported", "switching", "confirming", "rolling-back", ...ends] as Journal["step"][]) {
    const refusal = refuseOtherOwner({ ...journal, step, owner: other });
    if (ends.includes(step)) await t.notThrowsAsync(refusal, step);
    else await t.throwsAsync(refusal, { code: "STORE_IN_USE", message: new RegExp(`^process ${String(child.pid)} is running`) }, step);
    await t.notThrowsAsync(refuseOtherOwner({ ...journal, step }), step);
    // Of what another machine has, or had before it got another name, nobody can tell: somebody must be able to end it.
    await t.notThrowsAsync(refuseOtherOwner({ ...journal, step, owner: { ...other, host: `${other.host}.another` } }), step);
  }
});

test("a wrong value at any place is told, whatever is asked for, and nothing is touched", async (t) => {
  const directory = await temporaryDirectory(t);
  const target = join(directory, "graph");
  const journal = sampleJournal(target);
  const wrong = [null, [null], { a: 1 }, 7, -1, 0.5, true, "relative", "", "\0", { name: null }, [{ name: "zz" }]];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...placesIn(journal)), fc.oneof(fc.constantFrom<unknown>(...wrong), fc.jsonValue()), async (place, by) => {
      const text = JSON.stringify(replaced(journal, place, by));
      await writeFile(journalPath(target), text);
      for (const ask of [readJournal, migrationStatus, async (path: string) => migrateStore({ source: path }), async (path: string) => rollbackStore({ target: path })]) {
        try {
          await ask(target);
        } catch (error) {
          if (!(error instanceof KgdumpError) || error.code === "INTERNAL") throw error;
        }
      }
      // Asking for a migration of nothing, or for its undoing, leaves a damaged journal as it was.
      if (parseJournal(text, target) === null) return (await readFile(journalPath(target), "utf8")) === text;
      return true;
    }),
    { numRuns: 400, seed: loggedSeed(t) },
  );
  t.pass();
});

/** Where a journal names something, and what it names there when nothing is out of the ordinary. */
const PLACES: Readonly<Record<string, (directory: string) => string>> = {
  source: (directory) => `${directory}/graph`,
  building: (directory) => `${directory}/graph.kgdump-new-0123abcd`,
  backup: (directory) => `${directory}/graph.rocksdb-backup-20261122T191034Z`,
  dump: (directory) => `${directory}/graph.20261122T191034Z.kgd`,
  delta: (directory) => `${directory}/graph.20261122T191034Z.delta.kgd`,
  "rollback.incoming": (directory) => `${directory}/graph.kgdump-back-0123abcd`,
  "rollback.aside": (directory) => `${directory}/graph.sled-20261122T191034Z`,
  "rollback.original": (directory) => `${directory}/graph.rocksdb-backup-20261122T191035Z`,
};
const filled = (directory: string): unknown => Object.entries(PLACES).reduce<unknown>((journal, [place, path]) => replaced(journal, place.split("."), path(directory)), { ...sampleJournal(`${directory}/graph`), delta: null, deltaId: "y", rollback: { incoming: "", aside: "", original: null } });

test("what lay beside a store is found beside it when all was moved, and what lay elsewhere stays there", (t) => {
  const moved = (place: string | null): unknown => {
    // The backup, the dump and the delta may be anywhere.
    const journal = place === null ? filled("/srv/a") : replaced(filled("/srv/a"), [place], PLACES[place]?.("/mnt/other"));
    return JSON.parse(JSON.stringify(parseJournal(JSON.stringify(journal), "/srv/b/graph")));
  };
  t.deepEqual(moved(null), filled("/srv/b"));
  for (const place of ["backup", "dump", "delta"]) t.deepEqual(moved(place), replaced(filled("/srv/b"), [place], PLACES[place]?.("/mnt/other")), place);
});

test("a journal names nothing but what a migration of that store makes, in any of its places", (t) => {
  const journal = filled("/srv");
  t.not(parseJournal(JSON.stringify(journal), "/srv/graph"), null);
  const foreign = ["/etc", "/srv", "/srv/graph", "/srv/other", "/srv/graph2", "/srv/graph.kgdump-new-ffff", "/srv/graph.kgdump-new-0123abcd/x", "/srv/graph.sled-1/../../etc", "/srv/graph.rocksdb-backup-1/../x", "/srv/other.rocksdb-backup-1", "/srv/graph.backup", "graph.sled-1"];
  for (const place of Object.keys(PLACES).filter((name) => name !== "dump" && name !== "delta")) {
    for (const path of foreign) {
      // The store itself is what comes back to a target of its own.
      if (path === "/srv/graph" && (place === "source" || place === "rollback.incoming")) continue;
      t.is(parseJournal(JSON.stringify(replaced(journal, place.split("."), path)), "/srv/graph"), null, `${place}: ${path}`);
    }
  }
});

test("each journal that is written says when, and by whom", async (t) => {
  const directory = await temporaryDirectory(t);
  const journal = sampleJournal(join(directory, "graph"));
  for (let before = Date.parse(journal.updatedAt), round = 0; round < 3; round++) {
    const written = await writeJournal(journal);
    t.deepEqual(await readJournal(journal.target), written);
    t.is(written.owner.pid, process.pid);
    const now = Date.parse(written.updatedAt);
    t.true(now > before && now <= Date.now(), written.updatedAt);
    before = now;
    await new Promise((done) => setTimeout(done, 5));
  }
});

test("what is no journal at all is told", async (t) => {
  const directory = await temporaryDirectory(t);
  const target = join(directory, "graph");
  const journal = sampleJournal(target);
  const broken: unknown[] = [{ ...journal, keyspaces: [null] }, { ...journal, settings: null }, { ...journal, snapshot: [] }, { ...journal, owner: {} }, { ...journal, backup: null }, { ...journal, building: target }, [], null, 1];
  for (const text of ["", "{", ...broken.map((value) => JSON.stringify(value)), JSON.stringify({ ...journal, step: "rolling-back", rollback: null })]) {
    await writeFile(journalPath(target), text);
    for (const ask of [readJournal, migrationStatus, async (path: string) => migrateStore({ source: path }), async (path: string) => rollbackStore({ target: path })]) {
      await t.throwsAsync(ask(target), { code: "MIGRATION_JOURNAL_DAMAGED" }, text);
    }
  }
});
