/** The kinds of problems that a graph can have, and how each is kept as a record of fixed size that sorts and compares as bytes. */
import { ID_BYTES, recordKey, type RecordType } from "./layout.js";
import type { RecordSorter } from "./record-sorter.js";

/**
 * What can be wrong:
 * - `key-malformed`: the key begins as one of the graph's and goes on otherwise
 * - `value-not-json`, `value-misshapen`: the value is no JSON, or lacks what it must have
 * - `id-differs`: the id in the value is not the one of its key
 * - `source-missing`, `target-missing`: an edge starts or ends at a node that is not there
 * - `list-lacks-edge`, `list-has-extra-edge`, `list-repeats-edge`: a node's list is not the list of its edges
 * - `list-without-node`: there is a list for a node that is not there
 * - `stored-twice`: the record is in more than one keyspace
 */
export const GRAPH_PROBLEMS = [
  "key-malformed",
  "value-not-json",
  "value-misshapen",
  "id-differs",
  "source-missing",
  "target-missing",
  "list-lacks-edge",
  "list-has-extra-edge",
  "list-repeats-edge",
  "list-without-node",
  "stored-twice",
] as const;

/** Kind of a problem. */
export type GraphProblemKind = (typeof GRAPH_PROBLEMS)[number];

/** Kinds of records by the number that stands for them in a problem. */
export const RECORD_TYPES: readonly RecordType[] = ["node", "edge", "outgoing", "incoming"];

/** One problem. */
export interface GraphProblem {
  readonly kind: GraphProblemKind;
  /** Key of the record that has it; null for a malformed one that was not kept. */
  readonly key: Uint8Array | null;
  /** Key of what it names: the node that is missing, the edge that a list lacks or should not have; or null. */
  readonly other: Uint8Array | null;
}

/*
 * As bytes: 1 kind, 1 type of the record, 16 its id, 1 type of the other + 1 (0: none), 16 its id, 1 zero.
 */
const OTHER = 2 + ID_BYTES;

/** Where a problem's record and the other one are. */
export interface ProblemPlace {
  readonly type: RecordType;
  /** Holds the id of the record from `at` on. */
  readonly id: Uint8Array;
  readonly at: number;
  readonly otherType?: RecordType;
  readonly other?: Uint8Array;
  readonly otherAt?: number;
}

/** Adds a problem to those that are to be sorted. */
export function addProblem(sorter: RecordSorter, kind: GraphProblemKind, { type, id, at, otherType, other, otherAt = 0 }: ProblemPlace): void {
  const place = sorter.add();
  const { buffer } = sorter;
  buffer[place] = GRAPH_PROBLEMS.indexOf(kind);
  buffer[place + 1] = RECORD_TYPES.indexOf(type);
  buffer.set(id.subarray(at, at + ID_BYTES), place + 2);
  if (otherType === undefined || other === undefined) return;
  buffer[place + OTHER] = RECORD_TYPES.indexOf(otherType) + 1;
  buffer.set(other.subarray(otherAt, otherAt + ID_BYTES), place + OTHER + 1);
}

/** The kind of a problem. */
export function kindAt(records: Buffer, at: number): GraphProblemKind {
  return GRAPH_PROBLEMS[records[at] ?? 0] ?? "key-malformed";
}

/**
 * Reads a problem back.
 * @param malformed keys of the malformed ones by their id in hex
 */
export function problemAt(records: Buffer, at: number, malformed: ReadonlyMap<string, Uint8Array>): GraphProblem {
  const kind = kindAt(records, at);
  const id = Buffer.from(records.subarray(at + 2, at + OTHER));
  const otherType = RECORD_TYPES[(records[at + OTHER] ?? 0) - 1];
  return {
    kind,
    key: kind === "key-malformed" ? (malformed.get(id.toString("hex")) ?? null) : recordKey(RECORD_TYPES[records[at + 1] ?? 0] ?? "node", id),
    other: otherType === undefined ? null : recordKey(otherType, records.subarray(at + OTHER + 1, at + OTHER + 1 + ID_BYTES)),
  };
}
