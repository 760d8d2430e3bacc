/** What a recovery tells: what was kept, what is missing where, and what was of no use. */
import type { DroppedFrame, KeyOrder, Salvage, SalvagedGap, UnusedRange } from "../../format/index.js";

/** A place where entries are missing, in the new dump and in the damaged one. */
export type RecoveredGap = SalvagedGap;

/** What became of one keyspace. */
export interface RecoveredKeyspace {
  readonly name: Uint8Array;
  /** Whether its name is the dump's; else it was lost, and the keyspace is named after its number. */
  readonly named: boolean;
  readonly comparator: KeyOrder;
  /** What was kept. */
  readonly blocks: number;
  readonly entries: number;
  /** Encoded, uncompressed bytes that were kept. */
  readonly rawBytes: number;
  readonly gaps: readonly RecoveredGap[];
}

/** What of a damaged dump can be recovered. */
export interface RecoverReport {
  /** Whether the dump was not damaged at all. */
  readonly sound: boolean;
  /** Whether anything is missing, or may be. */
  readonly lost: boolean;
  /** Id of the damaged dump; null when its header is lost. */
  readonly damagedId: string | null;
  readonly keyspaces: readonly RecoveredKeyspace[];
  /** Sums of what was kept. */
  readonly blocks: number;
  readonly entries: number;
  readonly rawBytes: number;
  readonly gaps: number;
  /** Sums of what is missing; null when nobody can tell. */
  readonly lostBlocks: number | null;
  readonly lostEntries: number | null;
  /** Ranges of the damaged file that were of no use; at most 1,000 of them. */
  readonly unused: readonly UnusedRange[];
  /** Frames that could not be used although their checksums are right; at most 1,000 of them. */
  readonly dropped: readonly DroppedFrame[];
  /** What else is lost or odd, in words. */
  readonly remarks: readonly string[];
}

/** Puts together what was found. */
export function reportOf(salvage: Salvage): RecoverReport {
  const { header, lost, unnamed, open, unused, dropped, remarks, sound } = salvage;
  const keyspaces = header.keyspaces.map(({ name, comparator }, index): RecoveredKeyspace => {
    const found = salvage.keyspaces[index];
    const gaps = (found?.pieces ?? []).flatMap((piece) => (piece.type === "gap" ? [piece.gap] : []));
    const { blocks = 0, entries = 0, rawBytes = 0 } = found ?? {};
    return { name, named: !unnamed.includes(index), comparator, blocks, entries, rawBytes, gaps };
  });
  const sum = (pick: (keyspace: RecoveredKeyspace) => number): number => keyspaces.reduce((total, keyspace) => total + pick(keyspace), 0);
  const all = keyspaces.flatMap(({ gaps }) => gaps);
  const lostSum = (pick: (gap: RecoveredGap) => number | null): number | null =>
    all.reduce<number | null>((total, gap) => {
      const count = pick(gap);
      return total === null || count === null ? null : total + count;
    }, open ? null : 0);
  return {
    sound,
    lost: all.length > 0 || open || salvage.keyspaces.some(({ contradicts }) => contradicts),
    damagedId: lost ? null : header.dumpId,
    keyspaces,
    blocks: sum(({ blocks }) => blocks),
    entries: sum(({ entries }) => entries),
    rawBytes: sum(({ rawBytes }) => rawBytes),
    gaps: all.length,
    lostBlocks: lostSum((gap) => gap.blocks),
    lostEntries: lostSum((gap) => gap.entries),
    unused,
    dropped,
    remarks,
  };
}
