/** `kgdump compact`: a store is rebuilt in its place, without what it does not need any more. */
import { Command, Option } from "commander";
import { KgdumpError } from "../../errors.js";
import { compactStore, planCompact } from "../../operations/migrate/compact/compact.js";
import { undoCompact } from "../../operations/migrate/compact/undo.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { countOf, sizeOf } from "../options.js";
import { renderCompact, renderCompactPlan, renderUndoCompact } from "../render/compact.js";
import { jsonDocument } from "../render/json/json.js";

interface CompactFlags {
  readonly segmentSize?: number;
  /** False with `--no-compression`. */
  readonly compression?: boolean;
  readonly compressionLevel?: number;
  readonly removeOriginal?: boolean;
  readonly dryRun?: boolean;
  readonly undo?: boolean;
  readonly discardNew?: boolean;
}

/** Defines the command. */
export function compactCommand(): Command {
  const command = new Command("compact")
    .description(
      "Rebuilds a sled or RocksDB store beside itself, without what it no longer needs, reads it back, and swaps the two if they\n" +
        "are equal. A RocksDB store keeps its options. The original is kept beside the new store until you remove it. Stop the\n" +
        "store's program first.",
    )
    .argument("<store>", "directory of the store");
  const options = [
    new Option("--dry-run", "only tell how much space would be saved; all entries are read"),
    new Option("--segment-size <size>", "segments of the new sled store: a power of two from 256 to 16MiB (default: as in the old store)").argParser(sizeOf("--segment-size")),
    new Option("--compression", "compress the new sled store with zstd (default: as in the old store)"),
    new Option("--no-compression", "do not compress the new sled store"),
    new Option("--compression-level <n>", "zstd's level, 1 to 22 (default: sled's own, 5)").argParser(countOf("--compression-level", { min: 1, max: 22 })),
    new Option("--remove-original", "remove the original when the new store is in its place"),
    new Option("--undo", "put back the original that was kept last, if nothing has been written since"),
    new Option("--discard-new", "with --undo: put it back even if something has been written since; that is kept aside"),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: [
      "A sled store keeps its compression and segment size for good: the result says how it must be opened from then on. The result\ngoes to standard error; with --json, to standard output.",
    ],
    topics: ["sizes"],
    examples: ["kgdump compact graph --dry-run", "kgdump compact graph", "kgdump compact graph --segment-size 64KiB --remove-original", "kgdump compact graph --undo"],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, and what compactStore, planCompact and undoCompact throw
 */
export async function runCompact(context: Context, args: readonly string[], flags: CompactFlags): Promise<void> {
  const [store = ""] = args;
  if (store === "") throw new KgdumpError("USAGE", "the store's path is empty", { hint: "name a directory" });
  const { compression, compressionLevel, segmentSize, removeOriginal, dryRun, undo, discardNew } = flags;
  const making = [compression, compressionLevel, segmentSize, removeOriginal, dryRun].some((flag) => flag !== undefined);
  if (undo === true && making) throw new KgdumpError("USAGE", "--undo can only be combined with --discard-new", { hint: "leave out the other options" });
  if (undo !== true && discardNew === true) throw new KgdumpError("USAGE", "--discard-new can only be used with --undo", { hint: "give both or neither" });
  context.workOn({ worked: [store] });
  const { onProgress } = context.startProgress();
  const { signal } = context;
  if (undo === true) {
    const result = await undoCompact({ store, discardNew, onProgress, signal });
    context.complete();
    const json = { undone: { ...result } };
    if (context.json) await context.out.write(jsonDocument(json));
    else context.tellResult(renderUndoCompact(result, context.errorPaint), json);
    return;
  }
  const settings = { compression, compressionLevel, segmentSize };
  if (dryRun === true) {
    const plan = await planCompact({ store, settings, onProgress, signal });
    context.complete();
    for (const warning of plan.warnings) context.warn(warning);
    const json = { plan: { ...plan, settings: plan.settings === null ? null : { ...plan.settings } } };
    if (context.json) await context.out.write(jsonDocument(json));
    else if (context.quiet) context.say(renderCompactPlan(plan, context.errorPaint));
    else context.tellResult(renderCompactPlan(plan, context.errorPaint), json);
    return;
  }
  const result = await compactStore({ store, settings, removeOriginal, onProgress, signal });
  context.complete();
  for (const warning of result.warnings) context.warn(warning);
  const json = { compacted: { ...result, reopen: result.reopen === null ? null : { ...result.reopen } } };
  if (context.json) await context.out.write(jsonDocument(json));
  else context.tellResult(renderCompact(result, context.errorLook), json);
}
