/** Choosing entries by key. */
import type { KeyOrder } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";

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
  const why = order === 0 ? `${first} and ${end} are the same key` : `${first} is a key behind ${end}`;
  throw new KgdumpError("USAGE", `${why}: nothing is between them`, { hint: `${first} is the first key that is taken, ${end} the first one that is not` });
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

/** The warning about a dump that nothing fits what was asked for, or none. @param filter as the header tells it */
export function emptyWarnings(filter: string | null, totals: readonly { readonly entries: number }[]): string[] {
  if (filter === null || totals.some(({ entries }) => entries > 0)) return [];
  return [`nothing in the store fits what was asked for (${filter}): the dump is empty`];
}
