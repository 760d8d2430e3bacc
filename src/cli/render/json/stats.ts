/** The JSON of `stats`, and its CSV. */
import type { KeyPart, KeyspaceStats, NamedEntry, PrefixStats, StatsResult } from "../../../operations/stats/results.js";
import { formatBytes } from "../../text/escape.js";
import { formatPattern, literalStart } from "../../text/pattern.js";
import { prefixRows } from "../prefix-rows.js";
import { type Json, jsonBytes, summaryJson } from "./json.js";

/** Result of `stats`. */
export function statsJson({ kind, path, dump, keyspaces, samples, seed, seconds, warnings }: StatsResult): Json {
  return {
    stats: {
      kind,
      path,
      dump: dump === null ? null : summaryJson(dump),
      keyspaces: keyspaces.map(keyspaceJson),
      samples: samples.map(({ keyspace, value, ...entry }) => ({ keyspace: jsonBytes(keyspace), ...entryJson(entry), value: value === null ? null : jsonBytes(value) })),
      seed,
      seconds,
      warnings,
    },
  };
}

function keyspaceJson({ name, largest, prefixes, ...facts }: KeyspaceStats): Json {
  return { name: jsonBytes(name), ...facts, largest: largest.map(entryJson), prefixes: prefixJson(prefixes, []) };
}

function entryJson({ key, keyBytes, valueBytes }: NamedEntry): Readonly<Record<string, Json>> {
  return { key: jsonBytes(key), keyBytes, valueBytes };
}

function prefixJson({ parts, below, largest, distinct, shape, keySizes, valueSizes, kinds, ...sums }: PrefixStats, before: readonly KeyPart[]): Json {
  const all = [...before, ...parts];
  return {
    pattern: formatPattern(all, below.length > 0),
    prefix: jsonBytes(literalStart(all)),
    parts: parts.map(({ kind, bytes, width }) => ({ kind, width, ...(bytes === null ? {} : { bytes: jsonBytes(bytes) }) })),
    ...sums,
    keySizes: { ...keySizes },
    valueSizes: { ...valueSizes },
    kinds: { ...kinds },
    distinct: { ...distinct },
    largest: largest === null ? null : entryJson(largest),
    // It is JSON already.
    shape: shape as unknown as Json,
    below: below.map((prefix) => prefixJson(prefix, all)),
  };
}

const COLUMNS = ["keyspace", "prefix", "entries", "key_bytes", "value_bytes", "stored_bytes", "value_p50", "value_p90", "value_p99", "value_max", "distinct_values", "kinds", "largest_key"] as const;

/**
 * A line for each prefix, which together are all of it, behind a line with the names of the columns; quoted as RFC 4180 says, with lines that end as text does here.
 * @param depth levels of the tree; undefined: all
 */
export function statsCsv({ keyspaces }: StatsResult, depth: number | undefined): string {
  const lines = keyspaces.flatMap(({ name, prefixes }) => prefixRows(prefixes, Infinity, depth ?? Infinity).map(({ parts, prefix, goesOn }) => {
    const { entries, keyBytes, valueBytes, storedBytes, valueSizes, distinct, kinds, largest } = prefix;
    const kindsText = Object.entries(kinds).map(([kind, count]) => `${kind}=${String(count)}`).join(" ");
    return [formatBytes(name), formatPattern(parts, goesOn), entries, keyBytes, valueBytes, storedBytes ?? "", valueSizes.p50, valueSizes.p90, valueSizes.p99, valueSizes.max, distinct.values, kindsText, largest === null ? "" : formatBytes(largest.key)];
  }));
  return [COLUMNS, ...lines].map((line) => `${line.map(csvCell).join(",")}\n`).join("");
}

function csvCell(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text;
}
