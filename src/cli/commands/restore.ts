/** `kgdump restore`: a dump becomes a RocksDB store. */
import { Command, Option } from "commander";
import { KgdumpError } from "../../errors.js";
import type { RestoreResult } from "../../operations/import/restore.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { inputOption } from "../inputs.js";
import { accessOptions, allowGapsOption, excludeOptions, keyspaceOptions, manyOf, maxBlockSizeOption, oneOf, refuseBoth, sizeOf } from "../options.js";
import { jsonBytes, type Json } from "../render/json/json.js";
import { renderRestore } from "../render/restore.js";
import { parseMapping } from "../text/byte-text.js";
import { parseTime } from "../text/quantities.js";
import { type LoadingFlags, loadingOptions, showLoaded } from "./loading.js";

const COMPRESSIONS = ["none", "lz4", "zstd", "snappy", "zlib", "bzip2"] as const;

interface RestoreFlags extends LoadingFlags {
  readonly optionsFrom?: string;
  readonly compression?: (typeof COMPRESSIONS)[number];
  readonly tableBlockSize?: number;
  readonly ttl?: "strip" | "keep";
  readonly ttlTime?: number;
}

/** Defines the command. */
export function restoreCommand(): Command {
  const command = new Command("restore")
    .description(
      "Checks a dump and makes a RocksDB store of it, whose families have the options that the dump records. The store\n" +
        "appears only when all of it has been written, read back and found equal; until then there is nothing at its path.",
    )
    .argument("<target>", "directory of the new RocksDB store");
  const options = [
    inputOption(),
    new Option("--options-from <dump>", "give families the options of this dump, or RocksDB store; for a dump of a sled store, which has none"),
    new Option("--compression <name>", `compression of all families: ${COMPRESSIONS.join(", ")} (default: as the dump says, else lz4)`).argParser(
      oneOf("--compression", COMPRESSIONS),
    ),
    new Option("--table-block-size <size>", "data blocks of RocksDB's tables (default: as the dump says, else 16KiB)").argParser(
      sizeOf("--table-block-size"),
    ),
    new Option("--map <tree=family>", "give a keyspace's family another name, or many by 'a*=b*'; may be repeated").argParser(manyOf(parseMapping)),
    ...keyspaceOptions("only this keyspace of the dump; may be repeated"),
    ...excludeOptions(),
    new Option("--ttl <what>", "times of values with a time to live: strip when the dump's values lack them, keep when they have them (default: as the dump says)").argParser(
      oneOf("--ttl", ["strip", "keep"] as const),
    ),
    new Option("--ttl-time <time>", "append this time to values whose times were stripped: seconds since 1970, a date, or now (default: when the dump was made)").argParser(parseTime),
    new Option("--no-verify", "do not read the store back to compare"),
    ...accessOptions(),
    allowGapsOption(),
    maxBlockSizeOption(),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: ["The result goes to standard error; with --json, to standard output."],
    topics: ["keys", "maps", "sizes"],
    examples: [
      "kgdump restore /var/lib/maya/rocksdb -i graph.kgd",
      "kgdump export /var/lib/maya/knowledge_graph | kgdump restore /var/lib/maya/rocksdb --options-from graph.kgd",
      "kgdump restore store -i graph.kgd --compression zstd",
    ],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, what restoreDump throws, and RECOVERY_INCOMPLETE after the result was shown
 */
export async function runRestore(context: Context, args: readonly string[], flags: RestoreFlags): Promise<void> {
  const [target = ""] = args;
  if (target === "") throw new KgdumpError("USAGE", "the target's path is empty", { hint: "name a directory" });
  refuseBoth({ "--keyspace": flags.columnFamily !== undefined, "--exclude-keyspace": flags.excludeColumnFamily !== undefined });
  const { optionsFrom, compression, tableBlockSize, ttl, ttlTime } = flags;
  const options = await loadingOptions(context, "restore", target, flags, { worked: [target], read: [...(flags.input ?? []), ...(optionsFrom === undefined ? [] : [optionsFrom])] });
  const { restoreDump } = await import("../../operations/import/restore.js");
  const { onProgress } = context.startProgress({ phases: flags.verify ? ["load", "verify"] : [], labels: { load: "restoring" } });
  const result = await restoreDump({ ...options, optionsFrom, compression, tableBlockSize, ttl, ttlTime, onProgress });
  await showLoaded(context, result, flags, {
    json: { restored: restoreJson(result) },
    text: () => renderRestore(result, context.errorPaint),
  });
}

function restoreJson(result: RestoreResult): Json {
  return {
    ...result,
    missing: { ...result.missing },
    keyspaces: result.keyspaces.map((keyspace) => ({ ...keyspace, name: jsonBytes(keyspace.name), family: jsonBytes(keyspace.family) })),
  };
}
