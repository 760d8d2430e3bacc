/** Texts that `--help` ends with. */
import type { Command } from "commander";

const EXIT_STATUS = `Exit status:
    0  done
    1  another error
    2  usage: an option, a value or a name is wrong
    3  the dump is damaged, cut short, or no dump
    4  verification found a difference
    5  no space left
    6  the store is in use or changing
    7  the store can't be read whole
  129, 130, 143  ended by SIGHUP, SIGINT, SIGTERM`;

/** Adds paragraphs, examples and the exit codes to a command's help. */
export function addHelp(command: Command, parts: { examples: readonly string[]; paragraphs?: readonly string[] }): void {
  const examples = ["Examples:", ...parts.examples.map((example) => `  ${example}`)].join("\n");
  command.addHelpText("after", `\n${[...(parts.paragraphs ?? []), examples, EXIT_STATUS].join("\n\n")}`);
}
