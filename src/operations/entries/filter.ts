/** Choosing entries by key. */

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
