/** Other names for keyspaces: by name, or by a pattern with one `*` on each side. */
import { KgdumpError } from "../../errors.js";
import { ByName, type KeyspaceName, nameBytes, nameSet, nameText, sameName, unknownKeyspace } from "./keyspaces.js";

/** All names that begin with some bytes and end with others, which don't overlap; a `*` between them stands for any bytes, or none. */
export interface NamePattern {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** Which names get others. What is named goes before patterns; of patterns the first that fits counts. */
export type KeyspaceMap = ReadonlyMap<KeyspaceName | NamePattern, KeyspaceName | NamePattern>;

interface Rule {
  readonly from: Uint8Array | NamePattern;
  readonly to: Uint8Array | NamePattern;
}

/** New names by old ones. */
export class Naming {
  readonly #rules: readonly Rule[];
  /** Those about one name each, by it. */
  readonly #named: ByName<Rule>;
  readonly #patterns: readonly Rule[];

  /** @throws {KgdumpError} USAGE for a pattern as the new name of one keyspace */
  constructor(map: KeyspaceMap | undefined) {
    this.#rules = Array.from(map ?? [], ([from, to]) => ({ from: sideOf(from), to: sideOf(to) })).sort((a, b) => Number(isPattern(a.from)) - Number(isPattern(b.from)));
    this.#named = new ByName(this.#rules.flatMap((rule) => (isPattern(rule.from) ? [] : [[rule.from, rule] as const])));
    this.#patterns = this.#rules.filter(({ from }) => isPattern(from));
    const odd = this.#rules.find(({ from, to }) => !isPattern(from) && isPattern(to));
    if (odd === undefined) return;
    throw new KgdumpError("USAGE", `"${sideText(odd.from)}" can't become "${sideText(odd.to)}": what its * stands for is not known`, {
      hint: "put a * on the left side too, or none on the right; a * that is part of a name is written \\x2a",
    });
  }

  /** The new name of a keyspace, or undefined when it keeps its own. */
  renamed(name: Uint8Array): Uint8Array | undefined {
    const named = this.#named.get(name);
    for (const { from, to } of named === undefined ? this.#patterns : [named]) {
      const star = matched(from, name);
      if (star === undefined) continue;
      return isPattern(to) ? Buffer.concat([to.before, star, to.after]) : to;
    }
    return undefined;
  }

  /** The name that a keyspace has from now on. */
  nameOf(name: Uint8Array): Uint8Array {
    return this.renamed(name) ?? name;
  }

  /** Whether one of these names is such as the rules give. */
  givesOneOf(names: readonly Uint8Array[]): boolean {
    const known = nameSet(names);
    return this.#rules.some(({ to }) => (isPattern(to) ? names.some((name) => matched(to, name) !== undefined) : known.has(to)));
  }

  /** Whether one of these names gets another one. */
  fitsOneOf(names: readonly Uint8Array[]): boolean {
    return names.some((name) => this.renamed(name) !== undefined);
  }

  /** The new names of those of these keyspaces that get one. */
  given(names: readonly Uint8Array[]): Uint8Array[] {
    return names.map((name) => this.renamed(name)).filter((name) => name !== undefined);
  }

  /** @throws {KgdumpError} KEYSPACE_UNKNOWN for a rule that is about none of these names */
  check(names: readonly Uint8Array[]): void {
    const known = nameSet(names);
    for (const { from } of this.#rules) {
      if (isPattern(from) ? names.some((name) => matched(from, name) !== undefined) : known.has(from)) continue;
      if (!isPattern(from)) throw unknownKeyspace(from, names);
      throw new KgdumpError("KEYSPACE_UNKNOWN", `no keyspace is called "${sideText(from)}"`, { hint: `there are: ${names.map(nameText).join(", ") || "none"}` });
    }
  }
}

function isPattern(side: Uint8Array | NamePattern): side is NamePattern {
  return !(side instanceof Uint8Array);
}

function sideOf(side: KeyspaceName | NamePattern): Uint8Array | NamePattern {
  return typeof side === "string" || side instanceof Uint8Array ? nameBytes(side) : side;
}

function sideText(side: Uint8Array | NamePattern): string {
  return isPattern(side) ? `${nameText(side.before)}*${nameText(side.after)}` : nameText(side);
}

/** What a `*` stands for in a name, nothing for a name that is the same; undefined for a name that does not fit. */
function matched(side: Uint8Array | NamePattern, name: Uint8Array): Uint8Array | undefined {
  if (!isPattern(side)) return sameName(side, name) ? new Uint8Array() : undefined;
  const { before, after } = side;
  const end = name.length - after.length;
  if (end < before.length || !sameName(name.subarray(0, before.length), before) || !sameName(name.subarray(end), after)) return undefined;
  return name.subarray(before.length, end);
}
