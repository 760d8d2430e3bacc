/** All commands and options as commander knows them: parsing, help, completions and manual pages are made of this one tree. */
import { Command } from "commander";
import type { Context, GlobalFlags } from "./context.js";
import { addHelp, HELP_LAYOUT, shorten, topicsText } from "./help/help.js";
import { addGlobalOptions, globalFlags } from "./options.js";

type Runner<Flags extends object> = (context: Context, args: readonly string[], flags: Flags) => Promise<void>;

type Add = <Flags extends object>(command: Command, run: Runner<Flags>) => void;

/** One command: what the list of commands says of it, and how its own module is loaded. */
interface Listed {
  /** What it is for: the heading above it. */
  readonly group: string;
  /** As in the usage of the command itself. */
  readonly operands: string;
  readonly about: string;
  readonly load: (add: Add) => Promise<void>;
}

/** The commands by name, in the order in which help lists them. Each is loaded when it is needed, as loading all takes a tenth of a second. */
const COMMANDS: Readonly<Record<string, Listed>> = {
  export: {
    group: "Move:",
    operands: "<store>",
    about: "write a RocksDB, LevelDB or sled store to a dump",
    load: async (add) => {
      const { exportCommand, runExport } = await import("./commands/export.js");
      add(exportCommand(), runExport);
    },
  },
  import: {
    group: "Move:",
    operands: "[target]",
    about: "write a dump to a sled store",
    load: async (add) => {
      const { importCommand, runImport } = await import("./commands/import.js");
      add(importCommand(), runImport);
    },
  },
  restore: {
    group: "Move:",
    operands: "<target>",
    about: "write a dump to a new RocksDB store: the way back",
    load: async (add) => {
      const { restoreCommand, runRestore } = await import("./commands/restore.js");
      add(restoreCommand(), runRestore);
    },
  },
  inspect: {
    group: "Look:",
    operands: "[input]",
    about: "show what a dump or a store is and what it holds",
    load: async (add) => {
      const { inspectCommand, runInspect } = await import("./commands/inspect.js");
      add(inspectCommand(), runInspect);
    },
  },
  browse: {
    group: "Look:",
    operands: "<dump>",
    about: "look through a dump or a store, full screen",
    load: async (add) => {
      const { browseCommand, runBrowse } = await import("./commands/browse.js");
      add(browseCommand(), runBrowse);
    },
  },
  verify: {
    group: "Look:",
    operands: "[dump]",
    about: "check a dump; compare dump and stores side by side",
    load: async (add) => {
      const { runVerify, verifyCommand } = await import("./commands/verify.js");
      add(verifyCommand(), runVerify);
    },
  },
  stats: {
    group: "Look:",
    operands: "[dump]",
    about: "show how much of each prefix is in a dump or a store, how large, and of what kind",
    load: async (add) => {
      const { runStats, statsCommand } = await import("./commands/stats.js");
      add(statsCommand(), runStats);
    },
  },
  report: {
    group: "Look:",
    operands: "[dump]",
    about: "write a page for a browser that shows what is in a dump or a store",
    load: async (add) => {
      const { reportCommand, runReport } = await import("./commands/report.js");
      add(reportCommand(), runReport);
    },
  },
  graph: {
    group: "Look:",
    operands: "[dump]",
    about: "show whether the graph in a dump or a store is whole, and how it hangs together",
    load: async (add) => {
      const { graphCommand, runGraph } = await import("./commands/graph.js");
      add(graphCommand(), runGraph);
    },
  },
  find: {
    group: "Look:",
    operands: "<store> <key>",
    about: "show every version of a key in a RocksDB store, and where each one is",
    load: async (add) => {
      const { findCommand, runFind } = await import("./commands/find.js");
      add(findCommand(), runFind);
    },
  },
  recover: {
    group: "Repair:",
    operands: "<damaged>",
    about: "salvage what is sound in a damaged store or dump",
    load: async (add) => {
      const { recoverCommand, runRecover } = await import("./commands/recover.js");
      add(recoverCommand(), runRecover);
    },
  },
  migrate: {
    group: "In place:",
    operands: "[store]",
    about: "turn a RocksDB store into a sled store in its place, or the reverse, with a way back",
    load: async (add) => {
      const { migrateCommand, runMigrate } = await import("./commands/migrate.js");
      add(migrateCommand(), runMigrate);
    },
  },
  rollback: {
    group: "In place:",
    operands: "[store]",
    about: "undo a migration or a compaction: the old store comes back",
    load: async (add) => {
      const { rollbackCommand, runRollback } = await import("./commands/migrate.js");
      add(rollbackCommand(), runRollback);
    },
  },
  status: {
    group: "In place:",
    operands: "[store]",
    about: "show what is at a store's path, and how far a migration got",
    load: async (add) => {
      const { runStatus, statusCommand } = await import("./commands/status.js");
      add(statusCommand(), runStatus);
    },
  },
  compact: {
    group: "In place:",
    operands: "<store>",
    about: "rebuild a store in its place, as small as what it holds",
    load: async (add) => {
      const { compactCommand, runCompact } = await import("./commands/compact.js");
      add(compactCommand(), runCompact);
    },
  },
  cleanup: {
    group: "In place:",
    operands: "[store]",
    about: "remove what migrations and compactions have left behind",
    load: async (add) => {
      const { cleanupCommand, runCleanup } = await import("./commands/cleanup.js");
      add(cleanupCommand(), runCleanup);
    },
  },
  completion: {
    group: "Help:",
    operands: "<shell>",
    about: "print a script that completes commands in your shell",
    load: async (add) => {
      const { completionCommand, runCompletion } = await import("./commands/completion.js");
      add(completionCommand(), runCompletion);
    },
  },
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

/** Makes the tree. @param names of the commands that are whole in it; of the others there is what lists of commands say */
export async function commandTree(names: readonly string[], { width, short, write, onAsked }: TreeOptions): Promise<Command> {
  const root = makeRoot(width, write);
  if (short) shorten(root);
  const list = (command: Command, { group, about }: Listed): void => {
    root.addCommand(command.summary(about).helpGroup(group).copyInheritedSettings(root));
  };
  const add = (listed: Listed): Add => (command, run) => {
    addGlobalOptions(command);
    command.action(() => {
      const flags = command.opts<Parameters<typeof run>[2]>();
      const operands = command.processedArgs.filter((operand) => operand !== undefined).map(String);
      onAsked(command.name(), globalFlags(root, command), (context) => run(context, operands, flags));
    });
    list(command, listed);
  };
  for (const [name, listed] of Object.entries(COMMANDS)) {
    if (names.includes(name)) await listed.load(add(listed));
    else list(new Command(name).arguments(listed.operands), listed);
  }
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
