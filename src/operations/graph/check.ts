/**
 * Looks at a graph: that every edge's nodes are there, that every list of edges is exact, that values are what they have to be; and what nodes and edges there are.
 * Entries may come in any order, from any number of keyspaces. It is done off the main thread; memory is bounded but for 4 bytes for each node, and temporary
 * files take what does not fit.
 */
import type { EntrySource } from "../../engines/store.js";
import { type GraphLayout, MAYA_LAYOUT } from "../../settings/graph-layout.js";
import { type FoundFigures, type GraphFigures, readFigures } from "./figures.js";
import { GraphBuilder } from "./native.js";
import { type FoundTally, type GraphProblemTally, readTallies } from "./problems.js";

/** What a check found. */
export interface GraphReport {
  readonly nodes: number;
  readonly edges: number;
  readonly lists: number;
  /** Entries that are none of the graph's. */
  readonly others: number;
  /** none: no key of the layout was seen, so that there is nothing to check. */
  readonly layout: GraphLayout["name"] | "none";
  /** Number of all problems. */
  readonly problems: number;
  /** How many of them are new: what it was compared with does not have them. */
  readonly newProblems: number;
  /** The kinds of problems that there are. */
  readonly kinds: readonly GraphProblemTally[];
}

interface Found extends Pick<GraphReport, "nodes" | "edges" | "lists" | "others"> {
  readonly kinds: readonly FoundTally[];
  readonly figures: FoundFigures | null;
}

/** One check. Give it all entries with `add`, then `finish`, then ask for `report`s as often as you like. */
export class GraphCheck implements AsyncDisposable {
  readonly #layout: GraphLayout;
  readonly #signal: AbortSignal | undefined;
  readonly #runRecords: number | undefined;
  #builder: Promise<GraphBuilder> | null = null;

  /** @param options layout: MAYA's by default; runRecords: how many facts are sorted in memory at once */
  constructor(options: { readonly layout?: GraphLayout | undefined; readonly runRecords?: number | undefined; readonly signal?: AbortSignal | undefined } = {}) {
    this.#layout = options.layout ?? MAYA_LAYOUT;
    this.#runRecords = options.runRecords;
    this.#signal = options.signal;
  }

  #started(): Promise<GraphBuilder> {
    this.#builder ??= GraphBuilder.start(this.#layout, this.#runRecords);
    return this.#builder;
  }

  /** Takes in a block of encoded entries; the next one may be given before this has settled. @throws {KgdumpError} ADDON_MISSING; NO_SPACE, IO_FAILED, … of the temporary file */
  async add(block: Uint8Array): Promise<void> {
    const builder = await this.#started();
    await builder.add(block);
  }

  /** Takes in a whole store. @throws what its scan throws, and as `add` */
  async addStore(store: EntrySource, blockSize = BLOCK_SIZE): Promise<void> {
    for (const { name } of store.info.keyspaces) {
      for await (const block of store.scan(name, { blockSize, signal: this.#signal })) {
        await this.add(block.data);
        block.release();
      }
    }
  }

  /**
   * Looks at all that was added.
   * @param hubs nodes with the most edges to name; without it there are no figures
   * @throws as `add`
   */
  async finish(hubs?: number): Promise<void> {
    const builder = await this.#started();
    this.#signal?.throwIfAborted();
    await builder.finish(hubs);
    this.#signal?.throwIfAborted();
  }

  /**
   * Tells what was found.
   * @param before the check of what this is compared with: problems that it has too are not new; without it none is
   * @throws {KgdumpError} IO_FAILED
   */
  async report(before: GraphCheck | null = null): Promise<GraphReport> {
    const { report } = await this.#found(before);
    return report;
  }

  /** The same, with what nodes and edges there are. @throws {KgdumpError} IO_FAILED */
  async figures(): Promise<{ readonly report: GraphReport; readonly figures: GraphFigures }> {
    const { report, figures } = await this.#found(null);
    if (figures === null) throw new TypeError("figures were not asked for");
    return { report, figures: readFigures(figures, this.#layout) };
  }

  async #found(before: GraphCheck | null): Promise<{ readonly report: GraphReport; readonly figures: FoundFigures | null }> {
    const builder = await this.#started();
    const { kinds: all, figures, ...counts } = (await builder.report(before === null ? null : await before.#started())) as Found;
    const kinds = readTallies(all);
    const sum = (pick: (kind: GraphProblemTally) => number): number => kinds.reduce((total, kind) => total + pick(kind), 0);
    const layout = counts.nodes + counts.edges + counts.lists > 0 ? this.#layout.name : "none";
    return { report: { ...counts, layout, problems: sum(({ count }) => count), newProblems: sum(({ newProblems }) => newProblems), kinds }, figures };
  }

  /** Gives memory and disk back; a second call does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    const builder = await this.#builder?.catch(() => null);
    builder?.close();
  }
}

const BLOCK_SIZE = 1024 * 1024;
