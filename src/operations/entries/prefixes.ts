/**
 * Prefixes of keys, as programs make them: words that end with a separator (`node:`, `user/`, `idx_`), before whatever tells one key from another.
 * How much there is of each is added up from blocks, of which the first and the last key are known, and from entries.
 */
import { EntryCursor } from "../../format/index.js";

/** What starts with one prefix. */
export interface PrefixShare {
  /** Bytes that the keys begin with; none of those that begin with no word. */
  readonly prefix: Uint8Array;
  readonly entries: number;
  /** Encoded bytes of keys and values. */
  readonly bytes: number;
  /** Whether the figures are estimates: of blocks that hold keys of several prefixes, half is taken for each that is seen. */
  readonly estimated: boolean;
  /** One of the keys. */
  readonly example: Uint8Array;
}

/** What a byte is: it prints; a word ends there; a word ends there where none of the others is used. */
const [PRINTABLE, SEPARATOR, WEAK_SEPARATOR] = [1, 2, 4] as const;
/** What each byte is: many keys are looked at, before V8 has made the loops over them fast. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x20 && byte < 0x7f ? PRINTABLE : 0));
for (const byte of Buffer.from("\0\t\x1f#/:|\xff", "latin1")) KINDS[byte] = (KINDS[byte] ?? 0) | SEPARATOR;
for (const byte of Buffer.from("-._")) KINDS[byte] = (KINDS[byte] ?? 0) | WEAK_SEPARATOR;
/** Bytes that a word has at most, words that are told apart in a key, and prefixes that are known of each other one. */
const LONGEST_WORD = 48;
const DEEPEST = 4;
const MOST = 1000;

/**
 * Where the words that a key begins with end, each with its separator. What looks like an identifier (digits, hexadecimal digits, no letters) is no word.
 * @returns lengths of prefixes, the shortest first
 */
export function prefixLengths(key: Uint8Array): number[] {
  const lengths: number[] = [];
  for (let end: number | null = 0; lengths.length < DEEPEST; lengths.push(end)) {
    end = nextWord(key, 0, end, key.length);
    if (end === null) break;
  }
  return lengths;
}

/** Where the word at `from` ends of a key that lies at `start` to `end` in some bytes; null where none is. */
function nextWord(bytes: Uint8Array, start: number, from: number, end: number): number | null {
  return wordEnd(bytes, from, end, SEPARATOR) ?? (from === start ? wordEnd(bytes, from, end, WEAK_SEPARATOR) : null);
}

function wordEnd(bytes: Uint8Array, start: number, end: number, separator: number): number | null {
  const limit = Math.min(end, start + LONGEST_WORD);
  for (let at = start; at < limit; at += 1) {
    const kind = KINDS[bytes[at] ?? 0] ?? 0;
    // A path begins with one.
    if ((kind & separator) !== 0 && at > start) return isWord(bytes, start, at) ? at + 1 : null;
    if ((kind & PRINTABLE) === 0) return null;
  }
  return null;
}

/** Whether bytes have letters, more other bytes than digits, and are no hexadecimal number of eight digits and more. */
function isWord(bytes: Uint8Array, start: number, end: number): boolean {
  let digits = 0;
  let letters = 0;
  let hexadecimal = end - start >= 8;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    const lower = byte | 0x20;
    const digit = byte >= 0x30 && byte <= 0x39;
    if (digit) digits += 1;
    else if (lower >= 0x61 && lower <= 0x7a) letters += 1;
    hexadecimal &&= digit || (lower >= 0x61 && lower <= 0x66) || byte === 0x2d;
  }
  return letters > 0 && !(hexadecimal && digits > 0) && digits * 2 <= end - start;
}

interface Node {
  readonly prefix: Uint8Array;
  /** By the bytes of their prefixes, as latin1. */
  readonly parts: Map<string, Node>;
  entries: number;
  bytes: number;
  estimated: boolean;
  /** Of the keys that begin with no further word. */
  readonly rest: { entries: number; bytes: number; estimated: boolean; example: Uint8Array | null };
  readonly example: Uint8Array;
}

/** Entries one after the other whose keys begin with the same words. */
interface Run {
  /** The first one's. */
  readonly key: Uint8Array;
  /** Where its words end. */
  readonly lengths: readonly number[];
  entries: number;
  /** Encoded. */
  bytes: number;
}

interface Amount {
  readonly entries: number;
  readonly bytes: number;
  readonly estimated: boolean;
}

/** Adds up the prefixes of one keyspace. Bounded, whatever the keys are: of too many prefixes, the later ones count for what they are within. */
export class PrefixTree {
  readonly #root = newNode(new Uint8Array(0), new Uint8Array(0));
  #nodes = 0;

  /** Whether a block may hold keys that begin with different words: its entries would tell. */
  static isMixed({ firstKey, lastKey }: { readonly firstKey: Uint8Array; readonly lastKey: Uint8Array }): boolean {
    const [first, last] = [prefixLengths(firstKey), prefixLengths(lastKey)];
    return first.length + last.length > 0 && shared(firstKey, first, lastKey, last) === 0;
  }

  /** Adds a block by its first and its last key. */
  addBlock({ firstKey, lastKey, entries, rawLength }: { readonly firstKey: Uint8Array; readonly lastKey: Uint8Array; readonly entries: number; readonly rawLength: number }): void {
    const [first, last] = [prefixLengths(firstKey), prefixLengths(lastKey)];
    const same = shared(firstKey, first, lastKey, last);
    if (same === Math.max(first.length, last.length)) {
      this.#add(firstKey, first, { entries, bytes: rawLength, estimated: false }, same);
      return;
    }
    const [half, halfBytes] = [Math.ceil(entries / 2), Math.ceil(rawLength / 2)];
    this.#add(firstKey, first, { entries: half, bytes: halfBytes, estimated: true }, same);
    this.#add(lastKey, last, { entries: entries - half, bytes: rawLength - halfBytes, estimated: true }, same);
  }

  /** Adds the entries of a block, encoded as in a dump: those that follow each other and begin with the same words are added at once. */
  addEntries(raw: Uint8Array): void {
    const cursor = new EntryCursor(raw);
    let run: Run | null = null;
    const end = (): void => {
      if (run !== null) this.#add(run.key, run.lengths, { entries: run.entries, bytes: run.bytes, estimated: false }, run.lengths.length);
    };
    while (cursor.next()) {
      if (run === null || !beginsWith(run, raw, cursor)) {
        end();
        const key = raw.subarray(cursor.keyStart, cursor.keyEnd);
        run = { key, lengths: prefixLengths(key), entries: 0, bytes: 0 };
      }
      run.entries += 1;
      run.bytes += cursor.end - cursor.start;
    }
    end();
  }

  /** @param sure up to which of its words the figures are no estimates */
  #add(key: Uint8Array, lengths: readonly number[], { entries, bytes, estimated }: Amount, sure: number): void {
    let node = this.#root;
    const add = (to: { entries: number; bytes: number; estimated: boolean }, unsure: boolean): void => {
      to.entries += entries;
      to.bytes += bytes;
      to.estimated ||= unsure;
    };
    add(node, false);
    for (const [depth, length] of lengths.entries()) {
      const name = Buffer.from(key.buffer, key.byteOffset, length).toString("latin1");
      let part = node.parts.get(name);
      if (part === undefined) {
        if (this.#nodes === MOST) break;
        this.#nodes += 1;
        part = newNode(Uint8Array.from(key.subarray(0, length)), Uint8Array.from(key));
        node.parts.set(name, part);
      }
      node = part;
      add(node, estimated && depth >= sure);
    }
    add(node.rest, estimated);
    node.rest.example ??= Uint8Array.from(key);
  }

  /**
   * The prefixes that hold most, the largest first; what begins with no word is one of them. Where nearly all is of one prefix, those within it are told.
   * @param most how many at most
   * @returns also how many more there are
   */
  top(most: number): { readonly shares: readonly PrefixShare[]; readonly more: number } {
    let parts = partsOf(this.#root);
    for (;;) {
      parts.sort((a, b) => b.entries - a.entries);
      const node = parts[0]?.node ?? null;
      // A word that all have in common, or some kinds of it, but not names that are each another's.
      if (node === null || node.parts.size === 0 || node.entries < this.#root.entries * NEARLY_ALL) break;
      const within = partsOf(node);
      if (within.length > most) break;
      parts = [...within, ...parts.slice(1)];
    }
    const shares = parts.slice(0, most).map(shareOf);
    return { shares, more: parts.length - shares.length };
  }

  /** The words directly behind a prefix, each with what begins so, in the order of their bytes. None for a prefix that is not known. */
  within(prefix: Uint8Array): PrefixShare[] {
    let node = this.#root;
    for (const length of prefixLengths(prefix)) {
      const next = node.parts.get(Buffer.from(prefix.buffer, prefix.byteOffset, length).toString("latin1"));
      if (next === undefined) return [];
      node = next;
    }
    return [...node.parts.values()].map(shareOf).sort((a, b) => Buffer.compare(a.prefix, b.prefix));
  }
}

/** So much of all is nearly all. */
const NEARLY_ALL = 0.8;

function shareOf({ prefix, entries, bytes, estimated, example }: PrefixShare): PrefixShare {
  return { prefix, entries, bytes, estimated, example };
}

function newNode(prefix: Uint8Array, example: Uint8Array): Node {
  return { prefix, example, parts: new Map(), entries: 0, bytes: 0, estimated: false, rest: { entries: 0, bytes: 0, estimated: false, example: null } };
}

/** What is directly within a prefix; `node` is null for what has no further word. */
function partsOf({ prefix, parts, rest }: Node): (PrefixShare & { readonly node: Node | null })[] {
  const words = [...parts.values()].map((node) => ({ ...node, node }));
  return rest.example === null ? words : [...words, { ...rest, prefix, example: rest.example, node: null }];
}

/** Whether an entry's key begins with the words of a run's keys, and no further one. */
function beginsWith({ key, lengths }: Run, raw: Uint8Array, { keyStart, keyEnd }: EntryCursor): boolean {
  const length = lengths.at(-1) ?? 0;
  if (keyEnd - keyStart < length) return false;
  for (let at = 0; at < length; at += 1) if (key[at] !== raw[keyStart + at]) return false;
  return lengths.length === DEEPEST || nextWord(raw, keyStart, keyStart + length, keyEnd) === null;
}

/** How many words two keys have in common at their beginning. */
function shared(one: Uint8Array, oneLengths: readonly number[], other: Uint8Array, otherLengths: readonly number[]): number {
  let depth = 0;
  while (depth < oneLengths.length && oneLengths[depth] === otherLengths[depth] && Buffer.compare(one.subarray(0, oneLengths[depth]), other.subarray(0, otherLengths[depth])) === 0) depth += 1;
  return depth;
}
