/**
 * What lies at a path that was named as a store and is none: the error says what it is, and what to do.
 *
 * The rules go by names and first bytes of files; they only run when no store is there.
 */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { engineOf, engineTitle } from "../../engines/registry.js";
import { KgdumpError } from "../../errors.js";
import { guessFile } from "../../format/sniff.js";
import { shellWord } from "./shell-word.js";
import { startOfFile } from "./small-file.js";
import { type FoundStore, storesBelow } from "./store-search.js";

/** What something is, as in "PATH is …", and what to do. */
interface Recognized {
  readonly what: string;
  readonly hint: string;
  /** Whether it holds the data of a program in a form that kgdump does not read. */
  readonly foreign?: boolean | undefined;
}

const READS = "kgdump reads RocksDB, LevelDB and sled";
/** Stores that are named, and that are counted. */
const STORES_NAMED = 10;
const STORES_COUNTED = 200;
/** Files whose first bytes are looked at. */
const FILES_LOOKED_AT = 32;

interface Rule {
  /** Whether a directory with these names is it. */
  is(has: (name: string | RegExp) => boolean): boolean;
  readonly what: string;
  readonly hint: string;
}

const OTHER_ENGINE = `${READS}: let the program that owns it write its entries into one of these`;

/** Directories that are told by their names alone. */
const RULES: readonly Rule[] = [
  {
    is: (has) => has("meta") && has("private") && (has("shared") || has("shared_checksum")),
    what: "a backup of RocksDB's BackupEngine, which may hold several states of a store",
    hint: "restore it into a directory of its own (`ldb restore --backup_dir=BACKUP --db=NEW`, or the program's own restore), and name that",
  },
  {
    is: (has) => has(/^marker\.(format-version|manifest)\./),
    what: "a store of Pebble",
    hint: OTHER_ENGINE,
  },
  {
    is: (has) => has("MANIFEST") && (has("KEYREGISTRY") || has("DISCARD") || has(/^\d{6}\.vlog$/)),
    what: "a store of Badger",
    hint: `${READS}: let a program with Badger write its entries into one of these (\`badger stream\` and \`badger backup\` write only Badger's own formats)`,
  },
  {
    is: (has) => (has("DO_NOT_PUT_YOUR_FILES_HERE") || has("durability_cookie")) && (has("slabs") || has("heap") || has("metadata")),
    what: "a store of sled 1.0 (alpha)",
    hint: "kgdump reads the stores of sled 0.34: let a program with that alpha write the entries into one (Db::export, then Db::import of sled 0.34)",
  },
  {
    is: (has) => has("data.mdb"),
    what: "a database of LMDB",
    hint: `${READS}: \`mdb_dump\` writes an LMDB database as text`,
  },
  { is: (has) => has("WiredTiger.wt") || has("WiredTiger.turtle"), what: "a database of WiredTiger (MongoDB)", hint: OTHER_ENGINE },
  { is: (has) => has(/^log\.\d{10}$/) && has(/^__db\.|\.db$|\.bdb$/), what: "an environment of Berkeley DB", hint: `${READS}: \`db_dump\` writes a Berkeley DB as text` },
  { is: (has) => has("journals") && (has("partitions") || has("keyspaces")), what: "a store of fjall", hint: OTHER_ENGINE },
  { is: (has) => has("manifest") && ((has("sstables") && has("wal")) || has("clog")), what: "a store of SurrealKV", hint: OTHER_ENGINE },
  {
    is: (has) => has("_metadata") || (has("shared") && has("taskowned")),
    what: "a checkpoint or savepoint of Flink, whose files are parts of stores",
    hint: "name the working directory of the job's state (state.backend.rocksdb.localdir) while the job is stopped, or read the checkpoint with Flink's State Processor API",
  },
  { is: (has) => has("PG_VERSION") && has("base"), what: "a data directory of PostgreSQL", hint: OTHER_ENGINE },
];

/** Directories that are told by their names, when no store lies below them. */
const LOOSE_RULES: readonly Rule[] = [
  {
    is: (has) => has(/\.(sst|ldb)$/),
    what: "a directory with table files of RocksDB, but without the MANIFEST and CURRENT of a store: an exported family (ExportColumnFamily), one of a store's db_paths, or what is left of a store",
    hint: "name the directory that holds CURRENT and MANIFEST-…; an exported family has to be imported into a store first (CreateColumnFamilyWithImport)",
  },
  {
    is: (has) => has(/^\d{6,}\.log$/),
    what: "a directory with logs of a RocksDB store, but without its other files: probably its wal_dir",
    hint: "name the directory that holds CURRENT and MANIFEST-…: kgdump finds the logs from there",
  },
  {
    is: (has) => has("LOG") || has(/^LOG\.old\.\d+$/) || has(/_LOG$/),
    what: "a directory with nothing of RocksDB but its information logs: of a secondary instance, or the store's db_log_dir",
    hint: "name the directory of the store itself: the line \"SST files in … dir\" of the file LOG tells it",
  },
];

/**
 * The error for a directory that is no store.
 * @param names all that is in it
 */
export async function noStoreIn(path: string, names: readonly string[]): Promise<KgdumpError> {
  const { what, hint } = await recognize(path, names);
  return new KgdumpError("STORE_NOT_RECOGNIZED", `${path} is ${what}`, { path, hint });
}

/** The error for a directory that is a store of another engine, or a backup, by the names in it; null for one that is none of these. */
export function foreignStoreIn(path: string, names: readonly string[]): KgdumpError | null {
  const found = RULES.find((rule) => rule.is((name) => hasName(names, name)));
  return found === undefined ? null : new KgdumpError("STORE_NOT_RECOGNIZED", `${path} is ${found.what}`, { path, hint: found.hint });
}

/**
 * Whether what lies at a path, and is no store that kgdump reads, holds the data of a program all the same: a store or database of another engine,
 * a backup, a checkpoint. False for what is nothing of the kind, or can't be looked at.
 */
export async function isForeign(path: string): Promise<boolean> {
  const names = await readdir(path).catch(() => null);
  const found = names === null ? guessFile(await startOf(path))?.database : (await recognize(path, names)).foreign;
  return found === true;
}

function hasName(names: readonly string[], name: string | RegExp): boolean {
  return typeof name === "string" ? names.includes(name) : names.some((one) => name.test(one));
}

/** The error for a directory that was named as a dump. */
export async function noDumpButDirectory(path: string): Promise<KgdumpError> {
  const names = await readdir(path).catch((): string[] => []);
  const engine = engineOf(names);
  if (engine !== null) {
    const hint = `export it first: kgdump export ${shellWord(path)} -o graph.kgd; kgdump status ${shellWord(path)} shows what it is, kgdump verify --against compares it with a dump`;
    return new KgdumpError("DUMP_NOT_A_DUMP", `${path} is a directory with a ${engineTitle(engine)} store, not a dump`, { path, hint });
  }
  for (const name of [...names].sort().slice(0, FILES_LOOKED_AT)) {
    if (guessFile(await startOf(join(path, name)))?.what !== "a dump") continue;
    return new KgdumpError("DUMP_NOT_A_DUMP", `${path} is a directory that holds a dump, not a dump`, { path, hint: `name the dump's file: ${join(path, name)}` });
  }
  const { what } = await recognize(path, names);
  return new KgdumpError("DUMP_NOT_A_DUMP", `${path} is a directory, not a dump: it is ${what}`, { path, hint: "name the dump's file; a store is exported first, with kgdump export" });
}

async function recognize(path: string, names: readonly string[]): Promise<Recognized> {
  if (names.length === 0) return { what: "an empty directory, not a store", hint: "check the path, and that its volume is mounted" };
  const has = (name: string | RegExp): boolean => hasName(names, name);
  const exact = RULES.find((rule) => rule.is(has));
  if (exact !== undefined) return { ...exact, foreign: true };
  const stores = await storesBelow(path, STORES_COUNTED);
  if (stores.length > 0) return parentOf(path, stores);
  const loose = LOOSE_RULES.find((rule) => rule.is(has)) ?? (await byContent(path, names));
  return loose ?? { what: "neither a RocksDB store (no file CURRENT) nor a sled store", hint: "name the directory that holds the store's own files" };
}

function parentOf(path: string, stores: readonly FoundStore[]): Recognized {
  const [first] = stores;
  if (stores.length === 1 && first !== undefined) {
    return { what: `not a store itself, but a ${engineTitle(first.engine)} store lies below it`, hint: `name that: ${first.path}` };
  }
  const count = stores.length < STORES_COUNTED ? stores.length.toString() : `${STORES_COUNTED.toString()} or more`;
  const named = stores.slice(0, STORES_NAMED).map(({ path: one, engine }) => `${one} (${engineTitle(engine)})`);
  const rest = stores.length > STORES_NAMED ? ", …" : "";
  return { what: `not a store itself, but ${count} stores lie below ${basename(path) === "" ? "it" : basename(path)}`, hint: `name one of them: ${named.join(", ")}${rest}` };
}

/** Told by the first bytes of the files: databases, archives, dumps. */
async function byContent(path: string, names: readonly string[]): Promise<Recognized | undefined> {
  for (const name of [...names].sort().slice(0, FILES_LOOKED_AT)) {
    const guess = guessFile(await startOf(join(path, name)));
    if (guess !== undefined) return { what: `not a store; in it is ${guess.what} (${name})`, hint: guess.inStore, foreign: guess.database };
  }
  return undefined;
}

/** The error for a file that was named as a store. */
export async function noStoreButFile(path: string, cause: unknown): Promise<KgdumpError> {
  const directory = dirname(path);
  if (!(await stat(path).catch(() => null))) {
    return new KgdumpError("STORE_NOT_FOUND", `there is no store at ${path}: part of that path is a file`, { cause, path, hint: "check the path" });
  }
  const engine = engineOf(await readdir(directory).catch(() => []));
  if (engine !== null) {
    return new KgdumpError("STORE_NOT_RECOGNIZED", `${path} is a file of the ${engineTitle(engine)} store in ${directory}, not the store's directory`, {
      cause,
      path,
      hint: `name the directory: ${directory}`,
    });
  }
  const guess = guessFile(await startOf(path));
  const what = guess === undefined ? "a file, not the directory of a store" : `${guess.what}, not the directory of a store`;
  return new KgdumpError("STORE_NOT_RECOGNIZED", `${path} is ${what}`, { cause, path, hint: guess?.inStore ?? "name the directory that holds the store's own files" });
}

/** The first bytes of a file; none when it can't be read, or is no regular file. */
function startOf(path: string): Promise<Uint8Array> {
  return startOfFile(path, 512);
}
