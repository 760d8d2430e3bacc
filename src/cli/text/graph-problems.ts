/** What is wrong with a graph, in words. */
import type { GraphProblemKind } from "../../operations/graph/index.js";

/** What each kind of problem means. */
export const GRAPH_PROBLEM_NAMES: Readonly<Record<GraphProblemKind, string>> = {
  "key-malformed": "the key begins like one of the graph's, but goes on differently",
  "value-not-json": "the value is not JSON",
  "value-misshapen": "the value lacks what it must have",
  "id-differs": "the id in the value is not that of the key",
  "source-missing": "the edge starts at a node that is not there",
  "target-missing": "the edge ends at a node that is not there",
  "list-lacks-edge": "the list does not name an edge of its node",
  "list-has-extra-edge": "the list names an edge that its node does not have",
  "list-repeats-edge": "the list names an edge more than once",
  "list-without-node": "the list belongs to a node that is not there",
  "stored-twice": "the record is in more than one keyspace",
};
