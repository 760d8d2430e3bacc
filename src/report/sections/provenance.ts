/** Provenance: where it comes from, and how this report was made. */
import { formatCount } from "../../counts.js";
import { formatBlockSize } from "../../cli/text/quantities.js";
import type { DumpSummary } from "../../operations/dump/summary.js";
import { html, type Html, type Part } from "../html.js";
import { facts, name, table, text } from "../table.js";
import { cut, line } from "../text.js";
import { engineText, timeText } from "./overview.js";
import { FIRST_ROWS, type Page, type Section } from "./section.js";
import { holdsText } from "./state.js";

const NAME = 120;
/** Settings of the store that are told. */
const OPTIONS = 30;

/** The section. */
export function provenance({ facts: report }: Page): Section {
  const { stats: { path, dump, keyspaces }, store, madeAt, producer, values } = report;
  const chosen = dump !== null && keyspaces.length < dump.keyspaces.length && dump.problem === null;
  const body = html`${facts([
    ["Read from", path === null ? "a stream" : html`<code>${cut(path, 1000)}</code>`],
    ...(dump === null ? [] : ofDump(dump, madeAt)),
    ...(store === null ? [] : ofStore(store)),
    chosen ? ["Counted", `${formatCount(keyspaces.length)} of ${formatCount(dump.keyspaces.length)} keyspaces were asked for`] : null,
    values ? null : ["Left out", "parts of values: shapes of JSON, and examples"],
    ["This report", `made ${timeText(madeAt, new Date(0))}, by ${producer}`],
  ])}
${dump === null ? null : settingsOf(dump)}`;
  return { id: "provenance", title: "Provenance", body };
}

type Facts = (readonly [string, Part] | null)[];

function ofDump(dump: DumpSummary, madeAt: Date): Facts {
  const { header } = dump;
  const { source, formatVersion: { major, minor } } = header;
  return [
    ["Holds", holdsText(dump)],
    ["Made", `${timeText(header.createdAt, madeAt)}, by ${cut(header.producer, NAME)}`],
    ["Source", `${engineText(source.engine)}, read with version ${cut(source.version, NAME)}`],
    source.databaseId === null ? null : ["Database", html`<code>${cut(source.databaseId, NAME)}</code>`],
    source.sequenceNumber === null ? null : ["Sequence number", formatCount(source.sequenceNumber)],
    ["Dump", html`<code>${header.dumpId}</code>, format ${String(major)}.${String(minor)}, ${header.codec}, blocks of ${formatBlockSize(header.blockSize)}`],
    header.base === null ? null : ["Builds on", html`<code>${header.base.dumpId}</code>`],
    header.salvaged === null ? null : ["Salvaged from", header.salvaged.dumpId === null ? "a damaged dump or store" : html`the damaged dump <code>${header.salvaged.dumpId}</code>`],
  ];
}

function ofStore({ engine, version, databaseId, sequenceNumber }: NonNullable<Page["facts"]["store"]>): Facts {
  return [
    ["Engine", `${engineText(engine)}, read with version ${cut(version, NAME)}`],
    databaseId === null ? null : ["Database", html`<code>${cut(databaseId, NAME)}</code>`],
    sequenceNumber === null ? null : ["Sequence number", formatCount(sequenceNumber)],
  ];
}

/** Settings of the store that the dump is of, but for those of many lines. */
function settingsOf({ header: { source } }: DumpSummary): Html | null {
  const options = [...(source.options ?? [])].filter(([, value]) => !value.includes("\n"));
  if (options.length === 0) return null;
  const rows = options.slice(0, OPTIONS).map(([option, value]) => ({ cells: [html`<code>${cut(option, NAME)}</code>`, html`<code>${line(value)}</code>`] }));
  const more = options.length > OPTIONS ? `and ${formatCount(options.length - OPTIONS)} more` : null;
  return table({ caption: "Settings of the store", columns: [name("setting"), text("value")], rows, first: FIRST_ROWS, more });
}
