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

/** Adds paragraphs, examples, the exit codes and topics to a command's help. */
export function addHelp(command: Command, parts: HelpParts): void {
  PARTS.set(command, parts);
  const { examples, paragraphs = [], topics = [] } = parts;
  command.addHelpText("after", () => {
    const width = widthOf(command);
    const shown = examples.map((example) => wrapCommand(example, width, "  "));
    if (isShort(command)) return `\n${["Examples:", ...shown.slice(0, 2)].join("\n")}\n\n${wrapText(`Everything: kgdump ${command.parent === null ? "" : `${command.name()} `}--help`, width)}`;
    const texts = paragraphs.map((paragraph) => wrapText(paragraph, width));
    const name = command.parent === null ? undefined : command.name();
    return `\n${[...texts, ["Examples:", ...shown].join("\n"), exitText(name), topicList(topics, width)].filter((text) => text !== "").join("\n\n")}`;
  });
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

/** How commander lays out its part. */
export const HELP_LAYOUT: Partial<Help> = {
  minWidthToWrap: 1,
  boxWrap: wrapText,
  padWidth: () => TERM_COLUMNS,
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
