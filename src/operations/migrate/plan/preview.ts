/** What a migration would do, without doing it. */
import { resolve } from "node:path";
import type { EngineName } from "../../../engines/store.js";
import { occupantOf } from "../../disk/places.js";
import { troubleOfMigrated } from "../back/loss.js";
import { directionOf } from "../direction.js";
import { Teller } from "../events.js";
import { isBeforeSwitch, type Journal, readJournal, refuseOtherOwner } from "../journal.js";
import { migrationPaths, type MigrateOptions, newId } from "../options.js";
import { askedDirection, detect } from "./detect.js";
import { type MigrationPlan, planMigration, refuseOccupiedTarget } from "./preflight.js";

/** What a call of `migrateStore` would do. */
export interface MigrationPreview {
  /**
   * to-migrate: as the plan says; unfinished: a migration whose new store is complete, or a rollback, would be finished first; already: a
   * store of that engine is in place; nothing: there is no store at all.
   */
  readonly status: "to-migrate" | "unfinished" | "already" | "nothing";
  /** Engine of the new store. */
  readonly engine: EngineName;
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
  const direction = await askedDirection(options);
  const engine = direction.to;
  const journal = await readJournal(target);
  if (journal !== null) await refuseOtherOwner(journal);
  const interrupted = journal !== null && journal.step !== "done" && journal.step !== "rolled-back" ? journal : null;
  const unfinished = interrupted === null ? null : { step: interrupted.step, startedAt: interrupted.startedAt };
  const finishes = interrupted !== null && (interrupted.step === "imported" || !isBeforeSwitch(interrupted.step));
  if (finishes) return { status: "unfinished", engine, target, unfinished, plan: null };
  const trouble = journal === null || directionOf(journal).to !== engine ? null : await troubleOfMigrated(journal, await occupantOf(journal.target));
  if (trouble !== null) throw trouble;
  const status = await detect(options, direction, new Teller(undefined));
  if (status !== "to-migrate") return { status, engine, target, unfinished, plan: null };
  const paths = await migrationPaths(options, direction, new Date(), newId());
  await refuseOccupiedTarget(paths);
  return { status, engine, target, unfinished, plan: await planMigration(paths, { ...options, engine, force: true, cleared: [interrupted?.dump ?? null, interrupted?.delta ?? null] }) };
}
