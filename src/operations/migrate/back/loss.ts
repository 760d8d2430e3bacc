/** What going back would leave behind, told before it is done. */
import { engineTitle, isEngineName } from "../../../engines/registry.js";
import { type DiscardLoss, KgdumpError } from "../../../errors.js";
import { type Occupant, occupantOf } from "../../disk/places.js";
import { shellWord } from "../../disk/shell-word.js";
import { troubleOf } from "../../disk/trouble.js";
import { directionOf } from "../direction.js";
import type { Journal } from "../journal.js";

/** What `rollback --discard-new` would leave behind. */
export function lossOf({ backup, source, verifiedAt, startedAt, keyspaces }: Journal): DiscardLoss {
  const entries = keyspaces === null ? null : keyspaces.reduce((sum, keyspace) => sum + keyspace.entries, 0);
  return { since: verifiedAt ?? startedAt, original: backup ?? source, entries };
}

/** The same in words, with the command. */
export function wayBackText(journal: Journal): string {
  const { since, entries } = lossOf(journal);
  const original = entries === null ? "the original" : `the original with its ${String(entries)} entries`;
  return `\`kgdump rollback ${shellWord(journal.target)} --discard-new\` puts ${original} back and keeps what is there aside; what was written since ${since} is then only there`;
}

/**
 * An error of reading the store that a migration made, with what can be done. Errors of others, and of a store in use, stay as they are.
 * @param what the store can't be
 */
export function withWayBack(error: unknown, journal: Journal, what = "read"): unknown {
  if (!(error instanceof KgdumpError) || !(error.code.startsWith("STORE_") || error.code === "IO_FAILED") || error.code === "STORE_IN_USE") return error;
  const { target } = journal;
  // What mends it comes first, as a command that can be pasted.
  const mend = error.hint === undefined ? "" : `${error.hint.replaceAll("`kgdump recover`", `\`kgdump recover ${shellWord(target)} -o ${shellWord(`${target}.salvaged.kgd`)}\``)}; `;
  return new KgdumpError(error.code, `the ${engineTitle(directionOf(journal).to)} store that the migration made can't be ${what}: ${error.message}`, {
    cause: error,
    path: error.path ?? target,
    hint: `${mend}${wayBackText(journal)}`,
    loss: lossOf(journal),
  });
}

/** The error for a path of which the store that a migration made is gone. */
export function storeIsGone(journal: Journal, found: string): KgdumpError {
  const { target } = journal;
  const what: Readonly<Record<string, string>> = { absent: "nothing is there", empty: "an empty directory is there" };
  return new KgdumpError("MIGRATION_UNCLEAR", `the ${engineTitle(directionOf(journal).to)} store that the migration made is not at ${target} any more: ${isEngineName(found) ? `a ${engineTitle(found)} store is there` : (what[found] ?? "something that is no store is there")}`, {
    path: target,
    hint: `check that its volume is mounted, and whether somebody moved it; ${wayBackText(journal)}`,
    loss: lossOf(journal),
  });
}

/**
 * What keeps the store that a migration made from being opened, told by a quick look.
 * @param found what is at its path
 * @returns an error with the way back; null when nothing is known, and without a way back
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export async function troubleOfMigrated(journal: Journal, found: Occupant): Promise<KgdumpError | null> {
  const { from, to } = directionOf(journal);
  if ((journal.step !== "done" && journal.step !== "confirming") || found === from) return null;
  if (found === to) {
    const trouble = withWayBack(await troubleOf(to, journal.target), journal, "opened");
    // Another user's program may be able to.
    return trouble instanceof KgdumpError && trouble.code !== "PERMISSION_DENIED" ? trouble : null;
  }
  return (await occupantOf(journal.backup ?? journal.source)) === from ? storeIsGone(journal, found) : null;
}
