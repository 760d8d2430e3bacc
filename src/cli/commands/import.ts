/** `kgdump import`: a dump becomes a sled store. */
import { Command, Option } from "commander";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { inputOption } from "../inputs.js";
import { accessOptions, allowGapsOption, countOf, excludeOptions, keyspaceOptions, manyOf, maxBlockSizeOption, oneOf, prefixOption, refuseBoth, type SledFlags, sledOptions } from "../options.js";
import { importJson } from "../render/json/json.js";
import { renderImport } from "../render/results.js";
import { parseMapping } from "../text/byte-text.js";
import { type LoadingFlags, loadingOptions, showLoaded } from "./loading.js";

interface ImportFlags extends SledFlags, LoadingFlags {
  readonly merge?: boolean;
  readonly ifExists?: "fail" | "keep" | "overwrite";
  readonly prefix?: Uint8Array;
  readonly jobs?: number;
}

/** Defines the command. */
export function importCommand(): Command {
  const command = new Command("import")
    .description(
      "Checks a dump and writes its entries to a sled store. A new store appears only when all of it has been written, read\n" +
        "back and found equal; until then there is nothing at its path. A delta alone is applied to a store that holds its base: a copy\n" +
        "of the store is changed, read back, and takes the store's place.",
    )
    .argument("[target]", "directory of the sled store; without it, the path in the settings file");
  const options = [
    inputOption(),
    new Option("--merge", "write into an existing store; keys that it has are overwritten"),
    new Option("--if-exists <what>", "for keys that the store already has: fail, keep or overwrite; implies --merge").argParser(
      oneOf("--if-exists", ["fail", "keep", "overwrite"]),
    ),
    new Option("--no-verify", "do not read the store back to compare"),
    new Option("--map <family=tree>", "give a family's tree another name, or many by 'a*=b*'; may be repeated").argParser(manyOf(parseMapping)),
    ...keyspaceOptions("only this family of the dump; may be repeated"),
    ...excludeOptions(),
    prefixOption("only keys that start with this"),
    new Option("--jobs <n>", "threads that compress (default: one for each processor)").argParser(countOf("--jobs", { min: 1, max: 256 })),
    ...accessOptions(),
    allowGapsOption(),
    maxBlockSizeOption(),
    ...sledOptions(),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: ["The result goes to standard error; with --json, to standard output."],
    topics: ["settings", "sizes", "keys", "maps"],
    examples: [
      "kgdump import /var/lib/maya/knowledge_graph -i graph.kgd",
      "kgdump export /var/lib/maya/rocksdb | kgdump import /var/lib/maya/knowledge_graph",
      "kgdump import /var/lib/maya/knowledge_graph -i graph.kgd --owner maya:maya --mode 750",
      "kgdump import --config config/storage.toml -i graph.kgd",
      "kgdump import target -i graph.kgd --compression --compression-level 9 --cache-capacity 256MiB",
      "kgdump import target -i monday.kgd -i tuesday.kgd",
      "kgdump import target-as-of-monday -i tuesday.kgd",
      "kgdump import target -i graph.kgd --if-exists keep",
      "kgdump import target -i graph.kgd --keyspace nodes --map nodes=graph_nodes",
    ],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, what importDump throws, and RECOVERY_INCOMPLETE after the result was shown
 */
export async function runImport(context: Context, args: readonly string[], flags: ImportFlags): Promise<void> {
  refuseBoth({ "--keyspace": flags.columnFamily !== undefined, "--exclude-keyspace": flags.excludeColumnFamily !== undefined });
  const { importSettings } = await import("./import-settings.js");
  const { target, settings, notes, files } = await importSettings(args[0], flags, process.env);
  for (const note of notes) context.warn(note);
  const options = await loadingOptions(context, "import", target, flags, { worked: [target, ...files], read: flags.input });
  const { importDump } = await import("../../operations/import/import.js");
  const { onProgress } = context.startProgress({ phases: flags.verify ? ["load", "verify"] : [] });
  const { merge, ifExists, prefix, jobs } = flags;
  const result = await importDump({ ...options, ...settings, merge, ifExists, prefix, jobs, onProgress });
  await showLoaded(context, result, flags, {
    json: importJson({ ...result, warnings: [...notes, ...result.warnings] }),
    text: () => renderImport(result, context.errorLook),
  });
}
