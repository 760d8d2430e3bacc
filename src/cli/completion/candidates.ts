/**
 * What can stand where the cursor is: commands, options, values. All of it comes from the tree of commands, so that nothing has to be said twice, and names and
 * prefixes come from the index of the dump that the line names.
 */
import type { Argument, Command, Option } from "commander";
import type { DumpNames } from "../../operations/inspect/names.js";
import { TOPICS } from "../help/topics.js";
import type { Takes } from "../options.js";
import { formatBytes } from "../text/escape.js";
import { isCommand } from "../tree.js";
import { optionNamed, readTyped, splitOption, takesValue, type Typed } from "./typed.js";

/** What a placeholder, such as `<file>`, stands for; null where nothing can be proposed. */
type Kind = "files" | "directories" | "names" | "keys" | "maps" | null;

/** Every placeholder of an option or an argument. A test holds that none is missing. */
export const KINDS: Readonly<Record<string, Kind>> = {
  file: "files",
  dump: "files",
  input: "files",
  damaged: "files",
  "storage.toml": "files",
  store: "directories",
  target: "directories",
  directory: "directories",
  dir: "directories",
  name: "names",
  key: "keys",
  "family=tree": "maps",
  "tree=family": "maps",
  "old=new": "maps",
  "new=old": null,
  codec: null,
  mode: null,
  what: null,
  when: null,
  shell: null,
  n: null,
  regex: null,
  size: null,
  columns: null,
  seconds: null,
  time: null,
  "user[:group]": null,
};

/** Placeholders that name a dump to look into. */
const DUMPS = ["dump", "damaged", "input"];

/** Characters at which keys are cut into parts. */
const SEPARATOR = /[:/.|]/;

/** One possible word. */
interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** The possible words: finished ones, beginnings that go on without a space, or what the shell itself proposes. */
export interface Candidates {
  readonly kind: "words" | "parts" | "files" | "directories";
  readonly list: readonly Candidate[];
}

type Tree = (names: readonly string[]) => Promise<Command>;

const NOTHING: Candidates = { kind: "words", list: [] };

/**
 * Proposes words for the last one.
 * @param words behind the program's name; the last one is not finished, and may be empty
 * @param tree makes the tree of the commands that are named
 */
export async function candidates(words: readonly string[], tree: Tree): Promise<Candidates> {
  const [before, current] = [words.slice(0, -1), words.at(-1) ?? ""];
  const root = await tree([]);
  const [name] = readTyped(root.options, before).operands;
  const command = name === undefined ? root : isCommand(name) ? (await tree([name])).commands.find((one) => one.name() === name) : undefined;
  if (name === "help") return begin(await afterHelp(before, tree), current);
  if (command === undefined) return NOTHING;
  const typed = readTyped(command.options, before);
  if (typed.pending !== undefined) return begin(await valuesOf(typed.pending, command, typed, current), current);
  if (typed.options && current.startsWith("-")) return begin(await optionsOf(command, typed, current), current);
  if (name === undefined) return begin({ kind: "words", list: await commandsOf(tree) }, current);
  const argument = command.registeredArguments[typed.operands.length - 1];
  return argument === undefined ? NOTHING : begin(await valuesOf(argument, command, typed, current), current);
}

/** The candidates as the scripts read them: the kind, then a word a line, with what it is about behind a tab. */
export function candidatesText({ kind, list }: Candidates): string {
  return [kind, ...list.map(({ word, about }) => `${word}\t${about}`)].map((line) => `${line}\n`).join("");
}

function begin({ kind, list }: Candidates, current: string): Candidates {
  return { kind, list: list.filter(({ word }) => word.startsWith(current)) };
}

async function commandsOf(tree: Tree): Promise<Candidate[]> {
  const root = await tree([]);
  return root.createHelp().visibleCommands(root).map((command) => ({ word: command.name(), about: command.summary() || command.description() }));
}

async function afterHelp(before: readonly string[], tree: Tree): Promise<Candidates> {
  if (before.at(-1) !== "help") return NOTHING;
  const topics = Object.entries(TOPICS).map(([word, { about }]) => ({ word, about }));
  return { kind: "words", list: [...(await commandsOf(tree)).filter(({ word }) => word !== "help"), ...topics] };
}

/** Options that were not given yet, or may be once more; and of `--name=` the values. */
async function optionsOf(command: Command, typed: Typed, current: string): Promise<Candidates> {
  const [name, value] = splitOption(current);
  if (value !== null) {
    const option = optionNamed(command.options, name);
    if (option === undefined || !takesValue(option)) return NOTHING;
    const { kind, list } = await valuesOf(option, command, typed, value);
    return { kind, list: list.map(({ word, about }) => ({ word: `${name}=${word}`, about })) };
  }
  const done = new Set(typed.given.flatMap(([option]) => (takes(option).many === true ? [] : [option.attributeName()])));
  const open = command.createHelp().visibleOptions(command).filter((option) => !done.has(option.attributeName()));
  const list = open.flatMap((option) => [option.short, option.long].flatMap((word) => (word?.startsWith("--") === true ? [{ word, about: option.description }] : [])));
  return { kind: "words", list };
}

function takes(option: Option | Argument): Takes {
  return { ...(option.argChoices === undefined ? {} : { words: option.argChoices }), ...((option.parseArg ?? {}) as Takes) };
}

/** The placeholder of an option's value, or the name of an argument. */
export function placeholderOf(option: Option | Argument): string {
  return "flags" in option ? (/<(.+)>$/.exec(option.flags)?.[1] ?? "") : option.name();
}

async function valuesOf(option: Option | Argument, command: Command, typed: Typed, current: string): Promise<Candidates> {
  const { words } = takes(option);
  if (words !== undefined) return { kind: "words", list: words.map((word) => ({ word, about: "" })) };
  const kind = KINDS[placeholderOf(option)] ?? null;
  if (kind === null) return NOTHING;
  if (kind === "files" || kind === "directories") return { kind, list: [] };
  const found = await lookInto(dumpsOn(command, typed), kind === "keys");
  const names = found.keyspaces.map(formatBytes);
  if (kind === "names") return { kind: "words", list: names.map((word) => ({ word, about: "" })) };
  const parts = kind === "maps" ? names.map((name) => `${name}=`) : partsOf(found.keys.map(formatBytes), current);
  return { kind: "parts", list: parts.map((word) => ({ word, about: "" })) };
}

/** The dumps that a command line names. */
function dumpsOn(command: Command, { operands, given }: Typed): string[] {
  const asOperands = command.registeredArguments.flatMap((argument, index) => (DUMPS.includes(placeholderOf(argument)) ? [operands[index + 1]] : []));
  const asOptions = given.flatMap(([option, value]) => (DUMPS.includes(placeholderOf(option)) ? [value] : []));
  return [...asOperands, ...asOptions].filter((path) => typeof path === "string");
}

async function lookInto(paths: readonly string[], withKeys: boolean): Promise<DumpNames> {
  const { namesInDump } = await import("../../operations/inspect/names.js");
  for (const path of paths) {
    // Nothing is said in the midst of a line that is typed: the command itself tells what is wrong with a dump.
    const found = await namesInDump(path, withKeys).catch(() => null);
    if (found !== null) return found;
  }
  return { keyspaces: [], keys: [] };
}

/** What keys have in common behind what was typed, up to the next separator: `node:` of `node:1` and `node:2`. */
function partsOf(keys: readonly string[], current: string): string[] {
  const parts = new Set<string>();
  for (const key of keys) {
    if (!key.startsWith(current)) continue;
    const at = key.slice(current.length).search(SEPARATOR);
    if (at !== -1) parts.add(key.slice(0, current.length + at + 1));
  }
  return [...parts].sort();
}
