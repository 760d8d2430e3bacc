/** The command line as commander knows it: what a list of arguments asks for. */
import { existsSync, statSync } from "node:fs";
import { type Command, CommanderError } from "commander";
import { KgdumpError, withDetails } from "../errors.js";
import { shellWord } from "../operations/disk/shell-word.js";
import { closest } from "../settings/suggest.js";
import type { Context, GlobalFlags } from "./context.js";
import { CURES } from "./help/cures.js";
import { helpWidth } from "./help/help.js";
import { TOPICS } from "./help/topics.js";
import { escapeText } from "./text/escape.js";
import { wrapText } from "./text/wrap.js";
import { COMMAND_NAMES, commandTree, isCommand } from "./tree.js";

/** What the user asked for. */
export type Invocation =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "nothing"; readonly help: string }
  | { readonly kind: "version"; readonly verbose: boolean }
  | { readonly kind: "command"; readonly name: string; readonly flags: GlobalFlags; run(context: Context): Promise<void> };

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
  if (args.length === 0) return { kind: "nothing", help: (await shortHelp(width)).trimEnd() };
  if (args[0] === "completion" && args[1] === "words" && args[2] === "--") return completionOf(args.slice(3), width);
  // What stands right behind the command: further on may be the value of an option.
  const [first, name = "-"] = args.slice(args.findIndex((arg) => !arg.startsWith("-")));
  if (first === "version" && name.startsWith("-")) return versionOf(args);
  if (first === "help" && !name.startsWith("-") && !isCommand(name)) {
    const topic = Object.hasOwn(TOPICS, name) ? TOPICS[name] : undefined;
    if (topic === undefined) throw unknownTopic(name);
    return { kind: "text", text: `${wrapText(topic.text, width)}\n` };
  }
  return parseCommand(args, first, width);
}

async function shortHelp(width: number): Promise<string> {
  const help = await parseWith(["-h"], width);
  return help.kind === "text" ? help.text : "";
}

/** What the scripts of `kgdump completion` ask at each TAB: the command line so far, of which the last word is not finished. */
async function completionOf(words: readonly string[], width: number): Promise<Invocation> {
  const { candidates, candidatesText } = await import("./completion/candidates.js");
  const tree = async (names: readonly string[]): Promise<Command> => commandTree(names, { width, short: false, write: () => undefined, onAsked: () => undefined });
  return { kind: "text", text: candidatesText(await candidates(words, tree)) };
}

async function parseCommand(args: readonly string[], name: string | undefined, width: number): Promise<Invocation> {
  const withHelp = (error: unknown): never => { throw withHelpOf(name, error); };
  const invocation = await parseWith(args, width).catch(withHelp);
  return invocation.kind === "command" ? { ...invocation, run: (context) => invocation.run(context).catch(withHelp) } : invocation;
}

async function parseWith(args: readonly string[], width: number): Promise<Invocation> {
  let text = "";
  const asked: Invocation[] = [];
  // Help on one of them, and what is said about mistakes, may be about any that is named.
  const root = await commandTree(COMMAND_NAMES.filter((name) => args.includes(name)), {
    width,
    short: args.includes("-h") && !args.includes("--help"),
    write: (part) => {
      text += part;
    },
    onAsked: (name, flags, run) => asked.push({ kind: "command", name, flags, run }),
  });
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

/** Where no better hint was found, the help of the command is one. */
function withHelpOf(name: string | undefined, error: unknown): unknown {
  if (!(error instanceof KgdumpError) || error.code !== "USAGE" || (error.hint ?? CURES.USAGE) !== CURES.USAGE || name === undefined || !isCommand(name)) return error;
  return withDetails(error, { cause: error.cause, hint: `see kgdump ${name} --help` });
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
  const command = root.commands.find((one) => args.includes(one.name()) && isCommand(one.name()));
  if (error.code === "commander.excessArguments") throw tooMany(command);
  const help = command === undefined ? "see kgdump --help" : `see kgdump ${command.name()} --help`;
  const guess = /Did you mean (.+)\?/.exec(suggestion ?? "")?.[1];
  const [first = ""] = args;
  if (error.code === "commander.unknownCommand" && existsSync(first)) {
    throw new KgdumpError("USAGE", `${escapeText(first)} is not a command`, { hint: statSync(first).isDirectory() ? `kgdump status ${shellWord(first)} shows what it is` : `kgdump inspect ${shellWord(first)} shows what is in a dump` });
  }
  throw new KgdumpError("USAGE", what, { hint: guess === undefined ? help : `did you mean ${guess}? ${help.replace(/^s/, "S")}` });
}

/** How what is often given as a second argument is named. */
const BY_OPTION: Readonly<Record<string, string>> = {
  import: "name the dump with -i: kgdump import TARGET -i DUMP",
  restore: "name the dump with -i: kgdump restore TARGET -i DUMP",
  export: "name the dump with -o: kgdump export STORE -o DUMP",
  recover: "name the new dump with -o, a new store with --to: kgdump recover DAMAGED -o DUMP",
  verify: "name what it is compared with by --against: kgdump verify DUMP --against STORE",
  browse: "one dump or store is shown at a time: kgdump browse DUMP",
  stats: "one dump or store is read at a time: kgdump stats DUMP",
  report: "name the page with -o: kgdump report DUMP -o report.html",
  graph: "one dump or store is read at a time: kgdump graph DUMP",
  migrate: "name the new store's place with --to: kgdump migrate STORE --to NEW",
};

function tooMany(command: Command | undefined): KgdumpError {
  const name = command?.name() ?? "";
  const hint = BY_OPTION[name] ?? "";
  const extra = command?.args[command.registeredArguments.length] ?? "";
  return new KgdumpError("USAGE", `'${escapeText(extra)}' is one argument too many for '${name}'`, { hint: `${hint === "" ? "" : `${hint}; `}a path with spaces needs quotes; see kgdump help ${name}`.trimEnd() });
}

function unknownTopic(name: string): KgdumpError {
  const near = closest(name, [...COMMAND_NAMES, ...Object.keys(TOPICS)]);
  return new KgdumpError("USAGE", `there is no command or topic '${escapeText(name)}'`, { hint: near === undefined ? "see kgdump --help" : `did you mean kgdump help ${near}?` });
}

function noCommand(): KgdumpError {
  return new KgdumpError("USAGE", "no command was given", { hint: "see kgdump --help" });
}
