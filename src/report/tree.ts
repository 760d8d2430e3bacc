/** The tree of prefixes that a report draws: the largest are told apart, the others are one; together they are all of it. */
import { formatPattern, joinParts } from "../cli/text/pattern.js";
import { formatNumberOf } from "../cli/text/quantities.js";
import type { KeyPart, KeyspaceStats, PrefixStats } from "../operations/stats/results.js";
import { cut, nameOf } from "./text.js";

/** A part of what is in a dump or a store. */
export interface Branch {
  /** Of this part alone, as short as it can be. */
  readonly label: string;
  /** The pattern of its keys from their start on. */
  readonly pattern: string;
  /** The keyspace that it is in; null for what is in several. */
  readonly keyspace: string | null;
  /** Bytes of keys and values. */
  readonly bytes: number;
  readonly entries: number;
  /** Its figures; null for several prefixes or keyspaces together. */
  readonly prefix: PrefixStats | null;
  /** Which of the largest parts it belongs to, the largest is 0; null for what is beyond them, and for all of it. */
  readonly group: number | null;
  readonly below: Branch[];
}

/** How much is told apart. */
export interface TreeLimits {
  readonly branches: number;
  readonly keyspaces: number;
}

/** Colours that can be told apart. */
export const GROUPS = 8;
/** Parts of one branch that are told apart. */
const MOST_BELOW = 40;
/** A branch of less than this share is not looked into. */
const LEAST_SHARE = 1 / 500;
const LABEL = 60;
/** Also bytes of a literal that are looked at: what is longer is cut. */
const PATTERN = 240;

const bytesOf = ({ keyBytes, valueBytes }: PrefixStats): number => keyBytes + valueBytes;

interface Open {
  readonly branch: Branch;
  readonly prefix: PrefixStats;
  readonly parts: readonly KeyPart[];
}

/** Makes the tree; its first level are keyspaces, unless only one has entries. */
export function treeOf(keyspaces: readonly KeyspaceStats[], limits: TreeLimits): Branch {
  const full = keyspaces.filter(({ prefixes }) => prefixes.entries > 0).toSorted((a, b) => bytesOf(b.prefixes) - bytesOf(a.prefixes));
  const [first] = full;
  const open: Open[] = [];
  const root: Branch = {
    label: "all", pattern: "all", keyspace: null, prefix: null, group: null, below: [],
    bytes: full.reduce((sum, { prefixes }) => sum + bytesOf(prefixes), 0),
    entries: full.reduce((sum, { prefixes }) => sum + prefixes.entries, 0),
  };
  if (full.length === 1 && first !== undefined) {
    const name = nameOf(first.name);
    const only = { ...root, label: name, pattern: patternOf(first.prefixes, first.prefixes.parts), keyspace: name, prefix: first.prefixes };
    grow([{ branch: only, prefix: first.prefixes, parts: first.prefixes.parts }], only.bytes, limits.branches, true);
    return only;
  }
  for (const [at, { name, prefixes }] of full.slice(0, limits.keyspaces).entries()) {
    const text = nameOf(name);
    const branch: Branch = { label: cut(text, LABEL), pattern: patternOf(prefixes, prefixes.parts), keyspace: text, bytes: bytesOf(prefixes), entries: prefixes.entries, prefix: prefixes, group: at < GROUPS ? at : null, below: [] };
    root.below.push(branch);
    open.push({ branch, prefix: prefixes, parts: prefixes.parts });
  }
  const rest = full.slice(limits.keyspaces).map(({ prefixes }) => prefixes);
  if (rest.length > 0) root.below.push(restOf(rest, formatNumberOf(rest.length, "more keyspace", "more keyspaces"), null, null));
  grow(open, root.bytes, limits.branches - root.below.length, false);
  return root;
}

/** Looks into the largest branches, as long as there is room. @param grouped whether the first one's parts are groups */
function grow(open: Open[], all: number, room: number, grouped: boolean): void {
  let left = room;
  for (let first = true; left > 0; first = false) {
    const next = open.reduce<Open | null>((largest, one) => (canOpen(one, all) && (largest === null || one.branch.bytes > largest.branch.bytes) ? one : largest), null);
    if (next === null) return;
    open.splice(open.indexOf(next), 1);
    const below = split(next, grouped && first, Math.min(MOST_BELOW, left));
    next.branch.below.push(...below.map(({ branch }) => branch));
    open.push(...below.filter((one): one is Open => one.prefix !== null));
    left -= below.length;
  }
}

function canOpen({ prefix, branch }: Open, all: number): boolean {
  return prefix.below.length > 0 && (branch.bytes >= all * LEAST_SHARE || all === 0);
}

function split({ prefix, parts, branch }: Open, grouped: boolean, most: number): (Open | { branch: Branch; prefix: null })[] {
  const sorted = prefix.below.toSorted((a, b) => bytesOf(b) - bytesOf(a) || b.entries - a.entries);
  const told = sorted.length > most ? sorted.slice(0, most - 1) : sorted;
  const rest = sorted.slice(told.length);
  const made = told.map((one, at): Open | { branch: Branch; prefix: null } => {
    const all = joinParts(parts, one.parts);
    const goesOn = one.below.length > 0;
    return {
      prefix: one, parts: all,
      branch: {
        label: one.parts.length === 0 ? "(ends here)" : cut(formatPattern(shortened(one.parts), goesOn), LABEL),
        pattern: patternOf(one, all),
        keyspace: branch.keyspace, bytes: bytesOf(one), entries: one.entries, prefix: one,
        group: grouped ? (at < GROUPS ? at : null) : branch.group, below: [],
      },
    };
  });
  if (rest.length === 0) return made;
  const more = formatNumberOf(rest.length, "more prefix", "more prefixes");
  return [...made, { prefix: null, branch: restOf(rest, more, `${branch.pattern} (${more})`, branch, grouped) }];
}

function restOf(rest: readonly PrefixStats[], label: string, pattern: string | null, above: Branch | null, grouped = false): Branch {
  return {
    label, pattern: pattern ?? label, keyspace: above?.keyspace ?? null, prefix: null, group: grouped ? null : (above?.group ?? null), below: [],
    bytes: rest.reduce((sum, one) => sum + bytesOf(one), 0),
    entries: rest.reduce((sum, one) => sum + one.entries, 0),
  };
}

/** @param parts from the start of the key on */
function patternOf({ below }: PrefixStats, parts: readonly KeyPart[]): string {
  return cut(formatPattern(shortened(parts), below.length > 0), PATTERN);
}

/** Parts of which no more is kept than what is shown: a key may have 16 MiB. */
function shortened(parts: readonly KeyPart[]): KeyPart[] {
  return parts.map((part) => (part.bytes === null || part.bytes.length <= PATTERN ? part : { ...part, bytes: part.bytes.subarray(0, characterEnd(part.bytes, PATTERN)) }));
}

/** The end of the last whole character of UTF-8 before a place. */
function characterEnd(bytes: Uint8Array, end: number): number {
  let at = end;
  while (at > 0 && end - at < 3 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return at;
}

/** A branch by its pattern, and by its keyspace where there are several. */
export function branchName({ pattern, keyspace }: Branch, root: Branch): string {
  return root.keyspace !== null || keyspace === null ? pattern : `${pattern} in ${keyspace}`;
}

/** Parts that have none below, the largest first: together they are all of it. */
export function leavesOf(root: Branch): Branch[] {
  const found: Branch[] = [];
  const walk = (branch: Branch): void => {
    if (branch.below.length === 0) found.push(branch);
    for (const below of branch.below) walk(below);
  };
  walk(root);
  return found.sort((a, b) => b.bytes - a.bytes || b.entries - a.entries);
}
