/** `kgdump verify`: every check of a dump, and a comparison with a store. */
import { Command, Option } from "commander";
import { parseMapping } from "../byte-text.js";
import type { Context } from "../context.js";
import { addHelp } from "../help.js";
import { jsonDocument, verifyJson } from "../json.js";
import { manyOf, maxBlockSizeOption, oneOf, requireWith } from "../options.js";
import { renderVerify } from "../render/results.js";
import { readStdin, refuseTerminalInput } from "../stdio.js";

interface VerifyFlags {
  readonly against?: string;
  readonly ttl?: "strip" | "keep";
  readonly map?: { from: Uint8Array; to: Uint8Array }[];
  readonly maxBlockSize?: number;
}

/** Defines the command. */
export function verifyCommand(): Command {
  const command = new Command("verify")
    .summary("check a dump, and compare it with a store")
    .description(
      "Reads a whole dump and checks all of it: checksums, blocks, the order of keys, sums, digests and index. With\n" +
        "--against, compares every entry with a store.",
    )
    .argument("[dump]", "the dump's file; - or nothing is standard input", "-");
  const options = [
    new Option("--against <store>", "directory of a RocksDB or sled store that must hold the same"),
    new Option("--ttl <mode>", "how the values of a store with time to live are compared: strip or keep").argParser(
      oneOf("--ttl", ["strip", "keep"]),
    ),
    new Option("--map <family=tree>", "the store's name for a family of the dump; may be repeated").argParser(
      manyOf(parseMapping),
    ),
    maxBlockSizeOption(),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    examples: [
      "kgdump verify graph.kgd",
      "kgdump verify graph.kgd --against /var/lib/maya/knowledge_graph",
      "ssh old-host cat graph.kgd | kgdump verify",
    ],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, VERIFY_DIFFERENCE, and what verifyDump throws
 */
export async function runVerify(context: Context, args: readonly string[], flags: VerifyFlags): Promise<void> {
  const [dump = "-"] = args;
  const against = flags.against !== undefined;
  requireWith({ "--ttl": flags.ttl !== undefined, "--map": flags.map !== undefined }, "--against", against);
  if (dump === "-") refuseTerminalInput("kgdump verify graph.kgd");
  const { requireEqual, verifyDump } = await import("../../operations/verify.js");
  const { onProgress } = context.startProgress();
  const result = await verifyDump({
    input: dump === "-" ? readStdin(context.signal) : dump,
    against: flags.against,
    ttl: flags.ttl,
    map: flags.map === undefined ? undefined : new Map(flags.map.map(({ from, to }) => [from, to])),
    maxBlockSize: flags.maxBlockSize,
    onProgress,
    signal: context.signal,
  });
  context.stopProgress();
  for (const warning of result.warnings) context.warn(warning);
  if (context.json) await context.out.write(jsonDocument(verifyJson(result)));
  else if (!context.quiet) await context.out.write(renderVerify(result, context));
  await context.out.flush();
  if (result.against !== null) requireEqual(result.against);
}
