/** What a migration or a rollback would do, for a person. */
import { engineNamed } from "../../engines/registry.js";
import type { RollbackPreview } from "../../operations/migrate/back/rollback-options.js";
import type { MigrationPlan } from "../../operations/migrate/plan/preflight.js";
import type { MigrationPreview } from "../../operations/migrate/plan/preview.js";
import { CHANGED_SHARE } from "../../operations/migrate/plan/space.js";
import type { Paint } from "../terminal/style.js";
import { escapeText } from "../text/escape.js";
import { formatNumberOf, formatSize, formatTimeLeft } from "../text/quantities.js";
import { NOT_LOOKED_FOR } from "./results.js";
import { engineName } from "./summary.js";

const line = (name: string, text: string): string => `  ${(name === "" ? "" : `${name}:`).padEnd(11)}${text}\n`;

/** What `migrate --dry-run` says. */
export function renderMigrationPreview({ status, engine, target, unfinished, plan }: MigrationPreview, paint: Paint): string {
  const path = paint.bold(escapeText(target));
  const begun = unfinished === null ? "" : `that was begun at ${escapeText(unfinished.startedAt)} and interrupted (${unfinished.step})`;
  const said = {
    already: `${path} is a ${engineName(engine)} store already: there would be nothing to do\n`,
    nothing: `${path}: there is no store, so there would be nothing to migrate\n`,
    unfinished: `${path}: the migration ${begun} would be finished, or begun again where that is safer\n`,
    "to-migrate": "",
  }[status];
  const cleared = begun === "" || plan === null ? "" : line("unfinished", `what the migration ${begun} has left would be removed first`);
  return `${said}${plan === null ? "" : renderPlan(plan, engine, cleared, paint)}${plan === null ? "" : NOT_LOOKED_FOR}nothing was changed\n`;
}

function renderPlan(plan: MigrationPlan, engine: MigrationPreview["engine"], cleared: string, paint: Paint): string {
  const { source, target, backup, dump, delta, store } = plan;
  const { estimatedEntries, estimatedBytes } = plan;
  // Sled does not count.
  const holds = estimatedEntries === null || estimatedBytes === null ? "entries that were not counted, " : `about ${formatNumberOf(estimatedEntries, "entry", "entries")}, ${formatSize(estimatedBytes)}, `;
  const count = store.keyspaces.length;
  const keyspaces = formatNumberOf(count, ...engineNamed(store.engine).keyspaceWords);
  const time = (seconds: number | null): string => (seconds === null ? "" : `; ${formatTimeLeft(seconds)}`);
  return (
    `${paint.bold(escapeText(source))} would become the ${engineName(engine)} store ${paint.bold(escapeText(target))}\n` +
    cleared +
    line("holds", `${holds}in ${keyspaces}`) +
    line("dump", dump === null ? "none" : escapeText(dump)) +
    (delta === null ? "" : line("delta", `${escapeText(delta)}, as large as what changes meanwhile`)) +
    line("original", backup === null ? "stays where it is" : `is moved to ${escapeText(backup)}`) +
    renderSpaces(plan.spaces, paint) +
    (plan.live ? line("", `with room for changes of ${String(CHANGED_SHARE * 100)} % of the store meanwhile`) : "") +
    line("time", formatTimeLeft(plan.estimatedSeconds)) +
    line("downtime", plan.live ? `${formatTimeLeft(plan.estimatedDowntimeSeconds)} of it, if little changes meanwhile; the service is to be stopped when it is asked for` : "all of it: the service must be stopped") +
    plan.steps
      .map(({ step, what, serviceRuns, estimatedSeconds }, index) =>
        line(index === 0 ? "steps" : "", `${String(index + 1)}. ${step}: ${what} (the service ${serviceRuns ? "may run" : "is stopped"}${time(estimatedSeconds)})`),
      )
      .join("")
  );
}

function renderSpaces(spaces: MigrationPlan["spaces"], paint: Paint): string {
  const room = ({ path, neededBytes, freeBytes }: MigrationPlan["spaces"][number], index: number): string => {
    const enough = freeBytes >= neededBytes ? "" : `, ${paint.red("which is too little")}`;
    return line(index === 0 ? "space" : "", `up to ${formatSize(neededBytes)} are needed in ${escapeText(path)}, ${formatSize(freeBytes)} are free${enough}`);
  };
  return spaces.map(room).join("");
}

/** What `rollback --dry-run` says. @param discardNew whether the new store is not to be looked at */
export function renderRollbackPreview(preview: RollbackPreview, { discardNew = false }: { readonly discardNew?: boolean | undefined }, paint: Paint): string {
  const { status, undone, engine, source, original, changed, carried, spaces } = preview;
  const path = paint.bold(escapeText(source));
  const before = `the ${engine === null ? "" : `${engineName(engine)} `}store from before the ${undone}`;
  const written = discardNew ? "not looked for, with --discard-new; what is there would be kept aside" : changed === null ? "nothing since; what is there would be kept aside" : `in "${escapeText(changed)}" since, which would be carried back`;
  const said = {
    already: `${path}: the ${undone} was rolled back already: there would be nothing to do\n`,
    "to-clear": `${path}: what the unfinished ${undone} has made would be removed; the old store is in place\n`,
    unfinished: `${path}: what was interrupted would be brought to its end, and then undone if it was not\n`,
    "to-roll-back":
      `${path} would be ${carried ? `a new ${engine === null ? "" : `${engineName(engine)} `}store with all that the store there holds` : `${before} again`}\n` +
      line("written", written) +
      (original === null || original === source ? "" : line("original", escapeText(original))) +
      renderSpaces(spaces, paint),
  }[status];
  return `${said}nothing was changed\n`;
}
