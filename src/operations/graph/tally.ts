/** Counts of a graph's problems by their kind, with the first of each as examples. */
import { GRAPH_PROBLEMS, type GraphProblem, type GraphProblemKind } from "./problems.js";

/** One kind of problem. */
export interface GraphProblemTally {
  readonly kind: GraphProblemKind;
  readonly count: number;
  /** How many of them are new: what it was compared with does not have them. */
  readonly newProblems: number;
  /** The first of them by key; of the new ones, when there are some. */
  readonly examples: readonly GraphProblem[];
}

interface Counting extends GraphProblemTally {
  count: number;
  newProblems: number;
  examples: GraphProblem[];
}

const EXAMPLES = 5;

/** A tally of nothing for each kind. */
export function newTallies(): Counting[] {
  return GRAPH_PROBLEMS.map((kind) => ({ kind, count: 0, newProblems: 0, examples: [] }));
}

/**
 * Counts a problem.
 * @param isNew whether what it is compared with does not have it
 * @param problem tells it as an example, when one more is needed
 */
export function addTo(tallies: readonly Counting[], kind: GraphProblemKind, isNew: boolean, problem: () => GraphProblem): void {
  const tally = tallies[GRAPH_PROBLEMS.indexOf(kind)];
  if (tally === undefined) return;
  tally.count += 1;
  if (isNew && tally.newProblems === 0) tally.examples = [];
  if (isNew) tally.newProblems += 1;
  if (isNew === tally.newProblems > 0 && tally.examples.length < EXAMPLES) tally.examples.push(problem());
}
