/** What a reader released, as the vectors' JSON has it. */
import { createHash } from "node:crypto";
import type { DumpEvent } from "#src/format/index.js";
import type { Released } from "./vector-files.js";

const LETTERS = { header: "H", "keyspace-start": "S", block: "B", gap: "G", "keyspace-end": "E", footer: "F" } as const;

/** The letters of the events' kinds, in order. */
export const letters = (events: readonly DumpEvent[]): string => events.map(({ type }) => LETTERS[type]).join("");

/** What was released before an error. */
export function released(events: readonly DumpEvent[]): Released {
  const hash = createHash("sha256");
  let [blocks, entries] = [0, 0];
  for (const event of events) {
    if (event.type !== "block") continue;
    hash.update(event.raw ?? "");
    blocks += 1;
    entries += event.block.entries;
  }
  return { events: letters(events), blocks, entries, digest: hash.digest("hex") };
}
