/** The rows of a store, which is only read: each page is a scan of its own, from one key on. */
import type { EntrySource, KeyOrder, KeyspaceInfo, ScanOptions } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { iterateEntries } from "../../../format/index.js";
import { engineNamed } from "../../../engines/registry.js";
import { openSource, type ReadingOptions } from "../../../operations/disk/stores.js";
import { type KeyspaceName, nameBytes, selectKeyspaces } from "../../../operations/entries/keyspaces.js";
import { prefixSamples } from "../../../operations/entries/prefix-jumps.js";
import { valueOf } from "../../../operations/entries/store-scan.js";
import { lookupInStore } from "../../../operations/relations/lookup.js";
import { EntrySearch } from "../../../operations/stats/native.js";
import type { GraphLayout } from "../../../settings/graph-layout.js";
import { aroundIn } from "./around.js";
import { lastBefore } from "./last-before.js";
import type { Around, BrowsedKeyspace, BrowsedPrefixes, MatchRequest, PageRequest, Place, Row, Rows } from "./rows.js";

/** Encoded bytes of a block for a list, and for a search. */
const LIST_BLOCK = 64 * 1024;
const SEARCH_BLOCK = 1024 * 1024;
/** Prefixes that are told at once, and jumps from one to the next that are made for them. */
const PREFIXES = 200;
const JUMPS = 1000;

/** What is opened, and how. */
export interface StoreRowsOptions extends ReadingOptions {
  readonly path: string;
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  readonly layout: GraphLayout;
  /** Is told what a user should know of the store. */
  readonly onWarning: (warning: string) => void;
}

/** Opens a store. @throws {KgdumpError} STORE_*, KEYSPACE_UNKNOWN, PERMISSION_DENIED, IO_FAILED */
export async function openStoreRows({ path, ttl, paranoid, keyspaces, layout, onWarning }: StoreRowsOptions): Promise<Rows> {
  const source = await openSource(path, { ttl, paranoid, only: keyspaces?.map(nameBytes) });
  try {
    for (const warning of source.info.warnings) onWarning(warning);
    const selected = selectKeyspaces(source.info.keyspaces.map(({ name }) => name), { only: keyspaces });
    return new StoreRows(source, source.info.keyspaces.filter((_, index) => selected[index] === true), layout);
  } catch (error) {
    await source.close();
    throw error;
  }
}

class StoreRows implements Rows {
  readonly kind: string;
  readonly keyspaces: readonly BrowsedKeyspace[];
  readonly #source: EntrySource;
  readonly #infos: readonly KeyspaceInfo[];
  readonly #layout: GraphLayout;
  /** Whether the engine scans towards the first key; null until it was asked. */
  #scansBack: boolean | null = null;

  constructor(source: EntrySource, infos: readonly KeyspaceInfo[], layout: GraphLayout) {
    this.#source = source;
    this.#infos = infos;
    this.#layout = layout;
    const { title, estimates } = engineNamed(source.info.engine);
    this.kind = `${title} store`;
    this.keyspaces = infos.map(({ name, estimatedEntries }) => ({ name, entries: estimates ? estimatedEntries : null, estimated: true }));
  }

  async prefixes({ keyspace, prefix }: Place): Promise<BrowsedPrefixes> {
    const { prefixes, more } = await prefixSamples(this.#source, this.#info(keyspace), { within: prefix, most: PREFIXES, mostKeys: JUMPS });
    return { prefixes: prefixes.filter((one) => one.prefix.length > prefix.length).map((one) => ({ prefix: one.prefix, entries: null, estimated: true })), more };
  }

  async page({ keyspace, prefix, key, back, limit }: PageRequest): Promise<readonly Row[]> {
    const options = { blockSize: LIST_BLOCK, prefix };
    if (!back) return this.#scan(keyspace, { ...options, from: key, limit });
    const { comparator } = this.#info(keyspace);
    if (this.#scansBack !== false) {
      try {
        const rows = await this.#scan(keyspace, { ...options, from: key, order: turned(comparator), limit: limit + 1 });
        this.#scansBack = true;
        return rows.filter((row) => key === undefined || Buffer.compare(row.key, key) !== 0).slice(0, limit).reverse();
      } catch (error) {
        if (!(error instanceof KgdumpError) || error.code !== "STORE_UNSUPPORTED") throw error;
        this.#scansBack = false;
      }
    }
    return lastBefore((from, most) => this.#scan(keyspace, { ...options, from, to: key, limit: most }), { prefix, order: comparator, key, limit });
  }

  async #scan(keyspace: number, options: ScanOptions): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const block of this.#source.scan(this.#info(keyspace).name, { ...options, part: true })) {
      for (const { key, value } of iterateEntries(block.data)) rows.push({ key: Uint8Array.from(key), size: value?.length ?? null });
      block.release();
    }
    return rows;
  }

  value(keyspace: number, key: Uint8Array): Promise<Uint8Array | null | undefined> {
    return valueOf(this.#source, this.#info(keyspace).name, key);
  }

  async *matches({ keyspace, prefix, pattern, signal, onLooked }: MatchRequest): AsyncGenerator<Row, void, undefined> {
    const search = await EntrySearch.start(pattern);
    let looked = 0;
    for await (const block of this.#source.scan(this.#info(keyspace).name, { blockSize: SEARCH_BLOCK, prefix, part: true, signal })) {
      const places = new Set(await search.find(block.data, block.entries));
      let at = 0;
      for (const { key, value } of places.size === 0 ? [] : iterateEntries(block.data)) {
        if (places.has(at)) yield { key: Uint8Array.from(key), size: value?.length ?? null };
        at += 1;
      }
      onLooked(looked += block.entries);
      block.release();
    }
  }

  neighbours(node: Uint8Array): Promise<Around> {
    return aroundIn(lookupInStore(this.#source, this.#infos.map(({ name }) => name)), this.#layout, node);
  }

  #info(at: number): KeyspaceInfo {
    const info = this.#infos[at];
    if (info === undefined) throw new TypeError("a keyspace that is not there");
    return info;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.close();
  }
}

const turned = (order: KeyOrder): KeyOrder => (order === "bytewise" ? "reverse-bytewise" : "bytewise");
