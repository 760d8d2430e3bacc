/** Choosing entries by key. */
import type { KeyOrder } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { nameText } from "../../name-text.js";

/** Which entries of each keyspace to take. Bounds are in the keyspace's own order. */
export interface EntryFilter {
  /** Only keys that start with these bytes. */
  readonly prefix?: Uint8Array | undefined;
  /** First key, inclusive. */
  readonly from?: Uint8Array | undefined;
  /** End key, exclusive. */
  readonly to?: Uint8Array | undefined;
  /** Entries at most, over all keyspaces. */
  readonly limit?: number | undefined;
}

/**
 * Fails when no key can be in a range, in the order of any of the keyspaces.
 * @param words what the two bounds are called where they were given
 * @throws {KgdumpError} USAGE
 */
export function refuseEmptyRange({ from, to }: EntryFilter, keyspaces: readonly { readonly comparator: KeyOrder }[], [first, end]: readonly [string, string] = ["--from", "--to"]): void {
  if (from === undefined || to === undefined || keyspaces.length === 0) return;
  const order = Buffer.compare(from, to);
  if (order !== 0 && keyspaces.some(({ comparator }) => (comparator === "bytewise" ? order < 0 : order > 0))) return;
  const why = order === 0 ? `${first} and ${end} are the same key` : `${first} comes after ${end}`;
  throw new KgdumpError("USAGE", `${why}: no key is between them`, { hint: `${first} is the first key that is taken, ${end} the first one that is not` });
}

/** Bytes of a key that a header shows: of all three together it has room for 64 KiB. */
const SHOWN = 4096;

/** What a dump's header says of the part of the store that it holds; null when it holds all. */
export function describeFilter(filter: EntryFilter, keyspacesLeftOut: boolean): string | null {
  const hex = (key: Uint8Array): string => Buffer.from(key.subarray(0, SHOWN)).toString("hex") + (key.length > SHOWN ? `… (${String(key.length)} bytes)` : "");
  const parts = [
    ...(keyspacesLeftOut ? ["some keyspaces"] : []),
    ...(filter.prefix === undefined ? [] : [`prefix=hex:${hex(filter.prefix)}`]),
    ...(filter.from === undefined ? [] : [`from=hex:${hex(filter.from)}`]),
    ...(filter.to === undefined ? [] : [`to=hex:${hex(filter.to)}`]),
    ...(filter.limit === undefined ? [] : [`limit=${filter.limit.toString()}`]),
  ];
  return parts.length === 0 ? null : parts.join(" ");
}

/** Whether `key` starts with `prefix`. */
export function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;
}

/** Bytes of a key that a warning shows. */
const SHOWN_TO_PEOPLE = 64;

/**
 * The warning that nothing fits what was asked for, or none.
 * @param place what was searched, such as "the store"
 * @param asked what was asked for; some: whether that was some keyspaces only
 * @param entries how many were found
 * @param then what became of that
 */
export function emptyWarnings(place: string, asked: EntryFilter & { readonly some: boolean }, entries: number, then?: string): string[] {
  const key = (name: string, bytes: Uint8Array | undefined): string[] =>
    bytes === undefined ? [] : [`${name} ${nameText(bytes.subarray(0, SHOWN_TO_PEOPLE))}${bytes.length > SHOWN_TO_PEOPLE ? "…" : ""}`];
  const parts = [...(asked.some ? ["some keyspaces"] : []), ...key("prefix", asked.prefix), ...key("from", asked.from), ...key("to", asked.to)];
  if (entries > 0 || parts.length === 0) return [];
  return [`nothing in ${place} fits what was asked for (${parts.join(", ")})${then === undefined ? "" : `: ${then}`}`];
}
