/**
 * Reads the frames of a damaged dump's chain in the order of their numbers, decides which blocks are kept, and notes what
 * is missing where. A block is kept only when all its own checks pass, it fits the grammar and the keys around it, and the
 * index, if there is one for it, lists exactly this block.
 */

import { KgdumpError } from "../../errors.js";
import { EntryDigest } from "../checksum.js";
import { type CodecLoader, unpackBlock } from "../codec.js";
import { FORMAT_MINOR, Kind } from "../constants.js";
import type { RandomAccess } from "../single-frames.js";
import { checkEntries } from "../entries.js";
import { kindName } from "../frame.js";
import { itemAt } from "../item-at.js";
import { compareKeys } from "../key-order.js";
import type { Limits } from "../limits.js";
import { type BlockPayload, decodeBlock } from "../payload/block.js";
import type { DumpHeader } from "../types.js";
import { type Chain, framesOf, type Stray } from "./chain.js";
import { framesBetween, keyspacesBetween, outOfPlace, type Position } from "./grammar.js";
import { isDumpFault, readPayload } from "./header.js";
import { KeyspaceLedger, type Place } from "./holes.js";
import { type IndexList, IndexLists } from "./lists.js";
import { type Meaning, meaningOf } from "./meaning.js";
import type { KnownFrame, Run } from "./scan.js";

/** A frame whose checksums are right, but which could not be used. */
export interface DroppedFrame {
  readonly offset: number;
  readonly code: string;
  readonly message: string;
}

/** What is needed to survey a dump. */
export interface SurveyTools {
  readonly loadCodec: CodecLoader;
  readonly limits: Limits;
  /** Told of each frame that was looked at: its length, and what was kept of it. May throw to end the survey. */
  readonly onFrame: (frame: { readonly bytes: number; readonly entries: number; readonly rawBytes: number }) => void;
}

/** Frames that could not be used and are remembered. */
const MOST_DROPPED = 1000;

type Frame = KnownFrame & Partial<Pick<Stray, "own">>;

/** What is to be done with a block that may be kept. */
interface Kept {
  readonly block: BlockPayload;
  readonly raw: Uint8Array;
  /** Its place in the index; undefined when none is known. */
  readonly listed: number | undefined;
}

/** What may be missing before a frame. */
interface Missing {
  /** Where the frames that are missing led to. */
  readonly target: Position;
  /** How many of them may be blocks that no index lists, or gaps. */
  most: number;
  /** Whether an index lists all blocks among them. */
  readonly within: boolean;
}

/** One survey. */
export class Survey {
  readonly ledgers: readonly KeyspaceLedger[];
  readonly dropped: DroppedFrame[] = [];
  /** What was used, in the order of numbers. */
  readonly used: { offset: number; end: number }[] = [];
  /** Offset of the footer; null when it is lost. */
  footer: number | null = null;
  /** Why the producer gave up, if it did. */
  abortReason: string | null = null;
  readonly #access: RandomAccess;
  readonly #chain: Chain;
  readonly #header: DumpHeader;
  readonly #tools: SurveyTools;
  readonly #lists: IndexLists;
  /** Whether frames of other kinds may stand between blocks, so that numbers say less. */
  readonly #loose: boolean;
  #position: Position = { keyspace: 0, inside: false, pending: false };
  /** Number of the last frame that was taken, and where it ends; null when it was a stray. */
  #sequence = 0;
  #end: number | null = 0;
  #digest = new EntryDigest();
  #digested = -1;
  /** Where the last kept block ends, or the frames that were taken right behind it. */
  #joined = -1;
  #ahead: { readonly run: Run; readonly block: BlockPayload | null } | null = null;

  constructor(access: RandomAccess, chain: Chain, header: DumpHeader, tools: SurveyTools) {
    this.#access = access;
    this.#chain = chain;
    this.#header = header;
    this.#tools = tools;
    this.#loose = header.salvaged !== null || header.formatVersion.minor > FORMAT_MINOR;
    this.#lists = new IndexLists(access, chain, header, tools.limits);
    this.ledgers = header.keyspaces.map((_, keyspace) => new KeyspaceLedger(keyspace));
  }

  /**
   * Looks at all frames.
   * @throws what reading and `onFrame` throw
   */
  async run(): Promise<void> {
    const { runs, strays } = this.#chain;
    let turn = 0;
    for (const run of [...runs, null]) {
      for (let stray = strays[turn]; stray !== undefined && (run === null || stray.sequence < run.first); stray = strays[turn]) {
        await this.#frame(stray, run);
        turn += 1;
      }
      if (run !== null) for await (const frame of framesOf(this.#access, run)) await this.#frame(frame, run);
    }
    this.#endDigest();
    if (this.footer !== null) return;
    const place = { from: this.#end, to: null, bytes: this.#end === null ? null : this.#access.size - this.#end };
    this.#mayMiss(Infinity, { keyspace: this.ledgers.length, inside: false }, place);
  }

  async #frame(frame: Frame, run: Run | null): Promise<void> {
    const { kind, offset, end, sequence } = frame;
    if (kind === Kind.header && sequence === 0) this.#use(frame);
    if (sequence <= this.#sequence) return;
    let kept: Kept | undefined;
    try {
      const list = await this.#lists.at(sequence);
      const payload = await readPayload(this.#access, frame, this.#tools.limits);
      const meaning = meaningOf(frame, payload, this.#header, this.#tools.limits, list);
      kept = await this.#take(frame, meaning, list, run);
    } catch (error) {
      if (!isDumpFault(error)) throw error;
      if (this.dropped.length < MOST_DROPPED) this.dropped.push({ offset, code: error.code, message: `${kindName(kind)} frame: ${error.message}` });
    }
    this.#tools.onFrame({ bytes: end - offset, entries: kept?.block.entries ?? 0, rawBytes: kept?.raw.length ?? 0 });
  }

  /** Takes a frame, when all there is to check about it holds. @throws {KgdumpError} DUMP_ codes; nothing was changed then */
  async #take(frame: Frame, meaning: Meaning, list: IndexList | null, run: Run | null): Promise<Kept | undefined> {
    if (meaning.before === null) {
      if (frame.own !== undefined) throw outOfPlace("it is out of place");
      if (meaning.type === "abort") this.abortReason = meaning.reason;
      // What is missing before it is told by the next frame that has a place.
      else if (frame.sequence === this.#sequence + 1) this.#sequence = frame.sequence;
      if (this.#end === frame.offset) this.#end = frame.end;
      this.#use(frame);
      return undefined;
    }
    if (frame.own !== undefined && !(meaning.type === "block" || (!frame.own && (meaning.type === "start" || meaning.type === "end" || meaning.type === "footer")))) {
      throw outOfPlace("it is out of place");
    }
    const place = this.#placeOf(frame, meaning.before, list);
    const kept = meaning.type === "block" ? await this.#check(frame, meaning.block, list, run) : undefined;
    if (place.within && list !== null && (kept !== undefined || meaning.type === "index")) {
      // What is missing and is none of the blocks that the index lists may be a gap of a dump that was salvaged before.
      place.most = Math.max(0, frame.sequence - this.#sequence - 1 - (kept?.listed ?? list.blocks.length) + list.next);
    }
    this.#note(frame, meaning, list, kept, place);
    return kept;
  }

  /** Notes what a frame says, and what is missing before it. */
  #note(frame: Frame, meaning: Exclude<Meaning, { before: null }>, list: IndexList | null, kept: Kept | undefined, { target, most }: Missing): void {
    const stray = frame.own !== undefined;
    const from = stray ? null : this.#end;
    const place: Place = from === null ? { from: null, to: null, bytes: null } : { from, to: frame.offset, bytes: Math.max(0, frame.offset - from) };
    this.#mayMiss(most, target, place);
    const noted = most > 0 ? null : place;
    if (meaning.type === "index" && list !== null) this.ledgers[list.keyspace]?.misses(list.blocks.slice(list.next), noted);
    else if (meaning.type === "gap") this.ledgers[meaning.gap.keyspace]?.had(meaning.gap);
    else if (meaning.type === "end") this.#setTotals(meaning.keyspace, meaning.totals);
    else if (meaning.type === "footer") {
      this.footer = frame.offset;
      for (const [keyspace, { name: _, ...totals }] of meaning.footer.keyspaces.entries()) this.#setTotals(keyspace, totals);
    }
    if (kept !== undefined) this.#keep(frame, kept, list, noted);
    else if (this.#joined === frame.offset) this.#joined = frame.end;
    this.#position = meaning.after.pending === undefined ? { ...meaning.after, pending: this.#position.pending } : meaning.after;
    this.#sequence = frame.sequence;
    this.#end = stray ? null : frame.end;
    this.#use(frame);
  }

  /** Where the frames that are missing before a frame led to, and how many of them may be blocks that no index lists. */
  #placeOf(frame: Frame, before: Position, list: IndexList | null): Missing {
    let target: Position = before;
    let missing = frame.sequence - this.#sequence - 1;
    if (list !== null && frame.sequence >= list.start) {
      if (before.keyspace !== list.keyspace || !before.inside) throw outOfPlace("the index behind it lists blocks of another keyspace");
      if (this.#sequence >= list.start || list.next > 0) return { target, most: 0, within: this.#header.salvaged !== null };
      target = { keyspace: list.keyspace, inside: true, pending: false };
      missing = list.start - this.#sequence - 1;
    }
    const needed = framesBetween(this.#position, target);
    if (needed > missing && (!this.#loose || needed === Infinity)) throw outOfPlace("it can't follow what is before it");
    return { target, most: Math.max(0, missing - needed), within: false };
  }

  /** Checks a block wholly. */
  async #check(frame: Frame, block: BlockPayload, list: IndexList | null, run: Run | null): Promise<Kept> {
    const { keyspace, firstKey, lastKey, entries } = block;
    const order = itemAt(this.#header.keyspaces, keyspace, "keyspace").comparator;
    const before = this.ledgers[keyspace]?.lastKey ?? null;
    if (before !== null && compareKeys(order, before, firstKey) >= 0) throw new KgdumpError("DUMP_ORDER_BROKEN", "its first key does not come after the keys before it");
    const listed = this.#listed(frame, block, list);
    if (listed === undefined && frame.own !== undefined) {
      const next = frame.own ? null : await this.#blockAhead(run);
      if (frame.own || (next?.keyspace === keyspace && compareKeys(order, lastKey, next.firstKey) >= 0)) throw outOfPlace("it is out of place, and no index lists it");
    }
    const raw = await unpackBlock(await this.#tools.loadCodec(block.codec), block.data, block.rawLength);
    checkEntries(raw, { order, entries, firstKey, lastKey, deletions: this.#header.kind === "delta" }, this.#tools.limits);
    return { block, raw, listed };
  }

  #listed(frame: Frame, block: BlockPayload, list: IndexList | null): number | undefined {
    if (list?.keyspace !== block.keyspace || (!this.#loose && frame.sequence < list.start)) return undefined;
    const found = this.#lists.find(list, block, frame);
    if (frame.sequence < list.start) return found;
    if (found === undefined || (!this.#loose && found !== frame.sequence - list.start)) throw new KgdumpError("DUMP_INDEX_WRONG", "the index does not list it");
    return found;
  }

  /** The first block of the chain's next run. */
  async #blockAhead(run: Run | null): Promise<BlockPayload | null> {
    if (run === null) return null;
    if (this.#ahead?.run === run) return this.#ahead.block;
    let block: BlockPayload | null = null;
    for await (const frame of framesOf(this.#access, run)) {
      if (frame.kind !== Kind.block) continue;
      const { limits } = this.#tools;
      block = decodeBlock(await readPayload(this.#access, frame, limits), this.#header, limits);
      break;
    }
    this.#ahead = { run, block };
    return block;
  }

  #keep(frame: Frame, { block, raw, listed }: Kept, list: IndexList | null, place: Place | null): void {
    const { keyspace } = block;
    const ledger = this.ledgers[keyspace];
    if (list !== null && listed !== undefined) {
      ledger?.misses(list.blocks.slice(list.next, listed), place);
      list.next = listed + 1;
    }
    if (this.#digested !== keyspace) {
      this.#endDigest();
      this.#digested = keyspace;
    }
    this.#digest.update(raw);
    ledger?.keep({ ...block, offset: frame.offset, end: frame.end }, this.#joined === frame.offset);
    this.#joined = frame.end;
  }

  #endDigest(): void {
    const ledger = this.ledgers[this.#digested];
    if (ledger !== undefined) ledger.digest = this.#digest.value();
    this.#digest = new EntryDigest();
  }

  #setTotals(keyspace: number, totals: KeyspaceLedger["totals"]): void {
    itemAt(this.ledgers, keyspace, "keyspace").totals ??= totals;
  }

  #mayMiss(most: number, target: Position, place: Place): void {
    if (most === 0) return;
    const { first, last } = keyspacesBetween(this.#position, target);
    for (let keyspace = first; keyspace <= last; keyspace += 1) {
      this.ledgers[keyspace]?.mayMiss(most, first === last ? place : { ...place, bytes: null });
    }
  }

  #use({ offset, end }: Frame): void {
    const last = this.used.at(-1);
    if (last?.end === offset) last.end = end;
    else this.used.push({ offset, end });
    if (this.#sequence === 0) this.#end = end;
  }
}
