/** `kgdump cleanup`: removes what migrations, rollbacks and compactions have left of a store. */
import { Command, Option } from "commander";
import { KgdumpError } from "../../errors.js";
import type { CleanupResult } from "../../operations/migrate/cleanup/cleanup.js";
import { shellWord } from "../../operations/disk/shell-word.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { jsonDocument } from "../render/json/json.js";
import { renderCleanup } from "../render/cleanup.js";
import { formatNumberOf } from "../text/quantities.js";

interface CleanupFlags {
  readonly config?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/** Defines the command. */
export function cleanupCommand(): Command {
  const command = new Command("cleanup")
    .description(
      "Removes the backup, the dump and the journal of a migration, stores that a rollback put aside, and originals that compactions have kept: after that there is no\n" +
        "way back. Each is removed only if the store in place holds the same entries: both are read in full and compared. If the service has written since, they differ;\n" +
        "then only --force removes them.",
    )
    .argument("[store]", "directory of the store (default: the path in --config)");
  command
    .addOption(new Option("--config <file>", "the service's storage.toml"))
    .addOption(new Option("-n, --dry-run", "list what is left, with sizes; remove nothing"))
    .addOption(new Option("-f, --force", "also remove what the store in place does not hold; the service may be running"));
  addHelp(command, {
    paragraphs: [
      "Nothing is removed while a migration is not finished, or when no sound store is in place; nor is anything that is not what its name says. The journal goes\n" +
        "last. The exit status is 4 when something was kept because it differs.",
    ],
    topics: ["settings"],
    examples: ["kgdump cleanup --config config/storage.toml --dry-run", "kgdump cleanup /var/lib/maya/knowledge_graph --force"],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, CONFIG_INVALID, VERIFY_DIFFERENCE when something was kept, and what cleanUp throws
 */
export async function runCleanup(context: Context, args: readonly string[], { dryRun, force, ...flags }: CleanupFlags): Promise<void> {
  const { importSettings } = await import("./import-settings.js");
  const { target, files } = await importSettings(args[0], flags, process.env);
  context.workOn({ worked: [target, ...files] });
  const { onProgress } = context.startProgress();
  const { cleanUp } = await import("../../operations/migrate/cleanup/cleanup.js");
  const result = await cleanUp({ target, dryRun, force, onProgress, signal: context.signal });
  context.complete();
  context.stopProgress();
  if (context.json) await context.out.write(jsonDocument({ cleanup: { ...result, remains: result.remains.map((remain) => ({ ...remain })) } }));
  else if (!context.quiet) await context.out.tell(renderCleanup(result, dryRun === true, context.paint));
  requireAllGone(result);
}

function requireAllGone({ target, remains }: CleanupResult): void {
  const kept = remains.filter(({ state }) => state === "different" || state === "unreadable");
  const [first] = kept;
  if (first === undefined) return;
  throw new KgdumpError("VERIFY_DIFFERENCE", `${formatNumberOf(kept.length, "thing was", "things were")} kept, because the store in place does not hold the same`, {
    path: first.path,
    hint: `if the store in place is the one you want, \`kgdump cleanup ${shellWord(target)} --force\` removes the rest; after that there is no way back`,
  });
}
