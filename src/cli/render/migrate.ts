/** What migrate, rollback and status say, for a person. */
import { engineTitle, isEngineName } from "../../engines/registry.js";
import type { EngineName } from "../../engines/store.js";
import type { RollbackResult } from "../../operations/migrate/back/rollback-options.js";
import type { ChangeCounts, MigrateResult } from "../../operations/migrate/migrate.js";
import { directionTo } from "../../operations/migrate/direction.js";
import type { MigratedKeyspace } from "../../operations/migrate/migrated.js";
import { shellWord } from "../../operations/disk/shell-word.js";
import type { MigrationStatus, StatusPlace } from "../../operations/migrate/status.js";
import type { Paint } from "../terminal/style.js";
import { escapeMessage, escapeText } from "../text/escape.js";
import { formatDuration, formatNumberOf, formatSize } from "../text/quantities.js";
import { renderGraph } from "./graph.js";
import { type KeyspaceSides, renderSides, sideName } from "./sides.js";
import { engineName } from "./summary.js";
import type { Look } from "./table.js";

const line = (name: string, text: string): string => `  ${`${name}:`.padEnd(11)}${text}\n`;

/** How a migration ended. */
export function renderMigration(result: MigrateResult, look: Look): string {
  const { paint } = look;
  const { status, engine, target, backup, dump, delta, entries, changes, seconds, downtimeSeconds, reopen } = result;
  if (status === "already") return `${paint.bold(escapeText(target))} is a ${engineName(engine)} store already: there is nothing to do\n`;
  return (
    `${paint.green("migrated:")} ${paint.bold(escapeText(target))} is a ${engineName(engine)} store now, with ${formatNumberOf(entries, "entry", "entries")}, in ${formatDuration(seconds)}\n` +
    (backup === null ? "" : line("backup", escapeText(backup))) +
    (dump === null ? "" : line("dump", escapeText(dump))) +
    (delta === null ? "" : line("delta", escapeText(delta))) +
    (downtimeSeconds === null ? "" : line("locked", `for ${formatDuration(downtimeSeconds)}${changes === null ? "" : `, with ${changesText(changes)}`}`)) +
    (reopen === null ? "" : line("open it", `with ${escapeMessage(reopen.rust)}`)) +
    line("way back", `kgdump rollback ${escapeMessage(shellWord(target))}`) +
    line("next", `start the service; once it works, kgdump cleanup ${escapeMessage(shellWord(target))} removes what is left`) +
    (result.keyspaces === null ? "" : `\n${renderSides(result.keyspaces.map((keyspace) => sidesOf(keyspace, engine)), look)}`) +
    (result.graph === null ? "" : `\n${renderGraph("graph of all sides", result.graph, false, look)}`)
  );
}

function changesText({ added, changed, removed }: ChangeCounts): string {
  return `${formatNumberOf(added, "new key", "new keys")}, ${formatNumberOf(changed, "changed one", "changed ones")} and ${formatNumberOf(removed, "removed one", "removed ones")} since the copy`;
}

function sidesOf({ name, source, dump, target }: MigratedKeyspace, engine: MigrateResult["engine"]): KeyspaceSides {
  const others = [...(dump === null ? [] : [{ kind: "dump", ...dump }]), { kind: engine, ...target }];
  return {
    name,
    sides: [
      { side: sideName(otherEngine(engine), 0), ...source, verdict: "" },
      ...others.map(({ kind, entries, digest }, index) => ({ side: sideName(kind, index + 1), entries, digest, verdict: "equal" })),
    ],
  };
}

const otherEngine = (engine: MigrateResult["engine"]): MigrateResult["engine"] => directionTo(engine).from;

/** How a rollback ended. @param carryBack whether what was written since was to be carried back */
export function renderRollback({ status, undone, engine, source, aside, carried, original }: RollbackResult, carryBack: boolean, paint: Paint): string {
  if (undone === "compaction" && status === "already") return `${paint.bold(escapeText(source))}: the compaction was rolled back already\n`;
  if (undone === "compaction") {
    const kept = aside === null ? "" : line("compacted", `the store was kept as ${escapeText(aside)}`);
    return `${paint.green("rolled back:")} ${paint.bold(escapeText(source))} is the ${engineName(engine)} store from before the compaction\n${kept}`;
  }
  if (status === "already") return `${paint.bold(escapeText(source))}: the migration was rolled back already\n`;
  return (
    `${paint.green("rolled back:")} ${paint.bold(escapeText(source))} is a ${engineName(engine)} store${carried ? `, with all that was written to ${engineName(otherEngine(engine))}` : ""}\n` +
    (aside === null ? "" : line(otherEngine(engine), `the store was kept as ${escapeText(aside)}`)) +
    (original === null ? "" : line("original", `the ${engineName(engine)} store from before the migration was kept as ${escapeText(original)}`)) +
    (carryBack && !carried ? line("carried", "nothing: nothing had been written since the migration") : "") +
    line("next", `start the service; kgdump cleanup ${escapeMessage(shellWord(source))} removes what is left`)
  );
}

const FOUND: Readonly<Record<Exclude<MigrationStatus["found"], EngineName>, string>> = {
  empty: "an empty directory",
  absent: "nothing is there",
  unknown: "something that is not a store",
};

function placeText({ path, bytes, state }: StatusPlace, stopped: boolean): string {
  const texts: Readonly<Record<StatusPlace["state"], string>> = {
    there: `${escapeText(path)}, ${formatSize(bytes ?? 0)}`,
    "not-made": stopped ? "none was made" : "not made yet",
    "put-back": "none: it was put back in place",
    gone: `${escapeText(path)}, which is gone`,
  };
  return texts[state];
}

function migrationText({ id, step, stopped, updatedAt }: NonNullable<MigrationStatus["journal"]>): string {
  const [name, time] = [escapeText(id), escapeText(updatedAt)];
  if (stopped) return `${name}, stopped ${time}: there is nothing to undo`;
  if (step === "rolled-back") return `${name}, rolled back ${time}`;
  if (step === "done") return `${name}, done ${time}`;
  return `${name}, not finished (${step}) since ${time}`;
}

/** What lies at a path. */
export function renderStatus(status: MigrationStatus, paint: Paint): string {
  const { path, found, version, bytes, trouble, journal, backup, dump, compacted, verifiedAt, entries } = status;
  const wrote = version === null ? "" : `, written by version ${escapeText(version)}`;
  const size = bytes === null || bytes === 0 ? "" : `, ${formatSize(bytes)}`;
  const place = (name: string, at: MigrationStatus["backup"]): string => (at === null ? "" : line(name, placeText(at, journal?.stopped === true)));
  return (
    `${paint.bold(escapeText(path))}: ${isEngineName(found) ? `a ${engineTitle(found)} store` : FOUND[found]}${wrote}${size}\n` +
    (trouble === null ? "" : line("trouble", `${paint.red(escapeMessage(trouble.message))} [${trouble.code}]`) + (trouble.hint === null ? "" : line("advice", escapeMessage(trouble.hint)))) +
    (journal === null ? line("migration", "none is known") : line("migration", migrationText(journal))) +
    (entries === null ? "" : line("entries", formatNumberOf(entries, "entry was", "entries were") + " migrated")) +
    (verifiedAt === null ? "" : line("verified", escapeText(verifiedAt))) +
    place("backup", backup) +
    place("dump", dump) +
    (compacted === null ? "" : line("compacted", `the original is kept as ${escapeText(compacted.path)}, ${formatSize(compacted.bytes ?? 0)}`)) +
    remainsText(status)
  );
}

/** What else is left, and what removes all of it. */
function remainsText({ path, backup, dump, compacted, remains, state }: MigrationStatus): string {
  if (remains.length === 0 || state === "unfinished") return "";
  const told = [backup?.path, dump?.path, compacted?.path];
  const others = remains.filter(({ path: one, kind }) => kind !== "journal" && !told.includes(one));
  const bytes = remains.reduce((sum, remain) => sum + remain.bytes, 0);
  return (
    others.map((remain) => line("left", `${escapeText(remain.path)}, ${formatSize(remain.bytes)}`)).join("") +
    line("cleanup", `kgdump cleanup ${shellWord(escapeText(path))} removes what is left, ${formatSize(bytes)}`)
  );
}
