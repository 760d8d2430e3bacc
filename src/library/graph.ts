/** Graph: whether the graph in a dump or a store is whole, and how it hangs together. */
import type { DumpInput } from "../operations/dump/input.js";
import type { GraphFigures, GraphHub as InnerHub } from "../operations/graph/index.js";
import { graphOf as look, type GraphOptions as InnerOptions } from "../operations/relations/graph.js";
import type { Neighbourhood as InnerNeighbourhood, NeighboursOptions as InnerNeighbours } from "../operations/relations/neighbours.js";
import { neighboursOf as walk } from "../operations/relations/neighbours.js";
import type { GraphResult as InnerResult } from "../operations/relations/results.js";
import { readLayoutFile } from "../settings/graph-layout-file.js";
import { argumentsOf } from "./call.js";
import { bytes, input, keyspaces, optional, signal, text, whole } from "./checks.js";
import { blockBytes, PROGRESS, READING } from "./common.js";
import { type Options, type Public, publish } from "./public.js";

/** The same, with the name of a layout's file. */
interface Looking extends Omit<InnerOptions, "layout"> {
  /** Path of a TOML file that says how the graph lies there; default: MAYA's layout. */
  readonly layoutFile?: string | undefined;
}

/** What `graphOf` looks at, and how. */
export type GraphOptions = Options<Looking, "input">;
/** A graph: what it has, how it hangs together, and what is wrong with it. Histograms are in powers of two: how many have 0, 1, 2 to 3, 4 to 7, … . */
export type GraphResult = Public<InnerResult>;
/** A node with many edges. */
export type GraphHub = Public<InnerHub>;
/** When nodes and edges were made. */
export type GraphGrowth = Public<NonNullable<GraphFigures["growth"]>>;

const graphArguments = argumentsOf<Looking>("graphOf", "input", { input, keyspaces: optional(keyspaces), layoutFile: optional(text), hubs: optional(whole(0, 10_000)), maxBlockSize: blockBytes, ...READING, ...PROGRESS });

/**
 * Looks at the graph in a dump or a store, which are only read: nodes and edges by label, degrees, hubs, components, growth; edges without their nodes, lists that disagree with
 * edges, values without their shape. Of a dump that is damaged or cut short what comes before that is looked at, and `dump.problem` tells it.
 * @param input path of a dump, or a stream of its bytes; or the directory of a RocksDB or sled store
 * @throws {KgdumpError} USAGE, CONFIG_INVALID for a layout, KEYSPACE_UNKNOWN, DUMP_* when not even the header can be read, STORE_* when a store can't be read, ADDON_MISSING, NOT_FOUND, NO_SPACE, …
 * @throws the signal's reason when it aborts
 */
export async function graphOf(input: DumpInput, options?: GraphOptions): Promise<GraphResult> {
  const { layoutFile, ...rest } = graphArguments(input, options);
  return publish(await look({ ...rest, layout: layoutFile === undefined ? undefined : await readLayoutFile(layoutFile) }));
}

interface Walking extends Omit<InnerNeighbours, "layout"> {
  /** Path of a TOML file that says how the graph lies there; default: MAYA's layout. */
  readonly layoutFile?: string | undefined;
}

/** Where `neighboursOf` begins, and how far it goes. */
export type NeighboursOptions = Options<Walking, "input">;
/** What is around a node. */
export type Neighbourhood = Public<InnerNeighbourhood>;

const neighboursArguments = argumentsOf<Walking>("neighboursOf", "input", {
  input, node: bytes, keyspaces: optional(keyspaces), layoutFile: optional(text), depth: optional(whole(1, 100)), limit: optional(whole(1, 10_000)), maxBlockSize: blockBytes, signal: optional(signal), ...READING,
});

/**
 * Walks from a node along its edges, in both directions, in a dump, by its index, or in a store, which are only read. Only what is told is read.
 * @param input path of a dump, or a stream of its bytes, which goes into a temporary file first; or the directory of a RocksDB or sled store
 * @throws {KgdumpError} NOT_FOUND for a node that is not there, USAGE for a layout that does not lead from a node to its edges; CONFIG_INVALID, KEYSPACE_UNKNOWN, DUMP_*, STORE_*, …
 * @throws the signal's reason when it aborts
 */
export async function neighboursOf(input: DumpInput, options: NeighboursOptions): Promise<Neighbourhood> {
  const { layoutFile, ...rest } = neighboursArguments(input, options);
  return publish(await walk({ ...rest, layout: layoutFile === undefined ? undefined : await readLayoutFile(layoutFile) }));
}
