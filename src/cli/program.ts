/** The command line as commander knows it: what a list of arguments asks for. */
import { existsSync, statSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { KgdumpError } from "../errors.js";
import { shellWord } from "../operations/disk/shell-word.js";
import { closest } from "../settings/suggest.js";
import type { Context, GlobalFlags } from "./context.js";
import { addHelp, HELP_LAYOUT, helpWidth, shorten, topicsText } from "./help/help.js";
import { TOPICS } from "./help/topics.js";
import { addGlobalOptions, globalFlags } from "./options.js";
import { escapeText } from "./text/escape.js";
import { wrapText } from "./text/wrap.js";

/** What the user asked for. */
export type Invocation =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "version"; readonly verbose: boolean }
  | { readonly kind: "command"; readonly flags: GlobalFlags; run(context: Context): Promise<void> };

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
  inspect: async (add) => {
    const { inspectCommand, runInspect } = await import("./commands/inspect.js");
    add(inspectCommand(), runInspect);
  },
  verify: async (add) => {
    const { runVerify, verifyCommand } = await import("./commands/verify.js");
    add(verifyCommand(), runVerify);
  },
  recover: async (add) => {
    const { recoverCommand, runRecover } = await import("./commands/recover.js");
    add(recoverCommand(), runRecover);
  },
  find: async (add) => {
    const { findCommand, runFind } = await import("./commands/find.js");
    add(findCommand(), runFind);
  },
  restore: async (add) => {
    const { restoreCommand, runRestore } = await import("./commands/restore.js");
    add(restoreCommand(), runRestore);
  },
  compact: async (add) => {
    const { compactCommand, runCompact } = await import("./commands/compact.js");
    add(compactCommand(), runCompact);
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
  cleanup: async (add) => {
    const { cleanupCommand, runCleanup } = await import("./commands/cleanup.js");
    add(cleanupCommand(), runCleanup);
  },
};

/** What each command is for, as help groups them. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "Move:": ["export", "import", "restore"],
  "Look:": ["inspect", "verify", "find"],
  "Repair:": ["recover"],
  "In place:": ["migrate", "rollback", "status", "compact", "cleanup"],
};

/** Where help is shown. */
export interface Screen {
  /** Of the terminal; null when there is none. */
  readonly columns: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Understands the arguments.
 * @param args without the program's own name
 * @throws {KgdumpError} USAGE when they make no sense
 */
export async function parseCommandLine(args: readonly string[], screen: Screen = { columns: null, env: {} }): Promise<Invocation> {
  const width = helpWidth(screen.columns, screen.env);
  // What stands right behind the command: further on may be the value of an option.
  const [first, name = "-"] = args.slice(args.findIndex((arg) => !arg.startsWith("-")));
  if (first === "version" && name.startsWith("-")) return versionOf(args);
  if (first === "help" && !name.startsWith("-") && !Object.hasOwn(COMMANDS, name)) {
    const topic = Object.hasOwn(TOPICS, name) ? TOPICS[name] : undefined;
    if (topic === undefined) throw unknownTopic(name);
    return { kind: "text", text: `${wrapText(topic.text, width)}\n` };
  }
  return parseCommand(args, first, width);
}

async function parseCommand(args: readonly string[], name: string | undefined, width: number): Promise<Invocation> {
  if (name !== undefined && Object.hasOwn(COMMANDS, name)) {
    const invocation = await parseWith([name], args, width).catch(() => null);
    if (invocation?.kind === "command") return invocation;
  }
  // Help, and what is said about mistakes, may be about any of them.
  return parseWith(Object.keys(COMMANDS), args, width);
}

async function parseWith(names: readonly string[], args: readonly string[], width: number): Promise<Invocation> {
  let text = "";
  const asked: Invocation[] = [];
  const root = makeRoot(width, (part) => {
    text += part;
  });
  if (args.includes("-h") && !args.includes("--help")) shorten(root);
  const add: Add = (command, run) => {
    addGlobalOptions(command);
    command.helpGroup(Object.keys(GROUPS).find((group) => GROUPS[group]?.includes(command.name())) ?? "Commands:");
    command.copyInheritedSettings(root);
    command.action(() => {
      const flags = command.opts<Parameters<typeof run>[2]>();
      const operands = command.processedArgs.filter((operand) => operand !== undefined).map(String);
      asked.push({ kind: "command", flags: globalFlags(root, command), run: (context) => run(context, operands, flags) });
    });
    root.addCommand(command);
  };
  for (const name of names) await COMMANDS[name]?.(add);
  try {
    root.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return endOfParsing(error, text, args, root);
  }
  const [invocation] = asked;
  if (invocation === undefined) throw noCommand();
  return invocation;
}

function makeRoot(width: number, write: (text: string) => void): Command {
  const root = new Command("kgdump")
    .description("Moves a key-value store: RocksDB to a portable, checked dump, and the dump to sled.")
    .usage("[options] <command>")
    .version("kgdump", "-V, --version", "print the version; with -v also what it runs on")
    .helpOption("-h, --help", "print help: -h the short one, --help all of it")
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

function versionOf(args: readonly string[]): Invocation {
  return { kind: "version", verbose: args.includes("-v") || args.includes("--verbose") };
}

/** What commander throws to end: help and version are results, the rest is the user's mistake. */
function endOfParsing(error: CommanderError, text: string, args: readonly string[], root: Command): Invocation {
  if (error.code === "commander.version") return versionOf(args);
  if (error.code === "commander.helpDisplayed" || (error.code === "commander.help" && text !== "")) return { kind: "text", text };
  if (error.code === "commander.help") throw noCommand();
  const [what = "", suggestion] = error.message.replace(/^error: /, "").replace(/\.$/, "").split("\n");
  const command = root.commands.find((one) => args.includes(one.name()) && Object.hasOwn(COMMANDS, one.name()));
  if (error.code === "commander.excessArguments") throw tooMany(command);
  const help = command === undefined ? "see kgdump --help" : `see kgdump ${command.name()} --help`;
  const guess = /Did you mean (.+)\?/.exec(suggestion ?? "")?.[1];
  const [first = ""] = args;
  if (error.code === "commander.unknownCommand" && existsSync(first)) {
    throw new KgdumpError("USAGE", `${escapeText(first)} is no command`, { hint: statSync(first).isDirectory() ? `kgdump status ${shellWord(first)} tells what it is` : `kgdump inspect ${shellWord(first)} shows what is in a dump` });
  }
  throw new KgdumpError("USAGE", what, { hint: guess === undefined ? help : `did you mean ${guess}? ${help.replace(/^s/, "S")}` });
}

/** How what is often given as a second argument is named. */
const BY_OPTION: Readonly<Record<string, string>> = {
  import: "the dump is named with -i: kgdump import TARGET -i DUMP",
  restore: "the dump is named with -i: kgdump restore TARGET -i DUMP",
  export: "the dump is named with -o: kgdump export STORE -o DUMP",
  recover: "the new dump is named with -o, a new store with --to: kgdump recover DAMAGED -o DUMP",
  verify: "what it is compared with is named with --against: kgdump verify DUMP --against STORE",
  migrate: "the new store's place is named with --to: kgdump migrate STORE --to NEW",
};

function tooMany(command: Command | undefined): KgdumpError {
  const name = command?.name() ?? "";
  const hint = BY_OPTION[name] ?? "";
  const extra = command?.args[command.registeredArguments.length] ?? "";
  return new KgdumpError("USAGE", `'${escapeText(extra)}' is one argument too many for '${name}'`, { hint: `${hint === "" ? "" : `${hint}; `}a path with spaces needs quotes; see kgdump help ${name}`.trimEnd() });
}

function unknownTopic(name: string): KgdumpError {
  const near = closest(name, [...Object.keys(COMMANDS), ...Object.keys(TOPICS)]);
  return new KgdumpError("USAGE", `there is no command or topic '${escapeText(name)}'`, { hint: near === undefined ? "see kgdump --help" : `did you mean kgdump help ${near}?` });
}

function noCommand(): KgdumpError {
  return new KgdumpError("USAGE", "no command was given", { hint: "see kgdump --help" });
}
