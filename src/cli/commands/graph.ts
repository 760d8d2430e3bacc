/** `kgdump graph`: whether the graph in a dump or a store is whole, and how it hangs together. */
import { Command, Option } from "commander";
import { formatCount } from "../../counts.js";
import { KgdumpError } from "../../errors.js";
import type { GraphResult } from "../../operations/relations/results.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { bytesOf, countOf, keyspaceOptions, maxBlockSizeOption, type ReadingFlags, readingOptions, refuseBoth, requireWith } from "../options.js";
import { renderGraphResult, TOP } from "../render/graph-figures.js";
import { graphResultJson } from "../render/json/graph.js";
import { jsonDocument } from "../render/json/json.js";
import { neighboursDot, neighboursSvg, renderNeighbours } from "../render/neighbours.js";
import type { GraphLayout } from "../../settings/graph-layout.js";
import { isStoreInput, refuseIncomplete } from "./dump-or-store.js";
import { takeLayout } from "./layout.js";

interface GraphFlags extends ReadingFlags {
  readonly columnFamily?: Uint8Array[];
  readonly layout?: string;
  readonly top?: number;
  readonly node?: Uint8Array;
  readonly depth?: number;
  readonly limit?: number;
  readonly dot?: boolean;
  readonly svg?: boolean;
  readonly maxBlockSize?: number;
}

const MOST = 10_000;

const LAYOUT_HELP = `Layout:
  Without --layout it is MAYA's (keys node:, edge: and node_edges:). A layout is a small TOML file with [[nodes]], [[edges]] and [[lists]]. Each has the pattern of its keys, such as
  key = "knows/{text}", and the paths of its fields in JSON values, such as from = "source" or label = "meta.type". In braces of a key stand {uuid}, {uuid-text}, {u64} or {text}, and {from},
  {to}, {label}, {time} and {any}, with a form behind a colon: {from:uuid}. Without [[nodes]] every id that an edge names is a node. docs/graph.md has all of it, examples/graph two of them.`;

const FIGURES_HELP = `Figures:
  An edge from a node to itself counts twice among the node's edges. Components are nodes that are connected, whatever the direction. An edge repeats another one when it has the same
  nodes, direction and label. Memory is 4 bytes for each node and some 100 MB; a temporary file in TMPDIR takes up to 150 bytes for each entry of the graph.`;

/** Defines the command. */
export function graphCommand(): Command {
  const command = new Command("graph")
    .description(
      "Reads a dump or a store once, and shows the nodes and edges of the graph in it: how many of each label, which nodes have the most edges, what is\n" +
        "connected, when it grew; and what is wrong: edges without their nodes, lists that disagree with edges, values without their shape. A dump is checked on\n" +
        "the way, as verify does; a store is only read. The exit status is 4 when something is wrong.",
    )
    .argument("[dump]", "the dump's file, or a store's directory; - is a dump from standard input", "-");
  const options = [
    ...keyspaceOptions("only this family or tree; may be repeated"),
    new Option("--layout <file>", "how the graph lies in the store (default: MAYA's layout); see below"),
    new Option("--top <n>", `labels, hubs and periods to show (default: ${TOP.toString()})`).argParser(countOf("--top", { min: 1, max: MOST })),
    new Option("--node <key>", "show what is around this node instead: its id, or its key").argParser(bytesOf("--node")),
    new Option("--depth <n>", "with --node: edges to go from it (default: 1)").argParser(countOf("--depth", { min: 1, max: 100 })),
    new Option("--limit <n>", "with --node: nodes to show (default: 20)").argParser(countOf("--limit", { min: 1, max: MOST })),
    new Option("--dot", "with --node: write it in the language of Graphviz"),
    new Option("--svg", "with --node: write it as a picture"),
    ...readingOptions(),
    maxBlockSizeOption(),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: [LAYOUT_HELP, FIGURES_HELP],
    topics: ["json"],
    examples: [
      "kgdump graph graph.kgd",
      "kgdump graph /var/lib/maya/rocksdb --top 20",
      "kgdump graph people.kgd --layout layout.toml --json",
      "kgdump graph graph.kgd --node 00095ffb-6bd4-45db-afdb-65be8a5835a6 --depth 2",
      "ssh old-host cat graph.kgd | kgdump graph",
    ],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, CONFIG_INVALID, DUMP_* also for a dump that was shown but is not complete, VERIFY_DIFFERENCE for a graph that is not whole, and what graphOf throws
 */
export async function runGraph(context: Context, args: readonly string[], flags: GraphFlags): Promise<void> {
  const [input = "-"] = args;
  const store = await isStoreInput(input, flags, "kgdump graph graph.kgd");
  checkFlags(context, flags);
  context.workOn({ worked: store ? [input] : [], read: [...(store || input === "-" ? [] : [input]), ...(flags.layout === undefined ? [] : [flags.layout])] });
  if (!store) await context.tellReaders();
  const layout = await takeLayout(flags.layout);
  if (flags.node !== undefined) {
    await showNeighbours(context, input, { ...flags, node: flags.node }, layout);
    return;
  }
  const { graphOf } = await import("../../operations/relations/graph.js");
  const { onProgress } = context.startProgress();
  const { columnFamily, top, ttl, paranoid, maxBlockSize } = flags;
  const result = await graphOf({ input: input === "-" ? context.in.read() : input, keyspaces: columnFamily, layout, hubs: Math.max(top ?? 0, TOP), ttl, paranoid, maxBlockSize, onProgress, signal: context.signal });
  context.complete();
  for (const warning of result.warnings) context.warn(warning);
  await context.out.page();
  if (context.json) await context.out.write(jsonDocument(graphResultJson(result)));
  else await context.out.tell(renderGraphResult(result, { ...context.look, top }));
  await context.out.flush();
  refuseBroken(result);
}

function checkFlags(context: Context, { node, depth, limit, dot = false, svg = false, top }: GraphFlags): void {
  requireWith({ "--depth": depth !== undefined, "--limit": limit !== undefined, "--dot": dot, "--svg": svg }, "--node", node !== undefined);
  refuseBoth({ "--dot": dot, "--svg": svg });
  refuseBoth({ "--dot": dot, "--json": context.json });
  refuseBoth({ "--svg": svg, "--json": context.json });
  refuseBoth({ "--node": node !== undefined, "--top": top !== undefined });
}

async function showNeighbours(context: Context, input: string, flags: GraphFlags & { readonly node: Uint8Array }, layout: GraphLayout | undefined): Promise<void> {
  const { neighboursOf } = await import("../../operations/relations/neighbours.js");
  const { columnFamily, node, depth, limit, ttl, paranoid, maxBlockSize } = flags;
  const found = await neighboursOf({ input: input === "-" ? context.in.read() : input, keyspaces: columnFamily, layout, node, depth, limit, ttl, paranoid, maxBlockSize, signal: context.signal });
  await context.out.page();
  if (context.json) await context.out.write(jsonDocument({ neighbours: { ...found, nodes: found.nodes.map((one) => ({ ...one })), edges: found.edges.map((one) => ({ ...one })) } }));
  else if (flags.dot === true) await context.out.write(neighboursDot(found));
  else if (flags.svg === true) await context.out.write(neighboursSvg(found));
  else await context.out.tell(renderNeighbours(found, context.look));
  await context.out.flush();
}

function refuseBroken({ dump, path, problems }: GraphResult): void {
  refuseIncomplete(dump);
  if (problems === 0) return;
  throw new KgdumpError("VERIFY_DIFFERENCE", `the graph is not whole: ${formatCount(problems)} ${problems === 1 ? "problem" : "problems"}`, { path: path ?? undefined, hint: "look at the entries that are named, with inspect --get KEY" });
}
