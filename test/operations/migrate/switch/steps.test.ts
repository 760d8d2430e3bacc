/** The steps that migration and rollback share: what they remove, and what they refuse to touch. */
import { cp, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { lossOf } from "#src/operations/migrate/back/loss.js";
import { findOriginal } from "#src/operations/migrate/back/original.js";
import { Teller } from "#src/operations/migrate/events.js";
import { type Journal, readJournal } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { asFound, clearAway, finishRollback } from "#src/operations/migrate/switch/steps.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

const TELLER = new Teller(undefined);
/** How the name of a temporary file ends: its owner and a random number. */
const HALF = ".kgdump-1-2-3-0123456789abcdef.tmp";

async function migrated(t: ExecutionContext, live = false): Promise<{ directory: string; journal: Journal; backup: string }> {
  const directory = await temporaryDirectory(t);
  const source = await makeStore(directory, "graph", { default: numbered("k", 50) });
  await migrateStore({ source, live });
  const journal = await readJournal(source);
  const backup = journal?.backup ?? null;
  if (journal === null || backup === null) throw new Error("nothing was migrated");
  return { directory, journal, backup };
}

test("of a migration that did not come to its end, the dump and the delta go, too", async (t) => {
  const { directory, journal } = await migrated(t, true);
  const files = [journal.dump, journal.delta].map((path) => basename(path ?? ""));
  t.true((await readdir(directory)).filter((name) => files.includes(name)).length === 2);
  // What exports that were killed had not finished.
  for (const name of files) await writeFile(join(directory, `.${name}${HALF}`), "half");
  await writeFile(join(directory, `.other.kgd${HALF}`), "another one's");
  await clearAway({ ...journal, step: "waiting" }, TELLER);
  t.deepEqual((await readdir(directory)).filter((name) => name.endsWith(".kgd") || name.endsWith(".tmp")), [`.other.kgd${HALF}`]);
  t.is((await readJournal(journal.target))?.step, "rolled-back");
});

test("where the dump and the delta were to be, what somebody else put there stays, and what was not finished goes", async (t) => {
  const { directory, journal } = await migrated(t, true);
  const files = [journal.dump, journal.delta].map((path) => basename(path ?? ""));
  for (const name of files) {
    await writeFile(join(directory, name), "somebody's");
    await writeFile(join(directory, `.${name}${HALF}`), "half");
  }
  await clearAway({ ...journal, step: "waiting" }, TELLER);
  t.deepEqual((await readdir(directory)).filter((name) => name.endsWith(".kgd") || name.endsWith(".tmp")).sort(), files.sort());
});

test("what was carried back takes the place of the original only when that is where it was put", async (t) => {
  const { directory, journal, backup } = await migrated(t);
  const [source, incoming, original] = ["old", "coming", "kept"].map((name) => join(directory, name)) as [string, string, string];
  await rename(backup, incoming);
  const rolling: Journal = { ...journal, source, backup: null, step: "rolling-back", rollback: { incoming, aside: `${journal.target}.sled-x`, original } };
  const before = await readdir(directory);
  await t.throwsAsync(finishRollback(rolling, TELLER), { code: "MIGRATION_UNCLEAR" });
  await mkdir(original);
  await t.throwsAsync(finishRollback(rolling, TELLER), { code: "MIGRATION_UNCLEAR" });
  t.deepEqual((await readdir(directory)).filter((name) => name !== "kept"), before);
});

test("whichever of a rollback's three places hold a store, what is left to do is done, or nothing is touched", async (t) => {
  const { directory, journal, backup } = await migrated(t);
  // Where the stores that were at the source, beside it and kept are afterwards; null: that is no state of a rollback.
  const ends: Readonly<Record<string, Readonly<Record<string, string>> | null>> = {
    "": null, source: null, incoming: null, original: null, "source,incoming,original": null,
    "source,original": { source: "source", original: "original" },
    "source,incoming": { source: "incoming", original: "source" },
    "incoming,original": { source: "incoming", original: "original" },
  };
  for (const [given, end] of Object.entries(ends)) {
    const ground = join(directory, `ground ${given}`);
    await mkdir(ground);
    const [source, incoming, original, target] = ["source", "incoming", "original", "target"].map((name) => join(ground, name)) as [string, string, string, string];
    for (const name of given.split(",").filter((each) => each !== "")) {
      await cp(backup, join(ground, name), { recursive: true });
      await writeFile(join(ground, name, "mark"), name);
    }
    await cp(journal.target, target, { recursive: true });
    const found = async (): Promise<Record<string, string>> =>
      Object.fromEntries(await Promise.all((await readdir(ground)).sort().filter((name) => !name.startsWith(".") && !name.endsWith(".json")).map(async (name) => [name, await readFile(join(ground, name, "mark"), "utf8").catch(() => "sled")] as const)));
    const before = await found();
    const rolling: Journal = { ...journal, source, target, backup: null, step: "rolling-back", rollback: { incoming, aside: `${target}.sled-x`, original } };
    if (end === null) {
      await t.throwsAsync(finishRollback(rolling, TELLER), { code: "MIGRATION_UNCLEAR" }, given);
      t.deepEqual(await found(), before, given);
    } else {
      t.is((await finishRollback(rolling, TELLER)).step, "rolled-back", given);
      t.deepEqual(await found(), { ...end, "target.sled-x": "sled" }, given);
    }
  }
});

test("a journal whose last words were lost stands at the switch when the stores have changed places, wherever the original lies", async (t) => {
  const { journal, backup } = await migrated(t);
  const { target, building } = journal;
  const steps = async (): Promise<string[]> => Promise.all((["imported", "following", "switching", "done"] as const).map(async (step) => (await asFound({ ...journal, step })).step));
  const [switched, unswitched] = [["switching", "switching", "switching", "done"], ["imported", "following", "switching", "done"]];
  t.deepEqual(await steps(), switched, "at the backup's place");
  await rename(backup, building);
  t.deepEqual(await steps(), switched, "where the new store was built");
  await rename(building, `${backup}.moved`);
  t.deepEqual(await steps(), unswitched, "nowhere");
  await rename(target, building);
  t.deepEqual(await steps(), unswitched, "nowhere, and the new store where it was built");
  await rename(`${backup}.moved`, target);
  t.deepEqual(await steps(), unswitched, "in its own place");
});

test("the original is found wherever an interruption left it, and what is lost is counted from the last comparison", async (t) => {
  const { journal, backup } = await migrated(t);
  t.is(await findOriginal(journal, TELLER), backup);
  for (const path of [journal.building, `${journal.target}.kgdump-back-${journal.id}`]) {
    await rename(backup, path);
    t.is(await findOriginal(journal, TELLER), path);
    await rename(path, backup);
  }
  await rename(backup, `${backup}.moved`);
  await t.throwsAsync(findOriginal(journal, TELLER), { code: "MIGRATION_UNCLEAR" });
  t.is(lossOf({ ...journal, startedAt: "2026-01-01T00:00:00Z", verifiedAt: "2026-01-02T00:00:00Z" }).since, "2026-01-02T00:00:00Z");
  t.is(lossOf({ ...journal, startedAt: "2026-01-01T00:00:00Z", verifiedAt: null }).since, "2026-01-01T00:00:00Z");
});
