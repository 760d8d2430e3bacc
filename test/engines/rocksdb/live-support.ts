/** What the writer of the live test and the test itself agree on. */

/** Families that batches go to in turn. */
export const FAMILIES = ["default", "nodes", "edges"];

/** Numbers that one batch writes. */
export const BATCH = 10;

/** Numbers that the store holds; a multiple of BATCH times the number of families. */
export const WINDOW = 3000;

/** Key of a number, in its order. */
export const keyOf = (number: number): Buffer => Buffer.from(String(number).padStart(10, "0"));

/** Value of a number: the number again, in 100 to 399 digits. */
export const valueOf = (number: number): Buffer => Buffer.from(String(number).padStart(100 + (number % 300), "0"));

/** Whole numbers below a limit, always the same of the same seed (xorshift with 13, 17, 5: G. Marsaglia, 2003). */
export function randomNumbers(seed: number): (limit: number) => number {
  // Mixed, as the first numbers of seeds that follow one another would be the same.
  let state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = (state ^ (state >>> 13)) >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * limit);
  };
}

/** How the writer works. */
export interface WriterMode {
  /** What it does not leave to RocksDB: when the log is handed to the system. */
  readonly manualWalFlush?: boolean;
  /** It pauses now and then; without, it writes, flushes and compacts as fast as it can. */
  readonly pauses?: boolean;
  /** It leaves flushes and compactions to RocksDB's own threads. */
  readonly onlyWrites?: boolean;
  /** Families come and go all the time. */
  readonly passingFamilies?: boolean;
  /** Options of the families, and of the store as a whole. */
  readonly options?: string;
  readonly databaseOptions?: string;
  /** The logs lie in a directory beside the store. */
  readonly logsElsewhere?: boolean;
}

/** The writer's modes by name. */
export const MODES: Readonly<Record<string, WriterMode>> = {
  automatic: { pauses: true },
  manual: { pauses: true, manualWalFlush: true },
  fast: {},
  "fast-manual": { manualWalFlush: true },
  recycled: { databaseOptions: "recycle_log_file_num=4" },
  blobs: { options: "enable_blob_files=true;min_blob_size=200;blob_file_size=32768;enable_blob_garbage_collection=true;blob_garbage_collection_age_cutoff=1.0;blob_garbage_collection_force_threshold=0.5" },
  background: { onlyWrites: true },
  families: { passingFamilies: true },
  elsewhere: { logsElsewhere: true, databaseOptions: "track_and_verify_wals_in_manifest=true" },
  "two-phase": { databaseOptions: "allow_2pc=true;atomic_flush=true" },
};
