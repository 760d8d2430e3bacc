/** What the sides of a migration hold, as its result tells it. */
import type { GraphReport } from "../graph/index.js";

/** What one side holds of a keyspace. */
export interface HeldEntries {
  readonly entries: number;
  /** SHA-256 of the entries as encoded in a dump, in their order, in hex; null when not all of them were read again. */
  readonly digest: string | null;
}

/** One keyspace from all sides. */
export interface MigratedKeyspace {
  readonly name: Uint8Array;
  /** As the old store was read. */
  readonly source: HeldEntries;
  /** As the dump was read, with the delta that follows it; null without a dump. */
  readonly dump: HeldEntries | null;
  /** As the new store was read back. */
  readonly target: HeldEntries;
}

/** All sides of a migration. */
export interface Sides {
  readonly keyspaces: readonly MigratedKeyspace[];
  /** What is wrong with the graph, in the new store as in the old one, as their entries are the same; null when it was not checked. */
  readonly graph: GraphReport | null;
}
