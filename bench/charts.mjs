#!/usr/bin/env node
// @ts-check
/**
 * Draws the charts of a run's figures.
 *
 *     node bench/charts.mjs [RESULTS.json [DIRECTORY]]      by default bench/results/latest.json and bench/charts
 */
import "../scripts/setup/node-version.mjs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runScript } from "../scripts/setup.mjs";
import { barChart } from "./bar-chart.mjs";
import { lineChart } from "./line-chart.mjs";
import { CHARTS, RESULTS } from "./options.mjs";
import { duration, mebibytes, megabytes, times } from "./report.mjs";
import { readResults } from "./results.mjs";

/** @typedef {import("./results.mjs").Results} Results */
/** @typedef {import("./rounds.mjs").Result} Result */
/** @typedef {import("./bar-chart.mjs").Bar} Bar */

const MIB = 1024 * 1024;

/**
 * A panel of times: which results, and the one that the others are compared with.
 * @param {readonly Result[]} results
 * @param {string} title
 * @param {(result: Result) => boolean} wanted
 * @param {string} base
 */
function timePanel(results, title, wanted, base) {
  const own = results.find(({ name }) => name === base)?.seconds.median;
  const bars = results.filter(wanted).map(({ title: label, name, kind, seconds }) => /** @type {Bar} */ ({
    label,
    kind,
    value: seconds.median,
    range: [seconds.min, seconds.max],
    shown: duration(seconds.median),
    ...(own === undefined || name === base ? {} : { note: `${times(seconds.median / own)} as long` }),
  }));
  return { title, unit: "s", bars };
}

/**
 * A panel of sizes.
 * @param {readonly Result[]} results
 * @param {string} title
 * @param {readonly string[]} names
 * @param {"diskBytes" | "peakBytes"} figure
 */
function sizePanel(results, title, names, figure) {
  const onDisk = figure === "diskBytes";
  const bars = results.filter(({ name }) => names.includes(name)).map((result) => {
    const bytes = onDisk ? (result.diskBytes ?? 0) : result.peakBytes.median;
    return { label: result.title, kind: /** @type {Bar["kind"]} */ (result.kind), value: bytes / (onDisk ? 1e6 : MIB), shown: onDisk ? megabytes(bytes) : mebibytes(bytes) };
  });
  return { title, unit: onDisk ? "MB" : "MiB", bars };
}

/** @param {NonNullable<Results["comparison"]>} comparison @returns {Record<string, import("./bar-chart.mjs").BarChart>} by file name */
function comparisonCharts({ records, contentBytes, machine, results }) {
  const store = `${records.toLocaleString("en")} records, ${megabytes(contentBytes)}`;
  const subtitle = `${store}; median time, shorter is better; lines: least and most of the rounds; ${machine.processor}, ${String(machine.cores)} cores`;
  const part = (/** @type {string} */ name) => (/** @type {Result} */ result) => result.part === name;
  const ways = ["insert", "batch", "db-import", "import"];
  return {
    job: {
      title: "The whole job: RocksDB to sled",
      subtitle,
      panels: [
        timePanel(results, "into a sled store", part("job"), "pipe"),
        timePanel(results, "into a compressed sled store", part("job-compressed"), "pipe-compressed"),
      ],
      footer: ["kgdump checks every frame on the way, reads the new store back and compares it; the loop does not."],
    },
    export: {
      title: "Export of a RocksDB store to a file",
      subtitle,
      panels: [timePanel(results, "all families, all records", part("export"), "export-lz4")],
      footer: [
        "Compared with kgdump export --codec lz4. kgdump's time includes a checksum for every frame, a SHA-256 for every family and fsync,",
        "of which the others do none (the copy syncs); lz4 and zstd start from a file of the plain entries.",
      ],
    },
    import: {
      title: "Import into sled",
      subtitle,
      panels: [
        timePanel(results, "without compression", part("import"), "import-load"),
        timePanel(results, "with sled's compression", part("import-compressed"), "import-load-compressed"),
      ],
      footer: [
        "Compared with kgdump import --no-verify, which loads only, as the others do; kgdump import also reads all of it back.",
        "kgdump starts from a dump with LZ4 and checks it; the others start from the plain entries.",
      ],
    },
    disk: {
      title: "What the store takes on disk",
      subtitle: `${store} of keys and values; smaller is better`,
      panels: [
        sizePanel(results, "sled, without compression", ways, "diskBytes"),
        sizePanel(results, "sled, with its compression", ways.map((name) => `${name}-compressed`), "diskBytes"),
      ],
    },
    memory: {
      title: "Memory at its peak",
      subtitle: `${store}; resident, median; smaller is better; a pipe counts both of its processes`,
      panels: [
        sizePanel(results, "export", ["ldb-dump", "python", "export-lz4", "export-zstd"], "peakBytes"),
        sizePanel(results, "import, without compression", ways, "peakBytes"),
        sizePanel(results, "the whole job, and reading a dump", ["loop", "pipe", "inspect", "inspect-stream", "verify"], "peakBytes"),
      ],
    },
  };
}

/** @param {NonNullable<Results["growth"]>} growth @returns {string} SVG */
function growthChart({ records, machine, results }) {
  const steps = [...new Set(results.map(({ step }) => step))].sort((a, b) => a - b);
  const names = [...new Set(results.map(({ name }) => name))];
  /** @param {(result: Result) => number} figure @param {string} unit @param {number} digits */
  const series = (figure, unit, digits) => names.map((name) => {
    const values = steps.map((step) => {
      const result = results.find((candidate) => candidate.name === name && candidate.step === step);
      return result === undefined ? Number.NaN : figure(result);
    });
    const shown = `${(values[0] ?? 0).toFixed(digits)} → ${(values.at(-1) ?? 0).toFixed(digits)} ${unit}`;
    return { label: { "export-lz4": "export", pipe: "export | import", "inspect-stream": "inspect, stream" }[name] ?? name, values, shown };
  });
  const marks = steps.map((step) => `${String(step)}x`);
  return lineChart({
    title: "Growth: a store 16 times larger",
    subtitle: `${marks.join(", ")} of ${records.toLocaleString("en")} records; flat is best; a pipe counts both of its processes; ${machine.processor}, ${String(machine.cores)} cores`,
    steps: marks,
    panels: [
      { title: "Time for each record (µs)", series: series(({ seconds, records: all }) => (seconds.median / all) * 1e6, "µs", 2) },
      { title: "Memory at its peak (MiB)", series: series(({ peakBytes }) => peakBytes.median / MIB, "MiB", 0) },
    ],
  });
}

/**
 * @param {Results} results charts of what it lacks are left as they are
 * @param {string} directory made when it is not there
 * @returns {Promise<string[]>} paths of the charts
 */
export async function drawCharts({ comparison, growth }, directory) {
  /** @type {Record<string, string>} */
  const charts = {};
  for (const [name, chart] of Object.entries(comparison === undefined ? {} : comparisonCharts(comparison))) {
    const panels = chart.panels.filter(({ bars }) => bars.length > 0);
    if (panels.length > 0) charts[name] = barChart({ ...chart, panels });
  }
  if (growth !== undefined) charts["growth"] = growthChart(growth);
  await mkdir(directory, { recursive: true });
  const paths = [];
  for (const [name, svg] of Object.entries(charts)) {
    const path = join(directory, `${name}.svg`);
    await writeFile(path, svg);
    paths.push(path);
  }
  return paths;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await runScript("charts", async () => {
    const [from = RESULTS, directory = CHARTS] = process.argv.slice(2);
    for (const path of await drawCharts(await readResults(from), directory)) process.stdout.write(`${path}\n`);
  });
}
