/** What nodes and edges a graph has, and how they hang together. */
import type { GraphLayout } from "../../settings/graph-layout.js";

/** How many nodes or edges have a label. */
export interface LabelCount {
  readonly label: string;
  readonly count: number;
}

/** How many nodes or edges have each label. */
export interface LabelCounts {
  /** The most frequent first; of labels longer than 256 bytes their beginning. */
  readonly each: readonly LabelCount[];
  /** Those with labels that are not told apart, as there are more than 10,000. */
  readonly beyond: number;
  /** Those without a label. */
  readonly without: number;
}

/** A node with many edges. */
export interface GraphHub {
  /** Its id as bytes of text. */
  readonly id: Uint8Array;
  readonly label: string | null;
  /** Edges that start at it, and that end there. */
  readonly outgoing: number;
  readonly incoming: number;
}

/** What was made in a day, a month or a year. */
export interface GraphPeriod {
  /** Such as 2024-05-01, 2024-05 or 2024. */
  readonly start: string;
  readonly nodes: number;
  readonly edges: number;
}

/** Histograms are in powers of two: how many have 0, 1, 2 to 3, 4 to 7, … . */
export interface GraphFigures {
  /** Nodes that are there, each once, also when it is stored twice. */
  readonly distinctNodes: number;
  readonly nodeLabels: LabelCounts;
  readonly edgeLabels: LabelCounts;
  /** Nodes by their edges; an edge from a node to itself counts twice. */
  readonly degrees: { readonly all: readonly number[]; readonly outgoing: readonly number[]; readonly incoming: readonly number[]; readonly most: number };
  /** Nodes with the most edges, those first; then by their ids. */
  readonly hubs: readonly GraphHub[];
  /** Nodes without edges, and the ids of the first of them. */
  readonly orphans: { readonly count: number; readonly examples: readonly Uint8Array[] };
  /** Edges that lack a node at either end. */
  readonly danglingEdges: number;
  /** Edges from a node to itself. */
  readonly loops: number;
  /** Edges that have the same nodes, the same direction and the same label as another one. */
  readonly parallelEdges: number;
  /** Nodes that are connected, whatever the direction of their edges; a node without edges is a component of its own. */
  readonly components: { readonly count: number; readonly largest: number; readonly sizes: readonly number[] };
  /** When nodes and edges were made; null when the layout has no times, or nothing has one. */
  readonly growth: { readonly unit: "day" | "month" | "year"; readonly periods: readonly GraphPeriod[]; readonly nodesWithout: number; readonly edgesWithout: number } | null;
}

interface FoundLabels {
  readonly each: readonly { readonly label: string; readonly count: number }[];
  readonly beyond: number;
  readonly without: number;
}

/** The same as the addon tells it; bytes in hex. */
export interface FoundFigures {
  readonly distinct: number;
  readonly nodeLabels: FoundLabels;
  readonly edgeLabels: FoundLabels;
  readonly degrees: readonly number[];
  readonly outgoing: readonly number[];
  readonly incoming: readonly number[];
  readonly most: number;
  readonly hubs: readonly { readonly id: string; readonly label: string | null; readonly outgoing: number; readonly incoming: number }[];
  readonly orphans: number;
  readonly orphanExamples: readonly string[];
  readonly dangling: number;
  readonly loops: number;
  readonly parallel: number;
  readonly components: number;
  readonly largest: number;
  readonly sizes: readonly number[];
  readonly growth: { readonly days: readonly { readonly day: string; readonly nodes: number; readonly edges: number }[]; readonly nodesWithout: number; readonly edgesWithout: number };
}

/** The most periods that are told one by one before longer ones are taken. */
const MOST_PERIODS = 60;
/** Characters of the start of each kind of period. */
const UNITS = [["day", 10], ["month", 7], ["year", 4]] as const;

/** Reads what the addon tells. */
export function readFigures(found: FoundFigures, layout: GraphLayout): GraphFigures {
  const { degrees, outgoing, incoming, most, components, largest, sizes } = found;
  return {
    distinctNodes: found.distinct,
    nodeLabels: labelsOf(found.nodeLabels),
    edgeLabels: labelsOf(found.edgeLabels),
    degrees: { all: degrees, outgoing, incoming, most },
    hubs: found.hubs.map(({ id, label, ...edges }) => ({ id: bytesOf(id), label: label === null ? null : textOf(label), ...edges })),
    orphans: { count: found.orphans, examples: found.orphanExamples.map(bytesOf) },
    danglingEdges: found.dangling,
    loops: found.loops,
    parallelEdges: found.parallel,
    components: { count: components, largest, sizes },
    growth: growthOf(found.growth, layout),
  };
}

function labelsOf({ each, beyond, without }: FoundLabels): LabelCounts {
  return { each: each.map(({ label, count }) => ({ label: textOf(label), count })), beyond, without };
}

function growthOf({ days, nodesWithout, edgesWithout }: FoundFigures["growth"], { rules }: GraphLayout): GraphFigures["growth"] {
  const hasTimes = rules.some(({ time, key }) => time !== undefined || key.some((part) => "name" in part && part.name === "time"));
  if (!hasTimes || days.length === 0) return null;
  for (const [unit, length] of UNITS) {
    const periods = new Map<string, { start: string; nodes: number; edges: number }>();
    for (const { day, nodes, edges } of days) {
      const start = day.slice(0, length);
      const period = periods.get(start) ?? { start, nodes: 0, edges: 0 };
      periods.set(start, { start, nodes: period.nodes + nodes, edges: period.edges + edges });
    }
    if (periods.size <= MOST_PERIODS || unit === "year") return { unit, periods: [...periods.values()], nodesWithout, edgesWithout };
  }
  return null;
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function textOf(hex: string): string {
  return Buffer.from(hex, "hex").toString("utf8");
}
