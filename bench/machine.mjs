// @ts-check
/** On what a benchmark ran. */
import { cpus, release, totalmem, type } from "node:os";
import { ROOT } from "../scripts/setup/paths.mjs";
import { tryRun } from "../scripts/setup/run.mjs";

/**
 * @typedef {object} Machine
 * @property {string} processor
 * @property {number} cores
 * @property {number} memoryBytes
 * @property {string} system
 * @property {string} fileSystem of the directory that the benchmark worked in
 */

/** @param {string} directory @returns {Promise<Machine>} */
export async function describeMachine(directory) {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    fileSystem: await answer("stat", ["-f", "-c", "%T", directory]),
  };
}

/**
 * @param {string} rocksdb
 * @param {Record<string, import("./tools.mjs").Tool>} tools
 * @returns {Promise<Record<string, string>>} of everything that took part
 */
export async function describeVersions(rocksdb, tools) {
  const { VERSION } = await import("../dist/index.js");
  const commit = await answer("git", ["-C", ROOT, "rev-parse", "--short", "HEAD"]);
  const changed = await answer("git", ["-C", ROOT, "status", "--porcelain", "--untracked-files=no"]);
  /** @type {Record<string, string>} */
  const versions = {
    kgdump: `${VERSION} (commit ${commit}${changed === "unknown" ? "" : ", with changes"})`,
    node: process.version,
    rustc: (await answer("rustc", ["--version"])).split(" ")[1] ?? "unknown",
    sled: "0.34.7",
    rocksdb,
  };
  for (const [name, { version }] of Object.entries(tools)) if (version !== "") versions[name] = version;
  return versions;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
async function answer(command, args) {
  const { status, stdout } = await tryRun(command, args);
  return (status === 0 && stdout.trim()) || "unknown";
}
