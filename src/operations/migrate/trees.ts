/** Which tree of the new store each keyspace of a migration becomes, as the journal has it. */
import { type KeyspaceName, nameBytes, nameSet, sameName } from "../entries/keyspaces.js";
import { type KeyspaceMap, Naming, type NamePattern } from "../entries/naming.js";
import type { JournalSide } from "./journal-form.js";
import type { Journal, JournalKeyspace } from "./journal.js";

/** What of a journal says how keyspaces are renamed, and which are left out. */
export type JournalNames = Pick<Journal, "map" | "exclude">;

type Side = Uint8Array | NamePattern;

const fromHex = (hex: string): Uint8Array => Buffer.from(hex, "hex");
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** How names stand in a journal. */
export function journalNames(map: KeyspaceMap | undefined, exclude: readonly KeyspaceName[] | undefined): JournalNames {
  const side = (one: KeyspaceName | NamePattern): JournalSide =>
    typeof one === "string" || one instanceof Uint8Array ? { name: toHex(nameBytes(one)) } : { before: toHex(one.before), after: toHex(one.after) };
  return {
    ...(map === undefined ? {} : { map: Array.from(map, ([from, to]) => ({ from: side(from), to: side(to) })) }),
    ...(exclude === undefined ? {} : { exclude: exclude.map((name) => toHex(nameBytes(name))) }),
  };
}

/** The same as it was asked for. */
export function askedNames({ map, exclude }: JournalNames): { readonly map: ReadonlyMap<Side, Side> | undefined; readonly excludeKeyspaces: readonly Uint8Array[] | undefined } {
  return { map: map === undefined ? undefined : new Map(map.map(({ from, to }) => [sideOf(from), sideOf(to)])), excludeKeyspaces: exclude?.map(fromHex) };
}

function sideOf(side: JournalSide): Side {
  return "name" in side ? fromHex(side.name) : { before: fromHex(side.before), after: fromHex(side.after) };
}

/** The trees of a migration. */
export class Trees {
  readonly #naming: Naming;
  readonly #rules: readonly (readonly [Side, Side])[];

  constructor(names: JournalNames) {
    const { map } = askedNames(names);
    this.#rules = [...(map ?? [])];
    this.#naming = new Naming(map);
  }

  /** The tree that a keyspace becomes. */
  of(name: Uint8Array): Uint8Array {
    return this.#naming.nameOf(name);
  }

  /** Those keyspaces that have a tree: one without entries has none when another one became the tree of its name. */
  own<Keyspace extends Pick<JournalKeyspace, "name" | "entries">>(keyspaces: readonly Keyspace[]): Keyspace[] {
    const treeOf = (keyspace: Keyspace): string => toHex(this.of(fromHex(keyspace.name)));
    const groups = new Map<string, Keyspace[]>();
    for (const keyspace of keyspaces) {
      const group = groups.get(treeOf(keyspace));
      if (group === undefined) groups.set(treeOf(keyspace), [keyspace]);
      else group.push(keyspace);
    }
    const owners = new Set<Keyspace>();
    for (const [tree, group] of groups) {
      const filled = group.filter(({ entries }) => entries > 0);
      // Of several without entries the first that was renamed has it.
      const empty = group.find(({ name }) => name !== tree) ?? group[0];
      for (const owner of filled.length > 0 || empty === undefined ? filled : [empty]) owners.add(owner);
    }
    return keyspaces.filter((keyspace) => owners.has(keyspace));
  }

  /** The way back: which keyspace each of these trees becomes. */
  back(keyspaces: readonly JournalKeyspace[], trees: readonly Uint8Array[]): KeyspaceMap {
    const back = new Map<Side, Side>();
    for (const { name } of this.own(keyspaces)) {
      const [keyspace, tree] = [fromHex(name), this.of(fromHex(name))];
      if (!sameName(keyspace, tree)) back.set(tree, keyspace);
    }
    // Trees that were made since, and are named as the pattern names them.
    for (const [from, to] of this.#rules) if (!(from instanceof Uint8Array) && !(to instanceof Uint8Array)) back.set(to, from);
    const known = nameSet(trees);
    return new Map([...back].filter(([from, to]) => (from instanceof Uint8Array ? known.has(from) : new Naming(new Map([[from, to]])).fitsOneOf(trees))));
  }
}
