/** Which prefixes of a tree are shown: those that together are all of it, and tell most. */
import type { KeyPart, PrefixStats } from "../../operations/stats/results.js";
import { joinParts } from "../text/pattern.js";

/** A prefix that is shown. */
export interface PrefixRow {
  /** From the start of the key on. */
  readonly parts: readonly KeyPart[];
  readonly prefix: PrefixStats;
  /** Whether longer prefixes are told together with it. */
  readonly goesOn: boolean;
}

interface Open extends PrefixRow {
  readonly level: number;
}

const sizeOf = ({ keyBytes, valueBytes }: PrefixStats): number => keyBytes + valueBytes;

/** Entries that each longer prefix should have on average, to be told instead of what is above. */
const WORTH = 2;

/**
 * Chooses the prefixes to show, the largest first: the largest are told apart as long as there are not too many.
 * @param most how many, at most, unless so many levels are asked for
 * @param depth levels of the tree; undefined: as many as fit
 */
export function prefixRows(root: PrefixStats, most: number, depth: number | undefined): PrefixRow[] {
  const first: Open = { parts: root.parts, prefix: root, goesOn: root.below.length > 0, level: 0 };
  // Of the keyspace as a whole the table says something else.
  const rows: Open[] = first.goesOn && depth !== 0 ? split(first) : [first];
  for (;;) {
    const open = rows.filter(({ prefix, goesOn, level }) => goesOn && (depth === undefined ? rows.length - 1 + prefix.below.length <= most && prefix.entries >= WORTH * prefix.below.length : level < depth));
    const next = open.reduce<Open | null>((largest, row) => (largest === null || sizeOf(row.prefix) > sizeOf(largest.prefix) ? row : largest), null);
    if (next === null) break;
    rows.splice(rows.indexOf(next), 1, ...split(next));
  }
  return rows.sort((a, b) => sizeOf(b.prefix) - sizeOf(a.prefix));
}

function split({ parts, prefix, level }: Open): Open[] {
  return prefix.below.map((below) => ({ parts: joinParts(parts, below.parts), prefix: below, goesOn: below.below.length > 0, level: level + 1 }));
}
