/** What a migration tells as it goes: one event for each thing that happened, for people, logs and programs. */
import { type Figures, FigureTracker } from "../run/figures.js";
import type { OnProgress } from "../run/progress.js";

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

/**
 * What an event is: something begins, which may take long; it goes on, as is told each half minute; something happened; somebody has to do something
 * now, which waits for it.
 */
export type EventKind = "begins" | "goes-on" | "happened" | "asks";

/** One thing that happened. */
export interface MigrationEvent {
  /** When, in ISO 8601 with milliseconds, UTC. */
  readonly time: string;
  /** Id of the migration; null before it has one. */
  readonly id: string | null;
  readonly phase: MigrationPhase;
  readonly kind: EventKind;
  /** What happened, as a sentence without its full stop. */
  readonly message: string;
  /** Figures and paths that belong to it. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** Is told of each event. */
export type OnEvent = (event: MigrationEvent) => void;

/** How often it is told that something goes on, in milliseconds. */
const BEAT_MS = 30_000;

/** Makes events of one migration, until it is disposed of. */
export class Teller implements Disposable {
  id: string | null = null;
  readonly #onEvent: OnEvent | undefined;
  readonly #tracker = new FigureTracker();
  readonly #beat: NodeJS.Timeout | undefined;
  /** What is being done, which may take long. */
  #doing: { readonly phase: MigrationPhase; readonly message: string; figures: Figures | null } | null = null;

  /** @param beatMs how often it is told that something goes on, in milliseconds */
  constructor(onEvent: OnEvent | undefined, beatMs = BEAT_MS) {
    this.#onEvent = onEvent;
    if (onEvent !== undefined) this.#beat = setInterval(() => { this.#goesOn(); }, beatMs).unref();
  }

  /** Tells that something happened, and so that nothing else is being done any more. */
  tell(phase: MigrationPhase, message: string, facts: MigrationEvent["facts"] = {}): void {
    this.#doing = null;
    this.#send("happened", phase, message, facts);
  }

  /** Tells that something begins that may take long. */
  begin(phase: MigrationPhase, message: string, facts: MigrationEvent["facts"] = {}): void {
    this.#doing = { phase, message, figures: null };
    this.#send("begins", phase, message, facts);
  }

  /** Tells what somebody has to do now. */
  ask(phase: MigrationPhase, message: string, facts: MigrationEvent["facts"] = {}): void {
    this.#doing = null;
    this.#send("asks", phase, message, facts);
  }

  /** Tells that what was asked for is still waited for. */
  wait(phase: MigrationPhase, message: string, facts: MigrationEvent["facts"]): void {
    this.#send("goes-on", phase, message, facts);
  }

  /** Looks at progress on its way to whoever wants to know it. */
  watch(onProgress: OnProgress | undefined): OnProgress {
    return (progress) => {
      if (this.#onEvent !== undefined) {
        const figures = this.#tracker.update(progress);
        if (this.#doing !== null) this.#doing.figures = figures;
      }
      onProgress?.(progress);
    };
  }

  #goesOn(): void {
    if (this.#doing === null) return;
    const { phase, message, figures } = this.#doing;
    this.#send("goes-on", phase, `still at work: ${message}`, figures === null ? {} : factsOf(figures));
  }

  #send(kind: EventKind, phase: MigrationPhase, message: string, facts: MigrationEvent["facts"]): void {
    this.#onEvent?.({ time: new Date().toISOString(), id: this.id, phase, kind, message, facts });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#beat);
  }
}

function factsOf({ share, rate, secondsLeft, progress: { entries } }: Figures): MigrationEvent["facts"] {
  return {
    ...(share === null ? {} : { percent: Math.floor(share * 100) }),
    entries,
    ...(rate === null ? {} : { bytesPerSecond: Math.round(rate) }),
    ...(secondsLeft === null ? {} : { secondsLeft: Math.round(secondsLeft) }),
  };
}

/** An event as a line of a log: the word "migration" is in each, for grep. */
export function eventLine({ time, id, phase, message, facts }: MigrationEvent): string {
  const parts = Object.entries(facts).map(([name, value]) => `${name}=${typeof value === "string" && /[\s"=]/.test(value) ? JSON.stringify(value) : String(value)}`);
  return [time, id === null ? "migration" : `migration ${id}`, `${phase}:`, message, ...parts].join(" ");
}
