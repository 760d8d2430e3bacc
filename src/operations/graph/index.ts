export { GraphCheck, type GraphReport } from "./check.js";
export { GRAPH_PROBLEMS, type GraphProblem, type GraphProblemKind } from "./problems.js";
export type { GraphProblemTally } from "./tally.js";
