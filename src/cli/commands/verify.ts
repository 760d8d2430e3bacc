/** `kgdump verify`: every check of a dump, and of stores beside it. */
import { Command, Option } from "commander";
import { isDirectory } from "../../operations/disk/names.js";
import type { Verification } from "../../operations/verify/results.js";
import type { CompareOptions } from "../../operations/verify/verify.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { countOf, manyOf, maxBlockSizeOption, type ReadingFlags, readingOptions, requireWith } from "../options.js";
import { jsonDocument } from "../render/json/json.js";
import { verifyJson } from "../render/json/verify.js";
import { renderVerify } from "../render/verify.js";
import { refuseTerminalInput } from "../terminal/stdio.js";
import { mapOf, type Mapping, parseMapping } from "../text/byte-text.js";

interface VerifyFlags extends ReadingFlags {
  readonly against?: string[];
  readonly map?: Mapping[];
  readonly samples?: number;
  readonly seed?: number;
  readonly graph?: boolean;
  readonly options?: boolean;
  readonly maxBlockSize?: number;
}

/** Entries of each keyspace that are shown unless it is said how many. */
const SAMPLES = 3;

const OPTIONS_HELP = `Options:
  --options compares two RocksDB stores, or a dump of one and a store: the options of the database and of each family,
  and which families there are. Each option that differs is shown, and the exit status is 4. An option that only one of
  two versions of RocksDB has is named in a warning.`;

const GRAPH_HELP = `Stores:
  A store that has none of the names that --map gives is compared by the families' own names.

Graph:
  --graph looks for the layout of MAYA (keys node:, edge: and node_edges:), whatever the keyspace. It checks that
  every edge's nodes are there, that every list names exactly its node's edges, and that values are JSON of their
  shape. Problems of what is named first are warnings, and the exit status stays 0. Problems that only a store has
  are differences, and the exit status is 4. What does not fit into memory is sorted in a temporary file in TMPDIR, which takes up to
  100 bytes for each entry of the graph.`;

/** Defines the command. */
export function verifyCommand(): Command {
  const command = new Command("verify")
    .description(
      "Reads a whole dump and checks all of it: checksums, blocks, the order of keys, sums, digests and index. With\n" +
        "--against, compares every entry with one or more stores, and shows them side by side. A store can be named\n" +
        "instead of the dump.",
    )
    .argument("[dump]", "the dump's file, or a store's directory; - is a dump from standard input", "-");
  const options = [
    new Option("--against <store>", "directory of a RocksDB or sled store that must hold the same entries; may be repeated").argParser(manyOf((path) => path)),
    ...readingOptions(),
    new Option("--map <family=tree>", "the stores' name for a family of the dump, or many by 'a*=b*'; may be repeated").argParser(
      manyOf(parseMapping),
    ),
    new Option("--samples <n>", `entries of each keyspace to show from all sides (default: ${SAMPLES.toString()})`).argParser(countOf("--samples", { min: 0, max: 1000 })),
    new Option("--seed <n>", "choose the same samples again").argParser(countOf("--seed", { min: 0, max: 2 ** 32 - 1 })),
    new Option("--graph", "check the graph too: edges, lists and values in the layout of MAYA"),
    new Option("--options", "compare RocksDB's options too: all of the database and of each family"),
    maxBlockSizeOption(),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: [OPTIONS_HELP, GRAPH_HELP],
    topics: ["maps"],
    examples: [
      "kgdump verify graph.kgd",
      "kgdump verify graph.kgd --against /var/lib/maya/knowledge_graph",
      "kgdump verify graph.kgd --against /backup/rocksdb --against /var/lib/maya/knowledge_graph --graph",
      "kgdump verify /backup/rocksdb --against /var/lib/maya/knowledge_graph",
      "kgdump verify /backup/rocksdb --against /var/lib/maya/restored --options",
      "ssh old-host cat graph.kgd | kgdump verify",
    ],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, VERIFY_DIFFERENCE, and what verifyDump and verifyStore throw
 */
export async function runVerify(context: Context, args: readonly string[], flags: VerifyFlags): Promise<void> {
  const [first = "-"] = args;
  const against = flags.against ?? [];
  requireWith({ "--map": flags.map !== undefined, "--samples": flags.samples !== undefined, "--seed": flags.seed !== undefined, "--options": flags.options === true }, "--against", against.length > 0);
  if (first === "-") refuseTerminalInput("kgdump verify graph.kgd");
  const store = first !== "-" && (await isDirectory(first));
  requireWith({ "--ttl": flags.ttl !== undefined, "--paranoid": flags.paranoid === true }, "--against", against.length > 0 || store);
  requireWith({ "--max-block-size": flags.maxBlockSize !== undefined }, "a dump", !store);
  const stores = await Promise.all(against.map(isDirectory));
  context.workOn({ worked: [...(store ? [first] : []), ...against.filter((_, index) => stores[index])], read: [...(store || first === "-" ? [] : [first]), ...against] });
  if (!store) await context.tellReaders();
  const { verifyDump, verifyStore } = await import("../../operations/verify/verify.js");
  const { requireEqual } = await import("../../operations/verify/results.js");
  const { onProgress } = context.startProgress();
  const options: CompareOptions = {
    against,
    ttl: flags.ttl,
    paranoid: flags.paranoid,
    map: mapOf(flags.map),
    samples: flags.samples ?? SAMPLES,
    seed: flags.seed,
    graph: flags.graph,
    options: flags.options,
    onProgress,
    signal: context.signal,
  };
  const result: Verification = store
    ? await verifyStore({ ...options, store: first })
    : await verifyDump({ ...options, input: first === "-" ? context.in.read() : first, maxBlockSize: flags.maxBlockSize });
  context.complete();
  for (const warning of result.warnings) context.warn(warning);
  if (context.json) await context.out.write(jsonDocument(verifyJson(result)));
  else if (!context.quiet) await context.out.tell(renderVerify(result, context.look));
  await context.out.flush();
  requireEqual(result);
}
