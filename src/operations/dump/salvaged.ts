/** Telling users of a dump that it was salvaged from a damaged one. */
import type { DumpHeader } from "../../format/index.js";
import type { EntryEvent } from "./events.js";

/**
 * The warning about a salvaged dump, or none.
 * @param header of the dump
 * @param gaps how many it has
 */
export function salvagedWarnings(header: Pick<DumpHeader, "salvaged">, gaps: number): string[] {
  if (header.salvaged === null) return [];
  const from = header.salvaged.dumpId === null ? "a damaged dump or store" : `the damaged dump ${header.salvaged.dumpId}`;
  const what = gaps === 0 ? "no entry is known to be missing" : `entries are missing in ${gaps === 1 ? "one place" : `${String(gaps)} places`}: kgdump inspect --gaps lists them`;
  return [`the dump was salvaged from ${from}; ${what}`];
}

/** Counts the gaps of a dump that goes by. */
export class GapWatch {
  #gaps = 0;
  #header: DumpHeader | null = null;

  /** The same events. @param events of one dump; closed with the result */
  async *watch(events: AsyncGenerator<EntryEvent>): AsyncGenerator<EntryEvent> {
    for await (const event of events) {
      if (event.type === "header") this.#header = event.header;
      else if (event.type === "gap") this.#gaps += 1;
      yield event;
    }
  }

  /** The warning about what went by, or none. */
  warnings(): string[] {
    return this.#header === null ? [] : salvagedWarnings(this.#header, this.#gaps);
  }
}
