/** `kgdump report`: what is in a dump or a store, as a page for a browser. */
import { Command, Option } from "commander";
import { KgdumpError } from "../../errors.js";
import { descriptorOf } from "../../operations/disk/trusted.js";
import type { ReportOptions } from "../../operations/report/gather.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { bytesOf, keyspaceOptions, maxBlockSizeOption, type ReadingFlags, readingOptions } from "../options.js";
import { jsonDocument, jsonLine } from "../render/json/json.js";
import { renderReport, reportJson } from "../render/report.js";
import { connectionOf, openStdout } from "../terminal/stdio.js";
import { escapeText } from "../text/escape.js";
import { isStoreInput, refuseIncomplete } from "./dump-or-store.js";
import { takeLayout } from "./layout.js";

interface ReportFlags extends ReadingFlags {
  readonly output?: string;
  readonly force?: boolean;
  readonly columnFamily?: Uint8Array[];
  readonly separator?: Uint8Array;
  readonly layout?: string;
  /** False with `--no-values`. */
  readonly values?: boolean;
  readonly maxBlockSize?: number;
}

/** Defines the command. */
export function reportCommand(): Command {
  const command = new Command("report")
    .description(
      "Reads a dump or a store once, as stats does, and writes what it found as one page: pictures of the prefixes, sizes, kinds and shapes\n" +
        "of values, the graph if it is one, problems, where it comes from, and digests. The page needs no network and runs no script. A store is only read.",
    )
    .argument("[dump]", "the dump's file, or a store's directory; - is a dump from standard input", "-");
  const options = [
    new Option("-o, --output <file>", "the page's file, or - for standard output (default: -)"),
    new Option("-f, --force", "replace an output file that exists"),
    ...keyspaceOptions("only this family or tree; may be repeated"),
    new Option("--separator <key>", "what parts of keys end with (default: found)").argParser(bytesOf("--separator")),
    new Option("--layout <file>", "how a graph lies there (default: MAYA's layout is tried); see kgdump help graph"),
    new Option("--no-values", "show no part of a value, for a page that others see: no fields of JSON, no examples"),
    ...readingOptions(),
    maxBlockSizeOption(),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: [
      "The page shows keys, and parts of values unless --no-values is given: what is longer is cut. It takes less than a megabyte, whatever it\n" +
        "is about. Of a dump that is damaged or cut short, what comes before the damage is shown, and the exit status is 3. The result goes to\n" +
        "standard error; with --json and -o FILE, to standard output.",
    ],
    topics: ["keys"],
    examples: [
      "kgdump report graph.kgd -o report.html",
      "kgdump report /var/lib/maya/rocksdb -o report.html --no-values",
      "kgdump export /var/lib/maya/rocksdb | kgdump report -o report.html",
    ],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, DUMP_* also for a dump that was shown but is not complete, and what writeReport throws
 */
export async function runReport(context: Context, args: readonly string[], flags: ReportFlags): Promise<void> {
  const [input = "-"] = args;
  const path = flags.output === undefined || flags.output === "-" || descriptorOf(flags.output) === 1 ? null : flags.output;
  if (path === "") throw new KgdumpError("USAGE", "--output is empty", { hint: "name a file, or - for standard output" });
  if (flags.separator?.length === 0) throw new KgdumpError("USAGE", "--separator is empty", { hint: "give what parts of keys end with, such as : or /" });
  const store = await isStoreInput(input, flags, "kgdump report graph.kgd -o report.html");
  const written = path === null ? [] : [path];
  context.workOn({ worked: store ? [input, ...written] : written, read: [...(store || input === "-" ? [] : [input]), ...(flags.layout === undefined ? [] : [flags.layout])] });
  if (path === null && connectionOf(1) === "terminal") throw new KgdumpError("USAGE", "a report is a page for a browser, but standard output is a terminal", { hint: `for example: kgdump report ${escapeText(input)} -o report.html` });
  if (!store) await context.tellReaders();
  const layout = await takeLayout(flags.layout);
  await write(context, { ...optionsOf(flags), layout, input: input === "-" ? context.in.read() : input }, path, flags.force);
}

function optionsOf({ columnFamily, separator, values, ttl, paranoid, maxBlockSize }: ReportFlags): Omit<ReportOptions, "input"> {
  return { keyspaces: columnFamily, separator, values, ttl, paranoid, maxBlockSize };
}

async function write(context: Context, options: ReportOptions, path: string | null, force: boolean | undefined): Promise<void> {
  const [{ writeReport }, { reportPage }] = await Promise.all([import("../../operations/report/write.js"), import("../../report/page.js")]);
  const { onProgress } = context.startProgress({}, path === null);
  const report = await writeReport({ ...options, output: path ?? openStdout(), force, draw: (facts) => reportPage(facts), onProgress, signal: context.signal });
  context.complete();
  const { stats } = report.facts;
  for (const warning of stats.warnings) context.warn(warning);
  if (context.json && path !== null) await context.out.write(jsonDocument(reportJson(report)));
  else if (context.json) context.sayJson(jsonLine(reportJson(report)));
  else context.tellResult(renderReport(report), reportJson(report));
  await context.out.flush();
  refuseIncomplete(stats.dump);
}
