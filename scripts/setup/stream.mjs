// @ts-check
import { spawn } from "node:child_process";

/** A program that is asked to end by SIGINT has so long before it is killed, with all that it started. */
const GRACE_MS = 3000;
const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/**
 * Runs a program whose output the user sees as it comes, and returns it too.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, silenceMs?: number }} [options] `env` is added to this process's environment; a program
 * that prints nothing for `silenceMs` is ended with all that it started, as one that hangs would be waited for without end
 * @returns {Promise<{ ok: boolean, output: string }>} stdout and stderr together
 */
export function stream(command, args, { cwd, env, silenceMs } = {}) {
  return new Promise((done) => {
    // A group of its own, so that none of the processes that it started is left.
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
    /** @param {NodeJS.Signals} signal */
    const send = (signal) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // All of them have ended.
      }
    };
    for (const signal of SIGNALS) process.on(signal, send);
    let output = "";
    let hangs = false;
    const silence = silenceMs === undefined ? undefined : setTimeout(() => {
      hangs = true;
      process.stderr.write(`${command}: nothing printed for ${String(silenceMs / 1000)} s: it is ended\n`);
      send("SIGINT");
      setTimeout(() => {
        send("SIGKILL");
        // What left the group may keep them open.
        child.stdout.destroy();
        child.stderr.destroy();
      }, GRACE_MS);
    }, silenceMs);
    for (const [from, to] of /** @type {const} */ ([[child.stdout, process.stdout], [child.stderr, process.stderr]])) {
      from.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
        output += text;
        if (!hangs) silence?.refresh();
        to.write(text);
      });
    }
    child.on("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      end(false);
    });
    child.on("close", (status) => {
      end(status === 0 && !hangs);
    });
    /** @param {boolean} ok */
    function end(ok) {
      clearTimeout(silence);
      for (const signal of SIGNALS) process.off(signal, send);
      done({ ok, output });
    }
  });
}
