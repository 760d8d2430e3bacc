/** All commands and options as commander knows them: parsing, help, completions and manual pages are made of this one tree. */
import { Command } from "commander";
import type { Context, GlobalFlags } from "./context.js";
import { addHelp, HELP_LAYOUT, shorten, topicsText } from "./help/help.js";
import { addGlobalOptions, globalFlags } from "./options.js";

type Runner<Flags extends object> = (context: Context, args: readonly string[], flags: Flags) => Promise<void>;

type Add = <Flags extends object>(command: Command, run: Runner<Flags>) => void;

/** The commands by name, in the order in which help lists them. Each is loaded when it is needed, as loading all takes a tenth of a second. */
const COMMANDS: Readonly<Record<string, (add: Add) => Promise<void>>> = {
  export: async (add) => {
    const { exportCommand, runExport } = await import("./commands/export.js");
    add(exportCommand(), runExport);
  },
  import: async (add) => {
    const { importCommand, runImport } = await import("./commands/import.js");
    add(importCommand(), runImport);
  },
  restore: async (add) => {
    const { restoreCommand, runRestore } = await import("./commands/restore.js");
    add(restoreCommand(), runRestore);
  },
  inspect: async (add) => {
    const { inspectCommand, runInspect } = await import("./commands/inspect.js");
    add(inspectCommand(), runInspect);
  },
  browse: async (add) => {
    const { browseCommand, runBrowse } = await import("./commands/browse.js");
    add(browseCommand(), runBrowse);
  },
  verify: async (add) => {
    const { runVerify, verifyCommand } = await import("./commands/verify.js");
    add(verifyCommand(), runVerify);
  },
  stats: async (add) => {
    const { runStats, statsCommand } = await import("./commands/stats.js");
    add(statsCommand(), runStats);
  },
  report: async (add) => {
    const { reportCommand, runReport } = await import("./commands/report.js");
    add(reportCommand(), runReport);
  },
  graph: async (add) => {
    const { graphCommand, runGraph } = await import("./commands/graph.js");
    add(graphCommand(), runGraph);
  },
  find: async (add) => {
    const { findCommand, runFind } = await import("./commands/find.js");
    add(findCommand(), runFind);
  },
  recover: async (add) => {
    const { recoverCommand, runRecover } = await import("./commands/recover.js");
    add(recoverCommand(), runRecover);
  },
  migrate: async (add) => {
    const { migrateCommand, runMigrate } = await import("./commands/migrate.js");
    add(migrateCommand(), runMigrate);
  },
  rollback: async (add) => {
    const { rollbackCommand, runRollback } = await import("./commands/migrate.js");
    add(rollbackCommand(), runRollback);
  },
  status: async (add) => {
    const { runStatus, statusCommand } = await import("./commands/status.js");
    add(statusCommand(), runStatus);
  },
  compact: async (add) => {
    const { compactCommand, runCompact } = await import("./commands/compact.js");
    add(compactCommand(), runCompact);
  },
  cleanup: async (add) => {
    const { cleanupCommand, runCleanup } = await import("./commands/cleanup.js");
    add(cleanupCommand(), runCleanup);
  },
  completion: async (add) => {
    const { completionCommand, runCompletion } = await import("./commands/completion.js");
    add(completionCommand(), runCompletion);
  },
};

/** What each command is for, as help groups them. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "Move:": ["export", "import", "restore"],
  "Look:": ["inspect", "browse", "verify", "stats", "report", "graph", "find"],
  "Repair:": ["recover"],
  "In place:": ["migrate", "rollback", "status", "compact", "cleanup"],
  "Help:": ["completion"],
};

/** Names of all commands, in the order in which help lists them. */
export const COMMAND_NAMES = Object.keys(COMMANDS);

/** Whether there is a command of this name. */
export function isCommand(name: string): boolean {
  return Object.hasOwn(COMMANDS, name);
}

/** What a tree is for. */
export interface TreeOptions {
  /** Columns of help. */
  readonly width: number;
  /** Whether help is the short one. */
  readonly short: boolean;
  /** Takes what commander prints. */
  readonly write: (text: string) => void;
  /** Called when a command was parsed. */
  readonly onAsked: (name: string, flags: GlobalFlags, run: (context: Context) => Promise<void>) => void;
}

/** Makes the tree. @param names of the commands that are in it */
export async function commandTree(names: readonly string[], { width, short, write, onAsked }: TreeOptions): Promise<Command> {
  const root = makeRoot(width, write);
  if (short) shorten(root);
  const add: Add = (command, run) => {
    addGlobalOptions(command);
    command.helpGroup(Object.keys(GROUPS).find((group) => GROUPS[group]?.includes(command.name())) ?? "Commands:");
    command.copyInheritedSettings(root);
    command.action(() => {
      const flags = command.opts<Parameters<typeof run>[2]>();
      const operands = command.processedArgs.filter((operand) => operand !== undefined).map(String);
      onAsked(command.name(), globalFlags(root, command), (context) => run(context, operands, flags));
    });
    root.addCommand(command);
  };
  for (const name of names) await COMMANDS[name]?.(add);
  return root;
}

function makeRoot(width: number, write: (text: string) => void): Command {
  const root = new Command("kgdump")
    .description("Moves key-value stores: from RocksDB to a portable, checked dump, and from the dump to sled.")
    .usage("[options] <command>")
    .version("kgdump", "-V, --version", "print the versions of kgdump and its libraries; with -v, also where they are")
    .helpOption("-h, --help", "print help: -h the essentials, --help everything")
    .commandsGroup("Help:")
    .helpCommand("help [command]", "print help for a command, or a topic")
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeOut: write,
      // Without a command, commander sends its help here.
      writeErr: () => undefined,
      getOutHelpWidth: () => width,
      getOutHasColors: () => false,
    })
    .configureHelp(HELP_LAYOUT);
  addGlobalOptions(root);
  addHelp(root, {
    paragraphs: [topicsText()],
    examples: [
      "kgdump export /var/lib/maya/rocksdb | kgdump import /var/lib/maya/knowledge_graph",
      "kgdump export store -o graph.kgd",
      "kgdump inspect graph.kgd",
      "kgdump import target -i graph.kgd",
      "kgdump verify graph.kgd --against target",
      "kgdump help export",
    ],
  });
  return root;
}
