/** The JSON of `verify`, and of the graph checks. */
import type { Sample } from "../../../operations/entries/samples.js";
import type { GraphProblemTally, GraphReport } from "../../../operations/graph/index.js";
import type { OptionComparison } from "../../../operations/verify/options.js";
import type { StoreComparison, Verification, VerifyResult } from "../../../operations/verify/results.js";
import { type Json, jsonBytes, summaryJson } from "./json.js";

/** Result of `verify`. */
export function verifyJson(result: Verification | VerifyResult): Json {
  const { reference, stores, samples, seed, seconds, warnings } = result;
  return {
    verified: {
      dump: "dump" in result ? summaryJson(result.dump) : null,
      reference: {
        kind: reference.kind,
        path: reference.path,
        keyspaces: reference.keyspaces.map((keyspace) => ({ ...keyspace, name: jsonBytes(keyspace.name) })),
        graph: graphJson(reference.graph),
      },
      equal: stores.length === 0 ? null : stores.every(({ equal }) => equal),
      seconds,
      warnings,
      // The first of the stores; there was one at most once.
      against: stores[0] === undefined ? null : storeJson(stores[0]),
      stores: stores.map(storeJson),
      samples: samples.map(sampleJson),
      seed,
    },
  };
}

function storeJson(store: StoreComparison): Json {
  const { keyspaces, differences, graph, options, ...facts } = store;
  return {
    ...facts,
    keyspaces: keyspaces.map((keyspace) => ({ ...keyspace, name: jsonBytes(keyspace.name) })),
    differences: differences.map(({ keyspace, key, kind }) => ({ keyspace: jsonBytes(keyspace), key: jsonBytes(key), kind })),
    graph: graphJson(graph),
    options: options === null ? null : optionsJson(options),
  };
}

function optionsJson({ compared, differences, versions }: OptionComparison): Json {
  return { compared, versions: { ...versions }, differences: differences.map(({ keyspace, ...rest }) => ({ keyspace: keyspace === null ? null : jsonBytes(keyspace), ...rest })) };
}

function sampleJson({ keyspace, key, equal, values }: Sample): Json {
  return {
    keyspace: jsonBytes(keyspace),
    key: jsonBytes(key),
    equal,
    values: values.map((value) => (value === null ? null : { bytes: value.bytes, start: jsonBytes(value.start) })),
  };
}

/** What a check of the graph found; null when there was none. */
export function graphJson(graph: GraphReport | null): Json {
  if (graph === null) return null;
  const { kinds, newProblems, ...counts } = graph;
  return { ...counts, made: newProblems, kinds: kinds.map(({ newProblems: isNew, ...tally }) => ({ kind: tally.kind, count: tally.count, made: isNew, ...problemsJson(tally) })) };
}

/** One kind of problem, without what is new of it. */
export function problemsJson({ kind, count, examples }: Omit<GraphProblemTally, "newProblems">): Readonly<Record<string, Json>> {
  return { kind, count, examples: examples.map(({ key, other }) => ({ key: key === null ? null : jsonBytes(key), other: other === null ? null : jsonBytes(other) })) };
}
