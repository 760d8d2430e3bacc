/** Where the original of a migration is. */
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { engineTitle } from "../../../engines/registry.js";
import { KgdumpError } from "../../../errors.js";
import { nameIsTaken } from "../../disk/names.js";
import { copyDurably, occupantOf } from "../../disk/places.js";
import { shellWord } from "../../disk/shell-word.js";
import { directionOf } from "../direction.js";
import { makingCommand } from "../../import/make.js";
import type { Teller } from "../events.js";
import type { Journal } from "../journal.js";

/** Where a backup of another file system is copied to. */
const nearPath = ({ target, id }: Pick<Journal, "target" | "id">): string => `${target}.kgdump-back-${id}`;

/** The original, on the target's file system. @throws {KgdumpError} NO_SPACE, VERIFY_DIFFERENCE, PERMISSION_DENIED, IO_FAILED */
export async function bringNear(journal: Journal, teller: Teller): Promise<string> {
  const { backup, source, target, building } = journal;
  if (backup === null) return source;
  // The stores were exchanged, and it could not be moved to where the backup was to be.
  if ((await occupantOf(building)) === directionOf(journal).from) return building;
  if ((await stat(dirname(backup))).dev === (await stat(dirname(target))).dev) return backup;
  const near = nearPath(journal);
  teller.begin("restore", "the backup is being copied from its file system", { backup });
  if ((await occupantOf(near)) !== directionOf(journal).from) await copyDurably(backup, near, `${near}.kgdump-partial`);
  teller.tell("restore", "the backup was copied from its file system and compared", { backup });
  return near;
}

/**
 * The original on the target's file system, wherever a migration or a rollback that was interrupted left it.
 * @returns also when it is at the target already: where it was
 * @throws {KgdumpError} MIGRATION_UNCLEAR when it is nowhere; as bringNear
 */
export async function findOriginal(journal: Journal, teller: Teller): Promise<string> {
  const found = await whereOriginal(journal);
  return found === journal.backup && (await occupantOf(found)) === directionOf(journal).from ? bringNear(journal, teller) : found;
}

/**
 * Where the original is, wherever a migration or a rollback that was interrupted left it.
 * @returns also when it is at the target already: where it was
 * @throws {KgdumpError} MIGRATION_UNCLEAR when it is nowhere; PERMISSION_DENIED, IO_FAILED
 */
export async function whereOriginal(journal: Journal): Promise<string> {
  const { backup, source, target, building, dump } = journal;
  const { from } = directionOf(journal);
  const isThere = async (path: string): Promise<boolean> => (await occupantOf(path)) === from;
  // The switch that was interrupted had exchanged the two.
  for (const path of backup === null ? [source] : [building, nearPath(journal), backup]) if (await isThere(path)) return path;
  if (backup !== null && (await isThere(target))) return backup;
  const restorable = dump !== null && (await nameIsTaken(dump)) ? `; \`kgdump ${makingCommand(from)} ${shellWord(`${target}.restored`)} -i ${shellWord(dump)}\` makes a ${engineTitle(from)} store of what was migrated` : "";
  throw new KgdumpError("MIGRATION_UNCLEAR", `the original is not there any more: no ${engineTitle(from)} store is at ${backup ?? source}`, {
    path: backup ?? source,
    hint: `nothing was touched: put it back there, and check that its volume is mounted${restorable}`,
  });
}
