/**
 * What operations give, as the library gives it: all bytes are Buffers, and beside each name that is bytes stands its text. What operations take, as
 * the library takes it: bytes may be text.
 */
import type { DumpBase as InnerBase, DumpHeader as InnerHeader, DumpSource as InnerSource, HeaderKeyspace as InnerKeyspace } from "../format/index.js";
import { nameText } from "../name-text.js";
import type { KeyspaceMap, NamePattern as InnerPattern } from "../operations/entries/naming.js";

/** Bytes that go in: a Buffer or any other Uint8Array, or text, which is taken as UTF-8. */
export type Bytes = Uint8Array | string;

/** All names that begin with some bytes and end with others, which don't overlap; what is between them stays, and may be nothing. */
export type NamePattern = Options<InnerPattern>;

/** Other names for keyspaces, by name or by pattern: a Map, or a plain object where all are text. What is named goes before patterns; of patterns the first that fits counts. */
export type NameMap = ReadonlyMap<Bytes | NamePattern, Bytes | NamePattern> | Readonly<Record<string, Bytes>>;

/** Properties that hold names as bytes. */
const NAMES = ["name", "keyspace", "keyspaceName", "tree", "family"] as const;

type NameKey = (typeof NAMES)[number];

type Leaf = string | number | bigint | boolean | symbol | null | undefined | Date | ReadonlyMap<string, string> | ((...args: never) => unknown);

/** The text of each name that is bytes, as `nameText` beside `name`: UTF-8, or with `\xNN` for its bytes where it is none. */
type Texts<T> = { readonly [K in keyof T & NameKey as T[K] extends Uint8Array | null ? `${K}Text` : never]: T[K] extends Uint8Array ? string : string | null };

/** An object whose bytes are Buffers, with the text of its names. */
export type Shown<T> = { readonly [K in keyof T]: Public<T[K]> } & Texts<T>;

/** What an operation gives, with all bytes as Buffers and text beside names. */
export type Public<T> = T extends Uint8Array ? Buffer
  : T extends Leaf ? T
    : T extends InnerHeader ? DumpHeader
      : T extends readonly (infer Item)[] ? readonly Public<Item>[]
        : Shown<T>;

/** Where the entries of a dump came from. */
export type DumpSource = Shown<InnerSource>;
/** One keyspace as a dump's header announces it. */
export type HeaderKeyspace = Shown<InnerKeyspace>;
/** The dump that a delta builds on. */
export type DumpBase = Shown<InnerBase>;

type HeaderFacts = Omit<InnerHeader, "kind" | "base">;

/** The header of a dump of all entries. */
export interface FullHeader extends Shown<HeaderFacts> {
  readonly kind: "full";
  /** Only a delta builds on another dump. */
  readonly base: null;
}

/** The header of a dump of what changed since another one. */
export interface DeltaHeader extends Shown<HeaderFacts> {
  readonly kind: "delta";
  /** The dump that it builds on. */
  readonly base: DumpBase;
}

/** All that is known of a dump before its first entry; `kind` tells the two apart. */
export type DumpHeader = FullHeader | DeltaHeader;

type GivenValue<T> = T extends Uint8Array ? Bytes : T extends KeyspaceMap ? NameMap : T extends (value: infer Value) => void ? (value: Public<Value>) => void : T;

/** Options of an operation as the library takes them, without what is given before them. */
export type Options<T, Subject extends PropertyKey = never> = { readonly [K in keyof T as Exclude<K, Subject | "seams">]: GivenValue<T[K]> };

/** A Buffer over the same bytes. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Gives what an operation gave, as the library does. */
export function publish<T>(value: T): Public<T> {
  return shown(value) as Public<T>;
}

function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return asBuffer(value);
  if (Array.isArray(value)) return value.map(shown);
  if (!isPlain(value)) return value;
  const made: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    made[key] = shown(item);
    if (!isName(key)) continue;
    if (item instanceof Uint8Array) made[`${key}Text`] = nameText(item);
    else if (item === null) made[`${key}Text`] = null;
  }
  return made;
}

function isName(key: string): boolean {
  return (NAMES as readonly string[]).includes(key);
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
