/** `kgdump find`: every version of a key in a RocksDB store. */
import { Command } from "commander";
import { formatCount } from "../../counts.js";
import type { FoundKey, KeyVersion } from "../../operations/inspect/find.js";
import type { Context } from "../context.js";
import { addHelp } from "../help/help.js";
import { keyspaceOptions } from "../options.js";
import { type Json, jsonBytes, jsonDocument } from "../render/json/json.js";
import { left, type Look, right, renderTable } from "../render/table.js";
import { parseBytes } from "../text/byte-text.js";
import { escapeMessage, escapeText, formatShort } from "../text/escape.js";
import { formatNumberOf } from "../text/quantities.js";

interface FindFlags {
  readonly columnFamily?: readonly Uint8Array[];
}

/** Defines the command. */
export function findCommand(): Command {
  const command = new Command("find")
    .description(
      "Looks for a key in every table and log of a RocksDB store, without RocksDB, and shows each version and removal of it:\n" +
        "its sequence number, its file, and whether it counts. The store is only read, and may be damaged; nothing should\n" +
        "write to it meanwhile.",
    )
    .argument("<store>", "directory of the store")
    .argument("<key>", "the key, see below");
  for (const option of keyspaceOptions("only in this family; may be repeated")) command.addOption(option);
  addHelp(command, {
    paragraphs: [
      "A version counts when it decides what the store shows for the key. Tables that MANIFEST does not name, and logs whose\n" +
        "entries are in tables already, are searched, too: their versions never count. The exit status is 0 even when\n" +
        "nothing was found.",
    ],
    topics: ["keys"],
    examples: [
      "kgdump find /var/lib/maya/graph node:42",
      "kgdump find /var/lib/maya/graph hex:6e6f64653a3432 --column-family nodes --json",
    ],
  });
  return command;
}

/**
 * Runs the command.
 * @throws {KgdumpError} USAGE for a key that can't be read, and what findVersions throws
 */
export async function runFind(context: Context, args: readonly string[], flags: FindFlags): Promise<void> {
  const [store = "", text = ""] = args;
  const key = parseBytes(text, "the key");
  context.workOn({ worked: [store] });
  const { findVersions } = await import("../../operations/inspect/find.js");
  const families = flags.columnFamily ?? [undefined];
  const found: FoundKey[] = [];
  for (const family of families) found.push(await findVersions(store, key, family));
  const all: FoundKey = {
    versions: found.flatMap(({ versions }) => versions),
    // A log has entries of all families.
    problems: [...new Map(found.flatMap(({ problems }) => problems).map((problem) => [`${problem.file}: ${problem.reason}`, problem])).values()],
    remarks: found[0]?.remarks ?? [],
  };
  await context.out.page();
  if (context.json) await context.out.write(jsonDocument({ found: { store, key: jsonBytes(key), ...foundJson(all) } }));
  else await context.out.tell(render(all, store, key, context.look));
}

function foundJson({ versions, problems, remarks }: FoundKey): Record<string, Json> {
  return {
    versions: versions.map(({ keyspace, sequence, range, ...version }) => ({
      keyspace: jsonBytes(keyspace),
      sequence: sequence.toString(),
      ...version,
      range: range === null ? null : { from: jsonBytes(range.from), to: jsonBytes(range.to) },
    })),
    problems: problems.map((problem) => ({ ...problem })),
    remarks: [...remarks],
  };
}

function render({ versions, problems, remarks }: FoundKey, store: string, key: Uint8Array, { paint, columns: width }: Look): string {
  const count = versions.length === 0 ? "no version" : formatNumberOf(versions.length, "version", "versions");
  const head = `${count} of ${paint.bold(formatShort(key))} in ${escapeText(store)}\n`;
  const notes = [...remarks.map((remark) => `  ${paint.yellow("note:")} ${escapeMessage(remark)}\n`), ...problems.map(({ file, reason }) => `  ${paint.yellow("not searched:")} ${escapeText(file)}: ${escapeMessage(reason)}\n`)];
  const columns = [left("keyspace"), right("sequence"), left("what"), left("file"), right("level"), right("value bytes"), left("")];
  const table = versions.length === 0 ? "" : renderTable(columns, versions.map(row), paint, width);
  return head + notes.join("") + table;
}

function row(version: KeyVersion): string[] {
  const { keyspace, sequence, kind, file, level, valueBytes, blobFile, range, live, counts } = version;
  const what = range === null ? kind : `${kind} ${formatShort(range.from)} to ${formatShort(range.to)}`;
  const place = blobFile === null ? file : `${file}, value in blob file ${String(blobFile)}`;
  const state = counts ? "counts" : live ? "hidden" : "not in the store";
  return [formatShort(keyspace), sequence.toString(), what, place, level === null ? "-" : String(level), formatCount(valueBytes), state];
}
