/** Options that several commands share, and how their values are read. */
import { type Command, Option } from "commander";
import { KgdumpError } from "../errors.js";
import { parseBytes } from "./byte-text.js";
import type { GlobalFlags } from "./context.js";
import { escapeText } from "./escape.js";
import { PROGRESS_CHOICES } from "./progress.js";
import { parseCount, parseSize } from "./quantities.js";
import { COLOR_CHOICES } from "./style.js";

const GLOBAL_GROUP = "Options of every command:";

/** Makes a value reader that takes one of a few words. @throws {KgdumpError} USAGE, when it reads anything else */
export function oneOf<Word extends string>(what: string, words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new KgdumpError("USAGE", `${what} '${escapeText(text)}' is none of ${words.join(", ")}`, {
      hint: `choose ${words.join(", ")}`,
    });
  };
}

/** Makes a value reader for bytes. */
export function bytesOf(what: string): (text: string) => Uint8Array {
  return (text) => parseBytes(text, what);
}

/** Makes a value reader for an option that may be given more than once. */
export function manyOf<T>(read: (text: string) => T): (text: string, before: T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), read(text)];
}

/** Makes a value reader for sizes. */
export function sizeOf(what: string, max?: number): (text: string) => number {
  return (text) => parseSize(text, what, max);
}

/** Makes a value reader for counts. */
export function countOf(what: string, range?: { min: number; max?: number }): (text: string) => number {
  return (text) => parseCount(text, what, range);
}

/** `--keyspace`, also called `--column-family`; repeatable. */
export function keyspaceOption(description: string): Option {
  return new Option("--keyspace, --column-family <name>", description).argParser(manyOf(bytesOf("--keyspace")));
}

/** `--prefix`. */
export function prefixOption(description: string): Option {
  return new Option("--prefix <key>", description).argParser(bytesOf("--prefix"));
}

/** The largest length that the format can say. */
const LARGEST_BLOCK = 2 ** 32 - 1;

/** `--max-block-size`. */
export function maxBlockSizeOption(): Option {
  return new Option("--max-block-size <size>", "accept blocks up to this size; the default is the format's limit").argParser(
    sizeOf("--max-block-size", LARGEST_BLOCK),
  );
}

/** Adds the options of every command. */
export function addGlobalOptions(command: Command): void {
  const noInput = new Option("--no-input", "never ask anything (kgdump never does)");
  // Not the negation of `--input`, as commander would have it.
  noInput.negate = false;
  const options = [
    new Option("--json", "results and errors as JSON"),
    new Option("-q, --quiet", "no progress and no results on stderr; warnings and errors stay"),
    new Option("-v, --verbose", "more details; the causes of an error"),
    noInput,
    new Option("--color <when>", "auto, always or never").argParser(oneOf("--color", COLOR_CHOICES)),
    new Option("--progress <when>", "auto, always, never or json (an object a line, on stderr)").argParser(
      oneOf("--progress", PROGRESS_CHOICES),
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup(GLOBAL_GROUP));
}

/** The options of every command, wherever on the command line they were given. */
export function globalFlags(root: Command, command: Command): GlobalFlags {
  return { ...root.opts<GlobalFlags>(), ...command.opts<GlobalFlags>() };
}

/** Fails when two options were given that exclude each other. @throws {KgdumpError} USAGE */
export function refuseBoth(given: Readonly<Record<string, boolean>>): void {
  const names = Object.keys(given).filter((name) => given[name] === true);
  if (names.length < 2) return;
  throw new KgdumpError("USAGE", `${names.join(" and ")} can't be given together`, { hint: "choose one of them" });
}

/** Fails when an option was given that means nothing without another. @throws {KgdumpError} USAGE */
export function requireWith(given: Readonly<Record<string, boolean>>, needed: string, has: boolean): void {
  if (has) return;
  const name = Object.keys(given).find((candidate) => given[candidate] === true);
  if (name !== undefined) throw new KgdumpError("USAGE", `${name} has no meaning without ${needed}`, { hint: "see --help" });
}
