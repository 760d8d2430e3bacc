/** Overview: what it is, and which keyspaces are in it. */
import { formatCount } from "../../counts.js";
import { formatAge, formatNumberOf, formatPercent, formatSize } from "../../cli/text/quantities.js";
import { engineTitle, isEngineName } from "../../engines/registry.js";
import type { KeyspaceSummary } from "../../operations/dump/summary.js";
import type { KeyspaceStats } from "../../operations/stats/results.js";
import { html, type Html } from "../html.js";
import { facts, figure, name, type Row, table } from "../table.js";
import { cut, line, nameOf } from "../text.js";
import { FIRST_ROWS, type Page, type Section } from "./section.js";
import { holdsText, stateOf } from "./state.js";

const NAME = 80;

/** An engine's name as its makers write it; a dump may come from one that kgdump does not know. */
export function engineText(engine: string): string {
  return isEngineName(engine) ? engineTitle(engine) : cut(engine, NAME);
}

/** A time, and how long before another one that was. */
export function timeText(time: Date, now: Date): string {
  const age = formatAge(time, now);
  const words = `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return age === null ? words : `${words}, ${age}`;
}

/** Bytes of keys and values. */
export function bytesOf({ prefixes: { keyBytes, valueBytes } }: KeyspaceStats): number {
  return keyBytes + valueBytes;
}

const sum = (keyspaces: readonly KeyspaceStats[], pick: (keyspace: KeyspaceStats) => number): number => keyspaces.reduce((total, keyspace) => total + pick(keyspace), 0);

/** The section. */
export function overview({ facts: report, limits }: Page): Section {
  const { stats, store, madeAt } = report;
  const { dump, keyspaces } = stats;
  const state = stateOf(report);
  const changedAt = store?.changedAt ?? null;
  const whole = keyspaces.filter((keyspace) => keyspace.whole).length;
  const tiles: (readonly [string, string])[] = [
    ["entries", formatCount(sum(keyspaces, ({ prefixes }) => prefixes.entries))],
    ["keyspaces", formatCount(keyspaces.length)],
    ["keys", formatSize(sum(keyspaces, ({ prefixes }) => prefixes.keyBytes))],
    ["values", formatSize(sum(keyspaces, ({ prefixes }) => prefixes.valueBytes))],
    dump === null ? ["on the disk", formatSize(store?.bytes ?? 0)] : ["in the dump", formatSize(dump.bytes)],
  ];
  const body = html`<ul class="tiles">${tiles.map(([what, much]) => html`<li><b>${much}</b> ${what}</li>`)}</ul>
${facts([
  ["State", html`<strong class="${state.mark}">${state.words}</strong>: ${state.why}`],
  dump === null ? null : ["Holds", holdsText(dump)],
  dump === null ? null : ["From", `${engineText(dump.header.source.engine)}, read with version ${cut(dump.header.source.version, NAME)}`],
  store === null ? null : ["Engine", `${engineText(store.engine)}, read with version ${cut(store.version, NAME)}`],
  dump === null ? null : ["Made", `${timeText(dump.header.createdAt, madeAt)}, by ${cut(dump.header.producer, NAME)}`],
  changedAt === null ? null : ["Changed", timeText(changedAt, madeAt)],
  dump?.complete === false ? ["Counted", `${formatNumberOf(whole, "keyspace", "keyspaces")} of ${formatCount(dump.keyspaces.length)} whole`] : null,
])}
${keyspaceTable(keyspaces, dump?.keyspaces ?? null, limits.rows)}`;
  return { id: "overview", title: "Overview", body };
}

function keyspaceTable(keyspaces: readonly KeyspaceStats[], dumped: readonly KeyspaceSummary[] | null, most: number): Html {
  const all = sum(keyspaces, bytesOf);
  const byName = new Map(dumped?.map((keyspace) => [Buffer.from(keyspace.name).toString("latin1"), keyspace]));
  const sorted = keyspaces.toSorted((a, b) => bytesOf(b) - bytesOf(a) || b.prefixes.entries - a.prefixes.entries);
  const rows = sorted.slice(0, most).map((keyspace): Row => {
    const { name: bytes, comparator, whole, prefixes } = keyspace;
    const stored = byName.get(Buffer.from(bytes).toString("latin1"));
    const notes = [...(comparator === "bytewise" ? [] : ["reverse order"]), ...(whole ? [] : ["cut short by the damage"])];
    return {
      cells: [
        html`<code>${nameOf(bytes)}</code>${notes.length === 0 ? null : ` (${notes.join(", ")})`}`, formatCount(prefixes.entries), formatSize(prefixes.keyBytes), formatSize(prefixes.valueBytes), formatPercent(bytesOf(keyspace), all),
        ...(stored === undefined ? [] : [formatSize(stored.storedBytes), formatPercent(stored.storedBytes, stored.rawBytes), formatCount(stored.blocks)]),
      ],
    };
  });
  const columns = [name("keyspace"), figure("entries"), figure("keys"), figure("values"), figure("share"), ...(dumped === null ? [] : [figure("stored"), figure("ratio"), figure("blocks")])];
  const rest = sorted.slice(most);
  const more = rest.length === 0 ? null : line(`and ${formatNumberOf(rest.length, "more keyspace", "more keyspaces")} with ${formatNumberOf(sum(rest, ({ prefixes }) => prefixes.entries), "entry", "entries")} (${formatSize(sum(rest, bytesOf))})`);
  return table({ caption: "Keyspaces", columns, rows, first: FIRST_ROWS, more });
}
