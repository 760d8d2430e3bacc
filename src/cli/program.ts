/** The command line as commander knows it: what a list of arguments asks for. */
import { Command, CommanderError } from "commander";
import { KgdumpError } from "../errors.js";
import { exportCommand, runExport } from "./commands/export.js";
import { importCommand, runImport } from "./commands/import.js";
import { inspectCommand, runInspect } from "./commands/inspect.js";
import { migrateCommand, rollbackCommand, runMigrate, runRollback } from "./commands/migrate.js";
import { recoverCommand, runRecover } from "./commands/recover.js";
import { restoreCommand, runRestore } from "./commands/restore.js";
import { runStatus, statusCommand } from "./commands/status.js";
import { runVerify, verifyCommand } from "./commands/verify.js";
import type { Context, GlobalFlags } from "./context.js";
import { addHelp } from "./help.js";
import { addGlobalOptions, globalFlags } from "./options.js";
import { versionText } from "./version.js";

/** What the user asked for. */
export type Invocation =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "command"; readonly flags: GlobalFlags; run(context: Context): Promise<void> };

type Runner<Flags extends object> = (context: Context, args: readonly string[], flags: Flags) => Promise<void>;

/**
 * Understands the arguments.
 * @param args without the program's own name
 * @throws {KgdumpError} USAGE when they make no sense
 */
export function parseCommandLine(args: readonly string[]): Invocation {
  let text = "";
  const asked: Invocation[] = [];
  const root = makeRoot((part) => {
    text += part;
  });
  const add = <Flags extends object>(command: Command, run: Runner<Flags>): void => {
    addGlobalOptions(command);
    command.copyInheritedSettings(root);
    command.action(() => {
      const flags = command.opts<Flags>();
      const operands = command.processedArgs.filter((operand) => operand !== undefined).map(String);
      asked.push({ kind: "command", flags: globalFlags(root, command), run: (context) => run(context, operands, flags) });
    });
    root.addCommand(command);
  };
  add(exportCommand(), runExport);
  add(importCommand(), runImport);
  add(inspectCommand(), runInspect);
  add(verifyCommand(), runVerify);
  add(recoverCommand(), runRecover);
  add(restoreCommand(), runRestore);
  add(migrateCommand(), runMigrate);
  add(rollbackCommand(), runRollback);
  add(statusCommand(), runStatus);
  try {
    root.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return endOfParsing(error, text, args);
  }
  const [invocation] = asked;
  if (invocation === undefined) throw noCommand();
  return invocation;
}

function makeRoot(write: (text: string) => void): Command {
  const root = new Command("kgdump")
    .description("Moves a key-value store: RocksDB to a portable, checked dump, and the dump to sled.")
    .usage("[options] <command>")
    .version("kgdump", "-V, --version", "print the version; with -v also what it runs on")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeOut: write,
      // Without a command, commander sends its help here.
      writeErr: () => undefined,
      getOutHelpWidth: () => 110,
      getOutHasColors: () => false,
    });
  addGlobalOptions(root);
  addHelp(root, {
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

/** What commander throws to end: help and version are results, the rest is the user's mistake. */
function endOfParsing(error: CommanderError, text: string, args: readonly string[]): Invocation {
  if (error.code === "commander.version") {
    return { kind: "text", text: versionText(args.includes("-v") || args.includes("--verbose")) };
  }
  if (error.code === "commander.helpDisplayed" || (error.code === "commander.help" && text !== "")) return { kind: "text", text };
  if (error.code === "commander.help") throw noCommand();
  const [what = "", suggestion] = error.message.replace(/^error: /, "").replace(/\.$/, "").split("\n");
  const guess = /Did you mean (.+)\?/.exec(suggestion ?? "")?.[1];
  throw new KgdumpError("USAGE", what, {
    hint: guess === undefined ? "see kgdump --help" : `did you mean ${guess}? See kgdump --help`,
  });
}

function noCommand(): KgdumpError {
  return new KgdumpError("USAGE", "no command was given", { hint: "see kgdump --help" });
}
