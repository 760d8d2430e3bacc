/** What a migration tells as it goes: one event for each thing that happened, for people, logs and programs. */

/** The steps of a migration and of a rollback, as users see them. */
export type MigrationPhase =
  | "detect"
  | "preflight"
  | "resume"
  | "export"
  | "stop"
  | "delta"
  | "import"
  | "verify"
  | "backup"
  | "switch"
  | "restore"
  | "done";

/** One thing that happened. */
export interface MigrationEvent {
  /** When, in ISO 8601 with milliseconds, UTC. */
  readonly time: string;
  /** Id of the migration; null before it has one. */
  readonly id: string | null;
  readonly phase: MigrationPhase;
  /** What happened, as a sentence without its full stop. */
  readonly message: string;
  /** Figures and paths that belong to it. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** Is told of each event. */
export type OnEvent = (event: MigrationEvent) => void;

/** Makes events of one migration. */
export class Teller {
  id: string | null = null;
  readonly #onEvent: OnEvent | undefined;

  constructor(onEvent: OnEvent | undefined) {
    this.#onEvent = onEvent;
  }

  /** Tells that something happened. */
  tell(phase: MigrationPhase, message: string, facts: MigrationEvent["facts"] = {}): void {
    this.#onEvent?.({ time: new Date().toISOString(), id: this.id, phase, message, facts });
  }
}

/** An event as a line of a log: the word "migration" is in each, for grep. */
export function eventLine({ time, id, phase, message, facts }: MigrationEvent): string {
  const parts = Object.entries(facts).map(([name, value]) => `${name}=${typeof value === "string" && /[\s"=]/.test(value) ? JSON.stringify(value) : String(value)}`);
  return [time, id === null ? "migration" : `migration ${id}`, `${phase}:`, message, ...parts].join(" ");
}
