/** The kinds of problems that a graph can have, and how many of each there are. */

/**
 * What can be wrong:
 * - `key-malformed`: the key begins as one of the graph's and goes on otherwise
 * - `value-not-json`, `value-misshapen`: the value is no JSON, or lacks what it must have
 * - `id-differs`: the id in the value is not the one of its key
 * - `source-missing`, `target-missing`: an edge starts or ends at a node that is not there
 * - `list-lacks-edge`, `list-has-extra-edge`, `list-repeats-edge`: a node's list is not the list of its edges
 * - `list-without-node`: there is a list for a node that is not there
 * - `stored-twice`: the record is in more than one keyspace
 *
 * In the order of native/blocks/src/graph/problems.rs.
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

/** One problem. */
export interface GraphProblem {
  readonly kind: GraphProblemKind;
  /** Key of the record that has it, or its id where that alone does not make the key; null for a malformed one that was not kept. */
  readonly key: Uint8Array | null;
  /** Key of what it names: the node that is missing, the edge that a list lacks or should not have; or null. */
  readonly other: Uint8Array | null;
}

/** One kind of problem. */
export interface GraphProblemTally {
  readonly kind: GraphProblemKind;
  readonly count: number;
  /** How many of them are new: what it was compared with does not have them. */
  readonly newProblems: number;
  /** The first of them by key; of the new ones, when there are some. */
  readonly examples: readonly GraphProblem[];
}

/** The same as the addon tells it; bytes in hex. */
export interface FoundTally {
  readonly count: number;
  readonly new: number;
  readonly examples: readonly { readonly key: string | null; readonly other: string | null }[];
}

/** Reads the tallies of all kinds: those that there are. */
export function readTallies(found: readonly FoundTally[]): GraphProblemTally[] {
  return GRAPH_PROBLEMS.flatMap((kind, index) => {
    const tally = found[index];
    if (tally === undefined || tally.count === 0) return [];
    return [{ kind, count: tally.count, newProblems: tally.new, examples: tally.examples.map(({ key, other }) => ({ kind, key: bytesOf(key), other: bytesOf(other) })) }];
  });
}

function bytesOf(hex: string | null): Uint8Array | null {
  return hex === null ? null : new Uint8Array(Buffer.from(hex, "hex"));
}
