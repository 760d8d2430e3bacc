/** Telling users of a dump that it was salvaged from a damaged one. */
import { formatCount } from "../../counts.js";
import { KgdumpError } from "../../errors.js";
import type { DumpHeader, Gap } from "../../format/index.js";
import type { EntryEvent } from "./events.js";

/** What a salvaged dump lacks. */
export interface Missing {
  /** In how many places. */
  readonly gaps: number;
  /** How many entries; null when nobody can tell. */
  readonly entries: number | null;
}

/** The sum of two numbers of missing entries, each null when nobody can tell. */
export function addMissing(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

/** What the keyspaces of a dump lack together. */
export function missingOf(keyspaces: readonly { readonly gaps: number; readonly missingEntries: number | null }[]): Missing {
  return {
    gaps: keyspaces.reduce((total, { gaps }) => total + gaps, 0),
    entries: keyspaces.reduce<number | null>((total, { missingEntries }) => addMissing(total, missingEntries), 0),
  };
}

/** What is missing, as a sentence: "3,574 entries are missing in one place". */
export function missingText({ gaps, entries }: Missing): string {
  const places = gaps === 1 ? "one place" : `${String(gaps)} places`;
  if (entries === null) return `entries are missing in ${places}`;
  return `${entries === 1 ? "1 entry is" : `${formatCount(entries)} entries are`} missing in ${places}`;
}

/**
 * The warning about a salvaged dump, or none.
 * @param header of the dump
 * @param missing what it lacks
 */
export function salvagedWarnings(header: Pick<DumpHeader, "salvaged">, missing: Missing): string[] {
  if (header.salvaged === null) return [];
  const from = header.salvaged.dumpId === null ? "a damaged dump or store" : `the damaged dump ${header.salvaged.dumpId}`;
  const what = missing.gaps === 0 ? "no entry is known to be missing" : `${missingText(missing)}: kgdump inspect --gaps lists them`;
  return [`the dump was salvaged from ${from}; ${what}`];
}

/**
 * Fails when a store that was made of a salvaged dump lacks what the dump lacks.
 * @param target the store
 * @throws {KgdumpError} RECOVERY_INCOMPLETE
 */
export function requireNoGaps(missing: Missing, target: string): void {
  if (missing.gaps === 0) return;
  throw new KgdumpError("RECOVERY_INCOMPLETE", `the dump was salvaged, and ${missingText(missing)}: what it holds is in the store now, and the rest is not`, {
    path: target,
    hint: "with --allow-gaps this is not an error; `kgdump inspect --gaps` lists between which keys entries are missing: take those from a backup",
  });
}

/** Counts the gaps of a dump that goes by. */
export class GapWatch {
  readonly #gaps: Pick<Gap, "keyspace" | "entries">[] = [];
  #header: DumpHeader | null = null;

  /** The same events. @param events of one dump; closed with the result */
  async *watch(events: AsyncGenerator<EntryEvent>): AsyncGenerator<EntryEvent> {
    for await (const event of events) {
      if (event.type === "header") this.#header = event.header;
      else if (event.type === "gap") this.#gaps.push(event.gap);
      yield event;
    }
  }

  /** What is missing of what went by. @param of which of the header's keyspaces */
  missing(of: (keyspace: number) => boolean = () => true): Missing {
    const gaps = this.#gaps.filter(({ keyspace }) => of(keyspace));
    return { gaps: gaps.length, entries: gaps.reduce<number | null>((sum, { entries }) => addMissing(sum, entries), 0) };
  }

  /** The warning about what went by, or none. */
  warnings(): string[] {
    return this.#header === null ? [] : salvagedWarnings(this.#header, this.missing());
  }
}
