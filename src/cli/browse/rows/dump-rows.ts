/** The rows of a dump: its index is read when it is opened, and a block when something in it is looked at. */
import { type BlockInfo, compareKeys, type KeyOrder } from "../../../format/index.js";
import { withMixed } from "../../../operations/dump/mixed-blocks.js";
import { type Dump, openDump } from "../../../operations/dump/open-dump.js";
import { KeyRange } from "../../../operations/entries/key-range.js";
import { type KeyspaceName, selectKeyspaces } from "../../../operations/entries/keyspaces.js";
import { behindPrefix } from "../../../operations/entries/prefix-jumps.js";
import { PrefixTree } from "../../../operations/entries/prefixes.js";
import { lookupInDump } from "../../../operations/relations/lookup.js";
import { EntrySearch } from "../../../operations/stats/native.js";
import type { GraphLayout } from "../../../settings/graph-layout.js";
import { aroundIn } from "./around.js";
import { LoadedBlock } from "./loaded-block.js";
import type { Around, BrowsedKeyspace, BrowsedPrefixes, MatchRequest, PageRequest, Place, Row, Rows } from "./rows.js";

/** Bytes of blocks that are kept: what was looked at last. At least one block is, however large it is. */
const KEPT_BYTES = 32 * 1024 * 1024;

/** What is opened, and how. */
export interface DumpRowsOptions {
  readonly path: string;
  readonly maxBlockSize?: number | undefined;
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  readonly layout: GraphLayout;
}

interface Chosen extends BrowsedKeyspace {
  readonly order: KeyOrder;
}

/** Opens a dump. @throws {KgdumpError} DUMP_* when it is cut short or its index is damaged, USAGE when it is no regular file, KEYSPACE_UNKNOWN, … */
export async function openDumpRows({ path, maxBlockSize, keyspaces, layout }: DumpRowsOptions): Promise<Rows> {
  const dump = await openDump(path, { maxBlockSize });
  try {
    const selected = selectKeyspaces(dump.header.keyspaces.map(({ name }) => name), { only: keyspaces });
    const chosen = dump.header.keyspaces.flatMap(({ name, comparator }, index) => (selected[index] === true ? [{ name, order: comparator, entries: dump.footer.keyspaces[index]?.entries ?? 0, estimated: false }] : []));
    return new DumpRows(dump, chosen, layout);
  } catch (error) {
    await dump.close();
    throw error;
  }
}

class DumpRows implements Rows {
  readonly kind: string;
  readonly keyspaces: readonly Chosen[];
  readonly #dump: Dump;
  readonly #layout: GraphLayout;
  readonly #trees = new Map<number, Promise<PrefixTree>>();
  /** By the number of the block; that which was used last comes last. */
  readonly #kept = new Map<number, LoadedBlock>();

  constructor(dump: Dump, keyspaces: readonly Chosen[], layout: GraphLayout) {
    this.#dump = dump;
    this.keyspaces = keyspaces;
    this.#layout = layout;
    this.kind = dump.header.kind === "delta" ? "delta dump" : "dump";
  }

  async prefixes({ keyspace, prefix }: Place): Promise<BrowsedPrefixes> {
    let tree = this.#trees.get(keyspace);
    if (tree === undefined) this.#trees.set(keyspace, (tree = this.#readTree(keyspace)));
    return { prefixes: (await tree).within(prefix).map(({ prefix: within, entries, estimated }) => ({ prefix: within, entries, estimated })), more: false };
  }

  /** Adds up prefixes by the index. */
  async #readTree(keyspace: number): Promise<PrefixTree> {
    const tree = new PrefixTree();
    for await (const { block, raw } of withMixed(this.#dump.blocks(this.#keyspace(keyspace).name), (info) => this.#dump.readBlock(info))) {
      if (raw === null) tree.addBlock(block);
      else tree.addEntries(raw);
    }
    return tree;
  }

  async page({ keyspace, prefix, key, back, limit }: PageRequest): Promise<readonly Row[]> {
    const { order } = this.#keyspace(keyspace);
    const range = new KeyRange(order, { prefix });
    const rows: Row[] = [];
    for await (const info of this.#blocks({ keyspace, prefix }, key, back)) {
      if (rows.length >= limit) break;
      const block = await this.#load(info, order);
      const place = key === undefined ? (back ? block.length : 0) : block.placeOf(key);
      for (let at = back ? place - 1 : place; back ? at >= 0 : at < block.length; at += back ? -1 : 1) {
        const row = block.row(at);
        if (range.has(row.key)) rows.push(row);
        else if (rows.length > 0) break;
        if (rows.length >= limit) break;
      }
    }
    return back ? rows.reverse() : rows;
  }

  /** The blocks that may hold keys of a part, from a key on or back from it. */
  async *#blocks({ keyspace, prefix }: Place, key: Uint8Array | undefined, back: boolean): AsyncGenerator<BlockInfo, void, undefined> {
    const { name, order } = this.#keyspace(keyspace);
    const range = new KeyRange(order, { prefix });
    // The part ends at its prefix itself in one of the two directions.
    const [low, high] = prefix.length === 0 ? [undefined, undefined] : [prefix, behindPrefix(prefix, "bytewise") ?? undefined];
    const edge = back === (order === "bytewise") ? high : low;
    // A key outside of the part begins where that does.
    const outside = key !== undefined && edge !== undefined && compareKeys(order, key, edge) > 0 === back;
    const start = key === undefined || outside ? edge : key;
    let aside = 0;
    for await (const info of this.#dump.blocksFrom(name, start, back)) {
      if (range.placeOf(info) === "within") yield info;
      // The first one may lie at the wrong side of where the part ends.
      else if ((aside += 1) > 1) return;
    }
  }

  async #load(info: BlockInfo, order: KeyOrder): Promise<LoadedBlock> {
    const known = this.#kept.get(info.number);
    const block = known ?? new LoadedBlock(await this.#dump.readBlock(info), info.entries, order);
    this.#kept.delete(info.number);
    this.#kept.set(info.number, block);
    let bytes = [...this.#kept.values()].reduce((sum, one) => sum + one.bytes, 0);
    for (const [number, one] of this.#kept) {
      if (bytes <= KEPT_BYTES || this.#kept.size === 1) break;
      this.#kept.delete(number);
      bytes -= one.bytes;
    }
    return block;
  }

  async value(keyspace: number, key: Uint8Array): Promise<Uint8Array | null | undefined> {
    const { name, order } = this.#keyspace(keyspace);
    for await (const info of this.#dump.blocksFrom(name, key, false)) return (await this.#load(info, order)).value(key);
    return undefined;
  }

  async *matches({ keyspace, prefix, pattern, signal, onLooked }: MatchRequest): AsyncGenerator<Row, void, undefined> {
    const { order } = this.#keyspace(keyspace);
    const search = await EntrySearch.start(pattern);
    const range = new KeyRange(order, { prefix });
    let looked = 0;
    for await (const info of this.#blocks({ keyspace, prefix }, undefined, false)) {
      signal.throwIfAborted();
      const raw = await this.#dump.readBlock(info);
      const places = await search.find(raw, info.entries);
      const block = places.length === 0 ? null : new LoadedBlock(raw, info.entries, order);
      for (const at of places) {
        const row = block?.row(at);
        if (row !== undefined && range.has(row.key)) yield row;
      }
      onLooked(looked += info.entries);
    }
  }

  async neighbours(node: Uint8Array): Promise<Around> {
    return aroundIn(lookupInDump(this.#dump, this.keyspaces.map(({ name }) => name)), this.#layout, node);
  }

  #keyspace(at: number): Chosen {
    const keyspace = this.keyspaces[at];
    if (keyspace === undefined) throw new TypeError("a keyspace that is not there");
    return keyspace;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kept.clear();
    await this.#dump.close();
  }
}
