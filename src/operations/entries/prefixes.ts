/**
 * Prefixes of keys, as programs make them: words that end with a separator (`node:`, `user/`, `idx_`), before whatever tells one key from another.
 * How much there is of each is added up from blocks, of which the first and the last key are known, and from entries.
 */

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

/** Where a word ends. Others only where these are not used. */
const SEPARATORS: ReadonlySet<number> = new Set(Buffer.from("\0\t\x1f#/:|\xff", "latin1"));
const WEAK_SEPARATORS: ReadonlySet<number> = new Set(Buffer.from("-._", "latin1"));
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
  for (let start = 0; lengths.length < DEEPEST;) {
    const end = wordEnd(key, start, SEPARATORS) ?? (start === 0 ? wordEnd(key, 0, WEAK_SEPARATORS) : null);
    if (end === null) break;
    lengths.push(end);
    start = end;
  }
  return lengths;
}

function wordEnd(key: Uint8Array, start: number, separators: ReadonlySet<number>): number | null {
  const limit = Math.min(key.length, start + LONGEST_WORD);
  for (let at = start; at < limit; at += 1) {
    const byte = key[at] ?? 0;
    // A path begins with one.
    if (separators.has(byte) && at > start) return isWord(key.subarray(start, at)) ? at + 1 : null;
    if (!separators.has(byte) && (byte < 0x20 || byte >= 0x7f)) return null;
  }
  return null;
}

function isWord(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  if (!/[a-z]/i.test(text)) return false;
  if (/^[0-9a-f-]{8,}$/i.test(text) && /\d/.test(text)) return false;
  return (text.match(/\d/g)?.length ?? 0) * 2 <= text.length;
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

  /** Adds one entry. @param bytes encoded */
  addEntry(key: Uint8Array, bytes: number): void {
    const lengths = prefixLengths(key);
    this.#add(key, lengths, { entries: 1, bytes, estimated: false }, lengths.length);
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
    const shares = parts.slice(0, most).map(({ prefix, entries, bytes, estimated, example }) => ({ prefix, entries, bytes, estimated, example }));
    return { shares, more: parts.length - shares.length };
  }
}

/** So much of all is nearly all. */
const NEARLY_ALL = 0.8;

function newNode(prefix: Uint8Array, example: Uint8Array): Node {
  return { prefix, example, parts: new Map(), entries: 0, bytes: 0, estimated: false, rest: { entries: 0, bytes: 0, estimated: false, example: null } };
}

/** What is directly within a prefix; `node` is null for what has no further word. */
function partsOf({ prefix, parts, rest }: Node): (PrefixShare & { readonly node: Node | null })[] {
  const words = [...parts.values()].map((node) => ({ ...node, node }));
  return rest.example === null ? words : [...words, { ...rest, prefix, example: rest.example, node: null }];
}

/** How many words two keys have in common at their beginning. */
function shared(one: Uint8Array, oneLengths: readonly number[], other: Uint8Array, otherLengths: readonly number[]): number {
  let depth = 0;
  while (depth < oneLengths.length && oneLengths[depth] === otherLengths[depth] && Buffer.compare(one.subarray(0, oneLengths[depth]), other.subarray(0, otherLengths[depth])) === 0) depth += 1;
  return depth;
}
