/** Options that several commands share, and how their values are read. */
import { type Command, Option } from "commander";
import { KgdumpError } from "../errors.js";
import { findOwner, type WithAccess } from "../operations/disk/access.js";
import { type SledNumber, wrongNumber } from "../settings/sled-settings.js";
import type { GlobalFlags } from "./context.js";
import { GLOBAL_GROUP } from "./help/help.js";
import { PROGRESS_CHOICES } from "./terminal/progress.js";
import { COLOR_CHOICES } from "./terminal/style.js";
import { parseBytes } from "./text/byte-text.js";
import { closest } from "../settings/suggest.js";
import { escapeText } from "./text/escape.js";
import { parseCount, parseSize } from "./text/quantities.js";

/** What a value reader tells of the values that it takes, for completions. */
export interface Takes {
  /** All that there are. */
  readonly words?: readonly string[];
  /** Whether the option may be given more than once. */
  readonly many?: true;
}

/** Makes a value reader that takes one of a few words. @throws {KgdumpError} USAGE, when it reads anything else */
export function oneOf<Word extends string>(what: string, words: readonly Word[]): ((text: string) => Word) & Takes {
  const read = (text: string): Word => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    const near = closest(text, words);
    throw new KgdumpError("USAGE", `${what} '${escapeText(text)}' is not one of ${words.join(", ")}`, near === undefined ? { hint: "choose one of these" } : { hint: `did you mean ${near}?` });
  };
  return Object.assign(read, { words });
}

/** Makes a value reader for bytes. */
export function bytesOf(what: string): (text: string) => Uint8Array {
  return (text) => parseBytes(text, what);
}

/** Makes a value reader for an option that may be given more than once. */
export function manyOf<T>(read: (text: string) => T): ((text: string, before: T[] | undefined) => T[]) & Takes {
  return Object.assign((text: string, before: T[] | undefined) => [...(before ?? []), read(text)], { many: true as const });
}

/** Makes a value reader for sizes. */
export function sizeOf(what: string, max?: number): (text: string) => number {
  return (text) => parseSize(text, what, max);
}

/** Makes a value reader for counts. */
export function countOf(what: string, range?: { min: number; max?: number }): (text: string) => number {
  return (text) => parseCount(text, what, range);
}

/** `--keyspace`, also called `--column-family` and `--cf`; repeatable. */
export function keyspaceOptions(description: string): Option[] {
  return namedThrice("--keyspace", "--column-family", "--cf", description);
}

/** `--exclude-keyspace`, also called `--exclude-column-family` and `--exclude-cf`; repeatable. */
export function excludeOptions(): Option[] {
  return namedThrice("--exclude-keyspace", "--exclude-column-family", "--exclude-cf", "all but this one; may be repeated");
}

/** An option with a third name: a hidden one, as commander knows two of each, whose values go where those of the other two go. */
function namedThrice(name: string, long: string, short: string, description: string): Option[] {
  const read = manyOf(bytesOf(name));
  const option = new Option(`${name}, ${long} <name>`, `${description} (short: ${short})`).argParser(read);
  const third = new Option(`${short} <name>`).argParser(read).hideHelp();
  third.attributeName = () => option.attributeName();
  return [option, third];
}

/** What `readingOptions` gives. */
export interface ReadingFlags {
  readonly ttl?: "strip" | "keep";
  readonly paranoid?: boolean;
}

/** How a RocksDB store is read. */
export function readingOptions(): Option[] {
  return [
    new Option("--ttl <mode>", "for a store with a time to live: strip the times from the values, or keep them (default: refuse such a store)").argParser(oneOf("--ttl", ["strip", "keep"])),
    new Option("--paranoid", "check every table of a RocksDB store key by key, even if all that it holds was shown"),
  ];
}

/** `--prefix`. */
export function prefixOption(description: string): Option {
  return new Option("--prefix <key>", description).argParser(bytesOf("--prefix"));
}

/** The largest length that the format can say. */
const LARGEST_BLOCK = 2 ** 32 - 1;

/** `--allow-gaps`, of what makes a store of a dump. */
export function allowGapsOption(): Option {
  return new Option("--allow-gaps", "exit with 0 even if entries are missing from a salvaged dump (default: write what it holds, then exit with 3)");
}

/** `--max-block-size`. */
export function maxBlockSizeOption(what = "accept blocks up to this size (default: the format's limit)"): Option {
  return new Option("--max-block-size <size>", what).argParser(
    // 4GiB, as a person says it, is one byte more than the format can.
    (text) => Math.min(sizeOf("--max-block-size", LARGEST_BLOCK + 1)(text), LARGEST_BLOCK),
  );
}

/** `--owner` and `--mode`, of what makes a new store. */
export function accessOptions(): Option[] {
  return [
    new Option("--owner <user[:group]>", "give a new store to this user; only root can (default: the user who makes it)"),
    new Option("--mode <mode>", "permissions of a new store's directory, such as 750; its files get the same without x (default: 700)").argParser(parseMode),
  ];
}

function parseMode(text: string): number {
  if (/^0?7[0-7]{2}$/.test(text)) return Number.parseInt(text, 8);
  throw new KgdumpError("USAGE", `--mode '${escapeText(text)}' is not an octal number from 700 to 777`, { hint: "for example 750, which lets the group read the store; its owner always has full access" });
}

/** What `accessOptions` gives. */
export interface AccessFlags {
  readonly owner?: string;
  readonly mode?: number;
}

/** Whose a new store is to be. Comes before kgdump works as another user, who may not look that up. @throws {KgdumpError} PERMISSION_DENIED, USAGE */
export function accessOf({ owner, mode }: AccessFlags): WithAccess {
  return { owner: owner === undefined ? undefined : findOwner(owner), mode };
}

/** Makes a value reader for one of sled's settings: a size in bytes, or a plain number. */
function sledNumber(option: string, name: SledNumber, read: (text: string, what: string) => number): (text: string) => number {
  return (text) => {
    const value = read(text, option);
    const wrong = wrongNumber(name, value);
    if (wrong === null) return value;
    throw new KgdumpError("USAGE", `${option} '${escapeText(text)}' ${wrong}`, { hint: "see --help" });
  };
}

/** What `--config` and the options for sled's settings give, by commander's names. */
export interface SledFlags {
  readonly config?: string;
  readonly cacheCapacity?: number;
  readonly compression?: boolean;
  readonly compressionLevel?: number;
  readonly flushEveryMs?: number;
  readonly segmentSize?: number;
}

/** `--config`, and an option for each of sled's settings that can be chosen. */
export function sledOptions(): Option[] {
  const option = (flags: string, description: string): Option => new Option(flags, description).helpGroup("Settings of the sled store:");
  return [
    option("--config <storage.toml>", "the service's settings file: path and [storage.sled]"),
    option("--cache-capacity <size>", "sled's page cache while importing (default: 64MiB)").argParser(
      sledNumber("--cache-capacity", "cacheCapacity", parseSize),
    ),
    option("--compression", "make a new store with sled's compression (zstd); it must then always be opened with it"),
    option("--no-compression", "make a new store without compression, whatever the settings file says"),
    option("--compression-level <n>", "zstd's level, 1 to 22 (default: sled's, 5)").argParser(
      sledNumber("--compression-level", "compressionLevel", parseCount),
    ),
    option("--flush-every-ms <n>", "how often sled flushes on its own during a merge (default: only at the end)").argParser(
      sledNumber("--flush-every-ms", "flushEveryMs", parseCount),
    ),
    option("--segment-size <size>", "segments of sled's log, a power of two, 256 to 16MiB (default: sled's, 512KiB)").argParser(
      sledNumber("--segment-size", "segmentSize", parseSize),
    ),
  ];
}

/** Adds the options of every command. */
export function addGlobalOptions(command: Command): void {
  const noInput = new Option("--no-input", "never ask anything (kgdump never does)");
  // Not the negation of `--input`, as commander would have it.
  noInput.negate = false;
  noInput.hideHelp();
  const options = [
    new Option("--json", "results and errors as JSON"),
    new Option("-q, --quiet", "no progress and no results on stderr; warnings and errors stay"),
    new Option("-v, --verbose", "more details, and the causes of an error"),
    noInput,
    new Option("--as-root", "when root runs this: stay root even where another user could replace files (default: work as that user)"),
    new Option("--color <when>", "auto (default), always or never").argParser(oneOf("--color", COLOR_CHOICES)),
    new Option("--progress <when>", "auto (default), always, never, plain (a line every 30 seconds) or json (an object per line), on stderr").argParser(
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
  throw new KgdumpError("USAGE", `${names.join(" and ")} can't be used together`, { hint: "choose one of them" });
}

/** Fails when an option was given that means nothing without another. @throws {KgdumpError} USAGE */
export function requireWith(given: Readonly<Record<string, boolean>>, needed: string, has: boolean): void {
  if (has) return;
  const name = Object.keys(given).find((candidate) => given[candidate] === true);
  if (name !== undefined) throw new KgdumpError("USAGE", `${name} can only be used with ${needed}`, { hint: "see --help" });
}
