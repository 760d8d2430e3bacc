/** How `--help` looks: at the width of the terminal, whole with --help, and short with -h. */
import type { Command, Help } from "commander";
import { wrapCommand, wrapText } from "../text/wrap.js";
import { exitText } from "./exits.js";
import { TOPICS } from "./topics.js";

/** Texts are not wider than this, as long lines are hard to read, nor narrower than that. */
const WIDEST = 100;
const NARROWEST = 40;
/** Columns that names of options take beside their descriptions, at most; a longer one has its description below. */
const TERM_COLUMNS = 26;
/** How far a description below its term is set in. */
const BELOW = 6;

/** The group of the options that each command has. */
export const GLOBAL_GROUP = "Options of every command:";

/** What a command's help says besides its options. */
export interface HelpParts {
  readonly examples: readonly string[];
  /** What is said of this command alone. */
  readonly paragraphs?: readonly string[];
  /** Names of topics that the command's arguments are about. */
  readonly topics?: readonly string[];
}

/** The columns that help has. @param columns of the terminal; null when there is none */
export function helpWidth(columns: number | null, env: Readonly<Record<string, string | undefined>>): number {
  const asked = Number(env.COLUMNS);
  const known = columns ?? (Number.isInteger(asked) && asked > 0 ? asked : 80);
  return Math.max(NARROWEST, Math.min(known, WIDEST));
}

const PARTS = new WeakMap<Command, HelpParts>();

/** What a command's help says besides its options, for its manual page. */
export function helpParts(command: Command): HelpParts {
  return PARTS.get(command) ?? { examples: [] };
}

/** Adds examples to a command's help, and behind its options paragraphs, the exit codes and topics. */
export function addHelp(command: Command, parts: HelpParts): void {
  PARTS.set(command, parts);
  const { paragraphs = [], topics = [] } = parts;
  command.addHelpText("after", () => {
    const width = widthOf(command);
    if (isShort(command)) return `\n${wrapText(`Everything: kgdump ${command.parent === null ? "" : `${command.name()} `}--help`, width)}`;
    const texts = paragraphs.map((paragraph) => wrapText(paragraph, width));
    const name = command.parent === null ? undefined : command.name();
    return `\n${[...texts, exitText(name), topicList(topics, width)].filter((text) => text !== "").join("\n\n")}`;
  });
}

/** Examples of the short help. */
const FEW = 3;

function exampleList(command: Command, width: number): string[] {
  const { examples } = helpParts(command);
  const shown = isShort(command) ? examples.slice(0, FEW) : examples;
  return shown.length === 0 ? [] : [["Examples:", ...shown.map((example) => wrapCommand(example, width, "  "))].join("\n")];
}

/** Makes the help of a program, and of its commands, short: what -h shows. */
export function shorten(command: Command): void {
  SHORT.add(command);
}

const SHORT = new WeakSet<Command>();

function isShort(command: Command): boolean {
  return SHORT.has(command) || (command.parent !== null && SHORT.has(command.parent));
}

function widthOf(command: Command): number {
  return command.configureOutput().getOutHelpWidth?.() ?? 80;
}

function topicList(topics: readonly string[], width: number): string {
  if (topics.length === 0) return "";
  return wrapText(`More: ${topics.map((topic) => `kgdump help ${topic}`).join(", ")}`, width);
}

/** All topics with a few words on each, for the program's own help. */
export function topicsText(): string {
  const longest = Math.max(...Object.keys(TOPICS).map((name) => name.length));
  return ["Topics (kgdump help TOPIC):", ...Object.entries(TOPICS).map(([name, { about }]) => `    ${name.padEnd(longest)}  ${about}`)].join("\n");
}

/** The options, by their groups; those of every command are named only, in the short help. */
function optionLists(command: Command, help: Help, list: <T>(heading: string, items: readonly T[], line: (item: T) => string) => string): string[] {
  const groups = [...help.groupItems([...command.options], help.visibleOptions(command), (option) => option.helpGroupHeading ?? "Options:")];
  return groups.map(([heading, options]) => {
    if (heading !== GLOBAL_GROUP || !isShort(command)) return list(heading, options, (option) => help.formatItem(help.optionTerm(option), TERM_COLUMNS, help.optionDescription(option), help));
    return wrapText(`${heading} ${options.map(({ short, long }) => short ?? long).join(", ")}`, help.helpWidth ?? 80);
  });
}

/** How commander lays out its part: what one needs first comes first. */
export const HELP_LAYOUT: Partial<Help> = {
  formatHelp(command: Command, help: Help): string {
    const width = help.helpWidth ?? 80;
    const list = <T>(heading: string, items: readonly T[], line: (item: T) => string): string => [heading, ...items.map(line)].join("\n");
    const operands = help.visibleArguments(command);
    const commands = [...help.groupItems([...command.commands], help.visibleCommands(command), (one) => one.helpGroup())];
    return `${[
      `Usage: ${help.commandUsage(command)}`,
      wrapText(help.commandDescription(command), width),
      ...commands.map(([heading, group]) => list(heading, group, (one) => help.formatItem(help.subcommandTerm(one), TERM_COLUMNS, help.subcommandDescription(one), help))),
      ...exampleList(command, width),
      ...(operands.length === 0 ? [] : [list("Arguments:", operands, (operand) => help.formatItem(help.argumentTerm(operand), TERM_COLUMNS, help.argumentDescription(operand), help))]),
      ...optionLists(command, help, list),
    ].join("\n\n")}\n`;
  },
  subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map((operand) => (operand.required ? `<${operand.name()}>` : `[${operand.name()}]`))].join(" "),
  minWidthToWrap: 1,
  formatItem(this: Partial<Help>, term: string, termWidth: number, description: string): string {
    const width = this.helpWidth ?? 80;
    if (description === "") return `  ${term}`;
    if (width - termWidth - 4 >= NARROWEST && term.length <= termWidth) {
      const lines = wrapText(description, width - termWidth - 4).split("\n");
      return lines.map((line, index) => `  ${(index === 0 ? term : "").padEnd(termWidth)}  ${line}`).join("\n");
    }
    const below = wrapText(description, width - BELOW).split("\n");
    return [`  ${term}`, ...below.map((line) => " ".repeat(BELOW) + line)].join("\n");
  },
};
