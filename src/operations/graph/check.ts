/**
 * Checks a graph in MAYA's layout: that every edge's nodes are there, that every list of edges is exact, and that values are what they have to be.
 * Entries may come in any order, from any number of keyspaces; memory is bounded, and a temporary file takes what does not fit.
 */
import type { EntrySource } from "../../engines/store.js";
import { FactGatherer, type GraphCounts } from "./facts.js";
import { kindAt, problemAt } from "./problems.js";
import { RECORD_BYTES } from "./record-sorter.js";
import { addTo, type GraphProblemTally, newTallies } from "./tally.js";
import { findProblems } from "./walk.js";

/** What a check found. */
export interface GraphReport extends Readonly<GraphCounts> {
  /** none: no key of MAYA's layout was seen, so that there is nothing to check. */
  readonly layout: "maya" | "none";
  /** Number of all problems. */
  readonly problems: number;
  /** How many of them are new: what it was compared with does not have them. */
  readonly newProblems: number;
  /** The kinds of problems that there are. */
  readonly kinds: readonly GraphProblemTally[];
}

/** One check. Give it all entries with `add`, then `finish`, then ask for `report`s as often as you like. */
export class GraphCheck implements AsyncDisposable {
  readonly #gatherer: FactGatherer;
  readonly #signal: AbortSignal | undefined;

  /** @param options runRecords: records of 36 bytes that are sorted in memory at once */
  constructor(options: { readonly runRecords?: number | undefined; readonly signal?: AbortSignal | undefined } = {}) {
    this.#gatherer = new FactGatherer(options.runRecords);
    this.#signal = options.signal;
  }

  /** Takes in a block of encoded entries. @throws {KgdumpError} NO_SPACE, IO_FAILED, … of the temporary file */
  async add(block: Uint8Array): Promise<void> {
    await this.#gatherer.add(block);
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

  /** Looks at all that was added. @throws as `add` */
  async finish(): Promise<void> {
    const { facts, problems } = this.#gatherer;
    await findProblems(facts, problems, this.#signal);
    await facts[Symbol.asyncDispose]();
  }

  /**
   * Tells what was found.
   * @param before the check of what this is compared with: problems that it has too are not `made`; without it none is
   * @throws {KgdumpError} IO_FAILED
   */
  async report(before: GraphCheck | null = null): Promise<GraphReport> {
    const { counts, malformed } = this.#gatherer;
    const tallies = newTallies();
    await using others = new ProblemRun(before);
    await using own = new ProblemRun(this);
    await others.next();
    while (await own.next()) {
      while (others.at !== null && own.compare(others) > 0) await others.next();
      const made = before !== null && (others.at === null || own.compare(others) !== 0);
      const { records, at } = own;
      addTo(tallies, kindAt(records, at ?? 0), made, () => problemAt(records, at ?? 0, malformed));
    }
    const kinds = tallies.filter(({ count }) => count > 0);
    const sum = (pick: (kind: GraphProblemTally) => number): number => kinds.reduce((total, kind) => total + pick(kind), 0);
    const layout = counts.nodes + counts.edges + counts.lists > 0 ? "maya" : "none";
    return { ...counts, layout, problems: sum(({ count }) => count), newProblems: sum(({ newProblems }) => newProblems), kinds };
  }

  /** All problems, sorted. */
  problemRecords(): AsyncGenerator<Buffer, void, undefined> {
    return this.#gatherer.problems.sorted();
  }

  /** Gives memory and disk back; a second call does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gatherer[Symbol.asyncDispose]();
  }
}

const BLOCK_SIZE = 1024 * 1024;

/** The problems of a check one after the other, each once. */
class ProblemRun implements AsyncDisposable {
  readonly #pieces: AsyncGenerator<Buffer, void, undefined> | null;
  records: Buffer = Buffer.alloc(0);
  /** Place of the current one in `records`; null at the end. */
  at: number | null = null;
  readonly #last = Buffer.alloc(RECORD_BYTES, 0xff);

  constructor(check: GraphCheck | null) {
    this.#pieces = check?.problemRecords() ?? null;
  }

  /** Goes to the next; false when there is none. */
  async next(): Promise<boolean> {
    if (this.#pieces === null) return false;
    for (;;) {
      let at = this.at === null ? 0 : this.at + RECORD_BYTES;
      if (at >= this.records.length) {
        const piece = await this.#pieces.next();
        if (piece.done === true) {
          this.at = null;
          this.records = Buffer.alloc(0);
          return false;
        }
        this.records = piece.value;
        at = 0;
      }
      this.at = at;
      if (this.#last.compare(this.records, at, at + RECORD_BYTES) === 0) continue;
      this.records.copy(this.#last, 0, at, at + RECORD_BYTES);
      return true;
    }
  }

  /** How the current problem compares with that of another run. */
  compare(other: ProblemRun): number {
    const [at, otherAt] = [this.at ?? 0, other.at ?? 0];
    return this.records.compare(other.records, otherAt, otherAt + RECORD_BYTES, at, at + RECORD_BYTES);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pieces?.return();
  }
}
