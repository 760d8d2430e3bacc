/** The JSON of `graph`. */
import type { GraphResult } from "../../../operations/relations/results.js";
import { type Json, jsonBytes, summaryJson } from "./json.js";
import { problemsJson } from "./verify.js";

/** Result of `graph`. */
export function graphResultJson(result: GraphResult): Json {
  const { dump, kinds, hubs, orphans, nodeLabels, edgeLabels, degrees, components, growth, warnings, ...facts } = result;
  const labels = ({ each, ...rest }: GraphResult["nodeLabels"]): Json => ({ each: each.map((label) => ({ ...label })), ...rest });
  return {
    graph: {
      ...facts,
      dump: dump === null ? null : summaryJson(dump),
      kinds: kinds.map(problemsJson),
      nodeLabels: labels(nodeLabels),
      edgeLabels: labels(edgeLabels),
      degrees: { all: [...degrees.all], outgoing: [...degrees.outgoing], incoming: [...degrees.incoming], most: degrees.most },
      hubs: hubs.map(({ id, ...hub }) => ({ id: jsonBytes(id), ...hub })),
      orphans: { count: orphans.count, examples: orphans.examples.map(jsonBytes) },
      components: { ...components, sizes: [...components.sizes] },
      growth: growth === null ? null : { ...growth, periods: growth.periods.map((period) => ({ ...period })) },
      warnings,
    },
  };
}
