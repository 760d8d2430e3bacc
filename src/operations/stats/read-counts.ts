/** What the addon counted, as objects. */
import { createHash } from "node:crypto";
import type { KeyOrder } from "../../engines/store.js";
import type { ChosenEntry, JsonPlace, JsonShape, KeyPart, KeyspaceStats, NamedEntry, PrefixStats } from "./results.js";

interface CountedEntry {
  readonly key: string;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

interface CountedChoice extends CountedEntry {
  readonly keyspace: number;
  readonly value: string | null;
}

type CountedPart =
  | { readonly word: string }
  | { readonly class: "number" | "hex" | "text" | "tag" | "uuid" | "bytes"; readonly end: string }
  | { readonly class: "fixed"; readonly end: string; readonly width: number; readonly uuids: boolean; readonly least: string; readonly most: string }
  | { readonly class: "rest" };

interface CountedPrefix extends Pick<PrefixStats, "entries" | "keyBytes" | "valueBytes" | "keySizes" | "valueSizes" | "kinds"> {
  readonly parts: readonly CountedPart[];
  readonly storedBytes: number;
  readonly distinct: number;
  readonly distinctIsExact: boolean;
  readonly largest: CountedEntry | null;
  readonly shape: { readonly beyond: number; readonly root: JsonPlace } | null;
  readonly below: readonly CountedPrefix[];
}

interface CountedKeyspace {
  readonly seen: number;
  readonly givenUp: number;
  readonly largest: readonly CountedEntry[];
  readonly prefixes: CountedPrefix;
}

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));

/**
 * Reads what was counted of a keyspace.
 * @param counted as the addon tells it
 * @param isStored whether it has a size in a dump
 */
export function readKeyspace(counted: unknown, keyspace: { readonly name: Uint8Array; readonly comparator: KeyOrder }, whole: boolean, isStored: boolean): KeyspaceStats {
  const { seen, givenUp, largest, prefixes } = counted as CountedKeyspace;
  const { name, comparator } = keyspace;
  return { name, comparator, whole, read: seen, givenUp, largest: largest.map(readEntry), prefixes: readPrefix(prefixes, isStored, false) };
}

/** Reads which entries were chosen. @param keyspaces those that were counted, in their order */
export function readSamples(counted: unknown, keyspaces: readonly { readonly name: Uint8Array }[]): ChosenEntry[] {
  return (counted as readonly CountedChoice[]).map(({ keyspace, value, ...entry }) => ({
    ...readEntry(entry),
    keyspace: keyspaces[keyspace]?.name ?? new Uint8Array(0),
    value: value === null ? null : bytesOf(value),
  }));
}

function readEntry({ key, keyBytes, valueBytes }: CountedEntry): NamedEntry {
  return { key: bytesOf(key), keyBytes, valueBytes };
}

/** @param named whether the prefix above ends with a colon, behind which 16 bytes are a UUID wherever keys are shown */
function readPrefix({ parts, storedBytes, distinct, distinctIsExact, largest, shape, below, ...sums }: CountedPrefix, isStored: boolean, named: boolean): PrefixStats {
  const read = readParts(parts, named);
  const last = read.at(-1);
  const goesOn = last === undefined ? named : endsNamed(last);
  return {
    ...sums,
    parts: read,
    storedBytes: isStored ? storedBytes : null,
    distinct: { values: distinct, exact: distinctIsExact },
    largest: largest === null ? null : readEntry(largest),
    shape: shape === null ? null : { ...shape, signature: signatureOf(shape) },
    below: below.map((prefix) => readPrefix(prefix, isStored, goesOn)),
  };
}

const COLON = 0x3a;

function endsNamed({ bytes }: KeyPart): boolean {
  return bytes?.at(-1) === COLON;
}

/** Parts, of which literal ones that follow one another are one. */
function readParts(counted: readonly CountedPart[], named: boolean): KeyPart[] {
  const parts: KeyPart[] = [];
  const put = (part: KeyPart): void => {
    const last = parts.at(-1);
    if (last?.kind !== "literal" || part.kind !== "literal") parts.push(part);
    else parts[parts.length - 1] = literal(Buffer.concat([last.bytes ?? Buffer.alloc(0), part.bytes ?? Buffer.alloc(0)]));
  };
  for (const part of counted) {
    const last = parts.at(-1);
    put("word" in part ? literal(bytesOf(part.word)) : classOf(part, last === undefined ? named : endsNamed(last)));
    if ("end" in part && part.end !== "") put(literal(bytesOf(part.end)));
  }
  return parts;
}

function literal(bytes: Uint8Array): KeyPart {
  return { kind: "literal", bytes: new Uint8Array(bytes), width: bytes.length };
}

/** Numbers that count things, or are moments in milli- or microseconds: larger ones are rather bytes by chance. */
const LARGEST_COUNT = 2n ** 52n;

function classOf(part: Exclude<CountedPart, { readonly word: string }>, named: boolean): KeyPart {
  if (part.class === "tag") return { kind: "bytes", bytes: null, width: 1 };
  if (part.class !== "fixed") return { kind: part.class === "uuid" ? "uuid-text" : part.class, bytes: null, width: part.class === "uuid" ? 36 : null };
  const { width, uuids, most } = part;
  if (width === 16 && (uuids || named)) return { kind: "uuid", bytes: null, width };
  return { kind: width === 8 && BigInt(most) < LARGEST_COUNT ? "integer" : "bytes", bytes: null, width };
}

/** What is the same for shapes with the same paths and types. */
function signatureOf({ root }: Pick<JsonShape, "root">): string {
  const hash = createHash("sha256");
  const walk = ({ types, fields, items }: JsonPlace, path: string): void => {
    hash.update(`${path}\0${Object.keys(types).sort().join(",")}\0`);
    for (const { name, value } of fields.toSorted((a, b) => (a.name < b.name ? -1 : 1))) walk(value, `${path}.${JSON.stringify(name)}`);
    if (items !== null) walk(items, `${path}[]`);
  };
  walk(root, "");
  return hash.digest("hex").slice(0, 16);
}
