/** RocksDB as an engine. */
import type { Engine } from "../engine.js";

/** RocksDB, which reads LevelDB's stores, too. */
export const ROCKSDB: Engine = {
  name: "rocksdb",
  title: "RocksDB",
  keyspaceWords: ["family", "families"],
  ownNames: /^(?:CURRENT|IDENTITY|LOCK|LOG(?:\.old.*)?|(?:MANIFEST|OPTIONS)-\d+(?:\.dbtmp)?|\d+\.(?:sst|ldb|log|blob|dbtmp)|.*\.trash|archive|lost)$/,
  storeNames: /^(?:CURRENT|IDENTITY|LOCK|(?:MANIFEST|OPTIONS)-\d+|\d+\.(?:sst|ldb|log|blob))$/,
  everyStoreHas: "CURRENT",
  readingLocks: false,
  estimates: true,
  numbersChanges: true,
  tellsOptions: true,
  countsIds: false,
  largest: null,
  // One that lost its CURRENT is a store still; Pebble's has marker files, and no CURRENT in its newer versions.
  recognises: (names) => names.includes("CURRENT") || (names.some((name) => /^MANIFEST-\d+$/.test(name)) && !names.some((name) => name.startsWith("marker."))),
  recognisesRemains: (names) => names.some((name) => /^(?:CURRENT|IDENTITY|(?:MANIFEST|OPTIONS)-\d+|\d+\.(?:sst|ldb|log|blob))$/.test(name)),
  openSource: async (path, options) => (await import("./rocksdb.js")).openRocksdbSource(path, options),
  openLoader: async (path, { keyspaces, scratch }) => (await import("./loader.js")).openRocksdbLoader(path, { tableDirectory: scratch, families: keyspaces }),
  openSalvage: async (path, options) => (await import("./salvage.js")).openRocksdbSalvage(path, options),
  versionIn: (names) => {
    const numbered = names.filter((name) => /^OPTIONS-\d+$/.test(name));
    const newest = numbered.sort((one, other) => Number(one.slice("OPTIONS-".length)) - Number(other.slice("OPTIONS-".length))).at(-1);
    return newest === undefined ? undefined : { file: newest, pattern: /^[ \t]*rocksdb_version=([\w.-]{1,40})/m };
  },
  findKey: async (path, key, keyspace) => (await import("./find.js")).findKey(path, key, keyspace),
  lock: async (path) => (await import("./lock.js")).lockRocksdb(path),
};
