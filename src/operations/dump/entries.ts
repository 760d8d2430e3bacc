/** Going through the entries of a dump: by its index where there is one, else as its bytes come. */
import { type BlockInfo, type DumpEvent, type DumpFile, type DumpHeader, iterateEntries } from "../../format/index.js";
import { type EntryFilter, refuseEmptyRange } from "../entries/filter.js";
import { KeyRange } from "../entries/key-range.js";
import { type KeyspaceName, selectKeyspaces } from "../entries/keyspaces.js";

/** One entry of a dump. */
export interface DumpEntry {
  /** Name of its keyspace. */
  readonly keyspace: Uint8Array;
  readonly key: Uint8Array;
  /** null in a delta dump: the key is deleted. */
  readonly value: Uint8Array | null;
}

/** Which entries of a dump. Bounds are in the order of each keyspace. */
export interface EntrySelection extends EntryFilter {
  /** Only this keyspace; all when undefined. */
  readonly keyspace?: KeyspaceName | undefined;
  /** Only these keyspaces, besides `keyspace`; all when both are undefined. */
  readonly keyspaces?: readonly KeyspaceName[] | undefined;
  /** From the last one to the first: keyspaces, too; default false. Needs an index. */
  readonly reverse?: boolean | undefined;
  /** Ends it, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A block that may hold some of what is selected. */
export interface SelectedBlock {
  readonly info: BlockInfo;
  /** Name of its keyspace. */
  readonly keyspace: Uint8Array;
  readonly range: KeyRange;
  /** Its encoded entries. */
  readonly raw: () => Promise<Uint8Array>;
}

/** Tells for each keyspace of a dump whether it is selected. @throws {KgdumpError} KEYSPACE_UNKNOWN */
export function selectedIn({ keyspaces }: DumpHeader, { keyspace, keyspaces: more }: Pick<EntrySelection, "keyspace" | "keyspaces">): boolean[] {
  const all = keyspace === undefined && more === undefined;
  const only = all ? undefined : [...(keyspace === undefined ? [] : [keyspace]), ...(more ?? [])];
  return selectKeyspaces(keyspaces.map(({ name }) => name), { only });
}

/** Keyspaces that are selected, each with its range; undefined for the others. @throws {KgdumpError} KEYSPACE_UNKNOWN, USAGE for a range that is empty */
function rangesOf(header: DumpHeader, selection: EntrySelection): (KeyRange | undefined)[] {
  const selected = selectedIn(header, selection);
  const { keyspaces } = header;
  refuseEmptyRange(selection, keyspaces.filter((_, index) => selected[index] === true), ["from", "to"]);
  return keyspaces.map(({ comparator }, index) => (selected[index] === true ? new KeyRange(comparator, selection) : undefined));
}

/**
 * The blocks of an open dump file that may hold what is selected; no other is read.
 * @throws {KgdumpError} KEYSPACE_UNKNOWN, USAGE, DUMP_* for damage that is met, IO_FAILED; while iterating
 */
export async function* indexedBlocks(dump: DumpFile, selection: EntrySelection): AsyncGenerator<SelectedBlock, void, undefined> {
  const ranges = rangesOf(dump.header, selection);
  const { reverse = false } = selection;
  for (const [index, { name }] of inTurn(dump.header.keyspaces.entries(), reverse)) {
    const range = ranges[index];
    if (range === undefined) continue;
    for await (const info of dump.blocks(index, reverse)) {
      selection.signal?.throwIfAborted();
      const place = range.placeOf(info);
      if (place === (reverse ? "before" : "behind")) break;
      if (place === "within") yield { info, keyspace: name, range, raw: () => dump.readBlock(info) };
    }
  }
}

/**
 * The same of a dump that goes by.
 * @param events of one dump; with blocks decoded, where their entries are asked for
 * @throws {KgdumpError} KEYSPACE_UNKNOWN, USAGE, and what the events throw; while iterating
 */
export async function* passingBlocks(events: AsyncIterable<DumpEvent>, selection: EntrySelection): AsyncGenerator<SelectedBlock, void, undefined> {
  let header: DumpHeader | undefined;
  let ranges: (KeyRange | undefined)[] = [];
  for await (const event of events) {
    if (event.type === "header") {
      header = event.header;
      ranges = rangesOf(header, selection);
    }
    if (event.type !== "block") continue;
    const { block: info, raw } = event;
    const range = ranges[info.keyspace];
    const keyspace = header?.keyspaces[info.keyspace]?.name;
    if (range?.placeOf(info) !== "within" || keyspace === undefined) continue;
    yield { info, keyspace, range, raw: () => Promise.resolve(raw ?? new Uint8Array(0)) };
  }
}

/**
 * The entries of blocks that are in their ranges; keys and values are views that stay valid.
 * @param selection limit: how many, at most; reverse: each block from its end
 * @throws {KgdumpError} what the blocks throw; while iterating
 */
export async function* entriesOf(blocks: AsyncIterable<SelectedBlock>, { limit = Infinity, reverse = false }: Pick<EntrySelection, "limit" | "reverse">): AsyncGenerator<DumpEntry, void, undefined> {
  let remaining = limit;
  if (remaining <= 0) return;
  for await (const { keyspace, range, raw } of blocks) {
    for (const { key, value } of inTurn(iterateEntries(await raw()), reverse)) {
      if (!range.has(key)) continue;
      yield { keyspace, key, value };
      remaining -= 1;
      if (remaining <= 0) return;
    }
  }
}

/** The same items, or from the last to the first. */
function inTurn<T>(items: Iterable<T>, reverse: boolean): Iterable<T> {
  return reverse ? [...items].reverse() : items;
}
