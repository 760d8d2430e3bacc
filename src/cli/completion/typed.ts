/** What stands on a command line that is not finished, as far as completions need it. */
import type { Option } from "commander";

/** The words so far. */
export interface Typed {
  /** What is no option, nor the value of one. */
  readonly operands: readonly string[];
  /** Options with their values; null for those that take none. */
  readonly given: readonly (readonly [Option, string | null])[];
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
  /** Whether options can still come: there was no `--`. */
  readonly options: boolean;
}

/** Whether an option takes a value. */
export function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

/** The option of a name; undefined when there is none. */
export function optionNamed(known: readonly Option[], name: string): Option | undefined {
  return known.find(({ short, long }) => short === name || long === name);
}

/** Reads finished words. Options that are not known are passed over. */
export function readTyped(known: readonly Option[], words: readonly string[]): Typed {
  const operands: string[] = [];
  const given: (readonly [Option, string | null])[] = [];
  let [pending, options]: [Option | undefined, boolean] = [undefined, true];
  for (const word of words) {
    if (pending !== undefined) {
      given.push([pending, word]);
      pending = undefined;
    } else if (options && word === "--") options = false;
    else if (options && word.startsWith("-") && word !== "-") {
      const [name, value] = splitOption(word);
      const option = optionNamed(known, name);
      if (option === undefined) continue;
      if (takesValue(option) && value === null) pending = option;
      else given.push([option, value]);
    } else operands.push(word);
  }
  return { operands, given, pending, options };
}

/** The parts of `--name=value`; without a value null. */
export function splitOption(word: string): readonly [name: string, value: string | null] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at === -1 ? [word, null] : [word.slice(0, at), word.slice(at + 1)];
}
