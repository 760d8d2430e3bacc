/** What a report is made of: what is in a dump or a store, what it is, and what it lacks. */
import type { GraphLayout } from "../../settings/graph-layout.js";
import { PRODUCER } from "../../version.js";
import { type DumpGap, listGaps } from "../inspect/gaps.js";
import { inspectStore, type StoreSummary } from "../inspect/store.js";
import { sourceDateEpoch } from "../run/source-date.js";
import type { StatsResult } from "../stats/results.js";
import { statsOf, type StatsOptions } from "../stats/stats.js";
import { GraphLook, type ReportedGraph } from "./graph.js";

/** What a report is made of, and how it is read. */
export interface ReportOptions extends Pick<StatsOptions, "input" | "keyspaces" | "separator" | "ttl" | "paranoid" | "maxBlockSize" | "onProgress" | "signal"> {
  /** How a graph lies there; without it MAYA's layout is tried. */
  readonly layout?: GraphLayout | undefined;
  /** Show parts of values: fields of JSON, entries chosen by chance; default true. */
  readonly values?: boolean | undefined;
}

/** What a report tells. */
export interface ReportFacts {
  readonly stats: StatsResult;
  /** What a store is; null for a dump. */
  readonly store: StoreSummary | null;
  /** Where a salvaged dump in a file lacks something: the first of them. */
  readonly gaps: readonly DumpGap[];
  /** The graph in the entries; null when they are none. */
  readonly graph: ReportedGraph | null;
  /** Whether parts of values are shown. */
  readonly values: boolean;
  /** SOURCE_DATE_EPOCH, else now. */
  readonly madeAt: Date;
  /** Program and version that made it. */
  readonly producer: string;
}

/** Entries that are chosen by chance; always the same ones of the same entries, so that a report can be made again. */
const SAMPLES = 12;
const SEED = 1;
/** Largest entries of a keyspace, and gaps, that are told. */
const LARGEST = 15;
const GAPS = 50;

/**
 * Reads a dump or a store for a report. Of a dump that is damaged or cut short what comes before that is told, and `stats.dump.problem`.
 * @throws {KgdumpError} KEYSPACE_UNKNOWN, DUMP_* when not even the header can be read, STORE_* when a store can't be read, ADDON_MISSING, NOT_FOUND, …
 * @throws the signal's reason when it aborts
 */
export async function gatherReport(options: ReportOptions): Promise<ReportFacts> {
  const { input, ttl, paranoid, maxBlockSize, signal, values = true, layout, ...rest } = options;
  await using look = new GraphLook(layout, signal);
  const counted = await statsOf({ ...rest, input, ttl, paranoid, maxBlockSize, signal, schema: values, samples: values ? SAMPLES : 0, seed: SEED, largest: LARGEST }, look);
  const warnings = [...counted.warnings];
  const graph = await look.found(counted, { keyspaces: rest.keyspaces, ttl, paranoid, maxBlockSize, signal, values }, warnings);
  const stats = { ...counted, warnings };
  const { dump, path } = stats;
  const store = dump === null && path !== null ? await inspectStore({ store: path, ttl, paranoid, signal }) : null;
  const hasGaps = dump?.problem === null && dump.keyspaces.some(({ gaps }) => gaps > 0);
  // A stream went by.
  const gaps = hasGaps && path !== null ? await firstGaps({ input: path, maxBlockSize, signal }) : [];
  return { stats, store, gaps, graph, values, madeAt: sourceDateEpoch() ?? new Date(), producer: PRODUCER };
}

async function firstGaps(options: Parameters<typeof listGaps>[0]): Promise<DumpGap[]> {
  const found: DumpGap[] = [];
  for await (const gap of listGaps(options)) {
    found.push(gap);
    if (found.length === GAPS) break;
  }
  return found;
}
