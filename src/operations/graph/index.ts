export { GraphCheck, type GraphReport } from "./check.js";
export type { GraphFigures, GraphHub, GraphPeriod, LabelCount, LabelCounts } from "./figures.js";
export { GRAPH_PROBLEMS, type GraphProblem, type GraphProblemKind, type GraphProblemTally } from "./problems.js";
