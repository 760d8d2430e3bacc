/** Looking at arguments: what is none of what a function takes is refused by its name, before anything is done. */
import type { Writable } from "node:stream";
import { inspect } from "node:util";
import { KgdumpError } from "../errors.js";
import type { DumpInputs } from "../operations/dump/events.js";
import type { DumpInput } from "../operations/dump/input.js";
import type { KeyspaceName } from "../operations/entries/keyspaces.js";
import type { KeyspaceMap, NamePattern } from "../operations/entries/naming.js";
import { publish } from "./public.js";

/**
 * Looks at an argument and gives it as operations take it.
 * @param name of the function and of the argument, for errors
 * @throws {KgdumpError} USAGE
 */
export type Check<T> = (value: unknown, name: string) => T;

/** The error for an argument. @param wanted what it must be, as in "must be …" */
export function wrong(name: string, wanted: string, value: unknown, hint?: string): KgdumpError {
  return new KgdumpError("USAGE", `${name} must be ${wanted}, not ${described(value)}`, { hint });
}

function described(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? `${String(value)}n` : String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  const maker: unknown = value.constructor;
  const kind = typeof maker === "function" && maker !== Object ? `${/^[AEIO]/.test(maker.name) ? "an" : "a"} ${maker.name}` : "an object";
  return value instanceof Date ? inspect(value) : kind;
}

/** Whether it is an object of names and values, and nothing else. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What may be left out. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, name) => (value === undefined ? undefined : check(value, name));
}

/** The path of a file or directory. */
export const path: Check<string> = (value, name) => {
  if (value instanceof URL) throw wrong(name, "a path", value, "turn a file: URL into its path with fileURLToPath of node:url");
  if (typeof value !== "string") throw wrong(name, "a path", value);
  if (value === "") throw new KgdumpError("USAGE", `${name} is an empty path`, { hint: "name a file or directory" });
  if (value.includes("\0")) throw new KgdumpError("USAGE", `${name} is a path with a zero byte, which no path can have`);
  return value;
};

/** Paths, of which there is one at least. */
export const paths: Check<readonly string[]> = (value, name) => {
  if (!Array.isArray(value) || value.length === 0) throw wrong(name, "a list of paths", value);
  return value.map((one, index) => path(one, `${name}[${index}]`));
};

/** One path, or several. */
export const pathOrPaths: Check<string | readonly string[]> = (value, name) => (Array.isArray(value) ? paths(value, name) : path(value, name));

const INPUT = "a path or a stream of bytes";

/** A dump: its path, or a stream of its bytes. */
export const input: Check<DumpInput> = (value, name) => {
  if (typeof value === "string" || value instanceof URL) return path(value, name);
  if (isStream(value)) return bytesOf(value, name);
  const hint = value instanceof Uint8Array ? "bytes in memory are a stream with Readable.from([bytes]) of node:stream" : undefined;
  throw wrong(name, INPUT, value, hint);
};

/** A dump, or the paths of a full dump and of the deltas that follow it. */
export const inputs: Check<DumpInputs> = (value, name) => {
  if (Array.isArray(value)) return paths(value, name);
  return input(value, name);
};

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value && typeof value[Symbol.asyncIterator] === "function";
}

function bytesOf(stream: AsyncIterable<unknown>, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  // A stream of Node that fails before it is read would end the process; whoever reads it gets the error anyway.
  if ("on" in stream && typeof stream.on === "function") (stream as unknown as NodeJS.EventEmitter).on("error", () => undefined);
  return chunksOf(stream, name);
}

async function* chunksOf(stream: AsyncIterable<unknown>, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of stream) {
    if (chunk instanceof Uint8Array) yield chunk;
    else throw wrong(name, "a stream of bytes", chunk, typeof chunk === "string" ? "leave out the stream's encoding, so that its bytes stay bytes" : undefined);
  }
}

/** Where a dump goes: a path, or a stream that is open for writing. */
export const output: Check<string | Writable> = (value, name) => {
  if (typeof value === "string" || value instanceof URL) return path(value, name);
  const isWritable = typeof value === "object" && value !== null && "write" in value && typeof value.write === "function" && "end" in value && typeof value.end === "function" && "on" in value;
  if (isWritable) return value as unknown as Writable;
  throw wrong(name, "a path or a Writable of node:stream", value);
};

/** Bytes, or text as UTF-8. */
export const bytes: Check<Uint8Array> = (value, name) => {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== "string") throw wrong(name, "bytes (a Buffer or another Uint8Array) or text", value);
  const found = Buffer.from(value, "utf8");
  // Half of a surrogate pair is no character: it would become another one.
  if (found.toString("utf8") !== value) throw new KgdumpError("USAGE", `${name} is text that can't be written as UTF-8`, { hint: "give it as bytes" });
  return found;
};

/** The name of a keyspace. */
export const keyspace: Check<KeyspaceName> = bytes;

/** Names of keyspaces. */
export const keyspaces: Check<readonly KeyspaceName[]> = (value, name) => {
  if (!Array.isArray(value)) throw wrong(name, "a list of names", value, "put one name into a list, too: [\"nodes\"]");
  return value.map((one, index) => keyspace(one, `${name}[${index}]`));
};

/** Other names for keyspaces: a Map, or a plain object with names that are text. */
export const map: Check<KeyspaceMap> = (value, name) => {
  if (!(value instanceof Map) && !isRecord(value)) throw wrong(name, "a Map or an object of names", value);
  const pairs: Iterable<readonly [unknown, unknown]> = value instanceof Map ? (value as Map<unknown, unknown>) : Object.entries(value);
  return new Map(Array.from(pairs, ([from, to]) => [side(from, `a name in ${name}`), side(to, `a new name in ${name}`)]));
};

const side: Check<KeyspaceName | NamePattern> = (value, name) => {
  if (typeof value !== "object" || value === null || !("before" in value) || !("after" in value)) return keyspace(value, name);
  return { before: bytes(value.before, `${name}: before`), after: bytes(value.after, `${name}: after`) };
};

/** Yes or no. */
export const flag: Check<boolean> = (value, name) => {
  if (typeof value === "boolean") return value;
  throw wrong(name, "true or false", value);
};

/** Some text. */
export const text: Check<string> = (value, name) => {
  if (typeof value === "string") return value;
  throw wrong(name, "text", value);
};

/** A whole number. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER): Check<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return (value, name) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw wrong(name, `a whole number ${range}`, value);
  };
}

/** A number that is not below 0. */
export const seconds: Check<number> = (value, name) => {
  if (typeof value === "number" && value >= 0) return value;
  throw wrong(name, "a number of at least 0", value);
};

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): Check<T> {
  return (value, name) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw wrong(name, words.length === 1 ? JSON.stringify(words[0]) : `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`, value);
  };
}

/** A moment. */
export const date: Check<Date> = (value, name) => {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
  throw wrong(name, "a valid Date", value);
};

/** A UUID as text. */
export const uuid: Check<string> = (value, name) => {
  if (typeof value === "string" && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) return value.toLowerCase();
  throw wrong(name, "a UUID such as 0f8fad5b-d9cb-469f-a165-70867728950e", value);
};

/** Who may stop it. */
export const signal: Check<AbortSignal> = (value, name) => {
  if (value instanceof AbortSignal) return value;
  throw wrong(name, "an AbortSignal", value, value instanceof AbortController ? "give the controller's signal" : undefined);
};

/** A function that is told something, as the library tells it. */
export const listener: Check<(told: unknown) => void> = (value, name) => {
  if (typeof value !== "function") throw wrong(name, "a function", value);
  const listen = value as (told: unknown) => void;
  return (told) => { listen(publish(told)); };
};

/** A function that is told two texts. */
export const tellTwo: Check<(first: string, second: string) => void> = (value, name) => {
  if (typeof value === "function") return value as (first: string, second: string) => void;
  throw wrong(name, "a function", value);
};
