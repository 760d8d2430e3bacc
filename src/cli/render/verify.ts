/** What `verify` says at its end, for a person: what was checked, and all sides beside each other. */
import { formatCount } from "../../counts.js";
import { missingOf } from "../../operations/dump/salvaged.js";
import { byName } from "../../operations/entries/keyspaces.js";
import type { Sample, SampledValue } from "../../operations/entries/samples.js";
import type { StoreComparison, Verification, VerifyResult } from "../../operations/verify/results.js";
import type { Paint } from "../terminal/style.js";
import { escapeText, formatShort } from "../text/escape.js";
import { formatDuration, formatNumberOf, formatRate, formatSize } from "../text/quantities.js";
import { renderGraphs } from "./graph.js";
import { renderSides, sideName } from "./sides.js";
import { engineName } from "./summary.js";
import { left, type Look, renderTable } from "./table.js";
import { renderStart } from "./value.js";

/** Characters of an option's value that are shown. */
const OPTION_WIDTH = 60;
/** Columns that a sampled value may take. */
const VALUE_WIDTH = 100;
const VALUE_NARROWEST = 30;

/** What was verified, and how all sides compare. */
export function renderVerify(result: Verification | VerifyResult, options: Look): string {
  const { paint } = options;
  const verdicts = result.stores.map((store) => renderVerdict(store, paint)).join("");
  const sides = result.stores.length === 0 && "dump" in result ? "" : `\n${renderSides(sidesOf(result), options)}`;
  return (
    renderFirst(result, paint) +
    (verdicts === "" ? "" : `\n${verdicts}`) +
    sides +
    result.stores.map((store) => renderDifferences(store, result, options)).join("") +
    result.stores.map((store) => renderOptions(store, result, options)).join("") +
    renderSamples(result, options) +
    renderGraphs(result, options)
  );
}

function renderFirst(result: Verification | VerifyResult, paint: Paint): string {
  const { seconds, reference } = result;
  const name = reference.path === null ? "the dump from standard input" : escapeText(reference.path);
  const entries = reference.keyspaces.reduce((total, keyspace) => total + keyspace.entries, 0);
  const held = formatNumberOf(entries, "entry", "entries");
  if (!("dump" in result)) return `${paint.green("read:")} ${paint.bold(name)} (${engineName(reference.kind)})\n  ${held}, in ${formatDuration(seconds)}\n`;
  const { gaps } = missingOf(result.dump.keyspaces);
  const raw = result.dump.keyspaces.reduce((total, keyspace) => total + keyspace.rawBytes, 0);
  return (
    `${gaps === 0 ? paint.green("sound:") : paint.yellow("sound, but salvaged with gaps:")} ${paint.bold(name)}\n` +
    `  ${held}, ${formatSize(raw)}: every checksum, every block, the order of keys and every digest hold; ` +
    `in ${formatDuration(seconds)} (${formatRate(raw, seconds)})\n`
  );
}

function renderVerdict(store: StoreComparison, paint: Paint): string {
  const verdict = store.equal ? paint.green("equal:") : paint.red("different:");
  return `${verdict} ${escapeText(store.path)} (${engineName(store.engine)})\n`;
}

function sidesOf({ reference, stores }: Verification): Parameters<typeof renderSides>[0] {
  const references = byName(reference.keyspaces);
  const found = stores.map(({ keyspaces }) => byName(keyspaces));
  const names = reference.keyspaces.map(({ name }) => name);
  for (const [index, { keyspaces }] of stores.entries()) {
    const before = [references, ...found.slice(0, index)];
    for (const { name } of keyspaces) if (!before.some((known) => known.has(name))) names.push(name);
  }
  return names.map((name) => {
    const first = references.get(name);
    const sides = stores.map((store, index) => {
      const held = found[index]?.get(name);
      const digest = held?.storeDigest ?? null;
      const entries = digest === null ? null : (held?.storeEntries ?? null);
      return { side: sideName(store.engine, index + 1), entries, digest, verdict: held?.equal === false ? differencesText(held) : "equal" };
    });
    return { name, sides: [{ side: sideName(reference.kind, 0), entries: first?.entries ?? null, digest: first?.digest ?? null, verdict: "" }, ...sides] };
  });
}

function differencesText({ missing, added, changed }: StoreComparison["keyspaces"][number]): string {
  const parts = Object.entries({ missing, added, changed }).filter(([, count]) => count > 0);
  return `DIFFERENT: ${parts.map(([what, count]) => `${formatCount(count)} ${what}`).join(", ")}`;
}

function renderDifferences(against: StoreComparison, { reference, stores }: Verification, { paint, columns: width }: Look): string {
  const shown = against.differences;
  if (shown.length === 0) return "";
  const first = reference.kind === "dump" ? "the dump" : "the first";
  const kinds = { missing: `only in ${first}`, added: "only in the store", changed: "other value" };
  const all = against.keyspaces.reduce((total, { missing, added, changed }) => total + missing + added + changed, 0);
  const rows = shown.map(({ keyspace, key, kind }) => [kinds[kind], formatShort(keyspace), formatShort(key)]);
  const heading = stores.length === 1 ? "difference" : `difference of ${sideName(against.engine, stores.indexOf(against) + 1)}`;
  const columns = [left(heading), left("keyspace"), left("key")];
  const more = all > shown.length ? `  … and ${formatCount(all - shown.length)} more\n` : "";
  return `\n${renderTable(columns, rows, paint, width)}${more}`;
}

/** Each option that differs, with both values. */
function renderOptions({ engine, options, path }: StoreComparison, { reference, stores }: Verification, { paint, columns: width }: Look): string {
  if (options === null) return "";
  const { compared, differences } = options;
  const others = stores.length === 1 ? "" : ` of ${escapeText(path)}`;
  if (differences.length === 0) return `\n${paint.green("equal:")} all ${formatNumberOf(compared, "option", "options")}${others}\n`;
  const columns = [sideName(reference.kind, 0), sideName(engine, stores.findIndex((store) => store.path === path) + 1)];
  const value = (text: string | null): string => (text === null ? "(not there)" : escapeText(text.length > OPTION_WIDTH ? `${text.slice(0, OPTION_WIDTH)}…` : text));
  const rows = differences.map(({ keyspace, option, first, store }) => [keyspace === null ? "(database)" : formatShort(keyspace), escapeText(option), value(first), value(store)]);
  const table = renderTable(["family", "option", ...columns].map(left), rows, paint, width);
  return `\n${paint.red("different:")} ${formatNumberOf(differences.length, "option", "options")} of ${formatCount(compared)}${others}\n${table}`;
}

function renderSamples({ samples, seed, reference, stores }: Verification, look: Look): string {
  const { paint } = look;
  if (samples.length === 0) return "";
  const sides = [sideName(reference.kind, 0), ...stores.map(({ engine }, index) => sideName(engine, index + 1))];
  const head = `\n${paint.dim(`${formatNumberOf(samples.length, "sample", "samples")}, the same again with --seed ${seed.toString()}:`)}\n`;
  return head + samples.map((sample) => renderSample(sample, sides, look)).join("");
}

function renderSample({ keyspace, key, equal, values }: Sample, sides: readonly string[], { paint, columns }: Look): string {
  const verdict = equal ? paint.green("equal") : paint.red("DIFFERENT");
  const width = Math.max(...sides.map((side) => side.length));
  const room = Math.min(VALUE_WIDTH, (columns ?? VALUE_WIDTH) - width - "      ".length);
  const lines = values.map((value, index) => `    ${(sides[index] ?? "").padEnd(width)}  ${valueText(value, room)}\n`);
  // One blank between the words: a table's columns are never broken.
  return `  ${verdict}: ${formatShort(keyspace)} ${formatShort(key)}\n${lines.join("")}`;
}

function valueText(value: SampledValue | null, room: number): string {
  if (value === null) return "(not there)";
  return value.bytes === 0 ? "(empty)" : renderStart(value.start, value.bytes, Math.max(VALUE_NARROWEST, room));
}
