/** What a graph has, counted with Maps: a second way, for graphs that fit into memory. */

/** A graph as its records say. */
export interface PlainGraph {
  readonly nodes: { readonly id: string; readonly label: string | null; readonly day: string | null }[];
  readonly edges: { readonly id: string; readonly from: string | null; readonly to: string | null; readonly label: string | null; readonly day: string | null }[];
  /** Nodes have records; else every id that an edge names is one. */
  readonly hasNodes: boolean;
}

/** Its figures, of which the order of equals does not matter. */
export interface PlainFigures {
  readonly distinctNodes: number;
  readonly nodeLabels: Readonly<Record<string, number>>;
  readonly edgeLabels: Readonly<Record<string, number>>;
  readonly all: readonly number[];
  readonly outgoing: readonly number[];
  readonly incoming: readonly number[];
  readonly most: number;
  readonly hubs: readonly (readonly [id: string, outgoing: number, incoming: number, label: string | null])[];
  readonly orphans: number;
  /** The first of them by their ids, five at most. */
  readonly orphanExamples: readonly string[];
  readonly danglingEdges: number;
  readonly loops: number;
  readonly parallelEdges: number;
  readonly components: number;
  readonly largest: number;
  readonly sizes: readonly number[];
  readonly days: Readonly<Record<string, readonly [nodes: number, edges: number]>>;
}

/** Counts a graph. */
export function figuresOf({ nodes, edges, hasNodes }: PlainGraph, hubs: number): PlainFigures {
  const linked = edges.flatMap(({ from, to, ...edge }) => (from === null || to === null ? [] : [{ ...edge, from, to }]));
  const ids = new Set(hasNodes ? nodes.map(({ id }) => id) : linked.flatMap(({ from, to }) => [from, to]));
  const [outgoing, incoming] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  const near = new Map<string, Set<string>>([...ids].map((id) => [id, new Set()]));
  const same = new Map<string, number>();
  const whole = linked.filter(({ from, to }) => ids.has(from) && ids.has(to));
  for (const { id, from, to } of linked) {
    outgoing.set(from, (outgoing.get(from) ?? new Set()).add(id));
    incoming.set(to, (incoming.get(to) ?? new Set()).add(id));
  }
  for (const { from, to, label } of whole) {
    near.get(from)?.add(to);
    near.get(to)?.add(from);
    const name = JSON.stringify([from, to, label]);
    same.set(name, (same.get(name) ?? 0) + 1);
  }
  const labels = new Map(nodes.flatMap(({ id, label }) => (label === null ? [] : [[id, label]])));
  const degrees = [...ids].map((id) => [id, outgoing.get(id)?.size ?? 0, incoming.get(id)?.size ?? 0, labels.get(id) ?? null] as const);
  const sizes = componentsOf(near);
  const orphans = degrees.filter(([, out, into]) => out + into === 0).map(([id]) => id);
  const days: Record<string, [number, number]> = {};
  for (const [which, records] of [[0, nodes], [1, edges]] as const) {
    for (const { day } of records) if (day !== null) (days[day] ??= [0, 0])[which] += 1;
  }
  return {
    distinctNodes: ids.size,
    nodeLabels: tally(nodes.map(({ label }) => label)),
    edgeLabels: tally(edges.map(({ label }) => label)),
    all: powers(degrees.map(([, out, into]) => out + into)),
    outgoing: powers(degrees.map(([, out]) => out)),
    incoming: powers(degrees.map(([, , into]) => into)),
    most: Math.max(0, ...degrees.map(([, out, into]) => out + into)),
    hubs: degrees.filter(([, out, into]) => out + into > 0).sort((a, b) => b[1] + b[2] - a[1] - a[2] || (a[0] < b[0] ? -1 : 1)).slice(0, hubs),
    orphans: orphans.length,
    orphanExamples: orphans.sort().slice(0, 5),
    danglingEdges: linked.length - whole.length,
    loops: whole.filter(({ from, to }) => from === to).length,
    parallelEdges: [...same.values()].reduce((sum, count) => sum + count - 1, 0),
    components: sizes.length,
    largest: Math.max(0, ...sizes),
    sizes: powers(sizes),
    days,
  };
}

function componentsOf(near: ReadonlyMap<string, ReadonlySet<string>>): number[] {
  const seen = new Set<string>();
  return [...near.keys()].flatMap((start) => {
    if (seen.has(start)) return [];
    const [before, open] = [seen.size, [start]];
    seen.add(start);
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      for (const other of near.get(id) ?? []) {
        if (!seen.has(other)) open.push(other);
        seen.add(other);
      }
    }
    return [seen.size - before];
  });
}

function tally(labels: readonly (string | null)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const label of labels) if (label !== null) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** How many are 0, 1, 2 to 3, 4 to 7, … . */
function powers(numbers: readonly number[]): number[] {
  const counts: number[] = [];
  for (const number of numbers) {
    const place = number.toString(2).replace(/^0/, "").length;
    while (counts.length <= place) counts.push(0);
    counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts;
}

/** What the library tells, in the same words. */
export function plainFigures(result: {
  readonly distinctNodes: number;
  readonly nodeLabels: { readonly each: readonly { readonly label: string; readonly count: number }[] };
  readonly edgeLabels: { readonly each: readonly { readonly label: string; readonly count: number }[] };
  readonly degrees: { readonly all: readonly number[]; readonly outgoing: readonly number[]; readonly incoming: readonly number[]; readonly most: number };
  readonly hubs: readonly { readonly id: Uint8Array; readonly label: string | null; readonly outgoing: number; readonly incoming: number }[];
  readonly orphans: { readonly count: number; readonly examples: readonly Uint8Array[] };
  readonly danglingEdges: number;
  readonly loops: number;
  readonly parallelEdges: number;
  readonly components: { readonly count: number; readonly largest: number; readonly sizes: readonly number[] };
  readonly growth: { readonly unit: string; readonly periods: readonly { readonly start: string; readonly nodes: number; readonly edges: number }[] } | null;
}): PlainFigures {
  const labels = ({ each }: (typeof result)["nodeLabels"]): Record<string, number> => Object.fromEntries(each.map(({ label, count }) => [label, count]));
  const { degrees, components } = result;
  return {
    distinctNodes: result.distinctNodes,
    nodeLabels: labels(result.nodeLabels),
    edgeLabels: labels(result.edgeLabels),
    all: degrees.all,
    outgoing: degrees.outgoing,
    incoming: degrees.incoming,
    most: degrees.most,
    hubs: result.hubs.map(({ id, outgoing, incoming, label }) => [Buffer.from(id).toString("utf8"), outgoing, incoming, label]),
    orphans: result.orphans.count,
    orphanExamples: result.orphans.examples.map((id) => Buffer.from(id).toString("utf8")),
    danglingEdges: result.danglingEdges,
    loops: result.loops,
    parallelEdges: result.parallelEdges,
    components: components.count,
    largest: components.largest,
    sizes: components.sizes,
    days: Object.fromEntries((result.growth?.periods ?? []).map(({ start, nodes, edges }) => [start, [nodes, edges]])),
  };
}
