/** Stores and statistics whose names, keys and values do all they can to become something else than text. */
import type { LabelCounts } from "#src/operations/graph/index.js";
import type { ReportFacts } from "#src/operations/report/gather.js";
import type { KeyspaceStats, PrefixStats } from "#src/operations/stats/results.js";
import type { Content } from "../support/stores.js";

/** What would show itself as an element, an attribute, a script or an alert. */
export const HOSTILE = [
  "<script>window.hit=1</script>", "</title><script>window.hit=2</script>", "</style><img src=x onerror=window.hit=3>", '"><svg onload=window.hit=4>', "' onmouseover='window.hit=5", "</svg></details></table><h1>injected</h1>",
  "<style>*{display:none}</style>", "javascript:window.hit=6", "<!--", "]]>", "&lt;b&gt;", "<iframe src=http://127.0.0.1:9/></iframe>", "<meta http-equiv=refresh content=0;url=http://127.0.0.1:9/>", "\u202e\u0000\u001b[31m", "{{hit}}${hit}",
];

/** A store of them. */
export function hostileContent(): Content {
  const entries = HOSTILE.flatMap((text, at) => [
    [`${text}:${String(at)}`, text], [`${text}:x${String(at)}`, JSON.stringify({ [text]: text, list: [text], number: at })], [`plain:${String(at)}`, JSON.stringify({ name: text })],
  ]);
  const content = Object.fromEntries(entries) as Record<string, string>;
  return { default: content, ...Object.fromEntries(HOSTILE.map((text) => [text.replaceAll("\u0000", "0"), { [text]: text, ...content }])) };
}

const sizes = { min: 1, p50: 2, p90: 3, p99: 4, max: 5 };

/** A prefix of made-up figures. */
export function prefixOf(name: Uint8Array, entries: number, below: readonly PrefixStats[] = [], more: Partial<PrefixStats> = {}): PrefixStats {
  return {
    parts: [{ kind: "literal", bytes: name, width: name.length }], entries, keyBytes: entries * 10, valueBytes: entries * 100, storedBytes: null, keySizes: sizes, valueSizes: sizes, kinds: { text: entries },
    distinct: { values: entries, exact: true }, largest: { key: name.subarray(0, 1024), keyBytes: name.length, valueBytes: 5 }, shape: null, below, ...more,
  };
}

/** A keyspace of made-up figures. */
export function keyspaceOf(name: Uint8Array, prefixes: PrefixStats, more: Partial<KeyspaceStats> = {}): KeyspaceStats {
  const { largest } = prefixes;
  return { name, comparator: "bytewise", whole: true, read: prefixes.entries, givenUp: 0, largest: largest === null ? [] : Array.from({ length: 15 }, () => largest), prefixes, ...more };
}

/** Facts of a store with these keyspaces. */
export function factsOf(keyspaces: readonly KeyspaceStats[], more: Partial<ReportFacts["stats"]> = {}): ReportFacts {
  return {
    stats: { kind: "rocksdb", path: "/srv/store", dump: null, keyspaces, samples: [], seed: 1, seconds: 1, warnings: [], ...more },
    store: null, gaps: [], graph: null, values: true, madeAt: new Date(0), producer: "kgdump 0.0.0",
  };
}

/** A whole graph whose nodes and edges have these labels. */
export function graphWith(labels: LabelCounts): NonNullable<ReportFacts["graph"]> {
  return {
    report: { nodes: 2, edges: 1, lists: 0, others: 0, layout: "maya", problems: 0, newProblems: 0, kinds: [] },
    figures: {
      distinctNodes: 2, nodeLabels: labels, edgeLabels: labels, degrees: { all: [0, 2], outgoing: [1, 1], incoming: [1, 1], most: 1 }, hubs: [], orphans: { count: 0, examples: [] },
      danglingEdges: 0, loops: 0, parallelEdges: 0, components: { count: 1, largest: 2, sizes: [0, 0, 1] }, growth: null,
    },
    near: null,
  };
}
