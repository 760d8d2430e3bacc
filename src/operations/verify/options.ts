/**
 * Options of RocksDB side by side: what OPTIONS says of the database and of each family, in a store or in a dump of one, so that a store
 * that was restored can be shown to be like its original.
 */
import { OTHER_SETTINGS } from "../../engines/header-options.js";
import { tellsOptions } from "../../engines/registry.js";
import type * as OptionLines from "../../engines/rocksdb/option-lines.js";
import type { StoreInfo } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import type { DumpHeader, KeyOrder } from "../../format/index.js";
import { nameText, sameName } from "../entries/keyspaces.js";

/** What is told of the options of one side. */
export interface OptionFacts {
  /** Name of an engine; dumps may come from others. */
  readonly engine: string;
  readonly path: string | null;
  readonly source: ReadonlyMap<string, string> | undefined;
  readonly families: readonly { readonly name: Uint8Array; readonly order: KeyOrder; readonly settings: ReadonlyMap<string, string> }[];
}

/** An option that differs. */
export interface OptionDifference {
  /** The family, as the first side calls it; null for the database. */
  readonly keyspace: Uint8Array | null;
  /** Its name as OPTIONS has it; that of a table with `table.` before it. `family` when only one side has the family, `order` for that of its keys. */
  readonly option: string;
  /** Its value; null when that side does not tell it. */
  readonly first: string | null;
  readonly store: string | null;
}

/** How the options of two sides compare. */
export interface OptionComparison {
  /** How many were compared. */
  readonly compared: number;
  readonly differences: readonly OptionDifference[];
  /** Version of the RocksDB that wrote each side's OPTIONS; null when it is not told. */
  readonly versions: { readonly first: string | null; readonly store: string | null };
  /** What could not be compared, a sentence each. */
  readonly warnings: readonly string[];
}

/** What a store tells. */
export function factsOfStore({ engine, path, options, keyspaces }: StoreInfo): OptionFacts {
  return { engine, path, source: options, families: keyspaces.map(({ name, comparator, settings }) => ({ name, order: comparator, settings: settings ?? new Map<string, string>() })) };
}

/** What a dump tells. */
export function factsOfDump({ source, keyspaces }: DumpHeader, path: string | null): OptionFacts {
  return { engine: source.engine, path, source: source.options, families: keyspaces.map(({ name, comparator, sourceOptions }) => ({ name, order: comparator, settings: sourceOptions ?? new Map<string, string>() })) };
}

/** @throws {KgdumpError} USAGE for what is not RocksDB's */
export function requireRocksdb(sides: readonly Pick<OptionFacts, "engine" | "path">[]): void {
  const other = sides.find(({ engine }) => !tellsOptions(engine));
  if (other === undefined) return;
  throw new KgdumpError("USAGE", `${other.path ?? "the dump"} comes from ${other.engine}, whose options can't be compared with RocksDB's`, { hint: "leave --options out" });
}

/**
 * Compares all options that both tell.
 * @param nameOf the other's name of a family
 * @throws {KgdumpError} USAGE when one of them is not RocksDB's
 */
export async function compareOptions(first: OptionFacts, store: OptionFacts, nameOf: (name: Uint8Array) => Uint8Array): Promise<OptionComparison> {
  requireRocksdb([first, store]);
  const comparison = new Comparison(await import("../../engines/rocksdb/option-lines.js"), first.source, store.source);
  comparison.database(first, store);
  for (const family of first.families) {
    const other = store.families.find(({ name }) => sameName(name, nameOf(family.name)));
    if (other === undefined) comparison.differ(family.name, "family", "there", null);
    else comparison.family(family, other, first, store);
  }
  for (const { name } of store.families) {
    if (!first.families.some((family) => sameName(nameOf(family.name), name))) comparison.differ(name, "family", null, "there");
  }
  return comparison.result();
}

type Options = ReadonlyMap<string, string>;

class Comparison {
  readonly #lines: typeof OptionLines;
  readonly #versions: OptionComparison["versions"];
  readonly #differences: OptionDifference[] = [];
  /** Options that only one side's version of RocksDB knows, by side. */
  readonly #unknown = { first: new Set<string>(), store: new Set<string>() };
  readonly #untold: string[] = [];
  #compared = 0;

  constructor(lines: typeof OptionLines, first: Options | undefined, store: Options | undefined) {
    this.#lines = lines;
    this.#versions = { first: first?.get(lines.OPTIONS_VERSION) ?? null, store: store?.get(lines.OPTIONS_VERSION) ?? null };
  }

  differ(keyspace: Uint8Array | null, option: string, first: string | null, store: string | null): void {
    this.#differences.push({ keyspace, option, first, store });
  }

  database(first: OptionFacts, store: OptionFacts): void {
    const told = [first, store].map(({ source, families }) => this.#lines.fromHeader(source, families[0]?.settings)?.database);
    const [one, other] = told;
    if (one !== undefined && other !== undefined) this.#compare(null, one, other);
    else this.#untold.push(`the options of the database are not compared, as ${sides(told)} not record them`);
  }

  family(one: OptionFacts["families"][number], other: OptionFacts["families"][number], first: OptionFacts, store: OptionFacts): void {
    this.#compared++;
    if (one.order !== other.order) this.differ(one.name, "order", one.order, other.order);
    const told = [this.#lines.fromHeader(first.source, one.settings)?.family, this.#lines.fromHeader(store.source, other.settings)?.family];
    const [all, others] = told;
    if (all !== undefined && others !== undefined) {
      this.#compare(one.name, all, others);
      return;
    }
    // Some are told one by one; what the other side has besides can't be missed.
    const some = (settings: Options): Map<string, string> => new Map([...settings].filter(([name]) => !OTHER_SETTINGS.has(name)));
    const [few, fewOthers] = [all ?? some(one.settings), others ?? some(other.settings)];
    const both = [...few.keys()].filter((name) => fewOthers.has(name));
    this.#compare(one.name, new Map(both.map((name) => [name, few.get(name) ?? ""])), new Map(both.map((name) => [name, fewOthers.get(name) ?? ""])));
    this.#untold.push(`of family "${nameText(one.name)}" only ${both.length.toString()} options are compared, as ${sides(told)} not record all of them`);
  }

  #compare(keyspace: Uint8Array | null, first: Options, store: Options): void {
    const sameVersion = this.#versions.first === this.#versions.store;
    for (const name of new Set([...first.keys(), ...store.keys()])) {
      const [one = null, other = null] = [first.get(name), store.get(name)];
      if (!sameVersion && (one === null || other === null)) {
        this.#unknown[other === null ? "first" : "store"].add(name);
        continue;
      }
      this.#compared++;
      if (one !== other) this.differ(keyspace, name, one, other);
    }
  }

  result(): OptionComparison {
    const { first, store } = this.#versions;
    const names = [...this.#unknown.first, ...this.#unknown.store];
    const unknown = names.length === 0 ? [] : [`OPTIONS were written by RocksDB ${first ?? "of unknown version"} and ${store ?? "of unknown version"}: options that only one of them knows are not compared: ${names.sort().join(", ")}`];
    return { compared: this.#compared, differences: this.#differences, versions: this.#versions, warnings: [...this.#untold, ...unknown] };
  }
}

function sides([first, store]: readonly (Options | undefined)[]): string {
  if (first === undefined && store === undefined) return "both do";
  return first === undefined ? "the first does" : "the store does";
}
