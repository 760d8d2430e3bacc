// @ts-check
/** What kgdump is meant to reach, and whether it does, by the figures of a run. */

/** @typedef {import("./rounds.mjs").Result} Result */
/** @typedef {import("./growth.mjs").GrowthResult} GrowthResult */

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {"at least" | "at most"} bound
 * @property {number} wanted
 * @property {string} unit "x" for ratios
 * @property {number | null} value null when something of it was not measured
 * @property {boolean | null} met
 */

const MIB = 1024 * 1024;

/** The cache that kgdump gives sled (MiB): CACHE_CAPACITY in src/engines/sled/sled.ts. */
const SLED_CACHE = 64;

/** What an export of a sled store may take (MiB), however large it is: pages are read as they are needed. */
const SLED_EXPORT_MEMORY = 300;

/** What an import may take besides sled's cache (MiB). */
const IMPORT_MEMORY = 300;

/**
 * @param {readonly Result[]} results of the comparison
 * @param {readonly GrowthResult[]} growth results of the growth
 * @returns {Target[]}
 */
export function evaluateTargets(results, growth) {
  /** @param {string} name @param {(result: Result) => number | null} [figure] */
  const of = (name, figure = ({ seconds }) => seconds.median) => {
    const result = results.find((candidate) => candidate.name === name);
    return result === undefined ? null : figure(result);
  };
  /** @param {string} what @param {number} wanted @param {string} slow @param {string} fast */
  const faster = (what, wanted, slow, fast) => judge(what, "at least", wanted, "x", ratio(of(slow), of(fast)));
  const disk = (/** @type {Result} */ { diskBytes }) => diskBytes;
  return [
    faster("import, load only, faster than Db::import", 10, "db-import", "load"),
    faster("import, load only, faster than insert", 7, "insert", "load"),
    faster("import with compression, load only, faster than Db::import with it", 15, "db-import-compressed", "load-compressed"),
    faster("import with compression, load only, faster than insert with it", 15, "insert-compressed", "load-compressed"),
    faster("export | import, read back and compared, faster than the plain Rust loop", 4, "loop", "pipe"),
    faster("the same with compression", 8, "loop-compressed", "pipe-compressed"),
    judge("size of the store on disk, against Db::import's", "at most", 0.6, "x", ratio(of("import", disk), of("db-import", disk))),
    judge("time of export with lz4, against the command lz4 -1", "at most", 1.3, "x", ratio(of("export-lz4"), of("lz4"))),
    faster("export with lz4, faster than the Python script", 6, "python", "export-lz4"),
    faster("export of a sled store, without compression, faster than the crate's own iteration to a file", 1.5, "sled-iterate", "sled-export-none"),
    judge("peak memory of that export", "at most", SLED_EXPORT_MEMORY, "MiB", peak(of("sled-export-none", ({ peakBytes }) => peakBytes.max))),
    faster("restore into RocksDB, load only, faster than ldb load", 1, "ldb-load", "restore-load"),
    faster("restore into RocksDB, read back and compared, faster than ldb load", 1, "ldb-load", "restore"),
    judge("time per record from 1x to 16x, of the worst command", "at most", 1.15, "x", worstGrowth(growth, ({ seconds }) => seconds.median)),
    judge("memory per record from 1x to 16x, of the worst command", "at most", 1.15, "x", worstGrowth(growth, ({ peakBytes }) => peakBytes.median)),
    judge(`peak memory of an import (${String(IMPORT_MEMORY)} MiB and sled's cache of ${String(SLED_CACHE)} MiB)`,
      "at most", IMPORT_MEMORY + SLED_CACHE, "MiB", importMemory(results)),
    judge("the same at 16x", "at most", IMPORT_MEMORY + SLED_CACHE, "MiB", importMemory(growth)),
  ];
}

/**
 * @param {string} what
 * @param {Target["bound"]} bound
 * @param {number} wanted
 * @param {string} unit
 * @param {number | null} value
 * @returns {Target}
 */
function judge(what, bound, wanted, unit, value) {
  const met = value === null ? null : bound === "at least" ? value >= wanted : value <= wanted;
  return { what, bound, wanted, unit, value, met };
}

/**
 * @param {number | null} a
 * @param {number | null} b
 */
export function ratio(a, b) {
  return a === null || b === null ? null : a / b;
}

/**
 * How much a figure for each record grows from the smallest to the biggest step.
 * @param {readonly GrowthResult[]} growth
 * @param {(result: GrowthResult) => number} figure
 * @returns {number | null} of the command that grows most
 */
function worstGrowth(growth, figure) {
  const factors = [...new Set(growth.map(({ name }) => name))].map((name) => {
    const steps = growth.filter((result) => result.name === name).sort((a, b) => a.step - b.step);
    const [first, last] = [steps[0], steps.at(-1)];
    if (first === undefined || last === undefined || first === last) return null;
    return ratio(figure(last) / last.records, figure(first) / first.records);
  });
  const known = factors.filter((factor) => factor !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** @param {number | null} bytes */
const peak = (bytes) => (bytes === null ? null : bytes / MIB);

/** @param {readonly Result[]} results @returns {number | null} MiB of the biggest run of all imports of a dump */
function importMemory(results) {
  const peaks = results.filter(({ name }) => /^import(-|$)/.test(name)).map(({ peakBytes }) => peakBytes.max);
  return peaks.length === 0 ? null : Math.max(...peaks) / MIB;
}
