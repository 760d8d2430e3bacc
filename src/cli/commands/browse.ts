/** `kgdump browse`: looking through a dump or a store, full screen. */
import { isatty } from "node:tty";
import { Command, Option } from "commander";
import { KgdumpError } from "../../errors.js";
import { MAYA_LAYOUT } from "../../settings/graph-layout.js";
import type { Rows } from "../browse/rows/rows.js";
import type { Context } from "../context.js";
import { describeError } from "../error-report.js";
import { addHelp } from "../help/help.js";
import { keyspaceOptions, maxBlockSizeOption, type ReadingFlags, readingOptions, requireWith } from "../options.js";
import { parseBytes } from "../text/byte-text.js";
import { escapeMessage, escapeText } from "../text/escape.js";
import { isDirectory } from "../../operations/disk/names.js";
import { takeLayout } from "./layout.js";

interface BrowseFlags extends ReadingFlags {
  readonly columnFamily?: Uint8Array[];
  readonly layout?: string;
  readonly maxBlockSize?: number;
}

/** When a store takes longer to open, that is said. */
const SLOW_MS = 500;

/** Defines the command. */
export function browseCommand(): Command {
  const command = new Command("browse")
    .description(
      "Shows a dump or a store full screen: its keyspaces, what keys begin with, entries, and values, which are read as they are looked at: a dump of any size opens\n" +
        "at once. ? shows the keys, q leaves. A store is only read.",
    )
    .argument("<dump>", "the dump's file, or a store's directory");
  const options = [
    ...keyspaceOptions("only this family or tree; may be repeated"),
    new Option("--layout <file>", "how the graph lies in the store, for neighbours (default: MAYA's layout); see kgdump help graph"),
    ...readingOptions(),
    maxBlockSizeOption(),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    paragraphs: ["A dump must be a file with its end: save a pipe first. Where there is no terminal, inspect shows the same piece by piece."],
    topics: ["keys"],
    examples: ["kgdump browse graph.kgd", "kgdump browse /var/lib/maya/knowledge_graph", "kgdump browse people.kgd --layout layout.toml"],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE where there is no terminal, or for a pipe; DUMP_*, STORE_*, KEYSPACE_UNKNOWN, CONFIG_INVALID, …
 */
export async function runBrowse(context: Context, args: readonly string[], flags: BrowseFlags): Promise<void> {
  const [input = ""] = args;
  if (input === "-") throw new KgdumpError("USAGE", "a pipe can't be browsed, as it goes by once", { hint: "save it first: kgdump export STORE -o graph.kgd; or look at it with kgdump inspect" });
  if (context.json) throw new KgdumpError("USAGE", "browse is for people, and --json for programs", { hint: "kgdump inspect --json prints what is in a dump or a store" });
  const store = await isDirectory(input);
  requireWith({ "--ttl": flags.ttl !== undefined, "--paranoid": flags.paranoid === true }, "a store", store);
  requireWith({ "--max-block-size": flags.maxBlockSize !== undefined }, "a dump", !store);
  context.workOn({ worked: store ? [input] : [], read: [...(store ? [] : [input]), ...(flags.layout === undefined ? [] : [flags.layout])] });
  if (!isatty(0) || !isatty(1)) {
    throw new KgdumpError("USAGE", "browse needs a terminal, and standard input or output is none", { hint: `kgdump inspect ${escapeText(input)} shows what is there, and has options for each part of it` });
  }
  const slow = setTimeout(() => { if (!context.quiet) context.say(`opening ${escapeText(input)} …`); }, SLOW_MS);
  await using rows = await openRows(context, input, store, flags).finally(() => { clearTimeout(slow); });
  const { browseScreen } = await import("../browse/screen.js");
  await browseScreen({
    rows,
    look: { paint: context.paint, title: escapeText(input), kind: rows.kind },
    signal: context.signal,
    parseKey: (text) => parseBytes(text, "the key"),
    describe: (error) => {
      const { code, message } = describeError(error);
      return escapeMessage(code === "USAGE" ? message : `${message} [${code}]`);
    },
    onScreen: (restore) => { context.takeScreen(restore); },
  });
  context.leaveScreen();
}

async function openRows(context: Context, path: string, store: boolean, { columnFamily: keyspaces, layout: file, ttl, paranoid, maxBlockSize }: BrowseFlags): Promise<Rows> {
  const layout = (await takeLayout(file)) ?? MAYA_LAYOUT;
  if (!store) {
    const { openDumpRows } = await import("../browse/rows/dump-rows.js");
    return openDumpRows({ path, maxBlockSize, keyspaces, layout });
  }
  const { openStoreRows } = await import("../browse/rows/store-rows.js");
  return openStoreRows({ path, ttl, paranoid, keyspaces, layout, onWarning: context.onWarning });
}
