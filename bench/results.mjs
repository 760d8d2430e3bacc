// @ts-check
/** The figures of runs as a file: JSON for programs, and beside it the same as tables to read. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ignoreAbsent } from "../scripts/setup/fingerprint.mjs";
import { comparisonTables, growthTable, mebibytes, megabytes, targetTable } from "./report.mjs";
import { evaluateTargets } from "./targets.mjs";

/**
 * @typedef {object} Run
 * @property {string} date ISO 8601
 * @property {string} command
 * @property {number} rounds
 * @property {import("./machine.mjs").Machine} machine
 * @property {Record<string, string>} versions
 * @property {number} records of the store, or at 1x
 */

/**
 * @typedef {object} OfComparison
 * @property {number} contentBytes of keys and values
 * @property {number} rawBytes of the encoded entries; 0 when nothing needed them
 * @property {{ name: string, why: string }[]} skipped
 * @property {import("./rounds.mjs").Result[]} results
 */

/**
 * @typedef {object} Results times in seconds, sizes in bytes
 * @property {Run & OfComparison} [comparison]
 * @property {Run & { results: import("./growth.mjs").GrowthResult[] }} [growth]
 * @property {import("./targets.mjs").Target[]} [targets] judged when the results are written
 */

/** @param {string} path @returns {Promise<Results>} nothing when there is no such file */
export async function readResults(path) {
  const text = await readFile(path, "utf8").catch(ignoreAbsent);
  return text === undefined ? {} : JSON.parse(text);
}

/**
 * @param {string} path
 * @param {Results} results
 * @returns {Promise<Results>} with the targets
 */
export async function writeResults(path, results) {
  const judged = { ...results, targets: evaluateTargets(results.comparison?.results ?? [], results.growth?.results ?? []) };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(judged, null, 1)}\n`);
  const explained = judged.comparison?.results.map(({ name, about, command }) => `- ${name}: ${about}. \`${command}\`\n`) ?? [];
  await writeFile(path.replace(/(\.json)?$/, ".md"), `${summary(judged)}\n# What was measured\n\n${explained.join("")}`);
  return judged;
}

/** @param {Results} results @returns {string} Markdown */
export function summary({ comparison, growth, targets }) {
  const parts = [];
  if (comparison !== undefined) {
    const { records, contentBytes, skipped, results } = comparison;
    parts.push(
      `# ${records.toLocaleString("en")} records, ${megabytes(contentBytes)} of keys and values\n`,
      describe(comparison),
      "Median of the rounds, which take turns; the page cache is warm; everything is written before the next one starts. Node starts without NODE_EXTRA_CA_CERTS.\n",
      comparisonTables(results),
      ...skipped.map(({ name, why }) => `Skipped: ${name}: ${why}\n`),
    );
  }
  if (growth !== undefined) {
    parts.push(`# Growth from ${growth.records.toLocaleString("en")} records on\n`, describe(growth), growthTable(growth.results));
  }
  parts.push("# Targets\n", targetTable(targets ?? evaluateTargets(comparison?.results ?? [], growth?.results ?? [])));
  return parts.join("\n");
}

/** @param {Run} run */
function describe({ date, command, machine, versions }) {
  const { processor, cores, memoryBytes, system, fileSystem } = machine;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return (
    `\`${command}\`, ${date.slice(0, 16).replace("T", " ")} UTC, on ${processor}, ${String(cores)} cores, ${mebibytes(memoryBytes)} of memory, ` +
    `${system}, ${fileSystem}. ${programs.join("; ")}.\n`
  );
}
