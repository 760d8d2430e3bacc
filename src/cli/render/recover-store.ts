/** What recover says of a damaged store at its end, for a person. */
import { formatCount } from "../../counts.js";
import type { RecoverStoreResult, StoreLoss } from "../../operations/recover/index.js";
import type { Paint } from "../terminal/style.js";
import { escapeMessage, escapeText, formatShort } from "../text/escape.js";
import { formatDuration, formatNumberOf, formatSize } from "../text/quantities.js";
import { countText } from "./recover.js";
import { left, type Look, right, renderTable } from "./table.js";
import { engineName } from "./summary.js";

/** Lines of the list, unless all were asked for. */
const SHOWN = 20;

const WHAT: Readonly<Record<StoreLoss["what"], string>> = {
  entries: "entries",
  deletions: "deletions of ranges",
  value: "the value of a key",
  odd: "keys out of order",
};

/** Lines about the recovery of a store. @param options verbose: lists as long as they are */
export function renderRecoverStore(result: RecoverStoreResult, options: Look): string {
  const { paint } = options;
  return [
    headline(result, paint),
    ...result.remarks.map((remark) => `  ${paint.yellow("note:")} ${escapeMessage(remark)}\n`),
    keyspaceTable(result, options),
    lossTable(result, options),
  ].join("");
}

function headline(result: RecoverStoreResult, paint: Paint): string {
  const { store, engine, output, target, lost, entries, rawBytes, doubtful, outputBytes } = result;
  const state = lost ? paint.red("not whole:") : paint.green("nothing is lost:");
  const done = output === null && target === null ? "can be kept" : "were kept";
  const doubt = doubtful > 0 ? `; ${formatNumberOf(doubtful, "entry", "entries")} of them may be older than what the store held, as something newer may be lost` : "";
  const unsure = result.unsure ? `  ${paint.yellow("not sure:")} it is unknown which tables counted: any entry may be older than what the store held, or missing\n` : "";
  const dump = output === null ? "" : `  written to ${paint.bold(escapeText(output))} (${formatSize(outputBytes ?? 0)}), read back and found sound, in ${formatDuration(result.seconds)}\n`;
  const made = target === null ? "" : `  a new store is at ${paint.bold(escapeText(target))}\n`;
  const nothing = output === null && target === null ? "  nothing was written\n" : "";
  return `${state} ${paint.bold(escapeText(store))} (${engineName(engine)})\n  ${formatNumberOf(entries, "entry", "entries")} (${formatSize(rawBytes)}) ${done}${doubt}\n${unsure}${dump}${made}${nothing}`;
}

function keyspaceTable({ keyspaces }: RecoverStoreResult, { paint, columns: width }: Look): string {
  const rows = keyspaces.map(({ name, entries, doubtful, gaps }) => [formatShort(name), formatCount(entries), formatCount(doubtful), formatCount(gaps)]);
  const columns = [left("keyspace"), right("entries"), right("doubtful"), right("gaps")];
  return `\n${renderTable(columns, rows, paint, width)}`;
}

function lossTable({ losses }: RecoverStoreResult, { paint, verbose, columns: width }: Look): string {
  if (losses.length === 0) return "";
  const rows = losses.slice(0, verbose ? losses.length : SHOWN).map(({ keyspace, what, file, offset, from, to, after, entries, reason }) => [
    keyspace === null ? "(any)" : formatShort(keyspace),
    WHAT[what],
    from === null ? "(any)" : `${after ? "after " : ""}${formatShort(from)}`,
    to === null ? "(any)" : formatShort(to),
    countText(entries),
    `${escapeText(file)}${offset === null ? "" : ` at ${formatCount(offset)}`}`,
    escapeMessage(reason),
  ]);
  const columns = [left("lost in"), left("what"), left("from key"), left("to key"), right("entries"), left("file"), left("why")];
  const more = losses.length > rows.length ? `  … and ${formatCount(losses.length - rows.length)} more (-v shows them)\n` : "";
  return `\n${renderTable(columns, rows, paint, width)}${more}`;
}
