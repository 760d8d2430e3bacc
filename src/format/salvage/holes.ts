/**
 * What is missing from one keyspace of a damaged dump: where frames are missing, what the index says of them, and in the
 * end what the totals say, so that a place where no block is missing is no gap.
 */

import { EntryDigest } from "../checksum.js";
import type { Gap, KeyspaceTotals } from "../types.js";

/** A place of the new dump where something is missing, and where in the damaged one. */
export interface SalvagedGap extends Gap {
  /** Offset in the damaged dump where the last part before it ends that could be used, or null for what was out of place. */
  readonly from: number | null;
  /** Offset in the damaged dump where the next part begins that could be used; null at the dump's end. */
  readonly to: number | null;
}

/** Blocks that follow one another in the damaged file, with nothing but frames of other kinds between them. */
export interface Stretch {
  readonly offset: number;
  end: number;
}

/** A part of a keyspace, in order. */
export type Piece = { readonly type: "blocks"; readonly stretch: Stretch } | { readonly type: "gap"; readonly gap: SalvagedGap };

/** A place in the damaged file: from where to where nothing could be used. */
export interface Place {
  readonly from: number | null;
  readonly to: number | null;
  /** Bytes between that nothing else was found in; null when that can't be told. */
  readonly bytes: number | null;
}

interface Hole {
  readonly after: Uint8Array | null;
  before: Uint8Array | null;
  /** Blocks and entries that are surely missing. */
  blocks: number;
  entries: number;
  /** Frames that are missing besides and may be blocks; 0 when there are none. */
  uncertain: number;
  /** An earlier recovery could not tell how many are missing. */
  unknown: boolean;
  /** Gaps of an earlier recovery that are part of it, and what they said. */
  gaps: number;
  earlierBlocks: number;
  earlierEntries: number;
  place: Place | null;
}

/** Follows one keyspace. */
export class KeyspaceLedger {
  readonly keyspace: number;
  blocks = 0;
  entries = 0;
  rawBytes = 0;
  lastKey: Uint8Array | null = null;
  totals: KeyspaceTotals | null = null;
  /** SHA-256 of the entries that were kept. */
  digest: Uint8Array = new EntryDigest().value();
  readonly #parts: (Stretch | Hole)[] = [];
  #hole: Hole | null = null;

  /** @param keyspace its number */
  constructor(keyspace: number) {
    this.keyspace = keyspace;
  }

  /** Notes frames that are missing here and may be blocks. @param most how many; infinity when nobody knows */
  mayMiss(most: number, place: Place): void {
    if (most > 0) this.#at(place).uncertain += most;
  }

  /** Notes blocks that are missing here according to the index. @param place null when it was noted before */
  misses(blocks: readonly { readonly entries: number }[], place: Place | null): void {
    if (blocks.length === 0) return;
    const hole = this.#at(place);
    hole.blocks += blocks.length;
    for (const { entries } of blocks) hole.entries += entries;
  }

  /** Notes a gap that the damaged dump itself had. */
  had(gap: Gap): void {
    const hole = this.#at({ from: null, to: null, bytes: gap.bytes });
    hole.gaps += 1;
    if (gap.blocks === null || gap.entries === null) hole.unknown = true;
    hole.earlierBlocks += gap.blocks ?? 0;
    hole.earlierEntries += gap.entries ?? 0;
  }

  /**
   * Takes a block that is sound and in order.
   * @param follows whether nothing but other frames is between it and the block before it
   */
  keep(block: { offset: number; end: number; entries: number; rawLength: number; firstKey: Uint8Array; lastKey: Uint8Array }, follows: boolean): void {
    if (this.#hole !== null) this.#hole.before = new Uint8Array(block.firstKey);
    const last = this.#parts.at(-1);
    if (this.#hole === null && follows && last !== undefined && "offset" in last) last.end = block.end;
    else this.#parts.push({ offset: block.offset, end: block.end });
    this.#hole = null;
    this.blocks += 1;
    this.entries += block.entries;
    this.rawBytes += block.rawLength;
    this.lastKey = new Uint8Array(block.lastKey);
  }

  /**
   * Whether what the keyspace's end says can't be true of what was kept and what is known to be missing: a digest that
   * does not match although all entries seem to be there, or sums that don't add up.
   * @param salvaged as in `pieces`
   */
  contradicts(salvaged: boolean): boolean {
    const { totals } = this;
    if (totals === null) return false;
    const whole = totals.blocks === this.blocks && totals.entries === this.entries;
    if (whole) return Buffer.compare(totals.digest, this.digest) !== 0;
    const holes = this.#holes();
    if (salvaged && holes.reduce((sum, hole) => sum + hole.gaps, 0) !== totals.gaps) return false;
    const missing = this.#missing(holes, salvaged);
    if (missing === null) return true;
    // Entries are missing with their blocks, or not at all.
    return missing.blocks > 0 ? holes.every(({ uncertain }) => uncertain === 0) : missing.entries > 0;
  }

  #holes(): Hole[] {
    return this.#parts.filter((part): part is Hole => !("offset" in part));
  }

  /**
   * What the keyspace consists of, once all is known.
   * @param salvaged whether the damaged dump had been salvaged before, so that gaps of its own may be lost
   */
  pieces(salvaged: boolean): Piece[] {
    const holes = this.#holes();
    const missing = this.#missing(holes, salvaged);
    const open = holes.filter(({ uncertain }) => uncertain > 0);
    const pieces: Piece[] = [];
    for (const part of this.#parts) {
      if ("offset" in part) pieces.push({ type: "blocks", stretch: part });
      else {
        const gap = this.#gap(part, missing, open.length);
        if (gap !== null) pieces.push({ type: "gap", gap });
      }
    }
    return pieces;
  }

  /** Blocks and entries that the totals miss besides the surely missing ones; null when nobody can tell. */
  #missing(holes: readonly Hole[], salvaged: boolean): { blocks: number; entries: number } | null {
    if (this.totals === null) return null;
    const sum = (pick: (hole: Hole) => number): number => holes.reduce((total, hole) => total + pick(hole), 0);
    // What an earlier recovery missed is not in the totals, but its gaps are.
    if (salvaged && sum((hole) => hole.gaps) !== this.totals.gaps) return null;
    const blocks = this.totals.blocks - this.blocks - sum((hole) => hole.blocks);
    const entries = this.totals.entries - this.entries - sum((hole) => hole.entries);
    return blocks < 0 || entries < 0 ? null : { blocks, entries };
  }

  #gap(hole: Hole, missing: { blocks: number; entries: number } | null, open: number): SalvagedGap | null {
    const { after, before, uncertain, unknown, place } = hole;
    const rest = { after, before, keyspace: this.keyspace, bytes: place?.bytes ?? null, from: place?.from ?? null, to: place?.to ?? null };
    const sure = uncertain === 0 || missing?.blocks === 0;
    if (sure && hole.blocks === 0 && hole.gaps === 0) return null;
    const more = sure ? { blocks: 0, entries: 0 } : missing;
    if (unknown || more === null || (!sure && open > 1)) return { ...rest, blocks: null, entries: null };
    const { blocks, entries, earlierBlocks, earlierEntries } = hole;
    return { ...rest, blocks: blocks + earlierBlocks + more.blocks, entries: entries + earlierEntries + more.entries };
  }

  /** The hole behind the last block. */
  #at(place: Place | null): Hole {
    if (this.#hole === null) {
      this.#hole = { after: this.lastKey, before: null, blocks: 0, entries: 0, uncertain: 0, unknown: false, gaps: 0, earlierBlocks: 0, earlierEntries: 0, place };
      this.#parts.push(this.#hole);
    } else if (place !== null) {
      const { place: known } = this.#hole;
      const before = known?.bytes ?? null;
      const bytes = before === null || place.bytes === null ? null : before + place.bytes;
      this.#hole.place = known === null ? place : { from: known.from, to: place.to, bytes };
    }
    return this.#hole;
  }
}
