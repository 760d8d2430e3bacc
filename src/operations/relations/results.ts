/** What is told of a graph. */
import type { PassFacts } from "../dump/pass.js";
import type { GraphFigures, GraphReport } from "../graph/index.js";

/** A graph: what it has, how it hangs together, and what is wrong with it. */
export interface GraphResult extends PassFacts, GraphFigures, Omit<GraphReport, "newProblems"> {
  readonly seconds: number;
}
