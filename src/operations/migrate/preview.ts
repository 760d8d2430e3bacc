/** What a migration would do, without doing it. */
import { resolve } from "node:path";
import { detect } from "./detect.js";
import { Teller } from "./events.js";
import { isBeforeSwitch, type Journal, readJournal, refuseOtherOwner } from "./journal.js";
import { troubleOfMigrated } from "./loss.js";
import { migrationPaths, type MigrateOptions, newId } from "./options.js";
import { occupantOf } from "./places.js";
import { type MigrationPlan, planMigration, refuseOccupiedTarget } from "./preflight.js";

/** What a call of `migrateStore` would do. */
export interface MigrationPreview {
  /**
   * to-migrate: as the plan says; unfinished: a migration whose new store is complete, or a rollback, would be finished first; already: a
   * sled store is in place; nothing: there is no store at all.
   */
  readonly status: "to-migrate" | "unfinished" | "already" | "nothing";
  readonly target: string;
  /** What was interrupted, and is cleared away or finished first; null when nothing was. */
  readonly unfinished: Pick<Journal, "step" | "startedAt"> | null;
  /** Null unless there is a store to migrate. */
  readonly plan: MigrationPlan | null;
}

/**
 * Says what a migration would do. Nothing is changed. That the disk is too small is no error here: the plan says it.
 * @throws {KgdumpError} what would keep `migrateStore` from beginning: STORE_*, TARGET_EXISTS, OUTPUT_EXISTS, PERMISSION_DENIED, …
 */
export async function previewMigration(options: MigrateOptions): Promise<MigrationPreview> {
  const target = resolve(options.target ?? options.source);
  const journal = await readJournal(target);
  if (journal !== null) await refuseOtherOwner(journal);
  const interrupted = journal !== null && journal.step !== "done" && journal.step !== "rolled-back" ? journal : null;
  const unfinished = interrupted === null ? null : { step: interrupted.step, startedAt: interrupted.startedAt };
  const finishes = interrupted !== null && (interrupted.step === "imported" || !isBeforeSwitch(interrupted.step));
  if (finishes) return { status: "unfinished", target, unfinished, plan: null };
  const trouble = journal === null ? null : await troubleOfMigrated(journal, await occupantOf(journal.target));
  if (trouble !== null) throw trouble;
  const status = await detect(options, new Teller(undefined));
  if (status !== "to-migrate") return { status, target, unfinished, plan: null };
  const paths = await migrationPaths(options, new Date(), newId());
  await refuseOccupiedTarget(paths);
  return { status, target, unfinished, plan: await planMigration(paths, { ...options, force: true, cleared: [interrupted?.dump ?? null, interrupted?.delta ?? null] }) };
}
