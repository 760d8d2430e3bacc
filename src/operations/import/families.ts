/** How a restore makes its families: as the dump says, or the store or dump that options are taken from, and as the user wishes. */
import type { FinalOptions } from "../../engines/rocksdb/options-file.js";
import type { FamilySource } from "../../engines/rocksdb/settings.js";
import type { RocksdbCompression, RocksdbFamily } from "../../engines/rocksdb/sink.js";
import { tellsOptions } from "../../engines/registry.js";
import { KgdumpError } from "../../errors.js";
import { isDirectory } from "../disk/names.js";
import { openSource, type TtlMode } from "../disk/stores.js";
import { openDump } from "../dump/open-dump.js";
import { nameText, sameName } from "../entries/keyspaces.js";
import type { ImportPlan, PlannedKeyspace } from "./plan.js";
import { checkedTime } from "./times.js";

/** What a user wants of all families. */
export interface FamilyOptions {
  readonly optionsFrom?: string | undefined;
  readonly compression?: RocksdbCompression | undefined;
  readonly tableBlockSize?: number | undefined;
  readonly ttl?: TtlMode | undefined;
  readonly ttlTime?: number | undefined;
}

/** How the families are made. */
export interface PlannedFamilies {
  /** How each is loaded. */
  readonly families: readonly RocksdbFamily[];
  /** What OPTIONS says when the store is done. */
  readonly options: FinalOptions;
  readonly warnings: string[];
  /** What is known of the store that they are like. */
  readonly source: ReadonlyMap<string, string> | undefined;
  /** Families whose values get a time behind them, by their names in hex. */
  readonly timed: ReadonlySet<string>;
  /** That time, in seconds since 1970. */
  readonly time: number;
}

interface DescribedFamily extends FamilySource {
  readonly name: Uint8Array;
}

interface Described {
  readonly source: ReadonlyMap<string, string> | undefined;
  /** By their names in hex. */
  readonly byName: ReadonlyMap<string, DescribedFamily>;
  readonly tellsOptions: boolean;
  /** Whether it is known for each family that has times whether the dump has them: it is what was exported. */
  readonly tellsTimes: boolean;
}

/**
 * Plans the families of a restore.
 * @throws {KgdumpError} STORE_TTL when it is not known whether values end with times, what opening the store or dump that options are taken from throws
 */
export async function planFamilies(plan: ImportPlan, options: FamilyOptions): Promise<PlannedFamilies> {
  const { RestoredFamilies, finalOptions } = await import("../../engines/rocksdb/settings.js");
  const { optionsFrom } = options;
  const described = optionsFrom === undefined ? ofHeader(plan.header) : await describe(optionsFrom);
  const warnings = new Warnings();
  const timed = new Set<string>();
  const families = new RestoredFamilies(options);
  const made = deciding(plan).map((keyspace) => {
    const found = familyOf(described, keyspace, optionsFrom !== undefined);
    if (found === undefined && optionsFrom !== undefined) warnings.add(`${optionsFrom} has no such family: it is kept as is usual`, keyspace.tree);
    const order = found === undefined || found.settings.size === 0 ? keyspace.comparator : found.order;
    const restored = families.make(keyspace.tree, order, found ?? { settings: new Map() });
    for (const sentence of restored.notKept) warnings.add(sentence, keyspace.tree);
    if (restored.hasTimes && lacksTimes(keyspace, described, found, options)) timed.add(hex(keyspace.tree));
    if (described.tellsOptions && found !== undefined && !restored.final.complete) warnings.add(UNKNOWN, keyspace.tree);
    return restored;
  });
  const final = finalOptions(described.source, made.map((each) => each.final));
  const { ttlTime = Math.floor(plan.header.createdAt.getTime() / 1000) } = options;
  // A dump may come from a clock that was wrong; most need no time.
  const time = timed.size > 0 || options.ttlTime !== undefined ? checkedTime(ttlTime) : ttlTime;
  return { families: made.map(({ family }) => family), options: final.options, source: described.source, timed, time, warnings: [...warnings.sentences(), ...final.notKept.map((sentence) => `the database: ${sentence}`)] };
}

/** Whether the values of a family that has times come without them, so that a restore puts them there. */
function lacksTimes(keyspace: PlannedKeyspace, described: Described, found: FamilySource | undefined, { ttl, ttlTime }: FamilyOptions): boolean {
  if (ttl !== undefined) return ttl === "strip";
  if (found?.settings.get("times") === "stripped" || ttlTime !== undefined) return true;
  if (described.tellsTimes) return false;
  throw new KgdumpError("STORE_TTL", `family "${nameText(keyspace.tree)}" has a time to live, and nothing says whether the values of the dump end with their times`, {
    keyspace: keyspace.name,
    hint: "`--ttl strip` when they were stripped by an export: each value gets a time, which --ttl-time can choose; `--ttl keep` when they were kept",
  });
}

const UNKNOWN = "most of its options are not known, as an older kgdump, or a store without OPTIONS, did not record them: RocksDB's defaults are used";

/**
 * The keyspaces by which families are made. Of several that would become one family only one may have entries: that one decides when it is known, else one
 * that was renamed to it.
 */
function deciding(plan: ImportPlan): PlannedKeyspace[] {
  const groups = new Map<string, PlannedKeyspace[]>();
  for (const keyspace of plan.selected) groups.set(hex(keyspace.tree), [...(groups.get(hex(keyspace.tree)) ?? []), keyspace]);
  return [...groups.values()].flatMap((group) => group.find((one) => plan.owns(one)) ?? group.find(({ name, tree }) => !sameName(name, tree)) ?? group.slice(0, 1));
}

/** With a store or dump of its own, the name is first looked for as it is going to be, for that is its name there; then as it is in the dump. */
function familyOf(described: Described, keyspace: PlannedKeyspace, other: boolean): DescribedFamily | undefined {
  return (other ? described.byName.get(hex(keyspace.tree)) : undefined) ?? described.byName.get(hex(keyspace.name));
}

function ofHeader(header: ImportPlan["header"]): Described {
  const source = header.source.options;
  const families = header.keyspaces.map(({ name, comparator, sourceOptions }) => ({ name, order: comparator, settings: sourceOptions ?? new Map<string, string>(), source }));
  return { source, byName: indexed(families), tellsOptions: tellsOptions(header.source.engine), tellsTimes: true };
}

/** Fails when options can't be taken from a path. @throws {KgdumpError} NOT_FOUND, DUMP_*, STORE_*: what opening the store or dump throws */
export async function checkOptionsFrom(path: string): Promise<void> {
  await describe(path);
}

async function describe(path: string): Promise<Described> {
  if (await isDirectory(path)) {
    await using store = await openSource(path, { ttl: "keep" });
    const { options: source, keyspaces, engine } = store.info;
    const families = keyspaces.map(({ name, comparator, settings }) => ({ name, order: comparator, settings: settings ?? new Map<string, string>(), source }));
    return { source, byName: indexed(families), tellsOptions: tellsOptions(engine), tellsTimes: false };
  }
  try {
    await using dump = await openDump(path);
    return ofHeader(dump.header);
  } catch (error) {
    if (!(error instanceof KgdumpError) || error.code !== "DUMP_NOT_A_DUMP") throw error;
    throw new KgdumpError(error.code, `${path}, named by --options-from, is neither a dump nor the directory of a store`, { cause: error, path, hint: error.hint });
  }
}

const indexed = (families: readonly DescribedFamily[]): Map<string, DescribedFamily> => new Map(families.map((family) => [hex(family.name), family]));
const hex = (name: Uint8Array): string => Buffer.from(name).toString("hex");

/** Sentences about families, each said once for all that it is true of. */
class Warnings {
  readonly #families = new Map<string, Uint8Array[]>();

  add(sentence: string, family: Uint8Array): void {
    const families = this.#families.get(sentence) ?? [];
    families.push(family);
    this.#families.set(sentence, families);
  }

  sentences(): string[] {
    return [...this.#families].map(([sentence, [first = new Uint8Array(), ...others]]) => {
      const more = others.length === 0 ? "" : ` and ${others.length.toString()} more`;
      return `family "${nameText(first)}"${more}: ${sentence}`;
    });
  }
}

/** Fails for a name that no family of RocksDB can have, before anything is made. @throws {KgdumpError} STORE_UNSUPPORTED */
export function refuseFamilyNames(families: readonly { readonly name: Uint8Array; readonly family: Uint8Array }[]): void {
  const odd = families.find(({ family }) => family.includes(0));
  if (odd === undefined) return;
  const typed = Buffer.from(odd.name).toString("latin1").replace(/[^!-~]|[\\=*']/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`);
  throw new KgdumpError("STORE_UNSUPPORTED", `the name "${typed}" has a zero byte, and no family's name can have one`, {
    keyspace: odd.name,
    hint: `give it another name: --map '${typed}=NAME'`,
  });
}
