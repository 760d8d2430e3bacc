/** Counts of a graph's problems by their kind, with the first of each as examples. */
import { GRAPH_PROBLEMS, type GraphProblem, type GraphProblemKind } from "./problems.js";

/** One kind of problem. */
export interface GraphProblemTally {
  readonly kind: GraphProblemKind;
  readonly count: number;
  /** How many of them what it was compared with does not have. */
  readonly made: number;
  /** The first of them by key; of those that were made, when some were. */
  readonly examples: readonly GraphProblem[];
}

interface Counting extends GraphProblemTally {
  count: number;
  made: number;
  examples: GraphProblem[];
}

const EXAMPLES = 5;

/** A tally of nothing for each kind. */
export function newTallies(): Counting[] {
  return GRAPH_PROBLEMS.map((kind) => ({ kind, count: 0, made: 0, examples: [] }));
}

/**
 * Counts a problem.
 * @param made whether what it is compared with does not have it
 * @param problem tells it as an example, when one more is needed
 */
export function addTo(tallies: readonly Counting[], kind: GraphProblemKind, made: boolean, problem: () => GraphProblem): void {
  const tally = tallies[GRAPH_PROBLEMS.indexOf(kind)];
  if (tally === undefined) return;
  tally.count += 1;
  if (made && tally.made === 0) tally.examples = [];
  if (made) tally.made += 1;
  if (made === tally.made > 0 && tally.examples.length < EXAMPLES) tally.examples.push(problem());
}
