/** The steps of a migration in words, for whoever wants to know before it begins. */
import { engineTitle } from "../../../engines/registry.js";
import { type Direction } from "../direction.js";
import type { MigrateOptions, MigrationPaths } from "../options.js";

/** One step of a migration. */
export interface PlannedStep {
  /**
   * copy: the whole store; wait: for the stop of the service; catch-up: with what has changed meanwhile; switch: the new store takes its place;
   * confirm: nothing else had changed.
   */
  readonly step: "copy" | "wait" | "catch-up" | "switch" | "confirm";
  /** What happens, as a sentence without its full stop. */
  readonly what: string;
  /** Whether the service may run meanwhile. */
  readonly serviceRuns: boolean;
  /** Roughly; null for what takes no time of its own, or for as long as somebody waits. */
  readonly estimatedSeconds: number | null;
}

/** What the steps depend on. */
interface StepFacts extends Direction, Pick<MigrateOptions, "live" | "waitSeconds" | "checkGraph" | "keepDump"> {
  readonly delta: string | null;
  readonly copySeconds: number;
  readonly catchUpSeconds: number;
}

/** The steps of a migration, in their order. */
export function plannedSteps({ backup, dump }: MigrationPaths, facts: StepFacts): PlannedStep[] {
  const made = engineTitle(facts.to);
  const live = facts.live === true;
  const kept = facts.keepDump !== false;
  const way = dump === null ? "goes straight into" : "is exported to the dump, and that imported into";
  const graph = facts.checkGraph === true ? ", and its graph is checked" : "";
  const copy = { step: "copy", what: `the whole store ${way} a new ${made} store, which is read back and compared`, serviceRuns: live, estimatedSeconds: facts.copySeconds } as const;
  const original = backup === null ? `the ${made} store gets its name, and the original stays where it is` : `the original becomes the backup, and the ${made} store takes its place`;
  const gone = dump === null || kept ? "" : `; the dump${live ? " and the delta are" : " is"} removed`;
  const end = { step: "switch", what: original + gone, serviceRuns: false, estimatedSeconds: null } as const;
  if (!live) return [{ ...copy, what: copy.what + graph }, end];
  const time = facts.waitSeconds === undefined ? "without end" : `for at most ${String(facts.waitSeconds)} seconds`;
  const delta = facts.delta === null || !kept ? "" : ", and what had changed is written into the delta";
  return [
    copy,
    { step: "wait", what: `it says "stop the service now", and waits ${time} until nobody has the store open`, serviceRuns: true, estimatedSeconds: null },
    { step: "catch-up", what: `what has changed since goes into the new store, and is looked up there${graph}`, serviceRuns: false, estimatedSeconds: facts.catchUpSeconds },
    end,
    { step: "confirm", what: `the whole original is read once more${delta}`, serviceRuns: true, estimatedSeconds: facts.copySeconds },
  ];
}
