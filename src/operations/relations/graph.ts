/** Graph: whether the graph in a dump or a store is whole, and how it hangs together; in one pass, off the main thread. */
import type { GraphLayout } from "../../settings/graph-layout.js";
import { passOver, type PassOptions } from "../dump/pass.js";
import { GraphCheck } from "../graph/index.js";
import type { GraphResult } from "./results.js";

/** What is read, and how. */
export interface GraphOptions extends PassOptions {
  /** How the graph lies there; default: MAYA's layout. */
  readonly layout?: GraphLayout | undefined;
  /** Nodes with the most edges to name; default 10. */
  readonly hubs?: number | undefined;
}

const HUBS = 10;
/** One is parsed while another one is taken in, or parsed, too. */
const BLOCKS_AT_ONCE = 2;

/**
 * Looks at the graph in a dump or a store, which are only read. Of a dump that is damaged or cut short what comes before that is looked at, and `dump.problem` tells it.
 * @throws {KgdumpError} KEYSPACE_UNKNOWN, DUMP_* when not even the header can be read, STORE_* when a store can't be read, ADDON_MISSING, NOT_FOUND, NO_SPACE, …
 */
export async function graphOf(options: GraphOptions): Promise<GraphResult> {
  const started = performance.now();
  const { layout, hubs = HUBS, signal } = options;
  await using check = new GraphCheck({ layout, signal });
  const facts = await passOver({ atOnce: BLOCKS_AT_ONCE, add: (raw) => check.add(raw) }, options);
  await check.finish(hubs);
  const { report: { newProblems: _, ...report }, figures } = await check.figures();
  const { dump, warnings } = facts;
  const more = dump?.header.kind === "delta" ? ["the dump is a delta: only what changed is in it, so that most of the graph seems to be missing"] : [];
  return { ...facts, warnings: [...warnings, ...more], ...report, ...figures, seconds: (performance.now() - started) / 1000 };
}
