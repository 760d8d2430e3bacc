/**
 * Where each key and value of a TOML document is, by line and column; the parser tells only what they are.
 *
 * The document must have been parsed before: what is no TOML is not noticed here. The grammar is that of TOML 1.1
 * (toml.io), a superset of 1.0: dotted and quoted keys, tables, arrays of tables, inline tables, all kinds of strings.
 */
import { parse } from "smol-toml";

/** Names of tables and keys from the document's root to a value, with the indexes of array elements. */
export type TomlPath = readonly (string | number)[];

/** A position in a text; both count from 1, columns in characters. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

interface Spot {
  readonly key: number;
  value: number;
}

/**
 * The place of an offset.
 * @param offset in UTF-16 units, as strings are indexed
 */
export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: characters(before.slice(lineStart)) + 1 };
}

/** How many characters a text has: a pair of surrogates is one. */
function characters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/** The places of all keys and values of one document. */
export class TomlPlaces {
  readonly #text: string;
  readonly #spots: ReadonlyMap<string, Spot>;

  /** @param text a document that `parse` of smol-toml accepts */
  constructor(text: string) {
    this.#text = text;
    this.#spots = new Scanner(text).scan();
  }

  /**
   * The offset at which a key stands first (an array's element: at which its value starts); for an unknown path, and one
   * that is more than 32 names long, that of its nearest ancestor.
   */
  key(path: TomlPath): number {
    return this.#find(path)?.key ?? 0;
  }

  /** The offset at which a value starts; a table's is its key. For an unknown path, that of its nearest ancestor. */
  value(path: TomlPath): number {
    return this.#find(path)?.value ?? 0;
  }

  /** The place of an offset. */
  at(offset: number): Place {
    return placeOf(this.#text, offset);
  }

  /** Whether there is such a key or element. */
  has(path: TomlPath): boolean {
    return this.#spots.has(id(path));
  }

  #find(path: TomlPath): Spot | undefined {
    for (let length = path.length; length > 0; length--) {
      const spot = this.#spots.get(id(path.slice(0, length)));
      if (spot !== undefined) return spot;
    }
    return undefined;
  }
}

/** Longer paths have no place of their own: each takes memory by its length, and nobody means them. */
const DEEPEST = 32;

function inside(path: TomlPath, name: string | number): TomlPath {
  return path.length < DEEPEST ? [...path, name] : path;
}

function id(path: TomlPath): string {
  return JSON.stringify(path);
}

const BLANKS = /[ \t]*/y;
const VOID = /(?:[ \t\r\n]|#[^\n]*)*/y;
const BARE_KEY = /[^\s.=\]#,{}"']+/y;
const BARE_VALUE = /[^,\]}#\r\n]*/y;
const BASIC = /"(?:[^"\\]|\\.)*"/sy;
const LITERAL = /'[^']*'/y;
// Up to two quotes may stand right before the three that end it.
const LONG_BASIC = /"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}/sy;
const LONG_LITERAL = /'''(?:[^']|'{1,2}(?!'))*'{3,5}/y;

class Scanner {
  readonly #text: string;
  readonly #spots = new Map<string, Spot>();
  /** Index of the last element of each array of tables. */
  readonly #last = new Map<string, number>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): ReadonlyMap<string, Spot> {
    let table: TomlPath = [];
    for (;;) {
      this.#take(VOID);
      if (this.#at >= this.#text.length) return this.#spots;
      if (this.#next() === "[") table = this.#header();
      else this.#entry(table);
    }
  }

  #header(): TomlPath {
    const brackets = this.#text.startsWith("[[", this.#at) ? 2 : 1;
    this.#at += brackets;
    let path: TomlPath = [];
    const keys = this.#dottedKey();
    for (const [index, { name, at }] of keys.entries()) {
      path = inside(path, name);
      this.#mark(path, at);
      if (index === keys.length - 1 && brackets === 2) this.#last.set(id(path), (this.#last.get(id(path)) ?? -1) + 1);
      const element = this.#last.get(id(path));
      if (element === undefined) continue;
      path = inside(path, element);
      this.#mark(path, at);
    }
    this.#at += brackets;
    return path;
  }

  #entry(table: TomlPath): void {
    let path = table;
    const keys = this.#dottedKey();
    for (const { name, at } of keys) {
      path = inside(path, name);
      this.#mark(path, at);
    }
    this.#at++;
    this.#take(BLANKS);
    const spot = this.#spots.get(id(path));
    if (spot !== undefined && path.length === table.length + keys.length) spot.value = this.#at;
    this.#value(path);
  }

  #dottedKey(): { name: string; at: number }[] {
    const keys: { name: string; at: number }[] = [];
    do {
      if (keys.length > 0) this.#at++;
      this.#take(BLANKS);
      const at = this.#at;
      const quote = this.#next();
      const source = this.#take(quote === '"' ? BASIC : quote === "'" ? LITERAL : BARE_KEY);
      // What its escapes mean is the parser's business.
      const name = quote === '"' ? (Object.keys(parse(`${source}=0`))[0] ?? "") : quote === "'" ? source.slice(1, -1) : source;
      keys.push({ name, at });
      this.#take(BLANKS);
    } while (this.#next() === ".");
    return keys;
  }

  #value(path: TomlPath): void {
    switch (this.#next()) {
      case '"':
        this.#take(this.#text.startsWith('"""', this.#at) ? LONG_BASIC : BASIC);
        break;
      case "'":
        this.#take(this.#text.startsWith("'''", this.#at) ? LONG_LITERAL : LITERAL);
        break;
      case "[":
        this.#list("]", (index) => {
          const element = inside(path, index);
          this.#mark(element, this.#at);
          this.#value(element);
        });
        break;
      case "{":
        this.#list("}", () => {
          this.#entry(path);
        });
        break;
      default:
        this.#take(BARE_VALUE);
    }
  }

  #list(end: string, item: (index: number) => void): void {
    this.#at++;
    for (let index = 0; this.#at < this.#text.length; index++) {
      this.#take(VOID);
      if (this.#next() === end) break;
      item(index);
      this.#take(VOID);
      if (this.#next() === ",") this.#at++;
    }
    this.#at++;
  }

  #mark(path: TomlPath, at: number): void {
    if (!this.#spots.has(id(path))) this.#spots.set(id(path), { key: at, value: at });
  }

  #next(): string | undefined {
    return this.#text[this.#at];
  }

  /** Takes what matches here; a document that is no TOML, which was never to come here, must not hold it up. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw new TypeError(`no TOML at ${this.#at.toString()}`);
    this.#at += found.length;
    return found;
  }
}
