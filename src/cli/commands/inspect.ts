/** `kgdump inspect`: what a dump or a store is and what it holds. */
import { Command, Option } from "commander";
import { KgdumpError } from "../../errors.js";
import { isDirectory } from "../../operations/disk/names.js";
import type { InspectOptions } from "../../operations/inspect/inspect.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { bytesOf, countOf, keyspaceOptions, maxBlockSizeOption, prefixOption, readingOptions, refuseBoth, requireWith } from "../options.js";
import { jsonDocument, storeSummaryJson, summaryJson } from "../render/json/json.js";
import { renderStore } from "../render/store.js";
import { renderSummary } from "../render/summary.js";
import { refuseTerminalInput } from "../terminal/stdio.js";
import { refuseIncomplete } from "./dump-or-store.js";
import { showBlocks, showEntries, showOne } from "./inspect-content.js";
import type { InspectFlags } from "./inspect-flags.js";
import { showGaps } from "./inspect-gaps.js";
import { dumpSubject, storeSubject } from "./inspect-subject.js";
import { takeLayout } from "./layout.js";

/** Defines the command. */
export function inspectCommand(): Command {
  const command = new Command("inspect")
    .description("Shows what a dump is, where it comes from, what it holds, and whether it is complete; or lists what is in it. Does the same for a store, which is only read.")
    .argument("[input]", "a dump's file, a store's directory, or - for a dump on standard input", "-");
  const options = [
    new Option("--blocks", "list the blocks"),
    new Option("--entries", "list the entries: keyspace, key and value, separated by tabs"),
    new Option("--keys", "list the keys: keyspace and key"),
    new Option("--gaps", "list the places where entries are missing from a salvaged dump"),
    new Option("--check", "read all of the dump and check every entry, as verify does"),
    new Option("--get <key>", "show the value of one key; in a file, without reading the rest").argParser(bytesOf("--get")),
    new Option("--raw", "with --get: the value's bytes as they are, and nothing else"),
    new Option("--hex", "with --get: a dump of the value's bytes, 16 a line"),
    ...keyspaceOptions("only this family or tree; may be repeated. With exactly one, lists omit its name"),
    prefixOption("only keys that start with this"),
    new Option("--limit <n>", "at most this many entries or blocks").argParser(countOf("--limit")),
    new Option("--reverse", "list from the end; the dump must be a file"),
    new Option("--width <columns>", "cut values to this width; 0 does not cut (default: the terminal's width; elsewhere 0)").argParser(
      countOf("--width", { min: 0, max: 1_000_000 }),
    ),
    new Option("--layout <file>", "what keys are made of, so that they are shown as what they are; see kgdump help keys"),
    maxBlockSizeOption(),
    ...readingOptions(),
  ];
  for (const option of options) command.addOption(option);
  addHelp(command, {
    topics: ["keys", "json"],
    examples: [
      "kgdump inspect graph.kgd",
      "kgdump export store | kgdump inspect",
      "kgdump inspect graph.kgd --check",
      "kgdump inspect graph.kgd --keys --prefix node_edges: --limit 10",
      "kgdump inspect graph.kgd --entries --keyspace nodes --json",
      "kgdump inspect graph.kgd --entries --reverse --limit 10",
      "kgdump inspect visits.kgd --keys --layout layout.toml",
      "kgdump inspect salvaged.kgd --gaps",
      "kgdump inspect /var/lib/maya/knowledge_graph",
      "kgdump inspect /var/lib/maya/knowledge_graph --entries --prefix node: --limit 3",
      "kgdump inspect graph.kgd --get 'node:{0f8fad5b-d9cb-469f-a165-70867728950e}' --raw | jq .",
    ],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE, DUMP_* also for a dump whose summary was shown but that is not complete, NOT_FOUND for a
 * key that is not there, and what the operations throw
 */
export async function runInspect(context: Context, args: readonly string[], flags: InspectFlags): Promise<void> {
  const [input = "-"] = args;
  checkFlags(flags, context.json);
  if (input === "-") refuseTerminalInput("kgdump inspect graph.kgd");
  // Of a directory without a store, it is said what a dump is.
  if (input !== "-" && (await isDirectory(input)) && (await (await import("../../operations/inspect/store.js")).isStore(input))) {
    await inspectOneStore(context, input, flags);
    return;
  }
  refuseForDump({ "--ttl": flags.ttl !== undefined, "--paranoid": flags.paranoid === true });
  const source = {
    input: input === "-" ? context.in.read() : input,
    maxBlockSize: flags.maxBlockSize,
    signal: context.signal,
  };
  await context.tellReaders();
  await takeLayout(flags.layout, false);
  const subject = dumpSubject(source, flags);
  if (flags.get !== undefined) await showOne(context, subject, flags.get, flags);
  else if (flags.blocks === true) await showBlocks(context, { ...source, keyspaces: flags.columnFamily, prefix: flags.prefix, limit: flags.limit, reverse: flags.reverse });
  else if (flags.gaps === true) await showGaps(context, source);
  else if (flags.entries === true || flags.keys === true) await showEntries(context, subject, flags);
  else await summarize(context, { ...source, check: flags.check });
}

async function inspectOneStore(context: Context, store: string, flags: InspectFlags): Promise<void> {
  const ofDumps = { "--blocks": flags.blocks === true, "--gaps": flags.gaps === true, "--check": flags.check === true, "--max-block-size": flags.maxBlockSize !== undefined };
  const given = Object.entries(ofDumps).find(([, is]) => is)?.[0];
  if (given !== undefined) throw new KgdumpError("USAGE", `${given} is for dumps, and ${store} is a store`, { path: store, hint: "leave it out; `kgdump verify STORE` reads and checks all of a store" });
  context.workOn({ worked: [store], read: flags.layout === undefined ? [] : [flags.layout] });
  await takeLayout(flags.layout, false);
  const subject = storeSubject(context, store, flags);
  if (flags.get !== undefined) await showOne(context, subject, flags.get, flags);
  else if (flags.entries === true || flags.keys === true) await showEntries(context, subject, flags);
  else await summarizeStore(context, store, flags);
}

async function summarizeStore(context: Context, store: string, { ttl, paranoid }: InspectFlags): Promise<void> {
  const { inspectStore } = await import("../../operations/inspect/store.js");
  const summary = await inspectStore({ store, ttl, paranoid, signal: context.signal });
  for (const warning of summary.warnings) context.warn(warning);
  if (context.json) await context.out.write(jsonDocument(storeSummaryJson(summary)));
  else await context.out.tell(renderStore(summary, store, { paint: context.paint, verbose: context.verbose, columns: context.out.columns }));
}

function refuseForDump(given: Readonly<Record<string, boolean>>): void {
  const name = Object.entries(given).find(([, is]) => is)?.[0];
  if (name !== undefined) throw new KgdumpError("USAGE", `${name} is for stores, and this is a dump`, { hint: "leave it out" });
}

function checkFlags(flags: InspectFlags, json: boolean): void {
  const { blocks, check, entries, gaps, keys, get } = flags;
  refuseBoth({ "--check": check === true, "--blocks": blocks === true, "--gaps": gaps === true, "--entries": entries === true, "--keys": keys === true, "--get": get !== undefined });
  const hex = flags.hex === true;
  for (const other of [{ "--raw": flags.raw === true }, { "--width": flags.width !== undefined }, { "--json": json }]) refuseBoth({ "--hex": hex, ...other });
  requireWith({ "--raw": flags.raw === true, "--hex": hex }, "--get", get !== undefined);
  requireWith(
    { "--prefix": flags.prefix !== undefined, "--limit": flags.limit !== undefined, "--reverse": flags.reverse === true },
    "--entries, --keys or --blocks",
    blocks === true || entries === true || keys === true,
  );
  requireWith(
    { "--keyspace": flags.columnFamily !== undefined },
    "--entries, --keys, --blocks or --get",
    blocks === true || entries === true || keys === true || get !== undefined,
  );
  requireWith({ "--width": flags.width !== undefined }, "--entries or --get", entries === true || get !== undefined);
}

async function summarize(context: Context, source: InspectOptions): Promise<void> {
  const { inspectDump } = await import("../../operations/inspect/inspect.js");
  const { onProgress } = context.startProgress();
  const summary = await inspectDump({ ...source, onProgress });
  context.complete();
  if (context.json) await context.out.write(jsonDocument(summaryJson(summary)));
  else await context.out.tell(renderSummary(summary, typeof source.input === "string" ? source.input : null, { paint: context.paint, verbose: context.verbose, columns: context.out.columns }));
  await context.out.flush();
  refuseIncomplete(summary);
}
