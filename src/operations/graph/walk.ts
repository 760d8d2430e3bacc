/** Goes through the sorted facts of a graph, node by node, and finds what does not fit together. */
import { ABOUT, EXISTS, FACT } from "./facts.js";
import { compareBytes, copyBytes, ID_BYTES, type RecordType } from "./layout.js";
import { addProblem } from "./problems.js";
import { RECORD_BYTES, type RecordSorter } from "./record-sorter.js";

/** Facts after which problems may have to be written away. */
const FACTS_AT_ONCE = 4096;

/**
 * Adds all problems that the facts show to `problems`.
 * @throws {KgdumpError} NO_SPACE, IO_FAILED, … of the temporary files
 */
export async function findProblems(facts: RecordSorter, problems: RecordSorter, signal: AbortSignal | undefined): Promise<void> {
  const walk = new Walk(problems);
  for await (const records of facts.sorted()) {
    signal?.throwIfAborted();
    for (let from = 0; from < records.length; from += FACTS_AT_ONCE * RECORD_BYTES) {
      const to = Math.min(records.length, from + FACTS_AT_ONCE * RECORD_BYTES);
      for (let at = from; at < to; at += RECORD_BYTES) walk.step(records, at);
      if (problems.full) await problems.flush();
    }
  }
  walk.end();
}

/** What is known of the node and of the edge that the walk is at. */
class Walk {
  readonly #problems: RecordSorter;
  /** The fact before, of which node, subject and edge are compared with the next. */
  readonly #last = Buffer.alloc(RECORD_BYTES);
  #begun = false;
  #exists: number[] = [0, 0, 0, 0, 0];
  #saidByEdge = 0;
  #saidByList = 0;

  constructor(problems: RecordSorter) {
    this.#problems = problems;
  }

  /** Takes in the next fact. */
  step(records: Buffer, at: number): void {
    const last = this.#last;
    const sameNode = this.#begun && compareBytes(last, 0, records, at, ID_BYTES) === 0;
    const sameEdge = sameNode && compareBytes(last, FACT.about, records, at + FACT.about, FACT.says - FACT.about) === 0;
    if (!sameEdge) this.#endEdge();
    if (!sameNode) this.#endNode();
    this.#begun = true;
    if (!sameEdge) copyBytes(records, at, last, 0, RECORD_BYTES);
    if (records[at + FACT.about] === ABOUT.existence) {
      const what = records[at + FACT.edge] ?? 0;
      this.#exists[what] = (this.#exists[what] ?? 0) + 1;
    } else if (records[at + FACT.says] === 0) this.#saidByEdge += 1;
    else this.#saidByList += 1;
  }

  /** There are no more facts. */
  end(): void {
    this.#endEdge();
    this.#endNode();
  }

  #endEdge(): void {
    const [byEdge, byList] = [this.#saidByEdge, this.#saidByList];
    this.#saidByEdge = this.#saidByList = 0;
    if (byEdge === 0 && byList === 0) return;
    const outgoing = this.#last[FACT.about] === ABOUT.outgoing;
    const list: RecordType = outgoing ? "outgoing" : "incoming";
    const edge = { type: "edge", id: this.#last, at: FACT.edge } as const;
    const listed = { type: list, id: this.#last, at: 0, otherType: "edge", other: this.#last, otherAt: FACT.edge } as const;
    if (byEdge > 0 && !this.#has(EXISTS.node)) {
      addProblem(this.#problems, outgoing ? "source-missing" : "target-missing", { ...edge, otherType: "node", other: this.#last });
    }
    if (byEdge > 1 && outgoing) addProblem(this.#problems, "stored-twice", edge);
    if (byEdge > 0 && byList === 0 && !this.#has(outgoing ? EXISTS.badOutgoing : EXISTS.badIncoming)) addProblem(this.#problems, "list-lacks-edge", listed);
    if (byEdge === 0) addProblem(this.#problems, "list-has-extra-edge", listed);
    if (byList > 1) addProblem(this.#problems, "list-repeats-edge", listed);
  }

  #endNode(): void {
    if (!this.#begun) return;
    const kinds = [["node", EXISTS.node], ["outgoing", EXISTS.outgoing], ["incoming", EXISTS.incoming]] as const;
    for (const [type, what] of kinds) {
      const record = { type, id: this.#last, at: 0 } as const;
      if ((this.#exists[what] ?? 0) > 1) addProblem(this.#problems, "stored-twice", record);
      if (type !== "node" && this.#has(what) && !this.#has(EXISTS.node)) addProblem(this.#problems, "list-without-node", record);
    }
    this.#exists = [0, 0, 0, 0, 0];
  }

  #has(what: number): boolean {
    return (this.#exists[what] ?? 0) > 0;
  }
}
