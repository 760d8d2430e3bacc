/** `kgdump recover`: what is sound of a damaged dump becomes a new dump. */
import { Command, Option } from "commander";
import { KgdumpError } from "../../errors.js";
import type { Context } from "../context.js";
import { escapeText } from "../escape.js";
import { addHelp } from "../help.js";
import { jsonDocument } from "../json.js";
import { recoverJson } from "../json-recover.js";
import { maxBlockSizeOption } from "../options.js";
import { renderRecover } from "../render/recover.js";

interface RecoverFlags {
  readonly output?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly maxBlockSize?: number;
}

/** Defines the command. */
export function recoverCommand(): Command {
  const command = new Command("recover")
    .summary("salvage what is sound of a damaged dump")
    .description(
      "Writes every block of a damaged dump that passes all its checks to a new dump, which says where entries are\n" +
        "missing. The damaged file is only read. The new dump is read back whole before it gets its name.",
    )
    .argument("<damaged>", "the damaged dump's file");
  const options = [
    new Option("-o, --output <file>", "the new dump's file"),
    new Option("-n, --dry-run", "tell what could be recovered and what is lost; write nothing"),
    new Option("-f, --force", "replace an output file that exists"),
    maxBlockSizeOption(),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: [
      "The exit status is 0 when no entry is lost, also when the dump was sound and a copy was made, and 3 when any is\n" +
        "or may be lost, although the new dump was written and is valid. The result goes to standard output.",
      "A new dump is marked as salvaged: inspect, verify and import say so. Of a delta, nothing can be recovered when its\n" +
        "header, or both the end of a keyspace and the footer, are lost: it could not be applied.",
    ],
    examples: [
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
  const { recoverDump, requireNothingLost } = await import("../../operations/recover.js");
  const { onProgress } = context.startProgress();
  const result = await recoverDump({
    input,
    output: flags.dryRun === true ? undefined : flags.output,
    force: flags.force,
    maxBlockSize: flags.maxBlockSize,
    onProgress,
    signal: context.signal,
  });
  context.stopProgress();
  if (context.json) await context.out.write(jsonDocument(recoverJson(result)));
  else if (!context.quiet) await context.out.write(renderRecover(result, context));
  await context.out.flush();
  requireNothingLost(result);
}

function checkFlags(input: string, { output, dryRun }: RecoverFlags): void {
  if (input === "-") {
    throw new KgdumpError("USAGE", "a damaged dump can't be recovered from a pipe: it is read several times", { hint: "save it to a file first: cat > damaged.kgd" });
  }
  if (input === "") throw new KgdumpError("USAGE", "the damaged dump's name is empty", { hint: "name a file" });
  if (dryRun === true) return;
  const hint = `for example: kgdump recover ${escapeText(input)} -o salvaged.kgd`;
  if (output === undefined) throw new KgdumpError("USAGE", "--output is missing: the damaged dump is never changed", { hint });
  if (output === "") throw new KgdumpError("USAGE", "--output is empty", { hint });
  if (output === "-") throw new KgdumpError("USAGE", "the new dump can't go to standard output: it is read back before it gets its name", { hint });
}
