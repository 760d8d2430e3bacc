// @ts-check
/** The figures of a run as tables of Markdown, which a terminal shows as well. */
import { ratio } from "./targets.mjs";

/** @typedef {import("./rounds.mjs").Result} Result */
/** @typedef {import("./targets.mjs").Target} Target */

/** Titles of the jobs, and what the others of each are compared with. */
export const PARTS = [
  { part: "export", title: "Export to a file", base: "export-lz4" },
  { part: "export-sled", title: "Export of a sled store to a file", base: "sled-export-none" },
  { part: "import", title: "Import of a dump", base: "import" },
  { part: "import-compressed", title: "Import with sled's compression", base: "import-compressed" },
  { part: "job", title: "The whole job, RocksDB to sled", base: "pipe" },
  { part: "job-compressed", title: "The whole job, with sled's compression", base: "pipe-compressed" },
  { part: "restore", title: "Restore of a dump into RocksDB", base: "restore" },
  { part: "read", title: "Reading a dump", base: "verify" },
];

const MIB = 1024 * 1024;

/** @param {number} bytes */
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
/** @param {number} bytes */
export const mebibytes = (bytes) => `${(bytes / MIB).toFixed(0)} MiB`;

/** @param {number} seconds */
export function duration(seconds) {
  return `${seconds >= 10 ? seconds.toFixed(1) : seconds.toFixed(2)} s`;
}

/** @param {number} factor */
export function times(factor) {
  return `${factor >= 100 ? factor.toFixed(0) : factor >= 10 ? factor.toFixed(1) : factor >= 0.1 ? factor.toFixed(2) : factor.toPrecision(2)}x`;
}

/**
 * @param {readonly Result[]} results of the comparison
 * @returns {string} a table for each job
 */
export function comparisonTables(results) {
  const tables = PARTS.map(({ part, title, base }) => {
    const rows = results.filter((result) => result.part === part);
    if (rows.length === 0) return "";
    const own = rows.find(({ name }) => name === base)?.seconds.median ?? null;
    const cells = rows.map(({ title: what, name, seconds, cpuSeconds, peakBytes, diskBytes, runs }) => [
      what,
      name,
      duration(seconds.median),
      `${duration(seconds.min)} – ${duration(seconds.max)}`,
      own === null ? "" : times(ratio(seconds.median, own) ?? 0),
      duration(cpuSeconds.median),
      mebibytes(peakBytes.median),
      diskBytes === null ? "" : megabytes(diskBytes),
      String(runs.length),
    ]);
    const head = [title, "name", "time", "least – most", `against ${base}`, "CPU time", "peak memory", "on disk", "rounds"];
    return table(head, cells);
  });
  return tables.filter((text) => text !== "").join("\n");
}

/** @param {readonly import("./growth.mjs").GrowthResult[]} growth */
export function growthTable(growth) {
  const cells = growth.map(({ title, step, records, seconds, peakBytes, runs }) => [
    title,
    `${String(step)}x`,
    records.toLocaleString("en"),
    duration(seconds.median),
    `${((seconds.median / records) * 1e6).toFixed(2)} µs`,
    mebibytes(peakBytes.median),
    `${(peakBytes.median / records).toFixed(0)} B`,
    String(runs.length),
  ]);
  return table(["Growth", "", "records", "time", "time per record", "peak memory", "memory per record", "rounds"], cells);
}

/** @param {readonly Target[]} targets @returns {string} a table of those that were measured, and how many were not */
export function targetTable(targets) {
  const cells = targets.flatMap(({ what, bound, wanted, unit, value, met }) => {
    if (value === null) return [];
    const text = (/** @type {number} */ number) => (unit === "x" ? times(number) : `${number.toFixed(0)} ${unit}`);
    return [[what, `${bound} ${text(wanted)}`, text(value), met === true ? "met" : "NOT MET"]];
  });
  const missing = targets.length - cells.length;
  const rest = missing === 0 ? "" : `${String(missing)} of ${String(targets.length)} targets were not measured.\n`;
  return [...(cells.length === 0 ? [] : [table(["Target", "wanted", "reached", ""], cells)]), rest].filter((part) => part !== "").join("\n");
}

/**
 * @param {readonly string[]} head the first column is text, the others are figures
 * @param {readonly (readonly string[])[]} rows
 * @returns {string} a table of Markdown, its columns aligned
 */
function table(head, rows) {
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll("|", String.raw`\|`)));
  const widths = head.map((title, i) => Math.max(3, title.length, ...escaped.map((row) => row[i]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${widths.map((width, i) => (i === 0 ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width))).join(" | ")} |\n`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |\n`;
  return line(head) + rule + escaped.map(line).join("");
}
