/** The JSON of `migrate`. */
import type { MigrateResult } from "../../../operations/migrate/migrate.js";
import type { MigrationPreview } from "../../../operations/migrate/plan/preview.js";
import type { MigrationStatus } from "../../../operations/migrate/status.js";
import { type Json, jsonBytes } from "./json.js";
import { graphJson } from "./verify.js";

/** Result of `migrate`. */
export function migrationJson(result: MigrateResult): Json {
  const { changes, reopen, keyspaces, graph } = result;
  return {
    migration: {
      ...result,
      changes: changes === null ? null : { ...changes },
      reopen: reopen === null ? null : { ...reopen },
      keyspaces: keyspaces?.map(({ name, source, dump, target }) => ({ name: jsonBytes(name), source: { ...source }, dump: dump === null ? null : { ...dump }, target: { ...target } })) ?? null,
      graph: graphJson(graph),
    },
  };
}

/** What `migrate --dry-run --json` says. */
export function migrationPreviewJson({ status, engine, target, unfinished, plan }: MigrationPreview): Json {
  if (plan === null) return { status, engine, target, unfinished: unfinished === null ? null : { ...unfinished }, plan };
  const { store, spaces, steps, warnings, ...figures } = plan;
  return {
    status,
    engine,
    target,
    unfinished: unfinished === null ? null : { ...unfinished },
    plan: { ...figures, keyspaces: store.keyspaces.length, warnings, spaces: spaces.map((space) => ({ ...space })), steps: steps.map((step) => ({ ...step })) },
  };
}

/** What `status` found. */
export function statusJson(status: MigrationStatus): Json {
  const { journal, backup, dump, compacted, remains, trouble } = status;
  return {
    ...status,
    journal: journal === null ? null : { ...journal },
    backup: backup === null ? null : { ...backup },
    dump: dump === null ? null : { ...dump },
    compacted: compacted === null ? null : { ...compacted },
    remains: remains.map((remain) => ({ ...remain })),
    trouble: trouble === null ? null : { ...trouble },
  };
}
