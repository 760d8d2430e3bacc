/** What `kgdump inspect` looks into: a dump, or a store. */
import type { DumpEntry } from "../../operations/dump/entries.js";
import type { ReadOptions } from "../../operations/dump/read.js";
import type { ListStoreOptions } from "../../operations/inspect/store.js";
import type { Context } from "../context.js";
import type { InspectFlags } from "./inspect-flags.js";

/** Where entries are looked for. */
export interface Subject {
  /** What it is in a sentence. */
  readonly title: "the dump" | "the store";
  /** Its path; undefined for a stream, which can be gone through once. */
  readonly path: string | undefined;
  /** The entries that are asked for. */
  readonly list: () => Promise<AsyncIterable<DumpEntry>>;
  /** One entry; undefined when it is not there. */
  readonly get: (key: Uint8Array) => Promise<DumpEntry | undefined>;
}

/** Options of both that choose entries. */
const choice = ({ columnFamily: keyspaces, prefix, limit, reverse }: InspectFlags): Pick<ListStoreOptions, "keyspaces" | "prefix" | "limit" | "reverse"> => ({ keyspaces, prefix, limit, reverse });

/** A dump, as a file or a stream. */
export function dumpSubject(source: ReadOptions, flags: InspectFlags): Subject {
  const { input, maxBlockSize, signal } = source;
  return {
    title: "the dump",
    path: typeof input === "string" ? input : undefined,
    list: async () => (await import("../../operations/inspect/entries.js")).listEntries({ ...source, ...choice(flags) }),
    get: async (key) => (await import("../../operations/inspect/entries.js")).getEntry({ input, key, keyspaces: flags.columnFamily, maxBlockSize, signal }),
  };
}

/** A store, which is only read. */
export function storeSubject(context: Context, store: string, flags: InspectFlags): Subject {
  const told = new Set<string>();
  const onWarning = (warning: string): void => {
    if (!told.has(warning)) context.warn(warning);
    told.add(warning);
  };
  const options = { store, ttl: flags.ttl, paranoid: flags.paranoid, onWarning, signal: context.signal };
  return {
    title: "the store",
    path: store,
    list: async () => (await import("../../operations/inspect/store.js")).listStoreEntries({ ...options, ...choice(flags) }),
    get: async (key) => (await import("../../operations/inspect/store.js")).getStoreEntry({ ...options, key, keyspaces: flags.columnFamily }),
  };
}
