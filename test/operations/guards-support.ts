/** Faults between an operation and the stores that it writes. */
import type { EntryLoader } from "#src/engines/store.js";
import { type Entry, encodeEntries, iterateEntries } from "#src/format/entries.js";
import type { Seams } from "#src/operations/run/seams.js";

/** The real one, but for these methods. */
export function instead<T extends object>(real: T, methods: Partial<T>): T {
  return new Proxy(real, {
    get: (target, name): unknown => {
      const own: unknown = Reflect.get(methods, name);
      if (own !== undefined) return own;
      const found: unknown = Reflect.get(target, name, target);
      // What is private is known to the real one only.
      return typeof found === "function" ? (found.bind(target) as unknown) : found;
    },
  });
}

/** What becomes of the entries of a block. */
export type Change = (entries: Entry[]) => Entry[];

/** Without the last. */
export const lose: Change = (entries) => entries.slice(0, -1);
/** Without the first when it is put, with it when it is removed. */
export const alter: Change = (entries) => entries.map((entry, index) => (index === 0 ? { ...entry, value: entry.value === null ? Buffer.from("kept") : null } : entry)).filter(({ value }) => value !== null);
/** The values in the reverse order. */
export const swap: Change = (entries) => entries.map((entry, index) => ({ ...entry, value: entries[entries.length - 1 - index]?.value ?? null }));
/** The first value is another. */
export const another: Change = (entries) => entries.map((entry, index) => (index === 0 && entry.value !== null ? { ...entry, value: Buffer.from(`${Buffer.from(entry.value).toString()}!`) } : entry));
/** One that nobody wrote. */
export const more: Change = (entries) => [...entries, { key: Buffer.alloc(40, 255), value: Buffer.from("1") }];

/** A block with a change in it; the rest of the keyspace as it is. */
export function changed(block: Uint8Array, change: Change): Uint8Array {
  const entries = [...iterateEntries(block)].map(({ key, value }) => ({ key: Buffer.from(key), value: value === null ? null : Buffer.from(value) }));
  return encodeEntries(change(entries));
}

/** A loader that changes each block, and says that it has loaded what it was given. */
export function loaderThat(change: Change): Seams {
  let missing = 0;
  const count = (block: Uint8Array): number => [...iterateEntries(block)].length;
  return {
    loader: (real) =>
      instead<EntryLoader>(real, {
        load: (block) => {
          const other = changed(block, change);
          missing += count(block) - count(other);
          return count(other) === 0 ? Promise.resolve() : real.load(other);
        },
        finishKeyspace: async () => {
          const loaded = await real.finishKeyspace();
          const said = loaded + missing;
          missing = 0;
          return said;
        },
      }),
  };
}

/** What a loader may do wrong without a word. */
export const WRONG_LOADERS: Readonly<Record<string, Seams>> = { "loses an entry": loaderThat(lose), "gives another value": loaderThat(another), "swaps values": loaderThat(swap), "adds an entry": loaderThat(more) };
