/**
 * What each entry of a graph says about one node, as a record of fixed size. Sorted, all that is said of a node comes together, and what an edge
 * says stands beside what the node's list says of it.
 *
 * As bytes: 16 id of the node, 1 what it is about (below), 16 id of the edge, 1 who says it (0 the edge, 1 the list), 2 zero. About existence,
 * the first byte of the edge's id says what exists.
 */
import { createHash } from "node:crypto";
import { EntryCursor } from "../../format/index.js";
import { classifyKey, copyBytes, ID_BYTES, type RecordType } from "./layout.js";
import { addProblem, type GraphProblemKind } from "./problems.js";
import { RecordSorter } from "./record-sorter.js";
import { IdList, RecordReader } from "./values.js";

/** What a fact is about: what exists of the node, or an edge that starts, or ends, at it. */
export const ABOUT = { existence: 0, outgoing: 1, incoming: 2 } as const;

/** What exists: the node's own record, its lists, and lists that can't be read. */
export const EXISTS = { node: 0, outgoing: 1, incoming: 2, badOutgoing: 3, badIncoming: 4 } as const;

/** Offsets within a fact. */
export const FACT = { about: 16, edge: 17, says: 33 } as const;

/** How many of each there are. */
export interface GraphCounts {
  nodes: number;
  edges: number;
  lists: number;
  /** Entries that are none of the graph's. */
  others: number;
}

/** Keys of malformed ones that are kept to be shown. */
const MALFORMED_KEPT = 100;

/** Gathers facts, and what is wrong with single entries. */
export class FactGatherer implements AsyncDisposable {
  readonly counts: GraphCounts = { nodes: 0, edges: 0, lists: 0, others: 0 };
  readonly facts: RecordSorter;
  readonly problems: RecordSorter;
  /** Some malformed keys, by their id in problems. */
  readonly malformed = new Map<string, Uint8Array>();
  readonly #reader = new RecordReader();
  readonly #id = Buffer.alloc(ID_BYTES);

  /** @param runRecords records of each sort that are held in memory */
  constructor(runRecords?: number) {
    this.facts = new RecordSorter(runRecords);
    this.problems = new RecordSorter(runRecords);
  }

  /** Takes in a block of encoded entries. @throws {KgdumpError} NO_SPACE, IO_FAILED, … of the temporary file */
  async add(block: Uint8Array): Promise<void> {
    const raw = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    const cursor = new EntryCursor(block);
    while (cursor.next()) {
      const type = classifyKey(raw, cursor.keyStart, cursor.keyEnd, this.#id);
      if (type === "other") this.counts.others += 1;
      else if (type === "malformed") this.#malformed(raw.subarray(cursor.keyStart, cursor.keyEnd));
      else {
        const value = raw.subarray(cursor.valueStart, cursor.valueEnd);
        if (type === "node") this.#node(value);
        else if (type === "edge") this.#edge(value);
        else await this.#list(type, value);
      }
      if (this.facts.full) await this.facts.flush();
      if (this.problems.full) await this.problems.flush();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.facts[Symbol.asyncDispose]();
    await this.problems[Symbol.asyncDispose]();
  }

  #node(value: Buffer): void {
    this.counts.nodes += 1;
    this.#exists(EXISTS.node);
    this.#tell(this.#reader.node(value, this.#id), "node");
  }

  #edge(value: Buffer): void {
    this.counts.edges += 1;
    const problem = this.#reader.edge(value, this.#id);
    this.#tell(problem, "edge");
    if (problem !== null && problem !== "id-differs") return;
    const { ends } = this.#reader;
    this.#link(ends, 0, ABOUT.outgoing);
    this.#link(ends, ID_BYTES, ABOUT.incoming);
  }

  async #list(type: "outgoing" | "incoming", value: Buffer): Promise<void> {
    this.counts.lists += 1;
    this.#exists(type === "outgoing" ? EXISTS.outgoing : EXISTS.incoming);
    const list = new IdList(value);
    this.#tell(list.problem, type);
    if (list.problem !== null) this.#exists(type === "outgoing" ? EXISTS.badOutgoing : EXISTS.badIncoming);
    while (list.next(NAMED, 0)) {
      const at = this.facts.add();
      const { buffer } = this.facts;
      copyBytes(this.#id, 0, buffer, at, ID_BYTES);
      buffer[at + FACT.about] = ABOUT[type];
      copyBytes(NAMED, 0, buffer, at + FACT.edge, ID_BYTES);
      buffer[at + FACT.says] = 1;
      if (this.facts.full) await this.facts.flush();
    }
  }

  /** The edge whose id is in `#id` starts or ends at a node. */
  #link(node: Buffer, at: number, about: number): void {
    const place = this.facts.add();
    const { buffer } = this.facts;
    copyBytes(node, at, buffer, place, ID_BYTES);
    buffer[place + FACT.about] = about;
    copyBytes(this.#id, 0, buffer, place + FACT.edge, ID_BYTES);
  }

  #exists(what: number): void {
    const at = this.facts.add();
    const { buffer } = this.facts;
    copyBytes(this.#id, 0, buffer, at, ID_BYTES);
    buffer[at + FACT.edge] = what;
  }

  #tell(kind: GraphProblemKind | null, type: RecordType): void {
    if (kind !== null) addProblem(this.problems, kind, { type, id: this.#id, at: 0 });
  }

  #malformed(key: Uint8Array): void {
    const id = createHash("sha256").update(key).digest().subarray(0, ID_BYTES);
    if (this.malformed.size < MALFORMED_KEPT) this.malformed.set(id.toString("hex"), Buffer.from(key));
    addProblem(this.problems, "key-malformed", { type: "node", id, at: 0 });
  }
}

const NAMED = Buffer.alloc(ID_BYTES);
