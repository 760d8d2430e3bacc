// @ts-check
import { spawn } from "node:child_process";

/**
 * Runs a program whose output the user sees as it comes, and returns it too.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options] `env` is added to this process's environment
 * @returns {Promise<{ ok: boolean, output: string }>} stdout and stderr together
 */
export function stream(command, args, { cwd, env } = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const [from, to] of /** @type {const} */ ([[child.stdout, process.stdout], [child.stderr, process.stderr]])) {
      from.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
        output += text;
        to.write(text);
      });
    }
    child.on("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      done({ ok: false, output });
    });
    child.on("close", (status) => {
      done({ ok: status === 0, output });
    });
  });
}
