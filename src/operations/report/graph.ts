/** The graph for a report: looked at in the pass that counts, told where the entries look like one. */
import { KgdumpError } from "../../errors.js";
import type { GraphLayout } from "../../settings/graph-layout.js";
import { GraphCheck, type GraphFigures, type GraphReport } from "../graph/index.js";
import { type Neighbourhood, neighboursOf, type NeighboursOptions } from "../relations/neighbours.js";
import type { StatsResult } from "../stats/results.js";

/** A graph, what is wrong with it, and a part of it. */
export interface ReportedGraph {
  readonly report: GraphReport;
  readonly figures: GraphFigures;
  /** What is around the node with the most edges; null where it is not to be shown, or can't be found. */
  readonly near: Neighbourhood | null;
}

/** How the part that is shown is read. */
export type NearOptions = Pick<NeighboursOptions, "keyspaces" | "ttl" | "paranoid" | "maxBlockSize" | "signal"> & { readonly values: boolean };

/** Hubs that are told, and nodes that are shown around the first of them. */
const HUBS = 10;
const NEAR = 17;

/** Looks at blocks for a report. Where nobody asked for a graph, what fails of it is a warning. */
export class GraphLook implements AsyncDisposable {
  readonly #check: GraphCheck;
  readonly #layout: GraphLayout | undefined;
  #failure: KgdumpError | null = null;

  /** @param layout the one that was asked for; else MAYA's is tried */
  constructor(layout: GraphLayout | undefined, signal: AbortSignal | undefined) {
    this.#layout = layout;
    this.#check = new GraphCheck({ layout, signal });
  }

  /** Takes in a block. @throws {KgdumpError} NO_SPACE, … of the temporary file, when the graph was asked for */
  async add(raw: Uint8Array): Promise<void> {
    await this.#unlessAsked(() => this.#check.add(raw));
  }

  /**
   * The graph that there is; null when there is none.
   * @param warnings takes what a user should know of it
   * @throws as `add`
   */
  async found({ path, dump }: StatsResult, { values, ...reading }: NearOptions, warnings: string[]): Promise<ReportedGraph | null> {
    // Most of the graph would seem to be missing.
    if (dump?.header.kind === "delta") return null;
    const found = await this.#unlessAsked(async () => {
      await this.#check.finish(HUBS);
      return this.#check.figures();
    });
    if (found === null) {
      warnings.push(`the graph in it was not looked at: ${this.#failure?.message ?? ""}`);
      return null;
    }
    const { report, figures } = found;
    if (report.layout === "none" && this.#layout !== undefined) warnings.push("nothing in it is in the layout of a graph that was given");
    if (report.layout === "none" || (this.#layout === undefined && !looksLikeGraph(report))) return null;
    const [hub] = figures.hubs;
    const near = values && path !== null && (dump?.problem ?? null) === null && hub !== undefined ? await this.#near({ ...reading, input: path, node: hub.id }) : null;
    return { report, figures, near };
  }

  async #near(options: NeighboursOptions): Promise<Neighbourhood | null> {
    try {
      return await neighboursOf({ ...options, layout: this.#layout, depth: 1, limit: NEAR });
    } catch (error) {
      // A layout that does not lead from a node to its edges, or a store that went on without it.
      if (error instanceof KgdumpError && error.code === "USAGE") return null;
      throw error;
    }
  }

  /** Does a part of the work, unless one before it failed: it would be about a part of the graph, of which the rest would seem to be missing. */
  async #unlessAsked<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.#failure !== null) return null;
    try {
      return await work();
    } catch (error) {
      if (this.#layout !== undefined || !(error instanceof KgdumpError)) throw error;
      this.#failure = error;
      return null;
    }
  }

  /** Gives memory and disk back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#check[Symbol.asyncDispose]();
  }
}

/** Whether keys that begin like those of a graph are one: nodes and edges, of which most have the shape. */
function looksLikeGraph({ nodes, edges, kinds }: GraphReport): boolean {
  const odd = kinds.filter(({ kind }) => kind === "key-malformed" || kind === "value-not-json" || kind === "value-misshapen").reduce((sum, { count }) => sum + count, 0);
  return nodes > 0 && edges > 0 && odd * 2 <= nodes + edges;
}
