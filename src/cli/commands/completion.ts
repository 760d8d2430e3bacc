/** `kgdump completion`: a script by which a shell completes commands, options and values. */
import { Argument, Command } from "commander";
import { SCRIPTS, type Shell, SHELLS } from "../completion/scripts.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { oneOf } from "../options.js";

const HOW = `Where it goes:
    bash  source <(kgdump completion bash)
    zsh   source <(kgdump completion zsh)
    fish  kgdump completion fish | source
    pwsh  kgdump completion powershell | Out-String | iex
  Put the line into ~/.bashrc, into ~/.zshrc after compinit, into config.fish, or into $PROFILE.`;

/** Defines the command. */
export function completionCommand(): Command {
  const command = new Command("completion")
    .description(
      "Prints a script for bash, zsh, fish or PowerShell. At each TAB it asks kgdump, which knows commands, options, values and files, and, of a dump that is named on " +
        "the line, the keyspaces and the prefixes of keys; only its index is read for that.",
    );
  command.addArgument(new Argument("<shell>", `one of ${SHELLS.join(", ")}`).argParser(oneOf("the shell", SHELLS)));
  addHelp(command, { paragraphs: [HOW], examples: ["kgdump completion bash > ~/.local/share/bash-completion/completions/kgdump"] });
  return command;
}

/** Runs the command. */
export async function runCompletion(context: Context, args: readonly string[]): Promise<void> {
  await context.out.write(SCRIPTS[args[0] as Shell]);
}
