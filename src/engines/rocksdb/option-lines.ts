/**
 * All options of a store as a dump's header carries them: as RocksDB's own words, `name=value`, a line each. What is the same in all
 * families is said once, with the source; what differs, with the family. Names of a table's options begin with `table.`.
 */

import { COMMON_OPTIONS, FAMILY_OPTIONS } from "../header-options.js";

/** Option of the source: version of the RocksDB that wrote the OPTIONS file, such as `8.11.4`. */
export const OPTIONS_VERSION = "rocksdb.optionsVersion";
/** Option of the source: the options of the database. */
export const DATABASE_OPTIONS = "rocksdb.options";
/** What the names of a table's options begin with. */
export const TABLE_PREFIX = "table.";

/** Longest text that a header can hold, in bytes. */
const LONGEST_TEXT = 65_535;

type Options = ReadonlyMap<string, string>;

/** What OPTIONS says of a store. */
export interface StoreOptions {
  /** Version of the RocksDB that wrote it. */
  readonly version: string;
  readonly database: Options;
  /** Of each family, in the store's order; those of tables begin with `table.`. */
  readonly families: readonly Options[];
}

/** What goes into a header: options of the source, and of each keyspace. */
export interface HeaderOptions {
  readonly source: ReadonlyMap<string, string>;
  readonly families: readonly ReadonlyMap<string, string>[];
}

/** A header's options for what OPTIONS says; none of them when it is too much for a header. */
export function toHeader({ version, database, families }: StoreOptions): HeaderOptions {
  const nothing = { source: new Map<string, string>(), families: families.map(() => new Map<string, string>()) };
  const [first] = families;
  if (version === "" || first === undefined || families.some((family) => family.size === 0)) return nothing;
  // Most families share theirs.
  const sets = [...new Set(families)];
  const common = new Map([...first].filter(([name, value]) => sets.every((set) => set.get(name) === value)));
  const source = new Map([
    [OPTIONS_VERSION, version],
    [DATABASE_OPTIONS, toLines(database)],
    [COMMON_OPTIONS, toLines(common)],
  ]);
  const own = new Map(sets.map((set) => [set, new Map([[FAMILY_OPTIONS, toLines(new Map([...set].filter(([name]) => !common.has(name))))]])]));
  const texts = [source, ...own.values()].flatMap((options) => [...options.values()]);
  if (texts.some((text) => Buffer.byteLength(text) > LONGEST_TEXT)) return nothing;
  return { source, families: families.map((family) => own.get(family) ?? new Map<string, string>()) };
}

/** All options of the database and of a family that a header carries; null when it carries only some. */
export function fromHeader(source: Options | undefined, family: Options | undefined): { version: string; database: Options; family: Options } | null {
  const [version, database, common, own] = [source?.get(OPTIONS_VERSION), source?.get(DATABASE_OPTIONS), source?.get(COMMON_OPTIONS), family?.get(FAMILY_OPTIONS)];
  if (version === undefined || database === undefined || common === undefined || own === undefined) return null;
  return { version, database: fromLines(database), family: new Map([...fromLines(common), ...fromLines(own)]) };
}

function toLines(options: Options): string {
  return [...options].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${value}`).join("\n");
}

function fromLines(text: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const line of text.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) options.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return options;
}
