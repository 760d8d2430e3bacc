/** `kgdump recover`: what is sound of a damaged dump or store becomes a new dump. */
import { Command, Option } from "commander";
import { KgdumpError } from "../../errors.js";
import type { WithAccess } from "../../operations/disk/access.js";
import { isDirectory } from "../../operations/disk/names.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { type AccessFlags, accessOf, accessOptions, maxBlockSizeOption, requireWith } from "../options.js";
import { jsonDocument } from "../render/json/json.js";
import { recoverJson, recoverStoreJson } from "../render/json/recover.js";
import { renderRecoverStore } from "../render/recover-store.js";
import { renderRecover } from "../render/recover.js";
import { escapeText } from "../text/escape.js";

interface RecoverFlags extends AccessFlags {
  readonly output?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly maxBlockSize?: number;
  readonly includeUnknownTables?: boolean;
  readonly to?: string;
}

/** Defines the command. */
export function recoverCommand(): Command {
  const command = new Command("recover")
    .description(
      "Writes every entry of a damaged store, or every block of a damaged dump, that passes all its checks to a new dump,\n" +
        "which says where entries are missing. The damaged store or dump is only read. The new dump is read back\n" +
        "whole before it gets its name.",
    )
    .argument("<damaged>", "the damaged store's directory, or the damaged dump's file");
  const options = [
    new Option("-o, --output <file>", "the new dump's file"),
    new Option("--to <directory>", "also make a new store of the same engine at this path"),
    ...accessOptions(),
    new Option("-n, --dry-run", "show what could be recovered and what is lost; write nothing"),
    new Option("-f, --force", "replace an output file that exists"),
    new Option("--include-unknown-tables", "of a RocksDB store: also read tables that its MANIFEST does not name"),
    maxBlockSizeOption(),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: [
      "The exit status is 0 when no entry is lost, even if the dump was sound and a copy was made, and 3 when any is\n" +
        "or may be lost, although the new dump was written and is valid. The result goes to standard output.",
      "A new dump is marked as salvaged: inspect, verify and import say so. Nothing can be recovered from a delta whose\n" +
        "header, or both the end of a keyspace and the footer, are lost: it could not be applied.",
      "From a store, the newest entry that is left of each key is taken. It counts as doubtful when something newer may\n" +
        "be among what is lost; nothing is ever made up. Tables, logs, blob files, CURRENT, MANIFEST and OPTIONS may be\n" +
        "damaged or missing. Without MANIFEST all tables are read. Stop the store's program first.",
      "In a sled store, the log, value files, snapshot and conf may be damaged; value files, snapshot and conf may be missing.\n" +
        "What belongs to no tree any more is kept in keyspaces recovered-without-tree-1 and so on.",
    ],
    examples: [
      "kgdump recover /var/lib/maya/graph --dry-run",
      "kgdump recover /var/lib/maya/graph -o salvaged.kgd",
      "kgdump recover /var/lib/maya/graph --to /var/lib/maya/graph.new",
      "kgdump recover graph.kgd --dry-run",
      "kgdump recover graph.kgd -o salvaged.kgd",
      "kgdump recover graph.kgd -o salvaged.kgd --json | jq '.recovered.keyspaces[].gaps'",
      "kgdump inspect salvaged.kgd --gaps",
    ],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, RECOVERY_INCOMPLETE after the result was shown, and what recoverDump throws
 */
export async function runRecover(context: Context, args: readonly string[], flags: RecoverFlags): Promise<void> {
  const [input = ""] = args;
  checkFlags(input, flags);
  const access = accessOf(flags);
  const made = [flags.output, flags.to].filter((path) => path !== undefined).filter((path) => path !== "-");
  context.workOn((await isDirectory(input)) ? { worked: [input, ...made] } : { worked: made, read: [input] });
  if (await isDirectory(input)) {
    await runRecoverStore(context, input, flags, access);
    return;
  }
  if (flags.to !== undefined || flags.includeUnknownTables === true) {
    const option = flags.to === undefined ? "--include-unknown-tables" : "--to";
    throw new KgdumpError("USAGE", `${option} is for damaged stores, but ${escapeText(input)} is not a store`, { hint: "write a new dump with -o, then import or restore it" });
  }
  await context.tellReaders();
  const { recoverDump, requireNothingLost } = await import("../../operations/recover/recover.js");
  const { onProgress } = context.startProgress({ phases: flags.dryRun === true ? [] : ["read", "recover", "verify"] });
  const result = await recoverDump({
    input,
    output: flags.dryRun === true ? undefined : flags.output,
    force: flags.force,
    maxBlockSize: flags.maxBlockSize,
    onProgress,
    signal: context.signal,
  });
  context.complete();
  if (context.json) await context.out.write(jsonDocument(recoverJson(result)));
  else if (!context.quiet) await context.out.tell(renderRecover(result, context.look));
  await context.out.flush();
  requireNothingLost(result);
}

async function runRecoverStore(context: Context, store: string, flags: RecoverFlags, access: WithAccess): Promise<void> {
  const { recoverStore, recoverInto, requireWholeStore } = await import("../../operations/recover/index.js");
  const { onProgress } = context.startProgress({ phases: flags.dryRun === true ? [] : ["recover", "verify", ...(flags.to === undefined ? [] : ["load", "verify"] as const)] });
  const dryRun = flags.dryRun === true;
  const options = { store, force: flags.force, maxBlockSize: flags.maxBlockSize, unknownTables: flags.includeUnknownTables, onProgress, onPublished: context.onPublished, signal: context.signal };
  const result =
    flags.to === undefined || dryRun
      ? await recoverStore({ ...options, output: dryRun ? undefined : flags.output })
      : await recoverInto({ ...options, output: flags.output, target: flags.to, ...access });
  context.complete();
  if (context.json) await context.out.write(jsonDocument(recoverStoreJson(result)));
  else if (!context.quiet) await context.out.tell(renderRecoverStore(result, context.look));
  await context.out.flush();
  requireWholeStore(result);
}

function checkFlags(input: string, { output, to, dryRun, owner, mode }: RecoverFlags): void {
  requireWith({ "--owner": owner !== undefined, "--mode": mode !== undefined }, "--to", to !== undefined);
  if (input === "-") {
    throw new KgdumpError("USAGE", "a damaged dump can't be recovered from a pipe: it is read several times", { hint: "save it to a file first: cat > damaged.kgd" });
  }
  if (input === "") throw new KgdumpError("USAGE", "the path of the damaged store or dump is empty", { hint: "name a store's directory or a dump's file" });
  if (dryRun === true) return;
  const hint = `for example: kgdump recover ${escapeText(input)} -o salvaged.kgd`;
  if (to === "") throw new KgdumpError("USAGE", "--to is empty", { hint });
  if (output === undefined && to === undefined) throw new KgdumpError("USAGE", "--output is missing: what is damaged is never changed", { hint });
  if (output === "") throw new KgdumpError("USAGE", "--output is empty", { hint });
  if (output === "-") throw new KgdumpError("USAGE", "the new dump can't go to standard output: it is read back before it gets its name", { hint });
}
