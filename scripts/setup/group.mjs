// @ts-check
import { spawn } from "node:child_process";

const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** @type {Set<import("node:child_process").ChildProcess>} */
const groups = new Set();

/** @param {NodeJS.Signals} signal */
function pass(signal) {
  for (const child of groups) signalGroup(child, signal);
  for (const one of SIGNALS) process.off(one, pass);
  process.kill(process.pid, signal);
}

/**
 * Starts a program in a group of its own, so that it can be ended with all that it starts. What ends this process by a signal ends them, too.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string | undefined, env?: NodeJS.ProcessEnv | undefined }} options `env` is added to this process's environment
 */
export function startGroup(command, args, { cwd, env }) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
  if (groups.size === 0) for (const signal of SIGNALS) process.on(signal, pass);
  groups.add(child);
  const forget = () => {
    groups.delete(child);
    if (groups.size === 0) for (const signal of SIGNALS) process.off(signal, pass);
  };
  child.on("error", forget);
  child.on("close", forget);
  return child;
}

/**
 * Sends a signal to a program that `startGroup` started, and to all that it started.
 * @param {import("node:child_process").ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
export function signalGroup({ pid }, signal) {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // All of them have ended.
  }
}
