/** `kgdump stats`: what is in a dump or a store, how much of each, how large, of what kind. */
import { Command, Option } from "commander";
import { KgdumpError } from "../../errors.js";
import type { StatsOptions } from "../../operations/stats/stats.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { bytesOf, countOf, keyspaceOptions, maxBlockSizeOption, type ReadingFlags, readingOptions, refuseBoth, requireWith } from "../options.js";
import { jsonDocument } from "../render/json/json.js";
import { statsCsv, statsJson } from "../render/json/stats.js";
import { renderStats, TOP } from "../render/stats.js";
import { isStoreInput, refuseIncomplete } from "./dump-or-store.js";

interface StatsFlags extends ReadingFlags {
  readonly columnFamily?: Uint8Array[];
  readonly depth?: number;
  readonly separator?: Uint8Array;
  readonly schema?: boolean;
  readonly sample?: number;
  readonly seed?: number;
  readonly grep?: string;
  readonly keys?: boolean;
  readonly values?: boolean;
  readonly top?: number;
  readonly csv?: boolean;
  readonly maxBlockSize?: number;
}

/** The most that can be asked for of what is named one by one. */
const MOST = 10_000;
/** Largest entries that are named in JSON. */
const LARGEST = 10;

const PREFIXES_HELP = `Prefixes:
  The parts of keys are found: words and what ends them (: / | . - _ and others), numbers, UUIDs, binary parts of a fixed width. Of parts
  that are few each is told, of many what they have in common: <number>, <hex>, <text> and <uuid> are text, {uuid}, {integer} and {16 bytes} are
  bytes, * is whatever follows. The rows together are all entries. At most 10,000 prefixes of a keyspace are kept (1,000 with --schema); the
  rarest are counted with what is above them.`;

const FIGURES_HELP = `Figures:
  Sizes of values: "half" have no more than this, "99 %" no more than that; both are right to 1 %, the largest is exact. The number of distinct values is exact up to 256, and an
  estimate (~) above, with a standard error of 1.6 %. What a prefix takes in a dump is estimated from its blocks. "share" is that of the bytes of
  keys and values. Kinds with a question mark are guesses.`;

/** Defines the command. */
export function statsCommand(): Command {
  const command = new Command("stats")
    .description(
      "Reads a dump or a store once, and shows for each keyspace and each prefix of its keys: how many entries, how large their values are,\n" +
        "what kind they are, and which are the largest. The prefixes are found. A dump is checked on the way, as verify does; a store is only read.",
    )
    .argument("[dump]", "the dump's file, or a store's directory; - is a dump from standard input", "-");
  const options = [
    ...keyspaceOptions("only this family or tree; may be repeated"),
    new Option("--depth <n>", "levels of the tree of prefixes to tell apart (default: as many as fit)").argParser(countOf("--depth", { min: 0, max: 1000 })),
    new Option("--separator <key>", "what parts of keys end with (default: found)").argParser(bytesOf("--separator")),
    new Option("--top <n>", `prefixes, and largest entries, of each keyspace to show (default: ${TOP.toString()} and 3)`).argParser(countOf("--top", { min: 1, max: MOST })),
    new Option("--schema", "show the fields of JSON values: types, how often, ranges, examples; and which prefixes have the same"),
    new Option("--sample <n>", "show so many entries, chosen by chance from all").argParser(countOf("--sample", { min: 1, max: MOST })),
    new Option("--seed <n>", "choose the same entries again").argParser(countOf("--seed", { min: 0, max: 2 ** 32 - 1 })),
    new Option("--grep <regex>", "count only entries whose key or value matches; see below"),
    new Option("--keys", "with --grep: look at keys only"),
    new Option("--values", "with --grep: look at values only"),
    new Option("--csv", "a line of CSV for each prefix"),
    ...readingOptions(),
    maxBlockSizeOption(),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: [
      PREFIXES_HELP,
      FIGURES_HELP,
      "Regular expressions are those of Rust's crate regex: any of them takes time in proportion to what is read. (?i) ignores case;\n(?-u:\\xff) is a byte.",
    ],
    topics: ["keys", "json"],
    examples: [
      "kgdump stats graph.kgd",
      "kgdump stats /var/lib/maya/rocksdb --keyspace nodes",
      "kgdump stats graph.kgd --schema",
      "kgdump stats graph.kgd --grep '\"label\":\"Person\"' --values --sample 3",
      "ssh old-host cat graph.kgd | kgdump stats --csv",
    ],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, DUMP_* also for a dump that was shown but is not complete, and what statsOf throws
 */
export async function runStats(context: Context, args: readonly string[], flags: StatsFlags): Promise<void> {
  const [input = "-"] = args;
  checkFlags(context, flags);
  const store = await isStoreInput(input, flags, "kgdump stats graph.kgd");
  context.workOn({ worked: store ? [input] : [], read: store || input === "-" ? [] : [input] });
  if (!store) await context.tellReaders();
  const { statsOf } = await import("../../operations/stats/stats.js");
  const { onProgress } = context.startProgress();
  const result = await statsOf({ ...optionsOf(flags), input: input === "-" ? context.in.read() : input, onProgress, signal: context.signal });
  context.complete();
  for (const warning of result.warnings) context.warn(warning);
  await context.out.page();
  if (context.json) await context.out.write(jsonDocument(statsJson(result)));
  else if (flags.csv === true) await context.out.write(statsCsv(result, flags.depth));
  else await context.out.tell(renderStats(result, { ...context.look, top: flags.top, depth: flags.depth, grep: flags.grep !== undefined }));
  await context.out.flush();
  refuseIncomplete(result.dump);
}

function checkFlags(context: Context, flags: StatsFlags): void {
  const { csv, grep, keys, values, sample, seed, separator } = flags;
  refuseBoth({ "--csv": csv === true, "--json": context.json });
  refuseBoth({ "--csv": csv === true, "--sample": sample !== undefined });
  refuseBoth({ "--csv": csv === true, "--schema": flags.schema === true });
  refuseBoth({ "--csv": csv === true, "--top": flags.top !== undefined });
  refuseBoth({ "--keys": keys === true, "--values": values === true });
  requireWith({ "--keys": keys === true, "--values": values === true }, "--grep", grep !== undefined);
  requireWith({ "--seed": seed !== undefined }, "--sample", sample !== undefined);
  if (grep?.includes("\ufffd") === true) throw new KgdumpError("USAGE", "--grep has bytes that are not UTF-8", { hint: "write each of them as (?-u:\\xNN)" });
  if (separator?.length === 0) throw new KgdumpError("USAGE", "--separator is empty", { hint: "give what parts of keys end with, such as : or /" });
}

function optionsOf(flags: StatsFlags): Omit<StatsOptions, "input"> {
  const { columnFamily, separator, schema, sample, seed, grep, keys, values, top, ttl, paranoid, maxBlockSize } = flags;
  const grepIn = keys === true ? "keys" : values === true ? "values" : undefined;
  return { keyspaces: columnFamily, separator, schema, samples: sample, seed, grep, grepIn, largest: Math.max(top ?? 0, LARGEST), ttl, paranoid, maxBlockSize };
}
