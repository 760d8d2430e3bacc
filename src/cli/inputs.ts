/** The option that names the dumps to read: one, or a full dump and the deltas that follow it. */
import { Option } from "commander";
import { KgdumpError } from "../errors.js";
import { guessFile } from "../format/sniff.js";
import { startOfFile } from "../operations/disk/small-file.js";
import type { DumpInputs } from "../operations/dump/events.js";
import type { Context } from "./context.js";
import { manyOf } from "./options.js";
import { refuseTerminalInput } from "./terminal/stdio.js";
import { escapeText } from "./text/escape.js";

/** `--input`; repeatable. */
export function inputOption(): Option {
  return new Option("-i, --input <dump>", "the dump's file, or - for standard input (default: -); repeat it for the deltas that follow a full dump").argParser(
    manyOf((text) => text),
  );
}

/**
 * Refuses a dump as the new store's place where no dump is named: then it is the dump.
 * @throws {KgdumpError} USAGE
 */
export async function refuseFileAsTarget(command: "import" | "restore", target: string, given: readonly string[] | undefined): Promise<void> {
  if (given !== undefined || guessFile(await startOfFile(target, 512))?.what !== "a dump") return;
  throw new KgdumpError("USAGE", `${target} is a dump, but the argument of ${command} is the directory of the new store`, {
    path: target,
    hint: `name the dump with -i: kgdump ${command} TARGET -i ${escapeText(target)}`,
  });
}

/**
 * What to read.
 * @param given values of the option
 * @param example a command to show to somebody whose standard input is a terminal
 * @throws {KgdumpError} USAGE
 */
export function inputsOf(given: readonly string[] | undefined, example: string, context: Context): DumpInputs {
  const [first = "-", ...more] = given ?? [];
  if (more.length > 0) {
    if (!given?.includes("-")) return [first, ...more];
    throw new KgdumpError("USAGE", "standard input can't be one of several dumps", { hint: "write it to a file first" });
  }
  if (first !== "-") return first;
  refuseTerminalInput(example);
  return context.in.read();
}
