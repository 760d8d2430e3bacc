/** The index frames of a damaged dump's chain, one at a time: which blocks there were, and whether one is the one listed. */

import { KgdumpError } from "../../errors.js";
import { Kind } from "../constants.js";
import type { RandomAccess } from "../single-frames.js";
import { itemAt } from "../item-at.js";
import { compareKeys } from "../key-order.js";
import type { Limits } from "../limits.js";
import { decodeIndex } from "../payload/block-index.js";
import type { BlockPayload } from "../payload/block.js";
import type { BlockInfo, DumpHeader } from "../types.js";
import type { Chain } from "./chain.js";
import { isDumpFault, readPayload } from "./header.js";
import type { KnownFrame } from "./scan.js";

/** One index frame. */
export interface IndexList {
  /** Number of its frame. */
  readonly sequence: number;
  /** Number of the frame of its first block, unless frames of other kinds stand between its blocks. */
  readonly start: number;
  readonly keyspace: number;
  readonly blocks: readonly BlockInfo[];
  /** The first of its blocks that was not yet met, nor passed over. */
  next: number;
}

/** Gives the index frames in order. */
export class IndexLists {
  readonly #access: RandomAccess;
  readonly #frames: readonly KnownFrame[];
  readonly #header: DumpHeader;
  readonly #limits: Limits;
  #turn = 0;
  #list: IndexList | null = null;

  constructor(access: RandomAccess, chain: Chain, header: DumpHeader, limits: Limits) {
    this.#access = access;
    this.#frames = chain.landmarks.filter(({ kind }) => kind === Kind.index);
    this.#header = header;
    this.#limits = limits;
  }

  /**
   * The next index frame from a frame on, which may be that frame itself; null when there is none.
   * @param sequence number of the frame; never lower than in the call before
   * @throws what reading throws
   */
  async at(sequence: number): Promise<IndexList | null> {
    for (;;) {
      if (this.#list !== null && this.#list.sequence >= sequence) return this.#list;
      const frame = this.#frames[this.#turn];
      if (frame === undefined) return null;
      this.#turn += 1;
      if (frame.sequence >= sequence) this.#list = await this.#read(frame);
    }
  }

  async #read(frame: KnownFrame): Promise<IndexList | null> {
    try {
      // Where blocks are said to be is not compared: bytes may be missing before them.
      const blocks = decodeIndex(await readPayload(this.#access, frame, this.#limits), this.#header, this.#limits, Number.MAX_SAFE_INTEGER);
      const { sequence } = frame;
      const keyspace = blocks[0]?.keyspace;
      return keyspace === undefined ? null : { sequence, start: sequence - blocks.length, keyspace, blocks, next: 0 };
    } catch (error) {
      if (!isDumpFault(error)) throw error;
      return null;
    }
  }

  /**
   * Finds a block in a list.
   * @returns its place; undefined when no block that was not yet met begins with its first key
   * @throws {KgdumpError} DUMP_INDEX_WRONG when the one that begins with this key is another one
   */
  find(list: IndexList, block: BlockPayload, frame: Pick<KnownFrame, "offset" | "end">): number | undefined {
    const order = itemAt(this.#header.keyspaces, list.keyspace, "keyspace").comparator;
    const { blocks } = list;
    let at = list.next;
    for (let one = blocks[at]; one !== undefined && compareKeys(order, one.firstKey, block.firstKey) < 0; one = blocks[at]) at += 1;
    const listed = blocks[at];
    if (listed === undefined || Buffer.compare(listed.firstKey, block.firstKey) !== 0) return undefined;
    const same =
      listed.codec === block.codec &&
      listed.rawLength === block.rawLength &&
      listed.storedLength === block.data.length &&
      listed.entries === block.entries &&
      listed.frameLength === frame.end - frame.offset &&
      Buffer.compare(listed.lastKey, block.lastKey) === 0;
    if (same) return at;
    throw new KgdumpError("DUMP_INDEX_WRONG", "the index lists another block in its place");
  }
}
