/** The journal is a file that anybody may damage: what is read is a sound journal, or a clear error, and never anything in between. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { KgdumpError } from "#src/errors.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { parseJournal } from "#src/operations/migrate/journal-form.js";
import { journalPath, readJournal } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { loggedSeed } from "../../faults/support.js";
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
