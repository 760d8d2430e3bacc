/** `kgdump export`: a store becomes a dump. */
import { Command, Option } from "commander";
import { KgdumpError } from "../../errors.js";
import { CODEC_CHOICES, type CodecName } from "../../format/codec.js";
import { descriptorOf } from "../../operations/disk/trusted.js";
import type { ExportOptions } from "../../operations/export/export.js";
import type { ExportSelection } from "../../operations/export/selection.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { bytesOf, countOf, excludeOptions, keyspaceOptions, manyOf, maxBlockSizeOption, oneOf, prefixOption, type ReadingFlags, readingOptions, refuseBoth, sizeOf } from "../options.js";
import { exportJson, jsonDocument, jsonLine, planJson } from "../render/json/json.js";
import { HAD_ENOUGH, saidEnough } from "../terminal/enough.js";
import { connectionOf, openStdout } from "../terminal/stdio.js";
import { escapeText } from "../text/escape.js";

interface ExportFlags extends ReadingFlags {
  readonly output?: string;
  readonly codec?: CodecName;
  readonly level?: number;
  readonly blockSize?: number;
  readonly maxBlockSize?: number;
  readonly columnFamily?: Uint8Array[];
  readonly excludeColumnFamily?: Uint8Array[];
  readonly prefix?: Uint8Array;
  readonly from?: Uint8Array;
  readonly to?: Uint8Array;
  readonly limit?: number;
  readonly base?: string[];
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

const [USUAL_CODEC, ...OTHER_CODECS] = CODEC_CHOICES;
const CODEC_HELP = `${USUAL_CODEC} (default), ${OTHER_CODECS.slice(0, -1).join(", ")} or ${OTHER_CODECS.at(-1) ?? ""}`;

/** Defines the command. */
export function exportCommand(): Command {
  const command = new Command("export")
    .description(
      "Reads a store, which is never changed, and writes all its entries to a dump: to a file, which appears whole or\n" +
        "not at all, or to standard output. A store that can't be read whole is refused.",
    )
    .argument("<store>", "directory of the store");
  const options = [
    new Option("-o, --output <file>", "the dump's file, or - for standard output (default: -)"),
    new Option("--codec <codec>", CODEC_HELP).argParser(oneOf("--codec", CODEC_CHOICES)),
    new Option("--level <n>", "compression level of zstd, 1 to 22 (default 3)").argParser(countOf("--level", { min: 1, max: 22 })),
    new Option("--block-size <size>", "bytes of a block before compression (default 1MiB)").argParser(sizeOf("--block-size")),
    maxBlockSizeOption("also write keys over 16 MiB and values over 1 GiB, up to this size; readers of the dump need the same option"),
    ...keyspaceOptions("only this family or tree; may be repeated"),
    ...excludeOptions(),
    prefixOption("only keys that start with this"),
    new Option("--from <key>", "first key, in the order of the store").argParser(bytesOf("--from")),
    new Option("--to <key>", "stop before this key").argParser(bytesOf("--to")),
    new Option("--limit <n>", "at most this many entries").argParser(countOf("--limit")),
    new Option("--base <dump>", "write only what changed since this dump; repeat it for the deltas that follow it").argParser(
      manyOf((text) => text),
    ),
    ...readingOptions(),
    new Option("-n, --dry-run", "show what would be exported, with estimates and problems; write nothing"),
    new Option("-f, --force", "replace an output file that exists"),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: [
      "The result goes to standard error; with --json and -o FILE, to standard output. An export to a pipe shows\n" +
        "no progress, because the import at its other end does; --progress always shows it.",
    ],
    topics: ["keys", "sizes"],
    examples: [
      "kgdump export /var/lib/maya/rocksdb -o graph.kgd",
      "kgdump export /var/lib/maya/rocksdb | kgdump import /var/lib/maya/knowledge_graph",
      "kgdump export /var/lib/maya/rocksdb | ssh new-host kgdump import /var/lib/maya/knowledge_graph",
      "kgdump export store --codec zstd --level 9 --prefix node: -o nodes.kgd",
      "kgdump export store --base monday.kgd -o tuesday.kgd",
      "kgdump export store --dry-run",
    ],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, and what exportStore throws
 */
export async function runExport(context: Context, args: readonly string[], flags: ExportFlags): Promise<void> {
  const [store = ""] = args;
  const selection: ExportSelection = {
    store,
    keyspaces: flags.columnFamily,
    excludeKeyspaces: flags.excludeColumnFamily,
    prefix: flags.prefix,
    from: flags.from,
    to: flags.to,
    limit: flags.limit,
    ttl: flags.ttl,
    paranoid: flags.paranoid,
    signal: context.signal,
  };
  refuseBoth({
    "--keyspace": flags.columnFamily !== undefined,
    "--exclude-keyspace": flags.excludeColumnFamily !== undefined,
  });
  if (flags.level !== undefined && flags.codec !== "zstd") {
    throw new KgdumpError("USAGE", "--level can only be used with --codec zstd", {
      hint: `for example: --codec zstd --level ${flags.level.toString()}`,
    });
  }
  const path = flags.output === undefined || flags.output === "-" || descriptorOf(flags.output) === 1 ? null : flags.output;
  if (path === "") throw new KgdumpError("USAGE", "--output is empty", { hint: "name a file, or - for standard output" });
  context.workOn({ worked: path === null ? [store] : [store, path], read: flags.base });
  if (flags.dryRun === true) return plan(context, selection, flags, path);
  const options = { ...selection, codec: flags.codec, level: flags.level, blockSize: flags.blockSize, maxBlockSize: flags.maxBlockSize, base: flags.base, force: flags.force };
  await write(context, options, path);
}

async function plan(context: Context, selection: ExportSelection, flags: ExportFlags, path: string | null): Promise<void> {
  const { planExport } = await import("../../operations/export/plan.js");
  const result = await planExport({ ...selection, ...(path === null ? {} : { output: path }), base: flags.base, maxBlockSize: flags.maxBlockSize, force: flags.force });
  for (const warning of result.warnings) context.warn(warning);
  const { renderPlan } = await import("../render/results.js");
  if (context.json) await context.out.write(jsonDocument(planJson(result)));
  else await context.out.tell(renderPlan(result, flags.base, context.look));
  const [problem] = result.problems;
  if (problem === undefined) return;
  for (const other of result.problems.slice(1)) context.warn(other.message);
  throw new KgdumpError(problem.code, `the export would fail: ${problem.message}`);
}

async function write(context: Context, options: Omit<ExportOptions, "output">, path: string | null): Promise<void> {
  if (path === null) await refuseTerminalOutput(options.store);
  const { exportStore } = await import("../../operations/export/export.js");
  if (path === null && connectionOf(1) === "pipe") (await import("../../operations/disk/system-calls.js")).widenPipe(1);
  const { onProgress } = context.startProgress({}, path === null);
  const result = await exportStore({ ...options, output: path ?? openStdout(), onProgress, onWarning: context.onWarning }).catch((error: unknown) => {
    if (path === null && hasEnough(error)) return null;
    throw error;
  });
  context.complete();
  if (result === null) {
    context.exitCode = HAD_ENOUGH;
    return;
  }
  for (const warning of result.warnings) context.warn(warning);
  if (context.json && path !== null) await context.out.write(jsonDocument(exportJson(result)));
  else if (context.json) context.sayJson(jsonLine(exportJson(result)));
  else context.tellResult((await import("../render/results.js")).renderExport(result, options.base, context.errorPaint), exportJson(result));
}

/** Whether an export failed only because its reader wanted no more. */
function hasEnough(error: unknown): boolean {
  return error instanceof KgdumpError && error.code === "BROKEN_PIPE" && saidEnough(1);
}

/** @throws {KgdumpError} USAGE, and before that what is wrong with the store's path: that matters more */
async function refuseTerminalOutput(store: string): Promise<void> {
  if (connectionOf(1) !== "terminal") return;
  const { detectEngine } = await import("../../operations/disk/stores.js");
  await detectEngine(store);
  throw new KgdumpError("USAGE", "a dump is binary, but standard output is a terminal", {
    hint: `for example: kgdump export ${escapeText(store)} -o graph.kgd`,
  });
}
