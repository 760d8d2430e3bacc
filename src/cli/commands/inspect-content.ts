/** What `kgdump inspect` lists: blocks, entries, keys, one value. */
import { formatCount } from "../../counts.js";
import { KgdumpError } from "../../errors.js";
import type { DumpEntry } from "../../operations/dump/entries.js";
import type { ListOptions } from "../../operations/inspect/entries.js";
import { kindOf } from "../../operations/stats/native.js";
import type { Context } from "../context.js";
import { documentLines, hexLines, numbersOf } from "../render/document.js";
import { blockJson, entryJson, jsonDocument, jsonLine } from "../render/json/json.js";
import { renderValue } from "../render/value.js";
import { formatNumberOf } from "../text/quantities.js";
import { bareUuid } from "../text/byte-text.js";
import { formatBytes, formatShort } from "../text/escape.js";
import { KIND_NAMES } from "../text/kinds.js";
import type { InspectFlags } from "./inspect-flags.js";
import type { Subject } from "./inspect-subject.js";

/** Values on a terminal are set in from their keys by so much. */
const INDENT = "    ";

/** Whether lists name the keyspace of each line: not when it was asked for. */
function namesKeyspaces(flags: InspectFlags): boolean {
  return flags.columnFamily?.length !== 1;
}

/** Lists entries or keys, a line each: to a terminal for reading, else with tabs between the fields. */
export async function showEntries(context: Context, subject: Subject, flags: InspectFlags): Promise<void> {
  const withValue = flags.entries === true;
  let found = 0;
  await context.out.page();
  for await (const entry of await subject.list()) {
    found += 1;
    const text = context.json ? jsonLine(entryJson(entry, withValue)) : entryText(context, entry, flags);
    if (!(await context.out.write(text))) return;
  }
  await warnOfNothing(context, subject.title, { prefix: flags.prefix, keyspaces: flags.columnFamily }, found);
}

/** A list without a line looks like one that went wrong. */
async function warnOfNothing(context: Context, title: string, { prefix, keyspaces }: Pick<ListOptions, "prefix" | "keyspaces">, found: number): Promise<void> {
  const { emptyWarnings } = await import("../../operations/entries/filter.js");
  for (const warning of emptyWarnings(title, { prefix, some: keyspaces !== undefined }, found)) context.warn(warning);
}

function entryText(context: Context, entry: DumpEntry, flags: InspectFlags): string {
  const key = formatBytes(entry.key);
  const name = namesKeyspaces(flags) ? formatBytes(entry.keyspace) : null;
  const withValue = flags.entries === true;
  if (!context.out.isTerminal || flags.keys === true) {
    const fields = [...(name === null ? [] : [name]), key, ...(withValue ? [renderValue(entry.value, valueWidth(context, flags))] : [])];
    return `${fields.join("\t")}\n`;
  }
  const { paint } = context;
  const head = [...(name === null ? [] : [paint.dim(name)]), paint.cyan(key)];
  const width = valueWidth(context, flags);
  const value = renderValue(entry.value, width === null ? null : Math.max(20, width - INDENT.length));
  return `${head.join("  ")}\n${INDENT}${value}\n`;
}

/** Columns that a value may take; null when it is shown whole. */
function valueWidth(context: Context, flags: InspectFlags): number | null {
  if (flags.width !== undefined) return flags.width === 0 ? null : flags.width;
  return context.out.columns;
}

/** Columns of the list of blocks: to the right are all but those of a name. On a terminal the keys have a line of their own. */
const BLOCK_COLUMNS = [["block", 8], ["keyspace", -12], ["codec", -5], ["entries", 9], ["raw bytes", 11], ["stored", 11], ["offset", 14]] as const;
const KEYS_HEADING = "first key .. last key";

/** Lists blocks, a line each, or two on a terminal. */
export async function showBlocks(context: Context, options: ListOptions): Promise<void> {
  const { listBlocks } = await import("../../operations/inspect/entries.js");
  const { paint, out: { isTerminal, columns: width } } = context;
  const columns = (cells: readonly string[]): string => BLOCK_COLUMNS.map(([, wide], at) => (wide < 0 ? (cells[at] ?? "").padEnd(-wide) : (cells[at] ?? "").padStart(isTerminal ? wide - 2 : wide))).join("  ");
  const line = (figures: string, keys: string): string => (isTerminal ? `${figures}\n${INDENT}${keys}` : `${figures}  ${keys}`);
  // Two keys and what stands between them fill a line.
  const keyWidth = width === null ? undefined : Math.max(8, (width - `${INDENT} .. `.length) >> 1);
  await context.out.page();
  if (!context.json) await context.out.line(paint.dim(line(columns(BLOCK_COLUMNS.map(([heading]) => heading)), KEYS_HEADING)));
  let found = 0;
  for await (const block of listBlocks(options)) {
    found += 1;
    const { number, keyspaceName, codec, entries, rawLength, storedLength, offset, firstKey, lastKey } = block;
    const figures = columns([formatCount(number), formatShort(keyspaceName), codec, ...[entries, rawLength, storedLength, offset].map(formatCount)]);
    const text = line(figures, paint.cyan(`${formatShort(firstKey, keyWidth)} .. ${formatShort(lastKey, keyWidth)}`));
    if (!(await context.out.write(context.json ? jsonLine(blockJson(block)) : `${text}\n`))) return;
  }
  await warnOfNothing(context, "the dump", options, found);
}

/** Shows the value of one key. @throws {KgdumpError} NOT_FOUND when it is not there */
export async function showOne(context: Context, subject: Subject, key: Uint8Array, flags: InspectFlags): Promise<void> {
  if (flags.raw === true && context.out.isTerminal) {
    throw new KgdumpError("USAGE", "--raw writes bytes as they are, but standard output is a terminal", {
      hint: "send it to a file or a pipe, or leave out --raw",
    });
  }
  const entry = (await subject.get(key)) ?? (await findUuid(context, subject, key));
  if (entry === undefined) throw notThere(subject, key, flags.columnFamily);
  if (flags.raw === true) await context.out.bytes(entry.value ?? new Uint8Array(0));
  else if (context.json) await context.out.write(jsonDocument(entryJson(entry, true)));
  else if (flags.hex === true) await showLines(context, hexLines(entry.value ?? new Uint8Array(0)));
  else if (context.out.isTerminal && flags.width === undefined) await showDocument(context, entry);
  else await context.out.line(renderValue(entry.value, flags.width === undefined || flags.width === 0 ? null : flags.width));
}

/** Larger values are not looked at as a whole to tell what they are. */
const MOST_LOOKED_AT = 16 * 1024 * 1024;
/** So many lines are counted to say how many there are. */
const MOST_COUNTED = 1_000_000;

/** Shows a value on a terminal: what it is, and then all of it. */
async function showDocument(context: Context, { keyspace, key, value }: DumpEntry): Promise<void> {
  const { paint, out } = context;
  const kind = value === null || value.length > MOST_LOOKED_AT ? null : kindOf(value);
  const said = value === null ? ["deleted"] : [...(kind === null ? [] : [KIND_NAMES[kind]]), ...(kind?.startsWith("integer") === true ? [] : [formatNumberOf(value.length, "byte", "bytes")])];
  const number = kind?.startsWith("integer") === true && value !== null ? numbersOf(value) : null;
  await out.page();
  await out.tell(`${paint.dim(formatBytes(keyspace))}  ${paint.cyan(formatBytes(key))}  ${paint.dim([...said, ...(number === null ? [] : [number])].join(", "))}\n`);
  if (value !== null && value.length > 0) await showLines(context, documentLines(value, { paint, columns: out.columns ?? 80 }));
}

/** Lines, through the pager or, without one, no more than a screen of them. */
async function showLines(context: Context, lines: Iterable<string>): Promise<void> {
  const { out, paint } = context;
  await out.page();
  // The heading, the note and the prompt.
  const most = out.isTerminal && !out.isPaged ? Math.max(5, (out.rows ?? 0) - 4) : Infinity;
  let shown = 0;
  for (const line of lines) {
    shown += 1;
    if (shown <= most ? !(await out.line(line)) : shown > MOST_COUNTED) break;
  }
  if (shown > most) await out.tell(paint.dim(`… ${shown > MOST_COUNTED ? "many more lines" : formatNumberOf(shown - most, "more line", "more lines")}: --width 0 shows all in one, --raw > FILE takes its bytes\n`));
}

/** What is there when a UUID that was typed as text means its bytes. A stream is over by then. */
async function findUuid(context: Context, subject: Subject, key: Uint8Array): Promise<DumpEntry | undefined> {
  const meant = bareUuid(key);
  if (meant === null || subject.path === undefined) return undefined;
  const entry = await subject.get(meant);
  if (entry !== undefined && !context.quiet) context.warn(`there is no key with that text; this is the value of ${formatBytes(meant)}`);
  return entry;
}

function notThere({ title, path }: Subject, key: Uint8Array, keyspaces: readonly Uint8Array[] | undefined): KgdumpError {
  const where = keyspaces === undefined ? "" : ` in ${keyspaces.map(formatShort).join(", ")}`;
  return new KgdumpError("NOT_FOUND", `${title} has no key ${formatShort(key)}${where}`, { path, hint: "list what there is with --keys --prefix" });
}
