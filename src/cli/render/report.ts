/** What `report` says of the page that it wrote. */
import type { WrittenReport } from "../../operations/report/write.js";
import { shellWord } from "../../operations/disk/shell-word.js";
import { escapeText } from "../text/escape.js";
import { formatDuration, formatNumberOf, formatSize } from "../text/quantities.js";
import type { Json } from "./json/json.js";

const entriesOf = ({ facts: { stats } }: WrittenReport): number => stats.keyspaces.reduce((sum, { prefixes }) => sum + prefixes.entries, 0);

/** The result, for a person. */
export function renderReport(report: WrittenReport): string {
  const { path, bytes, facts: { stats } } = report;
  const told = `reported ${formatNumberOf(entriesOf(report), "entry", "entries")} in ${formatNumberOf(stats.keyspaces.length, "keyspace", "keyspaces")}, a page of ${formatSize(bytes)}, in ${formatDuration(stats.seconds)}\n`;
  return path === null ? told : `${told}open it in a browser: ${shellWord(escapeText(path))}\n`;
}

/** The result, as JSON. */
export function reportJson(report: WrittenReport): Json {
  const { path, bytes, facts: { stats, values } } = report;
  return { report: { path, bytes, kind: stats.kind, input: stats.path, entries: entriesOf(report), keyspaces: stats.keyspaces.length, complete: stats.dump?.complete ?? true, values, seconds: stats.seconds, warnings: stats.warnings } };
}
