/** A full dump and the deltas that build on it, one after the other, read as the one state that they lead to. */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { KgdumpError } from "../../errors.js";
import { type BaseKeyspace, type DumpBase, DEFAULT_BLOCK_SIZE, type HeaderKeyspace } from "../../format/index.js";
import { withChanges } from "../entries/changes.js";
import { nothing } from "../entries/entry-run.js";
import { type ByName, byName, nameText } from "../entries/keyspaces.js";
import { OrderedQueue } from "../run/ordered-queue.js";
import { type Dump, openDump } from "./open-dump.js";

const BLOCKS_AHEAD = 3;

/** How a chain is opened. */
export interface ChainOptions {
  /** Decoded bytes that a block may have; default: the format's limit. */
  readonly maxBlockSize?: number | undefined;
  /** Whether the first dump may be a delta, too: then there is no state to read, only each one's changes. Default false. */
  readonly deltasOnly?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A block of the state that a chain leads to; valid until the next is asked for. */
export interface ChainBlock {
  /** Encoded entries. */
  readonly data: Uint8Array;
  readonly entries: number;
  readonly firstKey: Uint8Array;
}

/** One keyspace of the state that a chain leads to. */
export interface ChainKeyspace extends BaseKeyspace {
  /** As the last dump that has it describes it. */
  readonly described: HeaderKeyspace;
}

/** Dumps that build on one another, open for reading. */
export class DumpChain implements AsyncDisposable {
  readonly dumps: readonly Dump[];
  readonly keyspaces: readonly ChainKeyspace[];
  readonly #byName: ByName<ChainKeyspace>;
  /** Names of what each dump builds on. */
  readonly #bases: readonly ByName<BaseKeyspace>[];
  readonly #signal: AbortSignal | undefined;

  private constructor(dumps: readonly Dump[], signal: AbortSignal | undefined) {
    this.dumps = dumps;
    this.#signal = signal;
    this.keyspaces = stateAfter(dumps.at(-1));
    this.#byName = byName(this.keyspaces);
    this.#bases = dumps.map(({ header }) => byName(header.base?.keyspaces ?? []));
  }

  /**
   * Opens the files of a chain.
   * @param paths a full dump, then deltas in their order
   * @throws {KgdumpError} DELTA_BASE_DIFFERENT when they do not build on one another, DUMP_*, NOT_FOUND, …
   */
  static async open(paths: readonly string[], options: ChainOptions = {}): Promise<DumpChain> {
    const dumps: Dump[] = [];
    try {
      for (const path of paths) {
        const dump = await openDump(path, options.maxBlockSize === undefined ? {} : { maxBlockSize: options.maxBlockSize });
        const before = dumps.at(-1);
        dumps.push(dump);
        if (before !== undefined || options.deltasOnly !== true) checkLink(dump, before);
      }
      return new DumpChain(dumps, options.signal);
    } catch (error) {
      for (const dump of dumps) await dump.close();
      throw error;
    }
  }

  /** The last dump: its header tells of the state that the chain leads to. */
  get last(): Dump {
    const last = this.dumps.at(-1);
    if (last === undefined) throw new TypeError("a chain has a dump at least");
    return last;
  }

  /** The chain as what a further delta builds on. */
  get base(): DumpBase {
    const keyspaces = this.keyspaces.map(({ name, entries, digest }) => ({ name, entries, digest }));
    return { dumpId: this.last.header.dumpId, keyspaces };
  }

  /** The keyspace of a name. */
  find(name: Uint8Array): ChainKeyspace | undefined {
    return this.#byName.get(name);
  }

  /**
   * Yields the encoded entries of a keyspace as the chain leaves it, block by block; otherwise as `blocks`.
   */
  entries(keyspace: ChainKeyspace): AsyncGenerator<Uint8Array, void, undefined> {
    return dataOf(this.blocks(keyspace));
  }

  /**
   * Yields the entries of a keyspace as the chain leaves it.
   * @throws {KgdumpError} DUMP_* for damage; DUMP_DIGEST_MISMATCH at the end, when they are not what the last dump says
   */
  async *blocks(keyspace: ChainKeyspace): AsyncGenerator<ChainBlock, void, undefined> {
    const hash = createHash("sha256");
    let entries = 0;
    for await (const block of this.#blocksUpTo(this.dumps.length - 1, keyspace)) {
      hash.update(block.data);
      entries += block.entries;
      yield block;
    }
    if (entries === keyspace.entries && hash.digest().equals(keyspace.digest)) return;
    throw new KgdumpError("DUMP_DIGEST_MISMATCH", `the entries of "${nameText(keyspace.name)}" do not match their digest in ${this.last.path}`, {
      path: this.last.path,
      keyspace: keyspace.name,
    });
  }

  /** Closes the files; a second call does nothing. */
  async close(): Promise<void> {
    for (const dump of this.dumps) await dump.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #blocksUpTo(place: number, { name, described }: Pick<ChainKeyspace, "name" | "described">): AsyncGenerator<ChainBlock, void, undefined> {
    const dump = this.dumps[place];
    if (dump === undefined) return nothing();
    const own = ownBlocks(dump, name, this.#signal);
    if (dump.header.kind === "full") return own;
    const before = this.#bases[place]?.has(name) === true ? this.#blocksUpTo(place - 1, { name, described }) : nothing();
    return withChanges({ order: described.comparator, first: dataOf(before), second: dataOf(own), blockSize: DEFAULT_BLOCK_SIZE });
  }
}

async function* dataOf(blocks: AsyncIterable<{ readonly data: Uint8Array }>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { data } of blocks) yield data;
}

/** The blocks of one dump's keyspace, some of them read ahead. */
async function* ownBlocks(dump: Dump, name: Uint8Array, signal: AbortSignal | undefined): AsyncGenerator<ChainBlock, void, undefined> {
  const ahead = new OrderedQueue<ChainBlock>(BLOCKS_AHEAD);
  try {
    for await (const block of dump.blocks(name)) {
      signal?.throwIfAborted();
      ahead.push(dump.readBlock(block).then((data) => ({ data, entries: block.entries, firstKey: block.firstKey })));
      if (ahead.full) yield await ahead.take();
    }
    while (!ahead.empty) yield await ahead.take();
  } finally {
    await ahead.settle();
  }
}

/** What a dump leads to, as its footer says it. */
export function stateAfter(dump: Dump | undefined): ChainKeyspace[] {
  const state: ChainKeyspace[] = [];
  for (const [index, totals] of (dump?.footer.keyspaces ?? []).entries()) {
    const described = dump?.header.keyspaces[index];
    const { entries, digest } = totals.result ?? totals;
    if (described !== undefined) state.push({ name: described.name, entries, digest, described });
  }
  return state;
}

function checkLink(dump: Dump, before: Dump | undefined): void {
  const { header, path } = dump;
  if (before === undefined) {
    if (header.kind === "full") return;
    throw new KgdumpError("DELTA_BASE_DIFFERENT", `${path} holds only changes since dump ${header.base?.dumpId ?? "?"}, which must come before it`, {
      path,
      hint: "name the full dump first, then its deltas in their order",
    });
  }
  if (header.base === null) {
    throw new KgdumpError("DELTA_BASE_DIFFERENT", `${path} is a full dump; only deltas can follow ${before.path}`, { path });
  }
  if (header.base.dumpId !== before.header.dumpId) {
    throw new KgdumpError("DELTA_BASE_DIFFERENT", `${path} builds on dump ${header.base.dumpId}, and ${before.path} is dump ${before.header.dumpId}`, {
      path,
      hint: "name the dumps in the order in which they were made, without leaving one out",
    });
  }
  const found = stateAfter(before);
  checkSameState(header.base.keyspaces, found, path, before.path);
  const orders = byName(found);
  const turned = header.keyspaces.find(({ name, comparator }) => (orders.get(name)?.described.comparator ?? comparator) !== comparator);
  if (turned === undefined) return;
  throw new KgdumpError("DELTA_BASE_DIFFERENT", `"${nameText(turned.name)}" has a different key order in ${path} than in ${before.path}`, {
    path: resolve(path),
    keyspace: turned.name,
    hint: "it was recreated: export the whole store again",
  });
}

/** @throws {KgdumpError} DELTA_BASE_DIFFERENT */
function checkSameState(wanted: readonly BaseKeyspace[], found: readonly BaseKeyspace[], path: string, beforePath: string): void {
  const known = byName(found);
  const same = (a: BaseKeyspace): boolean => {
    const b = known.get(a.name);
    return b?.entries === a.entries && Buffer.compare(a.digest, b.digest) === 0;
  };
  const other = wanted.find((keyspace) => !same(keyspace));
  if (other === undefined && wanted.length === found.length) return;
  const what = other === undefined ? "has other keyspaces" : `holds other entries in "${nameText(other.name)}"`;
  throw new KgdumpError("DELTA_BASE_DIFFERENT", `${beforePath} has the id of the dump that ${path} builds on, but ${what}`, {
    path: resolve(path),
    hint: "make the delta again, from the dump that you have",
  });
}
