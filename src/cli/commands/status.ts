/** `kgdump status`: what lies at a store's path, and how far a migration got. */
import { Command, Option } from "commander";
import { ExitCode } from "../../errors.js";
import type { MigrationState, MigrationStatus } from "../../operations/migrate/status.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { jsonDocument } from "../render/json/json.js";
import { statusJson } from "../render/json/migrate.js";
import { renderStatus } from "../render/migrate.js";

/** Exit codes of `status`, by what it found. */
export const STATUS_EXIT_CODE: Readonly<Record<MigrationState, number>> = {
  migrated: 0,
  "to-migrate": 10,
  unfinished: 11,
  nothing: 12,
  unknown: 13,
  unsupported: ExitCode.unreadableStore,
  damaged: 14,
};

interface StatusFlags {
  readonly config?: string;
}

/** Defines the command. */
export function statusCommand(): Command {
  const command = new Command("status")
    .description("Looks at files only: no store is opened, and nothing is changed.")
    .argument("[store]", "directory of the store (default: the path in --config)");
  command.addOption(new Option("--config <file>", "the service's storage.toml"));
  addHelp(command, {
    topics: ["settings"],
    examples: ["kgdump status --config config/storage.toml", "kgdump status /var/lib/maya/knowledge_graph --json"],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, CONFIG_INVALID, and what migrationStatus throws
 */
export async function runStatus(context: Context, args: readonly string[], flags: StatusFlags): Promise<void> {
  const { importSettings } = await import("./import-settings.js");
  const { target, files } = await importSettings(args[0], flags, process.env);
  context.workOn({ worked: [target, ...files] });
  const { migrationStatus } = await import("../../operations/migrate/status.js");
  const status: MigrationStatus = await migrationStatus(target);
  if (context.json) await context.out.write(jsonDocument({ status: statusJson(status) }));
  else await context.out.tell(renderStatus(status, context.paint));
  context.exitCode = STATUS_EXIT_CODE[status.state];
}
