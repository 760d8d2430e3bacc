/** Errors of the store that a migration made get the way back; others stay as they are. What is told of a loss is what the journal knows. */
import { rename, truncate } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type ErrorCode, KgdumpError } from "#src/errors.js";
import { troubleOfMigrated, wayBackText, withWayBack } from "#src/operations/migrate/back/loss.js";
import { type Journal, readJournal } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

async function migrated(t: ExecutionContext): Promise<{ journal: Journal; source: string; backup: string }> {
  const source = await makeStore(await temporaryDirectory(t), "my graph", { default: numbered("k", 50) });
  await migrateStore({ source, stream: true });
  const journal = await readJournal(source);
  if (typeof journal?.backup !== "string") throw new Error("nothing was migrated");
  return { journal, source, backup: journal.backup };
}

test("errors that reading a store has get the way back, and no other", async (t) => {
  const { journal, source } = await migrated(t);
  const codes: Readonly<Partial<Record<ErrorCode, boolean>>> = {
    STORE_DAMAGED: true, STORE_UNSUPPORTED: true, STORE_NOT_FOUND: true, IO_FAILED: true,
    STORE_IN_USE: false, DUMP_TRUNCATED: false, NO_SPACE: false, PERMISSION_DENIED: false, USAGE: false, VERIFY_DIFFERENCE: false, INTERNAL: false,
  };
  for (const [code, gets] of Object.entries(codes) as [ErrorCode, boolean][]) {
    const error = new KgdumpError(code, "it is so", { path: join(source, "db"), hint: "try `kgdump recover`" });
    const told = withWayBack(error, journal) as KgdumpError;
    t.is(told !== error, gets, code);
    if (!gets) continue;
    t.is(told.code, code);
    t.is(told.path, join(source, "db"));
    t.is(told.message, "the sled store that the migration made can't be read: it is so");
    t.is(told.cause, error);
    // The command that mends it can be pasted, and comes first.
    t.true(told.hint?.startsWith(`try \`kgdump recover '${source}' -o '${source}.salvaged.kgd'\`; ${wayBackText(journal)}`), told.hint);
    t.like(told.loss, { original: journal.backup, entries: 50 });
  }
  for (const other of [new Error("STORE_DAMAGED"), "text", undefined]) t.is(withWayBack(other, journal), other);
  const bare = withWayBack(new KgdumpError("IO_FAILED", "it is so"), journal, "opened") as KgdumpError;
  t.deepEqual([bare.path, bare.hint, bare.message], [source, wayBackText(journal), "the sled store that the migration made can't be opened: it is so"]);
});

test("the way back says how much comes back, as far as that is known", async (t) => {
  const { journal, source } = await migrated(t);
  t.regex(wayBackText(journal), new RegExp(`^\`kgdump rollback '${source}' --discard-new\` puts the original with its 50 entries back .* since ${journal.verifiedAt ?? "?"} is`));
  t.regex(wayBackText({ ...journal, keyspaces: null }), /puts the original back/);
});

test("a store that is gone is told while there is a way back, and only of a migration that was done", async (t) => {
  const { journal, backup, source } = await migrated(t);
  t.is(await troubleOfMigrated(journal, "sled"), null);
  t.is(await troubleOfMigrated(journal, "rocksdb"), null);
  for (const [found, words] of [["absent", /nothing is there/], ["empty", /an empty directory is there/], ["unknown", /something that is no store is there/]] as const) {
    for (const step of ["done", "confirming"] as const) {
      const trouble = await troubleOfMigrated({ ...journal, step }, found);
      t.is(trouble?.code, "MIGRATION_UNCLEAR");
      t.regex(trouble?.message ?? "", words);
      t.like(trouble?.loss, { original: backup, entries: 50 });
    }
    for (const step of ["imported", "switching", "rolled-back"] as const) t.is(await troubleOfMigrated({ ...journal, step }, found), null, step);
  }
  // Damage is told with the way back.
  await truncate(join(source, "db"));
  t.like(await troubleOfMigrated(journal, "sled"), { code: "STORE_DAMAGED", path: join(source, "db"), loss: { original: backup } });
  // Without the original there is none.
  await rename(backup, `${backup}.moved`);
  t.is(await troubleOfMigrated(journal, "absent"), null);
});
