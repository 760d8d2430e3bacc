/** The statistics of entries, computed once more and in the plainest way: all entries in memory, sorted sizes, sets of values. */
import type { KeyPart, PrefixStats, SizeStats } from "#src/operations/stats/results.js";

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** The quantile of sorted sizes by nearest rank. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}

export function sizesOf(sizes: readonly number[]): SizeStats {
  const sorted = sizes.toSorted((a, b) => a - b);
  return { min: sorted[0] ?? 0, p50: quantile(sorted, 0.5), p90: quantile(sorted, 0.9), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? 0 };
}

function jsonKind(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? "json-array" : typeof value === "object" && value !== null ? "json-object" : "json-other";
  } catch {
    return null;
  }
}

/** The kind of a value as far as it is no guess; null for what is binary in any way. */
export function kindOf(value: Uint8Array | null): string | null {
  if (value === null) return "deleted";
  if (value.length === 0) return "empty";
  const bytes = Buffer.from(value);
  const text = bytes.toString("utf8");
  if (Buffer.from(text).equals(bytes)) {
    const json = jsonKind(text);
    if (json !== null) return json;
    if (bytes.every((byte) => (byte >= 0x20 && byte !== 0x7f) || [9, 10, 13].includes(byte))) return "text";
  }
  return { 1: "integer-8", 2: "integer-16", 4: "integer-32", 8: "integer-64" }[value.length] ?? null;
}

/** What is wrong with the sums of a prefix of which these are the entries. */
export function wrongSums(prefix: PrefixStats, entries: readonly Entry[]): string[] {
  const wrong: string[] = [];
  const check = (what: string, found: unknown, wanted: unknown): void => {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) wrong.push(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
  };
  const values = entries.flatMap(({ value }) => (value === null ? [] : [value]));
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
  check("entries", prefix.entries, entries.length);
  check("key bytes", prefix.keyBytes, sum(entries.map(({ key }) => key.length)));
  check("value bytes", prefix.valueBytes, sum(values.map((value) => value.length)));
  for (const [found, wanted, of] of [[prefix.keySizes, sizesOf(entries.map(({ key }) => key.length)), "keys"], [prefix.valueSizes, sizesOf(values.map((value) => value.length)), "values"]] as const) {
    check(`ends of ${of}`, [found.min, found.max], [wanted.min, wanted.max]);
    for (const name of ["p50", "p90", "p99"] as const) if (Math.abs(found[name] - wanted[name]) > wanted[name] / 100) wrong.push(`${name} of ${of}: ${String(found[name])}, not ${String(wanted[name])}`);
  }
  const sure = new Map<string, number>();
  for (const { value } of entries) {
    const kind = kindOf(value);
    if (kind !== null) sure.set(kind, (sure.get(kind) ?? 0) + 1);
  }
  const guesses = ["uuid", "msgpack", "protobuf", "bincode", "binary"];
  const kinds: Readonly<Record<string, number>> = prefix.kinds;
  const found = Object.entries(kinds).filter(([kind]) => !guesses.includes(kind)).sort();
  check("kinds", found, [...sure].sort());
  check("all kinds", sum(Object.values(kinds)), entries.length);
  const distinct = new Set(values.map((value) => Buffer.from(value).toString("latin1"))).size;
  if (prefix.distinct.exact ? prefix.distinct.values !== distinct : Math.abs(prefix.distinct.values - distinct) > distinct * 0.08) wrong.push(`distinct: ${JSON.stringify(prefix.distinct)}, not ${String(distinct)}`);
  const largest = entries.reduce<Entry | null>((most, entry) => (most === null || (entry.value?.length ?? 0) > (most.value?.length ?? 0) ? entry : most), null);
  check("largest", prefix.largest === null ? null : Buffer.from(prefix.largest.key).toString("hex"), largest === null ? null : Buffer.from(largest.key.subarray(0, 1024)).toString("hex"));
  return wrong;
}

const CLASSES: Readonly<Record<Exclude<KeyPart["kind"], "literal" | "uuid" | "integer" | "bytes">, string>> = {
  number: "[0-9]+",
  hex: "[0-9a-fA-F]+",
  // Of any length: bytes that are no text have classes of their own.
  text: "[^]*?",
  "uuid-text": "[0-9a-fA-F-]{36}",
  rest: "[^]*",
};

/** An expression that each key of the parts fits, with keys as Latin-1. */
export function expressionOf(parts: readonly KeyPart[]): RegExp {
  const source = parts.map(({ kind, bytes, width }) => {
    if (kind === "literal") return [...(bytes ?? [])].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
    return kind === "uuid" || kind === "integer" || kind === "bytes" ? `[^]${width === null ? "*" : `{${String(width)}}`}` : CLASSES[kind];
  });
  return new RegExp(`^${source.join("")}$`);
}
