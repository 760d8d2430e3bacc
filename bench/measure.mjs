// @ts-check
/**
 * Runs commands and measures them with `kgdump-peers measure` (see bench/peers/src/measure.rs), each in a process group of
 * its own, so that nothing of it outlives the benchmark.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { checkInterrupted, endedGroup, startedGroup } from "./interrupt.mjs";
import { PEERS } from "../scripts/setup/crates.mjs";
import { SetupError } from "../scripts/setup/setup-error.mjs";

/** The program that measures, and that many of the commands are. */
export const PEERS_PROGRAM = join(PEERS.output, PEERS.product);

/**
 * What programs are started with. Where NODE_EXTRA_CA_CERTS is set, Node reads all those certificates whenever it starts, in some
 * 50 ms that are this machine's and not the program's.
 */
const ENVIRONMENT = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== "NODE_EXTRA_CA_CERTS"));

/** Characters of a command's messages that are kept, from their end. */
const KEPT_MESSAGES = 4000;

/**
 * @typedef {object} Command
 * @property {readonly (readonly string[])[]} pipeline programs with their arguments; each one's output is the next one's input
 * @property {string} [stdin] file that the first one reads
 * @property {string} [stdout] file that the last one's output goes to; without it, it is kept and returned
 */

/**
 * @typedef {object} Measured
 * @property {number} seconds from start to end, the process's own start included
 * @property {number} cpuSeconds of user and system, of all processes together
 * @property {number} peakBytes resident memory at its highest; of a pipeline, the sum of its programs' peaks
 * @property {string} output what it printed, unless that went to a file
 */

/**
 * @param {Command} command
 * @param {string} directory for temporary files
 * @returns {Promise<Measured>}
 * @throws {SetupError} when one of its programs fails
 */
export async function measure({ pipeline, stdin, stdout }, directory) {
  const whole = join(directory, "measured.json");
  const reports = pipeline.length === 1 ? [whole] : pipeline.map((_, i) => join(directory, `measured-${String(i)}.json`));
  const parts = pipeline.map((program, i) => [PEERS_PROGRAM, "measure", reports[i] ?? "", ...program]);
  const line = parts.map((words) => words.map(quote).join(" ")).join(" | ");
  const args = parts.length === 1 ? (parts[0] ?? []) : [PEERS_PROGRAM, "measure", whole, "/bin/sh", "-c", line];
  checkInterrupted();
  try {
    const { status, output, messages } = await execute(args, stdin, stdout);
    checkInterrupted();
    for (const [i, report] of reports.entries()) {
      const found = (await readReport(report))?.status ?? status;
      if (found !== 0) throw new SetupError(`\`${(pipeline[i] ?? []).join(" ")}\` ended with ${String(found)}`, messages);
    }
    const total = await readReport(whole);
    if (total === undefined || status !== 0) throw new SetupError(`\`${line}\` ended with ${String(status)}`, messages);
    const peaks = await Promise.all(reports.map(async (report) => (await readReport(report))?.peakBytes ?? 0));
    return {
      seconds: total.seconds,
      cpuSeconds: total.cpuSeconds,
      peakBytes: peaks.reduce((sum, peak) => sum + peak, 0),
      output,
    };
  } finally {
    for (const report of [whole, ...reports]) await rm(report, { force: true });
  }
}

/**
 * @param {string} path
 * @returns {Promise<{ seconds: number, cpuSeconds: number, peakBytes: number, status: number } | undefined>}
 */
async function readReport(path) {
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

/** A word for the shell. @param {string} word */
const quote = (word) => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/**
 * @param {readonly string[]} args
 * @param {string | undefined} stdin
 * @param {string | undefined} stdout
 * @returns {Promise<{ status: number | string, output: string, messages: string }>}
 */
async function execute([program = "", ...args], stdin, stdout) {
  const input = stdin === undefined ? undefined : openSync(stdin, "r");
  const file = stdout === undefined ? undefined : openSync(stdout, "w");
  try {
    return await new Promise((done, failed) => {
      const child = spawn(program, args, { detached: true, env: ENVIRONMENT, stdio: [input ?? "ignore", file ?? "pipe", "pipe"] });
      const { pid } = child;
      if (pid !== undefined) startedGroup(pid);
      let [output, messages] = ["", ""];
      child.stdout?.setEncoding("utf8").on("data", (text) => (output += text));
      child.stderr?.setEncoding("utf8").on("data", (text) => (messages = (messages + text).slice(-KEPT_MESSAGES)));
      child.on("error", failed);
      child.on("close", (status, signal) => {
        if (pid !== undefined) endedGroup(pid);
        done({ status: status ?? signal ?? "nothing", output, messages: messages.trimEnd() });
      });
    });
  } finally {
    for (const descriptor of [input, file]) if (descriptor !== undefined) closeSync(descriptor);
  }
}
