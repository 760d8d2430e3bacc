// @ts-check
import { homedir } from "node:os";
import { signalGroup, startGroup } from "./group.mjs";
import { SetupError } from "./setup-error.mjs";

/** How many lines of a failed program's output are shown, from its start and from its end. */
const FIRST_LINES = 20;
const LAST_LINES = 40;

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] added to this process's environment
 * @property {string} [failure] the line that says what went wrong when the program fails
 * @property {number} [limitMs] a program that takes longer is killed, with all that it started
 */

/**
 * Runs a program without a terminal and returns what it wrote to stdout.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<string>}
 * @throws {SetupError} when it cannot be started or ends with another status than 0
 */
export async function run(command, args, options = {}) {
  const result = await tryRun(command, args, options);
  if (result.status === 0) return result.stdout;
  const failure = options.failure ?? `\`${[command, ...args].join(" ")}\` failed`;
  const reason = result.status === null ? result.reason : `exit status ${String(result.status)}`;
  const output = result.stdout + result.stderr;
  throw new SetupError(`${failure} (${reason})${whyOf(output)}`, shorten(output));
}

/**
 * What is behind the failure of a program that keeps or fetches packages, and what to do.
 * @param {string} output
 */
function whyOf(output) {
  if (/\bE(?:AI_AGAIN|NOTFOUND|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH|HOSTUNREACH)\b|[Cc]ould(?: not|n't) resolve host|[Cc]ould not connect to server|Temporary failure in name resolution/.test(output)) {
    return ": there is no way to where packages are fetched from; run this again with a network, or behind its proxy (HTTPS_PROXY)";
  }
  if (/\bE(?:ACCES|ROFS|PERM)\b|Permission denied \(os error 13\)|Read-only file system \(os error 30\)/.test(output)) {
    return `: where it keeps packages cannot be written; set npm_config_cache (npm) and CARGO_HOME (cargo) to directories that can, when HOME (${homedir()}) can't`;
  }
  return "";
}

/**
 * Like `run`, but a failure is a result. `status` is null when the program could not be started or was killed; then
 * `reason` says why.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{ status: number | null, reason: string, stdout: string, stderr: string }>}
 */
export function tryRun(command, args, options = {}) {
  return new Promise((done) => {
    const child = startGroup(command, args, options);
    running.add(child);
    const limit = options.limitMs === undefined ? undefined : setTimeout(signalGroup, options.limitMs, child, "SIGKILL");
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.on("error", (error) => {
      running.delete(child);
      clearTimeout(limit);
      const missing = "code" in error && error.code === "ENOENT";
      done({ status: null, reason: missing ? `${command}: not found` : error.message, stdout, stderr });
    });
    child.on("close", (status, signal) => {
      running.delete(child);
      clearTimeout(limit);
      done({ status, reason: signal === null ? "" : `killed by ${signal}`, stdout, stderr });
    });
  });
}

/** Ends the programs that are still running, as one step failed and the others are in vain. */
export function stopAll() {
  for (const child of running) signalGroup(child, "SIGTERM");
}

/** @param {string} text */
function shorten(text) {
  const lines = text.trimEnd().split("\n");
  if (lines.length <= FIRST_LINES + LAST_LINES) return lines.join("\n");
  return [...lines.slice(0, FIRST_LINES), "…", ...lines.slice(-LAST_LINES)].join("\n");
}
