/** Names of options in a dump's header that more than the engine of RocksDB asks for. */

/** Option of the source: options that all families have. */
export const COMMON_OPTIONS = "rocksdb.familyOptions";
/** Option of a keyspace: what its family has besides those. */
export const FAMILY_OPTIONS = "options";

/** Option of a keyspace: `stripped` when each value of the family ended with a time, for a time to live, and the dump's don't. */
export const TIMES = "times";

/** Option of a keyspace: how old the tables of its family are, a line each, as the addon's `files/ages.rs` has them. */
export const AGES = "ages";

/** Options of a keyspace that are no option of RocksDB's. */
export const OTHER_SETTINGS: ReadonlySet<string> = new Set([AGES, FAMILY_OPTIONS, TIMES]);
