/** Looking single keys up in a dump, by its index, or in a store. */
import type { EntrySource } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import { iterateEntries } from "../../format/index.js";
import { isDirectory } from "../disk/names.js";
import { openSource, type ReadingOptions } from "../disk/stores.js";
import type { DumpInput } from "../dump/input.js";
import { type Dump, openInput } from "../dump/open-dump.js";
import { type KeyspaceName, nameBytes, selectKeyspaces } from "../entries/keyspaces.js";
import { valueOf } from "../entries/store-scan.js";

/** What is looked into, and how. */
export interface LookupOptions extends ReadingOptions {
  /** A dump's path, or its bytes, which go into a temporary file first; or the directory of a RocksDB or sled store. */
  readonly input: DumpInput;
  /** Only these keyspaces; all when undefined. */
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  /** Decoded bytes that a block may have; default: the format's limit. */
  readonly maxBlockSize?: number | undefined;
  /** Ends it, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An entry that was found. */
interface Found {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Finds entries wherever they are: in the first keyspace that has them. */
export interface Lookup extends AsyncDisposable {
  /** Its value; null when it is nowhere. */
  get(key: Uint8Array): Promise<Uint8Array | null>;
  /** Entries whose keys begin so, at most so many. */
  startingWith(prefix: Uint8Array, limit: number): Promise<Found[]>;
}

/** Opens a dump or a store. @throws {KgdumpError} KEYSPACE_UNKNOWN, DUMP_*, STORE_*, NOT_FOUND, … */
export async function openLookup(options: LookupOptions): Promise<Lookup> {
  const { input, ttl, paranoid, keyspaces } = options;
  if (typeof input === "string" && (await isDirectory(input))) {
    const source = await openSource(input, { ttl, paranoid, only: keyspaces?.map(nameBytes) });
    return new StoreLookup(source, chosen(source.info.keyspaces, options), options.signal);
  }
  const dump = await openInput(input, options);
  if (dump.header.kind === "delta") {
    await dump.close();
    throw new KgdumpError("USAGE", "the dump is a delta, which has only what changed", { hint: "name the full dump, or a store" });
  }
  return new DumpLookup(dump, chosen(dump.header.keyspaces, options));
}

/** Looks into a dump that is open, and stays so. @param keyspaces to look in, in turn */
export function lookupInDump(dump: Dump, keyspaces: readonly Uint8Array[]): Lookup {
  return new DumpLookup(dump, keyspaces);
}

/** Looks into a store that is open, and stays so. @param keyspaces to look in, in turn */
export function lookupInStore(store: EntrySource, keyspaces: readonly Uint8Array[]): Lookup {
  return new StoreLookup(store, keyspaces, undefined);
}

function chosen(keyspaces: readonly { readonly name: Uint8Array }[], { keyspaces: only }: LookupOptions): Uint8Array[] {
  const selected = selectKeyspaces(keyspaces.map(({ name }) => name), { only });
  return keyspaces.flatMap(({ name }, index) => (selected[index] === true ? [name] : []));
}

class DumpLookup implements Lookup {
  readonly #dump: Dump;
  readonly #keyspaces: readonly Uint8Array[];

  constructor(dump: Dump, keyspaces: readonly Uint8Array[]) {
    this.#dump = dump;
    this.#keyspaces = keyspaces;
  }

  async get(key: Uint8Array): Promise<Uint8Array | null> {
    for (const keyspace of this.#keyspaces) {
      const value = await this.#dump.get(keyspace, key);
      if (value instanceof Uint8Array) return value;
    }
    return null;
  }

  async startingWith(prefix: Uint8Array, limit: number): Promise<Found[]> {
    const found: Found[] = [];
    for await (const { key, value } of this.#dump.entries({ keyspaces: this.#keyspaces, prefix, limit })) if (value !== null) found.push({ key, value });
    return found;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dump.close();
  }
}

/** Bytes of a block in which one entry is looked for. */
const BLOCK_SIZE = 4096;

class StoreLookup implements Lookup {
  readonly #store: EntrySource;
  readonly #keyspaces: readonly Uint8Array[];
  readonly #signal: AbortSignal | undefined;

  constructor(store: EntrySource, keyspaces: readonly Uint8Array[], signal: AbortSignal | undefined) {
    this.#store = store;
    this.#keyspaces = keyspaces;
    this.#signal = signal;
  }

  async get(key: Uint8Array): Promise<Uint8Array | null> {
    for (const keyspace of this.#keyspaces) {
      const value = await valueOf(this.#store, keyspace, key, this.#signal);
      if (value instanceof Uint8Array) return value;
    }
    return null;
  }

  async startingWith(prefix: Uint8Array, limit: number): Promise<Found[]> {
    const found: Found[] = [];
    for (const keyspace of this.#keyspaces) {
      if (found.length >= limit) break;
      for await (const block of this.#store.scan(keyspace, { blockSize: BLOCK_SIZE, prefix, limit: limit - found.length, signal: this.#signal })) {
        for (const { key, value } of iterateEntries(block.data)) if (value !== null) found.push({ key: Uint8Array.from(key), value: Uint8Array.from(value) });
        block.release();
      }
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}
